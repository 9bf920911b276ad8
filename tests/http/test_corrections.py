"""Names that changed: corrected by members themselves, and by the secretariat where they cannot."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from sqlalchemy import func, select

from blueprints.accounts.models import Company, Member
from core.audit import AuditEntry
from core.database import db
from tests.client import Browser, Page
from tests.people import People
from tests.phones import Phone

USCC = "91350100M000100Y43"


@pytest.fixture
def admin(people: People) -> Browser:
    return people.logged_in("管理员", "admin")[1]


def change(browser: Browser, what: str, name: str, **more: str) -> Page:
    return browser.post("/me/company/change", {"change": what, "company_name": name, **more})


def company_of(app: Flask, member_id: uuid.UUID) -> Company:
    with app.app_context():
        return db.session.get_one(Member, member_id).company


def colleague(app: Flask, people: People, of: uuid.UUID, name: str = "同事") -> tuple[uuid.UUID, Browser]:
    member_id, browser = people.logged_in(name)
    with app.app_context():
        db.session.get_one(Member, member_id).company_id = db.session.get_one(Member, of).company_id
        db.session.commit()
    return member_id, browser


def trail(app: Flask) -> list[tuple[str, object, object]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.number)).unique()
        return [(row.act, row.before, row.after) for row in rows]


def test_who_works_elsewhere_now_says_so_and_the_directory_finds_them(
    app: Flask, people: People, admin: Browser
) -> None:
    member_id, browser = people.logged_in("崔广田", company_name="天津老厂有限公司")
    assert change(browser, "moved", "天津新厂有限公司", new_position="厂长").location == "/me/profile"
    page = admin.get(f"/members/{member_id}")
    assert "天津新厂有限公司" in page
    assert "厂长" in page
    assert "崔广田" in admin.get("/members?q=新厂")
    assert "崔广田" not in admin.get("/members?q=老厂")
    assert trail(app) == [
        ("member.company_moved", {"company": "天津老厂有限公司"}, {"company": "天津新厂有限公司"}),
        ("member.position", {"position": "经理"}, {"position": "厂长"}),
    ]


def test_an_admin_is_told_and_reads_what_was_before(people: People, admin: Browser) -> None:
    _, browser = people.logged_in("崔广田", company_name="天津老厂有限公司")
    change(browser, "moved", "天津新厂有限公司")
    assert "崔广田 改了公司：天津老厂有限公司 → 天津新厂有限公司" in admin.get("/notices")
    assert "换了公司" in admin.get("/admin/audit")


def test_a_company_that_nobody_works_for_any_more_is_gone(app: Flask, people: People) -> None:
    _, browser = people.logged_in(company_name="天津老厂有限公司")
    change(browser, "moved", "天津新厂有限公司")
    with app.app_context():
        assert db.session.scalars(select(Company.name)).all() == ["天津新厂有限公司"]


def test_colleagues_stay_where_they_are_when_one_leaves(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in(company_name="天津老厂有限公司")
    other, _ = colleague(app, people, member_id)
    change(browser, "moved", "天津新厂有限公司")
    assert company_of(app, other).name == "天津老厂有限公司"


def test_a_credit_code_leads_to_the_company_that_has_it(app: Flask, people: People) -> None:
    first, one = people.logged_in()
    change(one, "renamed", "天津大厂有限公司", uscc=USCC)
    second, two = people.logged_in()
    change(two, "moved", "大厂", uscc=USCC)
    assert company_of(app, first).id == company_of(app, second).id
    assert company_of(app, second).name == "天津大厂有限公司"


def test_a_company_s_new_name_is_so_for_all_its_members(app: Flask, people: People, admin: Browser) -> None:
    member_id, browser = people.logged_in("崔广田", company_name="天津老厂有限公司")
    other, _ = colleague(app, people, member_id, "田小妹")
    change(browser, "renamed", "天津老厂集团有限公司")
    assert "天津老厂集团有限公司" in admin.get(f"/members/{other}")
    found = admin.get("/members?q=老厂集团")
    assert "崔广田" in found
    assert "田小妹" in found


def test_a_code_that_another_company_has_is_refused_in_words(people: People) -> None:
    change(people.logged_in()[1], "renamed", "天津大厂有限公司", uscc=USCC)
    again = change(people.logged_in()[1], "renamed", "另一家", uscc=USCC)
    assert again.status == 409
    assert "请选“我换了公司”" in again


def test_the_same_name_again_is_no_change(app: Flask, people: People, admin: Browser) -> None:
    _, browser = people.logged_in(company_name="天津老厂有限公司")
    change(browser, "renamed", "天津老厂有限公司")
    browser.post("/me/profile", {"position": "经理"})
    assert trail(app) == []
    assert "还没有通知" in admin.get("/notices")


def test_a_position_changed_on_one_s_page_is_on_the_trail_too(app: Flask, people: People, admin: Browser) -> None:
    _, browser = people.logged_in("崔广田")
    browser.post("/me/profile", {"position": "董事长"})
    assert trail(app) == [("member.position", {"position": "经理"}, {"position": "董事长"})]
    assert "崔广田 改了职务：经理 → 董事长" in admin.get("/notices")


def test_it_is_changed_without_signal_once(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in(company_name="天津老厂有限公司")
    phone = Phone(browser, member_id)
    op = phone.op("company.change", fields={"change": "moved", "company_name": "天津新厂有限公司"})
    for _ in range(2):
        assert phone.send(op)["ops"][0]["outcome"] == "accepted"
    assert company_of(app, member_id).name == "天津新厂有限公司"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Company)) == 1


def test_an_admin_corrects_what_a_member_cannot_and_says_why(app: Flask, people: People, admin: Browser) -> None:
    member_id, browser = people.logged_in("崔广天")
    url = f"/admin/members/{member_id}"
    page = admin.get(url)
    assert page.value("real_name") == "崔广天"
    company = company_of(app, member_id).name
    fields = {"real_name": "崔广田", "company_name": company, "position": "经理", "trade": "health"}
    trade_before = people_trade(app, member_id)
    assert admin.post(f"{url}/correct", {**fields, "referrer": "老李", "reason": "名字写错了"}).location == url
    assert "崔广田" in browser.get("/me")
    assert "崔广田" in browser.get("/members?q=崔广田")
    assert "秘书处更正了您的资料：名字写错了" in browser.get("/notices")
    ((act, before, after),) = trail(app)
    assert act == "member.correct"
    assert before == {"real_name": "崔广天", "referrer": "", "trade": trade_before}
    assert after == {"real_name": "崔广田", "referrer": "老李", "trade": "health"}


def people_trade(app: Flask, member_id: uuid.UUID) -> str:
    with app.app_context():
        return db.session.get_one(Member, member_id).trade


def test_a_correction_without_a_reason_is_none(people: People, admin: Browser) -> None:
    member_id, _ = people.logged_in("崔广天")
    fields = {"real_name": "崔广田", "company_name": "某", "position": "经理", "trade": "machinery"}
    again = admin.post(f"/admin/members/{member_id}/correct", fields)
    assert again.status == 422
    assert "崔广天" in admin.get(f"/admin/members/{member_id}")


def test_an_admin_s_own_names_are_another_admin_s_business(people: People) -> None:
    member_id, browser = people.logged_in("管理员", "admin")
    fields = {"real_name": "改名", "company_name": "某", "position": "经理", "trade": "machinery", "reason": "。"}
    assert browser.post(f"/admin/members/{member_id}/correct", fields).status == 409


def test_who_signed_a_word_on_a_rule_stands_there_under_the_new_name(
    app: Flask, people: People, admin: Browser, tmp_path: object
) -> None:
    from tests.http.test_rules_announced import OLD, SLUG, announce

    announce(app, OLD)
    member_id, browser = people.logged_in("崔广天")
    reader = Phone(people.logged_in()[1], None)
    browser.post(f"/rules/{SLUG}/comments", {"body": "一句。"})
    before = reader.browser.get(f"/rules/{SLUG}", Fragment="main")
    fields = {"real_name": "崔广田", "company_name": "某厂", "position": "经理", "trade": "machinery", "reason": "。"}
    admin.post(f"/admin/members/{member_id}/correct", fields)
    after = reader.browser.get(f"/rules/{SLUG}", Fragment="main")
    assert "崔广田" in after
    assert before.headers["ETag"] != after.headers["ETag"]
