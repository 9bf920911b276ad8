"""Which life of the database this is: `restore` begins a new one, and phones then offer all their receipts again.

It is a stamp among the others, so that no question to the database is asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.database import stamps_of, touch

TOPIC = "generation"


def current() -> str:
    """The present generation; one query."""
    return of(stamps_of((TOPIC,)))


def of(stamps: Mapping[str, str]) -> str:
    """The generation among stamps that were asked for with `TOPIC`."""
    return stamps.get(TOPIC, "0")


def renew() -> None:
    """Begin a new generation with the end of this transaction."""
    touch(TOPIC)
