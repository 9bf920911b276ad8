"""A copy of the whole database that is put back as often as a test, or many tests, need it."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable

from flask import Flask
from sqlalchemy import exists, select

from core.database import Base, db

REMEMBERED = ("chamber", "phone_sets")
"""What an application keeps of its database besides the pages, whose memory goes by their stamps."""


def forget(app: Flask) -> None:
    """Let the application read its database anew."""
    for name in REMEMBERED:
        app.extensions.pop(name, None)
    app.extensions["pages"]._pages.clear()


def is_empty(app: Flask) -> bool:
    """Whether nothing stands in the database."""
    with app.app_context():
        found = db.session.execute(select(*(exists().select_from(table) for table in Base.metadata.sorted_tables)))
        is_empty = not any(found.one())
        db.session.remove()
    return is_empty


class Copy:
    """The database of an application as it is now: within this process of SQLite's, in a schema beside PostgreSQL's."""

    _numbers = itertools.count(1)

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._schema = f"kept_{next(self._numbers)}"
        with app.app_context():
            self._is_file = db.engine.dialect.name == "sqlite"
        if self._is_file:
            self._kept = sqlite3.connect(":memory:", check_same_thread=False)
            self._copy(lambda database: database.backup(self._kept))
        else:
            kept = "".join(f"CREATE TABLE {self._schema}.{name} AS TABLE {name};" for name in _tables())
            self._run(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE; CREATE SCHEMA {self._schema}; {kept}")

    def restore(self) -> None:
        """Put it back into the same database, whatever stands there now."""
        if self._is_file:
            self._copy(self._kept.backup)
        else:
            gone = "".join(f"DELETE FROM {name};" for name in _tables())
            back = "".join(f"INSERT INTO {name} TABLE {self._schema}.{name};" for name in _tables())
            self._run(f"SET LOCAL session_replication_role = replica; {gone} {back}")
        forget(self.app)

    def _copy(self, copy: Callable[[sqlite3.Connection], None]) -> None:
        with self.app.app_context(), db.engine.connect() as connection:
            copy(connection.connection.driver_connection)  # type: ignore[arg-type]

    def _run(self, statements: str) -> None:
        with self.app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql(statements)


def _tables() -> list[str]:
    return [f'"{table.name}"' for table in Base.metadata.sorted_tables]
