"""64 members, 10 seats, two worker processes: on both databases, and while one worker is killed."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.events.models import Event, Signup
from core.database import db
from core.operations import LedgerRow
from tests.events import make_event
from tests.people import People
from tests.postgres import postgres
from tests.racing import Phone, Server, new_app, phones, race, served, settings_for

pytestmark = pytest.mark.race
CLIENTS, SEATS = 64, 10


@dataclass
class Race:
    app: Flask
    server: Server
    event_id: uuid.UUID
    phones: list[Phone]
    kill_at: int | None = None
    _pressed: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def url(self) -> str:
        return f"/events/{self.event_id}/signup"

    def run(self, number: int) -> None:
        """Sign up; a third gives the seat or the place back, and half of those come again."""
        self.press(number, self.url)
        if number % 3 == 0:
            self.press(number, f"{self.url}/cancel")
        if number % 6 == 0:
            self.press(number, self.url)

    def press(self, number: int, path: str) -> None:
        self.phones[number].press(path)
        if next(self._pressed) == self.kill_at:
            self.server.kill_a_worker()

    def all_at_once(self) -> None:
        race([lambda number=number: self.run(number) for number in range(len(self.phones))])


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'huiyou.db'}"
    else:
        with postgres() as made:
            yield made


@pytest.fixture
def racing(url: str, tmp_path: Path) -> Iterator[Race]:
    settings = settings_for(url, tmp_path)
    app = new_app(settings)
    people = People(app)
    organizer_id = people.member("王组织", "organizer")
    member_ids = [people.member() for _ in range(CLIENTS)]
    event_id = make_event(app, organizer_id, capacity=SEATS)
    with served(settings) as server:
        held = Race(app, server, event_id, phones(app, settings.port, member_ids))
        yield held
        for phone in held.phones:
            phone.hang_up()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def check_seats_and_line(held: Race) -> None:
    """Ten seats at most, the line in order of arrival, and nobody waits beside a free seat."""
    with held.app.app_context():
        counted = db.session.get_one(Event, held.event_id).confirmed_count
        rows = db.session.scalars(select(Signup).where(Signup.event_id == held.event_id)).all()
    seated = [row for row in rows if row.state == "confirmed"]
    waiting = sorted((row for row in rows if row.state == "waitlisted"), key=lambda row: row.place or 0)
    assert counted == len(seated) == SEATS
    assert len(rows) == CLIENTS
    arrivals = [row.signed_up_at for row in waiting]
    assert arrivals == sorted(arrivals)
    assert all(row.signed_up_at <= arrivals[0] for row in seated), "somebody overtook the line"
    assert any(row.promoted_at for row in seated)


def check_answers(held: Race) -> None:
    """Every press was answered with the outcome that the ledger keeps, and stands in it once."""
    with held.app.app_context():
        outcomes = {(row.owner, row.op_id): row.outcome for row in db.session.scalars(select(LedgerRow))}
    presses = 0
    for phone in held.phones:
        for (_, op_id), answer in zip(phone.sent, phone.answers, strict=True):
            presses += 1
            assert answer.status == 303, answer
            assert answer.said == [outcomes[str(phone.member_id), op_id]], answer
    assert presses == len(outcomes)


def test_64_members_racing_for_10_seats_never_oversell_them(racing: Race) -> None:
    racing.all_at_once()
    check_answers(racing)
    check_seats_and_line(racing)


def test_a_worker_killed_in_the_race_loses_and_doubles_nothing(racing: Race) -> None:
    racing.kill_at = 20
    racing.all_at_once()
    assert any(answer.tries > 1 for phone in racing.phones for answer in phone.answers), "nobody noticed"
    check_answers(racing)
    check_seats_and_line(racing)
    for phone in racing.phones:
        first = list(zip(list(phone.sent), list(phone.answers), strict=True))
        for (path, op_id), answer in first:
            assert phone.press(path, op_id).said == answer.said
    check_seats_and_line(racing)
