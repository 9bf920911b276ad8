"""The overview, the audit trail, the figures and the settings."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app import create_app
from blueprints.admin.labels import ACT_LABELS
from core import audit
from core.access import Viewer
from core.clock import clock
from core.database import db, new_id
from tests.client import Browser
from tests.people import People

SETTINGS = {"name": "会友", "contact": "", "sharing_hour": "11:18-12:00", "briefing_time": "11:18"}


@pytest.fixture
def admin(people: People) -> Browser:
    return people.logged_in("管理员", "admin")[1]


def record(app: Flask, act: str, kind: str, subject: object, actor: str = "张三", **values: Any) -> None:
    with app.app_context():
        audit.record(Viewer(new_id(), new_id(), actor, "member"), act, kind, subject, **values)
        db.session.commit()


def test_the_overview_counts_what_waits(admin: Browser, people: People) -> None:
    people.member("申请者", status="applicant")
    page = admin.get("/admin")
    assert "入会申请" in page
    assert page.html.count('class="row"') >= 7


def test_the_overview_asks_for_the_contact_that_the_privacy_text_promises(admin: Browser) -> None:
    assert "页脚里还没有秘书处的地址和电话" in admin.get("/admin")
    page = admin.get("/admin/settings")
    fields = {name: page.value(name) for name in ("name", "sharing_hour", "briefing_time")}
    admin.post("/admin/settings", {**fields, "contact": "友谊路 11 号 · 022-0000-1118"})
    assert "页脚里还没有" not in admin.get("/admin")
    assert "友谊路 11 号" in Browser(admin.app).get("/rules")


def test_an_act_is_a_sentence_with_what_was_before(app: Flask, admin: Browser, people: People) -> None:
    member_id = people.member("李四")
    record(
        app, "member.set_roles", "member", member_id, before={"roles": ["editor"]}, after={"roles": ["editor", "admin"]}
    )
    page = admin.get("/admin/audit")
    assert "张三 改了角色： 李四" in page
    assert "角色： 编辑 → 改为 编辑、管理员" in page
    assert f'href="/admin/members/{member_id}"' in page.html


def test_instants_ids_and_flags_are_said_in_words(app: Flask, admin: Browser, people: People) -> None:
    lead = people.member("组长人")
    start = datetime(2026, 11, 22, 11, tzinfo=UTC)
    record(
        app,
        "event.update",
        "event",
        new_id(),
        before={"title": "茶会", "starts_at": start.isoformat(), "public": False, "capacity": 10, "lead_id": None},
        after={
            "title": "茶会",
            "starts_at": (start + timedelta(days=1)).isoformat(),
            "public": True,
            "capacity": 12,
            "lead_id": str(lead),
        },
    )
    page = admin.get("/admin/audit")
    for words in (
        "张三 改了活动： 茶会",
        "11月22日 周日 19:00",
        "对外公开： 否 → 改为 是",
        "名额： 10 → 改为 12",
        "组长： 组长人",
    ):
        assert words in page
    assert "标题" not in page.html.split('id="results"')[1]


def test_an_issue_of_the_briefing_is_named_by_its_number(app: Flask, admin: Browser) -> None:
    record(app, "briefing.sign_off", "briefing", new_id(), after={"state": "signed_off", "number": 309})
    assert "张三 签发了简报： 第 309 期" in admin.get("/admin/audit")


def test_the_trail_is_filtered_by_actor_act_kind_subject_and_day(app: Flask, admin: Browser) -> None:
    subject = new_id()
    record(app, "event.cancel", "event", subject, "张三", reason="下雨")
    clock.advance(days=2)
    record(app, "settings.change", "chamber", "chamber", "李四", after={"name": "新名"})
    for query, wanted, other in (
        ("actor=张", "张三", "李四"),
        ("act=settings.change", "李四", "张三"),
        ("kind=event", "张三", "李四"),
        (f"subject={subject}", "张三", "李四"),
        ("since=2026-11-22", "李四", "张三"),
        ("until=2026-11-21", "张三", "李四"),
    ):
        results = admin.get(f"/admin/audit?{query}").html.split('id="results"')[1]
        assert wanted in results, query
        assert other not in results, query
    assert "理由：下雨" in admin.get("/admin/audit")
    assert "没有这样的记录" in admin.get("/admin/audit?actor=nobody")
    for query in ("until=1999-01-01", "since=2026-02-31", "since=2026-11-25&until=2026-11-01", "act=dance"):
        page = admin.get(f"/admin/audit?{query}")
        results = page.html.split('id="results"')[1]
        assert "还有地方要改" in results, query
        assert 'id="act-' not in results, "what was not understood shows everything"


def test_the_acts_of_one_person_are_found_by_id(app: Flask, admin: Browser, people: People) -> None:
    member_id, _ = people.logged_in("王五", "admin")
    with app.app_context():
        audit.record(Viewer(member_id, new_id(), "王五", "member"), "event.cancel", "event", new_id())
        db.session.commit()
    record(app, "event.cancel", "event", new_id(), "王五")
    assert admin.get(f"/admin/audit?actor={member_id}").html.count('id="act-') == 1


@pytest.mark.thorough
def test_a_long_trail_goes_on_by_keyset_and_few_queries(app: Flask, admin: Browser, people: People) -> None:
    for number in range(33):
        record(app, "member.suspend", "member", people.member(f"会员{number}"), "张三")
    first = admin.get("/admin/audit?actor=张")
    following = re.search(r'rel="next" href="([^"]+)"', first.html)
    assert following
    assert first.html.count('id="act-') == 30
    assert admin.get(following[1].replace("&amp;", "&")).html.count('id="act-') == 3
    assert len(admin.get("/admin/audit").queries) <= 8


def test_an_empty_trail_says_what_will_stand_there(admin: Browser) -> None:
    assert "还没有记录" in admin.get("/admin/audit")


def test_every_act_that_the_product_records_has_words(app: Flask) -> None:
    from pathlib import Path

    found = set()
    for path in Path(app.root_path, "blueprints").rglob("*.py"):
        text = path.read_text()
        found |= set(re.findall(r'record\(\s*[\w.]+,\s*f?"([a-z_]+\.[a-z_]+)"', text))
    assert found <= ACT_LABELS.keys()
    assert "member.suspend" in found


def test_settings_are_changed_validated_and_put_on_record(admin: Browser) -> None:
    page = admin.post("/admin/settings", {**SETTINGS, "name": "津商会", "sharing_hour": "11：00 – 12:30"}, follow=True)
    assert "设置已保存" in page
    assert page.title == "设置 · 津商会"
    assert page.value("sharing_hour") == "11:00-12:30"
    trail = admin.get("/admin/audit")
    assert "管理员 改了设置" in trail
    assert "共享时段： 11:18-12:00 → 改为 11:00-12:30" in trail
    assert "没有变化" in admin.post(
        "/admin/settings", {**SETTINGS, "name": "津商会", "sharing_hour": "11:00-12:30"}, follow=True
    )
    admin.post("/admin/settings", {**SETTINGS, "name": "会友"})
    assert admin.get("/admin/settings").value("name") == "会友"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("sharing_hour", "12:00-11:00"), ("sharing_hour", "noon"), ("briefing_time", "25:00")],
)
def test_a_setting_that_makes_no_sense_is_refused_at_its_field(admin: Browser, field: str, value: str) -> None:
    page = admin.post("/admin/settings", {**SETTINGS, field: value})
    assert page.status == 422
    assert f'id="{field}-error"' in page.html


def test_settings_win_over_the_environment_in_another_process_at_once(app: Flask, admin: Browser) -> None:
    second = create_app(app.extensions["settings"])
    other = Browser(second)
    assert other.get("/login").title == "登录 · 会友"
    admin.post("/admin/settings", {**SETTINGS, "name": "津商会", "contact": "秘书处 022-12345678"})
    page = other.get("/login")
    assert page.title == "登录 · 津商会"
    assert "秘书处 022-12345678" in page
    with second.app_context():
        db.engine.dispose()


def test_the_figures_are_plots_that_can_be_read_aloud(admin: Browser, people: People) -> None:
    people.member("会员")
    admin.get("/admin")
    page = admin.get("/admin/figures")
    assert page.html.count('<svg role="img"') == 4
    assert page.html.count("<table>") == 5
    assert "26年11月 2人" in page.html
    assert len(page.queries) <= 8


def test_the_figures_count_members_by_the_end_of_each_month(admin: Browser, people: People) -> None:
    people.member("老会员", joined_at=datetime(2026, 5, 31, 15, 59, tzinfo=UTC))
    people.member("六月的", joined_at=datetime(2026, 5, 31, 16, 0, tzinfo=UTC))
    page = admin.get("/admin/figures")
    assert "26年4月 0人；26年5月 1人；26年6月 2人" in page.html
