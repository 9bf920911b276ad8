"""Three phones in a basement, 200 scans each of overlapping tickets: every order of upload comes to one state."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update

from blueprints.door import rules
from blueprints.door.models import Checkin
from blueprints.events.models import Signup
from core.clock import now
from core.database import db
from core.operations import LedgerRow
from tests.door import Door
from tests.http.test_door_phones import DoorPhone
from tests.people import People

pytestmark = pytest.mark.thorough

GUESTS = 90
SCANS = 200
State = dict[str, tuple[str, bool, tuple[str, ...]]]


def queues(door: Door, seed: int, tickets: list[str], scans: int) -> list[tuple[DoorPhone, list[dict[str, Any]]]]:
    """What each phone has seen alone: a ticket that it let in itself it calls already in; some scans it undid."""
    dice, found = random.Random(seed), []
    for phone in (DoorPhone(door) for _ in range(3)):
        inside: dict[str, dict[str, Any]] = {}
        queue: list[dict[str, Any]] = []
        minutes = sorted((dice.uniform(1, 40) for _ in range(scans)), reverse=True)
        for at in minutes:
            if inside and dice.random() < 0.08:
                ticket, scan = inside.popitem()
                queue.append(phone.undo(scan, at, "走错门"))
                continue
            ticket = dice.choice(tickets)
            scan = phone.scan(at, "already_in" if ticket in inside else "admitted", ticket=ticket)
            inside.setdefault(ticket, scan)
            queue.append(scan)
        found.append((phone, queue))
    return found


def uploaded(door: Door, found: list[tuple[DoorPhone, list[dict[str, Any]]]], seed: int) -> None:
    """Each phone's queue in its own order, in batches of any size, the phones in any order among each other."""
    dice = random.Random(seed)
    waiting = [(phone, list(queue)) for phone, queue in found]
    while waiting:
        phone, queue = dice.choice(waiting)
        size = dice.choice([1, 7, 30, 100])
        assert set(phone.decided(*queue[:size])) == {"accepted"}
        del queue[:size]
        waiting = [each for each in waiting if each[1]]


def state(door: Door) -> State:
    return {str(fact.id): (fact.verdict, fact.inside, tuple(fact.flags)) for fact in door.facts()}


def forget(app: Flask) -> None:
    """The same evening once more."""
    with app.app_context():
        db.session.execute(delete(Checkin))
        db.session.execute(delete(LedgerRow))
        db.session.execute(update(Signup).values(attended_at=None))
        db.session.commit()


def run(app: Flask, people: People, seed: int, orders: int, scans: int) -> None:
    door = Door(app, people, capacity=GUESTS)
    tickets = [door.ticket(door.signed_up()) for _ in range(GUESTS)]
    found = queues(door, seed, tickets, scans)
    states = []
    for order in range(orders):
        forget(app)
        uploaded(door, found, seed * 100 + order)
        states.append(state(door))
        assert states[-1] == states[0], "another order, another state"
    inside = [fact for fact in door.facts() if fact.inside]
    assert all(number == 1 for number in Counter(fact.guest_id for fact in inside).values())
    conflicts = [fact for fact in door.facts() if "twice" in fact.flags]
    assert conflicts, "phones that overlap"
    assert all(fact.flags == ["twice"] and fact.flagged for fact in conflicts)
    by_guest: dict[Any, list[Checkin]] = {}
    for fact in door.facts():
        by_guest.setdefault(fact.guest_id, []).append(fact)
    for facts in by_guest.values():
        entering = {fact.device for fact in facts if not fact.undone_at and fact.told in rules.LETS_IN}
        flagged = sum("twice" in fact.flags for fact in facts)
        assert flagged == max(0, len(entering) - 1), "each other phone that let the guest in, once"
    assert len({fact.serial for fact in door.facts()}) == len(door.facts())
    assert min(fact.occurred_at for fact in door.facts()) > now() - timedelta(minutes=41)


def test_a_few_scans_in_any_order_come_to_one_state(app: Flask, people: People) -> None:
    run(app, people, seed=1, orders=4, scans=25)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [2, 3])
def test_three_phones_of_200_scans_in_any_order_come_to_one_state(app: Flask, people: People, seed: int) -> None:
    run(app, people, seed, orders=3, scans=SCANS)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 20))
def test_many_evenings_in_many_orders_come_to_one_state(app: Flask, people: People, seed: int) -> None:
    run(app, people, seed, orders=6, scans=SCANS)
