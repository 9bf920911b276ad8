"""Checking in and taking it back, both under the event's lock; and what other features ask the door."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from flask_babel import gettext
from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Member
from blueprints.door import rules, tickets
from blueprints.door.forms import CheckinForm, UndoForm
from blueprints.door.models import Checkin
from blueprints.door.roster import may_stand_at_door
from blueprints.door.tickets import TicketToday, my_ticket_today
from blueprints.door.words import SENTENCES
from blueprints.events.models import Event, Signup
from core import audit
from core.clock import clock, local, today
from core.database import db, locked, new_id, table_of, touch
from core.errors import Duplicate, Forbidden, NotFound
from core.i18n import spoken
from core.operations import Act, Outcome, operation

__all__ = [
    "TicketToday",
    "attendance_by_month",
    "attended_count",
    "checkin_event",
    "my_ticket_today",
    "record",
    "undo",
]


_recorder = aliased(Member)
# Built once: several phones wait for these at the door.
_INSIDE = and_(Checkin.event_id == bindparam("event_id"), Checkin.inside.is_(True))
_OF_SIGNUP = (
    select(
        Signup.member_id,
        Member.real_name,
        Signup.state,
        Signup.attended_at,
        Checkin.occurred_at,
        _recorder.real_name.label("recorder"),
    )
    .join(Member, Member.id == Signup.member_id)
    .outerjoin(Checkin, and_(_INSIDE, Checkin.guest_id == Signup.member_id))
    .outerjoin(_recorder, _recorder.id == Checkin.recorded_by_id)
    .where(Signup.id == bindparam("signup_id"), Signup.event_id == bindparam("event_id"))
)
_LET_IN = (
    select(Checkin.occurred_at, _recorder.real_name)
    .join(_recorder, _recorder.id == Checkin.recorded_by_id)
    .where(_INSIDE, Checkin.guest_id == bindparam("guest_id"))
)
_ATTENDED = update(table_of(Signup)).where(table_of(Signup).c.id == bindparam("signup_id"))


@dataclass(frozen=True)
class Seen:
    """When and by whom a guest was let in."""

    at: datetime
    by: str


@dataclass(frozen=True)
class Guest:
    """Whom a scan means, and whether they are inside. `id` is the person as the door counts people."""

    id: uuid.UUID | None = None
    name: str = ""
    member_id: uuid.UUID | None = None
    signup_id: uuid.UUID | None = None
    state: str | None = None
    attended: bool = False
    seen: Seen | None = None
    flags: tuple[str, ...] = ()


@operation("checkin.record", form=CheckinForm, lane="event")
def record(
    act: Act,
    *,
    ticket: str | None,
    signup_id: str | None,
    walk_in_name: str | None,
    walk_in_phone: str | None,
    device: str | None,
    id: str | None,  # noqa: A002
) -> Outcome:
    """Write down a fact of the door and say what it means: always `accepted`, the verdict tells the rest."""
    event = _door(act.target_id, act)
    key = uuid.UUID(id) if id else new_id()
    if ticket:
        reading = tickets.read(ticket, event)
        scan = rules.Scan("ticket", reading.ticket)
        guest = _ticket_holder(event, reading.signup_id) if reading.signup_id else Guest()
    elif signup_id:
        scan = rules.Scan("walk_in" if walk_in_name else "name")
        guest = _signed_up(event, uuid.UUID(signup_id))
    else:
        scan = rules.Scan("walk_in")
        guest = _walk_in(event, walk_in_name or "", walk_in_phone)
    occurred_at = act.occurred_at or clock.now()
    verdict = rules.verdict(scan, rules.Entry(guest.state, guest.seen is not None), event, occurred_at)
    inside = verdict in rules.LETS_IN
    db.session.add(
        Checkin(
            id=key,
            event_id=event.id,
            guest_id=guest.id,
            signup_id=guest.signup_id,
            member_id=guest.member_id,
            walk_in_name=walk_in_name if scan.source == "walk_in" else None,
            walk_in_phone=walk_in_phone if scan.source == "walk_in" else None,
            source=scan.source,
            verdict=verdict,
            inside=inside,
            flags=list(guest.flags),
            device=device or act.device,
            recorded_by_id=act.person.id,
            occurred_at=occurred_at,
            received_at=act.received_at or occurred_at,
        )
    )
    if (inside or guest.seen) and guest.signup_id and not guest.attended:
        _attended(guest, guest.seen.at if guest.seen else occurred_at)
    return _answer(event, verdict, key, guest)


def _answer(event: Event, verdict: str, key: uuid.UUID, guest: Guest) -> Outcome:
    seen = guest.seen
    said = str(SENTENCES[verdict]) % {
        "name": guest.name,
        "at": f"{local(seen.at):%H:%M}" if seen else "",
        "by": seen.by if seen else "",
        "opens": spoken(rules.opens_at(event)),
    }
    told = {"verdict": verdict, "tone": rules.TONES[verdict], "checkin": str(key)}
    told |= {"name": guest.name} if guest.name else {}
    told |= {"at": seen.at.isoformat(), "by": seen.by} if seen else {}
    return Outcome(said, url=f"/events/{event.id}/door", verdict=told)


@operation("checkin.undo", form=UndoForm, lane="event")
def undo(act: Act, *, reason: str | None) -> Outcome:
    """Take a fact's effect back, with its reason; the fact stays, and the person may come in again."""
    event_id = checkin_event(act.target_id)
    if event_id is None:
        raise NotFound
    event = _door(event_id, act)
    fact = db.session.get_one(Checkin, act.target_id, populate_existing=True)
    url = f"/events/{event.id}/door"
    if fact.undone_at:
        raise Duplicate(gettext("这次签到已经撤销过了。"), url=url)
    was_inside = fact.inside
    fact.inside = False
    fact.undone_at, fact.undone_by_id, fact.undo_reason = act.occurred_at or clock.now(), act.person.id, reason
    if was_inside and fact.guest_id:
        db.session.execute(
            update(Signup)
            .where(Signup.event_id == event.id, Signup.member_id == fact.guest_id)
            .values(attended_at=None)
        )
        touch(f"signups:{fact.guest_id}")
    audit.record(
        act.person,
        "checkin.undo",
        "checkin",
        fact.id,
        before={"verdict": fact.verdict, "at": fact.occurred_at.isoformat()},
        reason=reason,
    )
    return Outcome(gettext("已撤销，可以重新签到。"), url=url)


def checkin_event(checkin_id: uuid.UUID) -> uuid.UUID | None:
    """The event at whose door a fact was recorded."""
    return db.session.scalar(select(Checkin.event_id).where(Checkin.id == checkin_id))


def _door(event_id: uuid.UUID, act: Act) -> Event:
    event = locked(Event, event_id)
    if event is None:
        raise NotFound
    if not may_stand_at_door(event, act.person):
        raise Forbidden
    return event


def _ticket_holder(event: Event, signup_id: uuid.UUID) -> Guest:
    """Who holds a genuine ticket; by the sign-up's own id where nobody knows it any more."""
    return _of_signup(event, signup_id) or Guest(signup_id, seen=_let_in(event, signup_id))


def _signed_up(event: Event, signup_id: uuid.UUID) -> Guest:
    guest = _of_signup(event, signup_id)
    if guest is None:
        raise NotFound(gettext("名单上没有这个人，请刷新名单再试。"))
    return guest


def _of_signup(event: Event, signup_id: uuid.UUID) -> Guest | None:
    row = db.session.execute(_OF_SIGNUP, {"signup_id": signup_id, "event_id": event.id}).first()
    if row is None:
        return None
    seen = Seen(row.occurred_at, row.recorder) if row.occurred_at else None
    return Guest(row.member_id, row.real_name, row.member_id, signup_id, row.state, row.attended_at is not None, seen)


def _walk_in(event: Event, name: str, phone: str | None) -> Guest:
    """A walk-in: the member whose phone it is, with their sign-up if they have one; else somebody unknown."""
    if not phone:
        return Guest(new_id(), name)
    row = db.session.execute(
        select(Member.id, Member.real_name, Signup.id, Signup.state, Signup.attended_at)
        .outerjoin(Signup, (Signup.member_id == Member.id) & (Signup.event_id == event.id))
        .where(Member.phone == phone, Member.status == "member")
    ).first()
    if row is None:
        stranger = uuid.uuid5(event.id, phone)
        return Guest(stranger, name, seen=_let_in(event, stranger))
    member_id, real_name, signup_id, state, attended_at = row
    flags = () if real_name == name else ("name_differs",)
    seen = _let_in(event, member_id)
    return Guest(member_id, name, member_id, signup_id, state, attended_at is not None, seen, flags)


def _let_in(event: Event, guest_id: uuid.UUID) -> Seen | None:
    row = db.session.execute(_LET_IN, {"event_id": event.id, "guest_id": guest_id}).first()
    return Seen(row[0], row[1]) if row else None


def _attended(guest: Guest, at: datetime) -> None:
    """Say on the sign-up that its person came; by a statement, so that only the person's own pages change."""
    db.session.execute(_ATTENDED, {"signup_id": guest.signup_id, "attended_at": at})
    touch(f"signups:{guest.member_id}")


def attended_count(event_id: uuid.UUID) -> int:
    """How many came, walk-ins included."""
    inside = select(func.count()).where(Checkin.event_id == event_id, Checkin.inside.is_(True)).scalar_subquery()
    kept = select(Event.came_count).where(Event.id == event_id).scalar_subquery()
    return db.session.scalar(select(inside + func.coalesce(kept, 0))) or 0


def attendance_by_month(months: int) -> Sequence[tuple[date, int]]:
    """How many came to the events of each of the last `months` months, this one last, by their first days."""
    first = today().replace(day=1)
    firsts = [first]
    for _ in range(months - 1):
        year, month = divmod(firsts[-1].year * 12 + firsts[-1].month - 2, 12)
        firsts.append(date(year, month + 1, 1))
    came = dict.fromkeys(reversed(firsts), 0)
    rows = db.session.execute(
        select(Event.starts_at, func.count(Checkin.id))
        .join(Checkin, Checkin.event_id == Event.id)
        .where(Checkin.inside.is_(True), Event.starts_at >= clock.at(firsts[-1], time()))
        .group_by(Event.id, Event.starts_at)
    )
    for starts_at, number in rows:
        month_of = local(starts_at).date().replace(day=1)
        if month_of in came:
            came[month_of] += number
    return list(came.items())
