"""What only a browser shows of the shell."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.browser.conftest import PHONE, NewPhone
from tests.events import make_event
from tests.needs import post_need
from tests.people import People

pytestmark = pytest.mark.browser


def test_a_visitor_opens_the_log_in_page_without_a_policy_violation(new_phone: NewPhone) -> None:
    phone = new_phone()
    page = phone.open("/login")
    assert page.locator("main").count() == 1
    assert page.evaluate("typeof htmx") == "object"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_at_twice_the_size_no_page_is_wider_than_the_phone(app: Flask, people: People, new_phone: NewPhone) -> None:
    member_id, browser = people.logged_in("崔广田", "admin")
    post_need(browser, title="求购不锈钢边角料")
    event_id = make_event(app, member_id, title="不锈钢行业对接会")
    phone = new_phone(viewport={name: length // 2 for name, length in PHONE.items()})
    phone.log_in(people.phone_of(member_id))
    for path in (
        *("/", "/needs", "/needs/new", "/events", f"/events/{event_id}", f"/events/{event_id}/door", "/me", "/notices"),
        *(
            "/outbox",
            "/offline",
            "/rules",
            "/members",
            "/experts",
            "/briefings",
            "/admin/registrations",
            "/admin/figures",
        ),
    ):
        page = phone.open(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
