"""Engine, base class, keys, instants and stamps: what every table stands on.

Every model may name the topics that its change concerns (`topics()`); at the
end of a transaction each of them gets a new stamp, and a page's etag is made of
the stamps of the topics that it shows. A stamp is random, so that a database
restored from a backup never gives an old stamp to new content.
"""

from __future__ import annotations

import fcntl
import functools
import json
import secrets
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Column,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Uuid,
    bindparam,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator
from uuid_utils import compat as uuid_utils

from core.limits import rate_limits_table
from core.settings import ROOT

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
_writing: ContextVar[bool] = ContextVar("writing", default=False)
_TRANSIENT = {"40001", "40P01"}
PATIENCE_SECONDS = 10.0
Result = TypeVar("Result")


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, kept as `timestamptz`, or as naive UTC on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> uuid.UUID:
    """A UUIDv7: ids in order of time (RFC 9562)."""
    return uuid_utils.uuid7()


class Base(DeclarativeBase):
    """A table's class; `topics()` says which pages its change concerns."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {datetime: Instant, uuid.UUID: Uuid}

    def topics(self) -> Iterable[str]:
        return ()


class Keyed:
    """A row known by a UUIDv7."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)


class Versioned:
    """A row whose edits name the version that they build on."""

    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


db = SQLAlchemy(metadata=Base.metadata)
stamps = Table(
    "stamps",
    Base.metadata,
    Column("topic", String(80), primary_key=True),
    Column("stamp", String(16), nullable=False),
)
# One parameter for all topics: a list of them would be written into the statement anew each time.
_STAMPS_OF = {
    "sqlite": text("SELECT topic, stamp FROM stamps WHERE topic IN (SELECT value FROM json_each(:topics))"),
    "postgresql": text("SELECT topic, stamp FROM stamps WHERE topic = ANY(:topics)"),
}
rate_limits = rate_limits_table(Base.metadata)


def insert_once(table: Table | type[Base]) -> Any:
    """An INSERT that can be told `on_conflict_do_nothing` or `_update`, for this database."""
    dialect = db.engine.dialect.name
    module = postgresql if dialect == "postgresql" else sqlite
    return module.insert(table)


def execute_count(statement: Executable) -> int:
    """Execute an INSERT, UPDATE or DELETE; returns how many rows it concerned.

    psycopg's count of an INSERT is thrown away (-1) unless it is asked for.
    """
    result = db.session.execute(statement, execution_options={"preserve_rowcount": True})
    return result.rowcount if isinstance(result, CursorResult) else 0


def run(statement: Executable, values: dict[str, Any] | Sequence[dict[str, Any]] | None = None) -> int:
    """Execute an INSERT or UPDATE of a table, past the object layer, whose bookkeeping costs half of it.

    For statements of tables, never of models; a list of `values` is executed for each of them.
    Returns how many rows it concerned.
    """
    options = {"preserve_rowcount": True}
    return db.session.connection().execute(statement, values, execution_options=options).rowcount


def rows_of(statement: Executable, values: dict[str, Any]) -> Sequence[Any]:
    """Read columns, never objects, past the object layer; what is not yet flushed is not seen."""
    return db.session.connection().execute(statement, values).all()


def touch(*topics: str) -> None:
    """Give `topics` new stamps at the end of this transaction."""
    db.session.info.setdefault("topics", set()).update(topics)


def stamps_of(topics: Iterable[str]) -> dict[str, str]:
    """The stamps of `topics`, in one query; a topic never touched has none."""
    wanted = sorted(set(topics))
    if not wanted:
        return {}
    connection = db.session.connection()
    database = connection.dialect.name
    given = json.dumps(wanted) if database == "sqlite" else wanted
    return dict(connection.execute(_STAMPS_OF[database], {"topics": given}).all())


@event.listens_for(Session, "after_begin")
def _read_one_moment(_: Session, transaction: Any, connection: Any) -> None:
    """Who reads sees one moment: what a page shows and the stamps of its etag belong together.

    SQLite's transactions are so by themselves; writers must see what others committed while they waited.
    """
    if connection.dialect.name == "postgresql" and not transaction.nested and not _writing.get():
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def once(key: object, make: Callable[[], Result]) -> Result:
    """What `make` reads, read once while this transaction lasts: what is asked for twice in it is the same."""
    kept: dict[object, Any] = db.session.info.setdefault("read_once", {})
    if key not in kept:
        kept[key] = make()
    return cast("Result", kept[key])


@event.listens_for(Session, "after_transaction_end")
def _forget_what_was_read(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop("read_once", None)


@event.listens_for(Session, "before_flush")
def _collect_topics(session: Session, *_: Any) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        if row in session.dirty and not session.is_modified(row):
            continue
        session.info.setdefault("topics", set()).update(row.topics())
        if isinstance(row, Versioned) and row in session.dirty:
            row.version = (row.version or 0) + 1


@event.listens_for(Session, "before_commit")
def _stamp_topics(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    topics = sorted(session.info.pop("topics", ()))
    if not topics:
        return
    new = [{"topic": topic, "stamp": secrets.token_hex(8)} for topic in topics]
    session.connection().execute(_stamping(db.engine.dialect.name), new)


@functools.cache
def _stamping(dialect: str) -> Any:  # noqa: ARG001 - the statement differs by it
    statement = insert_once(stamps)
    return statement.on_conflict_do_update(index_elements=["topic"], set_={"stamp": statement.excluded.stamp})


@event.listens_for(Session, "after_soft_rollback")
def _forget_topics(session: Session, previous: Any) -> None:
    if not previous.nested:
        session.info.pop("topics", None)


@contextmanager
def writer() -> Iterator[None]:
    """Transactions begun inside take SQLite's write lock from their first statement."""
    if _writing.get():
        yield
        return
    token = _writing.set(True)
    try:
        with _turn():
            yield
    finally:
        _writing.reset(token)


@contextmanager
def _turn() -> Iterator[None]:
    """Let SQLite's writers, of all threads and processes, come one after the other.

    They would find the database locked and sleep, ever longer, while those who come
    later slip in between. The kernel wakes who waits for a lock on a file at once and
    in order, and frees it when its process dies. Who waited too long gives up at once, so that
    behind a lock from outside nobody waits for the patience of all those before.
    """
    path = db.engine.url.database if db.engine.dialect.name == "sqlite" else None
    if not path or path == ":memory:":
        yield
        return
    arrived = time.monotonic()
    try:
        turn = Path(f"{path}-turn").open("ab")  # noqa: SIM115 - closed below; what fails inside is not ours to wrap
    except OSError as error:
        raise OperationalError("turn", None, error) from error
    with turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if time.monotonic() - arrived > PATIENCE_SECONDS:
            raise OperationalError("turn", None, sqlite3.OperationalError("database is locked"))
        yield


def in_transaction(work: Callable[[], Result], attempts: int = 3) -> Result:
    """Run `work` and commit; deadlocks and serialization failures are tried again.

    This and nothing else commits what a person asked for. The last failure is
    raised when every attempt met one.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    for attempt in range(attempts):
        try:
            with writer():
                db.session.rollback()
                result = work()
                db.session.commit()
            return result
        except DBAPIError as error:
            db.session.rollback()
            if not is_transient(error) or attempt == attempts - 1 or time.monotonic() > until:
                raise
        except BaseException:
            db.session.rollback()
            raise
    raise AssertionError("unreachable")


def is_transient(error: DBAPIError) -> bool:
    """Whether the database says: try the whole transaction again."""
    state = getattr(error.orig, "sqlstate", None)
    return state in _TRANSIENT or "database is locked" in str(error.orig)


def ends_transaction(error: Exception) -> bool:
    """Whether nothing more can be done in this transaction: all of it is tried again, or its connection is gone."""
    return isinstance(error, DBAPIError) and (is_transient(error) or error.connection_invalidated)


def locked(model: type[Result], key: uuid.UUID) -> Result | None:
    """The row under its lock (`FOR UPDATE`; on SQLite the writer's lock covers it), fresh."""
    return cast("Result | None", db.session.scalars(_locking(cast("Any", model)), {"key": key}).unique().one_or_none())


@functools.cache
def _locking(model: Any) -> Select[Any]:
    """Built once for each model: building it is half of what reading a row costs."""
    statement = select(model).where(model.id == bindparam("key")).with_for_update(of=model)
    return statement.execution_options(populate_existing=True)


def table_of(model: type[Base]) -> Table:
    """The model's table, for a statement that is to be without the weight of the object layer."""
    return cast("Table", model.__table__)


def engine_options(database_url: str) -> dict[str, Any]:
    """How connections are kept. What a statement was about is never told by its error, for errors go to the log."""
    options: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "pool_timeout": PATIENCE_SECONDS}
    if database_url.startswith("postgresql"):
        options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5}}
    return {**options, "hide_parameters": True}


def prepare_engine(engine: Engine) -> None:
    """Pragmas and explicit BEGINs on SQLite: WAL, FULL, foreign keys, IMMEDIATE writers. On PostgreSQL no JIT.

    Of tables that it does not know yet PostgreSQL guesses high costs, and compiles for half a second, each time, what
    is answered in a tenth of a millisecond: who is logged in, at every request of a young community.
    """
    if engine.dialect.name != "sqlite":

        @event.listens_for(engine, "connect")
        def _never_compile(connection: Any, _: Any) -> None:
            connection.execute("SET jit = off")
            connection.commit()

        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={PATIENCE_SECONDS * 1000:.0f}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # Straight to the driver: SQLAlchemy's way is ten times as long, and nothing of it is wanted here.
        try:
            connection.connection.dbapi_connection.execute("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")
        except sqlite3.Error as error:
            raise OperationalError("BEGIN", None, error) from error


def is_empty() -> bool:
    """Whether nobody is registered yet."""
    return db.session.execute(text("SELECT 1 FROM members LIMIT 1")).first() is None


def is_current() -> bool:
    """Whether the database stands at the newest migration, which `migrations/HEAD` names."""
    newest = (ROOT / "migrations" / "HEAD").read_text("utf-8").strip()
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return list(connection.scalars(text("SELECT version_num FROM alembic_version"))) == [newest]
