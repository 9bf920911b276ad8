"""Events, who signed up for them, and who came."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from blueprints.door.models import Checkin
from blueprints.events.models import Event, Signup
from blueprints.events.service import new_ticket_key
from demo.community import TONIGHT, Record
from demo.dates import between
from demo.loading import Loading
from demo.people import audit

WALK_INS_KEPT = timedelta(days=90)
BY_NAME_SHARE = 0.15
DEVICES = ("门口一号机", "门口二号机", "签到台")


@dataclass(frozen=True)
class Held:
    """One event on the calendar of the load."""

    record: Record
    key: uuid.UUID
    created_at: datetime
    starts_at: datetime
    ends_at: datetime


def times_of(loading: Loading, record: Record) -> tuple[datetime, datetime]:
    """Beginning and end; `TONIGHT` has not begun yet."""
    calendar = loading.calendar
    if record["id"] == TONIGHT:
        return calendar.tonight(record["start"], record["end"])
    day = calendar.day(record["days_from_now"], record["weekday"])
    return calendar.span(day, record["start"], record["end"])


def add_events(loading: Loading) -> None:
    """All events with their sign-ups and what the door saw."""
    for record in loading.community.events:
        held = _add_event(loading, record)
        _add_signups(loading, held)
        _add_walk_ins(loading, held)


def _add_event(loading: Loading, record: Record) -> Held:
    rng = loading.rng
    starts_at, ends_at = times_of(loading, record)
    planned = min(starts_at - timedelta(days=rng.randint(15, 24)), loading.now - timedelta(days=rng.randint(2, 12)))
    planned = max(planned, loading.founded_at + timedelta(days=3, hours=1))
    created_at = loading.calendar.at(planned.astimezone(loading.calendar.zone).date(), "10:20")
    places = [signup["status"] for signup in record["signups"]]
    waiting = places.count("waitlisted")
    organizer = loading.seen(record["organizer"], created_at)
    loading.roles[record["organizer"]].add("organizer")
    key = loading.add_keyed(
        Event,
        created_at,
        ref=record["id"],
        title=record["title"],
        kind=record["kind"],
        starts_at=starts_at,
        ends_at=ends_at,
        signup_closes_at=starts_at,
        venue=record["venue"],
        address=record["address"],
        capacity=record["capacity"],
        body=loading.community.text(record["body"]),
        public=record["public"],
        organizer_id=organizer,
        trades=record["trades"],
        state="scheduled",
        created_at=created_at,
        confirmed_count=places.count("confirmed"),
        next_place=waiting + 1,
    )
    loading.rows[Event][-1]["ticket_key"] = new_ticket_key(key)
    said = {"title": record["title"], "starts_at": starts_at.isoformat(), "capacity": record["capacity"]}
    audit(loading, created_at, record["organizer"], "event.create", subject=("event", key), after=said)
    return Held(record, key, created_at, starts_at, ends_at)


def in_line(signups: list[Record], capacity: int) -> list[Record]:
    """Sign-ups in the order in which they came: who waits came last, and who cancelled had a seat once."""
    waiting = [signup for signup in signups if signup["status"] == "waitlisted"]
    seated = [signup for signup in signups if signup["status"] != "waitlisted"]
    if waiting:
        late = [signup for signup in seated[capacity:] if signup["status"] == "cancelled"]
        seated = late + [signup for signup in seated if signup not in late]
    return seated + waiting


def _add_signups(loading: Loading, held: Held) -> None:
    rng, capacity = loading.rng, held.record["capacity"]
    until = min(held.starts_at - timedelta(hours=1), loading.now - timedelta(minutes=3))
    line = in_line(held.record["signups"], capacity)
    moments = sorted(between(held.created_at, until, rng) for _ in line)
    seats_gone = any(signup["status"] == "waitlisted" for signup in line)
    seated = sum(signup["status"] != "waitlisted" for signup in line)
    cancellations = _cancellations(loading, held, line, moments, moments[seated - 1] if seats_gone else None)
    promotions = iter(sorted(cancellations.values()))
    place = 0
    for number, (signup, signed_up_at) in enumerate(zip(line, moments, strict=True)):
        state = signup["status"]
        place += state == "waitlisted"
        late = seats_gone and capacity <= number < seated
        came_at = _came_at(loading, held) if signup.get("attended") else None
        member_id = loading.seen(signup["member"], signed_up_at)
        key = loading.add_keyed(
            Signup,
            signed_up_at,
            event_id=held.key,
            member_id=member_id,
            state=state,
            place=place if state == "waitlisted" else None,
            note="",
            signed_up_at=signed_up_at,
            cancelled_at=cancellations.get(number),
            promoted_at=next(promotions, None) if late else None,
            attended_at=came_at,
        )
        if came_at:
            source = "name" if rng.random() < BY_NAME_SHARE else "ticket"
            _add_checkin(loading, held, came_at, source, guest_id=member_id, signup_id=key, member_id=member_id)


def _cancellations(
    loading: Loading, held: Held, line: list[Record], moments: list[datetime], after: datetime | None
) -> dict[int, datetime]:
    """When each who cancelled did, by the place in line; not before `after`, when others waited for the seat."""
    until = min(held.starts_at - timedelta(minutes=40), loading.now - timedelta(minutes=2))
    return {
        number: between(max(moments[number], after or moments[number]), until, loading.rng)
        for number, signup in enumerate(line)
        if signup["status"] == "cancelled"
    }


def _add_walk_ins(loading: Loading, held: Held) -> None:
    """Who came without having signed up; names are kept for ninety days, as the privacy text promises."""
    forgotten = held.starts_at < loading.now - WALK_INS_KEPT
    for name in held.record["walk_ins"]:
        came_at = _came_at(loading, held)
        _add_checkin(loading, held, came_at, "walk_in", walk_in_name=None if forgotten else name)


def _came_at(loading: Loading, held: Held) -> datetime:
    return between(held.starts_at - timedelta(minutes=35), held.starts_at + timedelta(minutes=20), loading.rng)


def _add_checkin(
    loading: Loading,
    held: Held,
    at: datetime,
    source: str,
    *,
    guest_id: uuid.UUID | None = None,
    signup_id: uuid.UUID | None = None,
    member_id: uuid.UUID | None = None,
    walk_in_name: str | None = None,
) -> None:
    key = loading.add_keyed(
        Checkin,
        at,
        event_id=held.key,
        guest_id=guest_id,
        signup_id=signup_id,
        member_id=member_id,
        walk_in_name=walk_in_name,
        walk_in_phone=None,
        source=source,
        verdict="admitted",
        inside=True,
        flags=[],
        device=loading.rng.choice(DEVICES),
        recorded_by_id=loading.ids[held.record["organizer"]],
        occurred_at=at,
        received_at=at + timedelta(seconds=loading.rng.choice((1, 1, 1, 2, 40, 600))),
        undone_at=None,
        undone_by_id=None,
        undo_reason=None,
    )
    if guest_id is None:
        loading.rows[Checkin][-1]["guest_id"] = key
