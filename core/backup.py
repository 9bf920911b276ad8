"""`flask --app app backup FILE`: all that the database holds, as of one instant, while the server serves.

The file is a ZIP: each table as lines of JSON, then `manifest.json` (release, revision, instant, columns,
counts and SHA-256 of each table), then its hash and the installation's signature. It is the same for SQLite
and PostgreSQL, so that one can be restored onto the other. **No key is in it**: identity numbers and the
keys of tickets stay sealed under `SECRET_KEY`, which is kept elsewhere. Names, phones and texts are
readable: the file is made with mode 0600.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import sqlite3
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import click
from flask import current_app
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
    String,
    Table,
    Uuid,
    create_engine,
    func,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from core.clock import now
from core.crypto import Signer
from core.database import Base, Instant, db
from core.settings import RELEASE, ROOT

FORMAT = 1
ROWS_AT_ONCE = 500
KINDS: tuple[tuple[type[Any], str], ...] = (
    (Instant, "instant"),
    (Uuid, "uuid"),
    (JSON, "json"),
    (Boolean, "boolean"),
    (Date, "date"),
    (Float, "float"),
    (Integer, "integer"),
    (LargeBinary, "bytes"),
    (String, "text"),
)
_PLACES = re.compile(r"'([^']*)':([\d,]+)")


def tokens_of(words: str) -> list[str]:
    """The tokens of a row of a full-text index in order, from SQLite's or PostgreSQL's way to keep them."""
    if not words.startswith("'"):
        return words.split()
    placed = {int(place): token for token, places in _PLACES.findall(words) for place in places.split(",")}
    return [placed[place] for place in sorted(placed)]


_WRITTEN: dict[str, Callable[[Any], Any]] = {
    "instant": lambda value: value.astimezone(UTC).isoformat(),
    "uuid": str,
    "date": lambda value: value.isoformat(),
    "bytes": lambda value: base64.b64encode(value).decode(),
    "tokens": tokens_of,
}
_READ: dict[str, Callable[[Any], Any]] = {
    "instant": datetime.fromisoformat,
    "uuid": uuid.UUID,
    "date": date.fromisoformat,
    "bytes": base64.b64decode,
}
_OURS = re.compile(r"^huiyou-(\d{8}T\d{6})Z\.zip$")


class BadBackup(Exception):
    """The file is no backup of ours, is cut off, or was changed."""


@dataclass(frozen=True)
class ColumnKept:
    """One column of a table: what kind of values, and whether some may be missing."""

    name: str
    kind: str
    nullable: bool


@dataclass(frozen=True)
class TableKept:
    """One table: its columns, in the order of the values in each line, how many rows, and the SHA-256 of its lines."""

    name: str
    columns: tuple[ColumnKept, ...]
    rows: int
    sha256: str

    @property
    def member(self) -> str:
        return f"tables/{self.name}.jsonl"


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    release: str
    revision: str
    made_at: datetime
    database: str
    key_id: str
    tables: tuple[TableKept, ...]

    def written(self) -> bytes:
        """The manifest as the file holds it."""
        said = {"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(said, indent=1).encode()

    @classmethod
    def read(cls, data: bytes) -> Manifest:
        """The manifest of a file; `BadBackup` where it is of a format that this release does not know."""
        said = json.loads(data)
        if said.pop("format", None) != FORMAT:
            raise BadBackup("a backup of another format; take the release that made it")
        tables = tuple(
            TableKept(t["name"], tuple(ColumnKept(**column) for column in t["columns"]), t["rows"], t["sha256"])
            for t in said.pop("tables")
        )
        return cls(**{**said, "made_at": datetime.fromisoformat(said["made_at"])}, tables=tables)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


def backup_signer() -> Signer:
    """The key by which an installation knows its own backups again."""
    return Signer(current_app.extensions["settings"].secret_key, "backup v1")


def write(path: Path) -> Manifest:
    """Write a backup to `path`, where nothing may stand, and read it again; nothing is left of one that failed.

    Raises `OSError`, `sqlite3.Error`, `SQLAlchemyError`, or `BadBackup` with what is to be mended first.
    """
    if path.exists() and not (path.is_file() and path.stat().st_size == 0):
        raise FileExistsError(f"{path} is there already")
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            with _snapshot(path) as (connection, made_at):
                manifest = _write(file, connection, made_at)
            file.flush()
            os.fsync(file.fileno())
        check(unfinished)
        unfinished.rename(path)
        _sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _snapshot(path: Path) -> Iterator[tuple[Connection, datetime]]:
    """The database as of one instant, and that instant: all that was acknowledged before is in it."""
    made_at = now()
    if db.engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True, "stream_results": True}
        with db.engine.connect().execution_options(**options) as connection:
            yield connection, made_at
        return
    copy = path.with_name(f"{path.name}.copy")
    parts = [copy, *(copy.with_name(copy.name + ending) for ending in ("-wal", "-shm", "-journal"))]
    try:
        _copy_sqlite(Path(db.engine.url.database or ""), copy)
        engine = create_engine(f"sqlite:///{copy}")
        try:
            with engine.connect() as connection:
                yield connection, made_at
        finally:
            engine.dispose()
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _copy_sqlite(source: Path, copy: Path) -> None:
    """SQLite's own online copy, found whole by SQLite itself."""
    copy.unlink(missing_ok=True)
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with (
        contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=30)) as original,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        original.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        (said,) = target.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise BadBackup(f"the database itself is damaged: {said}")


def _write(file: IO[bytes], connection: Connection, made_at: datetime) -> Manifest:
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if revision is None or revision != newest_revision():
        raise BadBackup(f"the database stands at revision {revision}, not at this release's: run `flask db upgrade`")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        tables = tuple(_write_table(archive, connection, name) for name in Base.metadata.sorted_tables)
        signer = backup_signer()
        manifest = Manifest(RELEASE, revision, made_at, db.engine.dialect.name, signer.key_id, tables)
        written = manifest.written()
        archive.writestr("manifest.json", written)
        archive.writestr("manifest.sha256", hashlib.sha256(written).hexdigest())
        archive.writestr("manifest.signature", signer.sign(written))
    return manifest


def _write_table(archive: zipfile.ZipFile, connection: Connection, table: Table) -> TableKept:
    columns = tuple(ColumnKept(column.name, kind_of(column, table), bool(column.nullable)) for column in table.columns)
    writers = [_WRITTEN.get(column.kind) for column in columns]
    digest, rows = hashlib.sha256(), 0
    result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as member:
        for row in result:
            values = [v if v is None or w is None else w(v) for v, w in zip(row, writers, strict=True)]
            line = json.dumps(values, separators=(",", ":")).encode() + b"\n"
            member.write(line)
            digest.update(line)
            rows += 1
    counted = connection.execute(select(func.count()).select_from(table)).scalar_one()
    if counted != rows:
        raise BadBackup(f"{table.name}: {rows} rows were read of {counted}")
    return TableKept(table.name, columns, rows, digest.hexdigest())


def newest_revision() -> str | None:
    """The newest migration of this release."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(ROOT / "migrations")).get_current_head()


def kind_of(column: Column[Any], table: Table) -> str:
    """How a column's values are written; of a full-text index its tokens, which each database keeps in another way."""
    if table.info.get("fts5") and not isinstance(column.type, Uuid):
        return "tokens"
    kinds = [kind for type_, kind in KINDS if isinstance(column.type, type_)]
    if not kinds:
        raise TypeError(f"no backup knows how to write {column}: {column.type!r}")
    return kinds[0]


def check(path: Path) -> Manifest:
    """Read the whole file and compare each hash and count; raises `BadBackup` where it is not as it was written."""
    try:
        with zipfile.ZipFile(path) as archive:
            written = archive.read("manifest.json")
            if hashlib.sha256(written).hexdigest() != archive.read("manifest.sha256").decode():
                raise BadBackup("the manifest was changed")
            manifest = Manifest.read(written)
            signer = backup_signer()
            signature = archive.read("manifest.signature").decode()
            if manifest.key_id == signer.key_id and not signer.verify(written, signature):
                raise BadBackup("the manifest was changed: it does not bear this installation's signature")
            for table in manifest.tables:
                _check_table(archive, table)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError) as error:
        raise BadBackup(f"not a whole backup: {error}") from error
    return manifest


def _check_table(archive: zipfile.ZipFile, table: TableKept) -> None:
    digest, rows = hashlib.sha256(), 0
    with archive.open(table.member) as member:
        for line in member:
            digest.update(line)
            rows += 1
    if (rows, digest.hexdigest()) != (table.rows, table.sha256):
        raise BadBackup(f"{table.name}: not the rows that were written")


def rows_of(archive: zipfile.ZipFile, table: TableKept) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table, some hundred at a time."""
    batch: list[dict[str, Any]] = []
    readers = [(column.name, _READ.get(column.kind)) for column in table.columns]
    with archive.open(table.member) as member:
        for line in member:
            values = zip(readers, json.loads(line), strict=True)
            batch.append({name: v if v is None or read is None else read(v) for (name, read), v in values})
            if len(batch) == ROWS_AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch


def remove_old(folder: Path, keep_days: int) -> list[Path]:
    """Remove backups with a name of ours that are older than so many days; returns which."""
    oldest = now() - timedelta(days=keep_days)
    gone = []
    for path in sorted(folder.iterdir()):
        if (found := _OURS.match(path.name)) and (
            datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) < oldest
        ):
            path.unlink()
            gone.append(path)
    return gone


def tell(manifest: Manifest) -> Iterable[str]:
    """A manifest in lines for the operator."""
    for table in manifest.tables:
        if table.rows:
            yield f"  {table.name:<28}{table.rows:>9}"
    yield (
        f"{manifest.rows} rows as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, release {manifest.release}, "
        f"revision {manifest.revision}, {manifest.database}, under secret_key {manifest.key_id}"
    )


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--keep-days", type=click.IntRange(min=1), help="With a folder: remove those that are older afterwards.")
@with_appcontext
def backup(file: Path, keep_days: int | None) -> None:
    """Write a backup to FILE, or into the folder FILE under a name of its instant; the server goes on serving.

    The file holds no key: keep `secret_key` in another place.
    """
    path = file / f"huiyou-{now():%Y%m%dT%H%M%S}Z.zip" if file.is_dir() else file
    if keep_days and path == file:
        raise click.UsageError("--keep-days needs a folder")
    try:
        manifest = write(path)
        gone = remove_old(file, keep_days) if keep_days else []
    except (OSError, BadBackup) as error:
        raise click.ClickException(f"no backup was made: {error}") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise click.ClickException(f"no backup was made: the database answers {type(error).__name__}") from error
    click.echo("\n".join(tell(manifest)))
    for old in gone:
        click.echo(f"removed {old.name}")
    with path.open("rb") as made:
        click.echo(f"{path} {path.stat().st_size} bytes, sha256 {hashlib.file_digest(made, 'sha256').hexdigest()}")


@click.command("check-backup")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def check_backup(file: Path) -> None:
    """Say whether FILE is whole: every hash and every count."""
    try:
        manifest = check(file)
    except BadBackup as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(tell(manifest)))
    click.echo("the backup is whole")
