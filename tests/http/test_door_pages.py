"""The pages of the door: ticket, roster, pack, attendance, and what a phone keeps of them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from io import BytesIO

import openpyxl
import pytest
from flask import Flask

from blueprints.door import service
from blueprints.events.models import Event
from core.access import Viewer
from core.clock import clock, local, now
from core.crypto import Ticket, public_key_of, read_ticket
from core.database import db, new_id
from core.registries import offline_pages
from tests.door import Door
from tests.people import People


@pytest.fixture
def door(app: Flask, people: People) -> Door:
    return Door(app, people)


# The ticket


def test_a_confirmed_member_has_a_ticket_with_a_large_code(people: People, door: Door) -> None:
    member_id = door.signed_up("王建国")
    page = people.browser(member_id).get(f"/events/{door.event_id}/ticket")
    assert (page.status, page.state("signup", door.signup_id(member_id))) == (200, "confirmed")
    assert "王建国" in page
    assert "海棠里议事厅" in page
    assert "<svg" in page.html
    assert "style=" not in page.html
    assert '<path fill="#fff"' in page.html
    assert door.ticket(member_id) in page
    assert len(page.queries) <= 8


def test_the_ticket_is_signed_by_the_key_that_the_pack_carries(people: People, door: Door) -> None:
    member_id = door.signed_up("王建国")
    page = people.browser(member_id).get(f"/events/{door.event_id}/ticket")
    text = re.search(r"<code>(HY1\.[^<]+)</code>", page.html)
    assert text
    pack = door.organizer.get(f"{door.url}/pack").response.get_json()
    assert read_ticket(text[1], public_key_of(pack["key"])) == Ticket(door.signup_id(member_id), door.event_id)


def test_the_ticket_says_when_its_holder_came_in(people: People, door: Door) -> None:
    member_id = door.signed_up("王建国")
    phone = people.browser(member_id)
    before = phone.get(f"/events/{door.event_id}/ticket", Fragment="main").headers["ETag"]
    door.check_in(member_id)
    page = phone.get(f"/events/{door.event_id}/ticket", Fragment="main")
    assert "已签到" in page
    assert page.headers["ETag"] != before


@pytest.mark.parametrize(
    ("state", "says"), [("waitlisted", "您在候补第 1 位"), ("cancelled", "您已取消报名，入场券作废")]
)
def test_who_has_no_seat_is_told_why_there_is_no_ticket(people: People, door: Door, state: str, says: str) -> None:
    member_id = door.signed_up("曾长河", state)
    page = people.browser(member_id).get(f"/events/{door.event_id}/ticket")
    assert (page.status, page.state("signup", door.signup_id(member_id))) == (200, state)
    assert says in page
    assert "HY1." not in page.html


def test_who_did_not_sign_up_is_told_so(people: People, door: Door) -> None:
    _, phone = people.logged_in()
    page = phone.get(f"/events/{door.event_id}/ticket")
    assert page.status == 404
    assert "您没有报名这场活动" in page
    assert phone.get(f"/events/{new_id()}/ticket").status == 404


def test_a_ticket_of_a_cancelled_event_is_void(app: Flask, people: People) -> None:
    door = Door(app, people, state="cancelled", cancel_reason="场地停电")
    page = people.browser(door.signed_up("王建国")).get(f"/events/{door.event_id}/ticket")
    assert "入场券作废" in page
    assert "场地停电" in page
    assert "HY1." not in page.html


def test_todays_ticket_is_found_until_the_event_ends(app: Flask, people: People, door: Door) -> None:
    member_id = door.signed_up("王建国")
    Door(app, people, starts_at=now() + timedelta(days=1)).sign_up(member_id)
    with app.app_context():
        ticket = service.my_ticket_today(member_id)
        assert ticket
        assert ticket.url == f"/events/{door.event_id}/ticket"
        assert service.my_ticket_today(door.organizer_id) is None
        clock.advance(hours=4)
        assert service.my_ticket_today(member_id) is None


# The roster


def test_the_roster_offers_a_form_for_each_person_who_is_not_in(door: Door) -> None:
    waiting, away = door.signed_up("曾长河", "waitlisted"), door.signed_up("李四", "cancelled")
    expected, inside = door.signed_up("王建国"), door.signed_up("海河")
    door.check_in(inside)
    page = door.page()
    states = [page.state("signup", door.signup_id(key)) for key in (expected, inside, waiting, away)]
    assert states == ["confirmed", "attended", "waitlisted", "cancelled"]
    assert page.html.count('name="signup_id"') == 3
    assert f'action="{door.checkins_url}/{door.facts()[0].id}/undo"' in page.html


def test_the_door_counts_who_is_in_who_was_expected_and_who_walked_in(door: Door) -> None:
    for name in ("王建国", "海河"):
        door.check_in(door.signed_up(name))
    door.signed_up("李四")
    door.walk_in("张三")
    html = door.page().html
    assert [re.search(rf'data-count="{kind}">(\d+)', html)[1] for kind in ("admitted", "expected", "walk-ins")] == [
        "3",
        "3",
        "1",
    ]


@pytest.mark.parametrize("query", ["王", "wjg", "wangjian", "建", "钢构", "4321", "21", "13512344321"])
def test_a_guest_is_found_from_one_character(door: Door, query: str) -> None:
    door.signed_up("王建国", company_name="津门钢构有限公司", phone="13512344321")
    door.signed_up("李四", phone="13500000000")
    page = door.page(query)
    assert "王建国" in page
    assert "李四" not in page


def test_who_is_not_on_the_roster_is_said_to_be_missing(door: Door) -> None:
    door.signed_up("王建国")
    assert "名单上没有“<b>”" in door.page("<b>")


def test_the_door_shows_no_phone_but_its_last_four_digits(door: Door) -> None:
    door.signed_up("王建国", phone="13512344321")
    door.walk_in("张三", "13800138000")
    html = door.page().html + door.organizer.get(f"{door.url}/pack").response.get_data(as_text=True)
    assert "4321" in html
    assert "8000" in html
    assert "13512344321" not in html
    assert "13800138000" not in html


@pytest.mark.thorough
def test_three_hundred_guests_take_as_many_queries_as_one(app: Flask, people: People) -> None:
    door = Door(app, people, capacity=400)
    door.check_in(door.signed_up())
    door.page()
    one = door.page().queries
    for number in range(60):
        member_id = door.signed_up()
        if number % 3 == 0:
            door.check_in(member_id)
            door.walk_in("路人")
    door.page()
    many = door.page().queries
    assert len(one) == len(many) <= 8
    assert len(door.organizer.get(f"/events/{door.event_id}/attendance").queries) <= 8


def test_the_doors_fragment_names_nobody_and_asks_for_the_roster_when_shown(door: Door) -> None:
    door.signed_up("王建国")
    fragment = door.organizer.get(door.url, Fragment="main")
    assert "王建国" not in fragment.html
    assert f'data-door="{door.event_id}"' in fragment.html
    in_place = door.organizer.get(door.url, HX_Request="true", HX_Request_Type="partial")
    assert "王建国" in in_place


def test_only_the_door_staff_see_roster_pack_and_attendance(people: People, door: Door) -> None:
    pages = [
        door.url,
        f"{door.url}/pack",
        f"/events/{door.event_id}/attendance",
        f"/events/{door.event_id}/attendance.xlsx",
    ]
    others = [people.logged_in("路过")[1], people.logged_in("别场", "organizer")[1]]
    _, admin = people.logged_in("管理", "admin")
    for url in pages:
        assert [browser.get(url).status for browser in others] == [403, 403]
        assert (admin.get(url).status, door.organizer.get(url).status) == (200, 200)
    assert door.organizer.get(f"/events/{new_id()}/door").status == 404


# The pack


def test_the_pack_is_what_a_phone_needs_and_no_more(door: Door) -> None:
    member_id = door.signed_up("王建国", company_name="津门钢构有限公司", phone="13512344321")
    door.check_in(member_id)
    door.walk_in("张三")
    answer = door.organizer.get(f"{door.url}/pack")
    assert answer.headers["Cache-Control"] == "private, no-store"
    pack = answer.response.get_json()
    (guest,) = pack["roster"]
    inside = guest.pop("inside")
    assert inside == {"checkin": str(door.facts()[0].id), "at": now().isoformat(), "by": "程门"}
    assert guest == {
        "id": str(door.signup_id(member_id)),
        "guest": str(member_id),
        "name": "王建国",
        "pinyin": "wang jian guo",
        "company": "津门钢构有限公司",
        "last_four": "4321",
        "state": "confirmed",
        "note": "",
    }
    assert pack["rules"]["opens_before_minutes"] == 120
    assert [guest["name"] for guest in pack["walk_ins"]] == ["张三"]


def test_the_packs_etag_changes_with_the_roster_and_the_door_alone(door: Door) -> None:
    member_id = door.signed_up("王建国")
    first = door.organizer.get(f"{door.url}/pack")
    again = door.organizer.get(f"{door.url}/pack", If_None_Match=first.headers["ETag"])
    assert (again.status, again.headers["ETag"]) == (304, first.headers["ETag"])
    assert first.headers["ETag"].strip('"') == first.response.get_json()["etag"]
    door.check_in(member_id)
    assert door.organizer.get(f"{door.url}/pack").headers["ETag"] != first.headers["ETag"]


# Attendance


def test_the_attendance_page_says_who_came_and_who_did_not(door: Door) -> None:
    came, missing = door.signed_up("王建国"), door.signed_up("李四")
    door.check_in(came)
    door.walk_in("张三")
    page = door.organizer.get(f"/events/{door.event_id}/attendance")
    assert "还没到" in page
    clock.advance(hours=5)
    page = door.organizer.get(f"/events/{door.event_id}/attendance")
    assert "王建国 天津测试2有限公司 10:00 按姓名" in page
    assert "张三 10:00 现场登记 · 未报名" in page
    assert page.state("signup", door.signup_id(missing)) == "confirmed"
    assert "李四 天津测试3有限公司 没来" in page


def test_the_sheet_holds_everybody_with_state_time_and_source(app: Flask, people: People) -> None:
    door = Door(app, people, title="建筑/金融：“对接”")
    by_ticket = door.signed_up("王建国", company_name="津门钢构有限公司")
    door.signed_up("李四")
    door.signed_up("曾长河", "waitlisted")
    door.scan(door.ticket(by_ticket))
    door.walk_in("张三")
    answer = door.organizer.get(f"/events/{door.event_id}/attendance.xlsx")
    assert "filename*=UTF-8''%E7%AD%BE%E5%88%B0-%E5%BB%BA%E7%AD%91%EF%BC%8F" in answer.headers["Content-Disposition"]
    sheet = openpyxl.load_workbook(BytesIO(answer.response.get_data())).active
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows()]
    assert rows[0] == ("姓名", "企业", "报名状态", "签到时间", "来源", "登记人", "备注")
    came = local(now()).replace(tzinfo=None)
    by_name = {row[0]: row[1:6] for row in rows[1:]}
    assert by_name["王建国"] == ("津门钢构有限公司", "已报名", came, "扫码", "程门")
    assert by_name["张三"][1:] == ("未报名", came, "现场登记", "程门")
    assert by_name["李四"][1:] == ("已报名", None, None, None)
    assert by_name["曾长河"][1:] == ("候补", None, None, None)
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["B"].width > 30


@pytest.mark.parametrize(
    "name", ['=HYPERLINK("http://x","y")', "+1+1", "-1", "@SUM(A1)", "https://example.com", "{=1}"]
)
def test_no_name_becomes_a_formula_in_the_sheet(door: Door, name: str) -> None:
    door.walk_in(name)
    door.sign_up(door.people.member("王建国"), note=name)
    answer = door.organizer.get(f"/events/{door.event_id}/attendance.xlsx")
    sheet = openpyxl.load_workbook(BytesIO(answer.response.get_data())).active
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value == name]
    assert [(cell.data_type, cell.hyperlink) for cell in cells] == [("s", None), ("s", None)]


def test_attendance_is_counted_by_month(app: Flask, people: People, door: Door) -> None:
    last_month = Door(app, people, starts_at=now() - timedelta(days=31))
    for tonight in (door, door, last_month):
        tonight.walk_in("路人")
    door.undo(door.facts()[0].id)
    with app.app_context():
        assert service.attended_count(door.event_id) == 1
        assert service.attendance_by_month(3) == [(date(2026, 9, 1), 0), (date(2026, 10, 1), 1), (date(2026, 11, 1), 1)]


# On the phone


def test_a_phone_keeps_its_tickets_and_the_doors_of_the_next_two_days(app: Flask, people: People, door: Door) -> None:
    person = Viewer(door.organizer_id, new_id(), "程门", "member")
    every, pack = "/door", f"{door.url}/pack"

    def kept(viewer: Viewer) -> set[str]:
        with app.test_request_context():
            return {page.url for page in offline_pages["door"](viewer)}

    assert kept(person) == {every, door.url, pack}
    clock.advance(days=-2)
    assert kept(person) == {every}
    clock.advance(days=2)
    door.sign_up(door.organizer_id)
    door.sign_up(other := people.member("李四"))
    ticket = f"/events/{door.event_id}/ticket"
    assert kept(person) == {every, ticket, door.url, pack}
    assert kept(Viewer(other, new_id(), "李四", "member")) == {every, ticket}
    assert kept(Viewer(other, new_id(), "李四", "applicant")) == set()
    clock.advance(hours=4)
    assert kept(person) == {every, door.url, pack}
    clock.advance(hours=24)
    assert kept(person) == {every}


def test_what_a_phone_is_told_to_keep_has_the_etag_of_what_it_fetches(app: Flask, door: Door) -> None:
    from flask_login import login_user

    from core.database import stamps_of
    from core.pages import etag_of

    door.sign_up(door.organizer_id)
    person = Viewer(door.organizer_id, new_id(), "程门", "member", frozenset({"organizer"}))
    with app.test_request_context():
        login_user(person)
        kept = {
            page.url: etag_of(
                page.url, stamps_of(("chamber", *page.topics)).items(), page.states, dated=page.dated, alike=page.alike
            )
            for page in offline_pages["door"](person)
        }
    assert len(kept) == 4
    for url, etag in kept.items():
        assert door.organizer.get(url, Fragment="main").headers["ETag"] == f'"{etag}"'


def test_an_edited_event_changes_the_doors_fragment(app: Flask, door: Door) -> None:
    before = door.organizer.get(door.url, Fragment="main").headers["ETag"]
    door.walk_in("张三")
    assert door.organizer.get(door.url, Fragment="main").headers["ETag"] == before
    with app.app_context():
        db.session.get_one(Event, door.event_id).venue = "津创路演厅"
        db.session.commit()
    assert door.organizer.get(door.url, Fragment="main").headers["ETag"] != before
