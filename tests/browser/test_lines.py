"""The lines that a page offers by itself: the icon on the home screen, a new release."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPhone, Phone
from tests.browser.test_outbox_pages import press, settled, until, write_need
from tests.events import make_event
from tests.people import People

pytestmark = pytest.mark.browser
PhoneOf = Callable[..., tuple[Any, Phone]]
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile Safari/604.1"
MAY_BE_INSTALLED = """addEventListener("DOMContentLoaded", () => setTimeout(() => {
  const event = new Event("beforeinstallprompt", { cancelable: true });
  event.prompt = () => { self.prompted = true; };
  dispatchEvent(event);
}))"""
"""What Chromium tells a page that may be installed; headless it never does."""
NEXT = "99.0+00000000"
WAITS = "navigator.serviceWorker.getRegistration().then(registration => !!registration.waiting)"


def sign_up(page: Page, phone: Phone, event_id: object) -> None:
    phone.open(f"/events/{event_id}")
    press(page, f"/events/{event_id}/signup")
    expect(page.locator("#told")).to_contain_text("报名成功")


def test_the_home_screen_is_offered_once_after_the_first_useful_thing(
    app: Flask, people: People, phone_of: PhoneOf
) -> None:
    organizer = people.member("", "organizer")
    first, second = make_event(app, organizer), make_event(app, organizer)
    _, phone = phone_of()
    phone.context.add_init_script(MAY_BE_INSTALLED)
    page = settled(phone)
    expect(page.locator("#install")).to_have_count(0)
    sign_up(page, phone, first)
    hint = page.locator("#install")
    expect(hint).to_contain_text("把会友放到手机桌面上：没有信号也打得开。")
    phone.shot("install-hint")
    hint.get_by_role("button", name="放到桌面").click()
    assert page.evaluate("self.prompted")
    expect(hint).to_have_count(0)
    sign_up(page, phone, second)
    page.wait_for_timeout(300)
    expect(hint).to_have_count(0)


def test_an_iphone_is_told_where_to_tap(app: Flask, people: People, new_phone: NewPhone) -> None:
    event_id = make_event(app, people.member("", "organizer"))
    phone = new_phone(user_agent=IPHONE)
    phone.log_in(people.phone_of(people.member()))
    page = settled(phone)
    expect(page.locator("#install")).to_have_count(0)
    sign_up(page, phone, event_id)
    hint = page.locator("#install")
    expect(hint).to_contain_text("点下面的“分享”，再点“添加到主屏幕”。")
    expect(hint.get_by_role("button")).to_have_text(["不用了"])
    hint.get_by_role("button").click()
    phone.open("/events")
    page.wait_for_timeout(300)
    expect(hint).to_have_count(0)


def test_a_new_release_is_taken_on_the_persons_word_and_loses_nothing_typed(
    app: Flask, phone_of: PhoneOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, phone = phone_of()
    page = settled(phone)
    phone.open("/needs/new")
    write_need(page)
    monkeypatch.setitem(app.extensions, "build", NEXT)
    monkeypatch.setitem(app.jinja_env.globals, "release", NEXT)
    page.evaluate("navigator.serviceWorker.getRegistration().then(registration => registration.update())")
    line = page.locator("#update")
    expect(line).to_contain_text("有新版本。")
    phone.shot("new-release")
    assert page.evaluate(WAITS)
    line.get_by_role("button", name="更新").click()
    until(page, f"document.documentElement.dataset.release === '{NEXT}'")
    until(page, f"{WAITS}.then(waits => !waits)")
    expect(page.locator("#update")).to_have_count(0)
    expect(page.locator('main form[action="/needs"] [name="title"]')).to_have_value("急购 2205 双相钢管")
