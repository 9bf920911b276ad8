"""Rate limits, counted in our own database unless there is a Redis.

Fixed windows that begin with the first hit. Every call is one short transaction
of its own: call it before a transaction is begun, or after it has ended.
"""

from __future__ import annotations

import functools
import logging
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import limits
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Column, Connection, Engine, Float, Integer, MetaData, Table, Text, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger("huiyou.limits")
SWEEP_EVERY_SECONDS = 600
ASK_AGAIN_SECONDS = 10


def rate_limits_table(metadata: MetaData) -> Table:
    """The table of counters: a key (never a phone number itself), its hits, and the epoch second of its end."""
    return Table(
        "rate_limits",
        metadata,
        Column("key", Text, primary_key=True),
        Column("hits", Integer, nullable=False),
        Column("expires_at", Float(53), nullable=False, index=True),
    )


class DatabaseStorage(Storage):
    """A storage for the `limits` library in SQLite or PostgreSQL; `database://` for Flask-Limiter.

    `engine` may be a function that gives the engine. `now` tells epoch seconds.
    """

    STORAGE_SCHEME = ["database"]  # noqa: RUF012  declared so by the library

    def __init__(
        self,
        uri: str | None = None,
        *,
        engine: Engine | Callable[[], Engine],
        table: Table | None = None,
        now: Callable[[], float] = time.time,
        wrap_exceptions: bool = False,
        **_: Any,
    ) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._engine = engine
        self._table = rate_limits_table(MetaData()) if table is None else table
        self._now = now
        self._sweep_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` hits and return how many there are in the window, in one statement."""
        now, rows = self._now(), self._table.c
        over = rows.expires_at <= now
        with self._begin() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            statement = insert(self._table).values(key=key, hits=amount, expires_at=now + expiry)
            counted = statement.on_conflict_do_update(
                index_elements=["key"],
                set_={
                    "hits": case((over, amount), else_=rows.hits + amount),
                    "expires_at": case((over, now + expiry), else_=rows.expires_at),
                },
            ).returning(rows.hits)
            hits = int(connection.execute(counted).scalar_one())
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_EVERY_SECONDS
            self.sweep()
        return hits

    def get(self, key: str) -> int:
        """The hits in the window of `key`."""
        return int(self._read(self._table.c.hits, key) or 0)

    def get_expiry(self, key: str) -> float:
        """The epoch second at which the window of `key` ends; now, when there is none."""
        return float(self._read(self._table.c.expires_at, key) or self._now())

    def check(self) -> bool:
        """Whether the table can be read."""
        try:
            self.get("")
        except SQLAlchemyError:
            return False
        return True

    def reset(self) -> int:
        """Forget every counter; returns how many there were."""
        with self._begin() as connection:
            return connection.execute(delete(self._table)).rowcount

    def clear(self, key: str) -> None:
        """Forget the counter of `key`."""
        with self._begin() as connection:
            connection.execute(delete(self._table).where(self._table.c.key == key))

    def sweep(self) -> int:
        """Delete what is over; returns how many rows. `incr` does so every ten minutes."""
        with self._begin() as connection:
            return connection.execute(delete(self._table).where(self._table.c.expires_at <= self._now())).rowcount

    def _read(self, column: Column[Any], key: str) -> float | None:
        rows = self._table.c
        with self._begin() as connection:
            return connection.execute(
                select(column).where(rows.key == key, rows.expires_at > self._now())
            ).scalar_one_or_none()

    def _begin(self) -> AbstractContextManager[Connection]:
        engine = self._engine if isinstance(self._engine, Engine) else self._engine()
        return engine.begin()


def storage_for(redis_url: str | None, engine: Engine, table: Table) -> Storage:
    """Where counters are kept: in Redis when several machines share one, else in our own database."""
    if not redis_url:
        return DatabaseStorage(engine=engine, table=table)
    storage = storage_from_string(redis_url, socket_connect_timeout=1, socket_timeout=1)
    if not isinstance(storage, Storage):
        raise TypeError("counters are kept by a storage that waits for its answers")
    return Standby(storage, DatabaseStorage(engine=engine, table=table))


class Standby(Storage):
    """Counts in Redis, and in our own database while Redis does not answer.

    Then each limit begins anew, in one place for all; a log line says so, and another that it is over.
    """

    def __init__(self, shared: Storage, own: DatabaseStorage, *, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.shared = shared
        self._own = own
        self._now = now
        self._away_until = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._ask("incr", key, expiry, amount=amount)

    def get(self, key: str) -> int:
        return self._ask("get", key)

    def get_expiry(self, key: str) -> float:
        return self._ask("get_expiry", key)

    def check(self) -> bool:
        return self._ask("check")

    def reset(self) -> int | None:
        return self._ask("reset")

    def clear(self, key: str) -> None:
        self._ask("clear", key)

    def _ask(self, name: str, *given: Any, **more: Any) -> Any:
        if self._now() < self._away_until:
            return getattr(self._own, name)(*given, **more)
        try:
            answer = getattr(self.shared, name)(*given, **more)
        except self.shared.base_exceptions as error:
            if not self._away_until:
                log.error("Redis does not answer (%s): counting in the database", type(error).__name__)  # noqa: TRY400
            self._away_until = self._now() + ASK_AGAIN_SECONDS
            return getattr(self._own, name)(*given, **more)
        if self._away_until:
            log.warning("Redis answers again")
            self._away_until = 0.0
        return answer


class Limits:
    """Asks and counts by rules such as "10 per 15 minutes".

    `hashed` turns a key into what may be stored (a keyed hash), so that no phone
    number or address is kept. Put the purpose into the key: `login:13800000001`.
    """

    def __init__(self, storage: Storage, *, hashed: Callable[[str], str], now: Callable[[], float] = time.time) -> None:
        self._storage = storage
        self._limiter = FixedWindowRateLimiter(storage)
        self._hashed = hashed
        self._now = now

    def blocked(self, rule: str, key: str) -> int:
        """0 while `key` may go on, else the seconds until it may again. Counts nothing."""
        item, hashed = _rule(rule), self._hashed(key)
        if self._limiter.test(item, hashed):
            return 0
        return self._wait(item, hashed)

    def hit(self, rule: str, key: str) -> int:
        """Count one; 0 while it is within the rule, else the seconds until `key` may go on."""
        item, hashed = _rule(rule), self._hashed(key)
        return 0 if self._limiter.hit(item, hashed) else self._wait(item, hashed)

    def clear(self, rule: str, key: str) -> None:
        """Forget what `key` did under this rule."""
        self._limiter.clear(_rule(rule), self._hashed(key))

    def _wait(self, item: limits.RateLimitItem, hashed: str) -> int:
        ends_at = self._limiter.get_window_stats(item, hashed).reset_time
        return max(1, math.ceil(ends_at - self._now()))


@functools.lru_cache(maxsize=64)
def _rule(rule: str) -> limits.RateLimitItem:
    return limits.parse(rule)
