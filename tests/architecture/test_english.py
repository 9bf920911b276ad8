"""Asked in English, every page answers in English: what is left in Chinese was written by people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from core.database import Base, db
from tests.client import Browser
from tests.markup import UNREAD, Element, elements
from tests.people import People
from tests.sitemap import pages_of, visits
from tests.world import ROLES, World, build

pytestmark = pytest.mark.thorough

CHINESE = re.compile(r"[\u2e80-\u303f\u3100-\u312f\u31a0-\u9fff\uf900-\ufaff\ufe10-\ufe4f\uff00-\uffef]+")
READ_ATTRIBUTES = ("title", "aria-label", "placeholder", "alt", "content", "label", "value")
OUR_OWN_WORDS = {"ledger.message", "expert_groups.name"}
"""Columns whose Chinese is ours: a page says it in English."""
ITS_OWN_NAMES = ("会友", "中文")


def written_by_people(world: World) -> re.Pattern[str]:
    """What finds each line of Chinese that somebody wrote, the longest first."""
    pieces = set(ITS_OWN_NAMES)
    with world.app.app_context():
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if str(column) not in OUR_OWN_WORDS]
            for row in db.session.execute(select(*columns)):
                for line in re.split(r"[\n|*#]+", "\n".join(texts_of(row))):
                    if CHINESE.search(line):
                        pieces.add(line.strip(" -"))
    return re.compile("|".join(re.escape(piece) for piece in sorted(pieces, key=len, reverse=True)))


def texts_of(values: object) -> Iterator[str]:
    """Every text in a row, also within its JSON."""
    if isinstance(values, str):
        yield values
    elif isinstance(values, dict):
        yield from texts_of(list(values.values()))
    elif isinstance(values, (list, tuple)) or hasattr(values, "_mapping"):
        for value in values:  # type: ignore[attr-defined]
            yield from texts_of(value)


def words_of(element: Element) -> Iterator[str]:
    """What is read of an element and what it holds, but for what says that it is Chinese."""
    if element.attrs.get("lang") == "zh-CN" or element.tag in UNREAD:
        return
    for name in READ_ATTRIBUTES:
        if element.attrs.get("type") != "hidden":
            yield element.attrs.get(name, "")
    for child in element.children:
        if isinstance(child, str):
            yield child
        else:
            yield from words_of(child)


def left(words: Iterator[str] | list[str], theirs: re.Pattern[str]) -> list[str]:
    """The Chinese in `words` that nobody wrote."""
    return list(dict.fromkeys(" ".join(w.split()) for w in words if CHINESE.search(theirs.sub("", w))))


def in_english(world: World, role: str) -> Browser:
    """This person's phone, on which English was chosen."""
    browser = world.browser(role)
    browser.client.set_cookie("language", "en")
    return browser


def test_no_page_says_anything_of_its_own_in_chinese(app: Flask, people: People) -> None:
    world = build(app, people)
    theirs = written_by_people(world)
    wrong = []
    for role, path in visits(world):
        document = elements(in_english(world, role).get(path).html)
        assert next(document.all("html")).attrs["lang"] == "en"
        query = unquote(path.partition("q=")[2])
        wrong += [f"{role} {path}: {words}" for words in left(words_of(document), theirs) if words != query]
    assert not wrong, "\n".join(wrong)


def test_no_file_says_anything_of_its_own_in_chinese(app: Flask, people: People) -> None:
    world = build(app, people)
    theirs = written_by_people(world)
    organizer, member = in_english(world, "organizer"), in_english(world, "member")
    wrong = []
    for event in ("event", "past_event", "cancelled_event"):
        url = f"/events/{world.things[event]}"
        sheet = openpyxl.load_workbook(BytesIO(organizer.client.get(f"{url}/attendance.xlsx").data))
        cells = [str(cell) for rows in sheet for row in rows.iter_rows(values_only=True) for cell in row if cell]
        calendar = member.client.get(f"{url}.ics").get_data(as_text=True).replace("\r\n ", "").replace("\\n", "\n")
        wrong += left([*sheet.sheetnames, *cells, *re.split(r"[\n\\,;]", calendar)], theirs)
    assert not wrong, "\n".join(wrong)


def test_every_role_of_the_table_of_access_is_asked(app: Flask, people: People) -> None:
    assert set(ROLES) <= set(pages_of(build(app, people)))
