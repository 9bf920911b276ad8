"""Log-in and its limits, passwords, phones, one-time links, codes and sessions."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts import service
from blueprints.accounts.models import LoginSession, Member, OneTimeLink
from core import registries, sms
from core.access import Viewer
from core.clock import clock
from core.database import db, new_id
from core.operations import Act, Outcome
from core.performing import perform
from tests.client import Browser
from tests.people import PASSWORD, People

NEW = "a-new-password"


@pytest.fixture
def gateway(app: Flask) -> Iterator[list[tuple[str, str]]]:
    """An SMS gateway that keeps what it was given."""
    sent: list[tuple[str, str]] = []
    before = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(before, sms="kept")
    sms.gateways["kept"] = lambda phone, text: sent.append((phone, text))
    yield sent
    app.extensions["settings"] = before
    del sms.gateways["kept"]


def code_in(text: str) -> str:
    found = re.search(r"\d{6}", text)
    assert found
    return found[0]


def as_admin(app: Flask, admin: uuid.UUID, name: str, target: uuid.UUID, **fields: str) -> Outcome:
    viewer = Viewer(admin, new_id(), "管理员", "member", frozenset({"admin"}))
    with app.test_request_context():
        return perform(name, Act(str(admin), str(new_id()), viewer, str(target)), fields)


def phone_of(app: Flask, member_id: uuid.UUID) -> str:
    with app.app_context():
        return db.session.get_one(Member, member_id).phone


def log_in(app: Flask, phone: str, password: str) -> int:
    return Browser(app).post("/login", {"phone": phone, "password": password}).status


def test_log_in_goes_on_to_where_one_wanted(app: Flask, people: People) -> None:
    phone = phone_of(app, people.member())
    browser = Browser(app)
    assert browser.get("/members").location == "/login?next=/members"
    answer = browser.post("/login", {"phone": phone, "password": PASSWORD, "next": "/members"})
    assert answer.location == "/members"
    assert browser.get("/login?next=/members").location == "/members"
    outside = Browser(app).post("/login", {"phone": phone, "password": PASSWORD, "next": "//evil.example"})
    assert outside.location == "/"


def test_who_pressed_after_their_session_ended_goes_on_where_they_pressed(app: Flask, client: Browser) -> None:
    here, elsewhere = "http://localhost/needs/new?kind=offer", "http://evil.example/needs/new"
    for headers, wanted in (
        ({"Referer": here}, "/login?next=/needs/new?kind%3Doffer"),
        ({"HX_Current_URL": here, "HX_Request": "true"}, "/login?next=/needs/new?kind%3Doffer"),
        ({"Referer": elsewhere}, "/login?next=/"),
        ({"Referer": "http://localhost//evil.example/x"}, "/login?next=/"),
        ({"Referer": "http://[localhost", "HX_Request": "true"}, "/login?next=/"),
        ({}, "/login?next=/"),
    ):
        answer = client.post("/needs", {"title": "六吨钢材"}, **headers)
        assert (answer.status, answer.location) == (303, wanted), headers


def test_known_and_unknown_phones_get_the_same_answer(app: Flask, people: People) -> None:
    phone = phone_of(app, people.member())
    known = Browser(app).post("/login", {"phone": phone, "password": "wrong-password"})
    unknown = Browser(app).post("/login", {"phone": "13977778888", "password": "wrong-password"})
    assert known.status == unknown.status == 422
    assert known.text == unknown.text


def test_ten_failures_stop_a_phone_and_nobody_else(app: Flask, people: People) -> None:
    phone, other = phone_of(app, people.member()), phone_of(app, people.member())
    assert [log_in(app, phone, "wrong-password") for _ in range(10)] == [422] * 10
    assert log_in(app, phone, PASSWORD) == 429
    assert log_in(app, other, PASSWORD) == 303


def test_successes_are_not_limited(app: Flask, people: People) -> None:
    phone = phone_of(app, people.member())
    assert [log_in(app, phone, PASSWORD) for _ in range(12)] == [303] * 12


def test_a_suspended_member_reads_why(app: Flask, people: People) -> None:
    phone = phone_of(app, people.member(status="suspended", suspended_reason="泄露隐私"))
    answer = Browser(app).post("/login", {"phone": phone, "password": PASSWORD})
    assert answer.status == 422
    assert "泄露隐私" in answer


def test_a_suspended_member_has_no_session_any_more(app: Flask, people: People) -> None:
    admin = people.member("管理员", "admin")
    member_id, browser = people.logged_in()
    assert as_admin(app, admin, "member.suspend", member_id, reason="泄露隐私").went_well
    assert browser.get("/members").status == 303
    assert as_admin(app, admin, "member.reinstate", member_id).went_well
    assert browser.get("/members").status == 303
    assert log_in(app, phone_of(app, member_id), PASSWORD) == 303


def test_a_new_password_ends_the_other_sessions(app: Flask, people: People) -> None:
    member_id, here = people.logged_in()
    elsewhere = people.browser(member_id)
    answer = here.post("/me/password", {"current": PASSWORD, "new": NEW})
    assert answer.status == 303
    assert here.get("/me/sessions").status == 200
    assert elsewhere.get("/me/sessions").status == 303
    phone = phone_of(app, member_id)
    assert (log_in(app, phone, PASSWORD), log_in(app, phone, NEW)) == (422, 303)


def test_the_same_change_of_password_again_is_the_same_change(people: People) -> None:
    _, browser = people.logged_in()
    fields = {"current": PASSWORD, "new": NEW, "op_id": str(new_id())}
    assert [browser.post("/me/password", fields).status for _ in range(3)] == [303, 303, 303]


def test_a_wrong_present_password_changes_nothing_and_is_limited(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in()
    answers = [browser.post("/me/password", {"current": "wrong-password", "new": NEW}).status for _ in range(10)]
    assert answers == [422] * 10
    assert browser.post("/me/password", {"current": PASSWORD, "new": NEW}).status == 429
    assert log_in(app, phone_of(app, member_id), PASSWORD) == 303


def test_a_password_is_not_changed_by_an_operation_that_no_route_verified(app: Flask, people: People) -> None:
    member_id = people.member()
    viewer = Viewer(member_id, new_id(), "会员", "member")
    with app.test_request_context():
        outcome = perform(
            "password.change", Act(str(member_id), str(new_id()), viewer), {"current": PASSWORD, "new": NEW}
        )
    assert outcome.status == 422


def test_forgetting_is_answered_alike_and_told_to_the_admins(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(registries, "_tellers", [lambda members, kind, **_: told.append((list(members), kind))])
    admin = people.member("管理员", "admin")
    phone = phone_of(app, people.member("谷长河"))
    known = Browser(app).post("/password/forgot", {"phone": phone}, follow=True)
    unknown = Browser(app).post("/password/forgot", {"phone": "13977778888"}, follow=True)
    assert known.text == unknown.text
    assert told == [([admin], "password.forgotten")]


def test_a_forgotten_password_is_asked_for_five_times_an_hour(client: Browser) -> None:
    answers = [client.post("/password/forgot", {"phone": "13977778888"}).status for _ in range(6)]
    assert answers == [303] * 5 + [429]


def test_an_admins_link_sets_a_password_once(app: Flask, people: People, client: Browser) -> None:
    admin = people.member("管理员", "admin")
    member_id, old = people.logged_in("谷长河")
    link_id = uuid.UUID((as_admin(app, admin, "member.make_link", member_id, purpose="password").verdict or {})["link"])
    with app.app_context():
        url = service.link_url(link_id, admin)
        assert service.link_url(link_id, member_id) is None
        assert url
        assert url.rpartition("/")[2] not in repr(db.session.get_one(OneTimeLink, link_id).__dict__)
    assert "谷长河" in client.get(url)
    assert client.post(url, {"password": "short"}).status == 422
    assert client.post(url, {"password": NEW}).location == "/login"
    assert log_in(app, phone_of(app, member_id), NEW) == 303
    assert old.get("/members").status == 303
    again = Browser(app)
    assert again.get(url).status == 404
    assert again.post(url, {"password": PASSWORD}).status == 404
    with app.app_context():
        assert service.link_url(link_id, admin) is None
    again = client.get(url)
    assert again.status == 404
    assert "这个链接不能用了" in again


def test_a_link_is_too_old_after_a_day_and_gone_after_the_next(app: Flask, people: People, client: Browser) -> None:
    admin, member_id = people.member("管理员", "admin"), people.member()

    def link() -> str:
        made = as_admin(app, admin, "member.make_link", member_id, purpose="password").verdict or {}
        with app.app_context():
            return service.link_url(uuid.UUID(made["link"]), admin) or ""

    first, second = link(), link()
    assert client.get(first).status == 404
    assert client.get(second).status == 200
    clock.advance(hours=25)
    assert client.get(second).status == 404


def test_an_admins_link_changes_a_phone_for_its_owner_alone(app: Flask, people: People) -> None:
    admin = people.member("管理员", "admin")
    member_id, browser = people.logged_in()
    _, other = people.logged_in()
    assert as_admin(app, admin, "member.make_link", member_id, purpose="phone").status == 409
    made = as_admin(app, admin, "member.make_link", member_id, purpose="phone", phone="13977778888").verdict or {}
    with app.app_context():
        url = service.link_url(uuid.UUID(made["link"]), admin) or ""
    assert other.get(url).status == 403
    assert other.post(url).status == 403
    assert "139****8888" in browser.get(url)
    assert browser.post(url).status == 303
    assert phone_of(app, member_id) == "13977778888"
    assert browser.post(url).status == 404


def test_a_link_to_a_phone_that_is_taken_is_not_made(app: Flask, people: People) -> None:
    admin, member_id = people.member("管理员", "admin"), people.member()
    taken = phone_of(app, people.member())
    outcome = as_admin(app, admin, "member.make_link", member_id, purpose="phone", phone=taken)
    assert outcome.status == 409


def test_without_a_gateway_the_admins_are_asked_for_a_new_phone(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(registries, "_tellers", [lambda members, kind, **_: told.append((list(members), kind))])
    admin = people.member("管理员", "admin")
    member_id, browser = people.logged_in()
    before = phone_of(app, member_id)
    assert browser.post("/me/phone", {"phone": "13977778888", "password": "wrong-password"}).status == 422
    assert browser.post("/me/phone", {"phone": "13977778888", "password": PASSWORD}).status == 303
    assert told == [([admin], "phone.wanted")]
    assert phone_of(app, member_id) == before


def test_a_code_resets_a_password(app: Flask, people: People, client: Browser, gateway: list[tuple[str, str]]) -> None:
    phone = phone_of(app, people.member())
    assert client.post("/password/forgot", {"phone": phone}).location == "/password/code"
    assert client.get("/password/code").value("phone") == phone
    ((to, text),) = gateway
    assert to == phone
    fields = {"phone": phone, "code": code_in(text), "password": NEW}
    assert client.post("/password/code", fields).location == "/login"
    assert log_in(app, phone, NEW) == 303
    assert Browser(app).post("/password/code", {**fields, "password": PASSWORD}).status == 422


def test_no_code_goes_to_an_unknown_phone_and_the_answer_is_the_same(
    app: Flask, people: People, gateway: list[tuple[str, str]]
) -> None:
    phone = phone_of(app, people.member())
    known = Browser(app).post("/password/forgot", {"phone": phone}, follow=True)
    unknown = Browser(app).post("/password/forgot", {"phone": "13977778888"}, follow=True)
    assert known.text == unknown.text
    assert [to for to, _ in gateway] == [phone]
    fields = {"phone": "13977778888", "code": "000000", "password": NEW}
    assert "验证码不对或已过期" in Browser(app).post("/password/code", fields)


def test_a_code_may_be_tried_five_times(
    app: Flask, people: People, client: Browser, gateway: list[tuple[str, str]]
) -> None:
    phone = phone_of(app, people.member())
    client.post("/password/forgot", {"phone": phone})
    right = code_in(gateway[0][1])
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        assert client.post("/password/code", {"phone": phone, "code": wrong, "password": NEW}).status == 422
    assert client.post("/password/code", {"phone": phone, "code": right, "password": NEW}).status == 422


def test_a_code_changes_the_phone(app: Flask, people: People, gateway: list[tuple[str, str]]) -> None:
    member_id, browser = people.logged_in()
    assert browser.post("/me/phone/code", {"code": "123456"}).status == 422
    assert browser.post("/me/phone", {"phone": "13977778888", "password": PASSWORD}).location == "/me/phone"
    page = browser.get("/me/phone")
    assert "139****8888" in page
    assert browser.post("/me/phone/code", {"code": ""}).status == 422
    assert browser.post("/me/phone/code", {"code": code_in(gateway[0][1])}).status == 303
    assert phone_of(app, member_id) == "13977778888"


def test_a_phone_that_is_taken_stays_its_owners(app: Flask, people: People, gateway: list[tuple[str, str]]) -> None:
    taken = phone_of(app, people.member())
    _, browser = people.logged_in()
    browser.post("/me/phone", {"phone": taken, "password": PASSWORD})
    assert browser.post("/me/phone/code", {"code": code_in(gateway[0][1])}).status == 409


def test_devices_are_listed_and_ended(app: Flask, people: People) -> None:
    member_id, here = people.logged_in()
    elsewhere = people.browser(member_id)
    with app.app_context():
        first, second = db.session.scalars(
            select(LoginSession.id).where(LoginSession.member_id == member_id).order_by(LoginSession.id)
        )
    page = here.get("/me/sessions")
    assert page.state("session", first) == "current"
    assert page.state("session", second) == "open"
    assert here.post(f"/me/sessions/{second}/revoke").location == "/me/sessions"
    assert elsewhere.get("/me/sessions").status == 303
    assert here.post(f"/me/sessions/{second}/revoke").status == 404
    assert here.post(f"/me/sessions/{first}/revoke").location == "/login"
    assert here.get("/me/sessions").status == 303


def test_nobody_ends_anothers_session(app: Flask, people: People) -> None:
    member_id, _ = people.logged_in()
    _, other = people.logged_in()
    with app.app_context():
        theirs = db.session.scalars(select(LoginSession.id).where(LoginSession.member_id == member_id)).one()
    assert other.post(f"/me/sessions/{theirs}/revoke").status == 404


def test_a_session_ends_after_ninety_days_and_at_log_out(people: People) -> None:
    member_id, browser = people.logged_in()
    clock.advance(days=91)
    assert browser.get("/members").status == 303
    browser = people.browser(member_id)
    assert browser.post("/logout").location == "/"
    assert browser.get("/members").status == 303


def test_the_screen_is_kept_for_the_phone_and_for_the_person(app: Flask, people: People, client: Browser) -> None:
    answer = client.post("/display", {"large": "1", "next": "/rules"})
    assert answer.location == "/rules"
    assert "data-large" in client.get("/login").html
    assert client.post("/display", {"palette": "pink"}).status == 422
    assert client.post("/display", {"next": "https://evil.example"}).location == "/"
    member_id, browser = people.logged_in()
    browser.post("/display", {"palette": "dark"})
    browser.post("/display", {"language": "en"})
    page = browser.get("/members")
    assert 'data-palette="dark"' in page.html
    assert 'lang="en"' in page.html
    assert 'data-palette="dark"' in people.browser(member_id).get("/members").html
    browser.post("/display", {"large": "1"})
    browser.post("/display", {"large": "0"})
    assert "data-large" not in browser.get("/members").html


def test_large_type_chosen_before_logging_in_stays(app: Flask, people: People) -> None:
    phone = people.phone_of(people.member())
    browser = Browser(app)
    browser.post("/display", {"large": "1"})
    browser.post("/login", {"phone": phone, "password": PASSWORD})
    assert "data-large" in browser.get("/members").html
    elsewhere = Browser(app)
    elsewhere.post("/login", {"phone": phone, "password": PASSWORD})
    assert "data-large" in elsewhere.get("/members").html
