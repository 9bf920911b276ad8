"""Several phones at one door: what they uploaded late, in whatever order, comes to one state; flags are tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from blueprints.door.models import Checkin
from core.clock import clock, now
from core.database import db, new_id
from tests.client import Page
from tests.door import Door
from tests.people import People
from tests.phones import Phone


@pytest.fixture
def door(app: Flask, people: People) -> Door:
    return Door(app, people)


class DoorPhone(Phone):
    """A phone at this door, with a device id of its own."""

    def __init__(self, door: Door) -> None:
        super().__init__(door.people.browser(door.organizer_id), door.organizer_id)
        self.door, self.device = door, str(new_id())

    def scan(self, minutes: float = 0, told: str | None = "admitted", **fields: str) -> dict[str, Any]:
        """An operation of so many minutes ago."""
        known = {"told": told} if told else {}
        return self.op(
            "checkin.record",
            self.door.event_id,
            lane=f"event:{self.door.event_id}",
            occurred_at=(now() - timedelta(minutes=minutes)).isoformat(),
            fields={"id": str(new_id()), "device": self.device, **known, **fields},
        )

    def undo(self, scan: dict[str, Any], minutes: float = 0, reason: str = "") -> dict[str, Any]:
        return self.op(
            "checkin.undo",
            scan["fields"]["id"],
            lane=scan["lane"],
            after=scan["op_id"],
            occurred_at=(now() - timedelta(minutes=minutes)).isoformat(),
            fields={"reason": reason},
        )


def facts(door: Door) -> dict[str, tuple[str, bool, list[str]]]:
    """What each fact came to, by its id."""
    return {str(fact.id): (fact.verdict, fact.inside, fact.flags) for fact in door.facts()}


def attendance(door: Door) -> Page:
    return door.organizer.get(f"/events/{door.event_id}/attendance")


@pytest.mark.parametrize("late_first", [False, True])
@pytest.mark.parametrize("told", ["admitted", None])
def test_the_earliest_scan_admits_whichever_phone_uploads_first(door: Door, late_first: bool, told: str | None) -> None:
    ticket = door.ticket(member_id := door.signed_up("王建国"))
    one, two = DoorPhone(door), DoorPhone(door)
    early, late = one.scan(12, told, ticket=ticket), two.scan(7, told, ticket=ticket)
    for phone, scan in [(two, late), (one, early)] if late_first else [(one, early), (two, late)]:
        assert phone.decided(scan) == ["accepted"]
    assert facts(door) == {
        early["fields"]["id"]: ("admitted", True, []),
        late["fields"]["id"]: ("already_in", False, ["twice"]),
    }
    assert door.signup(member_id).attended_at == now() - timedelta(minutes=12)


def test_the_same_phone_again_is_no_conflict(door: Door) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    phone = DoorPhone(door)
    answer = phone.send(phone.scan(12, None, ticket=ticket), phone.scan(7, None, ticket=ticket))
    assert [told["verdict"]["verdict"] for told in answer["ops"]] == ["admitted", "already_in"]
    assert [fact.flags for fact in door.facts()] == [[], []]


def test_who_was_told_already_in_is_no_conflict(door: Door) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    one, two = DoorPhone(door), DoorPhone(door)
    one.send(one.scan(12, ticket=ticket))
    two.send(two.scan(7, "already_in", ticket=ticket))
    assert [fact.flags for fact in door.facts()] == [[], []]


def test_a_scan_that_was_answered_here_loses_to_an_earlier_one_that_comes_late(door: Door) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    phone = DoorPhone(door)
    earlier = phone.scan(5, ticket=ticket)
    assert door.scan(ticket) == "admitted"
    phone.send(earlier)
    assert sorted((fact.verdict, fact.inside, tuple(fact.flags)) for fact in door.facts()) == [
        ("admitted", True, ()),
        ("already_in", False, ("twice",)),
    ]


def test_at_the_same_instant_the_operations_id_decides(door: Door) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    one, two = DoorPhone(door), DoorPhone(door)
    first, second = one.scan(5, ticket=ticket), two.scan(5, ticket=ticket)
    two.send(second)
    one.send(first)
    smaller = min(first, second, key=lambda op: op["op_id"])
    assert [key for key, (_, inside, _) in facts(door).items() if inside] == [smaller["fields"]["id"]]


def test_undoing_the_admission_lets_the_next_scan_admit(door: Door) -> None:
    ticket = door.ticket(member_id := door.signed_up("王建国"))
    one, two = DoorPhone(door), DoorPhone(door)
    first, second = one.scan(12, ticket=ticket), two.scan(7, ticket=ticket)
    one.send(first)
    two.send(second)
    assert one.decided(one.undo(first, 2, "扫错了人")) == ["accepted"]
    assert facts(door)[second["fields"]["id"]] == ("admitted", True, [])
    assert door.signup(member_id).attended_at == now() - timedelta(minutes=7)
    assert "等您看一眼的" not in attendance(door)


def test_a_scan_and_its_undo_travel_together_and_leave_their_trace(door: Door) -> None:
    phone = DoorPhone(door)
    scan = phone.scan(5, ticket=door.ticket(member_id := door.signed_up("王建国")))
    assert phone.decided(scan, phone.undo(scan, 4, "点错了")) == ["accepted", "accepted"]
    (fact,) = door.facts()
    assert (fact.inside, fact.undo_reason, fact.undone_at) == (False, "点错了", now() - timedelta(minutes=4))
    assert door.signup(member_id).attended_at is None


def test_who_had_cancelled_and_was_let_in_from_an_old_list_is_a_task(door: Door) -> None:
    ticket_holder = door.signed_up("曾长河", "cancelled")
    phone = DoorPhone(door)
    phone.send(phone.scan(5, ticket=door.ticket(ticket_holder)))
    assert [(fact.verdict, fact.inside, fact.flags) for fact in door.facts()] == [("cancelled", False, ["let_in"])]
    assert "曾长河 手机放行了，按名单和规则不该放行" in attendance(door)


def test_who_was_turned_away_by_an_old_list_is_a_task_until_they_came_in(door: Door) -> None:
    ticket = door.ticket(door.signed_up("曾长河"))
    phone = DoorPhone(door)
    phone.send(phone.scan(5, "waitlisted", ticket=ticket))
    assert [(fact.verdict, fact.inside, fact.flags) for fact in door.facts()] == [
        ("waitlisted", False, ["turned_away"])
    ]
    phone.send(phone.scan(4, ticket=ticket))
    assert [fact.flags for fact in door.facts()] == [[], []]


def test_an_unknown_ticket_that_the_server_knows_is_simply_admitted(door: Door) -> None:
    phone = DoorPhone(door)
    phone.send(phone.scan(5, "signed_but_unknown", ticket=door.ticket(door.signed_up("王建国"))))
    assert [(fact.verdict, fact.flags) for fact in door.facts()] == [("admitted", [])]


def test_a_walk_in_by_phone_number_is_the_sign_up_that_was_scanned_elsewhere(people: People, door: Door) -> None:
    member_id = door.signed_up("王建国")
    one, two = DoorPhone(door), DoorPhone(door)
    scan = one.scan(12, ticket=door.ticket(member_id))
    walk_in = two.scan(7, walk_in_name="王建国", walk_in_phone=people.phone_of(member_id))
    two.send(walk_in)
    one.send(scan)
    assert facts(door)[walk_in["fields"]["id"]] == ("already_in", False, ["twice"])
    assert 'data-count="admitted">1<' in door.page().html


def test_a_conflict_is_one_task_and_resolved_by_a_click(door: Door) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    one, two = DoorPhone(door), DoorPhone(door)
    one.send(one.scan(12, ticket=ticket))
    two.send(late := two.scan(7, ticket=ticket))
    assert "有 1 件等您看一眼" in door.page()
    report = door.url.replace("/door", "/attendance")
    page = door.organizer.get(report)
    assert page.text.count("同一张票在两台手机上都放行了：09:48 由 程门，09:53 由 程门") == 1
    url = f"{door.checkins_url}/{late['fields']['id']}/resolve"
    assert f'action="{url}"' in page.html
    assert door.organizer.post(url, {}).location == report
    assert "等您看一眼" not in door.page()
    assert "等您看一眼的" not in door.organizer.get(report)
    two.send(two.scan(6, ticket=ticket))
    assert "等您看一眼" not in door.page()
    assert "已经处理过了" in door.organizer.post(url, {}, follow=True)


def test_other_organizers_resolve_nothing_here(people: People, door: Door) -> None:
    _, other = people.logged_in("别场", "organizer")
    door.walk_in("海河", people.phone_of(people.member("河海")))
    url = f"{door.checkins_url}/{door.facts()[0].id}/resolve"
    assert other.post(url, {}).status == 403
    assert door.organizer.post(f"{door.checkins_url}/{new_id()}/resolve", {}).status == 404


def test_a_phone_whose_clock_is_days_wrong_is_corrected(door: Door) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    phone, wrong = DoorPhone(door), timedelta(days=3)
    scan = phone.scan(5, ticket=ticket)
    scan["occurred_at"] = (now() - timedelta(minutes=5) + wrong).isoformat()
    phone.send(scan, sent_at=(now() + wrong).isoformat())
    assert door.facts()[0].occurred_at == now() - timedelta(minutes=5)


# What phones tell each other


def news(door: Door, since: int = 0) -> dict[str, Any]:
    answer: dict[str, Any] = door.organizer.get(f"{door.url}/news?since={since}").response.get_json()
    return answer


def test_a_phone_hears_what_others_saw_since(door: Door) -> None:
    member_id = door.signed_up("王建国")
    start = door.organizer.get(f"{door.url}/pack").response.get_json()["serial"]
    assert news(door, start)["facts"] == []
    door.check_in(member_id)
    heard = news(door, start)
    (fact,) = heard["facts"]
    assert (fact["name"], fact["inside"], fact["by"], fact["guest"]) == ("王建国", True, "程门", str(member_id))
    assert news(door, heard["serial"]) == {**heard, "facts": []}
    door.undo(door.facts()[0].id)
    (fact,) = news(door, heard["serial"])["facts"]
    assert fact["undone"]
    assert "inside" not in fact


def test_news_tells_of_a_verdict_that_has_changed(door: Door) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    one, two = DoorPhone(door), DoorPhone(door)
    two.send(late := two.scan(7, ticket=ticket))
    known = news(door)["serial"]
    one.send(early := one.scan(12, ticket=ticket))
    told = {fact["id"]: (fact["verdict"], fact.get("inside", False)) for fact in news(door, known)["facts"]}
    assert told == {early["fields"]["id"]: ("admitted", True), late["fields"]["id"]: ("already_in", False)}


def test_news_says_when_the_roster_is_another(door: Door) -> None:
    door.signed_up("王建国")
    stamp = news(door)["roster"]
    door.check_in(door.signed_up("李四"))
    changed = news(door)["roster"]
    assert changed != stamp
    door.walk_in("路人")
    assert news(door)["roster"] == changed


def test_news_is_short_and_cheap_when_there_is_none(door: Door) -> None:
    for _ in range(3):
        door.walk_in("路人")
    serial = news(door)["serial"]
    door.organizer.get(f"{door.url}/news?since={serial}")
    page = door.organizer.get(f"{door.url}/news?since={serial}")
    assert len(page.response.data) < 200
    assert len(page.queries) <= 5
    assert news(door, 10**12)["facts"]
    assert door.organizer.get(f"{door.url}/news?since=x").status == 200


# Helpers


def invitation(door: Door) -> str:
    page = door.organizer.get(f"/events/{door.event_id}/door/staff")
    return page.html.partition("/door/join/")[2][:32]


def test_a_helper_joins_by_the_organizers_code_and_stands_at_this_door_alone(
    app: Flask, people: People, door: Door
) -> None:
    helper_id, helper = people.logged_in("范帮手")
    assert helper.get(door.url).status == 403
    code = invitation(door)
    page = helper.get(f"/events/{door.event_id}/door/join/{code}")
    assert "我来帮忙签到" in page
    assert helper.post(f"/events/{door.event_id}/door/staff", {"code": code}).location == door.url
    member_id = door.signed_up("王建国")
    assert door.post(helper, ticket=door.ticket(member_id)) == "admitted"
    assert door.facts()[0].recorded_by_id == helper_id
    assert helper.get(f"{door.url}/pack").response.get_json()["runs_it"] is False
    assert "打开签到" in helper.get("/door")
    for theirs in ("attendance", "attendance.xlsx", "edit", "door/staff"):
        assert helper.get(f"/events/{door.event_id}/{theirs}").status == 403
    other = Door(app, people)
    assert helper.get(other.url).status == 403


def test_a_helpers_right_ends_a_day_after_the_event(people: People, door: Door) -> None:
    _, helper = people.logged_in("范帮手")
    helper.post(f"/events/{door.event_id}/door/staff", {"code": invitation(door)})
    clock.advance(hours=26)
    assert helper.get(door.url).status == 200
    clock.advance(hours=2)
    assert helper.get(door.url).status == 403
    assert "我帮忙的" not in helper.get("/door")
    assert helper.post(door.checkins_url, {"walk_in_name": "张三"}).status == 403


def test_a_helper_is_listed_and_sent_home(people: People, door: Door) -> None:
    _, helper = people.logged_in("范帮手")
    helper.post(f"/events/{door.event_id}/door/staff", {"code": invitation(door)})
    page = door.organizer.get(f"/events/{door.event_id}/door/staff")
    assert "范帮手" in page
    url = page.html.partition('action="')[2]
    url = next(
        part.partition('"')[0] for part in page.html.split('action="')[1:] if "dismiss" in part.partition('"')[0]
    )
    assert helper.post(url, {}).status == 403
    assert door.organizer.post(url, {}).status == 303
    assert helper.get(door.url).status == 403
    assert "还没有帮手" in door.organizer.get(f"/events/{door.event_id}/door/staff")
    assert door.organizer.post(url, {}).status == 404


def test_an_old_code_is_worthless(people: People, door: Door) -> None:
    _, helper = people.logged_in("范帮手")
    old = invitation(door)
    door.organizer.post(f"/events/{door.event_id}/door/invitation", {})
    assert invitation(door) != old
    assert "已经失效" in helper.get(f"/events/{door.event_id}/door/join/{old}")
    assert helper.post(f"/events/{door.event_id}/door/staff", {"code": old}).status == 409
    assert helper.post(f"/events/{door.event_id}/door/staff", {"code": "猜"}).status == 409
    assert helper.get(door.url).status == 403


def test_nobody_joins_when_it_is_over(people: People, door: Door) -> None:
    _, helper = people.logged_in("范帮手")
    code = invitation(door)
    clock.advance(hours=28)
    assert "不再加帮手" in door.organizer.get(f"/events/{door.event_id}/door/staff")
    assert helper.post(f"/events/{door.event_id}/door/staff", {"code": code}).status == 409


def test_who_joins_twice_is_told_so(people: People, door: Door) -> None:
    _, helper = people.logged_in("范帮手")
    code = invitation(door)
    for _ in range(2):
        page = helper.post(f"/events/{door.event_id}/door/staff", {"code": code}, follow=True)
    assert "已经可以在这里签到" in page


# Afterwards


def test_who_came_is_thanked_and_who_did_not_is_missed_once_each(people: People, door: Door) -> None:
    came, missed = door.signed_up("王建国"), door.signed_up("李四")
    door.check_in(came)
    door.walk_in("路人")
    url = f"/events/{door.event_id}/attendance/notices"
    assert door.organizer.post(url, {"whom": "came"}).status == 409
    clock.advance(hours=4)
    assert attendance(door).html.count(f'action="{url}"') == 2
    assert "写给了 1 位" in door.organizer.post(url, {"whom": "came"}, follow=True)
    assert "写给了 1 位" in door.organizer.post(url, {"whom": "missed"}, follow=True)
    assert "只写一次" in door.organizer.post(url, {"whom": "came"}, follow=True)
    assert "谢谢您来参加" in people.browser(came).get("/notices")
    assert "没能见到您" in people.browser(missed).get("/notices")
    assert "没能见到您" not in people.browser(came).get("/notices")
    assert attendance(door).text.count("写过了") == 2


def test_the_report_says_when_and_from_where_they_came(door: Door) -> None:
    for number in range(3):
        door.check_in(door.signed_up(company_name="津门钢构有限公司" if number else "海河物流有限公司"))
        clock.advance(minutes=10)
    page = attendance(door)
    assert "几点进场" in page
    assert "津门钢构有限… 2" in page


def test_facts_of_before_this_release_count_as_they_stood(app: Flask, door: Door) -> None:
    door.check_in(door.signed_up("王建国"))
    with app.app_context():
        fact = db.session.get_one(Checkin, door.facts()[0].id)
        assert (fact.told, fact.says, fact.serial) == ("admitted", "admitted", 1)


@pytest.mark.parametrize("how", ["resolve", "undo"])
def test_what_was_flagged_at_my_door_needs_me_until_i_have_seen_to_it(people: People, door: Door, how: str) -> None:
    ticket = door.ticket(door.signed_up("王建国"))
    sentence = "签到有 1 件等您看一眼"
    assert sentence not in door.organizer.get("/")
    one, two = DoorPhone(door), DoorPhone(door)
    one.send(one.scan(12, ticket=ticket))
    two.send(two.scan(7, ticket=ticket))
    turns = door.organizer.get("/").html.split('id="turns"')[1].split("</section>")[0]
    assert sentence in turns
    assert f'href="/events/{door.event_id}/attendance#tasks"' in turns
    (flagged,) = [fact for fact in door.facts() if fact.flagged]
    assert sentence not in people.logged_in("", "organizer")[1].get("/")
    door.organizer.post(f"/events/{door.event_id}/checkins/{flagged.id}/{how}")
    assert sentence not in door.organizer.get("/")
