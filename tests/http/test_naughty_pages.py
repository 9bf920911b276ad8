"""Pages that are asked for with strings that break software, and pages that are full of them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import icalendar
import openpyxl
import pytest
from flask import Flask
from sqlalchemy import JSON, Column, String, Table, select, update

from core.database import Base, db
from core.values import Unacceptable, clean_text
from tests.markup_rules import faults_of
from tests.people import People
from tests.sitemap import NOT_FOUND, visits
from tests.unit.naughty_strings import NAUGHTY
from tests.world import World, build

WORDS = {
    "member": ["/needs?q=", "/members?q=", "/briefings?q=", "/experts/", "/rules/", "/me/phone/", "/members?trade="],
    "visitor": ["/", "/login?next=", "/password/reset/", "/calendar/", "/display?next="],
    "admin": ["/admin/registrations?q=", "/admin/members?q=", "/admin/audit?actor=", "/admin/audit?subject="],
    "organizer": ["{event}/door?q=", "{event}/door?part=roster&q="],
}
"""Addresses that end in words, by who asks."""
CODES = {
    "member": [
        *(f"/needs?{name}=" for name in ("kind", "category", "trade", "state", "after", "mine")),
        *("/needs/new?kind=", "/needs/solved?category=", "/needs/solved?after=", "/needs/sharing/since?after="),
        *(f"/events?{name}=" for name in ("kind", "month", "when", "after")),
        *("{event}?after=", "/members?after=", "/briefings?after=", "/briefings/", "/notices?after="),
        *("/consultations?as=", "/consultations?after=", "/needs/", "/events/", "/members/", "/consultations/"),
    ],
    "admin": [
        *("/admin/registrations?state=", "/admin/registrations?after=", "{application}?open=", "{application}?ready="),
        *("/admin/members?role=", "/admin/members?after=", "{someone}?link="),
        *(f"/admin/audit?{name}=" for name in ("act", "kind", "since", "until", "after")),
    ],
    "organizer": ["{event}/door?part=", "{event}/door?checkin=", "{event}/door?next="],
}
"""Addresses that end in a code, a number or an id."""
ROUNDS, PLACES = 4, 150


@pytest.mark.thorough
def test_nothing_that_is_asked_for_breaks_a_page(app: Flask, people: People) -> None:
    world = build(app, people)
    known = {
        "event": f"/events/{world.things['event']}",
        "application": f"/admin/registrations/{world.things['registration']}",
        "someone": f"/admin/members/{world.who['other']}",
    }
    wrong = []
    for addresses, every in ((WORDS, 3), (CODES, 9)):
        listed = [(role, address) for role, addresses_of in addresses.items() for address in addresses_of]
        for place, (role, address) in enumerate(listed):
            for label, text in NAUGHTY[place % every :: every]:
                url = address.format(**known) + quote(text[:2000], safe="", errors="surrogatepass")
                page = world.browser(role).get(url)
                if page.status >= 500 or ("<" in text and text in page.html):
                    wrong.append(f"{role} {address} {label}: {page.status}")
                if page.location and not page.location.startswith("/"):
                    wrong.append(f"{role} {address} {label}: leads to {page.location}")
    assert not wrong, "\n".join(wrong[:60])


@pytest.mark.parametrize(
    "turn",
    [pytest.param(turn, marks=pytest.mark.long if turn else pytest.mark.thorough) for turn in range(ROUNDS)],
)
def test_pages_and_files_full_of_such_texts_open(turn: int, app: Flask, people: People) -> None:
    world = build(app, people)
    with app.app_context():
        assert fill(turn) > PLACES
    tags = [text for _, text in NAUGHTY if "<" in text]
    wrong = []
    for role, path in visits(world):
        page = world.browser(role).get(path)
        if page.status != (404 if path == NOT_FOUND else 200):
            wrong.append(f"{role} {path}: {page.status}")
        wrong += [f"{role} {path}: {fault}" for fault in faults_of(page.html)]
        wrong += [f"{role} {path}: {tag} is markup" for tag in tags if tag in page.html]
    assert not wrong, "\n".join(wrong[:60])
    files_open(world)


def files_open(world: World) -> None:
    """The sheet holds texts and no formula; the calendars and the plain text can be read."""
    organizer, member = world.browser("organizer"), world.browser("member")
    for name in ("event", "past_event", "cancelled_event"):
        event = f"/events/{world.things[name]}"
        sheet = openpyxl.load_workbook(BytesIO(organizer.client.get(f"{event}/attendance.xlsx").data)).active
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
        assert organizer.client.get(f"{event}/door/pack").status_code in (200, 403, 404)
        calendar = icalendar.Calendar.from_ical(member.client.get(f"{event}.ics").data)
        assert len(calendar.walk("VEVENT")) == 1
    assert member.get("/briefings/1.txt").status == 200


def fill(turn: int) -> int:
    """Put such a text wherever somebody wrote Chinese, another one in each place; returns how many places there are."""
    first = number = turn * 29
    for table in Base.metadata.sorted_tables:
        if table.name == "ledger":
            continue
        for row in db.session.execute(select(table)).all():
            key = [column == row._mapping[column.name] for column in table.primary_key]
            values = {}
            for column in words_in(table):
                text = row._mapping[column.name]
                if is_chinese(text):
                    number += 1
                    values[column.name] = replaced(column, text, number)
            if values:
                db.session.execute(update(table).where(*key).values(values))
    db.session.commit()
    return number - first


def words_in(table: Table) -> Iterator[Column[Any]]:
    """The columns that may hold what somebody wrote."""
    for column in table.columns:
        derived = column.name in ("search_text", "sort_key", "sounds_like", "name_key")
        if isinstance(column.type, (String, JSON)) and not column.primary_key and not derived:
            yield column


def is_chinese(value: Any) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in str(value))


def replaced(column: Column[Any], value: Any, number: int) -> Any:
    """`value` with a text from the list in each place where it was Chinese."""
    if isinstance(value, dict):
        return {name: replaced(column, one, number + at) for at, (name, one) in enumerate(value.items())}
    if isinstance(value, list):
        return [replaced(column, one, number + at) for at, one in enumerate(value)]
    if not is_chinese(value):
        return value
    most = getattr(column.type, "length", None)
    return fit(most or 5000, multiline=most is None, number=number)


def fit(most: int, *, multiline: bool, number: int) -> str:
    """The first text from `number` on that a field of this length takes."""
    for at in range(len(NAUGHTY)):
        try:
            text = clean_text(NAUGHTY[(number + at) % len(NAUGHTY)][1], multiline)
        except Unacceptable:
            continue
        if text and len(text) <= most:
            return text
    raise AssertionError
