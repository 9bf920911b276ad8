"""The home page, for visitor, applicant, and member."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from blueprints.accounts.models import Rule
from blueprints.briefings.models import Briefing
from blueprints.events.models import Event, Signup
from blueprints.experts.models import Consultation, ExpertGroup
from blueprints.needs.models import Need, NeedResponse, Outcome
from core.clock import clock, local, now
from core.database import db, new_id
from tests.client import Browser, Page
from tests.people import People

Keep = Callable[..., uuid.UUID]


@pytest.fixture
def keep(app: Flask) -> Keep:
    """Puts a row into the database with what tests do not care for; returns its key."""
    usual: dict[type, dict[str, Any]] = {
        Event: {"kind": "culture", "venue": "海河边", "capacity": 10, "ticket_key": "", "public": True},
        Need: {"kind": "need", "body": "说明", "category": "sales", "trade": "machinery", "search_text": ""},
        Consultation: {"group_slug": "software", "body": "说明"},
        NeedResponse: {"body": "我有"},
        Signup: {"state": "confirmed"},
        Outcome: {"result": "solved"},
        Briefing: {},
        ExpertGroup: {"name": "软件组"},
        Rule: {"version": 1, "title": "群规", "body": "不发广告"},
    }

    def add(kind: type, **values: Any) -> uuid.UUID:
        if kind is Event:
            start = values.setdefault("starts_at", now() + timedelta(days=2))
            values.setdefault("ends_at", start + timedelta(hours=2))
            values.setdefault("signup_closes_at", start)
        for name in {"created_at", "requested_at", "signed_up_at", "closed_at"} & set(kind.__table__.c.keys()):  # type: ignore[attr-defined]
            if not (name == "closed_at" and kind is Consultation):
                values.setdefault(name, now())
        if "id" in kind.__table__.c:  # type: ignore[attr-defined]
            values.setdefault("id", new_id())
        with app.app_context():
            db.session.add(kind(**{**usual[kind], **values}))
            db.session.commit()
        return values.get("id", new_id())

    return add


def part(page: Page, section: str) -> str:
    return page.html.split(f'id="{section}"')[1].split("</section>")[0]


def test_a_visitor_reads_what_this_is_and_what_it_did(client: Browser, people: People, keep: Keep) -> None:
    author = people.member()
    solved = keep(Need, title="缺钢材", author_id=author, state="solved")
    keep(Outcome, need_id=solved, amount_cny=2_000_000)
    keep(Event, title="办过的", organizer_id=author, starts_at=now() - timedelta(days=3))
    page = client.get("/")
    for words in ("申请入会", "会员登录", "位实名会员 1", "件需求办成 1", "200 万元", "场线下活动 1", "怎么用"):
        assert words in page
    assert '<meta name="description"' in page.html
    assert 'href="/register"' in page.html


def test_the_numbers_leave_out_what_is_hidden_and_withdrawn(client: Browser, people: People, keep: Keep) -> None:
    author = people.member()
    keep(Outcome, need_id=keep(Need, title="藏起来的", author_id=author, state="solved", hidden=True))
    keep(Outcome, need_id=keep(Need, title="不要了", author_id=author, state="withdrawn"), result="withdrawn")
    assert "<dt>件需求办成</dt><dd>0</dd>" in client.get("/").html


def test_a_visitor_sees_public_events_alone(client: Browser, people: People, keep: Keep) -> None:
    organizer = people.member()
    keep(Event, title="公开路演", organizer_id=organizer)
    keep(Event, title="会员茶会", organizer_id=organizer, public=False)
    page = client.get("/")
    assert "公开路演" in page
    assert "会员茶会" not in page


def test_the_kept_page_is_made_anew_when_an_event_changes_or_begins(
    app: Flask, client: Browser, people: People, keep: Keep
) -> None:
    event_id = keep(Event, title="公开路演", organizer_id=people.member())
    assert "公开路演" in client.get("/")
    assert "公开路演" in Browser(app).get("/")
    with app.app_context():
        db.session.get_one(Event, event_id).title = "改名的路演"
        db.session.commit()
    assert "改名的路演" in client.get("/")
    clock.advance(days=2, minutes=1)
    assert "正在进行" in client.get("/")
    clock.advance(days=1)
    assert "改名的路演" not in client.get("/")


def test_the_kept_page_is_not_rendered_again(client: Browser, people: People, keep: Keep) -> None:
    keep(Event, title="公开路演", organizer_id=people.member())
    first, again = client.get("/"), client.get("/")
    assert first.html == again.html
    assert len(again.queries) <= 3


def test_an_empty_community_says_what_will_be(client: Browser) -> None:
    assert "近期没有公开活动" in client.get("/")


def test_an_applicant_is_led_to_their_application(people: People) -> None:
    page = people.logged_in(status="applicant")[1].get("/")
    assert (page.status, page.location) == (303, "/register/status")


def test_a_new_member_is_told_what_to_do(people: People) -> None:
    page = people.logged_in()[1].get("/")
    for words in ("没有什么等着您", "还没有安排", "还没有简报", "还没有人发", "下一次"):
        assert words in page


def test_the_sharing_hour_is_on_at_its_hour(people: People) -> None:
    _, phone = people.logged_in()
    assert "正在进行" not in phone.get("/")
    clock.advance(hours=1, minutes=20)
    assert "正在进行" in phone.get("/")
    clock.advance(hours=1)
    assert "下一次" in phone.get("/")


def test_the_newest_briefing_is_out_by_the_clock_alone(people: People, keep: Keep) -> None:
    editor, phone = people.logged_in()
    hour = clock.at(clock.today(), local(now()).time().replace(hour=11, minute=18))
    common = {"editor_id": editor, "state": "signed_off", "signed_off_at": now()}
    keep(
        Briefing,
        number=1,
        date=clock.today() - timedelta(days=1),
        title="昨天的",
        publishes_at=hour - timedelta(days=1),
        **common,
    )
    keep(Briefing, number=2, date=clock.today(), title="今天的", publishes_at=hour, body="## 需求\n- 钢材", **common)
    assert "昨天的" in part(phone.get("/"), "briefing")
    clock.advance(hours=2)
    assert "今天的" in part(phone.get("/"), "briefing")
    assert "需求" in part(phone.get("/"), "briefing")


def test_answers_to_my_needs_need_me(people: People, keep: Keep) -> None:
    author, phone = people.logged_in("李四")
    need_id = keep(Need, title="缺钢材", author_id=author)
    keep(NeedResponse, need_id=need_id, member_id=people.member())
    turns = part(phone.get("/"), "turns")
    assert "缺钢材" in turns
    assert "有 1 个回应等您看" in turns
    assert "缺钢材" not in part(people.logged_in()[1].get("/"), "turns")


def test_consultations_need_whose_turn_it_is(people: People, keep: Keep) -> None:
    lead, lead_phone = people.logged_in("组长", "lead")
    expert, expert_phone = people.logged_in("专家人", "expert")
    member, member_phone = people.logged_in("提问人")
    keep(ExpertGroup, slug="software", lead_id=lead)
    keep(Consultation, topic="等指派", member_id=member)
    keep(Consultation, topic="等约定", member_id=member, expert_id=expert, state="assigned")
    keep(
        Consultation,
        topic="明天见",
        member_id=member,
        expert_id=expert,
        state="scheduled",
        starts_at=now() + timedelta(days=1),
    )
    keep(Consultation, topic="等评价", member_id=member, expert_id=expert, state="completed")
    assert "等指派" in part(lead_phone.get("/"), "turns")
    turns = part(expert_phone.get("/"), "turns")
    assert "等约定" in turns
    assert "明天见" not in turns
    assert "明天见" in part(expert_phone.get("/"), "next")
    assert "提问人" in part(expert_phone.get("/"), "next")
    assert "等评价" in part(member_phone.get("/"), "turns")
    assert "专家人" in part(member_phone.get("/"), "next")
    clock.advance(days=1)
    assert "明天见" in part(expert_phone.get("/"), "turns")


def test_admins_see_how_many_wait_and_the_desk_its_issues(people: People, keep: Keep) -> None:
    people.member(status="applicant")
    editor = people.member("编辑", "editor")
    keep(Briefing, date=clock.today(), title="等审的", state="submitted", editor_id=editor, body="正文")
    keep(
        Briefing,
        date=clock.today() + timedelta(days=1),
        title="等签的",
        state="reviewed",
        editor_id=editor,
        body="正文",
    )
    admin = people.logged_in("", "admin")[1].get("/")
    assert 'href="/admin/registrations"' in part(admin, "turns")
    assert "等审的" in part(people.logged_in("", "reviewer")[1].get("/"), "turns")
    assert "等签的" in part(people.logged_in("", "publisher")[1].get("/"), "turns")
    assert "等审的" not in part(people.logged_in()[1].get("/"), "turns")


def test_today_s_event_is_on_top_with_its_ticket(people: People, keep: Keep) -> None:
    member, phone = people.logged_in()
    tonight = keep(Event, title="今晚对接", organizer_id=member, starts_at=now() + timedelta(hours=9))
    tomorrow = keep(Event, title="明天路演", organizer_id=member, starts_at=now() + timedelta(days=1))
    for event_id in (tonight, tomorrow):
        keep(Signup, event_id=event_id, member_id=member)
    page = phone.get("/")
    assert page.html.index("今晚对接") < page.html.index('id="sharing-hour"')
    assert f'href="/events/{tonight}/ticket"' in page.html
    assert "明天路演" in part(page, "next")


def test_my_place_in_line_moves_with_those_before_me(app: Flask, people: People, keep: Keep) -> None:
    member, phone = people.logged_in()
    event_id = keep(Event, title="周末茶会", organizer_id=people.member())
    first = keep(Signup, event_id=event_id, member_id=people.member(), state="waitlisted", place=1)
    keep(Signup, event_id=event_id, member_id=member, state="waitlisted", place=2)
    assert "候补第 2 位" in phone.get("/")
    with app.app_context():
        gone = db.session.get_one(Signup, first)
        gone.state, gone.place = "cancelled", None
        db.session.commit()
    assert "候补第 1 位" in phone.get("/")


def test_rules_that_changed_are_asked_for_again(people: People, keep: Keep) -> None:
    _, phone = people.logged_in()
    assert "规则改过了" not in phone.get("/")
    keep(Rule, slug="community-rules", published_at=now())
    assert "规则改过了" in phone.get("/")


def test_the_newest_needs_stand_below(people: People, keep: Keep) -> None:
    author = people.member("发帖人")
    for number in range(5):
        keep(Need, title=f"需求{number}", author_id=author, created_at=now() - timedelta(minutes=10 - number))
    newest = part(people.logged_in()[1].get("/"), "newest")
    assert [f"需求{number}" in newest for number in range(5)] == [False, False, True, True, True]


def test_the_page_asks_the_database_little_whoever_reads_it(people: People, keep: Keep) -> None:
    member, phone = people.logged_in("", "admin", "editor", "reviewer", "publisher", "lead", "expert", "organizer")
    keep(ExpertGroup, slug="software", lead_id=member)
    for number in range(8):
        other = people.member()
        event_id = keep(Event, title="活动", organizer_id=member, starts_at=now() + timedelta(days=number, hours=1))
        keep(Signup, event_id=event_id, member_id=member)
        need_id = keep(Need, title=f"需求{number}", author_id=member)
        keep(NeedResponse, need_id=need_id, member_id=other)
        keep(Consultation, topic="咨询", member_id=other)
    phone.get("/me")
    assert len(phone.get("/").queries) <= 8


def test_a_phone_s_copy_is_the_page_itself(app: Flask, people: People, keep: Keep) -> None:
    from blueprints.me.offline import pages as my_pages
    from blueprints.today.offline import pages
    from core.access import Viewer
    from core.database import stamps_of

    member, phone = people.logged_in()
    event_id = keep(Event, title="今晚对接", organizer_id=member, starts_at=now() + timedelta(hours=9))
    keep(Signup, event_id=event_id, member_id=member)
    with app.app_context():
        reader = Viewer(member, new_id(), "", "member")
        kept = [*pages(reader), *my_pages(reader)]
        assert [page.url for page in kept] == ["/", "/me"]
        assert all(f"event:{event_id}" in page.topics for page in kept)
        assert stamps_of(kept[0].topics)
        assert not list(pages(Viewer(member, new_id(), "", "applicant")))
    assert phone.get("/").status == 200


def test_an_event_that_i_run_today_leads_to_its_door(people: People, keep: Keep) -> None:
    organizer, phone = people.logged_in("", "organizer")
    tonight = keep(Event, title="今晚的路演", organizer_id=organizer, starts_at=now() + timedelta(minutes=30))
    later = keep(Event, title="下周的路演", organizer_id=organizer, starts_at=now() + timedelta(days=7))
    keep(Event, title="取消的路演", organizer_id=organizer, state="cancelled")
    page = phone.get("/")
    assert f'href="/events/{tonight}/door"' in page.html
    assert f'href="/events/{later}"' in part(page, "next")
    assert "取消的路演" not in page
