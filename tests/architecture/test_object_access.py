"""Somebody else's things: for every URL with an id, as every role, the answer is that for an id that there is not.

What a role may read by its standing alone (a member any event, an admin any application) is listed
with the reason; everything else must not be told from nothing, neither by status nor by body.
"""

from __future__ import annotations

import re
import uuid
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
from tests.architecture.test_access import routes
from tests.client import Browser
from tests.people import People
from tests.world import World, build

UNKNOWN = uuid.UUID(int=7)
ROLES = ("visitor", "applicant", "stranger", "expert", "lead", "organizer", "editor", "reviewer", "publisher")
"""`stranger` is a member who has nothing to do with anything here; those with a role are others than the world's."""
OPEN = {
    "visitor": {
        "/events/<uuid:event_id>": "public events are on the web",
        "/events/<uuid:event_id>.ics": "public events are on the web",
    },
    "member": {
        "/events/<uuid:event_id>": "members read every event and sign up",
        "/events/<uuid:event_id>.ics": "members read every event",
        "/events/<uuid:event_id>/signup": "members sign up for any event",
        "/events/<uuid:event_id>/signup/cancel": "it is said that one had not signed up",
        "/events/<uuid:event_id>/ticket": "it is said that one has none",
        "/members/<uuid:member_id>": "members read the directory",
        "/needs/<uuid:need_id>": "members read every need",
        "/needs/<uuid:need_id>/edit": "a need is read by all and changed by its author: 403",
        "/needs/<uuid:need_id>/outcome": "a need is read by all and ended by its author: 403",
        "/needs/<uuid:need_id>/responses": "members answer any need",
        "/needs/<uuid:need_id>/responses/<uuid:response_id>/accept": "an answer is read by all members: 403",
        "/needs/<uuid:need_id>/responses/<uuid:response_id>/withdraw": "an answer is read by all members: 403",
    },
}
ORGANIZED = re.compile(r"^/events/<uuid:event_id>/")
"""An event is read by all members: that its door and its plan are its organizer's is no secret (403)."""
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


def allowed(role: str, rule: str) -> bool:
    """Whether this role reads such things by its standing."""
    if role in ("visitor", "applicant"):
        return rule in OPEN["visitor"]
    if DESK.match(rule) and role in ("editor", "reviewer", "publisher"):
        return True
    return rule in OPEN["member"] or bool(ORGANIZED.match(rule))


def told(page: Any, ids: dict[str, str]) -> str:
    """What the answer says, without the ids that were asked for and what changes each time."""
    body = page.html or page.location
    for key in (*ids.values(), str(UNKNOWN)):
        body = body.replace(key, "ID")
    return re.sub(r'value="[0-9a-f-]{36}"', "", body)


def with_ids(app: Flask) -> list[str]:
    """`METHOD /rule` of every route with an id in it."""
    return [route for route in routes(app) if "<uuid:" in route]


def ask(browser: Browser, method: str, url: str) -> Any:
    return browser.get(url) if method == "GET" else browser.post(url)


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
            if allowed(role, rule):
                continue
            real, none = (ask(browser, method, url_of(rule, given)) for given in (ids, nothing))
            if real.status != none.status:
                wrong.append(f"{role} {route}: {real.status} for a thing, {none.status} for nothing")
            elif told(real, ids) != told(none, ids):
                wrong.append(f"{role} {route}: the answers differ")
            elif names.search(real.html):
                wrong.append(f"{role} {route}: names {names.search(real.html)}")
    assert not wrong, "\n".join(wrong)


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
                if not (DESK.match(rule) and role in ("editor", "reviewer", "publisher")):
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
