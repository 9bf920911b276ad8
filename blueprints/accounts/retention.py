"""What accounts forget: log-ins, links that are over, and refused applications with all that belongs to them."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from blueprints.accounts.models import Company, LoginSession, Member, OneTimeLink, Registration
from core import audit_verify
from core.database import db, execute_count, touch
from core.operations import LedgerRow
from core.registries import forgets, untell

log = logging.getLogger("huiyou.retention")


@forgets("accounts.sessions", days=180)
def log_ins(before: datetime) -> int:
    """Device, time and address of a log-in, counted from the log-in: its session ended 90 days later at most."""
    return execute_count(delete(LoginSession).where(LoginSession.created_at < before))


@forgets("accounts.links")
def links(before: datetime) -> int:
    """One-time links and codes that can be used no more, with the phone number that they were for."""
    return execute_count(delete(OneTimeLink).where(OneTimeLink.expires_at <= before))


@forgets("accounts.refused", months=6)
def refused_applications(before: datetime) -> int:
    """Applications that were refused: person, talk, acceptances, notices, and a company that is nobody else's.

    What others did with them stays without words: the audit trail and the ledger keep ids.
    """
    decided_at = func.coalesce(Registration.decided_at, Registration.submitted_at)
    rows = db.session.execute(
        select(Registration.id, Member.id, Member.company_id)
        .join(Member, Member.id == Registration.member_id)
        .where(Registration.state == "refused", Member.status == "refused", decided_at < before)
        .with_for_update(of=Registration)
    ).all()
    return sum(_forgotten(*row) for row in rows)


def _forgotten(registration_id: uuid.UUID, member_id: uuid.UUID, company_id: uuid.UUID) -> bool:
    try:
        with db.session.begin_nested():
            _forget(registration_id, member_id)
            nobodys = ~exists().where(Member.company_id == Company.id)
            db.session.execute(delete(Company).where(Company.id == company_id, nobodys))
    except IntegrityError:
        log.warning("application %s is still referred to, and was kept", registration_id)
        return False
    touch("people", "registrations", f"registration:{registration_id}", f"member:{member_id}", f"company:{company_id}")
    return True


def _forget(registration_id: uuid.UUID, member_id: uuid.UUID) -> None:
    """The member's row; what cascades from it are application, talk, acceptances, log-ins, links and notices."""
    untell(f"registration:{registration_id}")
    untell(f"member:{member_id}")
    db.session.execute(delete(LedgerRow).where(LedgerRow.owner == str(member_id)))
    db.session.execute(
        update(LedgerRow).where(LedgerRow.target == str(registration_id)).values(message="", verdict=None)
    )
    audit_verify.empty_about("registration", registration_id, "reason")
    db.session.execute(delete(Member).where(Member.id == member_id))
