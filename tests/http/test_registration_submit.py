"""Applying for membership under one's real name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from flask import Flask
from markupsafe import escape
from sqlalchemy import func, select

from blueprints.accounts.models import Company, Member, Registration, Rule, RuleAcceptance
from core import clock, crypto
from core.database import db, new_id
from tests.client import Browser, Page
from tests.people import PASSWORD, People
from tests.unit.naughty_strings import NAUGHTY

USCC = "91120103MAYW7H5K82"
IDENTITY_NUMBER = "11010519491231002X"
FIELDS = {
    "real_name": "程英",
    "phone": "13911112222",
    "password": PASSWORD,
    "company_name": "天津海河科技有限公司",
    "position": "总经理",
    "trade": "software",
    "accept_rules": "1",
    "accept_privacy": "1",
}


@pytest.fixture
def rules(app: Flask) -> None:
    with app.app_context():
        for slug, version in (("community-rules", 1), ("community-rules", 2), ("privacy-policy", 3)):
            db.session.add(Rule(slug=slug, version=version, title=slug, body="文", published_at=clock.now()))
        db.session.commit()


def member_with(app: Flask, phone: str) -> Member:
    with app.app_context():
        return db.session.execute(select(Member).where(Member.phone == phone)).scalar_one()


def count_of(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.usefixtures("rules")
def test_an_application_is_kept_and_the_applicant_is_logged_in(app: Flask, client: Browser) -> None:
    answer = client.post("/register", {**FIELDS, "uscc": USCC, "id_number": IDENTITY_NUMBER, "referrer": "谷长河"})
    assert (answer.status, answer.location) == (303, "/register/status")
    with app.app_context():
        person = db.session.execute(select(Member)).scalar_one()
        assert (person.status, person.real_name, person.company.uscc) == ("applicant", "程英", USCC)
        assert (person.sort_key, person.sounds_like) == ("cheng ying", "cen yin")
        assert crypto.passwords.verify(person.password_hash, PASSWORD)
        application = db.session.execute(select(Registration)).scalar_one()
        accepted = db.session.execute(select(RuleAcceptance.slug, RuleAcceptance.version)).all()
        assert sorted(accepted) == [("community-rules", 2), ("privacy-policy", 3)]
    page = client.get("/register/status")
    assert page.state("registration", application.id) == "submitted"
    assert "还没有办" in page


def test_the_identity_number_is_encrypted_and_found_by_its_keyed_hash(app: Flask, client: Browser) -> None:
    client.post("/register", {**FIELDS, "id_number": IDENTITY_NUMBER})
    person = member_with(app, "13911112222")
    vault = app.extensions["vault"]
    assert IDENTITY_NUMBER not in (person.identity_number or "")
    assert vault.decrypt(person.identity_number, f"member {person.id} identity number") == IDENTITY_NUMBER
    assert person.identity_digest == vault.keyed_hash(IDENTITY_NUMBER, "identity number")


def test_the_same_credit_code_is_the_same_company(app: Flask, client: Browser) -> None:
    client.post("/register", {**FIELDS, "uscc": USCC})
    Browser(app).post("/register", {**FIELDS, "phone": "13911113333", "uscc": USCC, "company_name": "另一种写法"})
    assert count_of(app, Company) == 1
    with app.app_context():
        assert set(db.session.scalars(select(Registration.company_name))) == {"天津海河科技有限公司", "另一种写法"}


@pytest.mark.parametrize("missing", sorted(FIELDS))
def test_every_required_field_is_asked_for(app: Flask, client: Browser, missing: str) -> None:
    answer = client.post("/register", {k: v for k, v in FIELDS.items() if k != missing})
    assert answer.status == 422
    assert f'id="{missing}-error"' in answer.html
    assert count_of(app, Member) == 0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("phone", "12345", "手机号应是 11 位数字"),
        ("uscc", "91120103MAYW7H5K83", "校验位不对"),
        ("id_number", "110105194912310021", "校验位不对"),
        ("id_number", "11010520101231001X", "年满 18 周岁"),
        ("trade", "magic", "从给出的选项里选"),
        ("password", "short", "密码应是 8 到"),
        ("real_name", "长" * 41, "最多 40 个字"),
    ],
)
def test_a_value_that_cannot_be_is_explained_at_its_field(
    app: Flask, client: Browser, field: str, value: str, said: str
) -> None:
    answer = client.post("/register", {**FIELDS, field: value})
    assert answer.status == 422
    assert said in answer
    assert 'value="程英"' in answer.html or field == "real_name"
    assert PASSWORD not in answer.html
    assert count_of(app, Member) == 0


@pytest.mark.parametrize("status", ["member", "applicant", "refused", "suspended"])
def test_a_known_phone_is_sent_to_log_in(people: People, client: Browser, status: str) -> None:
    people.member("谷长河", phone="13911112222", status=status)
    answer = client.post("/register", FIELDS)
    assert answer.status == 409
    assert "这个手机号已有账号或申请" in answer
    assert 'href="/login?next=/register/status"' in answer.html


def test_repeats_are_not_shown_to_the_applicant(people: People, client: Browser) -> None:
    people.member("陈音", uscc=USCC, company_name="天津海河科技有限公司")
    answer = client.post("/register", {**FIELDS, "uscc": USCC})
    assert answer.status == 303
    assert "陈音" not in client.get("/register/status")


def test_the_same_post_again_is_one_application_and_logs_in(app: Flask, client: Browser) -> None:
    fields = {**FIELDS, "op_id": str(new_id())}
    assert client.post("/register", fields).location == "/register/status"
    other = Browser(app)
    assert other.post("/register", fields).location == "/register/status"
    assert other.get("/register/status").status == 200
    assert count_of(app, Member) == 1


def test_the_same_post_again_needs_the_password_that_holds_now(app: Flask, client: Browser) -> None:
    fields = {**FIELDS, "op_id": str(new_id())}
    client.post("/register", fields)
    client.post("/me/password", {"current": PASSWORD, "new": "another-password"})
    other = Browser(app)
    assert other.post("/register", fields).location.startswith("/login")
    assert other.get("/register/status").status == 303


def test_another_application_under_the_same_op_id_is_refused(app: Flask, client: Browser) -> None:
    fields = {**FIELDS, "op_id": str(new_id())}
    client.post("/register", fields)
    answer = Browser(app).post("/register", {**fields, "phone": "13911113333"})
    assert answer.status == 409
    assert count_of(app, Member) == 1


def test_one_phone_at_once_makes_one_application(app: Flask) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: Browser(app).post("/register", FIELDS).status, range(6)))
    assert sorted(answers) == [303, 409, 409, 409, 409, 409]
    assert count_of(app, Member) == 1


def test_one_company_at_once_is_made_once(app: Flask) -> None:
    def apply(number: int) -> int:
        return Browser(app).post("/register", {**FIELDS, "phone": f"1391111000{number}", "uscc": USCC}).status

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(apply, range(6))) == [303] * 6
    assert count_of(app, Company) == 1


def test_an_address_may_post_thirty_times_in_ten_minutes(client: Browser) -> None:
    answers = [client.post("/register", {}).status for _ in range(31)]
    assert answers == [422] * 30 + [429]
    assert int(client.post("/register", FIELDS).headers["Retry-After"]) <= 600


def test_who_is_logged_in_has_registered_already(people: People) -> None:
    _, member = people.logged_in()
    assert member.get("/register").location == "/register/status"
    assert member.get("/register/status").location == "/"
    _, applicant = people.logged_in(status="applicant")
    assert applicant.get("/register").location == "/register/status"


def test_the_password_stands_nowhere_but_in_its_hash(app: Flask, client: Browser) -> None:
    client.post("/register", {**FIELDS, "id_number": IDENTITY_NUMBER})
    with app.app_context():
        for table in db.metadata.sorted_tables:
            for row in db.session.execute(table.select()):
                assert PASSWORD not in repr(row), table.name
                assert IDENTITY_NUMBER not in repr(row), table.name


@pytest.mark.thorough
@pytest.mark.parametrize(
    "fields", [("real_name", "company_name", "position", "referrer", "introduction"), ("introduction",)]
)
def test_naughty_strings_are_shown_as_typed_or_refused(
    app: Flask, fields: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crypto, "passwords", crypto.Passwords(memory_kib=8, time_cost=1))
    for number, (name, text) in enumerate(NAUGHTY):
        app.extensions["limits"].clear("30 per 10 minutes", "registration 127.0.0.1")
        browser = Browser(app)
        values = {**FIELDS, "phone": f"1392222{number:04d}", **dict.fromkeys(fields, text)}
        answer = Page(
            browser.client.post(
                "/register",
                data=urlencode(values, errors="surrogatepass"),
                content_type="application/x-www-form-urlencoded",
                headers={"Sec-Fetch-Site": "same-origin"},
            )
        )
        assert answer.status in (303, 400, 413, 422), (name, answer)
        assert "<script>alert" not in answer.html, name
        if answer.status == 303:
            page = browser.get("/register/status")
            assert page.status == 200, name
            with app.app_context():
                person = db.session.execute(select(Member).where(Member.phone == values["phone"])).scalar_one()
                assert str(escape(person.introduction)) in page.html, name
