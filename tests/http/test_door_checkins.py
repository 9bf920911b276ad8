"""Check-ins: what the door answers, who may stand at it, how a check-in is taken back."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.events.models import Event
from blueprints.events.service import ticket_signer
from core.access import Viewer
from core.audit import AuditEntry, AuditValues
from core.clock import clock, now
from core.crypto import TicketSigner
from core.database import db, new_id
from core.operations import Act, LedgerRow
from core.performing import perform
from tests.client import Browser
from tests.door import Door
from tests.people import People


@pytest.fixture
def door(app: Flask, people: People) -> Door:
    return Door(app, people)


def test_a_ticket_lets_its_holder_in_once(door: Door) -> None:
    member_id = door.signed_up("王建国")
    ticket = door.ticket(member_id)
    assert [door.scan(ticket), door.scan(ticket)] == ["admitted", "already_in"]
    assert door.signup(member_id).attended_at == now()


def test_who_is_already_in_is_told_when_and_by_whom(door: Door) -> None:
    member_id = door.signed_up("王建国")
    door.check_in(member_id)
    clock.advance(minutes=7)
    page = door.organizer.post(door.checkins_url, {"ticket": door.ticket(member_id)}, follow=True)
    assert "王建国 已经进场：10:00，由 程门 登记" in page


def test_a_verdict_stands_on_the_page_in_word_sign_and_colour(door: Door) -> None:
    member_id = door.signed_up("王建国")
    admitted = door.organizer.post(door.checkins_url, {"ticket": door.ticket(member_id)}, follow=True)
    assert '<p class="box good">王建国，请进。</p>' in admitted.html
    forged = door.organizer.post(door.checkins_url, {"ticket": "HY1.a.b.c"}, follow=True)
    assert '<p class="box bad">这张入场券不是我们签发的' in forged.html


def test_the_ledger_keeps_a_scan_as_accepted_with_its_verdict(app: Flask, door: Door) -> None:
    door.scan("nothing that we signed")
    with app.app_context():
        row = db.session.scalars(select(LedgerRow).where(LedgerRow.name == "checkin.record")).one()
        assert (row.outcome, row.verdict["verdict"]) == ("accepted", "forged")


def test_the_same_post_twice_is_one_fact_with_one_answer(door: Door) -> None:
    fields = {"ticket": door.ticket(door.signed_up("王建国")), "op_id": str(new_id())}
    pages = [door.organizer.post(door.checkins_url, fields, follow=True) for _ in range(2)]
    assert all("王建国，请进" in page for page in pages)
    assert len(door.facts()) == 1


@pytest.mark.parametrize(("state", "verdict"), [("waitlisted", "waitlisted"), ("cancelled", "cancelled")])
def test_a_name_without_a_seat_is_told_so_and_may_be_let_in_by_the_organizer(
    door: Door, state: str, verdict: str
) -> None:
    member_id = door.signed_up("曾长河", state)
    assert door.check_in(member_id) == verdict
    assert door.signup(member_id).attended_at is None
    signup_id = str(door.signup_id(member_id))
    assert door.post(signup_id=signup_id, walk_in_name="曾长河") == "admitted"
    assert door.facts()[-1].source == "walk_in"
    page = door.page()
    assert page.state("signup", signup_id) == "attended"
    assert 'data-count="walk-ins">1<' in page.html


def test_a_ticket_of_another_event_is_told_so(app: Flask, people: People, door: Door) -> None:
    other = Door(app, people)
    member_id = other.signed_up("李四")
    assert door.scan(other.ticket(member_id)) == "other_event"


def test_a_signup_of_another_event_is_not_on_this_roster(app: Flask, people: People, door: Door) -> None:
    other = Door(app, people)
    signup_id = other.signup_id(other.signed_up("李四"))
    for unknown in (signup_id, uuid.uuid4()):
        page = door.organizer.post(door.checkins_url, {"signup_id": str(unknown)})
        assert page.status == 404
        assert "名单上没有这个人" in page
    assert door.facts() == []


def test_altered_tickets_are_forged(door: Door) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    step = max(1, len(ticket) // 40)
    for place in range(0, len(ticket), step):
        letter = "A" if ticket[place] != "A" else "B"
        assert door.scan(ticket[:place] + letter + ticket[place + 1 :]) == "forged"
    for altered in (ticket + "=", ticket[:-1], ticket.lower(), ticket + ".x", "HY2" + ticket[3:]):
        assert door.scan(altered) == "forged"
    assert not any(fact.inside for fact in door.facts())


def test_a_ticket_signed_by_another_key_is_forged(door: Door) -> None:
    signup_id = door.signup_id(door.signed_up("王建国"))
    assert door.scan(TicketSigner.generate().sign(signup_id, door.event_id)) == "forged"


def test_a_genuine_ticket_that_nobody_knows_lets_in_once_and_is_told_so(app: Flask, door: Door) -> None:
    with app.app_context():
        event = db.session.get_one(Event, door.event_id)
        ticket = ticket_signer(event).sign(new_id(), event.id)
    assert [door.scan(ticket), door.scan(ticket)] == ["signed_but_unknown", "already_in"]


def test_the_door_opens_two_hours_before_the_start(app: Flask, people: People) -> None:
    door = Door(app, people, starts_at=now() + timedelta(hours=3))
    member_id = door.signed_up("王建国")
    assert door.check_in(member_id) == "not_yet"
    assert "还没开门" in door.page()
    clock.advance(hours=1)
    assert door.check_in(member_id) == "admitted"


def test_a_cancelled_event_lets_nobody_in(app: Flask, people: People) -> None:
    door = Door(app, people, state="cancelled")
    assert door.check_in(door.signed_up("王建国")) == "event_cancelled"
    assert "不能签到" in door.page()


def test_capacity_refuses_nobody_at_the_door(app: Flask, people: People) -> None:
    door = Door(app, people, capacity=1)
    door.check_in(door.signed_up("王建国"))
    assert door.walk_in("张三") == "admitted"
    assert 'data-count="admitted">2<' in door.page().html


def test_two_walk_ins_of_one_name_are_two_people(door: Door) -> None:
    assert [door.walk_in("张伟"), door.walk_in("张伟")] == ["admitted", "admitted"]


def test_a_walk_in_comes_in_once_by_phone(door: Door) -> None:
    assert [door.walk_in("张伟", "138 0013 8000"), door.walk_in("小张", "13800138000")] == ["admitted", "already_in"]


def test_a_walk_in_by_phone_is_the_member_whose_phone_it_is(people: People, door: Door) -> None:
    member_id = people.member("海河", company_name="海河物流有限公司")
    door.walk_in("海河", people.phone_of(member_id))
    fact = door.facts()[-1]
    assert (fact.member_id, fact.guest_id, fact.flags) == (member_id, member_id, [])
    assert "海河物流有限公司" in door.page()


def test_a_walk_in_by_phone_is_the_signup_of_that_member(people: People, door: Door) -> None:
    member_id = door.signed_up("王建国")
    assert door.walk_in("王建国", people.phone_of(member_id)) == "admitted"
    assert door.signup(member_id).attended_at is not None
    assert door.scan(door.ticket(member_id)) == "already_in"
    assert 'data-count="walk-ins">0<' in door.page().html


def test_a_walk_in_whose_phone_is_somebody_elses_is_flagged(people: People, door: Door) -> None:
    member_id = people.member("海河")
    door.walk_in("赵六", people.phone_of(member_id))
    assert door.facts()[-1].flags == ["name_differs"]
    assert "登记的姓名和这个手机号的会员不同" in door.page()


def test_who_walked_in_and_signs_up_afterwards_is_not_let_in_twice(people: People, door: Door) -> None:
    member_id = people.member("海河")
    door.walk_in("海河", people.phone_of(member_id))
    door.sign_up(member_id)
    assert door.check_in(member_id) == "already_in"
    assert door.signup(member_id).attended_at is not None


def test_the_phone_gives_a_checkin_its_id_once(door: Door) -> None:
    given = str(new_id())
    door.post(walk_in_name="张三", id=given, device="门口的手机")
    assert (str(door.facts()[0].id), door.facts()[0].device) == (given, "门口的手机")
    page = door.organizer.post(door.checkins_url, {"walk_in_name": "李四", "id": given})
    assert page.status == 409
    assert len(door.facts()) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"ticket": " "},
        {"walk_in_phone": "13800138000"},
        {"walk_in_name": "张三", "walk_in_phone": "110"},
        {"signup_id": "nobody"},
        {"ticket": "x" * 100_000},
        {"walk_in_name": "\x00"},
    ],
)
def test_a_checkin_of_nobody_is_shown_again_with_what_is_missing(door: Door, fields: dict[str, str]) -> None:
    page = door.organizer.post(door.checkins_url, fields)
    assert page.status == 422
    assert "还有地方要改" in page
    assert door.facts() == []


def test_one_checkin_is_one_person(door: Door) -> None:
    page = door.organizer.post(door.checkins_url, {"ticket": "HY1.a.b.c", "walk_in_name": "张三"})
    assert page.status == 422
    assert "一次只能登记一个人" in page


def test_an_undone_checkin_leaves_its_trace_and_the_person_may_come_in_again(app: Flask, door: Door) -> None:
    member_id = door.signed_up("王建国")
    door.check_in(member_id)
    clock.advance(minutes=1)
    fact = door.facts()[0]
    assert door.undo(fact.id, "点错了人").location == door.url
    undone = door.facts()[0]
    assert (undone.inside, undone.undone_at, undone.undo_reason) == (False, now(), "点错了人")
    assert undone.undone_by_id == door.organizer_id
    assert door.signup(member_id).attended_at is None
    assert door.page().state("checkin", fact.id) == "undone"
    assert door.page().state("signup", door.signup_id(member_id)) == "confirmed"
    with app.app_context():
        assert db.session.scalars(
            select(AuditValues.reason).join(AuditEntry).where(AuditEntry.act == "checkin.undo")
        ).all() == ["点错了人"]
    assert door.scan(door.ticket(member_id)) == "admitted"


def test_a_checkin_is_undone_once(door: Door) -> None:
    door.walk_in("张三")
    fact = door.facts()[0]
    door.undo(fact.id, "走错了")
    page = door.organizer.post(f"{door.checkins_url}/{fact.id}/undo", {}, follow=True)
    assert "已经撤销过了" in page
    assert door.facts()[0].undo_reason == "走错了"


def test_undoing_a_scan_that_let_nobody_in_leaves_who_is_inside(door: Door) -> None:
    member_id = door.signed_up("王建国")
    door.check_in(member_id)
    clock.advance(seconds=1)
    door.check_in(member_id)
    door.undo(door.facts()[1].id)
    assert door.signup(member_id).attended_at is not None
    assert door.check_in(member_id) == "already_in"


def test_a_checkin_is_undone_at_its_own_door(app: Flask, people: People, door: Door) -> None:
    other = Door(app, people)
    other.walk_in("张三")
    assert door.undo(other.facts()[0].id).status == 404
    assert door.undo(new_id()).status == 404


def test_an_undo_of_what_is_not_there_is_refused(app: Flask, door: Door) -> None:
    person = Viewer(door.organizer_id, new_id(), "程门", "member")
    with app.test_request_context():
        act = Act(str(person.id), str(new_id()), person, str(new_id()))
        assert perform("checkin.undo", act, {}).status == 404
        act = Act(str(person.id), str(new_id()), person, str(new_id()))
        assert perform("checkin.record", act, {"walk_in_name": "张三"}).status == 404


def test_other_members_and_other_organizers_do_nothing_at_this_door(people: People, door: Door) -> None:
    signup_id = str(door.signup_id(door.signed_up("王建国")))
    door.walk_in("张三")
    fact = door.facts()[0]
    for browser in (people.logged_in("路过")[1], people.logged_in("别场", "organizer")[1]):
        assert browser.post(door.checkins_url, {"signup_id": signup_id}).status == 403
        assert door.undo(fact.id, browser=browser).status == 403
    assert len(door.facts()) == 1
    assert door.facts()[0].inside


def test_a_visitor_is_sent_to_log_in(client: Browser, door: Door) -> None:
    assert client.post(door.checkins_url, {"walk_in_name": "张三"}).location.startswith("/login")
    assert client.get(door.url).status == 303


def test_an_admin_may_stand_at_any_door(people: People, door: Door) -> None:
    _, admin = people.logged_in("管理", "admin")
    assert door.post(admin, walk_in_name="张三") == "admitted"
    assert door.facts()[0].recorded_by_id != door.organizer_id


def test_in_place_the_answer_is_the_parts_that_changed(door: Door) -> None:
    first, second = door.signed_up("王建国"), door.signed_up("李四")
    in_place = {"HX_Request": "true", "HX_Request_Type": "partial"}
    page = door.organizer.post(door.checkins_url, {"signup_id": str(door.signup_id(first))}, **in_place)
    assert page.status == 303
    parts = door.organizer.get(page.location, **in_place)
    assert parts.state("signup", door.signup_id(first)) == "attended"
    assert parts.state("signup", door.signup_id(second)) is None
    assert 'hx-target="#door-counts"' in parts.html
    assert "王建国，请进" in parts
    assert len(parts.html) < 12_000


def test_in_place_what_is_missing_is_said_in_the_form(door: Door) -> None:
    in_place = {"HX_Request": "true", "HX_Request_Type": "partial"}
    page = door.organizer.post(door.checkins_url, {"walk_in_name": ""}, **in_place)
    assert page.status == 422
    assert 'hx-target="#door-entry"' in page.html
    assert "还有地方要改" in page
    page = door.organizer.post(door.checkins_url, {"signup_id": str(new_id())}, **in_place)
    assert page.status == 404
    assert '<p class="box bad">名单上没有这个人' in page.html
