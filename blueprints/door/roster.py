"""Reading the door: who may stand there, the roster, the counts, what was scanned, what a phone takes down with it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Company, Member
from blueprints.door import rules
from blueprints.door.models import Checkin
from blueprints.door.staff import may_stand_at_door
from blueprints.events.models import Event, Signup
from core import text
from core.access import Viewer
from core.clock import local, now
from core.database import db
from core.errors import Forbidden, NotFound
from core.values import last_four

RECENT = 12
_recorder = aliased(Member)
_ORDER = {"confirmed": 0, "waitlisted": 1, "cancelled": 2}


@dataclass(frozen=True, slots=True)
class Guest:
    """One line of the roster, ready for the page: a sign-up, or a walk-in (without `signup_id`)."""

    signup_id: uuid.UUID | None
    member_id: uuid.UUID | None
    signup_state: str | None
    note: str
    name: str
    syllables: str
    company: str
    last_four: str
    checkin_id: uuid.UUID | None
    at: datetime | None
    source: str | None
    by: str | None
    flags: Sequence[str] = ()
    guest_id: uuid.UUID | None = None

    @property
    def state(self) -> str:
        """`attended` for who is inside, else the sign-up's own state."""
        return "attended" if self.checkin_id else self.signup_state or "cancelled"

    @property
    def hour(self) -> str:
        """When they came, on the wall clock."""
        return f"{local(self.at):%H:%M}" if self.at else ""


def door_of(event_id: uuid.UUID, viewer: Viewer) -> Event:
    """The event, for who may stand at its door; `NotFound`, `Forbidden`."""
    event = db.session.get(Event, event_id)
    if event is None:
        raise NotFound
    if not may_stand_at_door(event, viewer):
        raise Forbidden
    return event


def roster(event_id: uuid.UUID, *, of_checkin: uuid.UUID | None = None) -> list[Guest]:
    """Every sign-up of the event, in whatever state, or that of one check-in alone. One query."""
    statement = (
        select(
            Signup.id,
            Signup.member_id,
            Signup.state,
            Signup.note,
            Member.real_name,
            Member.sort_key,
            Company.name,
            Member.phone,
            Checkin.id,
            Checkin.occurred_at,
            Checkin.source,
            _recorder.real_name,
        )
        .join(Member, Member.id == Signup.member_id)
        .join(Company, Company.id == Member.company_id)
        .outerjoin(
            Checkin,
            and_(
                Checkin.event_id == Signup.event_id,
                Checkin.guest_id == Signup.member_id,
                Checkin.inside.is_(True),
            ),
        )
        .outerjoin(_recorder, _recorder.id == Checkin.recorded_by_id)
        .where(Signup.event_id == event_id)
        .order_by(Member.sort_key, Signup.id)
    )
    if of_checkin:
        guest = select(Checkin.guest_id).where(Checkin.id == of_checkin).scalar_subquery()
        statement = statement.where(Signup.member_id == guest)
    guests = [
        Guest(signup_id, member_id, state, note, name, syllables, company, last_four(phone), *seen)
        for signup_id, member_id, state, note, name, syllables, company, phone, *seen in db.session.execute(statement)
    ]
    guests.sort(key=lambda guest: _ORDER[guest.signup_state or "cancelled"])
    return guests


def walk_ins(event_id: uuid.UUID) -> list[Guest]:
    """Who is inside without any sign-up, latest first; those whose phone is a member's, with their company."""
    rows = db.session.execute(
        select(Checkin, Member.real_name, Member.sort_key, Company.name, _recorder.real_name)
        .outerjoin(Member, Member.id == Checkin.member_id)
        .outerjoin(Company, Company.id == Member.company_id)
        .join(_recorder, _recorder.id == Checkin.recorded_by_id)
        .outerjoin(Signup, and_(Signup.event_id == Checkin.event_id, Signup.member_id == Checkin.guest_id))
        .where(Checkin.event_id == event_id, Checkin.inside.is_(True), Signup.id.is_(None))
        .order_by(Checkin.occurred_at.desc(), Checkin.id.desc())
    )
    return [
        Guest(
            None,
            checkin.member_id,
            None,
            "",
            member_name or checkin.walk_in_name or "",
            sort_key or text.pinyin_key(checkin.walk_in_name or ""),
            company_name or "",
            last_four(checkin.walk_in_phone or ""),
            checkin.id,
            checkin.occurred_at,
            checkin.source,
            by,
            checkin.flags,
            checkin.guest_id,
        )
        for checkin, member_name, sort_key, company_name, by in rows
    ]


def search(query: str, guests: Iterable[Guest]) -> Sequence[Guest]:
    """Who is meant by a few letters or digits, likeliest first."""
    return rules.found(query[: text.QUERY_LENGTH], guests, text.pinyin_key, text.folded)


@dataclass(frozen=True)
class Counts:
    """How many are inside, how many were expected, and how many of those inside were not."""

    admitted: int
    expected: int
    walk_ins: int
    flagged: int = 0


def counts(event_id: uuid.UUID) -> Counts:
    """The figures of the door; who waited or had cancelled and was let in counts as a walk-in. One query.

    After two years they are what the event keeps.
    """
    inside = _inside_of(event_id).subquery()
    names = (Event.confirmed_count, Event.came_count, Event.walk_in_count)
    kept = [select(name).where(Event.id == event_id).scalar_subquery() for name in names]
    flags = select(func.count()).where(Checkin.event_id == event_id, Checkin.flagged.is_(True)).scalar_subquery()
    row = db.session.execute(select(inside, *kept, flags)).one()
    admitted, with_a_seat, expected, came_before, walked_in, flagged = row
    return Counts(admitted + (came_before or 0), expected or 0, admitted - with_a_seat + (walked_in or 0), flagged)


def came(event_id: uuid.UUID) -> tuple[int, int]:
    """How many are inside, and how many of these had a seat. One query."""
    admitted, with_a_seat = db.session.execute(_inside_of(event_id)).one()
    return admitted, with_a_seat


def _inside_of(event_id: uuid.UUID) -> Select[int, int]:
    return (
        select(func.count(Checkin.id), func.count(Signup.id))
        .outerjoin(
            Signup,
            and_(
                Signup.event_id == Checkin.event_id,
                Signup.member_id == Checkin.guest_id,
                Signup.state == "confirmed",
            ),
        )
        .where(Checkin.event_id == event_id, Checkin.inside.is_(True))
    )


@dataclass(frozen=True)
class Seen:
    """One fact of the door as the page lists it."""

    id: uuid.UUID
    name: str | None
    verdict: str
    source: str
    at: datetime
    by: str
    undone: bool
    inside: bool
    flags: Sequence[str]

    @property
    def tone(self) -> str:
        return rules.TONES[self.verdict]


def recent(event_id: uuid.UUID) -> list[Seen]:
    """The last facts of the door, latest first. One query."""
    rows = db.session.execute(
        select(Checkin, Member.real_name, _recorder.real_name)
        .outerjoin(Member, Member.id == Checkin.member_id)
        .join(_recorder, _recorder.id == Checkin.recorded_by_id)
        .where(Checkin.event_id == event_id)
        .order_by(Checkin.received_at.desc(), Checkin.id.desc())
        .limit(RECENT)
    )
    return [
        Seen(
            fact.id,
            member_name or fact.walk_in_name,
            fact.verdict,
            fact.source,
            fact.occurred_at,
            by,
            fact.undone_at is not None,
            fact.inside,
            fact.flags,
        )
        for fact, member_name, by in rows
    ]


def door_topics(event_id: uuid.UUID) -> tuple[str, ...]:
    """What the door shows: the event and its sign-ups, the facts, the people."""
    return (f"event:{event_id}", f"door:{event_id}", "people")


def bare_topics(event_id: uuid.UUID) -> tuple[str, ...]:
    """What the door's fragment on a phone shows: the event alone, for it names nobody."""
    return (f"event:{event_id}",)


def door_states(event: Event, *, bare: bool = False) -> tuple[str, ...]:
    """What the clock changes at the door, and whether names stand there."""
    return (rules.door_state(event, now()), "bare" if bare else "names")
