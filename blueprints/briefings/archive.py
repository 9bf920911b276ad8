"""What is out, for members: by number, by month, by the words in it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, and_, extract, func, literal, select, tuple_
from sqlalchemy.orm import selectinload

from blueprints.briefings.models import Briefing, briefing_words
from blueprints.briefings.plain_text import Imprint, plain_text
from blueprints.briefings.service import Neighbours, is_published, its_people
from core import chamber
from core.clock import now
from core.database import db
from core.errors import NotFound
from core.search import finds, highlighted, phrases

PAGE = 30
IN_A_MONTH = 100
SNIPPET = 90
LARGEST_NUMBER = 1_000_000
UNDATED = date(1, 1, 1)
_MARKS = re.compile(r"^\s*(?:#{1,6}|[-*+>]|\d{1,3}[.)])\s+|\*\*|`", re.MULTILINE)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_CURSOR = re.compile(r"([0-9]{8})-([0-9a-f]{32})")


@dataclass(frozen=True)
class Listed:
    """One published issue in a list; `snippet` shows the place that was looked for."""

    number: int | None
    date: date | None
    title: str | Markup
    url: str
    printed_number: str = ""
    snippet: Markup | None = None


@dataclass(frozen=True)
class Month:
    """How many issues a month has; without a first day those whose day is not known."""

    first: date | None
    count: int

    @property
    def text(self) -> str:
        """The month as a URL has it."""
        return f"{self.first:%Y-%m}" if self.first else "none"


def newest(after: str = "") -> tuple[list[Listed], str | None]:
    """A page of the numbered issues, the highest number first, and after which the next page begins."""
    rows = _columns().where(Briefing.number.is_not(None))
    if after.isascii() and after.isdigit() and len(after) < 10:
        rows = rows.where(Briefing.number < int(after))
    found = db.session.execute(rows.order_by(Briefing.number.desc()).limit(PAGE + 1)).all()
    return [_listed(row) for row in found[:PAGE]], str(found[PAGE - 1].number) if len(found) > PAGE else None


def of_month(month: str) -> list[Listed]:
    """The issues of a month (`2026-11`), or those without a day (`none`), the latest first."""
    found = _MONTH.fullmatch(month)
    if month == "none":
        condition: ColumnElement[bool] = Briefing.date.is_(None)
    elif found and 1 <= int(found[2]) <= 12 and int(found[1]) > 0:
        first = date(int(found[1]), int(found[2]), 1)
        condition = and_(Briefing.date >= first, Briefing.date < (first + timedelta(days=31)).replace(day=1))
    else:
        return []
    rows = _columns().where(condition).order_by(Briefing.date.desc(), Briefing.id.desc()).limit(IN_A_MONTH)
    return [_listed(row) for row in db.session.execute(rows)]


def months() -> list[Month]:
    """Every month that has issues, the latest first, then those without a day."""
    year, month = extract("year", Briefing.date), extract("month", Briefing.date)
    rows = db.session.execute(select(year, month, func.count()).where(is_published()).group_by(year, month)).all()
    found = [Month(date(int(y), int(m), 1) if y else None, count) for y, m, count in rows]
    return sorted(found, key=lambda each: each.first or UNDATED, reverse=True)


def search(query: str, after: str = "") -> tuple[list[Listed], str | None]:
    """A page of the issues that have every phrase of `query`, the latest first, those without a day last."""
    if not phrases(query):
        return [], None
    day = func.coalesce(Briefing.date, UNDATED)
    rows = select(Briefing.id).where(is_published(), finds(briefing_words, Briefing.id.expression, query))
    if cursor := _CURSOR.fullmatch(after):
        place = tuple_(day, Briefing.id)
        bound = tuple_(literal(_day(cursor[1]), Briefing.date.type), literal(uuid.UUID(cursor[2]), Briefing.id.type))
        rows = rows.where(place < bound)
    # The texts are read of those that are shown alone: sorting all that was found with theirs takes long.
    shown = rows.order_by(day.desc(), Briefing.id.desc()).limit(PAGE + 1).subquery()
    whole = _columns().add_columns(Briefing.body).join(shown, shown.c.id == Briefing.id)
    found = db.session.execute(whole.order_by(day.desc(), Briefing.id.desc())).all()
    last = found[PAGE - 1] if len(found) > PAGE else None
    listed = [_listed(row, query, row.body) for row in found[:PAGE]]
    return listed, _cursor(last.date, last.id) if last else None


def _cursor(day: date | None, key: uuid.UUID) -> str:
    return f"{(day or UNDATED).isoformat().replace('-', '')}-{key.hex}"


def _day(text: str) -> date:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return UNDATED


def _columns() -> Select[tuple[uuid.UUID, int | None, date | None, str, dict[str, str]]]:
    return select(Briefing.id, Briefing.number, Briefing.date, Briefing.title, Briefing.printed).where(is_published())


def _listed(row: object, query: str = "", body: str = "") -> Listed:
    key, number, day, title, printed = row[:5]  # type: ignore[index]
    return Listed(
        number,
        day,
        highlighted(title, query) if query else title,
        f"/briefings/{number or key}",
        (printed or {}).get("number", ""),
        highlighted(" ".join(_MARKS.sub("", body).split()), query, SNIPPET) if query else None,
    )


def issue(key: int | uuid.UUID) -> tuple[Briefing, Neighbours]:
    """A published issue with its people, corrections and neighbours; `NotFound` until its hour has come."""
    if isinstance(key, int) and not 0 < key < LARGEST_NUMBER:
        raise NotFound
    is_it = Briefing.number == key if isinstance(key, int) else Briefing.id == key
    other = Briefing.__table__.alias("other")
    out = and_(
        other.c.state.in_(("signed_off", "imported")), other.c.publishes_at <= now(), other.c.number.is_not(None)
    )
    previous = select(func.max(other.c.number)).where(out, other.c.number < Briefing.number).scalar_subquery()
    following = select(func.min(other.c.number)).where(out, other.c.number > Briefing.number).scalar_subquery()
    found = db.session.execute(
        select(Briefing, previous, following)
        .where(is_it, is_published())
        .options(*its_people(), selectinload(Briefing.corrections))
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], Neighbours(found[1], found[2])


def text_parts(found: Briefing) -> list[str]:
    """An issue as text for chat groups, in parts of under 2,000 characters."""
    day, printed = found.date, found.printed or {}
    people = {
        name: person.real_name if person else printed.get(name, "")
        for name, person in (("editor", found.editor), ("reviewer", found.reviewer), ("publisher", found.publisher))
    }
    imprint = Imprint(
        chamber=printed.get("masthead") or chamber.current().name,
        number=found.number or 0,
        day=f"{day.year}年{day.month}月{day.day}日　星期{'一二三四五六日'[day.weekday()]}" if day else "",
        title=found.title,
        printed_number=printed.get("number", ""),
        is_imported=found.state == "imported",
        **people,
    )
    return plain_text(imprint, found.body, corrections=[each.body for each in found.corrections])
