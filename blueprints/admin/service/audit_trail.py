"""The audit trail as people read it: who did what to which thing, and what was before."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext
from sqlalchemy import or_, select

from blueprints.accounts.models import Member, Registration
from blueprints.admin.labels import ACT_LABELS, FIELD_LABELS, KIND_LABELS, URLS, VALUE_LABELS
from blueprints.admin.rules import differences
from blueprints.events.models import Event
from core.audit import AuditEntry, AuditValues
from core.clock import clock
from core.database import db
from core.i18n import spoken

PAGE = 30
SHOWN = 300


@dataclass(frozen=True)
class Change:
    """One field that an act changed, in words; an empty text where there was or is nothing."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Line:
    """One act, in words."""

    id: uuid.UUID
    at: datetime
    actor: str
    actor_id: uuid.UUID | None
    act: str
    kind: str
    subject: str
    url: str | None
    reason: str
    changes: list[Change]


@dataclass(frozen=True)
class Wanted:
    """What is looked for; `None` and empty mean all."""

    actor: str | None = None
    act: str | None = None
    kind: str | None = None
    subject: str | None = None
    since: date | None = None
    until: date | None = None


def find(wanted: Wanted, after: uuid.UUID | None = None) -> tuple[list[Line], uuid.UUID | None]:
    """A page of acts, newest first, and the `after` of the next. At most four queries."""
    query = select(AuditEntry)
    if wanted.actor:
        query = query.outerjoin(AuditValues, AuditValues.entry_id == AuditEntry.id)
        name = AuditValues.actor_name.contains(wanted.actor, autoescape=True)
        key = _uuid(wanted.actor)
        query = query.where(or_(name, AuditEntry.actor_id == key) if key else name)
    for column, value in (
        (AuditEntry.act, wanted.act),
        (AuditEntry.subject_kind, wanted.kind),
        (AuditEntry.subject_id, wanted.subject),
    ):
        if value:
            query = query.where(column == value)
    if wanted.since:
        query = query.where(AuditEntry.at >= clock.at(wanted.since, time()))
    if wanted.until:
        query = query.where(AuditEntry.at < clock.at(wanted.until + timedelta(days=1), time()))
    if after:
        query = query.where(AuditEntry.id < after)
    rows = list(db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1)))
    shown = rows[:PAGE]
    names = _names(shown)
    return [_line(row, names) for row in shown], shown[-1].id if len(rows) > PAGE else None


def _names(rows: Iterable[AuditEntry]) -> dict[str, str]:
    """The names of the members, applicants and events that the acts concern, by id."""
    members: set[uuid.UUID] = set()
    registrations: set[uuid.UUID] = set()
    events: set[uuid.UUID] = set()
    for row in rows:
        members |= {key for change in differences(row.before, row.after) for key in _ids(change.name, change)}
        key = _uuid(row.subject_id)
        if key:
            {"member": members, "registration": registrations, "event": events}.get(row.subject_kind, set()).add(key)
    found: dict[str, str] = {}
    asked = (
        (members, select(Member.id, Member.real_name).where(Member.id.in_(members))),
        (
            registrations,
            select(Registration.id, Member.real_name)
            .join(Registration.member)
            .where(Registration.id.in_(registrations)),
        ),
        (events, select(Event.id, Event.title).where(Event.id.in_(events))),
    )
    for keys, query in asked:
        if keys:
            found |= {str(key): name for key, name in db.session.execute(query)}
    return found


def _ids(name: str, change: Any) -> list[uuid.UUID]:
    if not name.endswith("_id"):
        return []
    return [key for key in (_uuid(change.old), _uuid(change.new)) if key]


def _line(row: AuditEntry, names: dict[str, str]) -> Line:
    url = URLS.get(row.subject_kind)
    named = {**(row.before or {}), **(row.after or {})}
    return Line(
        id=row.id,
        at=row.at,
        actor=row.actor_name or gettext("系统"),
        actor_id=row.actor_id,
        act=str(ACT_LABELS.get(row.act, row.act)),
        kind=str(KIND_LABELS.get(row.subject_kind, row.subject_kind)),
        subject=names.get(row.subject_id) or _title(named),
        url=url.format(row.subject_id) if url else None,
        reason=row.reason or "",
        changes=[
            Change(
                str(FIELD_LABELS.get(change.name, change.name)),
                _text(change.old, names),
                _text(change.new, names),
            )
            for change in differences(row.before, row.after)
        ],
    )


def _title(named: dict[str, Any]) -> str:
    if named.get("title"):
        return str(named["title"])
    return gettext("第 %(number)s 期", number=named["number"]) if named.get("number") else ""


def _text(value: Any, names: dict[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, list):
        return gettext("、").join(_text(one, names) for one in value)
    if isinstance(value, str):
        return _words(value, names)
    return str(value)


def _words(value: str, names: dict[str, str]) -> str:
    if value in names:
        return names[value]
    if value in VALUE_LABELS:
        return str(VALUE_LABELS[value])
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return value if len(value) <= SHOWN else value[:SHOWN] + "…"
    return spoken(instant) if instant.tzinfo else value


def _uuid(text: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
