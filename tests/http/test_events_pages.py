from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from icalendar import Calendar

from blueprints.accounts.models import Member
from blueprints.events import offline, reading
from blueprints.events.models import Signup
from core.access import Viewer
from core.access import member as current_member
from core.clock import clock, now
from core.database import db, new_id, stamps_of
from core.pages import etag_of
from tests.client import Browser
from tests.events import make_event
from tests.people import People


def titles(html: str) -> list[str]:
    return [part.partition("<")[0] for part in html.split('<span class="row-title">')[1:]]


@pytest.fixture
def calendar_of_events(app: Flask, people: People) -> dict[str, object]:
    organizer_id = people.member("王组织", "organizer")
    made = {}
    for title, days, public, kind in (
        ("往期路演", -20, True, "roadshow"),
        ("今晚对接", 0.3, False, "matchmaking"),
        ("下周培训", 7, True, "training"),
        ("下月考察", 30, False, "visit"),
    ):
        made[title] = make_event(
            app, organizer_id, title=title, starts_at=now() + timedelta(days=days), public=public, kind=kind
        )
    return made


def test_visitors_see_public_events_and_members_all_soonest_first(
    calendar_of_events: dict[str, object], people: People, client: Browser
) -> None:
    _, member = people.logged_in()
    _, applicant = people.logged_in(status="applicant")
    assert titles(client.get("/events").html) == ["下周培训"]
    assert titles(applicant.get("/events").html) == ["下周培训"]
    assert titles(member.get("/events").html) == ["今晚对接", "下周培训", "下月考察"]


def test_past_events_have_a_list_of_their_own_latest_first(
    calendar_of_events: dict[str, object], people: People, client: Browser
) -> None:
    _, member = people.logged_in()
    assert titles(client.get("/events?when=past").html) == ["往期路演"]
    clock.advance(days=8)
    assert titles(member.get("/events?when=past").html) == ["下周培训", "今晚对接", "往期路演"]
    assert titles(member.get("/events").html) == ["下月考察"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=visit", ["下月考察"]),
        ("kind=party", ["今晚对接", "下周培训", "下月考察"]),
        ("month=2026-11", ["往期路演", "今晚对接", "下周培训"]),
        ("month=2026-12", ["下月考察"]),
        ("month=2026-12&kind=training", []),
        ("month=2026-99", ["今晚对接", "下周培训", "下月考察"]),
        ("month=9999-12", ["今晚对接", "下周培训", "下月考察"]),
        ("after=nonsense", ["今晚对接", "下周培训", "下月考察"]),
    ],
)
def test_the_list_is_narrowed_by_kind_and_month(
    calendar_of_events: dict[str, object], people: People, query: str, found: list[str]
) -> None:
    _, member = people.logged_in()
    page = member.get(f"/events?{query}")
    assert titles(page.html) == found
    if not found:
        assert "这里没有活动" in page


@pytest.mark.parametrize("when", ["", "when=past&"])
def test_a_long_list_goes_on_where_the_page_before_ended(app: Flask, people: People, when: str) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    sign = -1 if when else 1
    for number in range(65):
        starts = now() + sign * timedelta(days=1 + number // 2)
        make_event(app, organizer_id, title=f"第{number}场", starts_at=starts, ticket_key="none")
    seen: list[str] = []
    url = f"/events?{when}"
    for length in (30, 30, 5):
        page = organizer.get(url)
        assert len(titles(page.html)) == length
        seen += titles(page.html)
        url = page.html.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert sorted(seen) == sorted(f"第{number}场" for number in range(65))
    assert not url


@pytest.mark.thorough
def test_a_page_of_events_asks_the_same_few_questions_for_few_and_for_many(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id, capacity=500)
    urls = ("/events", "/events?when=past", "/events?month=2026-11", f"/events/{event_id}", "/me/calendar")
    organizer.get("/events")
    few = {url: len(organizer.get(url).queries) for url in urls}
    for number in range(40):
        make_event(app, organizer_id, title=f"第{number}场", starts_at=now() + timedelta(days=1), ticket_key="none")
        people.member()
    with app.app_context():
        for member in db.session.query(Member).all():
            db.session.add(Signup(event_id=event_id, member_id=member.id, state="confirmed", signed_up_at=now()))
        db.session.commit()
    many = {url: len(organizer.get(url).queries) for url in urls}
    assert many == few
    assert max(many.values()) <= 8, many


def test_the_list_says_what_i_have_and_what_is_left(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id, capacity=1)
    assert "还有 1 个名额" in organizer.get("/events")
    organizer.post(f"/events/{event_id}/signup")
    page = organizer.get("/events")
    assert "我已报名" in page
    assert page.state("event", event_id) == "scheduled"
    _, waiting = people.logged_in()
    assert "已满，可候补" in waiting.get("/events")
    waiting.post(f"/events/{event_id}/signup")
    assert "我在候补第 1 位" in waiting.get("/events")


def test_a_members_event_and_none_alike_send_visitors_to_log_in_and_refuse_applicants(
    app: Flask, people: People, client: Browser
) -> None:
    event_id = make_event(app, people.member("王组织", "organizer"))
    _, applicant = people.logged_in(status="applicant")
    none = new_id()
    for url in (f"/events/{key}{ending}" for key in (event_id, none) for ending in ("", ".ics")):
        page = client.get(url)
        assert (page.status, page.location) == (303, f"/login?next={url}")
        assert applicant.get(url).status == 403
    assert client.get(f"/events/{event_id}", Fragment="main").headers["Fragment-Location"].startswith("/login")


def test_a_public_event_names_nobody_to_visitors_and_has_no_form_for_them(
    app: Flask, people: People, client: Browser
) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id, public=True, body="欢迎来。")
    _, member = people.logged_in("李会员")
    member.post(f"/events/{event_id}/signup")
    page = client.get(f"/events/{event_id}")
    assert "欢迎来。" in page
    assert "登录报名" in page
    main = page.html.partition("<main")[2].partition("</main>")[0]
    assert "<form" not in main
    for name in ("王组织", "李会员"):
        assert name not in page
        assert name in organizer.get(f"/events/{event_id}")
    assert 'property="og:title" content="建筑遇上金融"' in page.html
    assert "11月28日" in page.html.partition('name="description" content="')[2].partition('"')[0]


def test_the_page_for_visitors_is_kept_and_changes_with_the_event_and_the_clock(
    app: Flask, people: People, client: Browser
) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id, public=True, starts_at=now() + timedelta(hours=1))
    url = f"/events/{event_id}"
    etags = [client.get(url).headers["ETag"]]
    assert client.get(url, If_None_Match=etags[0]).status == 304
    organizer.post(f"{url}/signup")
    page = client.get(url)
    assert "还有 2 个名额" in page
    etags.append(page.headers["ETag"])
    for hours, words in ((1, "正在进行"), (2, "已结束")):
        clock.advance(hours=hours)
        page = client.get(url)
        assert words in page
        etags.append(page.headers["ETag"])
    assert len(set(etags)) == 4
    assert client.get(url).state("event", event_id) == "past"


@pytest.mark.thorough
def test_who_comes_is_paged(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    event_id = make_event(app, organizer_id, capacity=60)
    for number in range(45):
        member_id = people.member(f"来宾{number:02d}")
        with app.app_context():
            db.session.add(
                Signup(
                    event_id=event_id,
                    member_id=member_id,
                    state="confirmed",
                    signed_up_at=now() + timedelta(seconds=number // 3),
                )
            )
            db.session.commit()
    page = organizer.get(f"/events/{event_id}")
    following = page.html.partition('rel="next" href="')[2].partition('"')[0]
    rest = organizer.get(following)
    seen = [name for name in (f"来宾{number:02d}" for number in range(45)) if (name in page) != (name in rest)]
    assert len(seen) == 45
    assert organizer.get(f"/events/{event_id}?after=nonsense").status == 200


def test_empty_lists_say_what_to_do(people: People, client: Browser) -> None:
    _, organizer = people.logged_in("王组织", "organizer")
    assert "近期没有活动" in client.get("/events")
    assert "发布一场，会员就能报名" in organizer.get("/events")


def test_what_was_typed_is_shown_and_never_run(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    nasty = "<script>alert(1)</script>{{7*7}}"
    event_id = make_event(app, organizer_id, title=nasty, body=nasty, venue=nasty)
    for url in ("/events", f"/events/{event_id}", f"/events/{event_id}/edit"):
        page = organizer.get(url)
        assert nasty in page or "&lt;script&gt;alert" in page.html
        assert "<script>alert" not in page.html


def test_an_events_calendar_entry_follows_its_changes(app: Flask, people: People, client: Browser) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    starts = now() + timedelta(days=7)
    event_id = make_event(app, organizer_id, public=True, address="和平区南京路，三层", starts_at=starts)
    url = f"/events/{event_id}.ics"
    answer = client.get(url)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    entry = Calendar.from_ical(answer.response.get_data()).events[0]
    assert (entry["summary"], entry["location"]) == ("建筑遇上金融", "海棠里议事厅 和平区南京路，三层")
    assert (entry.start, entry.end) == (starts, starts + timedelta(hours=2))
    assert b"DTSTART:20261128T020000Z" in answer.response.get_data()
    assert (entry["status"], entry["sequence"]) == ("CONFIRMED", 1)
    organizer.post(f"/events/{event_id}/cancel", {"reason": "场地停电"})
    entry = Calendar.from_ical(client.get(url).response.get_data()).events[0]
    assert (entry["status"], entry["sequence"], entry["description"]) == ("CANCELLED", 2, "场地停电")
    assert entry["uid"] == f"{event_id}@huiyou"


def test_a_personal_calendar_has_a_secret_address_that_can_be_changed(
    app: Flask, people: People, client: Browser
) -> None:
    member_id, member = people.logged_in("王组织", "organizer")
    other_id = people.member("李组织", "organizer")
    seat = make_event(app, other_id, title="有座的")
    full = make_event(app, other_id, title="候补的", capacity=1)
    make_event(app, member_id, title="我组织的")
    make_event(app, other_id, title="别人的")
    people.logged_in()[1].post(f"/events/{full}/signup")
    for event_id in (seat, full):
        member.post(f"/events/{event_id}/signup")
    assert "现在还没有日历地址" in member.get("/me/calendar")
    address = member.post("/me/calendar", follow=True).value("calendar-address")
    address = member.get("/me/calendar").html.partition('id="calendar-address" type="url" readonly value="')[2]
    path = address.partition('"')[0].removeprefix("http://localhost")
    answer = client.get(path)
    entries = {str(e["summary"]): str(e["status"]) for e in Calendar.from_ical(answer.response.get_data()).events}
    assert entries == {"有座的": "CONFIRMED", "（候补）候补的": "TENTATIVE", "我组织的": "CONFIRMED"}
    member.post("/me/calendar")
    assert client.get(path).status == 404
    assert client.get("/calendar/None.ics").status == 404
    assert client.get(f"/calendar/{'x' * 43}.ics").status == 404


def test_the_calendar_of_who_was_suspended_is_gone(app: Flask, people: People, client: Browser) -> None:
    member_id, member = people.logged_in()
    member.post("/me/calendar")
    with app.app_context():
        person = db.session.get_one(Member, member_id)
        token, person.status = person.calendar_token, "suspended"
        db.session.commit()
    assert client.get(f"/calendar/{token}.ics").status == 404


def test_a_phone_keeps_the_list_the_coming_month_and_all_that_is_mine(app: Flask, people: People) -> None:
    organizer_id, _organizer = people.logged_in("王组织", "organizer")
    member_id, member = people.logged_in()
    soon = make_event(app, organizer_id)
    late = make_event(app, organizer_id, starts_at=now() + timedelta(days=60))
    far = make_event(app, organizer_id, starts_at=now() + timedelta(days=61))
    member.post(f"/events/{late}/signup")

    def kept(key: object, status: str, *roles: str) -> dict[str, object]:
        with app.test_request_context():
            viewer = Viewer(key, new_id(), "", status, frozenset(roles))  # type: ignore[arg-type]
            return {page.url: page for page in offline.pages(viewer)}

    urls = kept(member_id, "member")
    assert set(urls) == {"/events", "/events?when=past", f"/events/{soon}", f"/events/{late}"}
    assert f"/events/{far}" in kept(organizer_id, "member", "organizer")
    assert "/events/new" in kept(organizer_id, "member", "organizer")
    assert set(kept(people.member(status="applicant"), "applicant")) == {"/events"}


def test_what_a_phone_keeps_has_the_etag_of_the_page_itself(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    make_event(app, organizer_id)
    make_event(app, organizer_id, starts_at=now() - timedelta(days=9))
    with organizer.client as client:
        client.get("/events")
        viewer = current_member()
        for page in list(offline.pages(viewer)):
            etag = client.get(page.url, headers={"Fragment": "main"}).headers["ETag"].strip('W/"')
            stamps = stamps_of(("chamber", *page.topics))
            assert etag == etag_of(page.url, stamps.items(), page.states, dated=page.dated, alike=page.alike), page.url


def test_other_features_hear_what_is_next(app: Flask, people: People) -> None:
    organizer_id, organizer = people.logged_in("王组织", "organizer")
    member_id, member = people.logged_in()
    tonight = make_event(app, organizer_id, starts_at=now() + timedelta(hours=9))
    public = make_event(app, organizer_id, public=True, capacity=1)
    make_event(app, organizer_id, state="cancelled", cancel_reason="停电")
    past = make_event(app, organizer_id, starts_at=now() - timedelta(days=9))
    organizer.post(f"/events/{public}/signup")
    member.post(f"/events/{public}/signup")
    with app.app_context():
        viewer = Viewer(member_id, new_id(), "", "member")
        assert [row.event.id for row in reading.coming(viewer)] == [tonight, public]
        assert [row.event.id for row in reading.public_coming()] == [public]
        assert [event.id for event in reading.tonight()] == [tonight]
        assert [(own.signup.event_id, own.place, own.state) for own in reading.mine(member_id)] == [
            (public, 1, "waitlisted")
        ]
        assert not reading.mine(member_id, past=True)
        assert reading.events_held_count() == 1
        assert next(signup.member.real_name for signup in reading.people_signed_up(public)) == "王组织"
        assert reading.event_for(past).organizer.real_name == "王组织"
