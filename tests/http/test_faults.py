"""A full or read-only disk, a locked or absent database, a dead Redis: a clear page, a log line, and it heals."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, func, select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from app import create_app
from blueprints.accounts import sessions
from blueprints.needs.models import Need
from core import database, faults
from core.clock import clock
from core.database import db, new_id, rate_limits
from core.limits import ASK_AGAIN_SECONDS, Limits, Standby, storage_for
from core.settings import Settings, UnsafeSettings
from tests.client import Page
from tests.conftest import NOON, SECRET
from tests.people import PASSWORD, People
from tests.postgres import Postgres, postgres

pytestmark = pytest.mark.unhurried

NEED = {"kind": "need", "title": "求购钢材", "body": "六吨。", "category": "procurement"}
Make = Callable[..., Flask]
on_sqlite = pytest.mark.skipif(os.environ.get("TEST_DATABASE") == "postgresql", reason="SQLite's file")


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes an installation whose writers wait for half a second only."""
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.5)
    made: list[Flask] = []
    faults._said.clear()

    def make(url: str = f"sqlite:///{tmp_path / 'huiyou.db'}") -> Flask:
        app = create_app(
            Settings(database_url=url, secret_key=SECRET, demo=False, frozen_at=NOON, testing=True, instance=tmp_path)
        )
        app.config.update(PROPAGATE_FAULTS=False, PROPAGATE_EXCEPTIONS=False)
        with app.app_context():
            upgrade()
            db.session.remove()
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    clock.freeze(NOON)


def needs(app: Flask) -> int:
    with app.app_context():
        count = db.session.scalar(select(func.count()).select_from(Need)) or 0
        db.session.remove()
        return count


def repeated(page: Page) -> dict[str, str]:
    """What the page would send again."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.html))
    assert 'action="/needs"' in page.html
    return fields


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (OSError(errno.ENOSPC, ""), "disk full"),
        (OSError(errno.EROFS, ""), "disk read-only"),
        (OSError(errno.EIO, ""), "disk failing"),
        (OSError(errno.ENOENT, ""), None),
        (PoolExhausted(), "database connections exhausted"),
        (OperationalError("", None, sqlite3.OperationalError("database is locked")), "database locked"),
        (OperationalError("", None, psycopg.errors.AdminShutdown()), "database unreachable"),
        (OperationalError("", None, psycopg.errors.DiskFull()), "database out of resources"),
        (OperationalError("", None, psycopg.OperationalError("connection refused")), "database unreachable"),
        (DBAPIError("", None, psycopg.errors.ReadOnlySqlTransaction()), "database read-only"),
        (ProgrammingError("", None, psycopg.errors.UndefinedTable()), None),
        (KeyError("x"), None),
    ],
)
def test_what_gave_way_is_named_and_faults_of_ours_are_not(error: BaseException, fault: str | None) -> None:
    assert faults.fault_of(error) == fault


@on_sqlite
def test_a_full_disk_keeps_nobody_from_reading_and_loses_nothing(
    installation: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The limit on the size of files stands for the end of the disk."""
    app = installation()
    member = People(app).logged_in("张三")[1]
    assert member.post("/needs", {**NEED, "title": "先来的"}).status == 303
    with contextlib.closing(sqlite3.connect(tmp_path / "huiyou.db")) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    op_id = str(new_id())
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        page = member.post("/needs", {**NEED, "op_id": op_id})
        read = member.get("/needs")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
    assert page.status == 503
    assert page.value("title") == NEED["title"]
    assert read.status == 200
    assert needs(app) == 1
    assert "disk" in caplog.text
    assert "求购" not in caplog.text
    assert member.post("/needs", {**NEED, "op_id": op_id}).status == 303
    assert needs(app) == 2


@on_sqlite
def test_a_disk_that_became_read_only_is_told_and_heals(
    installation: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = installation()
    member = People(app).logged_in("张三")[1]
    opened = Path.open

    def refusing(self: Path, *args: Any, **more: Any) -> Any:
        if self.name.endswith("-turn"):
            raise OSError(errno.EROFS, "Read-only file system")
        return opened(self, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refusing)
        page = member.post("/needs", NEED)
        assert member.get("/needs").status == 200
    assert (page.status, "存不了" in page or "没有办成" in page) == (503, True)
    assert "disk read-only" in caplog.text
    assert member.post("/needs", NEED).status == 303


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OperationalError("", None, OSError(errno.ENOSPC, "")), "disk full"),
        (OSError(errno.EROFS, ""), "disk read-only"),
        (ProgrammingError("", None, psycopg.errors.UndefinedTable()), "not noted"),
    ],
)
def test_what_was_decided_is_answered_even_where_the_contact_cannot_be_noted(
    installation: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception, said: str
) -> None:
    def refusing(_work: Callable[[], object]) -> None:
        raise fault

    app = installation()
    member = People(app).logged_in("张三")[1]
    clock.advance(hours=2)
    with monkeypatch.context() as patched:
        patched.setattr(sessions, "in_transaction", refusing)
        page = member.post("/needs", NEED)
    assert page.status == 303
    assert needs(app) == 1
    assert said in caplog.text
    assert member.get(page.location).status == 200


@on_sqlite
def test_sqlite_on_files_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE t (x)")
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with engine.connect() as connection, pytest.raises(OperationalError) as refused:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    engine.dispose()
    assert faults.fault_of(refused.value) == "disk read-only"


@on_sqlite
def test_a_database_that_another_program_locks_is_waited_for_and_then_told(installation: Make, tmp_path: Path) -> None:
    app = installation()
    people = People(app)
    members = [people.logged_in()[1] for _ in range(8)]
    other = sqlite3.connect(tmp_path / "huiyou.db", isolation_level=None, check_same_thread=False)
    pages: list[Page] = []
    try:
        other.execute("BEGIN IMMEDIATE")
        assert members[0].get("/needs").status == 200
        threads = [
            threading.Thread(target=lambda m=m, n=n: pages.append(m.post("/needs", {**NEED, "title": f"求购{n}"})))
            for n, m in enumerate(members)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {page.status for page in pages} == {503}
        assert needs(app) == 0
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert members[0].post("/needs", NEED).status == 303


def test_without_its_database_each_page_says_so_and_offers_the_same_post_again(
    installation: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with postgres(durable=True) as url:
        app = installation(url)
        member = People(app).logged_in("张三")[1]
        caplog.set_level(logging.ERROR)
        op_id = str(new_id())
        server = Postgres.of(url)
        server.kill()
        page = member.post("/needs", {**NEED, "op_id": op_id})
        assert page.status == 503
        assert page.headers["Retry-After"]
        assert "Account" not in page.headers
        assert "Fragment-Title" not in page.headers
        assert "不会重复" in page
        fields = repeated(page)
        assert fields == {**NEED, "op_id": op_id}
        read = member.get("/needs")
        assert (read.status, "什么都不会丢" in read) == (503, True)
        assert member.get("/healthz").status == 200
        assert member.get("/readyz").status == 503
        secret = member.post("/login", {"phone": "13800000001", "password": PASSWORD})
        assert secret.status == 503
        assert PASSWORD not in secret.html
        assert "13800000001" not in caplog.text
        assert "database unreachable" in caplog.text
        server.start()
        assert member.post("/needs", fields).status == 303
        assert member.post("/needs", fields).status == 303
        assert needs(app) == 1
        assert member.get("/readyz").status == 200


def test_the_log_says_a_fault_once_and_then_how_often(caplog: pytest.LogCaptureFixture) -> None:
    faults._said.clear()
    for _ in range(50):
        assert faults.note(OSError(errno.ENOSPC, ""))
    assert caplog.messages == ["disk full (and 0 times before)"]


def redis_server(port: int, folder: Path) -> subprocess.Popen[bytes]:
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with contextlib.closing(redis.Redis(port=port)) as client:
        for _ in range(100):
            with contextlib.suppress(redis.ConnectionError):
                client.ping()
                return server
            time.sleep(0.05)
    raise RuntimeError("Redis does not answer")


def test_a_dead_redis_is_stood_in_for_and_taken_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    rate_limits.create(engine)
    server = redis_server(port, tmp_path)
    storage = storage_for(f"redis://127.0.0.1:{port}/0", engine, rate_limits)
    assert isinstance(storage, Standby)
    at = [0.0]
    storage._now = lambda: time.time() + at[0]
    limits = Limits(storage, hashed=lambda key: f"hidden {len(key)}")
    rule = "3 per 15 minutes"
    try:
        assert limits.hit(rule, "13800000001") == 0
        server.send_signal(signal.SIGKILL)
        server.wait()
        assert [limits.hit(rule, "13800000001") for _ in range(3)] == [0, 0, 0]
        assert limits.blocked(rule, "13800000001") > 0
        limits.clear(rule, "13800000001")
        assert limits.blocked(rule, "13800000001") == 0
        server = redis_server(port, tmp_path)
        at[0] = ASK_AGAIN_SECONDS + 1.0
        assert limits.hit(rule, "13800000002") == 0
        assert storage.shared.check()
    finally:
        server.kill()
        server.wait()
        engine.dispose()
    assert [m for m in caplog.messages if "Redis" in m] == [
        "Redis does not answer (ConnectionError): counting in the database",
        "Redis answers again",
    ]
    assert "13800000001" not in caplog.text


def test_a_secret_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        Settings.from_environment({"HUIYOU_INSTANCE": str(tmp_path)})
    monkeypatch.undo()
    assert not list(tmp_path.iterdir())
    first = Settings.from_environment({"HUIYOU_INSTANCE": str(tmp_path)})
    assert Settings.from_environment({"HUIYOU_INSTANCE": str(tmp_path)}).secret_key == first.secret_key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(UnsafeSettings):
        Settings.from_environment({"HUIYOU_INSTANCE": str(tmp_path)})
