"""The privacy text's "how long it is kept", line by line, and the product.

pytestmark = pytest.mark.unhurried

| the text says                                  | what keeps it, and the test (here or in `test_retention_events`) |
|------------------------------------------------|-----------------------------------------------------------------------|
| name, phone, company, …: while a member        | leaving erases them, with erasure |
| identity number: sealed, withdrawn at any time | `profile.withdraw_identity`; test_registration_submit |
| needs, offers, answers, outcomes: long         | nothing forgets them; `test_needs_and_what_is_young_stay` |
| sign-ups, tickets, check-ins: 2 years, numbers | `door.attendance`; `test_two_years_after_an_event_…` |
| walk-ins' names and phones: 90 days            | `door.walk_ins`; `test_what_walk_ins_left_is_gone_…` |
| consultations: 3 years after their end         | `experts.consultations`; `test_three_years_after_its_end_…` |
| which rules were accepted: and 3 years after   | kept; erasure counts the three years |
| device, time, address of log-ins: 180 days     | `accounts.sessions`; `test_a_log_in_is_forgotten_…` |
| what admins did: 3 years                       | `core.audit`; `test_what_admins_did_is_forgotten_…` |
| refused applications: 6 months                 | `accounts.refused`; `test_a_refused_application_…` |

Promised by nobody and forgotten all the same, because it quotes the above: notices after a year,
unsent messages after 30 days, the ledger after 400, links and rate limits when they are over.
"""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from blueprints.accounts.models import Company, LoginSession, Member, OneTimeLink, Registration, RuleAcceptance
from blueprints.needs.models import Need
from blueprints.notices.models import Notice, SmsMessage
from core import audit
from core.audit import AuditEntry
from core.clock import clock, earlier, now
from core.database import db, in_transaction, new_id, rate_limits
from core.operations import LedgerRow
from core.registries import forgettings
from core.settings import ROOT
from tests.client import Browser
from tests.people import PASSWORD, People
from tests.retention import count, everything, forget, keep
from tests.world import World, build

PRIVACY = next(
    rule["body"]
    for rule in map(json.loads, (ROOT / "demo/data/rules.jsonl").read_text("utf-8").splitlines())
    if rule["slug"] == "privacy-policy"
)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("sentence", "name", "months", "days"),
    [
        ("活动后两年，之后只留人数", "door.attendance", 24, 0),
        ("安全疏散和当晚联系 | 九十天", "door.walk_ins", 0, 90),
        ("办结后三年", "experts.consultations", 36, 0),
        ("也能把它踢下线 | 一百八十天", "accounts.sessions", 0, 180),
        ("防止管理员乱来 | 三年", "core.audit", 36, 0),
        ("被谢绝的申请，六个月后删去", "accounts.refused", 6, 0),
    ],
)
def test_the_text_and_the_product_name_the_same_time(sentence: str, name: str, months: int, days: int) -> None:
    assert sentence in PRIVACY
    assert (forgettings[name].months, forgettings[name].days) == (months, days)


def test_months_back_end_on_the_last_day_of_a_shorter_month() -> None:
    assert earlier(datetime(2027, 8, 31, 9, tzinfo=UTC), months=6) == datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert earlier(datetime(2028, 2, 29, tzinfo=UTC), months=24) == datetime(2026, 2, 28, tzinfo=UTC)
    assert earlier(datetime(2027, 1, 15, tzinfo=UTC), months=1, days=20) == datetime(2026, 11, 25, tzinfo=UTC)


def test_a_log_in_is_forgotten_after_180_days(app: Flask, people: People) -> None:
    people.logged_in("张三")
    clock.advance(days=170)
    people.logged_in("李四")
    clock.advance(days=10)
    assert forget(app) == {}
    clock.advance(seconds=1)
    assert forget(app) == {"accounts.sessions": 1}
    assert count(app, LoginSession) == 1


def test_a_link_and_a_counter_are_forgotten_when_they_are_over(app: Flask, people: People) -> None:
    over = {"made_by_id": None, "created_at": now(), "tries": 0, "phone": "13812345678"}
    person = people.member("张三")
    for purpose, hours in (("phone", 24), ("password", 48)):
        link = OneTimeLink(
            member_id=person, purpose=purpose, digest=purpose, expires_at=now() + timedelta(hours=hours), **over
        )
        keep(app, link)
    with app.app_context():
        ends = [(now() + timedelta(hours=hours)).timestamp() for hours in (1, 48)]
        db.session.execute(rate_limits.insert().values([{"key": str(e), "hits": 1, "expires_at": e} for e in ends]))
        db.session.commit()
    clock.advance(hours=24)
    assert forget(app) == {"accounts.links": 1, "core.rate_limits": 1}


# Refused applications


@pytest.fixture
def world(app: Flask, people: People) -> World:
    return build(app, people)


def test_a_refused_application_leaves_no_trace_after_six_months(app: Flask, world: World) -> None:
    """`羊春晓` applied, was asked, answered and refused; admins were told, and her colleague is a member."""
    applicant, registration = world.who["applicant"], world.things["registration"]
    world.browser("applicant").post("/register/answer", {"body": "代码在路上。"})
    world.do("admin", "registration.refuse", registration, reason="羊春晓的公司查不到。")
    before = everything(app)
    assert all(word in before for word in ("羊春晓", "13800000010", "晓春食品", "代码在路上"))
    people_before, decided = count(app, Member), count(app, AuditEntry)
    clock.freeze(datetime(2027, 5, 21, 1, tzinfo=UTC))
    assert "accounts.refused" not in forget(app)
    clock.advance(hours=2)
    assert forget(app)["accounts.refused"] == 2
    after = everything(app)
    assert not [w for w in ("羊春晓", "13800000010", "晓春食品", "代码在路上", "杜无名") if w in after]
    assert str(applicant) not in after
    assert (count(app, Member), count(app, AuditEntry)) == (people_before - 2, decided + 1)
    with app.app_context():
        ledger = db.session.scalars(select(LedgerRow).where(LedgerRow.target == registration)).all()
        assert {row.outcome for row in ledger} == {"accepted"}
        assert db.session.get(Member, world.who["waiting"])
    admin = world.people.browser(world.who["admin"])
    assert admin.get(f"/admin/registrations/{registration}").status == 404
    assert admin.get("/admin/audit").status == 200
    assert world.browser("applicant").get("/register/status").location.startswith("/login")


def test_the_company_of_a_refused_person_stays_while_it_is_somebody_elses(app: Flask, people: People) -> None:
    refused, colleague = people.member("张三", status="refused"), people.member("李四")
    with app.app_context():
        shared = db.session.get_one(Member, refused).company_id
        own = db.session.get_one(Member, colleague).company_id
        db.session.get_one(Member, colleague).company_id = shared
        db.session.commit()
    clock.advance(days=185)
    assert forget(app) == {"accounts.refused": 1}
    with app.app_context():
        assert db.session.get(Company, shared)
        assert db.session.get(Company, own)


def test_who_handed_in_again_is_not_forgotten(app: Flask, people: People) -> None:
    refused, browser = people.logged_in("张三", status="refused")
    clock.advance(days=60)
    browser.post("/register/answer", {"body": "补上了。"})
    clock.advance(days=185)
    assert "accounts.refused" not in forget(app)
    with app.app_context():
        assert db.session.get(Member, refused)


def test_what_is_still_referred_to_is_kept_and_named_in_the_log(
    app: Flask, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    kept, gone = people.member("张三", status="refused"), people.member("李四", status="refused")
    fields = {"kind": "need", "title": "求购", "body": "旧货。", "category": "sales", "trade": "machinery"}
    keep(app, Need(author_id=kept, created_at=now(), search_text="", **fields))
    clock.advance(days=185)
    assert forget(app) == {"accounts.refused": 1}
    with app.app_context():
        assert db.session.get(Member, kept)
        assert not db.session.get(Member, gone)
    assert "still referred to" in caplog.text


# The rest


def test_what_admins_did_is_forgotten_after_three_years(app: Flask, people: People) -> None:
    with app.app_context():
        in_transaction(lambda: audit.record(None, "member.set_roles", "member", new_id()))
    clock.freeze(datetime(2029, 11, 21, 2, tzinfo=UTC))
    assert forget(app) == {}
    clock.advance(days=1)
    assert forget(app) == {"core.audit": 1}


def test_the_ledger_keeps_its_rows_for_400_days(app: Flask, people: People) -> None:
    people.logged_in("张三")[1].post("/me/profile", {"introduction": "新"})
    clock.advance(days=400)
    assert "core.ledger" not in forget(app)
    clock.advance(days=1)
    assert forget(app)["core.ledger"] == 1


def test_notices_and_unsent_messages_end_with_their_time(app: Flask, people: People) -> None:
    person = people.member("张三")
    told = {"kind": "member.roles", "url": "/me", "words": {}, "member_id": person}
    keep(app, Notice(subject="a", made_at=now(), **told), Notice(subject="b", made_at=now(), read_at=now(), **told))
    keep(app, SmsMessage(member_id=person, body="您好", made_at=now(), next_try_at=now()))
    clock.advance(days=31)
    keep(app, Notice(subject="c", made_at=now(), **told))
    assert forget(app) == {"notices.messages": 1}
    clock.freeze(datetime(2027, 11, 21, 3, tzinfo=UTC))
    assert forget(app) == {"notices.notices": 2}
    assert count(app, Notice) == 1


def test_needs_and_what_is_young_stay(app: Flask, world: World) -> None:
    before = everything(app)
    assert forget(app) == {}
    assert everything(app) == before
    clock.advance(days=3650)
    forget(app)
    with app.app_context():
        assert db.session.get(Need, uuid.UUID(world.things["solved_need"]))
        assert db.session.scalar(select(func.count()).select_from(RuleAcceptance)) == 2
        assert db.session.get(Registration, uuid.UUID(world.things["registration"]))


def test_the_command_says_how_many_and_nobodys_name(app: Flask, world: World, caplog: pytest.LogCaptureFixture) -> None:
    clock.advance(days=3650)
    with caplog.at_level(logging.INFO, "huiyou"):
        result = app.test_cli_runner().invoke(args=["forget"])
    assert result.exit_code == 0
    assert "door.walk_ins: 1\n" in result.output
    said = result.output + caplog.text
    assert "door.attendance" in caplog.text
    assert not [word for word in ("张总", "杜无名", "喷漆房", "138000") if word in said]


def test_one_kind_that_fails_does_not_keep_the_others(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_before: datetime) -> int:
        people_row = OneTimeLink(member_id=people.member("张三"), digest="x")
        db.session.add(people_row)
        raise OperationalError("UPDATE … '张三'", None, Exception("disk"))

    failing = type(forgettings["core.audit"])("core.audit", 0, 0, fail)
    monkeypatch.setitem(forgettings, "core.audit", failing)
    people.logged_in("李四")
    clock.advance(days=200)
    result = app.test_cli_runner().invoke(args=["forget"])
    assert result.exit_code == 1
    assert "core.audit: failed" in result.output
    assert "accounts.sessions: 1" in result.output
    assert "张三" not in caplog.text + result.output
    assert count(app, OneTimeLink) == 0


def test_who_is_forgotten_may_apply_again(app: Flask, world: World) -> None:
    world.do("admin", "registration.refuse", world.things["registration"], reason="查不到。")
    clock.advance(days=200)
    forget(app)
    fields = {
        "real_name": "羊春晓",
        "phone": "13800000010",
        "password": PASSWORD,
        "company_name": "天津晓春食品有限公司",
        "position": "经理",
        "trade": "agriculture",
        "accept_rules": "1",
        "accept_privacy": "1",
    }
    assert Browser(app).post("/register", fields).location == "/register/status"
