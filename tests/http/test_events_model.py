"""Sign-ups, cancellations, capacity, closing and reopening in any order, against a model of seats and line."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from blueprints.events.models import Event, Signup
from core.access import Viewer
from core.clock import clock, now
from core.database import db, new_id
from core.operations import Act, Outcome
from core.performing import perform
from tests.conftest import NOON
from tests.events import local_text, make_event, plan
from tests.people import People

MEMBERS = 5


class Seats(RuleBasedStateMachine):
    """The event in the database beside what it should be: who sits, who waits and in which order."""

    app: Flask
    organizer: Viewer
    members: list[Viewer]

    def __init__(self) -> None:
        super().__init__()
        clock.freeze(NOON)
        self.starts_at = now() + timedelta(days=20)
        self.closes_at = now() + timedelta(hours=1)
        self.capacity = 2
        self.seated: list[int] = []
        self.waiting: list[int] = []
        self.event_id = make_event(
            self.app,
            self.organizer.id,
            starts_at=self.starts_at,
            signup_closes_at=self.closes_at,
            capacity=self.capacity,
            ticket_key="none",
        )

    def open(self) -> bool:
        return now() < min(self.closes_at, self.starts_at)

    def ask(self, name: str, person: Viewer, **fields: str) -> Outcome:
        with self.app.test_request_context():
            act = Act(owner=str(person.id), op_id=str(new_id()), actor=person, target=str(self.event_id))
            return perform(name, act, fields)

    def promote(self) -> None:
        while self.open() and self.waiting and len(self.seated) < self.capacity:
            self.seated.append(self.waiting.pop(0))

    @initialize(order=st.permutations(range(MEMBERS)))
    def most_sign_up(self, order: list[int]) -> None:
        for who in order[1:]:
            self.signs_up(who)

    @rule(who=st.integers(0, MEMBERS - 1))
    def signs_up(self, who: int) -> None:
        outcome = self.ask("event.signup", self.members[who]).outcome
        if who in self.seated or who in self.waiting:
            assert outcome == "duplicate"
        elif not self.open():
            assert outcome == "refused"
        elif len(self.seated) < self.capacity:
            assert outcome == "accepted"
            self.seated.append(who)
        else:
            assert outcome == "waitlisted"
            self.waiting.append(who)

    @rule(who=st.integers(0, MEMBERS - 1))
    def cancels(self, who: int) -> None:
        outcome = self.ask("event.cancel_signup", self.members[who]).outcome
        if who in self.seated or who in self.waiting:
            assert outcome == ("accepted" if now() < self.starts_at else "refused")
            if outcome == "accepted":
                had_seat = who in self.seated
                (self.seated if had_seat else self.waiting).remove(who)
                if had_seat:
                    self.promote()
        else:
            assert outcome in ("duplicate", "refused")

    @rule(capacity=st.integers(1, MEMBERS))
    def changes_capacity(self, capacity: int) -> None:
        outcome = self.change(capacity=capacity)
        assert outcome == ("accepted" if capacity >= len(self.seated) else "refused")
        if outcome == "accepted":
            self.capacity = capacity
            self.promote()

    @precondition(lambda self: self.open() and self.waiting)
    @rule()
    def closes(self) -> None:
        clock.freeze(min(self.closes_at, self.starts_at))

    @precondition(lambda self: not self.open() and now() + timedelta(hours=1) < self.starts_at)
    @rule()
    def reopens(self) -> None:
        self.closes_at = now() + timedelta(hours=1)
        assert self.change(capacity=self.capacity) == "accepted"
        self.promote()

    @precondition(lambda self: not self.open() and now() < self.starts_at)
    @rule()
    def starts(self) -> None:
        clock.freeze(self.starts_at)

    def change(self, capacity: int) -> str:
        fields = plan(
            starts_at=local_text(self.starts_at),
            ends_at=local_text(self.starts_at + timedelta(hours=2)),
            signup_closes_at=local_text(self.closes_at),
            capacity=capacity,
        )
        return self.ask("event.update", self.organizer, **fields).outcome

    @invariant()
    def rows_are_what_they_should_be(self) -> None:
        with self.app.app_context():
            counted = db.session.get_one(Event, self.event_id).confirmed_count
            rows: dict[uuid.UUID, Any] = {
                row.member_id: row for row in db.session.scalars(select(Signup).filter_by(event_id=self.event_id))
            }
        states = {who: rows[person.id].state for who, person in enumerate(self.members) if person.id in rows}
        assert {who for who, state in states.items() if state == "confirmed"} == set(self.seated)
        in_line = sorted(
            (rows[self.members[who].id].place, who) for who, state in states.items() if state == "waitlisted"
        )
        assert [who for _, who in in_line] == self.waiting
        assert counted == len(self.seated) <= self.capacity


@pytest.mark.parametrize(
    ("runs", "steps"),
    [pytest.param(20, 20, marks=pytest.mark.thorough), pytest.param(1000, 40, marks=pytest.mark.long)],
)
def test_seats_and_line_are_right_after_whatever_people_do(app: Flask, people: People, runs: int, steps: int) -> None:
    Seats.app = app
    Seats.organizer = Viewer(people.member("王组织", "organizer"), new_id(), "王组织", "member")
    Seats.members = [Viewer(people.member(), new_id(), "", "member") for _ in range(MEMBERS)]
    run_state_machine_as_test(
        Seats,
        settings=settings(
            phases=(Phase.generate,),
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            derandomize=runs == 20,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
