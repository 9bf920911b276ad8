"""Who opened what a person had handed in: noted once a day, shown to the person."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Uuid, literal, select
from sqlalchemy.orm import joinedload

from blueprints.accounts.models import Look, Member, Registration
from core.access import Viewer
from core.audit import AuditEntry
from core.clock import now, today
from core.database import db, execute_count, in_transaction, insert_once, new_id

MOST_SHOWN = 50


@dataclass(frozen=True)
class Seen:
    """One look: by whom, when, at what (`application`, `account` or `identity_number`)."""

    reader: str
    at: datetime
    what: str


def note_application(reader: Viewer, registration_id: uuid.UUID) -> None:
    """Note that `reader` opened an application."""
    _note(reader, "application", select(Registration.member_id).where(Registration.id == registration_id))


def note_account(reader: Viewer, member_id: uuid.UUID) -> None:
    """Note that `reader` opened an account on the admins' pages."""
    _note(reader, "account", select(Member.id).where(Member.id == member_id, Member.status != "erased"))


def _note(reader: Viewer, what: str, whose: Select[uuid.UUID]) -> None:
    (owner,) = whose.selected_columns
    columns = {
        Look.id: new_id(),
        Look.reader_id: reader.id,
        Look.what: what,
        Look.day: today(),
        Look.at: now(),
    }
    given = [literal(value, column.type).label(column.key) for column, value in columns.items()]
    rows = whose.where(owner != literal(reader.id, Uuid())).add_columns(*given)
    names = ["member_id", *(column.key for column in columns)]
    noting = insert_once(Look).from_select(names, rows)
    noting = noting.on_conflict_do_nothing(index_elements=["member_id", "reader_id", "what", "day"])
    in_transaction(lambda: execute_count(noting))


def looks_at(member_id: uuid.UUID) -> Sequence[Seen]:
    """Who looked at what a person had handed in, and who uncovered their identity number; the last first."""
    looks = select(Look).where(Look.member_id == member_id).options(joinedload(Look.reader).load_only(Member.real_name))
    seen = [
        Seen(look.reader.real_name, look.at, look.what)
        for look in db.session.scalars(looks.order_by(Look.at.desc(), Look.id).limit(MOST_SHOWN)).unique()
    ]
    application = select(Registration.id).where(Registration.member_id == member_id)
    uncovered = (
        select(AuditEntry)
        .where(AuditEntry.act == "registration.see_identity", AuditEntry.subject_kind == "registration")
        .order_by(AuditEntry.at.desc())
        .limit(MOST_SHOWN)
    )
    own = db.session.scalar(application)
    if own:
        rows = db.session.scalars(uncovered.where(AuditEntry.subject_id == str(own))).unique()
        seen += [Seen(row.actor_name or "", row.at, "identity_number") for row in rows]
    return sorted(seen, key=lambda look: look.at, reverse=True)[:MOST_SHOWN]
