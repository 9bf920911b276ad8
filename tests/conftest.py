"""What every test stands on: an application, a database of its own, people, and a clock that stands still.

Each ends with a look at all that it logged: nobody is named there.

`TEST_DATABASE=postgresql` runs the same tests on PostgreSQL; the default is SQLite.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import brotli
import pytest
from flask import Flask
from hypothesis import settings as hypothesis_settings

from app import create_app
from core import clock, crypto
from core.database import db
from core.pages import _OP_ID
from core.settings import Settings
from tests.client import Browser
from tests.copies import forget
from tests.logged import listening
from tests.people import People

hypothesis_settings.register_profile("unhurried", deadline=None)
hypothesis_settings.load_profile("unhurried")
brotli.compress = functools.lru_cache(64)(brotli.compress)
"""Each installation that a test makes compresses the same files as well as can be, which takes a second."""
NOON = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
"""Saturday, 10:00 in Shanghai: before the sharing hour."""
SECRET = "a secret for tests alone, 32 characters or more"


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database with all tables: SQLite's is copied for each test."""
    if os.environ.get("TEST_DATABASE") == "postgresql":
        from tests.postgres import postgres

        with postgres() as url:
            yield url
    else:
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'huiyou.db'}"


@pytest.fixture(scope="session")
def session_app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application for the whole run; its password hashes are cheap, so that tests wait for nothing."""
    crypto.passwords = crypto.Passwords(memory_kib=8, time_cost=1)
    app = create_app(
        Settings(
            database_url=database_url,
            secret_key=SECRET,
            testing=True,
            demo=False,
            frozen_at=NOON,
            instance=tmp_path_factory.mktemp("instance"),
        )
    )
    with app.app_context():
        db.create_all()
        db.session.remove()
        db.engine.dispose()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def _the_log_names_nobody(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.handler.setLevel(logging.WARNING)
    with listening():
        yield


@pytest.fixture
def app(session_app: Flask, database_url: str) -> Iterator[Flask]:
    """The application on an empty database, its clock frozen at `NOON`."""
    app = session_app
    clock.clock.freeze(NOON)
    forget(app)
    witness = Witness()
    app.extensions["fragment_witness"] = witness
    yield app
    with app.app_context():
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                connection.exec_driver_sql("ROLLBACK")
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
                connection.exec_driver_sql("BEGIN")
                for table in db.metadata.sorted_tables:
                    connection.exec_driver_sql(f'DELETE FROM "{table.name}"')
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        else:
            emptied = "; ".join(f'DELETE FROM "{table.name}"' for table in db.metadata.sorted_tables)
            with db.engine.begin() as connection:
                connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {emptied}")


class Witness:
    """Fails the test in which two fragments with the same etag differ."""

    def __init__(self) -> None:
        self.seen: dict[str, bytes] = {}

    def __call__(self, etag: str | None, fragment: str) -> None:
        if etag is None:
            return
        body = _OP_ID.sub(b"", fragment.encode())
        assert self.seen.setdefault(etag, body) == body, f"one etag, two fragments: {etag}"


@pytest.fixture
def client(app: Flask) -> Browser:
    """A visitor's browser."""
    return Browser(app)


@pytest.fixture(scope="session")
def playwright_engine() -> Iterator[Any]:
    """What drives browsers; one for the whole run, whichever tests drive them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def people(app: Flask) -> People:
    """Makes members, and browsers in which they are logged in."""
    return People(app)
