"""The door on one phone, from scan to undo, with the network cut."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from blueprints.door.models import DoorStaff
from blueprints.events.models import Event
from blueprints.events.service import ticket_signer
from core.clock import clock, now
from core.database import db, new_id, touch
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


def show_door(phone: Phone, name: str) -> None:
    phone.page.evaluate("huiyou.doorSignals.hide()")
    phone.page.wait_for_timeout(300)
    phone.shot(name)


def verdict(page: Page) -> str | None:
    page.wait_for_selector(".verdict")
    return page.locator(".verdict").get_attribute("data-verdict")


def wedge(page: Page, text: str) -> str | None:
    """A hardware scanner types a code and presses Enter."""
    page.evaluate("huiyou.doorSignals.hide()")
    page.evaluate(
        """text => {
          const press = key => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          for (const key of [...text, "Enter"]) press(key);
        }""",
        text,
    )
    return verdict(page)


def admitted(page: Page) -> str:
    page.wait_for_timeout(400)
    return page.locator('[data-count="admitted"]').inner_text()


def test_a_scanner_a_name_and_a_walk_in_let_in_without_a_network(door: Door, at_door: Callable[..., Phone]) -> None:
    scanned = door.signed_up("王建国")
    door.signed_up("曾长河", company_name="海河物流有限公司")
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
    page.wait_for_selector('.door-state[data-waits="0"]')
    assert sorted(fact.verdict for fact in door.facts()) == ["admitted", "admitted", "admitted", "already_in", "forged"]
    phone.shot("door")


def test_after_a_check_in_by_hand_the_next_name_is_typed_at_once(door: Door, at_door: Callable[..., Phone]) -> None:
    door.signed_up("王建国")
    door.signed_up("曾长河")
    page = at_door().page
    for query, name in (("wang", "王建国"), ("zeng", "曾长河")):
        page.keyboard.type(query) if query == "zeng" else page.fill("#door-q", query)
        page.click(".guest-first")
        page.click(".guest-second")
        assert verdict(page) == "admitted"
        assert page.locator(".verdict[role=alert] .verdict-name").inner_text() == name
        page.click(".verdict-close")
        expect(page.locator("#door-q")).to_be_focused()
        page.locator("#door-found >> text=已到").wait_for()
    page.click("#door-found .guest-undo summary")
    page.click("#door-found .danger")
    expect(page.locator("#said[role=status]")).to_have_text("撤销：曾长河")
    page.locator("#door-found .guest-first >> text=曾长河").wait_for()
    expect(page.locator("#door-found :focus")).to_contain_text("曾长河")


def test_an_undo_before_and_after_it_was_sent_lets_the_person_in_again(
    door: Door, at_door: Callable[..., Phone]
) -> None:
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
    page.wait_for_selector('.door-state[data-waits="0"]')
    first, second = door.facts()
    assert (first.undo_reason, first.inside, second.inside) == ("扫错了", False, True)
    assert admitted(page) == "1"


def unknown_ticket(app: Flask, door: Door) -> str:
    """A ticket of somebody who signed up after the pack was made."""
    with app.app_context():
        event = db.session.get_one(Event, door.event_id)
        return ticket_signer(event).sign(new_id(), event.id)


def shut(app: Flask, people: People, **event: Any) -> tuple[Door, str]:
    """A door at which nobody is let in, and a ticket for it."""
    door = Door(app, people, **event)
    return door, door.ticket(door.signed_up("曾长河"))


@pytest.mark.parametrize("palette", ["light", "dark", "large"])
def test_every_verdict_fills_the_screen(
    app: Flask, people: People, door: Door, new_phone: Callable[..., Phone], palette: str
) -> None:
    other = Door(app, people)
    tickets = {
        "admitted": door.ticket(door.signed_up("欧阳建国", company_name="津门钢构有限公司")),
        "waitlisted": door.ticket(door.signed_up("曾长河", "waitlisted")),
        "cancelled": door.ticket(door.signed_up("吕敏", "cancelled")),
        "other_event": other.ticket(other.signed_up("李四")),
        "forged": "HY1.nothing.that.we",
        "signed_but_unknown": unknown_ticket(app, door),
    }
    for number in range(6):
        door.signed_up(company_name=f"海河{number}物流有限公司")
    early, early_ticket = shut(app, people, starts_at=now() + timedelta(hours=5))
    off, off_ticket = shut(app, people, state="cancelled", title="取消了的茶会")
    phone = new_phone(color_scheme="dark" if palette == "dark" else "light")
    phone.log_in(people.phone_of(door.organizer_id))
    if palette == "large":
        phone.page.click(".large-switch")
    for at, its in (
        (door, tickets),
        (door, {"already_in": tickets["admitted"]}),
        (early, {"not_yet": early_ticket}),
        (off, {"event_cancelled": off_ticket}),
    ):
        if at is not door:
            phone = new_phone(color_scheme="dark" if palette == "dark" else "light")
            phone.log_in(people.phone_of(at.organizer_id))
        phone.open(at.url)
        phone.page.wait_for_selector(READY)
        for expected, ticket in its.items():
            assert wedge(phone.page, ticket) == expected
            box = phone.page.locator(".verdict").bounding_box()
            assert box
            assert (box["width"], box["height"]) == (360, 780)
            phone.page.wait_for_timeout(150)
            phone.shot(f"verdict-{expected}-{palette}")
        show_door(phone, f"door-{at.url[-12:-5]}-{palette}")


def test_two_phones_see_each_others_scans_within_five_seconds(door: Door, at_door: Callable[..., Phone]) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    one, two = at_door(), at_door()
    assert wedge(one.page, ticket) == "admitted"
    two.page.wait_for_selector('[data-count="admitted"]:text-is("1")')
    assert wedge(two.page, ticket) == "already_in"
    two.page.evaluate("huiyou.doorSignals.hide()")
    one.page.wait_for_selector("#recent li:nth-child(2)")
    assert [fact.flags for fact in door.facts()] == [[], []]


def test_who_signs_up_while_the_door_is_open_comes_onto_the_list(door: Door, at_door: Callable[..., Phone]) -> None:
    door.signed_up("王建国")
    phone = at_door()
    late = door.people.member("曾长河")
    door.sign_up(late)
    with door.app.app_context():
        touch(f"event:{door.event_id}")
        db.session.commit()
    phone.page.wait_for_selector(f'[id="signup-{door.signup_id(late)}"]')


def test_a_helper_who_was_sent_home_loses_the_list(app: Flask, people: People, door: Door, new_phone: Any) -> None:
    door.signed_up("王建国")
    helper = people.member("范帮手")
    with app.app_context():
        db.session.add(DoorStaff(event_id=door.event_id, member_id=helper, joined_at=now()))
        db.session.commit()
    phone = new_phone()
    phone.log_in(people.phone_of(helper))
    phone.open(door.url)
    phone.page.wait_for_selector(READY)
    assert phone.page.evaluate("huiyou.packs.etags().then(all => all.length)") == 1
    row = phone.page.evaluate("huiyou.store.readAll('packs').then(rows => JSON.stringify(rows))")
    assert "王建国" not in row
    with app.app_context():
        db.session.delete(db.session.scalars(select(DoorStaff)).one())
        db.session.commit()
    phone.page.wait_for_selector("text=名单已从这部手机上删掉")
    assert phone.page.evaluate("huiyou.store.readAll('packs').then(rows => rows.length)") == 0


def test_the_list_is_gone_a_day_after_the_event(door: Door, at_door: Callable[..., Phone]) -> None:
    phone = at_door()
    phone.page.wait_for_timeout(1500)
    phone.page.evaluate(
        """async () => {
          const [row] = await huiyou.store.readAll("packs");
          await huiyou.store.write("packs", { ...row, until: Date.now() - 1 });
        }"""
    )
    assert phone.page.evaluate("huiyou.packs.etags()") == []
    assert phone.page.evaluate("huiyou.store.readAll('packs').then(rows => rows.length)") == 0


def test_without_scripts_the_door_works_by_plain_posts(people: People, door: Door, new_phone: Any) -> None:
    member_id = door.signed_up("王建国")
    phone = new_phone(scripts=False)
    phone.log_in(people.phone_of(door.organizer_id))
    phone.open(door.url)
    phone.page.click(f'[id="signup-{door.signup_id(member_id)}"] button')
    assert "王建国，请进" in phone.text
    assert door.facts()[0].verdict == "admitted"


def test_the_door_opens_again_from_the_phone_alone(door: Door, at_door: Callable[..., Phone]) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    phone = at_door()
    page = phone.page
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.open(door.url)
    page.wait_for_selector(READY)
    page.wait_for_timeout(1500)
    phone.context.set_offline(True)
    phone.open(door.url)
    page.wait_for_selector(READY)
    page.wait_for_selector("#roster >> text=王建国")
    assert page.evaluate("getComputedStyle(document.querySelector('.guest')).display") == "flex"
    assert wedge(page, ticket) == "admitted"
    page.wait_for_selector("text=已存在这部手机上")
    phone.open(door.url)
    page.wait_for_selector(READY)
    assert admitted(page) == "1"
    assert page.evaluate("typeof jsQR") == "function"
