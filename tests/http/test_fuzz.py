"""Whatever is sent to /ops, /sync, the door, in cookies, in headers: never a 5xx, and what is refused changes nothing.

`HUIYOU_FUZZ` is how many inputs each test tries, a fifth of it where each renders many pages, and twice where each
is a page and a log-in; `make test-long` tries more than 20,000 in all.
"""

from __future__ import annotations

import json
import os
import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.clock import clock
from core.database import Base, db, stamps
from core.operations import LedgerRow, registry
from tests.people import People
from tests.world import World, build, signup_of

SHORT, LONG = 60, 5000
SAME = {"Sec-Fetch-Site": "same-origin"}
FINAL_AND_WELL = ("accepted", "waitlisted")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
ids = st.uuids().map(str)


def lengths() -> list[Any]:
    long = [pytest.param(LONG, marks=pytest.mark.long)] if not os.environ.get("HUIYOU_FUZZ") else []
    return [pytest.param(int(os.environ.get("HUIYOU_FUZZ", SHORT)), marks=pytest.mark.thorough), *long]


fuzzed = pytest.mark.parametrize("inputs", lengths())


def trying(inputs: int) -> Any:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=inputs, deadline=None, suppress_health_check=checks, database=None)


class Watch:
    """What must not move when something is refused: how many rows there are, and the stamps of what is shown."""

    FREE = ("rate_limits", "ledger", "stamps", "login_sessions")

    def __init__(self, world: World) -> None:
        self.app = world.app
        tables = [table for table in Base.metadata.sorted_tables if table.name not in self.FREE]
        self.names = [table.name for table in tables]
        counts = (select(func.count()).select_from(table).scalar_subquery() for table in tables)
        self.query = select(*counts)
        self.quiet = select(stamps.c.topic, stamps.c.stamp).where(~stamps.c.topic.startswith("outbox:"))

    def now(self) -> dict[str, Any]:
        """How many rows each table has, and the stamp of each topic."""
        with self.app.app_context():
            counts = db.session.execute(self.query).one()
            return dict(zip(self.names, counts, strict=True)) | dict(map(tuple, db.session.execute(self.quiet)))


def moved(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is not as it was."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


@pytest.fixture
def world(app: Flask, people: People) -> World:
    return build(app, people)


def fields_for(name: str) -> st.SearchStrategy[dict[str, Any]]:
    names = (sorted(registry[name].form.names()) if name in registry else []) or ["x"]
    return st.dictionaries(st.sampled_from(names) | st.text(max_size=8), anything, max_size=6)


@st.composite
def operations(draw: Any, things: list[str]) -> dict[str, Any]:
    """One operation, more or less as phones send them."""
    name = draw(st.sampled_from(sorted(registry)) | st.text(max_size=12))
    sent = {
        "op_id": draw(ids | anything),
        "name": draw(st.just(name) | anything),
        "target": draw(st.sampled_from(things) | ids | anything),
        "lane": draw(st.text(max_size=20) | anything),
        "seq": draw(st.integers() | anything),
        "after": draw(st.none() | ids | anything),
        "form_version": draw(st.just(1) | anything),
        "occurred_at": draw(st.datetimes().map(lambda moment: f"{moment.isoformat()}+08:00") | anything),
        "page": draw(st.sampled_from(("/needs", "/me", "//evil", "/admin/audit")) | anything),
        "fields": draw(fields_for(name) | anything),
    }
    for left_out in draw(st.lists(st.sampled_from(sorted(sent)), max_size=3)):
        sent.pop(left_out, None)
    return sent


@fuzzed
def test_ops_answers_each_operation_and_refused_ones_change_nothing(world: World, inputs: int) -> None:
    client = world.people.browser(world.who["member"]).client
    account, things, watch = str(world.who["member"]), sorted(world.things.values()), Watch(world)

    @trying(inputs)
    @given(st.data())
    def send(data: Any) -> None:
        envelope: Any = {
            "account": data.draw(st.just(account) | st.none() | ids | anything),
            "outbox": data.draw(ids | anything),
            "sent_at": data.draw(st.just("2026-11-21T10:00:00+08:00") | anything),
            "ops": data.draw(st.lists(operations(things), max_size=3) | anything),
        }
        body = data.draw(st.just(json.dumps(envelope)) | anything.map(json.dumps) | st.binary(max_size=60))
        before = watch.now()
        answer = client.post("/ops", data=body, headers=SAME, content_type="application/json")
        assert answer.status_code in (200, 400, 413), answer
        said = answer.get_json()
        if answer.status_code != 200:
            assert said["error"] in ("envelope", "size")
            assert watch.now() == before
            return
        outcomes = [each["outcome"] for each in said["ops"]]
        if not set(outcomes) & set(FINAL_AND_WELL):
            assert moved(before, watch.now()) == [], (body, outcomes)

    send()


@fuzzed
def test_sync_reads_only(world: World, inputs: int) -> None:
    client, watch = world.people.browser(world.who["member"]).client, Watch(world)
    before = watch.now()
    hexes = st.text("0123456789abcdef", min_size=8, max_size=8)

    @trying(inputs // 5)
    @given(st.data())
    def send(data: Any) -> None:
        asked = {
            "have": data.draw(st.lists(hexes | anything, max_size=5) | anything),
            "ops": data.draw(st.lists(ids | anything, max_size=5) | anything),
        }
        body = data.draw(st.just(json.dumps(asked)) | anything.map(json.dumps) | st.binary(max_size=60))
        answer = client.post("/sync", data=body, headers=SAME, content_type="application/json")
        assert answer.status_code in (200, 400, 413), answer
        answer.get_data()

    send()
    assert watch.now() == before


@fuzzed
def test_what_is_no_ticket_admits_nobody(world: World, inputs: int) -> None:
    clock.advance(hours=8)
    organizer = world.people.browser(world.who["organizer"])
    event = world.things["event"]
    page = world.people.browser(world.who["member"]).get(f"/events/{event}/ticket").html
    ticket = next(
        word for word in page.replace('"', " ").replace("<", " ").replace(">", " ").split() if word.startswith("HY1.")
    )
    assert signup_of(world, "event", "member")
    watch = Watch(world)

    def inside() -> int:
        with world.app.app_context():
            return db.session.scalar(db.text("SELECT count(*) FROM checkins WHERE inside")) or 0

    before = inside()

    @trying(inputs)
    @given(st.data())
    def scan(data: Any) -> None:
        place = data.draw(st.integers(0, len(ticket) - 1))
        sign = data.draw(st.characters(codec="utf-8", exclude_categories=("Cs",)))
        changed = data.draw(
            st.just(ticket[:place] + sign + ticket[place + 1 :])
            | st.just(ticket[:place])
            | st.just(ticket + sign)
            | st.text(max_size=200)
        )
        if changed.strip() == ticket:
            return
        answer = organizer.post(f"/events/{event}/checkins", {"ticket": changed})
        assert answer.status in (303, 409, 422), (changed, answer)

    scan()
    assert inside() == before
    assert watch.now()


@fuzzed
def test_cookies_and_headers_break_nothing_and_open_nothing(world: World, inputs: int) -> None:
    app: Flask = world.app
    watch = Watch(world)
    printable = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=';,"\\'), max_size=120)
    latin = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=120)
    names = (
        *("Fragment", "If-None-Match", "Accept-Language", "Accept-Encoding", "Referer", "User-Agent", "Content-Type"),
        *("X-Forwarded-For", "HX-Request-Type", "HX-Source", "Origin", "Range", "Service-Worker-Navigation-Preload"),
    )
    paths = (
        "/",
        "/needs",
        "/me",
        "/events",
        "/login",
        "/shell",
        "/me/export",
        "/admin",
        "/login/challenge",
        "/register",
    )
    good = world.people.browser(world.who["member"]).client.get_cookie("huiyou")
    assert good
    before = watch.now()

    @trying(inputs)
    @given(st.data())
    def ask(data: Any) -> None:
        client = FlaskClient(app, app.response_class)
        place = data.draw(st.integers(0, len(good.value) - 1))
        forged = data.draw(
            printable | st.just(good.value[:place]) | st.just(good.value[:place] + "A" + good.value[place + 1 :])
        )
        for name in ("huiyou", "known", "language", "palette", "large"):
            if data.draw(st.booleans()):
                client.set_cookie(name, forged if name == "huiyou" else data.draw(printable))
        headers = {
            name: data.draw(latin) for name in data.draw(st.lists(st.sampled_from(names), max_size=4, unique=True))
        }
        path = data.draw(st.sampled_from(paths))
        answer = client.get(path, headers=headers)
        assert answer.status_code < 500, (path, headers, forged, answer)
        if forged != good.value:
            assert answer.headers["Account"] == "" or forged == good.value
        posted = client.post(
            "/login", data={"phone": data.draw(latin), "password": data.draw(latin)}, headers={**SAME, **headers}
        )
        assert posted.status_code < 500

    ask()
    assert moved(before, watch.now()) == []


def test_the_ledger_of_a_fuzzed_account_holds_only_what_was_asked(world: World) -> None:
    with world.app.app_context():
        owners = {row.owner for row in db.session.scalars(select(LedgerRow))}
    assert all(uuid.UUID(owner) for owner in owners)
