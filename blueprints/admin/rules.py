"""The admins' own rules: how long somebody has waited, what an act changed, which months a plot shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

VERDICTS = ("approve", "refuse", "ask")
MOST_SENTENCES = 20
SENTENCE = 200


@dataclass(frozen=True)
class Difference:
    """One field that an act changed; `None` where there was or is nothing."""

    name: str
    old: Any
    new: Any


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """What an act changed, field by field, in the order in which it was recorded."""
    before, after = before or {}, after or {}
    names = dict.fromkeys((*before, *after))
    found = (Difference(name, _something(before.get(name)), _something(after.get(name))) for name in names)
    return [difference for difference in found if difference.old != difference.new]


def _something(value: Any) -> Any:
    return None if value in ("", [], {}) else value


def waited(since: datetime, now: datetime) -> tuple[str, int]:
    """How long somebody has waited, in the largest whole unit: `("days", 3)`, `("hours", 5)`, `("minutes", 0)`."""
    minutes = max(0, int((now - since) / timedelta(minutes=1)))
    if minutes >= 24 * 60:
        return "days", minutes // (24 * 60)
    if minutes >= 60:
        return "hours", minutes // 60
    return "minutes", minutes


def months_until(day: date, count: int) -> list[date]:
    """The first days of the last `count` months up to that of `day`, oldest first."""
    months = [day.replace(day=1)]
    while len(months) < count:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months[::-1]


def following(month: date) -> date:
    """The first day of the month after `month`."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def sentences(text: str) -> list[str]:
    """One ready sentence a line, each once, at most twenty."""
    lines = (line.strip()[:SENTENCE] for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line))[:MOST_SENTENCES]


def needs_words(verdict: str) -> bool:
    """Whether the applicant has to be told something with this verdict."""
    return verdict != "approve"
