"""Checking in and taking it back, both under the event's lock; and what other features ask the door."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from flask_babel import gettext
from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.event import listens_for
from sqlalchemy.orm import Session

from blueprints.accounts.models import Member
from blueprints.door import merging, rules, tickets
from blueprints.door.forms import CheckinForm, UndoForm
from blueprints.door.models import Checkin
from blueprints.door.staff import may_stand_at_door
from blueprints.door.tickets import TicketToday, my_ticket_today
from blueprints.door.words import INSIDE, SENTENCES
from blueprints.events.models import Event, Signup
from core import audit
from core.clock import clock, local, today
from core.database import db, locked, new_id
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


_HELD = "door under lock"
# Built once: several phones wait for it at the door.
_OF_SIGNUP = (
    select(
        Signup.member_id,
        Member.real_name,
        Signup.state,
        Signup.attended_at,
        exists()
        .where(Checkin.event_id == Signup.event_id, Checkin.guest_id == Signup.member_id)
        .correlate(Signup)
        .label("seen"),
    )
    .join(Member, Member.id == Signup.member_id)
    .where(Signup.id == bindparam("signup_id"), Signup.event_id == bindparam("event_id"))
)


@dataclass(frozen=True)
class Guest:
    """Whom a scan means. `id` is the person as the door counts people."""

    id: uuid.UUID | None = None
    name: str = ""
    member_id: uuid.UUID | None = None
    signup_id: uuid.UUID | None = None
    state: str | None = None
    attended_at: datetime | None = None
    flags: tuple[str, ...] = ()
    seen: bool = True


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
    told: str | None,
) -> Outcome:
    """Write down a fact of the door and say what it means: always `accepted`, the verdict tells the rest."""
    event = _door(act.target_id, act)
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
    others = merging.facts_of(event.id, guest.id) if guest.seen else []
    admission = merging.admission_among(others)
    received_at = act.received_at or clock.now()
    at = act.occurred_at or received_at
    if told is None and at == received_at:
        told = rules.verdict(scan, rules.Entry(guest.state, admission is not None), event, at)
    says = rules.verdict(scan, rules.Entry(guest.state), event, at)
    fact = rules.Fact(act.op_id, at, says, told, device or act.device)
    key = uuid.UUID(id) if id else new_id()
    values = {
        "id": key,
        "event_id": event.id,
        "guest_id": guest.id,
        "signup_id": guest.signup_id,
        "member_id": guest.member_id,
        "walk_in_name": walk_in_name if scan.source == "walk_in" else None,
        "walk_in_phone": walk_in_phone if scan.source == "walk_in" else None,
        "source": scan.source,
        "flags": list(guest.flags),
        "recorded_by_id": act.person.id,
        "received_at": received_at,
    }
    settled = merging.add(values, fact, others)
    came_at = at if settled.inside else admission.fact.at if admission else None
    if guest.member_id and guest.signup_id and guest.attended_at != came_at:
        merging.came(event.id, guest.member_id, came_at)
    return _answer(event, settled, key, guest, admission)


def _answer(
    event: Event, settled: rules.Settled, key: uuid.UUID, guest: Guest, admission: merging.Known | None
) -> Outcome:
    verdict = settled.verdict
    seen = admission if verdict == "already_in" else None
    sentence = SENTENCES[verdict] if verdict != "already_in" or seen else INSIDE
    said = str(sentence) % {
        "name": guest.name,
        "at": f"{local(seen.fact.at):%H:%M}" if seen else "",
        "by": seen.recorder if seen else "",
        "opens": spoken(rules.opens_at(event)),
    }
    told = {"verdict": verdict, "tone": rules.TONES[verdict], "checkin": str(key)}
    told |= {"name": guest.name} if guest.name else {}
    told |= {"at": seen.fact.at.isoformat(), "by": seen.recorder} if seen else {}
    told |= {"flag": settled.flag} if settled.flag else {}
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
    admitted_at = merging.undo(
        event.id,
        fact.id,
        fact.guest_id,
        undone_at=act.occurred_at or clock.now(),
        undone_by_id=act.person.id,
        undo_reason=reason,
    )
    if fact.inside and fact.member_id:
        merging.came(event.id, fact.member_id, admitted_at)
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
    """The event under its lock, for who may stand there; asked once for all scans of one batch."""
    session = db.session()
    place = (session.get_transaction(), event_id, act.person.id)
    if session.info.get(_HELD) == place and (event := session.get(Event, event_id)):
        return event
    event = locked(Event, event_id)
    if event is None:
        raise NotFound
    if not may_stand_at_door(event, act.person):
        raise Forbidden
    session.info[_HELD] = place
    return event


@listens_for(Session, "after_soft_rollback")
def _let_go(session: Session, *_: Any) -> None:
    """A lock that was taken since a savepoint is lost with it."""
    session.info.pop(_HELD, None)


def _ticket_holder(event: Event, signup_id: uuid.UUID) -> Guest:
    """Who holds a genuine ticket; by the sign-up's own id where nobody knows it any more."""
    return _of_signup(event, signup_id) or Guest(signup_id)


def _signed_up(event: Event, signup_id: uuid.UUID) -> Guest:
    guest = _of_signup(event, signup_id)
    if guest is None:
        raise NotFound(gettext("名单上没有这个人，请刷新名单再试。"))
    return guest


def _of_signup(event: Event, signup_id: uuid.UUID) -> Guest | None:
    row = db.session.execute(_OF_SIGNUP, {"signup_id": signup_id, "event_id": event.id}).first()
    if row is None:
        return None
    return Guest(row.member_id, row.real_name, row.member_id, signup_id, row.state, row.attended_at, seen=row.seen)


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
        return Guest(uuid.uuid5(event.id, phone), name)
    member_id, real_name, signup_id, state, attended_at = row
    flags = () if real_name == name else ("name_differs",)
    return Guest(member_id, name, member_id, signup_id, state, attended_at, flags)


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
