"""Ten years of daily issues: what the list, an issue and a search cost, and whether a search finds everything."""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from app import create_app
from bench.harness import Site
from bench.report import Line, Result
from blueprints.briefings import archive, search_index
from blueprints.briefings.models import Briefing, briefing_words
from core.database import db, in_transaction
from core.search import finds
from core.settings import Settings
from tests.client import Browser
from tests.people import People

TITLE = "Archive of 3,650 issues"
ISSUES = 3650
WORDS = 60
MOST_MS = 50
MOST_QUERIES = 8
NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)


def measure(site: Site | None = None, *, postgres: bool = False) -> Result:
    """In a process and database of its own: the demo has one year."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder / 'archive.db'}"
        if postgres or (site is not None and "postgres" in site.database.lower()):
            from tests.postgres import postgres as private

            url = stack.enter_context(private())
        app = create_app(
            Settings(database_url=url, secret_key="x" * 40, testing=True, demo=False, frozen_at=NOW, instance=folder)
        )
        with app.app_context():
            db.create_all()
        people = People(app)
        three = [people.member(role, role) for role in ("editor", "reviewer", "publisher")]
        phone = people.browser(people.member())
        bodies = _bodies()
        with app.app_context():
            _fill(bodies, three)
            started = time.perf_counter()
            in_transaction(search_index.rebuild)
            indexed = time.perf_counter() - started
            recall, median, worst = _recall(bodies)
        lines = [
            Line("index of all issues made anew", round(indexed, 1), "s"),
            Line("recall of two-character words", round(recall, 3), "", at_least=1),
            Line("a search in the database, median", round(median, 1), "ms"),
            Line("a search in the database, worst", round(worst, 1), "ms"),
        ]
        for name, path in _pages():
            lines += _page(phone, name, path)
        with app.app_context():
            db.engine.dispose()
    return Result(lines, {})


def _bodies() -> list[str]:
    data = Path(__file__).parent.parent / "demo" / "data"
    pieces = [json.loads(line)["text"] for line in (data / "briefing_items.jsonl").read_text("utf-8").splitlines()]
    rng = random.Random(1118)
    return ["## 新的需求\n\n" + "\n".join(f"- {rng.choice(pieces)}" for _ in range(24)) for _ in range(ISSUES)]


def _fill(bodies: list[str], three: list[object]) -> None:
    first = date(2016, 11, 23)
    rows = [
        Briefing(
            number=number, date=first + timedelta(days=number - 1), title=f"第{number}期的标题", body=body,
            state="signed_off", editor_id=three[0], reviewer_id=three[1], publisher_id=three[2], signed_off_at=NOW,
            publishes_at=NOW - timedelta(days=ISSUES - number),
        )
        for number, body in enumerate(bodies, 1)
    ]  # fmt: skip
    db.session.add_all(rows)
    db.session.commit()


def _recall(bodies: list[str]) -> tuple[float, float, float]:
    """The share of what there is that is found, and how long the first page took, median and worst, in ms."""
    rng, hits, wanted, times = random.Random(7), 0, 0, []
    while len(times) < WORDS:
        body = rng.choice(bodies)
        at = rng.randrange(len(body) - 2)
        word = body[at : at + 2]
        if not all("\u4e00" <= char <= "\u9fff" for char in word):
            continue
        there = {number for number, text in enumerate(bodies, 1) if word in text}
        started = time.perf_counter()
        archive.search(word)
        times.append((time.perf_counter() - started) * 1000)
        seen = set(db.session.scalars(select(Briefing.number).where(finds(briefing_words, Briefing.id, word))))
        hits, wanted = hits + len(there & seen), wanted + len(there)
    return hits / wanted, statistics.median(times), max(times)


def _pages() -> list[tuple[str, str]]:
    return [
        ("the list", "/briefings"),
        ("the list, far down", "/briefings?after=1200"),
        ("a month", "/briefings?month=2020-05"),
        ("an issue", f"/briefings/{ISSUES}"),
        ("search 电费", "/briefings?q=电费"),
        ("search 设备 天津", "/briefings?q=设备 天津"),
        ("search 的", "/briefings?q=的"),
        ("search, its second page", "/briefings?q=设备&after=20200101-00000000000000000000000000000000"),
    ]


def _page(phone: Browser, name: str, path: str) -> list[Line]:
    phone.get(path)
    times, queries = [], 0
    for _ in range(9):
        started = time.perf_counter()
        page = phone.get(path)
        times.append((time.perf_counter() - started) * 1000)
        queries = len(page.queries)
        assert page.status == 200, (path, page.status)
    return [
        Line(name, round(statistics.median(times), 1), "ms", at_most=MOST_MS),
        Line(f"{name}: queries", queries, "", at_most=MOST_QUERIES),
    ]


if __name__ == "__main__":
    for line in measure(postgres="--postgres" in sys.argv).lines:
        print(line)
