"""Being erased: asked for with the password, done seven days later unless it is taken back."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from flask_babel import gettext, lazy_gettext
from sqlalchemy import String, cast, delete, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from blueprints.accounts import sessions
from blueprints.accounts.models import Member, Registration
from blueprints.accounts.privacy import due_for_erasure, leaver_of, make_nameless
from blueprints.accounts.rules import keeps_an_admin
from blueprints.accounts.service.membership import LastAdmin
from blueprints.accounts.service.registration import everyone_with
from blueprints.me.forms import EraseForm, KeepForm
from core import audit, audit_verify, sms
from core.clock import now
from core.database import db, locked
from core.errors import Duplicate, NotFound
from core.operations import Act, LedgerRow, Outcome, operation
from core.registries import Leaver, erasers, forgets, on_member_gone, says_after_restore, untell

log = logging.getLogger("huiyou.retention")
WAY_BACK_DAYS = 7
ERASE_URL = "/me/erase"


class AlreadyAsked(Duplicate):
    """It was asked for before."""

    message = lazy_gettext("已经记下了，到时会抹去。")


def erased_on(asked_at: datetime | None) -> datetime | None:
    """When somebody who asked at this instant is erased."""
    return asked_at + timedelta(days=WAY_BACK_DAYS) if asked_at else None


@operation("account.erase", form=EraseForm, requires="signed_in", waits=False)
def ask_to_be_erased(act: Act, *, password: str) -> Outcome:  # noqa: ARG001 the route has checked it
    """Ask to be erased; every other phone is logged out at once."""
    member = _self(act)
    if member.erase_asked_at:
        raise AlreadyAsked(url=ERASE_URL)
    _not_the_last_admin(member.id)
    member.erase_asked_at = now()
    sessions.revoke(member.id, but=act.person.session_id)
    return Outcome(gettext("记下了。七天之内可以反悔，到时自动抹去。"), url=ERASE_URL)


@operation("account.keep", form=KeepForm, requires="signed_in", waits=False)
def keep(act: Act) -> Outcome:
    """Take it back: nothing has happened."""
    _self(act).erase_asked_at = None
    return Outcome(gettext("撤回了，您的资料都在。"), url=ERASE_URL)


@forgets("me.erasures", days=WAY_BACK_DAYS)
def erasures(before: datetime) -> int:
    """Who asked to be erased so long ago; one that fails keeps the others from nothing."""
    done = 0
    for member_id in due_for_erasure(before):
        try:
            with db.session.begin_nested():
                erase(member_id)
        except LastAdmin:
            log.warning("the last admin asked to be erased, and is kept until there is another")
        except SQLAlchemyError as error:
            log.error("one erasure failed: %s", type(error).__name__)  # noqa: TRY400 - a trace tells values
        else:
            done += 1
    return done


@says_after_restore
def after_restore(made_at: datetime) -> Iterable[str]:
    """Who had asked by the time of the backup is erased again by `forget`; who asked since is known to nobody."""
    asked = select(Member.erase_asked_at).where(Member.erase_asked_at.is_not(None), Member.status != "erased")
    due = [on for at in db.session.scalars(asked) if (on := erased_on(at))]
    if due:
        yield (
            f"asked by then to be erased: {len(due)}; `forget` erases them from {min(due):%Y-%m-%d %H:%M} UTC on, "
            "also who took it back after the backup"
        )
    if now() - made_at > timedelta(days=WAY_BACK_DAYS):
        yield (
            "the backup is older than seven days: who asked since and was erased is back, and has to be erased again "
            "by hand"
        )


def erase(member_id: uuid.UUID) -> None:
    """Remove or make nameless whatever is held on a person, in the caller's transaction."""
    member = locked(Member, member_id)
    if member is None or member.status == "erased":
        raise NotFound
    _not_the_last_admin(member_id)
    leaver, phone = leaver_of(member), member.phone
    application = db.session.scalar(select(Registration.id).where(Registration.member_id == member_id))
    for leave in on_member_gone:
        leave(member_id)
    db.session.flush()
    for forget in erasers.values():
        forget(leaver)
    for kind, key in (("member", member_id), ("registration", application)):
        if key:
            untell(f"{kind}:{key}")
            audit_verify.empty_about(kind, key)
    audit_verify.empty_actor(member_id)
    _empty_ledger(leaver, application)
    named = update(Member).where(Member.referrer == leaver.real_name)
    db.session.execute(named.values(referrer=leaver.called))
    make_nameless(member)
    audit.record(None, "member.erase", "member", member_id)
    sms.send_after_commit(phone, gettext("您的资料已经抹去。谢谢您在这里的日子。"))


def _empty_ledger(leaver: Leaver, application: uuid.UUID | None) -> None:
    """What the person's operations came to goes; what others were answered about them loses its words."""
    db.session.execute(delete(LedgerRow).where(LedgerRow.owner == str(leaver.id)))
    about = [str(key) for key in (leaver.id, application) if key]
    named = [LedgerRow.message.contains(name, autoescape=True) for name in (leaver.real_name, leaver.phone)]
    said = [cast(LedgerRow.verdict, String).contains(leaver.phone, autoescape=True)]
    others = update(LedgerRow).where(or_(LedgerRow.target.in_(about), *named, *said))
    db.session.execute(others.values(message="", verdict=None))


def _not_the_last_admin(member_id: uuid.UUID) -> None:
    admins = everyone_with("admin")
    if member_id in admins and not keeps_an_admin(admins, member_id):
        raise LastAdmin


def _self(act: Act) -> Member:
    member = locked(Member, act.person.id)
    if member is None:
        raise NotFound
    return member
