"""How a notice reads, and how often a message is tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
KEPT = timedelta(days=3)


def sentence(template: str, words: Mapping[str, str], say: Callable[[datetime], str]) -> str:
    """`template` filled with `words`; what is missing is left out.

    A word whose name ends in `_at` holds an instant in ISO 8601 and is said by `say`.
    """
    return template % _Said(words, say)


class _Said(dict[str, str]):
    def __init__(self, words: Mapping[str, str], say: Callable[[datetime], str]) -> None:
        super().__init__({name: _spoken(name, str(word), say) for name, word in words.items()})

    def __missing__(self, name: str) -> str:
        return ""


def _spoken(name: str, word: str, say: Callable[[datetime], str]) -> str:
    if not name.endswith("_at"):
        return word
    try:
        return say(datetime.fromisoformat(word))
    except ValueError:
        return word


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after the try number `tries`; `None` when it was the last."""
    return WAITS[tries - 1] if tries <= len(WAITS) else None
