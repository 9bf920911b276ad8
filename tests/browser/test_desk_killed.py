"""An editor's phone that dies while it has no network: what was called saved on it is there again, and arrives once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from playwright.sync_api import Playwright, expect
from sqlalchemy import func, select

from blueprints.briefings.models import Briefing, BriefingVersion
from core.clock import clock
from core.database import db
from tests.browser.conftest import Phone as Hand
from tests.browser.test_door_killed import kill, opened
from tests.people import People

WRITTEN = "火车上写的一段，还没有信号。"


def test_a_text_that_was_called_saved_survives_a_killed_phone_without_a_network(
    app: Flask, people: People, playwright_engine: Playwright, site: str, tmp_path: Path
) -> None:
    clock.freeze(datetime(2026, 11, 20, 12, 30, tzinfo=UTC))
    editor = people.member("编者", "editor")
    profile = tmp_path / "phone"
    context = opened(playwright_engine, profile)
    phone = Hand(context, site)
    phone.log_in(people.phone_of(editor))
    context.close()  # a browser writes its cookies down at its leisure
    context = opened(playwright_engine, profile)
    phone = Hand(context, site)
    phone.open("/desk")
    phone.post("/desk/briefings", date="2026-11-21")
    phone.page.wait_for_url("**/desk/briefings/*-*")
    url = phone.page.url.removeprefix(site)
    phone.page.locator("[name=title]").fill("路上写的一期")
    area = phone.page.locator("form[data-desk] [name=body]")
    area.fill("先写一段。")
    mark = phone.page.locator("[data-saved]")
    expect(mark).to_have_attribute("data-state", "sent")
    context.set_offline(True)
    area.press("Control+End")
    area.press_sequentially(WRITTEN)
    expect(mark).to_have_attribute("data-state", "phone")
    kill(profile)
    assert WRITTEN not in text_of(app)

    context = opened(playwright_engine, profile)
    phone = Hand(context, site)
    phone.open(url)
    expect(phone.page.locator("form[data-desk] [name=body]")).to_have_value(f"先写一段。{WRITTEN}")
    for _ in range(40):
        if WRITTEN in text_of(app):
            break
        phone.page.wait_for_timeout(500)
    context.close()
    assert text_of(app) == f"先写一段。{WRITTEN}"
    with app.app_context():
        written = select(func.count()).where(BriefingVersion.body.contains(WRITTEN))
        assert db.session.scalar(written) == 1


def text_of(app: Flask) -> str:
    with app.app_context():
        body = db.session.scalars(select(Briefing.body)).one()
        db.session.remove()
    return body
