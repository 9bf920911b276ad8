"""Reading what is held on a person, table by table, for `core.registries.exports`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from core.database import Base, db, table_of
from core.registries import Held

Row = dict[str, Any]


def held(
    model: type[Base],
    title: Any,
    columns: dict[str, Any],
    *whose: str,
    where: Callable[[uuid.UUID], ColumnElement[bool]] | None = None,
    without: Iterable[str] = (),
    name: str = "",
) -> Held:
    """What a table holds on a person: the rows in which one of the columns `whose` is theirs, or by `where`.

    Without the key and the columns `without`, which are secrets or made of the others.
    """
    table = table_of(model)

    def rows(member_id: uuid.UUID) -> list[Row]:
        about = where(member_id) if where else or_(*(table.c[column] == member_id for column in whose))
        shown = [column for column in table.columns if column.name in columns]
        found = db.session.execute(select(*shown).where(about).order_by(*table.primary_key))
        return [dict(row._mapping) for row in found]  # noqa: SLF001 - SQLAlchemy's public way to a row's names

    return Held(name or table.name, title, columns, rows, (table.name,), tuple(without))
