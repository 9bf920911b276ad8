"""What can go wrong for a person, by name; each carries the sentence that they will read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import UniqueConstraint
from sqlalchemy.exc import IntegrityError

from core.database import Base


class Refusal(Exception):
    """A rule of the business says no. `message` is shown to the person as it is.

    `heading` stands over it where it fills a page of its own; without one, that of the status does.
    """

    status = 409
    outcome = "refused"
    heading: Any = None
    message: Any = lazy_gettext("现在不能这样做。")

    def __init__(self, message: Any = None, *, url: str | None = None) -> None:
        self.url = url
        if message is not None:
            self.message = message
        super().__init__(str(type(self).__name__))


class Duplicate(Refusal):
    """Another operation already had this effect; nothing is wrong and nothing changes."""

    outcome = "duplicate"


class Later(Refusal):
    """Not now: nothing is recorded, and the same may be asked again after `wait_seconds`."""

    status = 429
    outcome = "retry"
    wait_seconds = 60


class NotSent(Refusal):
    """What this depended on was refused; `message` is its reason."""

    outcome = "not_sent"


class NotFound(Refusal):
    """There is no such thing, or not for this person."""

    status = 404
    message = lazy_gettext("没有找到，可能已经被删除。")


class Forbidden(Refusal):
    """The person may not do this."""

    status = 403
    message = lazy_gettext("您没有权限做这件事。")


class Stale(Refusal):
    """Somebody else changed the thing since the person opened it; `current` is what stands now."""

    message = lazy_gettext("您打开之后，别人改过这里。两个版本都在下面，请对照后再保存。")

    def __init__(self, current: dict[str, Any], message: Any = None) -> None:
        super().__init__(message)
        self.current = current


class IdTaken(Refusal):
    """The id that the phone gave is already somebody's (it is not said whose)."""

    message = lazy_gettext("这个编号已被使用，请重新提交。")


_by_constraint: dict[str, Callable[[], Refusal]] = {}


def constraint_means(name: str, refusal: Callable[[], Refusal]) -> None:
    """Say once what a violated constraint means to a person."""
    _by_constraint[name] = refusal


def refusal_for(error: IntegrityError) -> Refusal | None:
    """The refusal that a violated constraint stands for, or `None` if nobody named it.

    PostgreSQL names the constraint; SQLite names a check, but for a unique one its columns.
    """
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None and diagnosis.constraint_name:
        make = _by_constraint.get(diagnosis.constraint_name)
        return make() if make else None
    text = str(error.orig)
    for name, make in _by_constraint.items():
        if name in text or text.endswith(_columns_of(name)):
            return make()
    return None


def _columns_of(constraint_name: str) -> str:
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            if isinstance(constraint, UniqueConstraint) and constraint.name == constraint_name:
                return "UNIQUE constraint failed: " + ", ".join(f"{table.name}.{c.name}" for c in constraint.columns)
        for index in table.indexes:
            if index.unique and index.name == constraint_name:
                return "UNIQUE constraint failed: " + ", ".join(f"{table.name}.{c.name}" for c in index.columns)
        if constraint_name == f"pk_{table.name}":
            return "UNIQUE constraint failed: " + ", ".join(f"{table.name}.{c.name}" for c in table.primary_key)
    return "no such constraint"
