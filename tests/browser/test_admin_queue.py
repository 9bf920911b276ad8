"""Decisions in a row, by keyboard and by thumb, without a page being loaded anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from blueprints.accounts.models import Registration
from core.clock import now
from core.database import db
from tests.people import People

pytestmark = pytest.mark.browser
MANY = 15


@pytest.fixture
def queue(app: Flask, people: People) -> list[str]:
    """The names of who waits, the longest waiting first."""
    names = [f"申请{number:02d}" for number in range(MANY)]
    ids = [people.member(name, status="applicant") for name in names]
    with app.app_context():
        for number, member_id in enumerate(ids):
            waiting = db.session.scalars(select(Registration).where(Registration.member_id == member_id)).one()
            waiting.submitted_at = now() - timedelta(hours=100 - number)
        db.session.commit()
    return names


def states(app: Flask) -> list[str]:
    with app.app_context():
        ordered = (
            select(Registration.state).where(Registration.submitted_at < now()).order_by(Registration.submitted_at)
        )
        return list(db.session.scalars(ordered))


def test_a_queue_is_decided_by_keyboard_alone(app: Flask, queue: list[str], phone_of: Callable[..., Any]) -> None:
    _, phone = phone_of("管理员", "admin")
    page = phone.open("/admin/registrations")
    page.locator(".ticks a.row").first.click()
    page.locator("h1").filter(has_text=queue[0]).wait_for()
    page.wait_for_load_state()
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))
    heading = page.locator("h1")
    for number, name in enumerate(queue):
        heading.filter(has_text=name).wait_for()
        page.locator("[data-decide]:not([inert])").wait_for()
        if number:
            expect(heading).to_be_focused()
        for key in (("a",), ("r", "1", "Enter"), ("q", "2", "Enter"))[number % 3]:
            page.keyboard.press(key)
    heading.filter(has_text="入会申请").wait_for()
    assert loads == []
    assert states(app) == [("approved", "refused", "asked")[number % 3] for number in range(MANY)]


def test_the_second_half_of_a_double_tap_decides_nothing(
    app: Flask, queue: list[str], phone_of: Callable[..., Any]
) -> None:
    _, phone = phone_of("管理员", "admin")
    page = phone.open("/admin/registrations")
    page.locator(".ticks a.row").first.click()
    page.locator("h1").filter(has_text=queue[0]).wait_for()
    page.locator("[data-key=a]").dblclick()
    page.locator("h1").filter(has_text=queue[1]).wait_for()
    assert states(app)[:3] == ["approved", "submitted", "submitted"]


def test_keys_mean_nothing_while_somebody_types(app: Flask, queue: list[str], phone_of: Callable[..., Any]) -> None:
    _, phone = phone_of("管理员", "admin")
    page = phone.open("/admin/registrations")
    page.locator(".ticks a.row").first.click()
    page.locator("h1").filter(has_text=queue[0]).wait_for()
    for key, asked in (("q", "#ask"), ("r", "#refuse")):
        page.keyboard.press(key)
        page.keyboard.type("shang hai de ma? nrqa 1")
        expect(page.locator(f"{asked} textarea")).to_have_value("shang hai de ma? nrqa 1")
        page.keyboard.press("Escape")
    assert states(app) == ["submitted"] * MANY
    expect(page.locator("h1")).to_contain_text(queue[0])
