"""What is held on a person: shown, taken away, looked at, and erased."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.identity import keep_number
from blueprints.accounts.models import Look, Member, RuleAcceptance
from blueprints.events.models import Event, Signup
from blueprints.me import erasure
from core import audit_verify
from core.clock import clock, now
from core.database import Base, db
from core.registries import holdings
from core.retention import forget_what_is_due
from tests.client import Browser
from tests.people import PASSWORD, People
from tests.world import World, build

pytestmark = pytest.mark.unhurried

NOT_HELD = {
    "audit_entries": "ids alone; what they say is exported as `acts`",
    "looks": "reader_id is who looked: that is held on whom they looked at",
    "companies": "by the member's row",
}
"""Tables that point at members without being exported by that column, and why."""


@pytest.fixture
def world(app: Flask, people: People) -> World:
    return build(app, people)


def fresh(world: World, role: str) -> Browser:
    """A phone on which this person has logged in just now."""
    return world.people.browser(world.who[role])


def unzipped(browser: Browser) -> tuple[dict[str, Any], str]:
    response = browser.client.get("/me/export")
    assert response.status_code == 200
    assert response.mimetype == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(response.data))
    page = next(name for name in archive.namelist() if name.endswith(".html"))
    return json.loads(archive.read("data.json")), archive.read(page).decode()


def test_every_table_that_points_at_a_member_is_in_the_export() -> None:
    shown = {table for each in holdings.values() for table in each.tables}
    pointing = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "members"
    }
    assert pointing - shown - NOT_HELD.keys() == set()


def test_each_column_of_what_is_exported_is_shown_or_left_out_on_purpose() -> None:
    forgotten = {}
    for each in holdings.values():
        for name in each.tables:
            table = Base.metadata.tables[name]
            keys = {column.name for column in table.primary_key}
            owners = {key.parent.name for key in table.foreign_keys if key.column.table.name == "members"}
            left = {column.name for column in table.columns} - each.columns.keys() - set(each.without) - keys - owners
            forgotten |= {f"{name}.{column}": each.name for column in left}
    assert not forgotten


def test_the_export_holds_what_the_member_did_and_nothing_of_the_password(world: World) -> None:
    data, page = unzipped(fresh(world, "member"))
    text = json.dumps(data, ensure_ascii=False)
    for words in (
        "崔广田",
        "求购 304 边角料 6 吨",
        "厚 2–3 毫米，带材质单；\\n津南自提。",
        "喷漆房的废气",
        "气味小了。",
        "吃素",
    ):
        assert words in text, words
    for words in ("崔广田", "求购 304 边角料 6 吨", "喷漆房的废气", "气味小了。", "我报名的活动"):
        assert words in page, words
    assert "argon2" not in text + page
    assert "<script" not in page
    other, _ = unzipped(fresh(world, "other"))
    assert "喷漆房的废气" not in json.dumps(other, ensure_ascii=False)


def test_everything_that_is_held_can_be_seen_on_a_page_of_one_s_own(world: World) -> None:
    member = world.browser("member")
    overview = member.get("/me/data")
    for name in holdings:
        assert f'href="/me/data/{name}"' in overview.html
        assert member.get(f"/me/data/{name}").status == 200
    assert "崔广田" in member.get("/me/data/members")
    assert "吃素" in member.get("/me/data/signups")
    assert "三个工作日内办" in member.get("/me/data/signups")
    assert member.get("/me/data/nothing").status == 404
    assert "吃素" not in world.browser("other").get("/me/data/signups")


def test_no_page_shows_an_identity_number_whole(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in("程英")
    with app.app_context():
        keep_number(db.session.get_one(Member, member_id), "11010519491231002X")
        db.session.commit()
    page = browser.get("/me/data/members")
    assert "1101**********002X" in page
    assert "11010519491231002X" not in page.html


def test_a_long_list_leaves_the_older_ones_to_the_export(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueprints.me.export.ON_SCREEN", 2)
    _, browser = people.logged_in()
    for title in ("一", "二", "三"):
        browser.post("/needs", {"kind": "need", "title": title, "body": "六吨。", "category": "procurement"})
    page = browser.get("/me/data/needs")
    assert "还有 1 条更早的" in page
    assert page.text.index("三") < page.text.index("二")


def test_the_export_asks_for_the_password_again(world: World) -> None:
    browser = fresh(world, "member")
    clock.advance(minutes=11)
    assert browser.get("/me/export").location == "/me/confirm?next=/me/data"
    assert 'action="/me/confirm"' in browser.get("/me/data").html
    browser.post("/me/confirm", {"password": PASSWORD, "next": "/me/data"})
    assert 'href="/me/export"' in browser.get("/me/data").html
    assert unzipped(browser)[0]["members"][0]["real_name"] == "崔广田"


def test_an_identity_number_is_exported_whole_to_its_owner(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in("程英")
    with app.app_context():
        keep_number(db.session.get_one(Member, member_id), "11010519491231002X")
        db.session.commit()
    assert unzipped(browser)[0]["members"][0]["identity_number"] == "11010519491231002X"


def test_who_looked_is_noted_once_a_day_and_shown_to_whom_it_concerns(world: World) -> None:
    office, applicant = world.browser("admin"), world.browser("applicant")
    url = f"/admin/registrations/{world.things['registration']}"
    assert "还没有人打开过" in applicant.get("/me/data")
    for _ in range(3):
        assert office.get(url).status == 200
    office.get(f"/admin/members/{world.who['applicant']}")
    page = applicant.get("/me/data")
    assert page.text.count("打开了您的入会申请") == 1
    assert "殷实秋 打开了您的账号页" in page
    clock.advance(days=1)
    office.get(url)
    assert applicant.get("/me/data").text.count("打开了您的入会申请") == 2
    world.do("admin", "member.make_link", world.who["applicant"], purpose="password")
    assert office.get("/admin/registrations/" + str(uuid.uuid4())).status == 404


def test_an_admin_who_opens_their_own_account_is_not_noted(world: World) -> None:
    world.browser("admin").get(f"/admin/members/{world.who['admin']}")
    with world.app.app_context():
        assert db.session.scalars(select(Look)).all() == []


def test_erasing_needs_the_password_however_lately_it_was_given(people: People) -> None:
    _, browser = people.logged_in()
    assert browser.post("/me/erase", {}).status == 422
    assert browser.post("/me/erase", {"password": "wrong-password"}).status == 422
    assert browser.post("/me/erase", {"password": PASSWORD}).location == "/me/erase"
    assert browser.get("/me/erase").html.count('data-state="asked"') == 1
    assert browser.post("/me/erase", {"password": PASSWORD}).status == 303, "asked again it is the same"


def test_for_seven_days_there_is_a_way_back(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in("程英")
    browser.post("/me/erase", {"password": PASSWORD})
    assert "七天之内可以反悔" in browser.get("/me")
    clock.advance(days=6, hours=23)
    with app.app_context():
        assert forget_what_is_due()["me.erasures"] == 0
    assert browser.post("/me/erase/cancel").location == "/me/erase"
    clock.advance(days=2)
    with app.app_context():
        assert forget_what_is_due()["me.erasures"] == 0
        assert db.session.get_one(Member, member_id).status == "member"


def test_the_last_admin_cannot_be_erased(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in("殷管理", "admin")
    assert browser.post("/me/erase", {"password": PASSWORD}).status == 409
    other = people.member("第二位", "admin")
    assert browser.post("/me/erase", {"password": PASSWORD}).status == 303
    with app.app_context():
        db.session.get_one(Member, other).status = "suspended"
        db.session.commit()
    clock.advance(days=8)
    with app.app_context():
        assert forget_what_is_due()["me.erasures"] == 0
        assert db.session.get_one(Member, member_id).status == "member"


def everything_written(app: Flask) -> str:
    """All texts of the whole database."""
    with app.app_context():
        rows = [db.session.execute(select(table)).all() for table in Base.metadata.sorted_tables]
        return repr(rows) + json.dumps([str(row) for some in rows for row in some], ensure_ascii=False)


@pytest.mark.parametrize("role", ["member", "expert", "organizer", "lead", "applicant", "editor"])
def test_after_seven_days_the_name_the_phone_and_the_company_stand_nowhere(world: World, role: str) -> None:
    app, who = world.app, world.who[role]
    with app.app_context():
        person = db.session.get_one(Member, who)
        gone = [person.real_name, person.phone, person.company.name]
        before = {
            "signups": len(db.session.scalars(select(Signup)).all()),
            "came": db.session.scalars(select(Signup.attended_at).where(Signup.attended_at.is_not(None))).all(),
            "seats": {event.id: event.confirmed_count for event in db.session.scalars(select(Event))},
        }
        written = everything_written(app)
        assert all(name in written for name in gone)
    browser = world.browser(role)
    assert browser.post("/me/erase", {"password": PASSWORD}).status == 303
    clock.advance(days=7, minutes=1)
    with app.app_context():
        assert forget_what_is_due()["me.erasures"] == 1
        erased = db.session.get_one(Member, who)
        assert erased.status == "erased"
        assert len(db.session.scalars(select(Signup)).all()) == before["signups"]
        came = db.session.scalars(select(Signup.attended_at).where(Signup.attended_at.is_not(None))).all()
        assert came == before["came"], "attendance counts stay"
        assert audit_verify.verify().faults == []
    written = everything_written(app)
    assert {name: name in written for name in gone} == dict.fromkeys(gone, False)
    assert browser.get("/me").location.startswith("/login")
    assert browser.get("/").headers["Session"] == "ended"
    phone = next(name for name in gone if name.isdigit())
    assert Browser(app).post("/login", {"phone": phone, "password": PASSWORD}).status == 422


def test_what_an_erased_member_wrote_stays_readable_without_them(world: World) -> None:
    world.browser("member").post("/me/erase", {"password": PASSWORD})
    clock.advance(days=7, minutes=1)
    with world.app.app_context():
        forget_what_is_due()
        assert db.session.scalars(select(RuleAcceptance)).all() is not None
    other = world.people.browser(world.who["other"])
    page = other.get(f"/needs/{world.things['need']}")
    assert "求购 304 边角料 6 吨" in page
    assert "已退会会员" in page
    assert page.state("need", world.things["need"]) == "withdrawn"
    assert other.get(f"/members/{world.who['member']}").status == 404
    for path in ("/", "/needs", "/needs/solved", "/events", "/members", "/consultations", "/experts/environment"):
        assert other.get(path).status == 200, path
    admin = world.people.browser(world.who["admin"])
    for path in ("/admin", "/admin/audit", "/admin/figures", "/admin/members", f"/admin/members/{world.who['member']}"):
        assert admin.get(path).status in (200, 404), path


def test_an_erasure_that_fails_takes_nothing_and_keeps_the_others_from_nothing(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlucky, lucky = people.member("甲先生"), people.member("乙先生")
    with app.app_context():
        for key in (unlucky, lucky):
            db.session.get_one(Member, key).erase_asked_at = now()
        db.session.commit()
    clock.advance(days=8)
    real = erasure.make_nameless

    def fails(member: Member) -> None:
        if member.id == unlucky:
            db.session.execute(db.text("SELECT * FROM nowhere"))
        real(member)

    monkeypatch.setattr(erasure, "make_nameless", fails)
    with app.app_context():
        assert forget_what_is_due()["me.erasures"] == 1
        states = [db.session.get_one(Member, key).status for key in (unlucky, lucky)]
        assert states == ["member", "erased"]
