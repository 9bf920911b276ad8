"""The page that an operation was pressed on comes back with its answer; what else an answer may hold."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from blueprints.events.models import Event
from blueprints.needs.models import Need
from core import generation
from core.clock import clock
from core.database import db, new_id
from tests.ledger import NEED, an_event, count
from tests.people import People
from tests.phones import Phone


def test_the_page_that_it_was_pressed_on_comes_back_as_it_is_now(app: Flask, people: People, phone: Phone) -> None:
    event_id = an_event(app, people)
    url = f"/events/{event_id}"
    old = phone.browser.get(url, Fragment="main")
    answer = phone.send(phone.op("event.signup", event_id, page=url))
    fresh = phone.browser.get(url, Fragment="main")
    [page] = answer["pages"]
    assert page["url"] == url
    assert f'"{page["etag"]}"' == fresh.headers["ETag"] != old.headers["ETag"]
    assert page["as_of"] == "2026-11-21T02:00:00Z"
    assert 'data-state="confirmed"' in page["html"]
    assert page["title"] in page["html"]


def test_only_pages_of_ours_come_back_and_at_most_three(phone: Phone) -> None:
    pages = [
        "/needs",
        "https://elsewhere.example/",
        "/needs#top",
        "/nothing-here",
        "/needs/new",
        "/events",
        "/rules",
        7,
    ]
    ops = [
        phone.op("need.create", lane=str(n), page=page, fields={**NEED, "title": str(n)})
        for n, page in enumerate(pages)
    ]
    assert [page["url"] for page in phone.send(*ops)["pages"]] == ["/needs", "/needs/new"]
    waiting = phone.op("need.create", after=str(new_id()), page="/needs", fields=NEED)
    assert phone.send(waiting)["pages"] == []


def test_a_page_that_breaks_costs_no_outcome(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    from blueprints.needs import reading

    def breaks(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, "find", breaks)
    answer = phone.send(phone.op("need.create", page="/needs", fields=NEED))
    assert answer["ops"][0]["outcome"] == "accepted"
    assert answer["pages"] == []


def test_a_cancelled_event_refuses_and_shows_itself(app: Flask, people: People) -> None:
    event_id = an_event(app, people)
    member_id, browser = people.logged_in()
    with app.app_context():
        db.session.get_one(Event, event_id).state = "cancelled"
        db.session.commit()
    phone = Phone(browser, member_id)
    answer = phone.send(phone.op("event.signup", event_id, page=f"/events/{event_id}"))
    assert answer["ops"][0]["outcome"] == "refused"
    assert 'data-state="cancelled"' in answer["pages"][0]["html"]


def test_a_door_scan_is_accepted_with_its_verdict(app: Flask, people: People) -> None:
    organizer_id, browser = people.logged_in("", "organizer")
    event_id = an_event(app, people, organizer_id=organizer_id)
    clock.advance(hours=1)
    phone = Phone(browser, organizer_id)
    told = phone.send(phone.op("checkin.record", event_id, fields={"walk_in_name": "张三"}))["ops"][0]
    assert told["outcome"] == "accepted"
    assert told["verdict"]["verdict"]


def test_after_a_restore_receipts_are_offered_before_anything_new_is_decided(app: Flask, phone: Phone) -> None:
    with app.app_context():
        generation.renew()
        db.session.commit()
    op = phone.op("need.create", fields=NEED)
    answer = phone.send(op, generation="0")
    assert [(told["outcome"], told["retry_after"]) for told in answer["ops"]] == [("retry", 0)]
    assert count(app, Need) == 0
    assert phone.send(op, generation=answer["generation"])["ops"][0]["outcome"] == "accepted"
