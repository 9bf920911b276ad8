"""A server, or its database, that is killed again and again while members write, and what must be true afterwards."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import signal
import subprocess
import threading
import time
import urllib.parse
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select

from blueprints.events.models import Event
from blueprints.needs.models import Need
from core import audit_verify
from core.database import db, new_id
from core.operations import LedgerRow
from core.settings import ROOT, Settings
from deploy.start import serve_command
from tests.events import make_event, plan
from tests.logged import check_file
from tests.people import People
from tests.racing import HOST, Phone, phones

CLIENTS = 8
MEMBERS_EACH = 16
"""A member may post sixty needs an hour; what is refused for that would be a fault of the test."""
GIVE_UP_SECONDS = 120


@dataclass
class Killable:
    """The production server; killed with all its processes, and started again on the same port."""

    settings: Settings
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            **os.environ,
            "DATABASE_URL": self.settings.database_url,
            "SECRET_KEY": self.settings.secret_key,
            "HUIYOU_INSTANCE": str(self.settings.instance),
            "HUIYOU_DEMO": "0",
        }
        environment.pop("HUIYOU_CLOCK", None)
        with (self.settings.instance / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                serve_command(self.settings), cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.wait()

    def wait(self) -> None:
        """Until it answers."""
        until = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until:
            assert self.process
            assert self.process.poll() is None, "the server stopped at once"
            with (
                contextlib.suppress(OSError, http.client.HTTPException),
                contextlib.closing(http.client.HTTPConnection(HOST, self.settings.port, timeout=5)) as connection,
            ):
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError("the server does not answer")

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            self.process.wait(30)
        self.process = None

    def log(self) -> str:
        return (self.settings.instance / "server.log").read_text()


@dataclass
class Written:
    """What one client was told had happened: titles of needs with the instant of the answer, and its event's title."""

    needs: dict[str, datetime] = field(default_factory=dict)
    event_id: uuid.UUID | None = None
    event_title: str = ""
    changed_at: list[datetime] = field(default_factory=list)
    tries: int = 0
    pages: Counter[int] = field(default_factory=Counter)

    @property
    def changes(self) -> int:
        """How often its event was changed."""
        return len(self.changed_at)


@dataclass
class Load:
    """Eight clients that write without a pause; what was not answered is sent again with the same `op_id`."""

    app: Flask
    settings: Settings
    written: list[Written] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return sum(len(client.needs) + client.changes for client in self.written)

    def told(self) -> str:
        """What the clients met, in figures; `check` has found nothing lost and nothing twice."""
        tries = sum(client.tries for client in self.written)
        away = sum(client.pages[503] for client in self.written)
        return f"{self.acknowledged} writes acknowledged in {tries} tries, {away} answers of 503"

    def start(self) -> None:
        people = People(self.app)
        for number in range(CLIENTS):
            organizer_id = people.member(f"组织{number}", "organizer")
            event_id = make_event(self.app, organizer_id)
            members = phones(self.app, self.settings.port, [people.member() for _ in range(MEMBERS_EACH)])
            (organizer,) = phones(self.app, self.settings.port, [organizer_id])
            client = Written(event_id=event_id)
            self.written.append(client)
            thread = threading.Thread(target=self._run, args=(number, client, members, organizer), daemon=True)
            self._threads.append(thread)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(GIVE_UP_SECONDS)
            assert not thread.is_alive(), "a client was never answered"
        if self.faults:
            raise self.faults[0]

    def wait_for(self, more: int) -> None:
        """Until so much more was acknowledged: the server is in the midst of work."""
        wanted, until = self.acknowledged + more, time.monotonic() + GIVE_UP_SECONDS
        while self.acknowledged < wanted and not self.faults:
            assert time.monotonic() < until, "nothing is acknowledged any more"
            time.sleep(0.005)

    def _run(self, number: int, client: Written, members: list[Phone], organizer: Phone) -> None:
        try:
            for turn in itertools.count():
                if self._stop.is_set():
                    return
                if turn % 5 == 4:
                    title = f"活动 {number}-{turn}"
                    fields = plan(title=title, version=client.changes + 1)
                    self._press(client, organizer, f"/events/{client.event_id}", fields)
                    client.event_title = title
                    client.changed_at.append(datetime.now(UTC))
                else:
                    title = f"求购 {number}-{turn}"
                    fields = {"kind": "need", "title": title, "body": "六吨。", "category": "procurement"}
                    self._press(client, members[turn % MEMBERS_EACH], "/needs", fields)
                    client.needs[title] = datetime.now(UTC)
        except BaseException as error:
            self.faults.append(error)

    def _press(self, client: Written, phone: Phone, path: str, fields: dict[str, str]) -> None:
        body = urllib.parse.urlencode({**fields, "op_id": str(new_id())})
        until = time.monotonic() + GIVE_UP_SECONDS
        while True:
            client.tries += 1
            assert time.monotonic() < until, f"{path} was never answered"
            try:
                answer = phone._post(path, body, client.tries)
            except (OSError, http.client.HTTPException):
                phone.hang_up()
                time.sleep(0.05)
                continue
            client.pages[answer.status] += 1
            phone.hang_up()
            if answer.status == 303:
                return
            assert answer.status == 503, f"{path} was answered {answer.status}"
            time.sleep(0.1)


def check(app: Flask, load: Load) -> None:
    """Everything acknowledged is there, once, and nothing is there twice; the audit trail is whole."""
    with app.app_context():
        titles = Counter(db.session.scalars(select(Need.title)))
        assert [title for title, times in titles.items() if times > 1] == []
        missing = [title for client in load.written for title in client.needs if title not in titles]
        assert missing == []
        accepted = db.session.scalars(select(LedgerRow.name).where(LedgerRow.outcome == "accepted")).all()
        assert accepted.count("need.create") == sum(titles.values())
        assert not db.session.scalars(select(LedgerRow.op_id).where(LedgerRow.outcome.is_(None))).all()
        for client in load.written:
            event = db.session.get_one(Event, client.event_id)
            if client.changes:
                assert event.version >= client.changes + 1
        found = audit_verify.verify()
        assert found.faults == []
        assert found.acts == accepted.count("event.update") >= sum(client.changes for client in load.written)
        db.session.remove()


@contextlib.contextmanager
def under_load(app: Flask, settings: Settings) -> Iterator[tuple[Killable, Load]]:
    """A running server and eight clients; both end with the block."""
    server, load = Killable(settings), Load(app, settings)
    try:
        server.start()
        load.start()
        yield server, load
        check_file(settings.instance / "server.log")
    finally:
        load._stop.set()
        server.kill()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def kill_and_start(server: Killable, load: Load, times: int, between: Callable[[int], None] = lambda _: None) -> None:
    for number in range(times):
        load.wait_for(20)
        server.kill()
        server.start()
        between(number)
