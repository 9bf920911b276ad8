"""Somebody else's things: for every URL with an id, as every role, the answer is that for an id that there is not.

What a role may read by its standing alone (a member any event, an admin any application) is listed
with the reason; everything else must not be told from nothing: neither by status, nor by body, nor by the work
that the answer takes, which is counted in statements and not in seconds.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import LoginSession, Member, Passkey
from blueprints.door.models import Checkin
from blueprints.events.models import Signup
from blueprints.experts.models import Expert
from blueprints.notices.models import Notice
from core.clock import now
from core.database import Base, db, new_id
from core.operations import registry
from tests.architecture.test_access import routes
from tests.client import Browser, Statements
from tests.people import People
from tests.phones import Phone
from tests.world import World, build

UNKNOWN = uuid.UUID(int=7)
ROLES = ("visitor", "applicant", "stranger", "expert", "lead", "organizer", "editor", "reviewer", "publisher", "admin")
"""`stranger` is a member who has nothing to do with anything here; those with a role are others than the world's."""
OPEN = {
    "/events/<uuid:event_id>": "members read every event and sign up",
    "/events/<uuid:event_id>.ics": "members read every event",
    "/events/<uuid:event_id>/signup": "members sign up for any event",
    "/events/<uuid:event_id>/signup/cancel": "it is said that one had not signed up",
    "/events/<uuid:event_id>/ticket": "it is said that one has none",
    "/events/<uuid:event_id>/door/join/<code>": "whoever has an invitation's code stands at the door",
    "POST /events/<uuid:event_id>/door/staff": "whoever has an invitation's code stands at the door",
    "/members/<uuid:member_id>": "members read the directory",
    "/needs/<uuid:need_id>": "members read every need",
    "/needs/<uuid:need_id>/edit": "a need is read by all and changed by its author: 403",
    "/needs/<uuid:need_id>/outcome": "a need is read by all and ended by its author: 403",
    "/needs/<uuid:need_id>/responses": "members answer any need",
    "/needs/<uuid:need_id>/responses/<uuid:response_id>/accept": "an answer is read by all members: 403",
    "/needs/<uuid:need_id>/responses/<uuid:response_id>/withdraw": "an answer is read by all members: 403",
}
OTHER_IDS = {
    "admin/rules/<slug>": "the rules are public, and admins change them",
    "briefings/<int:number>": "members read every issue that was published",
    "briefings/feed/<token>": "the token is the secret of one feed",
    "calendar/<token>": "the token is the secret of one calendar",
    "experts/<slug>": "members read every group",
    "me/data/<name>": "one's own rows of one table, by its name",
    "me/phone/<token>": "a link that is good once, for who is logged in as its owner",
    "password/reset/<token>": "a link that is good once",
    "rules/<slug>": "the rules are public",
}
"""What stands in a URL and is no id of a row; `tests/http/test_accounts_log_in.py` tries links of others."""
ORGANIZED = re.compile(r"^/events/<uuid:event_id>/")
"""An event is read by all members: that its door and its plan are its organizer's is no secret, and answered 403."""
ADMINS = re.compile(r"^/(admin|consultations|desk|experts|events)/")
"""Admins read and decide by their standing; what is somebody's own stays their own."""
OPEN_OPERATIONS = re.compile(r"^(event|need|checkin)\.")
DESK = re.compile(r"^/desk/")
"""The desk's people read every issue at work."""


@pytest.fixture
def world(app: Flask, people: People) -> World:
    return build(app, people)


def first(model: Any, *where: Any) -> uuid.UUID:
    return db.session.scalars(select(model.id).where(*where).order_by(model.id)).first() or new_id()


def things(world: World) -> dict[str, str]:
    """An id of somebody else's for each name that stands in a URL."""
    t = world.things
    with world.app.app_context():
        key = Passkey(
            member_id=world.who["member"], credential_id="x", public_key=b"x", sign_count=0, name="x", created_at=now()
        )
        db.session.add(key)
        db.session.commit()
        found = {
            "session_id": first(LoginSession),
            "passkey_id": key.id,
            "notice_id": first(Notice, Notice.member_id == world.who["member"]),
            "checkin_id": first(Checkin),
            "signup_id": first(Signup),
            "expert_id": first(Expert),
            "member_id": world.who["member"],
        }
        names = {
            "event_id": "inside_event",
            "need_id": "need",
            "response_id": "response",
            "consultation_id": "assigned_consultation",
            "registration_id": "registration",
            "report_id": "report",
            "briefing_id": "draft",
            "comment_id": "rule_comment",
            "review_id": "review",
        }
    return {name: str(key) for name, key in found.items()} | {name: t[thing] for name, thing in names.items()}


def strangers(world: World) -> dict[str, Browser]:
    """Somebody of each role who has to do with nothing in this world."""
    people = world.people
    made = {
        role: people.logged_in(f"路人{role}", *(() if role == "stranger" else (role,)))[1]
        for role in ROLES
        if role not in ("visitor", "applicant")
    }
    return {"visitor": Browser(world.app), "applicant": people.logged_in("路人", status="applicant")[1], **made}


def url_of(rule: str, ids: dict[str, str]) -> str:
    key = "consultation_id" if rule.startswith("/consultations") else "briefing_id"
    rule = rule.replace("<uuid:key>", f"<uuid:{key}>")
    return re.sub(r"<uuid:(\w+)>", lambda name: ids.get(name[1], str(UNKNOWN)), rule)


def allowed(role: str, route: str) -> bool:
    """Whether this role reads or does such things by its standing."""
    rule = route.partition(" ")[2]
    if role in ("visitor", "applicant"):
        return False
    if role == "admin" and ADMINS.match(rule):
        return True
    return rule in OPEN or route in OPEN or bool(DESK.match(rule) and role in ("editor", "reviewer", "publisher"))


def told(page: Any, ids: dict[str, str]) -> str:
    """What the answer says, without the ids that were asked for and what changes each time."""
    body = page.html or page.location
    for key in (*ids.values(), str(UNKNOWN)):
        body = body.replace(key, "ID")
    return re.sub(r'value="[0-9a-f-]{36}"', "", body)


def with_ids(app: Flask) -> list[str]:
    """`METHOD /rule` of every route with an id in it."""
    return [route for route in routes(app) if "<uuid:" in route]


FIELDS = {
    "reason": "理由写在这里。",
    "body": "话。",
    "question": "问？",
    "title": "题",
    "summary": "做了。",
    "comment": "好",
    "stars": "5",
    "verdict": "pass",
    "place": "处",
    "mode": "phone",
    "topic": "题",
    "version": "1",
    "line": "1",
    "result": "withdrawn",
    "walk_in_name": "客",
    "starts_at": "2026-11-24T10:00",
}
"""With these most forms are filled in, so that the thing itself is asked for."""
KEYS = {
    "rule.take_back": "comment_id",
    "conduct": "member_id",
    "review": "review_id",
    "consultation": "consultation_id",
    "checkin.record": "event_id",
    "need.accept_response": "response_id",
}
PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def ask(browser: Browser, method: str, url: str) -> tuple[Any, tuple[int, int]]:
    """The answer, and how many statements read and wrote for it."""
    with Statements(browser.app) as statements:
        page = browser.get(url) if method == "GET" else browser.post(url, FIELDS)
    return page, (len(statements.reads), len(statements.writes))


@pytest.mark.thorough
def test_somebody_else_s_thing_is_not_told_from_nothing(world: World) -> None:
    ids = things(world)
    nothing = dict.fromkeys(ids, str(UNKNOWN))
    browsers = strangers(world)
    names = re.compile("|".join(("崔广田", "羊春晓", "喷漆房的废气", "没写许可证号")))
    wrong = []
    for route in with_ids(world.app):
        method, rule = route.split(" ")
        for role, browser in browsers.items():
            if allowed(role, route):
                continue
            url = url_of(rule, ids)
            (none, no_work), (real, work) = ask(browser, method, url_of(rule, nothing)), ask(browser, method, url)
            if ORGANIZED.match(rule) and role not in ("visitor", "applicant"):
                assert (real.status, none.status) in ((403, 404), (404, 404)), (role, route)
            elif real.status != none.status:
                wrong.append(f"{role} {route}: {real.status} for a thing, {none.status} for nothing")
            elif told(real, ids) != told(none, ids):
                wrong.append(f"{role} {route}: the answers differ")
            elif work != no_work:
                wrong.append(f"{role} {route}: {work} statements for a thing, {no_work} for nothing")
            said = told(real, ids)  # an id may look like a phone number
            if found := names.search(said) or PHONE.search(said):
                wrong.append(f"{role} {route}: names {found}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.thorough
def test_an_outbox_is_told_no_more_of_somebody_else_s_thing_than_of_nothing(world: World) -> None:
    ids = things(world)
    reached = set()
    for role, browser in strangers(world).items():
        if role in ("visitor", "applicant", "admin"):
            continue
        phone = Phone(browser, browser.get("/me").headers["Account"])
        for name, operation in sorted(registry.items()):
            key = KEYS.get(name) or KEYS.get(name.partition(".")[0]) or f"{name.partition('.')[0]}_id"
            if key not in ids or OPEN_OPERATIONS.match(name) or not operation.waits:
                continue
            if name.startswith("briefing.") and role in ("editor", "reviewer", "publisher"):
                continue
            fields = {field: value for field, value in FIELDS.items() if field in operation.form.names()}
            fields |= {"expert_id": str(world.who["expert"])} if name == "consultation.assign" else {}
            none, real = (
                phone.send(phone.op(name, target, fields=fields))["ops"][0] for target in (str(UNKNOWN), ids[key])
            )
            outcomes = [(said["outcome"], said["message"], said.get("url")) for said in (none, real)]
            assert outcomes[0] == outcomes[1], (role, name)
            reached.add((name, outcomes[0][1]))
    forbidden_or_unknown = {name for name, said in reached if said.startswith(("没有找到", "您没有权限"))}
    assert len(forbidden_or_unknown) > 20, forbidden_or_unknown


def test_an_id_inside_another_s_belongs_there(world: World) -> None:
    """One's own event or need in the URL opens no other's fact or answer."""
    ids, t = things(world), world.things
    organizer, member, other = (world.browser(role) for role in ("organizer", "member", "other"))
    for inner, browser, reason in (
        (f"/events/{t['event']}/checkins/{ids['checkin_id']}/undo", organizer, {"reason": "理由"}),
        (f"/events/{t['event']}/checkins/{ids['checkin_id']}/resolve", organizer, {}),
        (f"/needs/{t['accepted_need']}/responses/{t['response']}/accept", member, {}),
        (f"/needs/{t['accepted_need']}/responses/{t['response']}/withdraw", other, {}),
    ):
        assert browser.post(inner, reason).status == 404, inner


def test_every_id_in_a_url_is_looked_at(app: Flask) -> None:
    asked = with_ids(app)
    left = {route.partition(" /")[2] for route in routes(app) if "<" in route and route not in asked}
    assert {key for key in OTHER_IDS if not any(rule.startswith(key) for rule in left)} == set()
    assert [rule for rule in left if not rule.startswith(tuple(OTHER_IDS))] == []
    names = {name for route in asked for name in re.findall(r"<uuid:(\w+)>", route)}
    known = set(re.findall(r'"(\w+)": ', Path(__file__).read_text("utf-8"))) | {"key", "helper_id"}
    assert names <= known


@pytest.mark.thorough
def test_what_is_refused_changes_nothing(world: World) -> None:
    """All rows before and after every POST with an id, by everyone who has nothing to do with it."""
    ids, browsers = things(world), strangers(world)

    def rows() -> dict[str, list[Any]]:
        with world.app.app_context():
            kept = {table.name: table for table in Base.metadata.sorted_tables}
            for name in ("ledger", "stamps", "rate_limits", "login_sessions", "looks", "notices"):
                kept.pop(name)
            return {name: sorted(map(repr, db.session.execute(select(table)))) for name, table in kept.items()}

    before = rows()
    for route in with_ids(world.app):
        method, rule = route.split(" ")
        if method == "POST" and rule != "/events/<uuid:event_id>/signup":
            for role, browser in browsers.items():
                if role != "admin" and not (DESK.match(rule) and role in ("editor", "reviewer", "publisher")):
                    answer = browser.post(url_of(rule, ids), {"reason": "理由", "body": "话", "question": "问"})
                    if answer.status == 303 and not answer.location.startswith("/login"):
                        assert rule.endswith("/responses"), (role, route, answer)
    after = rows()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"need_responses"}


def test_a_member_is_never_asked_by_an_id_that_is_not_theirs(world: World) -> None:
    """What is one's own is found by the session, never by an id that the request names."""
    own = [route for route in with_ids(world.app) if "/me/" in route]
    assert own == ["POST /me/passkeys/<uuid:passkey_id>/remove", "POST /me/sessions/<uuid:session_id>/revoke"]
    with world.app.app_context():
        assert db.session.scalars(select(Member)).first()
