"""Every text field of every form against strings that break software.

The answer is an honest 4xx, or a page that shows exactly what was typed: never a 5xx,
never markup. Nothing is followed by a page that no longer opens.
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from flask import Flask
from markupsafe import escape
from sqlalchemy import delete

from core.clock import now
from core.database import db, rate_limits
from core.fields import PasswordField, TextField
from core.operations import registry
from core.values import Unacceptable, clean_text
from tests.client import Browser, Page
from tests.people import PASSWORD, People
from tests.unit.naughty_strings import NAUGHTY
from tests.world import World, build, event_fields, typed

pytestmark = pytest.mark.thorough
ONES_OWN_ROW = itertools.count(1)
Post = tuple[str, str, dict[str, Any]]


def posts(world: World) -> dict[str, Post]:
    """For each operation that takes words: who posts, where, and what is valid there."""
    t, now_ = world.things, now()
    event = f"/events/{t['event']}"
    need = {"kind": "need", "title": "求购", "body": "六吨。", "category": "procurement"}
    desk = f"/desk/briefings/{t['draft']}"
    application = f"/admin/registrations/{t['registration']}"
    someone = f"/admin/members/{world.who['other']}"
    return {
        "registration.submit": (
            "visitor",
            "/register",
            {
                "real_name": "羊春晓",
                "phone": "13900000000",
                "password": PASSWORD,
                "company_name": "天津晓春食品有限公司",
                "position": "经理",
                "trade": "agriculture",
                "accept_rules": "1",
                "accept_privacy": "1",
            },
        ),
        "registration.answer": ("applicant", "/register/answer", {"body": "好"}),
        "registration.ask": ("admin", f"{application}/ask", {"question": "？"}),
        "registration.refuse": ("admin", f"{application}/refuse", {"reason": "。"}),
        "profile.update": ("member", "/me/profile", {"position": "经理"}),
        "need.create": ("member", "/needs", need),
        "need.update": ("member", f"/needs/{t['need']}", {**need, "version": "1"}),
        "need.respond": ("expert", f"/needs/{t['need']}/responses", {"body": "有"}),
        "need.close": ("member", f"/needs/{t['need']}/outcome", {"result": "solved"}),
        "event.create": ("organizer", "/events", event_fields(now_ + timedelta(days=3))),
        "event.update": ("organizer", event, event_fields(now_ + timedelta(hours=9))),
        "event.cancel": ("organizer", f"/events/{t['inside_event']}/cancel", {"reason": "。"}),
        "event.signup": ("lead", f"{event}/signup", {}),
        "checkin.record": ("organizer", f"{event}/checkins", {}),
        "consultation.request": ("member", "/experts/environment/consultations", {"topic": "气味", "body": "。"}),
        "consultation.schedule": (
            "expert",
            f"/consultations/{t['assigned_consultation']}/schedule",
            {"starts_at": typed(now_ + timedelta(hours=4)), "place": "车间"},
        ),
        "consultation.decline": ("lead", f"/consultations/{t['consultation']}/decline", {"reason": "。"}),
        "consultation.complete": (
            "expert",
            f"/consultations/{t['assigned_consultation']}/complete",
            {"summary": "。"},
        ),
        "consultation.rate": ("member", f"/consultations/{t['completed_consultation']}/rating", {"stars": "5"}),
        "briefing.edit": ("editor", desk, {"title": "题", "body": "文", "version": "1"}),
        "briefing.review": ("reviewer", f"{desk}/review", {"verdict": "return"}),
        "briefing.sign_off": ("publisher", f"{desk}/sign-off", {"verdict": "return"}),
        "member.suspend": ("admin", f"{someone}/suspend", {"reason": "。"}),
        "member.reinstate": ("admin", f"{someone}/reinstate", {}),
        "settings.change": (
            "admin",
            "/admin/settings",
            {"name": "会友", "contact": "", "sharing_hour": "11:18-12:00", "briefing_time": "11:18"},
        ),
        "admin.reasons": ("admin", "/admin/reasons", {}),
    }


WITHOUT_A_PAGE_OF_THEIR_OWN = {
    "checkin.undo",
    "company.update",
    "display.set",
    "password.change",
    "password.forgotten",
    "password.reset",
    "password.reset_by_code",
    "phone.change",
    "phone.request",
    "rules.accept",
}
"""Operations whose texts are never shown to anyone; they are sent every string below all the same."""


def send(browser: Browser, url: str, fields: dict[str, Any]) -> Page:
    """Post as a broken phone would: unpaired surrogates and all."""
    body = "&".join(
        f"{quote_from_bytes(str(k).encode())}={quote_from_bytes(str(v).encode('utf-8', 'surrogatepass'))}"
        for k, v in fields.items()
    )
    response = browser.client.post(
        url,
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    return Page(response)


def test_every_operation_that_takes_words_is_sent_naughty_ones(app: Flask, people: People) -> None:
    world = build(app, people)
    wordy = {
        name
        for name, kind in registry.items()
        if any(isinstance(f, TextField) and not isinstance(f, PasswordField) for f in kind.form())
        and any(f.name not in ("version", "device", "id") for f in kind.form() if isinstance(f, TextField))
    }
    assert wordy - set(posts(world)) <= WITHOUT_A_PAGE_OF_THEIR_OWN


def test_no_text_breaks_a_form_or_becomes_markup(app: Flask, people: People) -> None:
    world = build(app, people)
    wrong: list[str] = []
    for name, (role, url, valid) in posts(world).items():
        for field in registry[name].form():
            if not isinstance(field, TextField) or field.name in ("version", "device", "id"):
                continue
            for label, text in NAUGHTY:
                browser = Browser(app) if role == "visitor" else world.browser(role)
                page = send(browser, url, {**valid, "phone": f"139{next(ONES_OWN_ROW):08d}", field.name: text})
                wrong += [f"{name}.{field.name} {label}: {fault}" for fault in faults(browser, page, field, text)]
                with app.app_context():
                    db.session.execute(delete(rate_limits))
                    db.session.commit()
    assert not wrong, "\n".join(wrong[:60])


def faults(browser: Browser, page: Page, field: TextField, text: str) -> list[str]:
    """What is wrong with an answer to `text`."""
    if page.status == 303:
        page = browser.get(page.location)
        if page.status != 200:
            return [f"accepted, and then its page answers {page.status}"]
    elif not 400 <= page.status < 500:
        return [f"status {page.status}"]
    if "<" in text and text in page.html:
        return ["stands in the page as markup"]
    try:
        cleaned = clean_text(text, field.multiline)
    except Unacceptable:
        return []
    if page.status == 422 and len(cleaned) <= 200 and cleaned and str(escape(cleaned)) not in page.html.replace("\r\n", "\n"):
        return ["refused, and not shown again as typed"]
    return []
