"""Every field of every form against strings that break software.

The answer is an honest 4xx that shows again what was typed, or a page that shows exactly
that: never a 5xx, never markup. Each post meets the community as it was before the last one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from flask import Flask
from markupsafe import escape

from core import fields
from core.clock import clock
from core.database import new_id
from core.operations import registry
from core.values import Unacceptable, check_characters, clean_text, is_blank, shown
from tests import forms
from tests.client import Browser, Page
from tests.copies import Copy
from tests.form_cases import ITSELF, NAMES, Case, cases, form_of, kind_of
from tests.markup import elements
from tests.people import People
from tests.unit.naughty_strings import NAUGHTY
from tests.world import World, build

pytestmark = pytest.mark.thorough
SOME = [
    (label, text)
    for label, text in NAUGHTY
    if label
    in (
        *("empty", "NUL inside", "surrogates in text", "right-to-left override", "families many", "zalgo long"),
        *("full-width digits", "many digits", "superscripts", "arabic digits", "leap second", "29 February", "or one"),
        *("script broken out", "attribute", "jinja", "percent", "headers", "csv", "json", "100,000 characters"),
    )
]
"""For fields that take no words: their parsers' own tests meet all the others."""
NO_WORDS = {"version", "device", "ids", "shown", "code"}
"""Texts that no person writes freely."""
BY_A_LINK_OR_A_MESSAGE = {"password.reset", "phone.change", "phone.verify", "account.erase", "passkey.add", "door.join"}
"""Their one word is a password, or a code, as in forms that are here; or a device says it."""
WITHOUT_WORDS = {"display.set", "notices.read", "notices.choose", "attendance.tell"}
AT_THE_DESK = {"briefing.gather", "briefing.import"}
"""Their forms are made from what was picked, or read from a file."""
FORMS = re.compile(r"<form .*?</form>", re.DOTALL)
TURNS = 3
"""Each form meets every third text, each text a third of the forms; in the long run all meet all."""


def test_every_operation_with_something_to_fill_in_is_here(app: Flask, people: People) -> None:
    assert set(cases(build(app, people))) == set(NAMES)
    fillable = {name for name, kind in registry.items() if list(kind.form())}
    assert fillable - set(NAMES) == BY_A_LINK_OR_A_MESSAGE | WITHOUT_WORDS | AT_THE_DESK


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("turn", [pytest.param(turn, marks=[pytest.mark.long] * bool(turn)) for turn in range(TURNS)])
def test_nothing_typed_breaks_a_form_or_becomes_markup(turn: int, name: str, app: Flask, people: People) -> None:
    world = build(app, people)
    case = cases(world)[name]
    clock.advance(hours=case.hours)
    valid = {**forms.filled(form_of(world, name, case)), **{key: str(value) for key, value in case.valid.items()}}
    for where in case.shows.values():
        world.browser(where[0] if where else case.role)
    attempt = Attempt(world, case, valid, Copy(app))
    assert attempt.post({}).status == (422 if case.never_accepted else 303), "what is valid is not accepted"
    entries = [entry for entry in kind_of(name)() if entry.name not in case.other_form]
    words = [entry for entry in entries if isinstance(entry, fields.TextField) and entry.name not in NO_WORDS]
    texts = NAUGHTY[(NAMES.index(name) + turn) % TURNS :: TURNS]
    wrong = [f"{label}: {fault}" for label, text in texts for fault in attempt.in_words(words, text)]
    for entry in entries if turn == 0 else ():
        if entry not in words:
            wrong += [f"{label}: {fault}" for label, text in SOME for fault in attempt.in_one(entry, text)]
    assert not wrong, "\n".join(fault[:200] for fault in wrong[:30])


def test_nothing_gathered_or_imported_breaks_the_desk_or_becomes_markup(app: Flask, people: People) -> None:
    world = build(app, people)
    community, draft = Copy(app), f"/desk/briefings/{world.things['draft']}"
    for label, text in NAUGHTY:
        takes = _is_a_line(text)
        for url, values in (
            (f"{draft}/gather", {"items": json.dumps([{"kind": "need", "line": text}])}),
            ("/desk/import", {"title": "社区简报", "body": text, "foot": text, "masthead": text[:80]}),
        ):
            community.restore()
            editor = world.browser("editor")
            page = send(editor, url, {"op_id": str(new_id()), **values})
            assert page.status < 500, (label, url)
            assert not list(_no_markup(page, text)), (label, url)
            if page.status == 303:
                assert not list(_no_markup(editor.get(page.location), text)), (label, url)
            else:
                assert 400 <= page.status < 500, (label, url, page.status)
                assert not takes, (label, url, page.text[-200:])


def _is_a_line(text: str) -> bool:
    try:
        check_characters(text)
        return not is_blank(text) and len(clean_text(text, multiline=False)) <= 80
    except Unacceptable:
        return False


def send(browser: Browser, url: str, values: dict[str, Any]) -> Page:
    """Post as a broken phone would: unpaired surrogates and all."""
    body = "&".join(
        f"{quote_from_bytes(str(k).encode())}={quote_from_bytes(str(v).encode('utf-8', 'surrogatepass'))}"
        for k, v in values.items()
    )
    headers = {"Sec-Fetch-Site": "same-origin"}
    return Page(browser.client.post(url, data=body, content_type="application/x-www-form-urlencoded", headers=headers))


@dataclass
class Attempt:
    """Posts one form with some fields replaced, and judges the answer."""

    world: World
    case: Case
    valid: dict[str, str]
    community: Copy

    def post(self, changed: dict[str, str]) -> Page:
        self.community.restore()
        if self.case.role == "visitor":
            self.world.browsers.pop("visitor", None)
        return send(self.world.browser(self.case.role), self.case.action, {**self.valid, **changed})

    def in_words(self, entries: list[fields.TextField], text: str) -> Iterator[str]:
        """What is wrong when `text` is typed into all fields that take it together, and into each other one alone."""
        fit = [entry for entry in entries if self._takes(entry, text)]
        if fit:
            yield from self._accepted(fit, text, self.post(dict.fromkeys((entry.name for entry in fit), text)))
        for entry in entries:
            if entry not in fit:
                page = self.post({entry.name: text})
                if not 400 <= page.status < 500:
                    yield f"{entry.name}: answered {page.status}, although it is not fit"
                yield from self._refused(entry, text, page)

    def in_one(self, entry: fields.Field, text: str) -> Iterator[str]:
        """What is wrong when `text` is typed into a field that takes no words, or only some."""
        page = self.post({entry.name: text})
        if page.status == 303:
            yield from self._accepted([], text, page)
        elif not 400 <= page.status < 500:
            yield f"{entry.name}: answered {page.status}"
        else:
            yield from self._refused(entry, text, page)

    def _takes(self, entry: fields.TextField, text: str) -> bool:
        """Whether the field's own rule takes this text."""
        try:
            check_characters(text)
            if is_blank(text):
                return not (entry.is_required or entry.name in self.case.required)
            return len(text) <= entry.typed_at_most and len(clean_text(text, entry.multiline)) <= entry.max_length
        except Unacceptable:
            return False

    def _accepted(self, entries: Iterable[fields.TextField], text: str, page: Page) -> Iterator[str]:
        if page.status != 303:
            yield f"answered {page.status}, although it is fit: {page.text[-150:]}"
            return
        itself = self.world.browser(self.case.role).get(page.location)
        if itself.status != 200:
            yield f"accepted, and then {page.location} answers {itself.status}"
        yield from _no_markup(itself, text)
        shows = {entry: self.case.shows[entry.name] for entry in entries if entry.name in self.case.shows}
        for where in set(shows.values()) if not is_blank(text) else ():
            shown_there = [entry for entry, place in shows.items() if place == where]
            page = itself if where == ITSELF else self._elsewhere(where)
            yield from _no_markup(page, text)
            words = str(escape(clean_text(text, shown_there[0].multiline)))
            if FORMS.sub("", page.html).count(words) < len(shown_there):
                yield f"accepted, and not shown as typed: {[entry.name for entry in shown_there]}"

    def _elsewhere(self, where: Any) -> Page:
        role, path = where
        return self.world.browser(role).get(path if isinstance(path, str) else path())

    def _refused(self, entry: fields.Field, text: str, page: Page) -> Iterator[str]:
        yield from _no_markup(page, text)
        if page.status not in (409, 422):
            return
        kept = [
            (forms.value(control) or "").replace("\r\n", "\n")
            for form in forms.forms_to(elements("".join(FORMS.findall(page.html))), self.case.action)
            for control in forms.controls(form, entry.name)
            if control.tag == "textarea" or control.attrs.get("type") in ("text", "tel", "search", "url")
        ]
        if kept and shown(text) not in kept:
            yield f"{entry.name}: refused with {page.status}, and not shown again as typed: {kept!r:.80}"


def _no_markup(page: Page, text: str) -> Iterator[str]:
    if "<" in text and text in page.html:
        yield "stands in the page as markup"
