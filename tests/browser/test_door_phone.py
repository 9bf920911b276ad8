"""The door on one phone, from scan to undo, with the network cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page

from core.clock import clock
from tests.browser.conftest import Phone
from tests.door import Door
from tests.people import People

READY = "#door[data-ready]"


@pytest.fixture
def door(app: Flask, people: People) -> Door:
    clock.freeze(None)
    return Door(app, people)


@pytest.fixture
def at_door(door: Door, new_phone: Callable[..., Phone]) -> Callable[..., Phone]:
    """Makes phones that stand at the door with the roster on them."""

    def make(**options: Any) -> Phone:
        phone = new_phone(**options)
        phone.log_in(door.people.phone_of(door.organizer_id))
        phone.open(door.url)
        phone.page.wait_for_selector(READY)
        return phone

    return make


def verdict(page: Page) -> str | None:
    page.wait_for_selector(".verdict")
    return page.locator(".verdict").get_attribute("data-verdict")


def wedge(page: Page, text: str) -> str | None:
    """A hardware scanner types a code and presses Enter."""
    page.evaluate("huiyou.doorSignals.hide()")
    page.evaluate(
        """text => {
          for (const key of [...text, "Enter"]) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        }""",
        text,
    )
    return verdict(page)


def admitted(page: Page) -> str:
    page.wait_for_timeout(400)
    return page.locator('[data-count="admitted"]').inner_text()


def test_a_scanner_a_name_and_a_walk_in_let_in_without_a_network(door: Door, at_door: Callable[..., Phone]) -> None:
    scanned, named = door.signed_up("王建国"), door.signed_up("曾长河", company_name="海河物流有限公司")
    phone = at_door()
    page = phone.page
    phone.context.set_offline(True)
    assert wedge(page, door.ticket(scanned)) == "admitted"
    assert wedge(page, "HY1.nothing.that.we") == "forged"
    assert wedge(page, door.ticket(scanned)) == "already_in"
    page.evaluate("huiyou.doorSignals.hide()")
    page.fill("#door-q", "zch")
    page.click(".guest-first")
    assert page.locator(".verdict").count() == 0
    page.click(".guest-second")
    assert verdict(page) == "admitted"
    page.evaluate("huiyou.doorSignals.hide()")
    page.click("text=登记没报名的人")
    page.fill("#walk_in_name", "赵六")
    page.fill("#walk_in_phone", "13800138000")
    page.click("text=登记进场")
    assert verdict(page) == "admitted"
    page.wait_for_selector("text=已存在这部手机上")
    assert admitted(page) == "3"
    assert door.facts() == []
    phone.context.set_offline(False)
    page.wait_for_selector('.door-state[data-waits="0"]', timeout=20_000)
    assert sorted(fact.verdict for fact in door.facts()) == ["admitted", "admitted", "admitted", "already_in", "forged"]
    phone.shot("door")


def test_an_undo_before_and_after_it_was_sent_lets_the_person_in_again(door: Door, at_door: Callable[..., Phone]) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    phone = at_door()
    page = phone.page
    phone.context.set_offline(True)
    assert wedge(page, ticket) == "admitted"
    page.evaluate("huiyou.doorSignals.hide()")
    assert admitted(page) == "1"
    page.click("#recent details summary")
    page.fill("#recent input", "扫错了")
    page.click("#recent .danger")
    assert admitted(page) == "0"
    assert wedge(page, ticket) == "admitted"
    phone.context.set_offline(False)
    page.wait_for_selector('.door-state[data-waits="0"]', timeout=20_000)
    first, second = door.facts()
    assert (first.undo_reason, first.inside, second.inside) == ("扫错了", False, True)
    assert admitted(page) == "1"
