"""The community's main jobs from end to end on a phone of 360 × 780, in Chinese: once with scripts, once without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from playwright.sync_api import expect
from sqlalchemy import select

from blueprints.accounts.models import Registration
from blueprints.experts.models import Expert, ExpertGroup
from core.clock import clock, local, now
from core.database import db
from tests.browser.conftest import NewPhone, Phone
from tests.people import PASSWORD, People
from tests.world import typed

pytestmark = pytest.mark.browser
PhoneOf = Callable[..., tuple[Any, Phone]]


def last_part(phone: Phone) -> str:
    """The id at the end of the page's address."""
    return phone.page.url.rstrip("/").rsplit("/", 1)[-1].partition("#")[0].partition("?")[0]


def test_a_visitor_registers_is_asked_answers_is_approved_and_is_a_member(
    app: Flask, new_phone: NewPhone, phone_of: PhoneOf, scripts: bool
) -> None:
    visitor = new_phone(scripts)
    _, admin = phone_of("殷实秋", "admin", scripts=scripts)
    visitor.open("/register")
    visitor.post(
        "/register",
        real_name="羊春晓",
        phone="13800000010",
        password=PASSWORD,
        company_name="天津晓春食品有限公司",
        position="经理",
        trade="agriculture",
        accept_rules="1",
        accept_privacy="1",
    )
    visitor.page.wait_for_url("**/register/status")
    with app.app_context():
        key = db.session.scalars(select(Registration.id)).one()
    assert visitor.state("registration", key) == "submitted"

    admin.open("/admin/registrations")
    assert "羊春晓" in admin.text
    admin.open(f"/admin/registrations/{key}")
    admin.post(f"/admin/registrations/{key}/ask", question="营业执照上的经营范围是什么？")

    visitor.open("/register/status")
    assert visitor.state("registration", key) == "asked"
    assert "营业执照上的经营范围是什么？" in visitor.text
    visitor.post("/register/answer", body="食品生产，酱腌菜。")
    visitor.open("/register/status")
    assert visitor.state("registration", key) == "submitted"

    admin.open(f"/admin/registrations/{key}")
    assert "食品生产，酱腌菜。" in admin.text
    admin.post(f"/admin/registrations/{key}/approve")
    visitor.open("/needs")
    assert visitor.page.locator('a[href="/needs/new"]').count()
    visitor.open("/notices")
    assert "通过" in visitor.text


def test_a_need_is_posted_answered_accepted_and_closed_with_its_outcome(phone_of: PhoneOf, scripts: bool) -> None:
    _, poster = phone_of("崔广田", scripts=scripts)
    _, answerer = phone_of("苗德顺", scripts=scripts)
    poster.open("/needs/new")
    poster.post("/needs", kind="need", title="求购 304 边角料 6 吨", body="津南自提，月底前。", category="procurement")
    poster.page.wait_for_url("**/needs/*-*")
    need = last_part(poster)
    assert poster.state("need", need) == "open"

    answerer.open(f"/needs/{need}")
    answerer.post(f"/needs/{need}/responses", body="我有八吨，可分两次。")
    poster.open("/notices")
    assert "苗德顺" in poster.text
    poster.open(f"/needs/{need}")
    accept = poster.page.locator('form[action$="/accept"]').first.get_attribute("action")
    poster.post(str(accept))
    poster.open(f"/needs/{need}")
    assert "19900000002" in poster.text.replace(" ", "").replace("-", "")
    answerer.open(f"/needs/{need}")
    assert "19900000001" in answerer.text.replace(" ", "").replace("-", "")

    poster.post(f"/needs/{need}/outcome", result="solved", partner="苗德顺", amount="8万", summary="六吨，现款。")
    poster.open(f"/needs/{need}")
    assert poster.state("need", need) == "solved"
    poster.open("/needs/solved")
    assert "8 万元" in poster.text


def test_three_seats_and_five_people_wait_cancel_move_up_and_are_checked_in(
    people: People, phone_of: PhoneOf, scripts: bool
) -> None:
    _, organizer = phone_of("隋立勋", "organizer", scripts=scripts)
    starts_at = now() + timedelta(hours=9)
    organizer.open("/events/new")
    organizer.post(
        "/events",
        title="一张长桌",
        kind="matchmaking",
        starts_at=typed(starts_at),
        ends_at=typed(starts_at + timedelta(hours=2)),
        venue="海棠里议事厅",
        capacity="3",
    )
    organizer.page.wait_for_url("**/events/*-*")
    event = last_part(organizer)
    assert organizer.state("event", event) == "scheduled"

    guests = [phone_of(name, scripts=scripts)[1] for name in ("甲一", "乙二", "丙三", "丁四", "戊五")]
    for guest in guests:
        guest.open(f"/events/{event}")
        guest.post(f"/events/{event}/signup")
    states = []
    for guest in guests:
        guest.open(f"/events/{event}")
        states.append(guest.page.locator('[id^="signup-"]').first.get_attribute("data-state"))
    assert states == ["confirmed"] * 3 + ["waitlisted"] * 2
    assert "候补第 2 位" in guests[4].text

    guests[0].post(f"/events/{event}/signup/cancel")
    guests[3].open(f"/events/{event}")
    assert guests[3].page.locator('[id^="signup-"]').first.get_attribute("data-state") == "confirmed"
    guests[3].open("/notices")
    assert "转为正式报名" in guests[3].text
    guests[3].open(f"/events/{event}/ticket")
    assert guests[3].page.locator("main svg").count()

    clock.freeze(starts_at - timedelta(minutes=30))
    organizer.open(f"/events/{event}/door")
    row = organizer.page.locator("main li, main tr").filter(has_text="丁四").last
    if scripts:
        row.locator(".guest-first").click()
        with organizer.page.expect_response("**/ops"):
            organizer.page.locator(".guest-second").first.click()
        organizer.page.locator(".verdict").wait_for()
    else:
        with organizer.page.expect_navigation():
            row.locator('button[type="submit"]').first.click()
    guests[3].open(f"/events/{event}")
    expect(guests[3].page.locator('[id^="signup-"]').first).to_have_attribute("data-state", "attended")

    sheet = organizer.context.request.get(f"{organizer.site}/events/{event}/attendance.xlsx")
    rows = [[str(cell) for cell in row] for row in load_workbook(BytesIO(sheet.body())).active.values]
    assert any("丁四" in row for row in rows)


def test_a_consultation_goes_from_the_question_to_its_rating(app: Flask, phone_of: PhoneOf, scripts: bool) -> None:
    _, member = phone_of("崔广田", scripts=scripts)
    lead_id, lead = phone_of("谷长河", "lead", scripts=scripts)
    expert_id, expert = phone_of("柯正樑", "expert", scripts=scripts)
    with app.app_context():
        db.session.add(ExpertGroup(slug="environment", name="环保产业专家服务组", lead_id=lead_id))
        db.session.flush()
        db.session.add(Expert(member_id=expert_id, group_slug="environment", expertise="废气"))
        db.session.commit()
    member.open("/experts/environment")
    member.post("/experts/environment/consultations", topic="喷漆房的废气", body="隔壁说有味。", mode="in_person")
    member.page.wait_for_url("**/consultations/*-*")
    key = last_part(member)
    assert member.state("consultation", key) == "requested"
    steps = [
        (lead, "assign", {"expert_id": str(expert_id)}, "assigned"),
        (expert, "schedule", {"starts_at": typed(now() + timedelta(days=1)), "place": "车间门口"}, "scheduled"),
        (expert, "complete", {"summary": "先换滤棉，再装压差表。"}, "completed"),
        (member, "rating", {"stars": "5", "comment": "没劝我买大设备。"}, "rated"),
    ]
    for phone, step, fields, state in steps:
        phone.open(f"/consultations/{key}")
        phone.post(f"/consultations/{key}/{step}", **fields)
        phone.open(f"/consultations/{key}")
        assert phone.state("consultation", key) == state


def test_a_briefing_goes_from_draft_to_1118_by_three_people(
    new_phone: NewPhone, phone_of: PhoneOf, scripts: bool
) -> None:
    _, editor = phone_of("尚佩瑶", "editor", scripts=scripts)
    _, reviewer = phone_of("蔚东岩", "reviewer", scripts=scripts)
    _, publisher = phone_of("逄玉山", "publisher", scripts=scripts)
    _, reader = phone_of("崔广田", scripts=scripts)
    editor.open("/desk")
    editor.post("/desk/briefings", date=f"{local(now()):%Y-%m-%d}")
    editor.page.wait_for_url("**/desk/briefings/*-*")
    key = last_part(editor)
    editor.post(f"/desk/briefings/{key}", title="防滑地面和自行车", body="## 需求\n\n- **防滑地面。** 一百四十平米。")
    editor.open(f"/desk/briefings/{key}")
    editor.post(f"/desk/briefings/{key}/submit")
    for phone, step in ((reviewer, "review"), (publisher, "sign-off")):
        phone.open(f"/desk/briefings/{key}")
        phone.post(f"/desk/briefings/{key}/{step}", verdict="pass")
    assert publisher.state("briefing", key) == "signed_off"

    clock.freeze(datetime(2026, 11, 21, 3, 17, 59, tzinfo=UTC))
    reader.open("/briefings")
    assert "防滑地面和自行车" not in reader.text
    clock.freeze(datetime(2026, 11, 21, 3, 18, 0, tzinfo=UTC))
    reader.open("/briefings")
    assert "防滑地面和自行车" in reader.text
    reader.open("/briefings/1")
    assert "一百四十平米" in reader.text
    visitor = new_phone(scripts)
    visitor.open("/briefings/1")
    assert "/login" in visitor.page.url


def test_a_suspended_member_is_out_at_once_and_reads_why_when_logging_in(
    phone_of: PhoneOf, people: People, scripts: bool
) -> None:
    _, admin = phone_of("殷实秋", "admin", scripts=scripts)
    member_id, member = phone_of("崔广田", scripts=scripts)
    admin.open(f"/admin/members/{member_id}")
    admin.post(f"/admin/members/{member_id}/suspend", reason="冒用他人资料")
    member.open("/needs")
    assert "/login" in member.page.url
    member.page.locator('form[action="/login"] [name="phone"]').fill(people.phone_of(member_id))
    member.page.locator('form[action="/login"] [name="password"]').fill(PASSWORD)
    member.page.locator('form[action="/login"] button[type="submit"]').click()
    member.page.wait_for_load_state()
    assert "停用" in member.text
    admin.open(f"/admin/members/{member_id}")
    admin.post(f"/admin/members/{member_id}/reinstate")
    member.log_in(people.phone_of(member_id))
    member.open("/needs")
    assert "/needs" in member.page.url
