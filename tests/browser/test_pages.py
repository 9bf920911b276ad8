"""What the scripts of ordinary pages do: one post for a double tap, search, Esc, Back, a page's own rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Route, expect

from core.clock import clock
from tests.browser.conftest import NewPhone, Phone
from tests.door import Door
from tests.needs import post_need
from tests.people import People

pytestmark = pytest.mark.browser
PhoneOf = Callable[..., tuple[Any, Phone]]
RULES_OF_THE_ADMIN = "getComputedStyle(document.querySelector('.decide')).position"


@pytest.mark.parametrize("path", ["/login", "/password/forgot"])
def test_a_double_tap_on_a_visitors_form_is_one_post(new_phone: NewPhone, path: str) -> None:
    phone = new_phone()
    page = phone.open(path)
    held: list[Route] = []
    page.route(f"**{path}", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    form = page.locator(f'main form[action="{path}"]')
    form.locator('[name="phone"]').fill("13800138000")
    if path == "/login":
        form.locator('[name="password"]').fill("not-the-password")
    form.locator('[type="submit"]').dblclick(no_wait_after=True)
    page.wait_for_timeout(300)
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_load_state()
    expect(page.locator('form[aria-busy="true"]')).to_have_count(0)


def test_a_filter_changes_the_list_in_place_and_back_brings_the_last_one(people: People, phone_of: PhoneOf) -> None:
    _, other = people.logged_in()
    post_need(other, title="求购不锈钢边角料", category="procurement")
    post_need(other, title="求一位环评顾问", category="policy")
    _, phone = phone_of()
    page = phone.open("/needs")
    page.locator("html[data-settled]").wait_for(state="attached")
    page.evaluate("self.here = true")
    rows = page.locator("#results .row-title")
    expect(rows).to_have_count(2)
    page.locator("#q").fill("不锈钢")
    page.locator("#q").press("Enter")
    expect(rows).to_have_count(1)
    assert "q=%E4%B8%8D" in page.url
    page.locator("#q").fill("顾问")
    page.locator("#q").press("Enter")
    expect(rows).to_have_text(["求一位环评顾问"])
    assert page.evaluate("self.here")
    page.go_back()
    expect(rows).to_have_text(["求购不锈钢边角料"])
    expect(page.locator("#q")).to_have_value("不锈钢")
    page.go_back()
    expect(rows).to_have_count(2)


def test_a_form_that_comes_back_stays_at_its_pages_address(app: Flask, people: People, phone_of: PhoneOf) -> None:
    people.member("申请甲", status="applicant")
    _, phone = phone_of("管理员", "admin")
    page = phone.open("/admin/registrations")
    page.locator("details.decide summary").click()
    page.locator("details.decide [type=submit]").click()
    expect(page.locator('main [role="alert"]')).to_be_visible()
    assert page.url == phone.site + "/admin/registrations"


def test_escape_folds_a_decision_away_and_stays_where_it_was_opened(people: People, phone_of: PhoneOf) -> None:
    people.member("申请甲", status="applicant")
    _, phone = phone_of("管理员", "admin")
    page = phone.open("/admin/registrations")
    page.locator(".ticks a.row").click()
    page.locator("[data-decide]:not([inert])").wait_for()
    page.keyboard.press("r")
    expect(page.locator("details#refuse")).to_have_attribute("open", "")
    page.locator("#refuse textarea").fill("公司查不到")
    page.keyboard.press("Escape")
    expect(page.locator("details#refuse")).not_to_have_attribute("open", "")
    expect(page.locator("details#refuse summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#refuse textarea")).to_have_value("公司查不到")


def test_a_page_keeps_its_own_rules_when_its_main_part_is_exchanged(people: People, phone_of: PhoneOf) -> None:
    for number in range(3):
        people.member(f"申请{number}", status="applicant")
    _, phone = phone_of("管理员", "admin")
    page = phone.open("/admin/registrations")
    page.locator(".ticks a.row").first.click()
    for number in range(3):
        page.locator("h1").filter(has_text=f"申请{number}").wait_for()
        page.locator("[data-decide]:not([inert])").wait_for()
        assert page.evaluate(RULES_OF_THE_ADMIN) == "sticky"
        assert page.locator("head link[rel=stylesheet][href*='admin']").count() == 1
        if number < 2:
            page.keyboard.press("n")


@pytest.fixture
def plain_door(app: Flask, people: People, new_phone: NewPhone) -> tuple[Door, Phone]:
    """A door on a phone that cannot work it alone, as over plain http: the server answers each touch."""
    clock.freeze(None)
    door = Door(app, people)
    for name in ("王建国", "曾长河", "王小丫"):
        door.signed_up(name)
    phone = new_phone()
    phone.context.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })")
    phone.log_in(people.phone_of(door.organizer_id))
    phone.open(door.url)
    return door, phone


def test_the_roster_is_searched_while_one_types_and_a_tap_selects_the_last_query(
    plain_door: tuple[Door, Phone],
) -> None:
    _, phone = plain_door
    page, guests = phone.page, phone.page.locator("#roster .guest b")
    expect(guests).to_have_count(3)
    page.locator("#door-q").press_sequentially("wang")
    expect(guests).to_have_count(2)
    expect(page.locator("#door-q")).to_be_focused()
    page.locator("h1").click()
    page.locator("#door-q").click()
    page.keyboard.type("zch")
    expect(page.locator("#door-q")).to_have_value("zch")
    expect(guests).to_have_text(["曾长河"])


def test_a_check_in_by_button_is_told_and_the_next_name_can_be_typed(plain_door: tuple[Door, Phone]) -> None:
    door, phone = plain_door
    page = phone.page
    page.get_by_role("button", name="签到 曾长河").click()
    expect(page.locator("#told[role=status]")).to_contain_text("曾长河")
    page.locator(".guest >> text=已到").wait_for()
    expect(page.locator("#door-q")).to_be_focused()
    assert [fact.verdict for fact in door.facts()] == ["admitted"]
