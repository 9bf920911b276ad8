"""Scans that are decided together come to what they would come to one by one, whatever is among them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from flask import Flask

from blueprints.door import service
from core import operations
from core.database import new_id
from tests.door import Door
from tests.http.test_door_phones import DoorPhone
from tests.people import People


@pytest.fixture
def door(app: Flask, people: People) -> Door:
    return Door(app, people)


def evening(door: Door, phone: DoorPhone) -> list[dict[str, Any]]:
    """Of everything a little: tickets, the same twice, a forged one, names, walk-ins, one of them a member."""
    tickets = [door.ticket(door.signed_up()) for _ in range(3)]
    waits = door.ticket(door.signed_up(state="waitlisted"))
    member_id = door.signed_up("王建国")
    whose = door.people.phone_of(member_id)
    return [
        phone.scan(30, ticket=tickets[0]),
        phone.scan(29, ticket=tickets[1]),
        phone.scan(31, None, ticket=tickets[1]),
        phone.scan(28, "forged", ticket=f"{tickets[2][:-4]}AAAA"),
        phone.scan(27, "waitlisted", ticket=waits),
        phone.scan(26, walk_in_name="路过的张总"),
        phone.scan(25, walk_in_name="王建国", walk_in_phone=whose),
        phone.scan(24, ticket=door.ticket(member_id)),
        phone.scan(23, ticket=tickets[2]),
    ]


def stands(door: Door) -> list[tuple[Any, ...]]:
    return sorted((str(f.id), f.verdict, f.inside, tuple(f.flags), f.flagged, f.says, f.told) for f in door.facts())


def test_together_they_come_to_what_they_come_to_one_by_one(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = operations.registry["checkin.record"]
    runs: list[int] = []

    def counted(*asked: Any) -> Any:
        outcomes = service.record_together(*asked)
        runs.append(len(outcomes))
        return outcomes

    told, came = [], []
    for together in (None, counted):
        monkeypatch.setitem(operations.registry, kind.name, dataclasses.replace(kind, together=together))
        door = Door(app, people)
        phone = DoorPhone(door)
        scans = evening(door, phone)
        places = {scan["fields"]["id"]: place for place, scan in enumerate(scans)}
        verdicts = [each["verdict"] for each in phone.send(*scans)["ops"]]
        told.append([(verdict["verdict"], verdict.get("flag"), "by" in verdict) for verdict in verdicts])
        came.append(sorted((places[row[0]], *row[1:]) for row in stands(door)))
    assert runs == [len(scans)], "the second evening was decided together"
    assert told[0] == told[1]
    assert came[0] == came[1]


def test_one_that_names_nobody_is_refused_alone(door: Door) -> None:
    phone = DoorPhone(door)
    first, last = (phone.scan(9, ticket=door.ticket(door.signed_up())) for _ in range(2))
    nobody = phone.scan(9, signup_id=str(new_id()))
    assert phone.decided(first, nobody, last) == ["accepted", "refused", "accepted"]
    assert [fact.verdict for fact in door.facts()] == ["admitted", "admitted"]


def test_one_that_was_decided_before_is_answered_again_and_counted_once(door: Door) -> None:
    phone = DoorPhone(door)
    scans = [phone.scan(9, ticket=door.ticket(door.signed_up())) for _ in range(3)]
    assert phone.decided(scans[1]) == ["accepted"]
    assert phone.decided(*scans) == ["accepted"] * 3
    assert phone.decided(*scans) == ["accepted"] * 3
    assert len(door.facts()) == 3


def test_who_may_not_stand_there_is_refused_each_time(door: Door) -> None:
    stranger = DoorPhone(door)
    stranger.browser, stranger.account = door.people.browser(member_id := door.people.member()), str(member_id)
    assert stranger.decided(*(stranger.scan(9, walk_in_name="张总") for _ in range(3))) == ["refused"] * 3
    assert not door.facts()
