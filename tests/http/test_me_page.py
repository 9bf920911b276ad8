"""My page: what is mine, and the way to the rest."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from blueprints.events.models import Event, Signup
from core.clock import clock, now
from core.database import db, new_id
from tests.people import People


def test_my_page_says_who_i_am_and_leads_everywhere(people: People) -> None:
    member_id, phone = people.logged_in("李四", company_name="天津李四有限公司")
    page = phone.get("/me")
    assert page.state("member", member_id) == "member"
    assert "天津李四有限公司 · 经理" in page
    for url in ("/me/profile", "/me/password", "/me/phone", "/me/sessions", "/me/calendar", "/members", "/rules"):
        assert f'href="{url}"' in page.html
    for action in ("/logout", "/display", "/me/profile"):
        assert f'action="{action}"' in page.html


def test_what_a_role_opens_stands_on_the_page_of_who_has_it(people: People) -> None:
    links = {"admin": "/admin", "editor": "/desk", "organizer": "/events/new", "lead": "/consultations?as=lead"}
    plain = people.logged_in()[1].get("/me")
    for role, url in links.items():
        assert f'href="{url}"' not in plain.html
        assert f'href="{url}"' in people.logged_in("", role)[1].get("/me").html


def test_the_profile_is_changed_from_my_page(people: People) -> None:
    _, phone = people.logged_in()
    page = phone.post("/me/profile", {"position": "总经理", "introduction": "做机床"}, follow=True)
    assert "总经理" in page
    assert "已保存" in page


def test_my_coming_events_stand_there_with_my_place(app: Flask, people: People) -> None:
    member_id, phone = people.logged_in()
    organizer = people.member("组织者", "organizer")
    with app.app_context():
        event = Event(
            id=new_id(),
            title="周末茶会",
            kind="culture",
            starts_at=now() + timedelta(days=2),
            ends_at=now() + timedelta(days=2, hours=2),
            signup_closes_at=now() + timedelta(days=2),
            venue="海河边",
            capacity=10,
            organizer_id=organizer,
            created_at=now(),
            ticket_key="",
        )
        signup = Signup(
            id=new_id(), event_id=event.id, member_id=member_id, state="waitlisted", place=1, signed_up_at=now()
        )
        db.session.add_all([event, signup])
        db.session.commit()
        signup_id = signup.id
    page = phone.get("/me")
    assert "周末茶会" in page
    assert page.state("signup", signup_id) == "waitlisted"
    assert "候补第 1 位" in page
    clock.advance(days=3)
    assert "周末茶会" not in phone.get("/me")


def test_my_page_asks_the_database_little(people: People) -> None:
    _, phone = people.logged_in("", "admin", "editor", "lead", "expert", "organizer")
    phone.get("/me")
    assert len(phone.get("/me").queries) <= 8


def test_my_page_has_its_etag(people: People) -> None:
    _, phone = people.logged_in()
    first = phone.get("/me", Fragment="main")
    assert phone.get("/me", Fragment="main", **{"If-None-Match": first.headers["ETag"]}).status == 304
    phone.post("/me/profile", {"introduction": "新的介绍"})
    assert phone.get("/me", Fragment="main").headers["ETag"] != first.headers["ETag"]


def test_an_applicant_and_a_visitor_have_no_such_page(people: People) -> None:
    assert people.logged_in(status="applicant")[1].get("/me").status == 403
