"""How a notice reads, and how often a message is tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
KEPT = timedelta(days=3)


def sentence(template: str, words: Mapping[str, str], say: Callable[[date], str]) -> str:
    """`template` filled with `words`; what is missing is left out.

    A word whose name ends in `_at` or `_on` holds an instant or a day in ISO 8601 and is said by `say`.
    """
    return template % _Said(words, say)


class _Said(dict[str, str]):
    def __init__(self, words: Mapping[str, str], say: Callable[[date], str]) -> None:
        super().__init__({name: _spoken(name, str(word), say) for name, word in words.items()})

    def __missing__(self, name: str) -> str:
        return ""


def _spoken(name: str, word: str, say: Callable[[date], str]) -> str:
    kind = {"_at": datetime, "_on": date}.get(name[-3:])
    if kind is None:
        return word
    try:
        return say(kind.fromisoformat(word))
    except ValueError:
        return word


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after the try number `tries`; `None` when it was the last."""
    return WAITS[tries - 1] if tries <= len(WAITS) else None
