"""Phones in three real browsers, a server behind a proxy that breaks what it is told to break."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from blueprints.accounts.models import LoginSession
from blueprints.events.models import Signup
from blueprints.needs.models import Need, NeedResponse
from core import database
from core.clock import clock, now
from core.database import db
from core.operations import LedgerRow
from tests.offline import rigs
from tests.offline.phones import Phones
from tests.offline.proxy import Proxy
from tests.offline.rig import Rig
from tests.offline.rigs import ENGINES
from tests.offline.town import Town, town
from tests.people import People
from tests.serving import served_by_threads
from tests.world import World, event_fields

# Cases that each engine has to pass; the others run in Chromium alone.
EVERYWHERE = pytest.mark.parametrize(
    "engine", [engine if engine == "chromium" else pytest.param(engine, marks=pytest.mark.long) for engine in ENGINES]
)


class Site:
    """The application behind its proxy, and what stands in its database."""

    def __init__(self, app: Flask, people: People, proxy: Proxy) -> None:
        self.app, self.people, self.proxy = app, people, proxy
        self.world = World(app, people)
        for role, name, roles in (
            ("ann", "崔广田", ()),
            ("bob", "苗德顺", ()),
            ("organizer", "隋立勋", ("organizer",)),
        ):
            self.world.who[role] = people.member(name, *roles)
        self.events = [self.new_event(f"对接会第 {n} 场") for n in range(3)]
        self.need = self.world.made(
            "bob", "need.create", kind="need", title="找一台二手磨床", body="七成新就行。", category="procurement"
        )

    def new_event(self, title: str, capacity: int = 20) -> str:
        fields = event_fields(now() + timedelta(days=3), title=title, capacity=capacity)
        return self.world.made("organizer", "event.create", **fields)

    def phone_number(self, role: str) -> str:
        return self.people.phone_of(self.world.who[role])

    def scalars(self, statement: Any) -> list[Any]:
        with self.app.app_context():
            found = list(db.session.scalars(statement))
            db.session.remove()
        return found

    def decided(self, name: str | None = None, role: str = "ann") -> list[str]:
        """The outcomes that the ledger has of a person, in the order in which they were decided."""
        statement = select(LedgerRow).where(LedgerRow.owner == str(self.world.who[role])).order_by(LedgerRow.id)
        return [row.outcome for row in self.scalars(statement) if name in (None, row.name)]

    def signups(self, role: str = "ann") -> int:
        """For how many events a person is signed up."""
        member_id = self.world.who[role]
        return len(self.scalars(select(Signup.id).where(Signup.member_id == member_id, Signup.state != "cancelled")))

    def needs(self, role: str = "ann") -> list[str]:
        """The titles of a person's needs."""
        return self.scalars(select(Need.title).where(Need.author_id == self.world.who[role]).order_by(Need.created_at))

    def responses(self, role: str = "ann") -> int:
        return len(self.scalars(select(NeedResponse.id).where(NeedResponse.member_id == self.world.who[role])))

    def expire_sessions(self) -> None:
        """Nobody is logged in any more, as after 90 days."""
        with self.app.app_context():
            db.session.execute(update(LoginSession).values(expires_at=now() - timedelta(seconds=1)))
            db.session.commit()

    @contextlib.contextmanager
    def crashing(self) -> Iterator[None]:
        """Whatever is written meanwhile fails just before it would be committed."""

        def crash(session: Session) -> None:
            if not session.in_nested_transaction() and database._writing.get():
                raise RuntimeError("a bad deploy")

        sqlalchemy_event.listen(Session, "before_commit", crash)
        try:
            yield
        finally:
            sqlalchemy_event.remove(Session, "before_commit", crash)


@pytest.fixture(scope="session")
def upstream(session_app: Flask) -> Iterator[int]:
    """The port of the application, served by threads of this process."""
    with served_by_threads(session_app) as port:
        yield port


@pytest.fixture
def site(app: Flask, people: People, upstream: int) -> Iterator[Site]:
    """A chamber with a few people and events, behind a proxy of its own: a new origin for each test."""
    clock.freeze(None)
    proxy = Proxy(("127.0.0.1", upstream))
    yield Site(app, people, proxy)
    proxy.clear()
    proxy.stop()


@pytest.fixture(scope="session")
def browsers(playwright_engine: Any) -> Iterator[dict[str, Any]]:
    """Browsers that tests share, each with contexts of their own; started when asked for."""
    running: dict[str, Any] = {}
    yield running
    for browser in running.values():
        with contextlib.suppress(Exception):
            browser.close()


NewRig = Callable[..., Rig]


@pytest.fixture
def phone(site: Site, playwright_engine: Any, browsers: dict[str, Any]) -> Iterator[NewRig]:
    """Makes phones: `phone("firefox")`, `phone(own_profile=True)` for one that is to be killed, `role` logged in."""
    made: list[Rig] = []

    def make(engine: str = "chromium", *, own_profile: bool = False, role: str = "ann", **options: Any) -> Rig:
        if reason := rigs.missing(engine):
            pytest.skip(reason)
        if engine == "webkit":
            rig: Rig = rigs.WebKitRig(site.proxy.url)
        elif own_profile:
            rig = rigs.PlaywrightRig(playwright_engine, engine, site.proxy.url, **options)
        else:
            if engine not in browsers:
                browsers[engine] = rigs.launch(playwright_engine, engine)
            rig = rigs.PlaywrightRig(playwright_engine, engine, site.proxy.url, browser=browsers[engine], **options)
        made.append(rig)
        if role:
            rig.log_in(site.phone_number(role))
            try:
                rig.has_worker(3)
            except AssertionError:
                rig.reload()
                rig.has_worker()
            rig.is_complete()
            if own_profile:
                rig.restart()
        return rig

    yield make
    for rig in made:
        rig.close()


@pytest.fixture(scope="session")
def chamber_of_the_run() -> Iterator[Town]:
    if not Phones.can_run():
        pytest.skip("needs node and `npm ci` in tests/js")
    with town() as made:
        yield made


@pytest.fixture
def chamber(chamber_of_the_run: Town) -> Town:
    """A chamber whose phones run the real engine in Node, as on its first day."""
    chamber_of_the_run.start()
    return chamber_of_the_run
