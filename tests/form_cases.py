"""The forms of the site, each with who fills it in, where it stands, what is valid there, and who reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from blueprints.accounts.forms import DisplayForm, LoginForm
from blueprints.accounts.models import Registration
from blueprints.admin.forms import DecideForm
from blueprints.door.forms import CheckinForm
from blueprints.reports.models import Report
from core.clock import now
from core.database import db
from core.fields import Form
from core.operations import registry
from tests import forms
from tests.markup import Element, elements
from tests.people import PASSWORD
from tests.world import World, event_fields, typed

Where = tuple[str, str | Callable[[], str]]
ITSELF = ""


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
            e.attrs["action"] for e in opened(world, "organizer", f"{past}/door").all("form") if "undo" in str(e)
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
        "briefing.redate": Case("editor", draft, f"{draft}/day", {"date": "2027-01-06"}),
        "briefing.edit": Case("editor", draft, draft, {}, {"title": ITSELF}),
        "briefing.comment": Case(
            "reviewer", submitted, f"{submitted}/comments", {"line": "3", "body": "。"}, {"body": ITSELF}
        ),
        "briefing.correct": Case(
            "publisher",
            f"/desk/briefings/{world.things['briefing']}",
            f"/desk/briefings/{world.things['briefing']}/corrections",
            {"body": "。"},
            {"body": ITSELF},
        ),
        "deed.submit": Case(
            "member", "/deeds", "/deeds", {"doer": "某", "body": "。"}, {"doer": ITSELF, "body": ITSELF}
        ),
        "briefing.review": Case("reviewer", submitted, f"{submitted}/review", given_back, {"comment": ITSELF}),
        "briefing.sign_off": Case(
            "publisher",
            reviewed,
            f"{reviewed}/sign-off",
            given_back,
            {"comment": ITSELF},
            required=frozenset({"comment"}),
        ),
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
        "company.change": Case(
            "member",
            "/me/profile",
            "/me/company/change",
            {"change": "renamed", "company_name": "某"},
            {"company_name": profile, "new_position": profile},
        ),
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
        "rule.comment": Case(
            "member", "/rules/privacy-policy", "/rules/privacy-policy/comments", {"body": "。"}, {"body": ITSELF}
        ),
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
        "member.correct": Case(
            "admin",
            someone,
            f"{someone}/correct",
            {"reason": "。", "referrer": "老李"},
            {
                "real_name": ITSELF,
                "company_name": ITSELF,
                "position": ITSELF,
                "referrer": ITSELF,
                "reason": ("admin", f"/admin/audit?subject={world.who['other']}"),
            },
        ),
        "member.make_link": Case("admin", someone, f"{someone}/link", {"purpose": "password"}),
        "member.suspend": Case("admin", someone, f"{someone}/suspend", {"reason": "。"}, {"reason": ITSELF}),
        "member.reinstate": Case("admin", suspended, f"{suspended}/reinstate", {}, {"reason": trail}),
        "rule.publish": Case(
            "admin",
            "/admin/rules/privacy-policy",
            "/admin/rules/privacy-policy",
            {"body": "新的。"},
        ),
        "settings.change": Case("admin", "/admin/settings", "/admin/settings", {}, {"name": ITSELF, "contact": ITSELF}),
        "admin.reasons": Case("admin", "/admin/reasons", "/admin/reasons"),
    }


def _reports(world: World) -> dict[str, Case]:
    new = f"/reports/new?kind=member&id={world.who['other']}"
    report, upheld = (f"/admin/reports/{world.things[name]}" for name in ("report", "upheld_report"))

    def newest() -> str:
        with world.app.app_context():
            return f"/admin/reports/{db.session.scalars(select(Report.id).order_by(Report.id.desc()).limit(1)).one()}"

    reason: dict[str, str | Where] = {"reason": ITSELF}
    shown_again: Where = ("admin", f"/admin/audit?subject={world.things['hidden_need']}")
    return {
        "report.submit": Case("member", new, "/reports", {"reason": "insult"}, {"words": ("admin", newest)}),
        "report.uphold": Case("admin", report, f"{report}/uphold", {"reason": "。"}, reason),
        "report.dismiss": Case("admin", report, f"{report}/dismiss", {"reason": "。"}, reason),
        "report.restore": Case("admin", upheld, f"{upheld}/restore", {"reason": "。"}, {"reason": shown_again}),
    }


def _conduct(world: World) -> dict[str, Case]:
    other, paused = (f"/admin/conduct/{world.who[role]}" for role in ("other", "suspended"))
    kept, lifted = (f"{other}/reviews/{world.things[name]}" for name in ("review", "other_review"))
    because: tuple[dict[str, str], dict[str, str | Where]] = ({"reason": "。"}, {"reason": ITSELF})
    return {
        "conduct.warn": Case("admin", other, f"{other}/warn", *because),
        "conduct.pause": Case("admin", other, f"{other}/pause", *because),
        "conduct.resume": Case("admin", paused, f"{paused}/resume", *because),
        "review.ask": Case("member", "/me/conduct", "/me/conduct/review", {"words": "。"}, {"words": ITSELF}),
        "review.appeal": Case(
            "visitor",
            "/login/review",
            "/login/review",
            {"phone": world.phone_number("suspended"), "password": PASSWORD, "words": "。"},
            {"words": ("admin", paused)},
        ),
        "review.keep": Case("admin", other, f"{kept}/keep", *because),
        "review.lift": Case("admin", other, f"{lifted}/lift", *because),
    }


FEATURES = (_needs, _events, _consultations, _desk, _accounts, _admin, _reports, _conduct)
NAMES = (
    *("need.create", "need.update", "need.respond", "need.close"),
    *("event.create", "event.update", "event.cancel", "event.signup", "checkin.record", "ticket", "checkin.undo"),
    *("consultation.request", "consultation.assign", "consultation.schedule", "consultation.decline"),
    *("consultation.complete", "consultation.rate", "expert_group.take_in", "expert_group.name_lead"),
    *("briefing.create", "briefing.redate", "briefing.edit", "briefing.review", "briefing.sign_off"),
    *("briefing.comment", "briefing.correct", "deed.submit"),
    *("registration.submit", "registration.answer", "profile.update", "company.update", "password.change"),
    *("password.forgotten", "password.reset_by_code", "phone.request", "rules.accept", "log-in", "display"),
    *("registration.ask", "registration.refuse", "decide", "member.set_roles", "member.make_link", "member.suspend"),
    *("member.reinstate", "settings.change", "admin.reasons"),
    *("report.submit", "report.uphold", "report.dismiss", "report.restore"),
    *("conduct.warn", "conduct.pause", "conduct.resume", "review.ask", "review.appeal"),
    *("review.keep", "review.lift"),
    *("rule.publish", "rule.comment", "company.change", "member.correct"),
)
NOT_OPERATIONS = {"log-in": LoginForm, "display": DisplayForm, "decide": DecideForm, "ticket": CheckinForm}


def cases(world: World) -> dict[str, Case]:
    """Every form by the name of its operation."""
    return {name: case for feature in FEATURES for name, case in feature(world).items()}


def opened(world: World, role: str, path: str) -> Element:
    """A page as this person sees it."""
    page = world.browser(role).get(path)
    assert page.status == 200, (role, path, page.status)
    return elements(page.html)


def kind_of(name: str) -> type[Form]:
    """The form of this name."""
    return NOT_OPERATIONS.get(name) or registry[name].form


def form_of(world: World, name: str, case: Case) -> Element:
    """The form as it stands on its page: of several that go to one address, the one for these values."""
    needed = set(case.valid) & kind_of(name).names()
    found = forms.forms_to(opened(world, case.role, case.page), case.action)
    return next(form for form in found if needed <= forms.names(form))
