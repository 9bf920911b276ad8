"""What a person sees of their outbox and of what lies on the phone: without signal, with it again, refused, leaving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Error, Page, expect
from sqlalchemy import func, select

from blueprints.events.models import Signup
from blueprints.needs.models import Need
from core.access import public
from core.database import db
from tests.browser.conftest import NewPhone, Phone
from tests.events import make_event, seats
from tests.needs import post_need
from tests.people import People

pytestmark = pytest.mark.browser
PhoneOf = Callable[..., tuple[Any, Phone]]
NEED = {"title": "急购 2205 双相钢管", "body": "DN50，十二米，月底前到港。"}


def until(page: Page, true: str) -> None:
    """Wait until an expression, which may be a promise, is true on the page."""
    for _ in range(200):
        with suppress(Error):  # it may be just opening anew
            if page.evaluate(true):
                return
        page.wait_for_timeout(100)
    raise AssertionError(true)


def settled(phone: Phone) -> Page:
    """The phone knows whose it is, has its worker, and its set of pages."""
    page = phone.open("/")
    until(page, "!!navigator.serviceWorker.controller")
    until(page, "huiyou.store.get('account').then(account => account === huiyou.account.current())")
    until(page, "huiyou.store.get('synced_at').then(Boolean)")
    until(page, "huiyou.pages.read('/offline').then(Boolean)")
    return page


def write_need(page: Page, **changes: str) -> None:
    for name, value in (NEED | changes).items():
        page.locator(f'main form[action="/needs"] [name="{name}"]').fill(value)
    page.locator('main form[action="/needs"] [name="category"]').select_option("procurement")


def press(page: Page, action: str) -> None:
    page.locator(f'main form[action="{action}"] button[type="submit"]').click()


def needs(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Need.title).order_by(Need.created_at)))


class Undecided:
    """The server, while it decides nothing: a browser's own background sync goes past what its context intercepts."""

    def __init__(self, app: Flask) -> None:
        self.views, self.decides = app.view_functions, app.view_functions["offline.operations"]

    def begins(self, retry_after: int = 0) -> None:
        """Answer 503, and ask to be left alone for so many seconds."""
        self.views["offline.operations"] = public(lambda: ("", 503, {"Retry-After": str(retry_after)}))

    def over(self) -> None:
        self.views["offline.operations"] = self.decides


@pytest.fixture
def undecided(app: Flask) -> Iterator[Undecided]:
    state = Undecided(app)
    yield state
    state.over()


def test_what_is_pressed_without_signal_waits_where_it_belongs_and_happens_once(
    app: Flask, people: People, phone_of: PhoneOf, undecided: Undecided
) -> None:
    event_id = make_event(app, people.member("", "organizer"))
    _, phone = phone_of("崔广田")
    page = settled(phone)
    expect(page.locator("#connection")).to_have_text("在线")
    phone.open(f"/events/{event_id}")
    phone.context.set_offline(True)
    press(page, f"/events/{event_id}/signup")
    expect(page.locator("#told")).to_contain_text("已存在这部手机上，有信号就发出")
    expect(page.locator(".card.waiting")).to_contain_text("等待发出")
    expect(page.locator("#connection")).to_have_text("没有网络 · 1 条待发")
    phone.shot("pressed-offline")
    page.locator("#connection a").click()
    expect(page.locator('.operation[data-state="pending"]')).to_contain_text("报名")
    phone.shot("outbox-offline")
    undecided.begins(retry_after=300)
    with page.expect_response("**/ops"):
        phone.context.set_offline(False)
    expect(page.locator(".operation .hint")).to_contain_text("可能已经到了")
    undecided.over()
    page.get_by_role("button", name="现在发送").click()
    expect(page.locator('.operation[data-state="accepted"]')).to_contain_text("报名成功")
    expect(page.locator("#connection")).to_have_text("在线")
    assert seats(app, event_id)[:2] == (1, 1)


def test_a_need_that_waits_stands_in_the_list_and_can_be_changed_before_it_is_sent(
    app: Flask, phone_of: PhoneOf
) -> None:
    _, phone = phone_of("崔广田")
    page = settled(phone)
    phone.context.set_offline(True)
    phone.open("/needs/new")
    expect(page.locator(".age")).to_contain_text("的内容（手机上保存的）")
    write_need(page)
    press(page, "/needs")
    expect(page.locator(".card.waiting")).to_contain_text(NEED["title"])
    expect(page.locator("#title")).to_have_value("")
    phone.open("/needs")
    expect(page.locator(".card.waiting")).to_contain_text(NEED["title"])
    phone.shot("need-waits")
    phone.open("/outbox")
    page.get_by_role("link", name="修改").click()
    expect(page.locator("#title")).to_have_value(NEED["title"])
    page.locator("#title").fill("急购 2507 双相钢管")
    press(page, "/needs")
    expect(page.locator(".card.waiting")).to_have_count(1)
    expect(page.locator(".card.waiting")).to_contain_text("2507")
    expect(page.locator("[data-note]")).to_have_count(0)
    phone.context.set_offline(False)
    phone.open("/outbox")
    expect(page.locator('.operation[data-state="accepted"]')).to_contain_text("2507")
    assert needs(app) == ["急购 2507 双相钢管"]
    phone.open("/outbox")
    expect(page.locator("#outbox .operation")).to_have_count(1)
    expect(page.locator("#decided")).to_have_count(0)


def test_where_a_press_waits_nothing_is_left_of_what_was_pressed(app: Flask, people: People, phone_of: PhoneOf) -> None:
    event_id = make_event(app, people.member("", "organizer"))
    _, phone = phone_of("崔广田")
    page = settled(phone)
    phone.open(f"/events/{event_id}")
    press(page, f"/events/{event_id}/signup")
    page.locator("details.confirm summary").filter(has_text="取消报名").wait_for()
    phone.context.set_offline(True)
    page.locator("details.confirm summary").filter(has_text="取消报名").click()
    press(page, f"/events/{event_id}/signup/cancel")
    expect(page.locator(".card.waiting")).to_contain_text("取消报名")
    expect(page.locator("details.confirm").filter(has=page.locator("form[action$='/signup/cancel']"))).to_be_hidden()


def test_a_refused_form_names_and_marks_the_field_and_keeps_what_was_typed(phone_of: PhoneOf) -> None:
    _, phone = phone_of("王组织", "organizer")
    page = settled(phone)
    phone.open("/events/new")
    fields = {"title": "对接会", "starts_at": "2026-12-01T10:00", "ends_at": "2026-12-01T12:00", "venue": "议事厅"}
    for name, value in (fields | {"capacity": "99999"}).items():
        page.locator(f'main form[action="/events"] [name="{name}"]').fill(value)
    page.locator('main form[action="/events"] [name="kind"]').first.select_option("matchmaking")
    press(page, "/events")
    expect(page.locator("[data-note]")).to_contain_text("名额：应在 1 到 10000 之间。")
    expect(page.locator('[aria-invalid="true"]')).to_have_count(1)
    expect(page.locator("#capacity")).to_have_attribute("aria-invalid", "true")
    page.locator("#capacity").fill("60")
    expect(page.locator('[aria-invalid="true"]')).to_have_count(0)
    phone.shot("refused-field")


def test_what_was_not_sent_can_be_taken_back(app: Flask, phone_of: PhoneOf) -> None:
    _, phone = phone_of("崔广田")
    page = settled(phone)
    phone.open("/needs/new")
    phone.context.set_offline(True)
    write_need(page)
    press(page, "/needs")
    phone.open("/outbox")
    page.get_by_role("button", name="撤回").click()
    expect(page.locator("#outbox .empty-title")).to_have_text("没有待发的")
    phone.context.set_offline(False)
    phone.open("/needs")
    assert needs(app) == []


def test_what_was_refused_is_kept_with_its_reason_until_it_is_mended(app: Flask, phone_of: PhoneOf) -> None:
    _, phone = phone_of("崔广田")
    page = settled(phone)
    for again in (False, True):
        phone.open("/needs/new")
        write_need(page)
        press(page, "/needs")
        if not again:
            page.wait_for_url(lambda url: "/needs/0" in url)
            expect(page.locator("#told")).to_contain_text("已发布")
    box = page.locator('.box.bad[role="alert"]')
    expect(box).to_be_visible()
    expect(page.locator("#title")).to_have_value(NEED["title"])
    phone.shot("refused")
    phone.open("/outbox")
    refused = page.locator('.operation[data-state="refused"]')
    expect(page.locator("#outbox h2").first).to_contain_text("需要您处理")
    expect(refused.locator(".field-error")).not_to_be_empty()
    phone.shot("outbox-refused")
    refused.get_by_role("link", name="修改").click()
    expect(page.locator("#title")).to_have_value(NEED["title"])
    page.locator("#title").fill("急购 316L 钢管")
    page.locator("#body").fill("改过了：十米。")
    press(page, "/needs")
    page.wait_for_url(lambda url: "/needs/0" in url)
    assert needs(app) == [NEED["title"], "急购 316L 钢管"]
    phone.open("/outbox")
    expect(page.locator("#outbox h2").first).to_have_text("最近办完的 3")
    expect(page.locator("#connection")).to_have_text("在线")


def test_a_draft_comes_back_and_can_be_cleared(phone_of: PhoneOf) -> None:
    _, phone = phone_of("崔广田")
    page = phone.open("/needs/new")
    until(page, "huiyou.store.get('account').then(account => account === huiyou.account.current())")
    write_need(page)
    until(page, "huiyou.store.readAll('drafts').then(all => all.some(each => each.fields.category))")
    page.reload()
    expect(page.locator("#title")).to_have_value(NEED["title"])
    expect(page.locator(".draft")).to_contain_text("草稿已恢复")
    page.get_by_role("button", name="清空").click()
    expect(page.locator("#title")).to_have_value("")
    page.reload()
    page.wait_for_timeout(300)
    expect(page.locator("#title")).to_have_value("")


@pytest.mark.parametrize("choice", ["先发出，再退出", "替我留着，下次登录再发", "不要了，丢掉"])
def test_who_logs_out_decides_about_what_waits(
    app: Flask, people: People, phone_of: PhoneOf, undecided: Undecided, choice: str
) -> None:
    member_id, phone = phone_of("崔广田")
    page = settled(phone)
    undecided.begins()
    phone.open("/needs/new")
    write_need(page)
    press(page, "/needs")
    expect(page.locator(".card.waiting")).to_be_visible()
    phone.open("/me")
    page.locator('main form[action="/logout"] button').click()
    expect(page.locator("#leave h2")).to_have_text("还有 1 条没发出")
    phone.shot("leave")
    if choice == "先发出，再退出":
        undecided.over()
    page.get_by_role("button", name=choice).click()
    page.wait_for_url(lambda url: url.endswith("/"))
    expect(page.locator('nav.tabs a[href="/login"]')).to_be_visible()
    assert len(needs(app)) == (choice == "先发出，再退出")
    undecided.over()
    phone.log_in(people.phone_of(member_id))
    phone.open("/outbox")
    if choice == "替我留着，下次登录再发":
        expect(page.locator('.operation[data-state="accepted"]')).to_contain_text(NEED["title"])
    else:
        expect(page.locator("#outbox .empty-title")).to_be_visible()
    assert len(needs(app)) == (choice != "不要了，丢掉")


def test_leaving_without_signal_leaves_a_clean_phone(phone_of: PhoneOf) -> None:
    _, phone = phone_of("崔广田")
    page = settled(phone)
    phone.open("/me")
    phone.context.set_offline(True)
    page.locator('main form[action="/logout"] button').click()
    expect(page.locator("h1")).to_have_text("已退出")
    page.goto(phone.site + "/needs")
    expect(page.locator("h1")).to_have_text("已退出")
    assert "崔广田" not in phone.text
    phone.context.set_offline(False)
    phone.open("/login")
    expect(page.locator('main form[action="/login"] [name="password"]')).to_be_visible()


def test_what_is_on_the_phone_is_listed_and_found_by_pinyin(app: Flask, people: People, phone_of: PhoneOf) -> None:
    make_event(app, people.member("", "organizer"), title="不锈钢行业对接会")
    _, phone = phone_of("崔广田")
    page = settled(phone)
    phone.context.set_offline(True)
    phone.open("/offline")
    expect(page.locator(".kind").first).to_be_visible()
    phone.shot("on-this-phone")
    for query in ("不锈钢", "bxg", "buxiugang hangye", "hy duijie"):
        page.locator("#phone-q").fill(query)
        expect(page.locator(".found .row-title").first).to_have_text("不锈钢行业对接会")
        expect(page.locator(".found mark").first).to_be_visible()
    phone.shot("found")
    page.locator("#phone-q").fill("查无此物")
    expect(page.locator("#phone")).to_contain_text("这部手机上没有这样的内容。")


def test_a_page_that_is_not_on_the_phone_says_so_and_shows_what_is(phone_of: PhoneOf) -> None:
    _, phone = phone_of("崔广田")
    page = settled(phone)
    phone.context.set_offline(True)
    phone.open("/admin/figures")
    expect(page.locator(".missing")).to_contain_text("不在这部手机上")
    expect(page.locator(".kind").first).to_be_visible()


def test_a_visitor_applies_without_signal_and_logs_in_afterwards(app: Flask, new_phone: NewPhone) -> None:
    phone = new_phone()
    page = phone.open("/register")
    until(page, "!!navigator.serviceWorker.controller && huiyou.pages.shell('').then(Boolean)")
    phone.context.set_offline(True)
    values = {
        "real_name": "秋晓岚",
        "phone": "13911112222",
        "password": "long enough 1118",
        "company_name": "天津秋岚机电有限公司",
        "position": "总经理",
    }
    for name, value in values.items():
        page.locator(f'main [name="{name}"]').fill(value)
    page.locator('main [name="trade"]').select_option("machinery")
    for name in ("accept_rules", "accept_privacy"):
        page.locator(f'main [name="{name}"]').check()
    press(page, "/register")
    expect(page.locator("#told")).to_contain_text("已存在这部手机上")
    stored = page.evaluate("huiyou.store.readAll('entries').then(all => JSON.stringify(all.map(each => each.fields)))")
    assert "long enough" not in stored
    phone.context.set_offline(False)
    phone.open("/outbox")
    expect(page.locator('.operation[data-state="accepted"]')).to_contain_text("申请已经交上")
    phone.log_in("13911112222", "long enough 1118")
    phone.open("/register/status")
    expect(page.locator("article[data-state]")).to_have_attribute("data-state", "submitted")


def test_who_applies_with_signal_is_logged_in_at_once(new_phone: NewPhone) -> None:
    phone = new_phone()
    page = phone.open("/register")
    fields = {
        "real_name": "秋晓岚",
        "phone": "13911113333",
        "password": "long enough 1118",
        "company_name": "天津秋岚机电有限公司",
        "position": "总经理",
    }
    phone.post("/register", **fields, trade="machinery", accept_rules="1", accept_privacy="1")
    page.wait_for_url(lambda url: url.endswith("/register/status"))
    expect(page.locator("article[data-state]")).to_have_attribute("data-state", "submitted")


def test_two_presses_are_one_sign_up(app: Flask, people: People, phone_of: PhoneOf) -> None:
    event_id = make_event(app, people.member("", "organizer"))
    _, phone = phone_of("崔广田")
    page = phone.open(f"/events/{event_id}")
    page.locator(f'main form[action="/events/{event_id}/signup"] button').dblclick()
    expect(page.locator("#told")).to_contain_text("报名成功")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Signup)) == 1
    expect(page.locator('section[id^="signup-"]')).to_have_attribute("data-state", "confirmed")


def test_newer_content_than_is_shown_is_offered_and_shown_at_a_touch(people: People, phone_of: PhoneOf) -> None:
    _, other = people.logged_in()
    post_need(other, title="求购不锈钢边角料")
    _, phone = phone_of()
    page = settled(phone)
    phone.context.set_offline(True)
    phone.open("/needs")
    age = page.locator("#main > .age")
    expect(age).to_contain_text("手机上保存的")
    expect(age.get_by_role("button")).to_have_count(0)
    post_need(other, title="求一位环评顾问")
    phone.context.set_offline(False)
    page.evaluate("huiyou.sync.run({ force: true })")
    button = age.get_by_role("button", name="有新内容 · 刷新")
    expect(button).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("求一位环评顾问")
    phone.shot("something-new")
    button.click()
    expect(page.locator("main")).to_contain_text("求一位环评顾问")
    expect(age).to_have_count(0)


def test_who_was_logged_out_elsewhere_reads_that_what_they_wrote_waits_on_the_phone(
    people: People, phone_of: PhoneOf
) -> None:
    _, admin = people.logged_in("管理员", "admin")
    member_id, phone = phone_of("庞玉芬")
    page = settled(phone)
    phone.open("/needs/new")
    phone.context.set_offline(True)
    write_need(page)
    press(page, "/needs")
    expect(page.locator("#told")).to_contain_text("已存")
    assert admin.post(f"/admin/members/{member_id}/suspend", {"reason": "查实冒用他人资料"}).status == 303
    phone.context.set_offline(False)
    page.wait_for_url("**/login")
    expect(page.locator("#told")).to_contain_text("有 1 条没发出，替您留在这部手机上")
    assert "2205" not in phone.text
    phone.shot("ended")
