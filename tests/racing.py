"""The production server on a database of its own, and many people who press at the same moment."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from app import create_app
from blueprints.accounts.models import LoginSession, Member
from core.clock import clock, now
from core.database import db, new_id
from core.settings import ROOT, Settings
from deploy.start import serve_command
from tests.conftest import SECRET
from tests.logged import check_file

GIVE_UP_SECONDS = 30.0
HOST = "127.0.0.1"


def settings_for(database_url: str, instance: Path) -> Settings:
    """The settings of a server with two workers on a free port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    return Settings(database_url=database_url, secret_key=SECRET, port=port, workers=2, demo=False, instance=instance)


def new_app(settings: Settings) -> Flask:
    """The application in this process, on the same database, with all tables made."""
    app = create_app(settings)
    clock.freeze(None)
    with app.app_context():
        db.create_all()
        db.session.remove()
    return app


@dataclass
class Server:
    """A running server: its port, and the processes that do its work."""

    port: int
    process: subprocess.Popen[bytes]

    def workers(self) -> list[int]:
        """The process ids of the workers, which are children of the one that was started."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in listed if b"app:serve" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def kill_a_worker(self) -> int:
        """Stop the busiest worker at once, in the midst of whatever it does."""
        victim = max(self.workers(), key=_processor_ticks)
        os.kill(victim, signal.SIGKILL)
        return victim


def _processor_ticks(pid: int) -> int:
    """How long a process has run, in the processor's own ticks (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[Server]:
    """Start the server as `make run` does, and stop it afterwards."""
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "HUIYOU_INSTANCE": str(settings.instance),
        "HUIYOU_DEMO": "0",
    }
    environment.pop("HUIYOU_CLOCK", None)
    with (settings.instance / "server.log").open("wb") as log:
        process = subprocess.Popen(serve_command(settings), cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(settings.port, process)
        yield Server(settings.port, process)
        check_file(settings.instance / "server.log")
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("the server stopped at once")
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            contextlib.closing(http.client.HTTPConnection(HOST, port, timeout=5)) as connection,
        ):
            connection.request("GET", "/login")
            if connection.getresponse().read() is not None:
                return
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


@dataclass
class Answer:
    """What came back: the status, and what was said (`accepted`, `waitlisted`, …) for the next page."""

    status: int
    said: list[str]
    tries: int


@dataclass
class Phone:
    """One member's logged-in phone; what it sends again has the same `op_id`."""

    app: Flask
    port: int
    member_id: uuid.UUID
    cookie: str
    answers: list[Answer] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    _connection: http.client.HTTPConnection | None = None

    def press(self, path: str, op_id: str | None = None) -> Answer:
        """Post an operation until it is answered; a dropped connection is tried again."""
        op_id = op_id or str(new_id())
        self.sent.append((path, op_id))
        body = urllib.parse.urlencode({"op_id": op_id})
        until = time.monotonic() + GIVE_UP_SECONDS
        tries = 0
        while True:
            tries += 1
            try:
                answer = self._post(path, body, tries)
            except (OSError, http.client.HTTPException):
                self.hang_up()
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
                continue
            self.answers.append(answer)
            return answer

    def hang_up(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _post(self, path: str, body: str, tries: int) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(HOST, self.port, timeout=GIVE_UP_SECONDS)
        headers = {
            "Cookie": f"{self.app.config['SESSION_COOKIE_NAME']}={self.cookie}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        }
        self._connection.request("POST", path, body, headers)
        response = self._connection.getresponse()
        response.read()
        return Answer(response.status, self._said(response.getheader("Set-Cookie") or ""), tries)

    def _said(self, cookie: str) -> list[str]:
        name, _, text = cookie.partition(";")[0].partition("=")
        if name != self.app.config["SESSION_COOKIE_NAME"]:
            return []
        session: dict[str, Any] = _serializer(self.app).loads(text)
        return [category for category, _ in session.get("_flashes", ())]


def _serializer(app: Flask) -> Any:
    return app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]


def phones(app: Flask, port: int, member_ids: list[uuid.UUID]) -> list[Phone]:
    """Log each member in, by a session made in the database; nobody waits for a password's hash."""
    made = []
    with app.app_context():
        for member_id in member_ids:
            session = LoginSession(
                id=new_id(),
                member_id=member_id,
                created_at=now(),
                last_seen_at=now(),
                expires_at=now() + timedelta(days=1),
            )
            db.session.add(session)
            cookie = _serializer(app).dumps({"_user_id": str(session.id), "_fresh": True})
            made.append(Phone(app, port, member_id, cookie))
        db.session.commit()
        assert len(db.session.scalars(select(Member.id).where(Member.id.in_(member_ids))).all()) == len(member_ids)
    return made


def race(runners: list[Callable[[], None]]) -> None:
    """Let everyone go at the same moment; the first fault of any is raised."""
    start = threading.Barrier(len(runners))

    def run(runner: Callable[[], None]) -> None:
        start.wait()
        runner()

    with ThreadPoolExecutor(len(runners)) as pool:
        for future in [pool.submit(run, runner) for runner in runners]:
            future.result()
