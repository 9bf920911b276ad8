from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import RuleAcceptance
from blueprints.events import service
from blueprints.events.models import Event, Signup
from blueprints.notices.models import Notice
from core.clock import clock, now
from core.database import db, in_transaction, new_id
from tests.client import Browser
from tests.events import make_event, seats, signup_id
from tests.people import People


def told(app: Flask, kind: str) -> list[uuid.UUID]:
    with app.app_context():
        return list(db.session.scalars(select(Notice.member_id).where(Notice.kind == kind).order_by(Notice.id)))


class Gathering:
    """An event for so many, and members who sign up for it."""

    def __init__(self, app: Flask, people: People, capacity: int, **changes: object) -> None:
        self.app, self.people = app, people
        self.organizer_id, self.organizer = people.logged_in("王组织", "organizer")
        self.id = make_event(app, self.organizer_id, capacity=capacity, **changes)
        self.url = f"/events/{self.id}"

    def somebody(self, name: str = "") -> tuple[uuid.UUID, Browser]:
        member_id, browser = self.people.logged_in(name)
        page = browser.post(f"{self.url}/signup")
        assert page.status == 303, page
        return member_id, browser

    def state_of(self, member_id: uuid.UUID, browser: Browser) -> str | None:
        return browser.get(self.url).state("signup", signup_id(self.app, self.id, member_id))


def test_signing_up_takes_a_seat_and_says_so(app: Flask, people: People) -> None:
    event = Gathering(app, people, 2)
    member_id, browser = people.logged_in()
    page = browser.post(f"{event.url}/signup", {"note": "吃素"}, follow=True)
    assert "报名成功" in page
    assert "吃素" in page
    assert event.state_of(member_id, browser) == "confirmed"
    assert seats(app, event.id) == (1, 1, 0)


def test_a_full_event_says_the_place_in_line_as_people_count_it(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    event.somebody()
    first_id, first = event.somebody()
    second_id, second = people.logged_in()
    page = second.post(f"{event.url}/signup", follow=True)
    assert "已满，您排在候补第 2 位" in page
    assert event.state_of(second_id, second) == "waitlisted"
    first.post(f"{event.url}/signup/cancel")
    _third_id, third = event.somebody()
    assert "您排在候补第 1 位" in second.get(event.url)
    assert "您排在候补第 2 位" in third.get(event.url)
    assert event.state_of(first_id, first) == "cancelled"
    assert seats(app, event.id) == (1, 1, 2)


def test_signing_up_twice_changes_nothing(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    _, seated = event.somebody()
    _, waiting = event.somebody()
    assert "您已经报上名了" in seated.post(f"{event.url}/signup", follow=True)
    assert "您已经在候补名单里，排在第 1 位" in waiting.post(f"{event.url}/signup", follow=True)
    assert seats(app, event.id) == (1, 1, 1)


def test_the_same_operation_sent_again_has_its_effect_once(app: Flask, people: People) -> None:
    event = Gathering(app, people, 3)
    _, browser = people.logged_in()
    fields = {"op_id": str(new_id()), "note": "晚到"}
    for _ in range(3):
        assert "报名成功" in browser.post(f"{event.url}/signup", fields, follow=True)
    assert seats(app, event.id) == (1, 1, 0)


def test_a_cancelled_seat_goes_to_the_first_in_line_who_is_told(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    _, seated = event.somebody()
    first_id, first = event.somebody()
    second_id, second = event.somebody()
    assert "已取消报名" in seated.post(f"{event.url}/signup/cancel", follow=True)
    assert event.state_of(first_id, first) == "confirmed"
    assert event.state_of(second_id, second) == "waitlisted"
    assert told(app, "event.promoted") == [first_id]
    assert "由候补转为正式报名" in first.get("/notices")
    assert seats(app, event.id) == (1, 1, 1)


def test_who_leaves_the_line_frees_no_seat(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    event.somebody()
    _, first = event.somebody()
    event.somebody()
    first.post(f"{event.url}/signup/cancel")
    assert seats(app, event.id) == (1, 1, 1)
    assert not told(app, "event.promoted")


def test_signing_up_again_after_cancelling_takes_the_last_place(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    seated_id, seated = event.somebody()
    _first_id, _first = event.somebody()
    event.somebody()
    seated.post(f"{event.url}/signup/cancel")
    assert "已满，您排在候补第 2 位" in seated.post(f"{event.url}/signup", follow=True)
    assert event.state_of(seated_id, seated) == "waitlisted"
    with app.app_context():
        assert db.session.query(Signup).filter_by(event_id=event.id).count() == 3


def test_cancelling_twice_is_no_harm_and_without_a_sign_up_is_refused(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    _, browser = event.somebody()
    browser.post(f"{event.url}/signup/cancel")
    assert "您已经取消过报名了" in browser.post(f"{event.url}/signup/cancel", follow=True)
    _, stranger = people.logged_in()
    page = stranger.post(f"{event.url}/signup/cancel")
    assert (page.status, "您没有报名参加这场活动" in page) == (409, True)


def test_nobody_signs_up_after_closing_or_start_or_end(app: Flask, people: People) -> None:
    starts = now() + timedelta(days=1)
    event = Gathering(app, people, 5, starts_at=starts, signup_closes_at=starts - timedelta(hours=2))
    _, browser = people.logged_in()
    for hours, sentence in ((22, "报名已经截止了"), (2, "活动已经开始了"), (2, "这场活动已经结束了")):
        clock.advance(hours=hours)
        page = browser.post(f"{event.url}/signup")
        assert (page.status, sentence in page) == (409, True), sentence
    assert seats(app, event.id) == (0, 0, 0)


def test_after_closing_a_seat_may_be_given_back_but_nobody_is_promoted(app: Flask, people: People) -> None:
    starts = now() + timedelta(days=1)
    event = Gathering(app, people, 1, starts_at=starts, signup_closes_at=starts - timedelta(hours=2))
    _, seated = event.somebody()
    waiting_id, waiting = event.somebody()
    clock.advance(hours=23)
    assert seated.post(f"{event.url}/signup/cancel").status == 303
    assert event.state_of(waiting_id, waiting) == "waitlisted"
    assert "不再递补" in waiting.get(event.url)
    assert seats(app, event.id) == (0, 0, 1)
    assert not told(app, "event.promoted")


def test_no_sign_up_is_cancelled_after_the_start(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1, starts_at=now() + timedelta(hours=1))
    _, browser = event.somebody()
    clock.advance(hours=1)
    page = browser.post(f"{event.url}/signup/cancel")
    assert (page.status, "活动已经开始了" in page) == (409, True)
    assert seats(app, event.id) == (1, 1, 0)


def test_a_cancelled_event_takes_no_sign_up(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    event.organizer.post(f"{event.url}/cancel", {"reason": "场地停电"})
    _, browser = people.logged_in()
    page = browser.post(f"{event.url}/signup")
    assert (page.status, "这场活动已经取消了" in page) == (409, True)


def test_a_note_that_is_too_long_comes_back_with_the_page(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    _, browser = people.logged_in()
    page = browser.post(f"{event.url}/signup", {"note": "长" * 201})
    assert page.status == 422
    assert "最多 200 个字" in page
    assert "长" * 201 in page.html


def test_an_unknown_event_is_not_found(people: People) -> None:
    _, browser = people.logged_in()
    assert browser.post(f"/events/{new_id()}/signup").status == 404
    assert browser.post(f"/events/{new_id()}/signup/cancel").status == 404


def test_visitors_log_in_first_and_applicants_may_not_sign_up(app: Flask, people: People, client: Browser) -> None:
    event = Gathering(app, people, 1, public=True)
    page = client.post(f"{event.url}/signup")
    assert (page.status, page.location.partition("?")[0]) == (303, "/login")
    _, applicant = people.logged_in("周申请", status="applicant")
    assert applicant.post(f"{event.url}/signup").status == 403


def missed(app: Flask, organizer_id: uuid.UUID, member_id: uuid.UUID, days_ago: int, *, door_kept: bool = True) -> None:
    """A past event at which the member had a seat and was not seen."""
    starts = now() - timedelta(days=days_ago)
    event_id = make_event(app, organizer_id, starts_at=starts, confirmed_count=2)
    with app.app_context():
        for person, seen in ((member_id, None), (organizer_id, starts if door_kept else None)):
            db.session.add(
                Signup(event_id=event_id, member_id=person, state="confirmed", signed_up_at=starts, attended_at=seen)
            )
        db.session.commit()


def test_three_no_shows_within_a_year_leave_only_the_waitlist(app: Flask, people: People) -> None:
    event = Gathering(app, people, 5)
    member_id, browser = people.logged_in()
    for days in (200, 100, 10):
        missed(app, event.organizer_id, member_id, days)
    page = browser.post(f"{event.url}/signup", follow=True)
    assert "一年里有三次报名没来，三个月内只能排候补。您排在候补第 1 位" in page
    assert seats(app, event.id) == (0, 0, 1)


def test_the_waitlist_of_no_shows_moves_when_a_seat_is_freed(app: Flask, people: People) -> None:
    event = Gathering(app, people, 5)
    member_id, browser = people.logged_in()
    for days in (200, 100, 10):
        missed(app, event.organizer_id, member_id, days)
    browser.post(f"{event.url}/signup")
    _, seated = event.somebody()
    seated.post(f"{event.url}/signup/cancel")
    assert event.state_of(member_id, browser) == "confirmed"


@pytest.mark.parametrize(
    ("days", "door_kept"),
    [((200, 100), True), ((400, 100, 10), True), ((300, 250, 100), True), ((200, 100, 10), False)],
)
def test_fewer_or_older_no_shows_or_a_door_that_nobody_kept_have_no_consequence(
    app: Flask, people: People, days: tuple[int, ...], door_kept: bool
) -> None:
    event = Gathering(app, people, 5)
    member_id, browser = people.logged_in()
    for ago in days:
        missed(app, event.organizer_id, member_id, ago, door_kept=door_kept)
    browser.post(f"{event.url}/signup")
    assert event.state_of(member_id, browser) == "confirmed"


def test_nobody_is_held_to_rules_that_they_had_not_accepted_yet(app: Flask, people: People) -> None:
    event = Gathering(app, people, 5)
    member_id, browser = people.logged_in()
    for days in (200, 100, 10):
        missed(app, event.organizer_id, member_id, days)
    with app.app_context():
        accepted_at = now() - timedelta(days=150)
        db.session.add(RuleAcceptance(member_id=member_id, slug="community-rules", version=3, accepted_at=accepted_at))
        db.session.commit()
    browser.post(f"{event.url}/signup")
    assert event.state_of(member_id, browser) == "confirmed"


def test_a_member_who_leaves_gives_back_every_coming_seat(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    other = make_event(app, event.organizer_id, capacity=1)
    past = make_event(app, event.organizer_id, capacity=1, starts_at=now() - timedelta(days=3), confirmed_count=1)
    leaving_id, leaving = event.somebody()
    waiting_id, waiting = event.somebody()
    leaving.post(f"/events/{other}/signup")
    with app.app_context():
        db.session.add(Signup(event_id=past, member_id=leaving_id, state="confirmed", signed_up_at=now()))
        db.session.commit()
        in_transaction(lambda: service.cancel_coming_signups(leaving_id))
    assert event.state_of(waiting_id, waiting) == "confirmed"
    assert told(app, "event.promoted") == [waiting_id]
    assert seats(app, event.id) == (1, 1, 0)
    assert seats(app, other) == (0, 0, 0)
    assert seats(app, past) == (1, 1, 0)


def test_signing_up_leaves_the_version_of_the_event_as_it_is(app: Flask, people: People) -> None:
    event = Gathering(app, people, 1)
    event.somebody()
    _, waiting = event.somebody()
    waiting.post(f"{event.url}/signup/cancel")
    with app.app_context():
        assert db.session.get_one(Event, event.id).version == 1
