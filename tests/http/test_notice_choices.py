"""What a member wants to be told of, switch by switch, and what is always told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select

from blueprints.notices import sender
from blueprints.notices.forms import SMS
from blueprints.notices.models import MutedNotice, SmsMessage
from core import sms
from core.database import db, in_transaction
from core.registries import notice_kind, notice_kinds, notice_switches, tell
from tests.client import Browser, Page
from tests.markup import elements
from tests.people import People
from tests.phones import Phone

ALWAYS = {
    *("registration.approved", "registration.refused", "registration.asked"),
    *("event.cancelled", "event.promoted", "event.moved"),
    *("consultation.scheduled", "consultation.moved", "consultation.declined"),
    *("consultation.withdrawn", "consultation.expert_gone"),
    *("member.corrected", "member.suspended", "member.reinstated", "member.roles", "thing.hidden", "thing.shown"),
    *("conduct.warned", "conduct.paused", "conduct.resumed", "review.asked", "review.decided"),
    *("password.forgotten", "phone.wanted", "expert_group.lead_gone", "rule.announced"),
}
"""What an absent person must know, or what another person's way back hangs on."""


@pytest.fixture
def outbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """A gateway that keeps what it is given."""
    sent: list[tuple[str, str]] = []
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], sms="kept"))
    monkeypatch.setitem(sms.gateways, "kept", lambda phone, text: sent.append((phone, text)))
    return sent


def boxes(page: Page) -> dict[str, bool]:
    """Each box of the form, and whether it is ticked."""
    found = elements(page.html).all("input")
    return {box.attrs["value"]: "checked" in box.attrs for box in found if box.attrs.get("name") == "wanted"}


def choose(browser: Browser, *off: str) -> Page:
    """Untick these, and press the button."""
    page = browser.get("/me/notices")
    wanted = [code for code in boxes(page) if code not in off]
    return browser.post("/me/notices", {"shown": page.value("shown"), "wanted": wanted})


def test_every_kind_is_switched_off_by_a_switch_or_must_be_told(app: Flask) -> None:
    without = {name for name, kind in notice_kinds.items() if not kind.switch}
    assert without == ALWAYS
    assert {kind.switch for kind in notice_kinds.values()} - {""} == set(notice_switches)


def test_what_must_reach_an_absent_person_has_no_switch() -> None:
    with pytest.raises(ValueError, match="nothing switches it off"):
        notice_kind("test.both", "", urgent=True, switch="needs.answers")


def test_at_first_everything_is_told(people: People) -> None:
    _, phone = people.logged_in()
    ticked = boxes(phone.get("/me/notices"))
    assert set(ticked) == {code for code, each in notice_switches.items() if not each.roles}
    assert all(ticked.values())


def test_the_page_says_what_is_told_all_the_same(people: People) -> None:
    _, phone = people.logged_in()
    page = phone.get("/me/notices")
    for words in ("由候补转正", "取消了", "没有通过", "停用"):
        assert words in page
    assert "有人忘了密码" not in page
    assert "有人忘了密码" in people.logged_in("管理员", "admin")[1].get("/me/notices")


def test_a_role_brings_its_own_switches(people: People) -> None:
    for role, code in (("admin", "registrations.new"), ("editor", "briefings.desk"), ("expert", "consultations.work")):
        assert code in boxes(people.logged_in("", role)[1].get("/me/notices"))


def test_an_applicant_chooses_only_whether_messages_are_sent(people: People, outbox: list[tuple[str, str]]) -> None:
    _, phone = people.logged_in(status="applicant")
    assert boxes(phone.get("/me/notices")) == {SMS: True}


def test_what_was_switched_off_is_not_told_and_the_rest_is(app: Flask, people: People) -> None:
    member_id, phone = people.logged_in()
    other = people.member()
    assert choose(phone, "needs.answers").location == "/me/notices"
    assert boxes(phone.get("/me/notices"))["needs.answers"] is False
    with app.app_context():
        in_transaction(
            lambda: tell([member_id, other], "need.answered", url="/", subject="need:1", name="李四", title="边角料")
        )
        in_transaction(lambda: tell([member_id], "need.closed", url="/", subject="need:1", name="李四", title="轴承"))
        in_transaction(
            lambda: tell([member_id], "event.cancelled", url="/", subject="event:1", title="茶会", reason="停电")
        )
    told = phone.get("/notices")
    assert "边角料" not in told
    assert "轴承" in told
    assert "活动“茶会”取消了：停电" in told
    assert "边角料" in people.browser(other).get("/notices")


def test_a_member_who_switched_it_off_is_not_told_of_an_answer(people: People) -> None:
    _, author = people.logged_in("张三")
    choose(author, "needs.answers")
    fields = {"kind": "need", "title": "求购边角料", "body": "六吨。", "category": "procurement"}
    need = author.post("/needs", fields).location
    people.logged_in("李四")[1].post(f"{need}/responses", {"body": "我有八吨。"})
    assert "我有八吨" in author.get(need)
    assert "还没有通知" in author.get("/notices")


def test_it_is_switched_on_again(app: Flask, people: People) -> None:
    _, phone = people.logged_in()
    choose(phone, "needs.answers", "events.greetings")
    choose(phone, "events.greetings")
    assert [code for code, on in boxes(phone.get("/me/notices")).items() if not on] == ["events.greetings"]
    with app.app_context():
        assert db.session.scalars(select(MutedNotice.switch)).all() == ["events.greetings"]


def test_what_the_page_did_not_offer_stays_as_it_was(people: People) -> None:
    _, phone = people.logged_in("张三", "editor")
    choose(phone, "briefings.desk")
    phone.post("/me/notices", {"shown": "needs.answers", "wanted": "needs.answers"})
    assert boxes(phone.get("/me/notices"))["briefings.desk"] is False
    phone.post("/me/notices", {"wanted": ""})
    assert boxes(phone.get("/me/notices"))["needs.answers"] is True


def test_messages_are_switched_off_apart_and_the_app_still_tells(
    app: Flask, people: People, outbox: list[tuple[str, str]]
) -> None:
    member_id, phone = people.logged_in()
    other = people.member(phone="13800000009")
    choose(phone, SMS)
    with app.app_context():
        in_transaction(
            lambda: tell([member_id, other], "event.cancelled", url="/", subject="event:1", title="茶会", reason="停电")
        )
        assert sender.deliver_due() == 1
    assert [number for number, _ in outbox] == ["13800000009"]
    assert "活动“茶会”取消了：停电" in phone.get("/notices")


def test_messages_that_wait_go_when_they_are_switched_off(
    app: Flask, people: People, outbox: list[tuple[str, str]]
) -> None:
    member_id, phone = people.logged_in()
    with app.app_context():
        in_transaction(
            lambda: tell([member_id], "event.cancelled", url="/", subject="event:1", title="茶会", reason="停电")
        )
    choose(phone, SMS)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SmsMessage)) == 0


def test_without_a_gateway_the_page_says_that_no_message_is_sent(people: People) -> None:
    _, phone = people.logged_in()
    page = phone.get("/me/notices")
    assert "这里现在不发短信" in page
    assert SMS not in boxes(page)


def test_it_is_chosen_without_signal_and_what_was_kept_is_on_the_next_page(people: People) -> None:
    member_id, browser = people.logged_in()
    phone = Phone(browser, member_id)
    shown = browser.get("/me/notices").value("shown")
    told = phone.send(phone.op("notices.choose", fields={"shown": shown, "wanted": "needs.deals"}))["ops"][0]
    assert told["outcome"] == "accepted"
    assert [code for code, on in boxes(browser.get("/me/notices")).items() if on] == ["needs.deals"]


def test_the_page_is_on_the_phone_and_changes_with_the_choice(people: People) -> None:
    member_id, browser = people.logged_in()
    phone = Phone(browser, member_id)
    first = {line["url"]: line for line in phone.sync([]) if "url" in line}
    choose(browser, "needs.answers")
    have = [line["etag"] for line in first.values()]
    again = {line["url"] for line in phone.sync(have) if "url" in line}
    assert "/me/notices" in first
    assert "/me/notices" in again


def test_a_switch_is_named_in_english_too(app: Flask, people: People) -> None:
    _, phone = people.logged_in(language="en")
    page = phone.get("/me/notices")
    assert "Somebody answers my need or offer" in page
    with app.test_request_context(), force_locale("en"):
        assert not [each.code for each in notice_switches.values() if not str(each.label).isascii()]


def test_a_switch_that_there_is_not_is_answered_with_the_form(people: People) -> None:
    _, phone = people.logged_in()
    again = phone.post("/me/notices", {"shown": "needs.answers", "wanted": "nothing"})
    assert again.status == 422
    assert "请从给出的选项里选" in again
