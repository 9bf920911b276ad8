"""Checking in and taking it back, both under the event's lock; and what other features ask the door."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
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
    "record_together",
    "undo",
]


_HELD = "door under lock"
# Built once: several phones wait for it at the door.
_OF_SIGNUPS = (
    select(
        Signup.id,
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
    .where(Signup.id.in_(bindparam("signup_ids", expanding=True)), Signup.event_id == bindparam("event_id"))
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


def record_together(acts: Sequence[Act], asked: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Write down facts of one door, in order, and say what each means: always `accepted`, the verdict tells the rest.

    Each is what `CheckinForm` holds; they may be of several people, each of whom has to stand at that door.
    Five statements, however many the facts are, but for walk-ins, and two for each person more.
    """
    for act in {act.person.id: act for act in acts}.values():
        event = _door(act.target_id, act)
    met = _met(event, asked)
    facts = merging.Facts(event.id, (guest.id for _, guest in met if guest.id and guest.seen))
    outcomes = []
    for act, data, (scan, guest) in zip(acts, asked, met, strict=True):
        admission = facts.admission(guest.id)
        received_at = act.received_at or clock.now()
        at = act.occurred_at or received_at
        told = data["told"]
        if told is None and at == received_at:
            told = rules.verdict(scan, rules.Entry(guest.state, admission is not None), event, at)
        says = rules.verdict(scan, rules.Entry(guest.state), event, at)
        fact = rules.Fact(act.op_id, at, says, told, data["device"] or act.device)
        key = _id(data["id"]) or new_id()
        values = {
            "id": key,
            "event_id": event.id,
            "guest_id": guest.id,
            "signup_id": guest.signup_id,
            "member_id": guest.member_id,
            "walk_in_name": data["walk_in_name"] if scan.source == "walk_in" else None,
            "walk_in_phone": data["walk_in_phone"] if scan.source == "walk_in" else None,
            "source": scan.source,
            "flags": list(guest.flags),
            "recorded_by_id": act.person.id,
            "received_at": received_at,
        }
        outcomes.append(_answer(event, facts.add(values, fact, act.person.real_name), key, guest, admission))
    facts.save()
    _say_who_came(event, [guest for _, guest in met], facts)
    return outcomes


@operation("checkin.record", form=CheckinForm, lane="event", together=record_together)
def record(act: Act, **data: Any) -> Outcome:
    """Write down one fact of the door, as `record_together` does."""
    return record_together([act], [data])[0]


def _id(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None


def _met(event: Event, asked: Sequence[Mapping[str, Any]]) -> list[tuple[rules.Scan, Guest]]:
    """How and whom the door saw, each time. One query, and one for each walk-in."""
    read = [tickets.read(data["ticket"], event) if data["ticket"] else None for data in asked]
    named = [
        reading.signup_id if reading else _id(data["signup_id"]) for reading, data in zip(read, asked, strict=True)
    ]
    known = _of_signups(event, [key for key in named if key])
    met = []
    for data, reading, key in zip(asked, read, named, strict=True):
        if reading:
            # By the sign-up's own id where nobody knows it any more.
            guest = known.get(key, Guest(key)) if key else Guest()
            met.append((rules.Scan("ticket", reading.ticket), guest))
        elif key:
            if (signed_up := known.get(key)) is None:
                raise NotFound(gettext("名单上没有这个人，请刷新名单再试。"))
            met.append((rules.Scan("walk_in" if data["walk_in_name"] else "name"), signed_up))
        else:
            walked_in = _walk_in(event, data["walk_in_name"] or "", data["walk_in_phone"])
            met.append((rules.Scan("walk_in"), walked_in))
    return met


def _say_who_came(event: Event, guests: Iterable[Guest], facts: merging.Facts) -> None:
    came = {}
    for guest in guests:
        if guest.member_id and guest.signup_id:
            admission = facts.admission(guest.id)
            at = admission.fact.at if admission else None
            if at != guest.attended_at:
                came[guest.member_id] = at
    merging.came(event.id, came)


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
        merging.came(event.id, {fact.member_id: admitted_at})
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


def _of_signups(event: Event, signup_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Guest]:
    """Who signed up, by the sign-up's id."""
    if not signup_ids:
        return {}
    rows = db.session.execute(_OF_SIGNUPS, {"signup_ids": signup_ids, "event_id": event.id})
    return {
        row.id: Guest(row.member_id, row.real_name, row.member_id, row.id, row.state, row.attended_at, seen=row.seen)
        for row in rows
    }


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
