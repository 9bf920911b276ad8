"""What the door forgets: what walk-ins left, after 90 days; who came at all, after two years."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from sqlalchemy import delete, exists, or_, select, update

from blueprints.door.models import Checkin, Door, DoorStaff
from blueprints.door.roster import came
from blueprints.events.models import Event, Signup
from blueprints.events.retention import forget_signups
from core.database import db, execute_count, locked, new_id, touch
from core.operations import LedgerRow
from core.registries import forgets

AT_ONCE = 500


@forgets("door.walk_ins", days=90)
def walk_ins(before: datetime) -> int:
    """Names and phones of who walked in, so long after the event; the facts stay, and their count.

    A stranger's id was made of their phone, so that they get another one. The ledger's answers
    said the names too.
    """
    rows = db.session.execute(
        select(Checkin.id, Checkin.event_id, Checkin.guest_id, Checkin.member_id, Checkin.walk_in_phone)
        .join(Event, Event.id == Checkin.event_id)
        .where(Event.ends_at < before, or_(Checkin.walk_in_name.is_not(None), Checkin.walk_in_phone.is_not(None)))
        .with_for_update(of=Checkin)
    ).all()
    strangers = {row.guest_id: new_id() for row in rows if row.walk_in_phone and row.guest_id and not row.member_id}
    for row in rows:
        db.session.execute(
            update(Checkin)
            .where(Checkin.id == row.id)
            .values(walk_in_name=None, walk_in_phone=None, guest_id=strangers.get(row.guest_id, row.guest_id))
        )
    doors = {row.event_id for row in rows}
    for some in _in_parts(map(str, doors)):
        db.session.execute(
            update(LedgerRow)
            .where(LedgerRow.name == "checkin.record", LedgerRow.target.in_(some))
            .values(message="", verdict=None)
        )
    touch(*(f"door:{event_id}" for event_id in doors))
    return len(rows) + _staff(before)


def _staff(before: datetime) -> int:
    """Who helped at a door is forgotten with its walk-ins."""
    over = select(Event.id).where(Event.ends_at < before)
    return execute_count(delete(DoorStaff).where(DoorStaff.event_id.in_(over)))


@forgets("door.attendance", months=24)
def attendance(before: datetime) -> int:
    """Sign-ups, with them their tickets, and check-ins; how many signed up, came and walked in stays on the event."""
    somebody = or_(exists().where(Signup.event_id == Event.id), exists().where(Checkin.event_id == Event.id))
    old = db.session.scalars(select(Event.id).where(Event.ends_at < before, somebody).order_by(Event.id)).all()
    return sum(_forget(event_id) for event_id in old)


def _forget(event_id: uuid.UUID) -> int:
    event = locked(Event, event_id)
    if event is None:
        return 0
    inside, expected = came(event_id)
    facts = execute_count(delete(Checkin).where(Checkin.event_id == event_id))
    for table in (DoorStaff, Door):
        db.session.execute(delete(table).where(table.event_id == event_id))
    touch(f"door:{event_id}")
    return facts + forget_signups(event, came=inside, walk_ins=inside - expected)


def _in_parts(names: Iterable[str]) -> Iterator[list[str]]:
    left = iter(names)
    while some := list(islice(left, AT_ONCE)):
        yield some
