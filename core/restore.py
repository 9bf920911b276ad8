"""`flask --app app restore FILE`: a backup onto an empty installation, of this release or an older one.

The tables are made as the backup's release had them, filled in one transaction, counted, and then
brought up to date by the migrations. The database begins a new generation: phones offer again what
they were told was accepted after the backup.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.exc import SQLAlchemyError

from core import audit, backup, generation
from core.backup import BadBackup, Manifest, TableKept
from core.clock import now
from core.database import Instant, db, in_transaction
from core.registries import after_restore
from core.settings import ROOT

log = logging.getLogger("huiyou.restore")
_TYPES: dict[str, Any] = {
    "instant": Instant,
    "uuid": Uuid,
    "json": JSON,
    "boolean": Boolean,
    "date": Date,
    "float": Float,
    "integer": Integer,
    "bytes": LargeBinary,
    "text": String,
    "tokens": lambda: Text().with_variant(TSVECTOR(), "postgresql"),
}
MADE_BY_MIGRATIONS = {"alembic_version", "stamps", "audit_marks", "rate_limits", "briefing_numbering"}
"""Tables in which rows may stand before anybody used the installation."""


class NotEmpty(Exception):
    """Something is in the database already: a restore would mix or lose it."""


class OtherKey(Exception):
    """The backup was made under another `secret_key` than the one that is here."""


def restore(path: Path, *, other_key: bool = False, end_sessions: bool = False) -> Manifest:
    """Restore a backup; raises `BadBackup`, `NotEmpty` or `OtherKey` before anything is changed."""
    manifest = backup.check(path)
    if not other_key and manifest.key_id != backup.backup_signer().key_id:
        raise OtherKey
    _check_revision(manifest.revision)
    check_empty()
    _make_tables(manifest.revision)
    with zipfile.ZipFile(path) as archive, _filling() as connection:
        _fill(connection, archive, manifest, end_sessions=end_sessions)
    _upgrade()
    in_transaction(lambda: _note(manifest))
    return manifest


def _check_revision(revision: str) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()}
    if revision not in known:
        raise BadBackup(f"the backup's revision {revision} is newer than this release: install the newer one first")


def check_empty() -> None:
    """Refuse where any table holds a row that somebody's use made."""
    with db.engine.connect() as connection:
        for name in _tables(connection) - MADE_BY_MIGRATIONS:
            found = connection.execute(select(text("1")).select_from(Table(name, MetaData())).limit(1)).first()
            if found:
                raise NotEmpty(f"the table {name} is not empty")


def _tables(connection: Connection) -> set[str]:
    """The tables of ours: SQLite keeps some of its own beside a full-text index."""
    names = set(inspect(connection).get_table_names())
    if connection.dialect.name != "sqlite":
        return names
    query = text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")
    indexes = set(connection.execute(query).scalars())
    return {name for name in names if not any(name.startswith(f"{index}_") for index in indexes)}


def _make_tables(revision: str) -> None:
    from flask_migrate import downgrade, upgrade

    db.session.remove()
    if inspect(db.engine).has_table("alembic_version"):
        downgrade(revision="base")
    db.session.remove()
    upgrade(revision=revision)
    db.session.remove()


def _upgrade() -> None:
    from flask_migrate import upgrade

    upgrade()
    db.session.remove()


@contextlib.contextmanager
def _filling() -> Iterator[Connection]:
    """One transaction in which rows may come before those that they refer to."""
    engine = db.engine
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            raw: Any = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    if connection.execute(text("PRAGMA foreign_key_check")).first():
                        raise BadBackup("rows refer to others that are not in the backup")
            finally:
                raw.execute("PRAGMA foreign_keys=ON")
            return
        with connection.begin():
            keys = [
                (table, str(key["name"]))
                for table in inspect(connection).get_table_names()
                for key in inspect(connection).get_foreign_keys(table)
            ]
            for table, key in keys:
                _alter(connection, table, key, "DEFERRABLE INITIALLY DEFERRED")
            yield connection
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            for table, key in keys:
                _alter(connection, table, key, "NOT DEFERRABLE")


def _alter(connection: Connection, table: str, key: str, how: str) -> None:
    connection.execute(text(f'ALTER TABLE "{table}" ALTER CONSTRAINT "{key}" {how}'))


def _fill(connection: Connection, archive: zipfile.ZipFile, manifest: Manifest, *, end_sessions: bool) -> None:
    tables = [(kept, _table(kept)) for kept in manifest.tables]
    for _, table in reversed(tables):
        connection.execute(delete(table))
    for kept, table in tables:
        if end_sessions and kept.name == "login_sessions":
            continue
        for rows in backup.rows_of(archive, kept):
            connection.execute(insert(table), [_fitting(kept, row, connection.dialect.name) for row in rows])
        counted = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if counted != kept.rows:
            raise BadBackup(f"{kept.name}: {counted} rows of {kept.rows}")


def _table(kept: TableKept) -> Table:
    """The table for inserting; a missing JSON is NULL, or JSON's own null where NULL may not be."""
    columns = [
        Column(column.name, JSON(none_as_null=column.nullable) if column.kind == "json" else _TYPES[column.kind]())
        for column in kept.columns
    ]
    return Table(kept.name, MetaData(), *columns)


def _fitting(kept: TableKept, row: dict[str, Any], dialect: str) -> dict[str, Any]:
    """A row as this database takes it; the database's generation is a new one."""
    for column in kept.columns:
        if column.kind == "tokens":
            tokens = row[column.name]
            placed = [f"'{token}':{place}" for place, token in enumerate(tokens, 1)]
            row[column.name] = " ".join(placed if dialect == "postgresql" else tokens)
    if kept.name == "stamps" and row["topic"] == generation.TOPIC:
        row["stamp"] = secrets.token_hex(8)
    return row


def _note(manifest: Manifest) -> None:
    generation.renew()
    said = {"made_at": manifest.made_at.isoformat(), "rows": manifest.rows, "release": manifest.release}
    audit.record(None, "installation.restore", "installation", "database", after=said)


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--other-key", is_flag=True, help="Also one that was made under another secret_key.")
@click.option("--end-sessions", is_flag=True, help="Everybody has to log in anew, also who was not logged out then.")
@with_appcontext
def command(file: Path, *, other_key: bool, end_sessions: bool) -> None:
    """Restore FILE onto an empty installation; stop the service first."""
    started: datetime = now()
    try:
        manifest = restore(file, other_key=other_key, end_sessions=end_sessions)
    except NotEmpty as error:
        raise click.ClickException(f"restore works on an empty installation only: {error}") from error
    except OtherKey as error:
        raise click.ClickException(
            "the backup was made under another secret_key. Put that one into the instance folder first. Without it "
            "identity numbers and tickets can never be read again; --other-key restores the rest"
        ) from error
    except (OSError, BadBackup) as error:
        raise click.ClickException(f"not restored: {error}") from error
    except SQLAlchemyError as error:
        raise click.ClickException(f"not restored: the database answers {type(error).__name__}") from error
    click.echo("\n".join(backup.tell(manifest)))
    log.info("restored %d rows in %.1f s", manifest.rows, (now() - started).total_seconds())
    for say in after_restore:
        for line in say(manifest.made_at):
            click.echo(line)
    click.echo("restored; check it by `audit verify`, then start the service")
