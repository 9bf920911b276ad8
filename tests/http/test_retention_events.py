"""What is left of events and consultations when their time is over."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from io import BytesIO

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.door import service as doors
from blueprints.door.models import Checkin
from blueprints.events.models import Signup
from blueprints.experts import service as experts
from blueprints.experts.models import Consultation
from core.clock import clock
from core.database import db
from tests.door import Door
from tests.people import People
from tests.retention import count, everything, forget
from tests.world import World, build

pytestmark = pytest.mark.unhurried


@pytest.fixture
def world(app: Flask, people: People) -> World:
    return build(app, people)


@pytest.fixture
def door(app: Flask, people: People) -> Door:
    return Door(app, people)


def full_house(door: Door) -> None:
    """Three signed up of whom two came, one waited and was let in, two strangers walked in, one of them twice."""
    for name in ("王建国", "海河"):
        door.check_in(door.signed_up(name))
    door.signed_up("没来")
    waiting = door.signed_up("候补的", "waitlisted")
    door.post(signup_id=str(door.signup_id(waiting)), walk_in_name="候补的")
    for _ in range(2):
        door.walk_in("路过的张总", "13800138000")
    door.walk_in("过路的李总")


def test_what_walk_ins_left_is_gone_90_days_after_the_event(app: Flask, people: People, door: Door) -> None:
    full_house(door)
    door.walk_in("熟人", people.phone_of(people.member("熟人")))
    clock.advance(days=90, hours=3)
    guests = {fact.guest_id for fact in door.facts()}
    assert "door.walk_ins" not in forget(app)
    clock.advance(seconds=1)
    assert forget(app)["door.walk_ins"] == 5
    left = everything(app)
    assert not [word for word in ("路过的张总", "过路的李总", "13800138000") if word in left]
    stranger = uuid.uuid5(door.event_id, "13800138000")
    facts = door.facts()
    assert stranger in guests
    assert stranger not in {fact.guest_id for fact in facts}
    assert [fact.verdict for fact in facts if fact.source == "walk_in"].count("already_in") == 1
    with app.app_context():
        assert doors.attended_count(door.event_id) == 6
    page = people.browser(door.organizer_id).get(door.url)
    assert 'data-count="admitted">6<' in page.html
    assert page.text.count("（未留姓名）") >= 3
    assert "熟人" in page
    assert "候补的" in page


def test_who_left_no_name_is_said_so_on_paper_and_in_english(app: Flask, people: People, door: Door) -> None:
    full_house(door)
    clock.advance(days=91)
    forget(app)
    organizer = people.browser(door.organizer_id)
    page = organizer.get(f"/events/{door.event_id}/attendance")
    assert page.text.count("（未留姓名）") == 2
    sheet = openpyxl.load_workbook(BytesIO(organizer.get(f"/events/{door.event_id}/attendance.xlsx").response.data))
    names = [row[0].value for row in sheet.active.iter_rows(min_row=2)]
    assert names == ["海河", "候补的", "王建国", "（未留姓名）", "（未留姓名）", "没来"]
    organizer.post("/display", {"language": "en"})
    assert "(no name kept)" in organizer.get(door.url)


def test_two_years_after_an_event_only_numbers_are_left(app: Flask, people: People, door: Door) -> None:
    full_house(door)
    url = f"/events/{door.event_id}"
    clock.freeze(datetime(2028, 11, 21, 5, tzinfo=UTC))
    assert "door.attendance" not in forget(app)
    organizer = people.browser(door.organizer_id)
    old = {page: organizer.get(page, Fragment="main").headers["ETag"] for page in (url, door.url)}
    assert "王建国" in organizer.get(url)
    clock.advance(seconds=1)
    assert forget(app)["door.attendance"] == 6 + 4
    assert (count(app, Signup), count(app, Checkin)) == (0, 0)
    with app.app_context():
        assert doors.attended_count(door.event_id) == 5
    for page, etag in old.items():
        assert organizer.get(page, Fragment="main").headers["ETag"] != etag
        assert "只留人数" in organizer.get(page)
        assert "王建国" not in organizer.get(page)
    assert "报名 3 人，到场 5 人" in organizer.get(url)
    for counted in ('"admitted">5<', '"expected">3<', '"walk-ins">3<'):
        assert f"data-count={counted}" in organizer.get(door.url).html
    page = organizer.get(f"{url}/attendance")
    assert "到场 5 没来 1 没报名到场的 3" in page
    assert "只留人数" in page
    sheet = openpyxl.load_workbook(BytesIO(organizer.get(f"{url}/attendance.xlsx").response.data))
    assert "报名 3 人，到场 5 人" in str(sheet.active["A2"].value)


def test_a_fact_that_comes_after_two_years_is_added_to_the_numbers(app: Flask, people: People, door: Door) -> None:
    door.check_in(door.signed_up("王建国"))
    clock.advance(days=800)
    forget(app)
    door.post(people.browser(door.organizer_id), walk_in_name="迟到的")
    with app.app_context():
        assert doors.attended_count(door.event_id) == 2
    assert forget(app)["door.attendance"] == 1
    with app.app_context():
        assert doors.attended_count(door.event_id) == 2


# Consultations


def test_three_years_after_its_end_a_consultation_is_figures_alone(app: Flask, world: World) -> None:
    with app.test_request_context():
        before = experts.figures()["environment"]
        months = sum(number for _, number in experts.by_month(48))
    words = ("先换滤棉", "气味小了", "这归安监")
    assert all(word in everything(app) for word in words)
    clock.freeze(datetime(2029, 11, 21, 1, tzinfo=UTC))
    assert "experts.consultations" not in forget(app)
    clock.advance(days=1)
    assert forget(app)["experts.consultations"] == 3
    left = everything(app)
    assert not [word for word in words if word in left]
    with app.test_request_context():
        after = experts.figures()["environment"]
        assert sum(number for _, number in experts.by_month(48)) == months
        rows = db.session.scalars(select(Consultation).where(Consultation.member_id.is_(None))).all()
        assert {(row.topic, row.body, row.expert_id) for row in rows} == {("", "", None)}
        assert all(row.requested_at and (row.completed_at or row.closed_at) for row in rows)
    assert (after.total, after.done, after.ratings, after.stars) == (
        before.total, before.done, before.ratings, before.stars,
    )  # fmt: skip
    for role in ("member", "lead", "expert", "admin"):
        browser = world.people.browser(world.who[role])
        assert browser.get(f"/consultations/{world.things['rated_consultation']}").status == 404
        for page in ("/consultations", "/consultations?as=all", "/", "/experts/environment"):
            assert browser.get(page).status == 200
        assert world.things["rated_consultation"] not in browser.get("/consultations?as=all").html
    assert "喷漆房的废气" in world.people.browser(world.who["member"]).get("/consultations")


def test_nobody_does_anything_with_a_forgotten_consultation(app: Flask, world: World) -> None:
    clock.advance(days=1200)
    forget(app)
    for role, name, fields in (
        ("member", "rating", {"stars": "1"}),
        ("lead", "decline", {"reason": "晚了。"}),
    ):
        url = f"/consultations/{world.things['completed_consultation']}/{name}"
        assert world.people.browser(world.who[role]).post(url, fields).status == 404
