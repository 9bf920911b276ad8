from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.events.models import Event
from blueprints.events.service import ticket_signer
from blueprints.notices.models import Notice
from core.audit import AuditEntry
from core.clock import clock, now
from core.crypto import read_ticket
from core.database import db, new_id
from tests.client import Browser, Page
from tests.events import local_text, make_event, plan, seats, signup_id
from tests.people import People


def planned(page: Page) -> str:
    assert page.status == 303, page
    return page.location


def kinds_told(app: Flask) -> list[tuple[str, object]]:
    with app.app_context():
        return [(kind, member) for kind, member in db.session.execute(select(Notice.kind, Notice.member_id))]


def test_an_organizer_plans_an_event_and_runs_it(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    url = planned(organizer.post("/events", plan(trades="construction,finance", body="带二十张名片。\n不设主席台。")))
    page = organizer.get(url)
    for words in ("建筑遇上金融", "商务对接", "海棠里议事厅", "建筑、金融", "带二十张名片。", "王组织", "会员活动"):
        assert words in page
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
        assert event.organizer_id == organizer_id
        assert event.signup_closes_at == event.starts_at
        assert "PRIVATE" not in event.ticket_key
        signer = ticket_signer(event)
        assert read_ticket(signer.sign(event.id, event.id), signer.public_key).event_id == event.id
        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.act, entry.actor_id, entry.subject_id) == ("event.create", organizer_id, str(event.id))


def test_only_organizers_and_admins_plan_events(people: People, client: Browser) -> None:
    _, member = people.logged_in()
    _, admin = people.logged_in("管理员", "admin")
    assert member.get("/events/new").status == 403
    assert member.post("/events", plan()).status == 403
    assert client.post("/events", plan()).location.startswith("/login")
    assert admin.post("/events", plan()).status == 303


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "请填写名称"),
        ({"kind": "party"}, "请从给出的选项里选"),
        ({"capacity": "0"}, "应在 1 到 10000 之间"),
        ({"ends_at": "2026-11-28T09:00"}, "结束要晚于开始"),
        ({"ends_at": "2027-01-05T10:00"}, "一场活动最长 30 天"),
        ({"signup_closes_at": "2026-11-28T10:01"}, "报名截止不能晚于活动开始"),
        ({"starts_at": "2026-11-20T10:00"}, "开始时间已经过去了"),
        ({"starts_at": "soon"}, "还有地方要改"),
    ],
)
def test_a_plan_that_cannot_be_comes_back_with_what_was_typed(
    people: People, changes: dict[str, str], sentence: str
) -> None:
    _, organizer = people.logged_in("王组织", "organizer")
    page = organizer.post("/events", plan(**{"venue": "解放桥", **changes}))
    assert page.status == 422
    assert sentence in page
    assert 'value="解放桥"' in page.html


def test_only_its_organizer_and_admins_change_an_event(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    _, other = people.logged_in("李组织", "organizer")
    _, admin = people.logged_in("管理员", "admin")
    url = f"/events/{make_event(app, organizer_id)}"
    for page in (
        other.get(f"{url}/edit"),
        other.post(url, plan(title="改")),
        other.post(f"{url}/cancel", {"reason": "改"}),
    ):
        assert page.status == 403
    assert "修改" not in other.get(url)
    for title, browser in (("再来一次", organizer), ("管理员改的", admin)):
        assert browser.get(f"{url}/edit").status == 200
        planned(browser.post(url, plan(title=title)))
        assert title in browser.get(url)
    assert organizer.get(f"/events/{new_id()}/edit").status == 404
    assert organizer.post(f"/events/{new_id()}", plan()).status == 404
    assert organizer.post(f"/events/{new_id()}/cancel", {"reason": "改"}).status == 404


def test_sign_up_that_ends_with_the_start_goes_with_it(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    url = f"/events/{make_event(app, organizer_id)}"
    form = organizer.get(f"{url}/edit")
    assert form.value("signup_closes_at") == ""
    for starts, ends in (("2026-11-30T10:00", "2026-11-30T12:00"), ("2026-11-25T10:00", "2026-11-25T12:00")):
        version = organizer.get(f"{url}/edit").value("version")
        planned(organizer.post(url, plan(starts_at=starts, ends_at=ends, version=version)))
        with app.app_context():
            event = db.session.scalars(select(Event)).one()
            assert local_text(event.signup_closes_at) == local_text(event.starts_at) == starts
    version = organizer.get(f"{url}/edit").value("version")
    planned(
        organizer.post(url, plan(starts_at=starts, ends_at=ends, signup_closes_at="2026-11-24T10:00", version=version))
    )
    assert organizer.get(f"{url}/edit").value("signup_closes_at") == "2026-11-24T10:00"


def test_the_second_of_two_editors_sees_both_versions_and_can_save_again(app: Flask, people: People) -> None:
    organizer_id, first = people.logged_in("王组织", "organizer")
    _, second = people.logged_in("管理员", "admin")
    url = f"/events/{make_event(app, organizer_id)}"
    opened = second.get(f"{url}/edit").value("version")
    planned(first.post(url, plan(title="头一个改的", venue="滨江道", version="1")))
    page = second.post(url, plan(title="第二个改的", version=opened))
    assert page.status == 409
    assert "您打开之后，别人改过这里" in page
    assert "头一个改的" in page
    assert "滨江道" in page
    assert 'value="第二个改的"' in page.html
    assert "头一个改的" in first.get(url)
    planned(second.post(url, plan(title="第二个改的", version=page.value("version"))))
    assert "第二个改的" in first.get(url)


def test_an_edit_may_name_the_operation_that_it_builds_on(app: Flask, people: People) -> None:
    _, organizer = people.logged_in("王组织", "organizer")
    made = str(new_id())
    url = planned(organizer.post("/events", plan(op_id=made)))
    planned(organizer.post(url, plan(title="改过", version=made)))
    assert organizer.post(url, plan(title="又改", version=made)).status == 409


def test_more_seats_go_to_who_waits_in_the_same_step(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id, capacity=1)
    url = f"/events/{event_id}"
    members = [people.logged_in() for _ in range(4)]
    for _, browser in members:
        browser.post(f"{url}/signup")
    planned(organizer.post(url, plan(capacity=3)))
    states = [browser.get(url).state("signup", signup_id(app, event_id, key)) for key, browser in members]
    assert states == ["confirmed", "confirmed", "confirmed", "waitlisted"]
    assert seats(app, event_id) == (3, 3, 1)
    told = [member for kind, member in kinds_told(app) if kind == "event.promoted"]
    assert sorted(told) == sorted(key for key, _ in members[1:3])


def test_seats_that_are_taken_are_not_taken_away(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id, capacity=3)
    for _ in range(2):
        people.logged_in()[1].post(f"/events/{event_id}/signup")
    page = organizer.post(f"/events/{event_id}", plan(capacity=1))
    assert page.status == 409
    assert "已有 2 人报上名，名额不能少于 2" in page
    planned(organizer.post(f"/events/{event_id}", plan(capacity=2)))


def test_reopening_the_sign_up_gives_free_seats_to_who_waits(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    closes = now() + timedelta(days=1)
    event_id = make_event(app, organizer_id, capacity=1, signup_closes_at=closes)
    url = f"/events/{event_id}"
    (_, seated), (waiting_id, waiting) = people.logged_in(), people.logged_in()
    seated.post(f"{url}/signup")
    waiting.post(f"{url}/signup")
    values = plan(capacity=1)
    clock.advance(days=2)
    seated.post(f"{url}/signup/cancel")
    assert seats(app, event_id) == (0, 0, 1)
    planned(organizer.post(url, values))
    assert seats(app, event_id) == (1, 1, 0)
    assert waiting.get(url).state("signup", signup_id(app, event_id, waiting_id)) == "confirmed"


def test_a_new_time_or_place_is_told_to_all_who_signed_up_and_other_words_are_not(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id, capacity=1)
    url = f"/events/{event_id}"
    members = [people.logged_in() for _ in range(3)]
    for _, browser in members:
        browser.post(f"{url}/signup")
    members[2][1].post(f"{url}/signup/cancel")
    planned(organizer.post(url, plan(capacity=1, body="带名片。")))
    assert not kinds_told(app)
    planned(organizer.post(url, plan(capacity=1, venue="滨江道")))
    told = [("event.moved", key) for key, _ in members[:2]]
    assert sorted(kinds_told(app), key=str) == sorted(told, key=str)


def test_changes_are_on_the_audit_trail_with_what_was_before(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id)
    planned(organizer.post(f"/events/{event_id}", plan(venue="滨江道")))
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.act, entry.before, entry.after) == (
            "event.update",
            {"venue": "海棠里议事厅"},
            {"venue": "滨江道"},
        )


def test_an_event_is_not_moved_into_the_past(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    url = f"/events/{make_event(app, organizer_id)}"
    page = organizer.post(url, plan(starts_at=local_text(now() - timedelta(hours=1))))
    assert page.status in (409, 422)
    assert "开始时间已经过去了" in page or "一场活动最长" in page


def test_an_event_that_is_running_can_be_prolonged_and_one_that_is_over_cannot_be_changed(
    app: Flask, people: People
) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    starts = now() + timedelta(hours=1)
    url = f"/events/{make_event(app, organizer_id, starts_at=starts)}"
    values = plan(starts_at=local_text(starts), ends_at=local_text(starts + timedelta(hours=3)))
    clock.advance(hours=2)
    planned(organizer.post(url, values))
    clock.advance(hours=3)
    page = organizer.post(url, values)
    assert (page.status, "这场活动已经结束了" in page) == (409, True)
    page = organizer.post(f"{url}/cancel", {"reason": "太晚"})
    assert (page.status, "这场活动已经结束了" in page) == (409, True)


def test_a_cancelled_event_tells_everyone_once_and_explains_itself(app: Flask, people: People, client: Browser) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id, capacity=1, public=True)
    url = f"/events/{event_id}"
    members = [people.logged_in() for _ in range(3)]
    for _, browser in members:
        browser.post(f"{url}/signup")
    members[2][1].post(f"{url}/signup/cancel")
    assert "活动已取消" in organizer.post(f"{url}/cancel", {"reason": "场地停电"}, follow=True)
    assert "这场活动已经取消了" in organizer.post(f"{url}/cancel", {"reason": "又停电"}, follow=True)
    told = [("event.cancelled", key) for key, _ in members[:2]]
    assert sorted(kinds_told(app), key=str) == sorted(told, key=str)
    assert "场地停电" in members[1][1].get("/notices")
    for browser in (client, members[0][1]):
        page = browser.get(url)
        assert page.state("event", event_id) == "cancelled"
        assert "场地停电" in page
    assert organizer.post(url, plan()).status == 409
    page = members[0][1].post(f"{url}/signup/cancel")
    assert (page.status, "这场活动已经取消了" in page) == (409, True)


def test_a_cancellation_needs_a_reason(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    url = f"/events/{make_event(app, organizer_id)}"
    page = organizer.post(f"{url}/cancel", {"reason": " "})
    assert page.status == 422
    assert "请填写取消的原因" in page
    assert "<details open" in page.html
