"""An admin announces a new version of a rule on the screen, and takes it back."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import Rule
from core.audit import AuditEntry
from core.database import db
from tests.client import Browser, Page
from tests.people import People
from tests.phones import Phone

SLUG = "privacy-policy"
URL = f"/admin/rules/{SLUG}"
OLD = "# 隐私说明\n\n姓名留一年。电话不留。\n"
TEXT = "姓名留一年。电话不留。"
NEW = "姓名留两年。电话不留。"


@pytest.fixture(autouse=True)
def _in_force(app: Flask, people: People) -> None:
    from tests.http.test_rules_announced import announce

    announce(app, OLD)


@pytest.fixture
def admin(people: People) -> Browser:
    return people.logged_in("管理员", "admin")[1]


def publish(browser: Browser, body: str = NEW, **more: str) -> Page:
    return browser.post(URL, {"title": "隐私说明", "body": body, **more})


def texts(app: Flask) -> list[tuple[int, str]]:
    with app.app_context():
        rows = db.session.execute(select(Rule.version, Rule.body).where(Rule.slug == SLUG).order_by(Rule.version))
        return [(row.version, row.body) for row in rows]


def test_the_page_has_the_text_and_the_earliest_day(admin: Browser) -> None:
    assert f'href="{URL}"' in admin.get("/admin/rules").html
    assert 'href="/admin/rules"' in admin.get("/admin").html
    page = admin.get(URL)
    assert "姓名留一年。" in page.html
    assert page.value("on") == "2026-11-28"


def test_what_was_changed_is_announced_seven_days_ahead_under_the_admin_s_name(
    app: Flask, people: People, admin: Browser
) -> None:
    _, member = people.logged_in()
    assert publish(admin, on="2026-11-28", version="1").location == f"/rules/{SLUG}"
    page = member.get(f"/rules/{SLUG}")
    assert "第 2 版从 11月28日 周六 起用" in page
    assert "（新加） 姓名留两年。" in page
    assert "《隐私说明》从11月28日 周六起改用新的一版" in member.get("/notices")
    with app.app_context():
        act = db.session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
        assert act
        assert (act.act, act.actor_name, act.after["in_force_from"]) == ("rule.publish", "管理员", "2026-11-28")
    assert "要改" in admin.get("/admin/rules")


def test_a_day_sooner_than_promised_is_refused_in_words(app: Flask, admin: Browser) -> None:
    refused = publish(admin, on="2026-11-27")
    assert refused.status == 409
    assert "请选七天以后的日子" in refused
    assert "姓名留两年。" in refused.html
    assert len(texts(app)) == 1


def test_without_a_day_it_is_the_earliest(app: Flask, people: People, admin: Browser) -> None:
    publish(admin)
    assert "11月28日" in people.logged_in()[1].get(f"/rules/{SLUG}")


def test_a_text_without_a_title_is_shown_again(app: Flask, admin: Browser) -> None:
    again = admin.post(URL, {"body": NEW})
    assert again.status == 422
    assert "请填写标题" in again
    assert NEW in again.html
    assert len(texts(app)) == 1


def test_a_new_title_is_announced_too(app: Flask, people: People, admin: Browser) -> None:
    admin.post(URL, {"title": "隐私和资料", "body": TEXT})
    assert texts(app)[1:] == [(2, f"# 隐私和资料\n\n{TEXT}\n")]
    page = people.logged_in()[1].get(f"/rules/{SLUG}")
    assert "（新加） 隐私和资料" in page
    assert page.title.startswith("隐私说明")


def test_two_admins_who_change_the_same_rule_see_both_texts(people: People, admin: Browser) -> None:
    _, other = people.logged_in("另一位", "admin")
    publish(other, NEW, version="1")
    stale = publish(admin, NEW.replace("两年", "三年"), version="1")
    assert stale.status == 409
    assert "姓名留两年。" in stale
    assert "姓名留三年。" in stale.html


def test_an_announcement_is_taken_back(app: Flask, people: People, admin: Browser) -> None:
    _, member = people.logged_in()
    publish(admin)
    assert "撤回，还用现在这一版" in admin.get(URL)
    assert admin.post(f"{URL}/withdraw").location == URL
    assert texts(app) == [(1, OLD)]
    assert "还没有通知" in member.get("/notices")
    again = admin.post(f"{URL}/withdraw", follow=True)
    assert "这份规则没有公布要改" in again
    assert "撤回了要改的规则" in admin.get("/admin/audit")


def test_the_same_text_again_is_nothing_new(app: Flask, admin: Browser) -> None:
    assert publish(admin, TEXT).location == f"/rules/{SLUG}"
    assert texts(app) == [(1, OLD)]


def test_a_rule_that_there_is_not_is_not_found(admin: Browser) -> None:
    assert admin.get("/admin/rules/nothing").status == 404
    assert admin.post("/admin/rules/nothing", {"title": "题", "body": NEW}).status == 404


def test_nobody_but_an_admin_changes_a_rule(people: People) -> None:
    _, editor = people.logged_in("编辑", "editor")
    assert editor.get(URL).status == 403
    assert publish(editor).status == 403


def test_it_is_announced_without_signal_once_and_built_upon(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in("管理员", "admin")
    phone = Phone(browser, member_id)
    first = phone.op("rule.publish", SLUG, fields={"title": "题", "body": NEW, "version": "1"})
    second = phone.op(
        "rule.publish", SLUG, fields={"title": "题", "body": NEW.replace("两年", "三年"), "version": first["op_id"]}
    )
    for op in (first, first, second):
        assert phone.send(op)["ops"][0]["outcome"] == "accepted"
    assert [version for version, _ in texts(app)] == [1, 3]
