"""The devices on which one is logged in, the password once more, known devices, and a verified phone."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from blueprints.accounts.models import LoginSession, Member
from core import crypto, sms
from core.clock import clock
from core.database import db
from tests.client import Browser
from tests.people import PASSWORD, People

WRONG = {"password": "wrong-password"}


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


def session_ids(app: Flask, member_id: uuid.UUID) -> list[uuid.UUID]:
    with app.app_context():
        rows = db.session.scalars(db.select(LoginSession).where(LoginSession.member_id == member_id))
        return [row.id for row in sorted(rows, key=lambda row: row.id)]


def test_the_list_marks_this_device_and_says_from_which_network_the_others_came(app: Flask, people: People) -> None:
    member_id, here = people.logged_in()
    with app.test_request_context():
        phone = people.phone_of(member_id)
    far = app.test_client()
    far.post(
        "/login",
        data={"phone": phone, "password": PASSWORD},
        headers={"Sec-Fetch-Site": "same-origin", "User-Agent": "Mozilla/5.0 (iPhone) MicroMessenger"},
        environ_base={"REMOTE_ADDR": "218.68.3.77"},
    )
    own, other = session_ids(app, member_id)
    page = here.get("/me/sessions")
    assert (page.state("session", own), page.state("session", other)) == ("current", "open")
    assert "iPhone · 微信" in page
    assert "别处的网络 218.68.*.*" in page
    assert "218.68.3" not in page.html


def test_one_or_all_other_sessions_are_ended(app: Flask, people: People) -> None:
    member_id, here = people.logged_in()
    second, third = people.browser(member_id), people.browser(member_id)
    assert here.post(f"/me/sessions/{session_ids(app, member_id)[1]}/revoke").location == "/me/sessions"
    assert (second.get("/me/sessions").status, third.get("/me/sessions").status) == (303, 200)
    assert here.post("/me/sessions/revoke-others").location == "/me/sessions"
    assert (third.get("/me/sessions").status, here.get("/me/sessions").status) == (303, 200)


def test_a_device_whose_session_was_taken_away_is_told_until_it_has_logged_out(app: Flask, people: People) -> None:
    member_id, here = people.logged_in()
    lost = people.browser(member_id)
    assert "Session" not in lost.get("/").headers
    here.post("/me/sessions/revoke-others")
    for url in ("/", "/shell", "/needs", "/rules"):
        assert lost.get(url).headers.get("Session") == "ended", url
    assert lost.post("/ops").headers["Session"] == "ended"
    assert lost.get("/").headers["Account"] == ""
    lost.post("/logout")
    assert "Session" not in lost.get("/").headers
    assert "Session" not in Browser(app).get("/").headers


def test_a_session_that_is_merely_too_old_is_not_called_ended(people: People) -> None:
    _, browser = people.logged_in()
    clock.advance(days=91)
    page = browser.get("/")
    assert (page.headers["Account"], page.headers.get("Session")) == ("", None)


def test_a_suspended_member_s_phone_is_told(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in()
    with app.app_context():
        db.session.get_one(Member, member_id).status = "suspended"
        db.session.commit()
    assert browser.get("/").headers["Session"] == "ended"


def test_a_post_notes_that_the_device_is_in_use_once_an_hour(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in()

    def seen() -> Any:
        with app.app_context():
            return db.session.get_one(LoginSession, session_ids(app, member_id)[0]).last_seen_at

    first = seen()
    clock.advance(minutes=59)
    browser.post("/notices/read")
    assert seen() == first
    clock.advance(minutes=2)
    browser.get("/me")
    assert seen() == first
    browser.post("/notices/read")
    assert (seen() - first).total_seconds() == 61 * 60


def test_roles_ask_for_the_password_again_after_ten_minutes(app: Flask, people: People) -> None:
    _, office = people.logged_in("殷管理", "admin")
    target = people.member("受托人")
    url = f"/admin/members/{target}/roles"
    assert 'name="password"' not in office.get(f"/admin/members/{target}").html
    clock.advance(minutes=11)
    page = office.post(url, {"roles": "editor"})
    assert page.status == 422
    assert "请再输入一次密码" in page
    assert re.search(r'value="editor"[^>]*checked', page.html), "what was ticked is still ticked"
    assert office.post(url, {"roles": "editor", **WRONG}).status == 422
    assert office.post(url, {"roles": "editor", "password": PASSWORD}).status == 303
    assert office.post(url, {"roles": "reviewer"}).status == 303, "it holds for ten minutes"


def test_the_password_is_not_guessed_by_what_asks_for_it_again(people: People) -> None:
    _, browser = people.logged_in()
    clock.advance(minutes=11)
    assert [browser.post("/me/confirm", WRONG).status for _ in range(10)] == [422] * 10
    assert browser.post("/me/confirm", {"password": PASSWORD}).status == 429
    clock.advance(minutes=16)


def test_the_password_once_more_leads_on_to_where_one_wanted(people: People) -> None:
    _, browser = people.logged_in()
    clock.advance(minutes=11)
    assert 'name="password"' in browser.get("/me/confirm?next=/me/sessions").html
    assert browser.post("/me/confirm", {"password": PASSWORD, "next": "/me/sessions"}).location == "/me/sessions"
    assert browser.post("/me/confirm", {"next": "//evil.example"}).location == "/me"


def test_who_guesses_elsewhere_does_not_shut_out_a_device_that_is_known(app: Flask, people: People) -> None:
    member_id = people.member()
    phone = people.phone_of(member_id)
    known, stranger = Browser(app), Browser(app)
    right = {"phone": phone, "password": PASSWORD}
    known.post("/login", right)
    known.post("/logout")
    for _ in range(10):
        assert stranger.post("/login", {"phone": phone, **WRONG}).status == 422
    assert stranger.post("/login", right).status == 429
    assert known.post("/login", right).status == 303
    known.post("/logout")
    for _ in range(10):
        assert known.post("/login", {"phone": phone, **WRONG}).status == 422
    assert known.post("/login", right).status == 429, "a known device guesses no more than any other"


def test_a_made_up_known_device_counts_as_a_stranger(app: Flask, people: People) -> None:
    phone = people.phone_of(people.member())
    stranger = Browser(app)
    for number in range(10):
        stranger.client.set_cookie("known", f'{{"a":"{number}"}}', path="/login")
        assert stranger.post("/login", {"phone": phone, **WRONG}).status == 422
    assert stranger.post("/login", {"phone": phone, "password": PASSWORD}).status == 429


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("/login", WRONG),
        ("/password/forgot", {}),
        ("/password/code", {"code": "123456", "password": "a-new-password"}),
    ],
)
def test_known_and_unknown_phones_cost_the_same_hashes_and_get_the_same_answer(
    app: Flask,
    people: People,
    gateway: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    fields: dict[str, str],
) -> None:
    """Time is measured as work: argon2 outweighs everything else by far, and messages are sent after the answer."""
    crypto.passwords.verify_or_dummy(None, "warm up what is made once")
    work: list[str] = []
    for name in ("hash", "verify"):
        real = getattr(crypto.Passwords, name)
        monkeypatch.setattr(
            crypto.Passwords, name, lambda *args, name=name, real=real: (work.append(name), real(*args))[1]
        )
    answers = []
    for phone in (people.phone_of(people.member()), "13977778888"):
        work.clear()
        page = Browser(app).post(url, {"phone": phone, **fields})
        answers.append((page.status, page.location, page.text.replace(phone, ""), tuple(work)))
    assert answers[0] == answers[1]
    assert answers[0][3] == {"/login": ("verify",), "/password/forgot": (), "/password/code": ("hash",)}[url]


def test_an_applicant_verifies_the_phone_after_handing_in_and_the_admin_sees_it(
    app: Flask, people: People, gateway: list[tuple[str, str]]
) -> None:
    member_id, applicant = people.logged_in("羊春晓", status="applicant")
    _, office = people.logged_in("殷管理", "admin")
    assert 'action="/register/phone"' in applicant.get("/register/status").html
    assert applicant.post("/register/phone").location == "/register/phone"
    (to, text), *_ = gateway
    assert to == people.phone_of(member_id)
    assert applicant.post("/register/phone/code", {"code": "000000x"}).status == 422
    found = re.search(r"\d{6}", text)
    assert found
    with app.app_context():
        application = db.session.scalars(db.text("SELECT id FROM registrations")).one()
    key = uuid.UUID(str(application))
    assert "已用短信核实" not in office.get(f"/admin/registrations/{key}")
    assert applicant.post("/register/phone/code", {"code": found[0]}).location == "/register/status"
    assert "手机号已核实" in applicant.get("/register/status")
    assert "已用短信核实" in office.get(f"/admin/registrations/{key}")
    assert "已用短信核实" in office.get(f"/admin/members/{member_id}")


def test_without_a_gateway_no_verification_is_offered(people: People) -> None:
    _, applicant = people.logged_in("羊春晓", status="applicant")
    assert "/register/phone" not in applicant.get("/register/status").html
    assert applicant.post("/register/phone").status == 409


def test_a_new_phone_is_verified_only_when_a_code_came_back(
    app: Flask, people: People, gateway: list[tuple[str, str]]
) -> None:
    member_id, browser = people.logged_in()
    browser.post("/me/phone", {"phone": "13911110000", "password": PASSWORD})
    found = re.search(r"\d{6}", gateway[-1][1])
    assert found
    browser.post("/me/phone/code", {"code": found[0]})
    with app.app_context():
        assert db.session.get_one(Member, member_id).phone_verified_at is not None
