"""What is gathered while the community is put together: rows by table, and when each member was first seen."""

from __future__ import annotations

import random
import secrets
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert

from core import audit
from core.crypto import Vault
from core.database import Base, db, touch
from demo.community import Community
from demo.dates import Calendar

FOUNDED_DAYS_AGO = 385
ROWS_AT_ONCE = 5000


def id_at(instant: datetime) -> uuid.UUID:
    """A UUIDv7 of that instant (RFC 9562): things of the past stand in the order in which they came."""
    milliseconds = int(instant.timestamp() * 1000)
    value = milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)


@dataclass
class Loading:
    """The rows of one load. References of the data (`m017`, `p0001`, `e01`) become ids here."""

    community: Community
    calendar: Calendar
    rng: random.Random
    vault: Vault
    password_hash: str
    identity_known: str | None = None
    ids: dict[str, uuid.UUID] = field(default_factory=dict)
    first_seen: dict[str, datetime] = field(default_factory=dict)
    roles: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    acts: list[audit.Act] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.calendar.loaded_at

    @property
    def founded_at(self) -> datetime:
        return self.calendar.at(self.calendar.day(-FOUNDED_DAYS_AGO), "09:00")

    def add(self, model: type[Base], **values: Any) -> None:
        """One more row."""
        self.rows[model].append(values)

    def add_keyed(self, model: type[Base], made_at: datetime, ref: str = "", **values: Any) -> uuid.UUID:
        """One more row with an id of its instant; `ref` is what the data calls it."""
        key = id_at(made_at)
        if ref:
            self.ids[ref] = key
        self.rows[model].append({"id": key, **values})
        return key

    def seen(self, member: str, at: datetime) -> uuid.UUID:
        """A member did something at that instant, so they had joined by then; returns the member's id."""
        if at < self.first_seen.get(member, self.now):
            self.first_seen[member] = at
        return self.ids[member]

    def later(self, after: datetime, least_hours: float, most_hours: float) -> datetime:
        """Some hours after an instant, by day, and before the load."""
        instant = after + timedelta(hours=self.rng.uniform(least_hours, most_hours))
        local = instant.astimezone(self.calendar.zone)
        if not 8 <= local.hour < 21:
            day = local.date() + timedelta(days=local.hour >= 21)
            instant = max(after, self.calendar.at(day, "08:30")) + timedelta(minutes=self.rng.randint(1, 90))
        latest = after + (self.now - after) * self.rng.uniform(0.6, 0.95)
        return min(instant, latest).replace(microsecond=0)

    def write(self) -> None:
        """Insert all rows, tables that others refer to first, and give what they concern new stamps."""
        for table in db.metadata.sorted_tables:
            for model, rows in self.rows.items():
                if model.__table__ is table:
                    _insert(table, rows)
                    touch(*(topic for topic in model(**rows[0]).topics() if ":" not in topic))
        audit.put(sorted(self.acts, key=lambda act: act.at))


def _insert(table: Table, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        db.session.execute(insert(table), rows[start : start + ROWS_AT_ONCE])
