"""What an envelope may say: when it happened, how much at once, and what is no envelope."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.events.models import Event
from blueprints.needs.models import Need
from core.clock import now
from core.database import db
from core.operations import LedgerRow
from tests.client import Browser
from tests.events import plan
from tests.ledger import NEED, an_event, count, ledger
from tests.people import People
from tests.phones import LONG_AGO, Phone

# When it happened.


def times(app: Flask, op: dict[str, Any]) -> tuple[datetime, datetime]:
    row = ledger(app, op["op_id"])
    return row.occurred_at, row.received_at


def test_a_phones_clock_that_is_days_off_is_set_right_by_when_it_sent(app: Flask, phone: Phone) -> None:
    for off in (LONG_AGO, -LONG_AGO):
        pressed = now() - timedelta(hours=1) + off
        op = phone.op("need.create", occurred_at=pressed.isoformat(), fields={**NEED, "title": str(off)})
        assert phone.decided(op, sent_at=(now() + off).isoformat()) == ["accepted"]
        assert times(app, op) == (now() - timedelta(hours=1), now())


@pytest.mark.parametrize(
    "told", ["2050-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "yesterday", "2026-11-21", 7, None]
)
def test_a_time_that_cannot_be_is_now(app: Flask, phone: Phone, told: Any) -> None:
    op = phone.op("need.create", occurred_at=told, fields=NEED)
    assert phone.decided(op) == ["accepted"]
    assert times(app, op) == (now(), now())
    other = phone.op("need.create", fields={**NEED, "title": "另一条"})
    assert phone.decided(other, sent_at=told) == ["accepted"]


def test_the_order_is_that_of_seq_whatever_the_clock_said(app: Flask, people: People, phone: Phone) -> None:
    event_id = an_event(app, people)
    lane = f"event:{event_id}"
    up = phone.op("event.signup", event_id, lane=lane, occurred_at=(now() - timedelta(minutes=1)).isoformat())
    down = phone.op("event.cancel_signup", event_id, lane=lane, occurred_at=(now() - LONG_AGO).isoformat())
    assert phone.decided(down, up) == ["accepted", "accepted"]


# The envelope.


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"ops"',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"ops": {}}',
        b'{"account": null, "outbox": "x", "ops": []}',
        b'{"account": 7, "ops": []}',
        b'{"account": "x", "ops": []}',
    ],
)
def test_an_envelope_that_cannot_be_read_is_a_400_and_changes_nothing(app: Flask, phone: Phone, body: bytes) -> None:
    response = phone.post("/ops", body)
    assert response.status_code == 400
    assert response.get_json()["error"] == "envelope"
    assert "Huiyou" in response.headers


@pytest.mark.parametrize("ops", [[7], [{}], [{"op_id": "x"}], [{"op_id": None, "name": "need.create"}]])
def test_an_operation_that_cannot_even_be_echoed_makes_the_envelope_unreadable(phone: Phone, ops: list[Any]) -> None:
    assert phone.post("/ops", phone.envelope(*ops)).status_code == 400


def test_more_than_a_hundred_operations_or_64_kilobytes_change_nothing(app: Flask, phone: Phone) -> None:
    many = [phone.op("need.create", fields={**NEED, "title": str(n)}) for n in range(101)]
    assert phone.post("/ops", phone.envelope(*many)).get_json()["error"] == "envelope"
    big = phone.op("need.create", fields={**NEED, "body": "六" * 22_000})
    response = phone.post("/ops", json.dumps(phone.envelope(big), ensure_ascii=False).encode())
    assert (response.status_code, response.get_json()["error"]) == (413, "size")
    assert "Huiyou" in response.headers
    assert count(app, LedgerRow) == 0
    assert phone.decided(*many[:2]) == ["accepted", "accepted"]


def test_what_only_a_member_may_ask_for_waits_for_the_log_in_of_who_says_no_name(
    app: Flask, phone: Phone, client: Browser
) -> None:
    """Nothing is decided against who is not known: they may be a member whose session has ended."""
    for browser in (client, phone.browser):
        nameless = Phone(browser, None)
        asked = nameless.op("need.create", fields=NEED)
        other = nameless.op("no.such")
        answers = {answer["op_id"]: answer["outcome"] for answer in nameless.send(asked, other)["ops"]}
        assert answers == {asked["op_id"]: "auth", other["op_id"]: "refused"}
    assert count(app, Need) == 0


def test_a_batch_without_operations_is_answered(phone: Phone) -> None:
    assert phone.send()["ops"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"name": "no.such"},
        {"name": 7},
        {"name": "\ud800"},
        {"name": None},
        {"fields": []},
        {"fields": {"title": {"a": 1}}},
        {"fields": {"title": 1.5}},
        {"fields": {"title": [[1]]}},
        {"target": {"a": 1}},
        {"target": "x" * 121},
        {"target": "\u0000"},
        {"target": "\ud800"},
        {"after": "no id"},
        {"form_version": "two"},
        {"form_version": -1},
        {"fields": {**NEED, "title": "\ud800"}},
        {"fields": {**NEED, "title": "x\u0000"}},
    ],
)
def test_any_other_fault_is_that_operations_own_refusal(app: Flask, phone: Phone, more: dict[str, Any]) -> None:
    wrong = {**phone.op("need.create", fields=NEED), **more}
    right = phone.op("need.create", lane="other", fields=NEED)
    told = phone.send(wrong, right)["ops"]
    assert [one["outcome"] for one in told] == ["refused", "accepted"]
    assert told[0]["message"]
    assert phone.send(wrong)["ops"][0] == told[0]
    assert ledger(app, wrong["op_id"]).outcome == "refused"


@pytest.mark.parametrize("more", [{"lane": None}, {"lane": 7}, {"seq": "x"}, {"seq": None}, {"seq": True}])
def test_what_only_orders_may_be_missing(phone: Phone, more: dict[str, Any]) -> None:
    assert phone.decided({**phone.op("need.create", fields=NEED), **more}) == ["accepted"]


def test_values_may_be_numbers_truth_and_lists(app: Flask, people: People) -> None:
    organizer_id, browser = people.logged_in("", "organizer")
    phone = Phone(browser, organizer_id)
    fields = {**plan(), "capacity": 40, "public": True, "trades": ["software", "machinery"]}
    made = phone.op("event.create", fields=fields)
    need = phone.op("need.create", fields={**NEED, "amount": 80000, "trade": None})
    assert phone.decided(made, need) == ["accepted", "accepted"]
    with app.app_context():
        assert db.session.scalar(select(Need.amount_cny)) == 80000
        event = db.session.scalars(select(Event)).one()
        assert (event.capacity, event.public, set(event.trades)) == (40, True, {"software", "machinery"})


def test_a_target_in_capitals_is_the_same_thing(app: Flask, people: People, phone: Phone) -> None:
    event_id = an_event(app, people)
    op = phone.op("event.signup", event_id)
    assert phone.decided({**op, "target": str(event_id).upper()}, op) == ["accepted", "accepted"]


def test_another_sites_batch_is_refused(phone: Phone) -> None:
    assert phone.post("/ops", phone.envelope(), **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
