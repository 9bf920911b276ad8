"""The queue of applications, one page for each, and fifty decisions in a row."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import Member, Registration, RegistrationEntry
from blueprints.notices.models import Notice
from core.audit import AuditEntry
from core.clock import now
from core.database import db, new_id
from tests.client import Browser
from tests.people import People

Apply = Callable[..., uuid.UUID]
IN_PLACE = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def applied(app: Flask, people: People) -> Apply:
    """Hands in an application, `hours` ago; returns its id."""

    def apply(
        name: str,
        *,
        hours: int = 0,
        state: str = "submitted",
        uscc: str | None = None,
        refusals: int = 0,
        **values: Any,
    ) -> uuid.UUID:
        status = {"approved": "member", "refused": "refused"}.get(state, "applicant")
        company = values.get("company_name", f"{name}的公司")
        member_id = people.member(name, status=status, **{**values, "company_name": company, "joined_at": None})
        with app.app_context():
            application = db.session.scalars(
                select(Registration).where(Registration.member_id == member_id)
            ).one_or_none() or Registration(id=new_id(), member_id=member_id)
            application.state = state
            application.company_name = company
            application.uscc = uscc
            application.submitted_at = now() - timedelta(hours=hours)
            application.refusals = refusals
            db.session.add(application)
            db.session.commit()
            return application.id

    return apply


@pytest.fixture
def admin(people: People) -> Browser:
    return people.logged_in("管理员", "admin")[1]


def test_the_queue_shows_the_oldest_first_with_its_waiting_time(admin: Browser, applied: Apply) -> None:
    young, old = applied("李新", hours=2), applied("王久", hours=50)
    page = admin.get("/admin/registrations")
    assert page.html.index(str(old)) < page.html.index(str(young))
    assert "等了 2 天" in page
    assert "等了 2 小时" in page
    assert page.state("registration", old) == "submitted"


def test_the_queue_is_filtered_by_state_and_search(admin: Browser, applied: Apply) -> None:
    asked, refused = applied("张问", state="asked"), applied("赵谢", state="refused")
    assert str(refused) not in admin.get("/admin/registrations").html
    assert str(refused) in admin.get("/admin/registrations?state=refused").html
    assert str(asked) in admin.get("/admin/registrations?q=zhangwen").html
    assert "没有这样的申请" in admin.get("/admin/registrations?q=nobody")


def test_an_empty_queue_says_so(admin: Browser) -> None:
    assert "没有人在等" in admin.get("/admin/registrations")


def test_an_application_shows_everything_needed_to_decide(admin: Browser, people: People, applied: Apply) -> None:
    people.member("钱介绍", company_name="天津介绍有限公司")
    key = applied(
        "孙申请", referrer="钱介绍", introduction="做机床\n二十年", phone="13912345678", uscc="91120101MAY0000000"
    )
    page = admin.get(f"/admin/registrations/{key}")
    for words in (
        "孙申请的公司",
        "91120101MAY0000000",
        "13912345678",
        "天津介绍有限公司",
        "做机床",
        "没有填",
        "机械制造",
    ):
        assert words in page
    assert page.state("registration", key) == "submitted"


def test_a_referrer_who_is_no_member_is_named_as_such(admin: Browser, applied: Apply) -> None:
    assert "会员里没有这个名字" in admin.get(f"/admin/registrations/{applied('孙申请', referrer='查无此人')}")


def test_duplicates_are_named_with_links_and_reasons(admin: Browser, applied: Apply) -> None:
    other = applied("程英", state="refused", refusals=1, company_name="天津海河科技有限公司")
    key = applied("陈音", company_name="天津市海河科技有限公司")
    page = admin.get(f"/admin/registrations/{key}")
    assert f"/admin/registrations/{other}" in page.html
    for words in ("姓名音近", "公司相同", "曾被谢绝"):
        assert words in page


def test_a_phone_that_was_refused_before_is_marked(admin: Browser, applied: Apply) -> None:
    key = applied("又来", refusals=2)
    assert "谢绝过 2 次" in admin.get(f"/admin/registrations/{key}")
    assert "谢绝过" in admin.get("/admin/registrations")


def test_an_identity_number_is_shown_masked(app: Flask, admin: Browser, applied: Apply) -> None:
    key = applied("孙申请")
    with app.app_context():
        member = db.session.get_one(Registration, key).member
        number = "12010119900101123X"
        purpose = f"member {member.id} identity number"
        member.identity_number = app.extensions["vault"].encrypt(number, purpose)
        db.session.commit()
    page = admin.get(f"/admin/registrations/{key}")
    assert "1201**********123X" in page
    assert number not in page.html


def test_approving_makes_a_member_and_tells_them(app: Flask, admin: Browser, applied: Apply) -> None:
    key = applied("孙申请")
    done = admin.post(f"/admin/registrations/{key}/approve")
    assert (done.status, done.location) == (303, f"/admin/registrations/{key}")
    page = admin.get(done.location)
    assert page.state("registration", key) == "approved"
    assert "管理员已在" in page
    with app.app_context():
        registration = db.session.get_one(Registration, key)
        assert registration.member.status == "member"
        told = db.session.scalars(select(Notice).where(Notice.member_id == registration.member_id)).one()
        assert told.kind == "registration.approved"
        assert db.session.scalars(select(AuditEntry)).one().act == "registration.approve"


def test_the_page_of_a_decided_application_leads_to_the_next(admin: Browser, applied: Apply) -> None:
    first, second = applied("第一", hours=9), applied("第二", hours=5)
    page = admin.post(f"/admin/registrations/{first}/approve", follow=True)
    assert f'href="/admin/registrations/{second}"' in page.html
    assert "还有 1 份等您审核" in page


def test_refusing_needs_a_reason_that_is_asked_for_at_its_field(admin: Browser, applied: Apply) -> None:
    key = applied("孙申请")
    page = admin.post(f"/admin/registrations/{key}/refuse", {"reason": " "})
    assert page.status == 422
    assert "请填写谢绝的理由" in page
    assert '<details id="refuse" name="decision" open>' in page.html


def test_a_question_and_its_answer_stand_on_the_page(app: Flask, admin: Browser, applied: Apply) -> None:
    key = applied("孙申请")
    admin.post(f"/admin/registrations/{key}/ask", {"question": "介绍人是哪家公司的？"})
    with app.app_context():
        member_id = db.session.get_one(Registration, key).member_id
        entry = RegistrationEntry(registration_id=key, at=now(), kind="answered", author_id=member_id, body="海河的")
        db.session.add(entry)
        db.session.commit()
    page = admin.get(f"/admin/registrations/{key}")
    assert page.state("registration", key) == "asked"
    assert page.text.index("介绍人是哪家公司的？") < page.text.index("海河的")


def test_a_second_admin_is_told_who_decided(people: People, admin: Browser, applied: Apply) -> None:
    key = applied("孙申请")
    admin.post(f"/admin/registrations/{key}/approve")
    page = people.logged_in("另一位", "admin")[1].post(f"/admin/registrations/{key}/refuse", {"reason": "重复"})
    assert page.status == 409
    assert "管理员 已经办过这份申请" in page


@pytest.mark.thorough
def test_in_place_a_decision_shows_the_next_application_at_once(admin: Browser, applied: Apply) -> None:
    keys = [applied(f"申请{number}", hours=60 - number) for number in range(50)]
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        done = admin.post(f"/admin/registrations/{key}/approve", **IN_PLACE)
        assert done.status == 303
        assert done.location == (f"/admin/registrations/{following}" if following else "/admin/registrations")
    page = admin.get("/admin/registrations", **IN_PLACE)
    assert "都办完了" in page
    assert "<html" not in page.html


def test_in_place_what_was_decided_is_said_beside_the_next_one(admin: Browser, applied: Apply) -> None:
    first, second = applied("第一", hours=2), applied("第二", hours=1)
    page = admin.get(admin.post(f"/admin/registrations/{first}/approve", **IN_PLACE).location, **IN_PLACE)
    assert "第一 已成为会员" in page
    assert page.state("registration", second) == "submitted"
    assert re.search(r'<h1 tabindex="-1" autofocus>第二</h1>', page.html)


def test_several_are_decided_at_once_and_the_rest_is_named(app: Flask, admin: Browser, applied: Apply) -> None:
    one, two, done = applied("甲一"), applied("乙二"), applied("丙三")
    admin.post(f"/admin/registrations/{done}/approve")
    page = admin.post(
        "/admin/registrations/decide",
        {"ids": [str(one), str(two), str(done)], "verdict": "refuse", "reason": "没有找到公司"},
        follow=True,
    )
    assert "谢绝了 2 份申请" in page
    assert "丙三（管理员 已经办过这份申请。）" in page
    with app.app_context():
        assert db.session.get_one(Registration, one).state == "refused"
        assert db.session.get_one(Registration, done).state == "approved"
        bodies = set(db.session.scalars(select(RegistrationEntry.body)))
    assert "没有找到公司" in bodies


def test_the_same_batch_sent_twice_has_its_effect_once(app: Flask, admin: Browser, applied: Apply) -> None:
    batch = {"ids": str(applied("甲一")), "verdict": "ask", "reason": "哪家公司？", "op_id": str(new_id())}
    for _ in range(2):
        assert "询问了 1 位申请人" in admin.post("/admin/registrations/decide", batch, follow=True)
    with app.app_context():
        assert len(db.session.scalars(select(RegistrationEntry)).all()) == 1


def test_several_are_not_refused_without_a_word(admin: Browser, applied: Apply) -> None:
    key = applied("甲一")
    page = admin.post("/admin/registrations/decide", {"ids": str(key), "verdict": "refuse"})
    assert page.status == 422
    assert "都要写明理由" in page
    assert f'value="{key}" checked' in page.html


def test_the_queue_marks_who_may_be_a_repeat(admin: Browser, applied: Apply) -> None:
    for name in ("程英", "陈音", "独一人"):
        applied(name)
    page = admin.get("/admin/registrations")
    assert page.html.count("可能重复") == 2


def test_a_batch_with_nobody_in_it_is_sent_back(admin: Browser, applied: Apply) -> None:
    applied("甲一")
    assert admin.post("/admin/registrations/decide", {"verdict": "approve"}).status == 422


def test_a_ready_sentence_fills_the_form_without_scripts(admin: Browser, applied: Apply) -> None:
    page = admin.get(f"/admin/registrations/{applied('甲一')}?open=ask&ready=1")
    assert ">请补充公司的统一社会信用代码。</textarea>" in page.html.replace("\r\n", "").replace("\n", "")


def test_ready_sentences_are_edited_by_admins(admin: Browser, applied: Apply) -> None:
    key = applied("甲一")
    done = admin.post("/admin/reasons", {"refuse": "资料不全\n\n资料不全\n不是企业", "ask": ""}, follow=True)
    assert "已保存" in done
    page = admin.get(f"/admin/registrations/{key}")
    assert "不是企业" in page
    assert "介绍人是哪家公司" not in page
    assert "没有变化" in admin.post("/admin/reasons", {"refuse": "资料不全\n不是企业", "ask": ""}, follow=True)
    admin.post("/admin/reasons", {"refuse": "", "ask": ""})
    assert "介绍人是哪家公司" in admin.get(f"/admin/registrations/{key}")


def test_an_application_that_is_none_is_not_found(admin: Browser) -> None:
    assert admin.get(f"/admin/registrations/{new_id()}").status == 404


def test_the_pages_ask_the_database_little(admin: Browser, people: People, applied: Apply) -> None:
    key = applied("陈音", referrer="钱介绍")
    for number in range(12):
        applied("程英", hours=number, refusals=1)
        people.member("钱介绍")
    admin.get("/admin")
    assert len(admin.get(f"/admin/registrations/{key}").queries) <= 8
    assert len(admin.get("/admin/registrations").queries) <= 8


def test_a_member_of_another_status_is_no_duplicate_when_erased(app: Flask, admin: Browser, applied: Apply) -> None:
    gone, key = applied("程英"), applied("陈音")
    with app.app_context():
        db.session.get_one(Member, db.session.get_one(Registration, gone).member_id).status = "erased"
        db.session.commit()
    assert "可能重复" not in admin.get(f"/admin/registrations/{key}")
