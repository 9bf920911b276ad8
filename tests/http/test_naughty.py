"""Every field of every form against strings that break software.

The answer is an honest 4xx that shows again what was typed, or a page that shows exactly
that: never a 5xx, never markup. Each post meets the community as it was before the last one.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from flask import Flask
from markupsafe import escape
from sqlalchemy import select

from blueprints.accounts.forms import DisplayForm, LoginForm
from blueprints.accounts.models import Registration
from blueprints.admin.forms import DecideForm
from blueprints.door.forms import CheckinForm
from core import fields
from core.clock import clock, now
from core.database import db
from core.operations import registry
from core.values import Unacceptable, check_characters, clean_text, is_blank, shown
from tests import forms
from tests.client import Browser, Page
from tests.markup import Element, elements
from tests.people import PASSWORD, People
from tests.unit.naughty_strings import NAUGHTY
from tests.world import World, build, event_fields, typed

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.environ.get("TEST_DATABASE") == "postgresql", reason="copies the file of SQLite"),
]
Where = tuple[str, str | Callable[[], str]]
ITSELF = ""
SOME = [
    (label, text)
    for label, text in NAUGHTY
    if label
    in (
        *("empty", "NUL inside", "surrogates in text", "right-to-left override", "families many", "zalgo long"),
        *("full-width digits", "many digits", "NaN", "arabic digits", "leap second", "29 February", "or one"),
        *("script broken out", "attribute", "jinja", "percent", "headers", "csv", "json", "100,000 characters"),
    )
]
"""For fields that take no words: all the others are met by their parsers' own tests."""


@dataclass(frozen=True)
class Case:
    """One form: who fills it in, on which page it stands, where it goes, and what is valid there.

    `shows` are the texts that people read afterwards: on the page that the answer leads to (`ITSELF`),
    or by somebody else elsewhere. `required` are fields that these values make necessary, `other_form` those that
    stand in another form of the same name.
    """

    role: str
    page: str
    action: str
    valid: dict[str, Any] = field(default_factory=dict)
    shows: dict[str, str | Where] = field(default_factory=dict)
    hours: float = 0
    never_accepted: bool = False
    required: frozenset[str] = frozenset()
    other_form: frozenset[str] = frozenset()


def _needs(world: World) -> dict[str, Case]:
    t = world.things
    need, new = f"/needs/{t['need']}", {"title": "求购", "body": "六吨。", "category": "procurement"}
    both = {"title": ITSELF, "body": ITSELF}
    return {
        "need.create": Case("member", "/needs/new", "/needs", new, both),
        "need.update": Case("member", f"{need}/edit", need, {}, both),
        "need.respond": Case("expert", need, f"{need}/responses", {"body": "有"}, {"body": ITSELF}),
        "need.close": Case("member", need, f"{need}/outcome", {}, {"partner": ITSELF, "summary": ITSELF}),
    }


def _events(world: World) -> dict[str, Case]:
    event, new = f"/events/{world.things['event']}", event_fields(now() + timedelta(days=6))
    words = dict.fromkeys(("title", "venue", "address", "body"), ITSELF)
    door, past = f"{event}/door", f"/events/{world.things['past_event']}"
    with world.app.app_context():
        undo = next(
            e.attrs["action"] for e in _open(world, "organizer", f"{past}/door").all("form") if "undo" in str(e)
        )
    return {
        "event.create": Case("organizer", "/events/new", "/events", new, words),
        "event.update": Case("organizer", f"{event}/edit", event, {}, words),
        "event.cancel": Case("organizer", event, f"{event}/cancel", {"reason": "。"}, {"reason": ITSELF}),
        "event.signup": Case("lead", event, f"{event}/signup", {}, {"note": ITSELF}),
        "checkin.record": Case(
            "organizer",
            door,
            f"{event}/checkins",
            {"walk_in_name": "客"},
            {"walk_in_name": ITSELF},
            hours=8,
            required=frozenset({"walk_in_name"}),
            other_form=frozenset({"ticket"}),
        ),
        "ticket": Case(
            "organizer",
            door,
            f"{event}/checkins",
            {"ticket": "HY1"},
            hours=8,
            required=frozenset({"ticket"}),
            other_form=frozenset({"walk_in_name", "walk_in_phone", "signup_id"}),
        ),
        "checkin.undo": Case(
            "organizer", f"{past}/door", undo, {}, {"reason": ("admin", "/admin/audit?act=checkin.undo")}
        ),
    }


def _consultations(world: World) -> dict[str, Case]:
    group = "/experts/environment"
    new, assigned, scheduled, completed = (
        f"/consultations/{world.things[name + 'consultation']}"
        for name in ("", "assigned_", "scheduled_", "completed_")
    )
    question = {"topic": "气味", "body": "。"}
    meeting = {"starts_at": typed(now() + timedelta(hours=4)), "place": "车间"}
    expert = {"phone": world.phone_number("other"), "expertise": "。"}
    return {
        "consultation.request": Case(
            "member", group, f"{group}/consultations", question, dict.fromkeys((*question, "preferred_times"), ITSELF)
        ),
        "consultation.assign": Case("lead", new, f"{new}/assign", {"expert_id": world.who["expert"]}),
        "consultation.schedule": Case("expert", assigned, f"{assigned}/schedule", meeting, {"place": ITSELF}),
        "consultation.decline": Case("lead", new, f"{new}/decline", {"reason": "。"}, {"reason": ITSELF}),
        "consultation.complete": Case(
            "expert", scheduled, f"{scheduled}/complete", {"summary": "。"}, {"summary": ITSELF}
        ),
        "consultation.rate": Case("member", completed, f"{completed}/rating", {"stars": "5"}, {"comment": ITSELF}),
        "expert_group.take_in": Case("admin", group, f"{group}/experts", expert, {"expertise": ITSELF}),
        "expert_group.name_lead": Case("admin", group, f"{group}/lead", {"phone": world.phone_number("other")}),
    }


def _desk(world: World) -> dict[str, Case]:
    draft, submitted, reviewed = (
        f"/desk/briefings/{world.things[name]}" for name in ("draft", "submitted", "reviewed")
    )
    given_back = {"verdict": "return", "comment": "。"}
    return {
        "briefing.create": Case("editor", "/desk", "/desk/briefings", {"date": "2027-01-05"}),
        "briefing.edit": Case("editor", draft, draft, {}, {"title": ITSELF}),
        "briefing.review": Case("reviewer", submitted, f"{submitted}/review", given_back, {"comment": ITSELF}),
        "briefing.sign_off": Case("publisher", reviewed, f"{reviewed}/sign-off", given_back, {"comment": ITSELF}),
    }


def _accounts(world: World) -> dict[str, Case]:
    def newest() -> str:
        with world.app.app_context():
            key = db.session.scalars(select(Registration.id).order_by(Registration.id.desc()).limit(1)).one()
            return f"/admin/registrations/{key}"

    def application(*names: str) -> dict[str, str | Where]:
        return dict.fromkeys(names, ("admin", newest))

    profile: Where = ("other", f"/members/{world.who['member']}")
    new = {
        "real_name": "羊春晓",
        "phone": "13900000000",
        "password": PASSWORD,
        "company_name": "天津晓春食品有限公司",
        "position": "经理",
        "trade": "agriculture",
        "accept_rules": "1",
        "accept_privacy": "1",
    }
    passwords = {"current": PASSWORD, "new": "another-1118"}
    return {
        "registration.submit": Case(
            "visitor",
            "/register",
            "/register",
            new,
            application("real_name", "company_name", "position", "referrer", "introduction"),
        ),
        "registration.answer": Case(
            "applicant", "/register/status", "/register/answer", {"body": "好"}, {"body": ITSELF}
        ),
        "profile.update": Case(
            "member",
            "/me/profile",
            "/me/profile",
            {},
            dict.fromkeys(("position", "introduction", "strengths", "shortfalls"), profile),
        ),
        "company.update": Case("member", "/me/profile", "/me/company", {}, {"products": profile, "buys": profile}),
        "password.change": Case("member", "/me/password", "/me/password", passwords),
        "password.forgotten": Case("visitor", "/password/forgot", "/password/forgot", {"phone": "13900000000"}),
        "password.reset_by_code": Case(
            "visitor",
            "/password/code",
            "/password/code",
            {"phone": "13900000000", "code": "000000", "password": PASSWORD},
            never_accepted=True,
        ),
        "phone.request": Case("member", "/me/phone", "/me/phone", {"phone": "13900000000", "password": PASSWORD}),
        "rules.accept": Case("member", "/rules", "/rules/accept"),
        "log-in": Case("visitor", "/login", "/login", {"phone": world.phone_number("other"), "password": PASSWORD}),
        "display": Case("visitor", "/", "/display"),
    }


def _admin(world: World) -> dict[str, Case]:
    queue, people = "/admin/registrations", "/admin/members"
    application = f"{queue}/{world.things['waiting_registration']}"
    someone, suspended = f"{people}/{world.who['other']}", f"{people}/{world.who['suspended']}"
    trail: Where = ("admin", f"/admin/audit?subject={world.who['suspended']}")
    several = {"ids": world.things["waiting_registration"], "verdict": "refuse", "reason": "。"}
    return {
        "registration.ask": Case("admin", application, f"{application}/ask", {"question": "？"}, {"question": ITSELF}),
        "registration.refuse": Case(
            "admin", application, f"{application}/refuse", {"reason": "。"}, {"reason": ITSELF}
        ),
        "decide": Case(
            "admin",
            queue,
            f"{queue}/decide",
            several,
            {"reason": ("admin", application)},
            required=frozenset({"reason"}),
        ),
        "member.set_roles": Case("admin", someone, f"{someone}/roles"),
        "member.make_link": Case("admin", someone, f"{someone}/link", {"purpose": "password"}),
        "member.suspend": Case("admin", someone, f"{someone}/suspend", {"reason": "。"}, {"reason": ITSELF}),
        "member.reinstate": Case("admin", suspended, f"{suspended}/reinstate", {}, {"reason": trail}),
        "settings.change": Case("admin", "/admin/settings", "/admin/settings", {}, {"name": ITSELF, "contact": ITSELF}),
        "admin.reasons": Case("admin", "/admin/reasons", "/admin/reasons"),
    }


FEATURES = (_needs, _events, _consultations, _desk, _accounts, _admin)
NAMES = (
    *("need.create", "need.update", "need.respond", "need.close"),
    *("event.create", "event.update", "event.cancel", "event.signup", "checkin.record", "ticket", "checkin.undo"),
    *("consultation.request", "consultation.assign", "consultation.schedule", "consultation.decline"),
    *("consultation.complete", "consultation.rate", "expert_group.take_in", "expert_group.name_lead"),
    *("briefing.create", "briefing.edit", "briefing.review", "briefing.sign_off"),
    *("registration.submit", "registration.answer", "profile.update", "company.update", "password.change"),
    *("password.forgotten", "password.reset_by_code", "phone.request", "rules.accept", "log-in", "display"),
    *("registration.ask", "registration.refuse", "decide", "member.set_roles", "member.make_link", "member.suspend"),
    *("member.reinstate", "settings.change", "admin.reasons"),
)
NOT_OPERATIONS = {"log-in": LoginForm, "display": DisplayForm, "decide": DecideForm, "ticket": CheckinForm}
BY_A_LINK_OR_A_MESSAGE = {"password.reset", "phone.change"}
"""Their one word is a new password, or a code of six figures, as in forms that are here."""
BUTTONS_OF_THE_SHELL = {"display.set": "display", "notices.read": None}


def cases(world: World) -> dict[str, Case]:
    """Every form by the name of its operation."""
    return {name: case for feature in FEATURES for name, case in feature(world).items()}


class Community:
    """Keeps a copy of the database, and puts it back."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.kept = sqlite3.connect(":memory:")
        self._copy(lambda database: database.backup(self.kept))

    def restore(self) -> None:
        self._copy(self.kept.backup)
        self.app.extensions.pop("chamber", None)

    def _copy(self, copy: Callable[[sqlite3.Connection], None]) -> None:
        with self.app.app_context(), db.engine.connect() as connection:
            copy(connection.connection.driver_connection)  # type: ignore[arg-type]


def _open(world: World, role: str, path: str) -> Element:
    page = world.browser(role).get(path)
    assert page.status == 200, (role, path, page.status)
    return elements(page.html)


FORMS = re.compile(r"<form .*?</form>", re.DOTALL)


def send(browser: Browser, url: str, values: dict[str, Any]) -> Page:
    """Post as a broken phone would: unpaired surrogates and all."""
    body = "&".join(
        f"{quote_from_bytes(str(k).encode())}={quote_from_bytes(str(v).encode('utf-8', 'surrogatepass'))}"
        for k, v in values.items()
    )
    headers = {"Sec-Fetch-Site": "same-origin"}
    return Page(browser.client.post(url, data=body, content_type="application/x-www-form-urlencoded", headers=headers))


def test_every_operation_with_something_to_fill_in_is_here(app: Flask, people: People) -> None:
    assert set(cases(build(app, people))) == set(NAMES)
    fillable = {name for name, kind in registry.items() if list(kind.form())}
    assert fillable - set(NAMES) == BY_A_LINK_OR_A_MESSAGE | set(BUTTONS_OF_THE_SHELL)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_typed_breaks_a_form_or_becomes_markup(name: str, app: Flask, people: People) -> None:
    world = build(app, people)
    case = cases(world)[name]
    clock.advance(hours=case.hours)
    kind = NOT_OPERATIONS.get(name) or registry[name].form
    form = next(f for f in forms.forms_to(_open(world, case.role, case.page), case.action) if _fits(f, case, kind))
    valid = {**forms.filled(form), **{key: str(value) for key, value in case.valid.items()}}
    for where in case.shows.values():
        world.browser(where[0] if where else case.role)
    community = Community(app)
    attempt = Attempt(world, case, valid)
    assert attempt.post({}).status == (422 if case.never_accepted else 303), "what is valid is not accepted"
    wrong = []
    for entry in kind():
        if entry.name in case.other_form:
            continue
        for label, text in NAUGHTY if isinstance(entry, fields.TextField) else SOME:
            community.restore()
            wrong += [f"{name}.{entry.name} {label}: {fault}" for fault in attempt.faults(entry, text)]
    assert not wrong, "\n".join(wrong[:80])


def _fits(form: Element, case: Case, kind: type[fields.Form]) -> bool:
    return set(case.valid) <= forms.names(form) | {"id"} or not kind.names()


@dataclass
class Attempt:
    """Posts one form with one field replaced, and judges the answer."""

    world: World
    case: Case
    valid: dict[str, str]

    def post(self, changed: dict[str, str]) -> Page:
        if self.case.role == "visitor":
            self.world.browsers.pop("visitor", None)
        return send(self.world.browser(self.case.role), self.case.action, {**self.valid, **changed})

    def faults(self, entry: Any, text: str) -> Iterator[str]:
        """What is wrong with the answer to `text` in this field."""
        page = self.post({entry.name: text})
        if not (page.status == 303 or 400 <= page.status < 500):
            yield f"status {page.status}"
            return
        if isinstance(entry, fields.TextField) and not self.case.never_accepted:
            yield from self._honest(entry, text, page)
        if page.status == 303:
            yield from self._accepted(entry, text, page)
        else:
            yield from _no_markup(page, text)
            yield from self._shown_again(entry, text, page)

    def _honest(self, entry: fields.TextField, text: str, page: Page) -> Iterator[str]:
        right = _right_for(entry, text, required=entry.is_required or entry.name in self.case.required)
        if page.status == 303 and not right:
            yield "accepted, although it is not fit"
        if page.status != 303 and right:
            yield f"refused with {page.status}, although it is fit: {page.text[-300:]}"

    def _accepted(self, entry: Any, text: str, page: Page) -> Iterator[str]:
        browser = self.world.browser(self.case.role)
        page = browser.get(page.location)
        if page.status != 200:
            yield f"accepted, and then its page answers {page.status}"
        yield from _no_markup(page, text)
        if entry.name not in self.case.shows or is_blank(text):
            return
        where = self.case.shows[entry.name]
        if where != ITSELF:
            role, path = where
            page = self.world.browser(role).get(path if isinstance(path, str) else path())
            yield from _no_markup(page, text)
        if str(escape(clean_text(text, entry.multiline))) not in FORMS.sub("", page.html):
            yield "accepted, and not shown as typed"

    def _shown_again(self, entry: Any, text: str, page: Page) -> Iterator[str]:
        if page.status not in (409, 422):
            return
        kept = [
            forms.value(control)
            for form in forms.forms_to(elements("".join(FORMS.findall(page.html))), self.case.action)
            for control in forms.controls(form, entry.name)
            if control.tag == "textarea" or control.attrs.get("type") in ("text", "tel", "search", "url")
        ]
        if kept and shown(text) not in [(value or "").replace("\r\n", "\n") for value in kept]:
            yield f"refused with {page.status}, and not shown again as typed: {kept!r:.200}"


def _right_for(entry: fields.TextField, text: str, *, required: bool) -> bool:
    """Whether the field's own rule takes this text."""
    try:
        check_characters(text)
        if is_blank(text):
            return not required
        return len(text) <= entry.typed_at_most and len(clean_text(text, entry.multiline)) <= entry.max_length
    except Unacceptable:
        return False


def _no_markup(page: Page, text: str) -> Iterator[str]:
    if "<" in text and text in page.html:
        yield "stands in the page as markup"
