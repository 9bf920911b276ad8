"""Phones that wait at one door at the same moment share a transaction, and nothing else."""

from __future__ import annotations

import dataclasses
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from blueprints.door import service
from blueprints.events.models import Event
from core import company, operations
from core.database import db, locked, new_id, writer
from tests.client import Browser
from tests.door import Door
from tests.http.test_door_phones import DoorPhone
from tests.people import People

PHONES = 8


class Deadlock(Exception):
    sqlstate = "40P01"


@pytest.fixture
def door(app: Flask, people: People) -> Door:
    return Door(app, people)


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many facts were decided together, each time that several were."""
    kind = operations.registry["checkin.record"]
    seen: list[int] = []

    def counted(*asked: Any) -> Any:
        seen.append(len(asked[0]))
        return service.record_together(*asked)

    monkeypatch.setitem(operations.registry, kind.name, dataclasses.replace(kind, together=counted))
    return seen


def while_the_door_is_held(door: Door, *press: Callable[[], Any]) -> list[Any]:
    """What each press came to, of people who all pressed while somebody else held the door's lock."""
    told: dict[int, Any] = {}

    def one(place: int) -> None:
        told[place] = press[place]()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(len(press))]
    with door.app.app_context(), writer():
        locked(Event, door.event_id)
        for place, thread in enumerate(threads):
            thread.start()
            _until(lambda: _here() > place)  # noqa: B023 - asked at once
        db.session.rollback()
    for thread in threads:
        thread.join(30)
    return [told[place] for place in range(len(press))]


def _here() -> int:
    """How many stand at the door: those who wait, and on PostgreSQL one before them, who waits for the row itself."""
    companies = list(company._companies.values())
    before = sum(each.turn.locked() for each in companies) if db.engine.dialect.name == "postgresql" else 0
    return before + sum(len(each.waiting) for each in companies)


def _until(happened: Callable[[], bool]) -> None:
    given_up = time.monotonic() + 30
    while not happened() and time.monotonic() < given_up:
        time.sleep(0.002)


def posts(browser: Browser, door: Door, **fields: str) -> Callable[[], int]:
    return lambda: browser.post(door.checkins_url, fields).status


def test_eight_phones_that_wait_are_decided_together_each_with_its_own_verdict(
    door: Door, people: People, rounds: list[int]
) -> None:
    guests = [door.signed_up() for _ in range(PHONES)]
    phones = [people.browser(door.organizer_id) for _ in guests]
    scans = [posts(phone, door, ticket=door.ticket(guest)) for phone, guest in zip(phones, guests, strict=True)]
    assert while_the_door_is_held(door, *scans) == [303] * PHONES
    assert max(rounds) >= PHONES - 1, "but for the first, who was there before them"
    assert {fact.member_id for fact in door.facts()} == set(guests)
    assert {fact.verdict for fact in door.facts()} == {"admitted"}


def test_the_outboxes_of_eight_phones_are_decided_together_too(door: Door, rounds: list[int]) -> None:
    phones = [DoorPhone(door) for _ in range(PHONES)]
    scans = [phone.scan(ticket=door.ticket(door.signed_up())) for phone in phones]

    def sends(phone: DoorPhone, scan: dict[str, Any]) -> Callable[[], Any]:
        return lambda: phone.send(scan)["ops"]

    told = while_the_door_is_held(door, *(sends(phone, scan) for phone, scan in zip(phones, scans, strict=True)))
    assert [(one["op_id"], one["outcome"]) for (one,) in told] == [(scan["op_id"], "accepted") for scan in scans]
    assert [one["verdict"]["checkin"] for (one,) in told] == [scan["fields"]["id"] for scan in scans]
    assert max(rounds) >= PHONES - 1


def test_one_ticket_at_eight_phones_that_wait_lets_in_one(door: Door, people: People, rounds: list[int]) -> None:
    ticket = door.ticket(door.signed_up())
    phones = [people.browser(door.organizer_id) for _ in range(PHONES)]
    while_the_door_is_held(door, *(posts(phone, door, ticket=ticket) for phone in phones))
    assert sorted(fact.verdict for fact in door.facts()) == ["admitted", *["already_in"] * (PHONES - 1)]
    assert sum(fact.inside for fact in door.facts()) == 1
    assert rounds


def test_who_may_not_stand_at_the_door_is_refused_and_the_others_are_not(door: Door, people: People) -> None:
    guests = [door.signed_up() for _ in range(3)]
    _, stranger = people.logged_in("路过")
    browsers = [people.browser(door.organizer_id), stranger, people.browser(door.organizer_id)]
    scans = [posts(browser, door, ticket=door.ticket(guest)) for browser, guest in zip(browsers, guests, strict=True)]
    assert while_the_door_is_held(door, *scans) == [303, 403, 303]
    assert {fact.member_id for fact in door.facts()} == {guests[0], guests[2]}
    assert {fact.recorded_by_id for fact in door.facts()} == {door.organizer_id}


def test_each_fact_names_the_one_of_two_helpers_who_recorded_it(door: Door, people: People, rounds: list[int]) -> None:
    admin_id, admin = people.logged_in("殷实秋", "admin")
    guests = [door.signed_up() for _ in range(4)]
    browsers = [people.browser(door.organizer_id), admin, people.browser(door.organizer_id), people.browser(admin_id)]
    scans = [posts(browser, door, ticket=door.ticket(guest)) for browser, guest in zip(browsers, guests, strict=True)]
    assert while_the_door_is_held(door, *scans) == [303] * 4
    by = {fact.member_id: fact.recorded_by_id for fact in door.facts()}
    assert [by[guest] for guest in guests] == [door.organizer_id, admin_id, door.organizer_id, admin_id]
    assert max(rounds) >= 3


def test_the_same_press_twice_at_the_same_moment_is_one_fact_and_one_answer(door: Door, people: People) -> None:
    fields = {"ticket": door.ticket(door.signed_up()), "op_id": str(new_id())}
    phones = [people.browser(door.organizer_id) for _ in range(3)]
    assert while_the_door_is_held(door, *(posts(phone, door, **fields) for phone in phones)) == [303] * 3
    assert [fact.verdict for fact in door.facts()] == ["admitted"]


def test_a_name_that_is_not_on_the_list_is_refused_and_the_others_come_in(door: Door, people: People) -> None:
    signup_ids = [door.signup_id(door.signed_up()), uuid.uuid4(), door.signup_id(door.signed_up())]
    phones = [people.browser(door.organizer_id) for _ in signup_ids]
    scans = [posts(phone, door, signup_id=str(signup_id)) for phone, signup_id in zip(phones, signup_ids, strict=True)]
    assert while_the_door_is_held(door, *scans) == [303, 404, 303]
    assert [fact.verdict for fact in door.facts()] == ["admitted"] * 2


def test_each_is_answered_in_their_own_language(app: Flask, door: Door, people: People) -> None:
    chinese = people.browser(door.organizer_id)
    _, english = people.logged_in("Ying", "admin", language="en")
    tickets = [door.ticket(door.signed_up(name)) for name in ("王建国", "李卫东")]
    while_the_door_is_held(
        door,
        *(posts(browser, door, ticket=ticket) for browser, ticket in zip((chinese, english), tickets, strict=True)),
    )
    assert "王建国，请进" in chinese.get(door.url)
    assert "李卫东, please come in" in english.get(door.url)


@pytest.mark.parametrize("database_fails", [1, 2])
def test_what_one_lost_attempt_took_back_is_decided_in_the_next(
    door: Door, people: People, monkeypatch: pytest.MonkeyPatch, database_fails: int
) -> None:
    failures = iter([True] * database_fails)
    save = service.merging.Facts.save

    def fails_at_first(facts: service.merging.Facts) -> None:
        save(facts)
        if next(failures, False):
            raise OperationalError("", {}, Deadlock())

    monkeypatch.setattr(service.merging.Facts, "save", fails_at_first)
    guests = [door.signed_up() for _ in range(3)]
    scans = [posts(people.browser(door.organizer_id), door, ticket=door.ticket(guest)) for guest in guests]
    assert while_the_door_is_held(door, *scans) == [303] * 3
    assert {fact.member_id for fact in door.facts()} == set(guests)
    assert len(door.facts()) == 3


def test_a_fault_of_ours_takes_back_one_alone(
    door: Door, people: People, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    guests = [door.signed_up(name) for name in ("王建国", "曾长河", "王小丫")]
    says = service._answer

    def breaks_at_one(*given: Any) -> Any:
        if given[3].name == "曾长河":
            raise ZeroDivisionError
        return says(*given)

    monkeypatch.setattr(service, "_answer", breaks_at_one)
    phones = [DoorPhone(door) for _ in guests]
    scans = [phone.scan(ticket=door.ticket(guest)) for phone, guest in zip(phones, guests, strict=True)]

    def sends(phone: DoorPhone, scan: dict[str, Any]) -> Callable[[], Any]:
        return lambda: phone.decided(scan)

    told = while_the_door_is_held(door, *(sends(phone, scan) for phone, scan in zip(phones, scans, strict=True)))
    assert told == [["accepted"], ["retry"], ["accepted"]]
    assert {fact.member_id for fact in door.facts()} == {guests[0], guests[2]}
    assert "fault in operation checkin.record" in caplog.text
    monkeypatch.undo()
    assert phones[1].decided(scans[1]) == ["accepted"]


def test_a_connection_that_is_lost_is_lost_for_all_who_shared_it_and_nothing_is_done(
    door: Door, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: service.merging.Facts) -> None:
        raise OperationalError("", {}, Exception("server closed the connection"), connection_invalidated=True)

    tickets = [door.ticket(door.signed_up()) for _ in range(3)]
    phones = [DoorPhone(door) for _ in tickets]
    scans = [phone.scan(ticket=ticket) for phone, ticket in zip(phones, tickets, strict=True)]

    def sends(phone: DoorPhone, scan: dict[str, Any]) -> Callable[[], Any]:
        return lambda: phone.send(scan)["ops"][0]

    with monkeypatch.context() as patched:
        patched.setattr(service.merging.Facts, "save", lost)
        told = while_the_door_is_held(door, *(sends(phone, scan) for phone, scan in zip(phones, scans, strict=True)))
    assert [(one["outcome"], one["retry_after"]) for one in told] == [("retry", 2)] * 3
    assert not door.facts()
    assert [phone.decided(scan) for phone, scan in zip(phones, scans, strict=True)] == [["accepted"]] * 3
