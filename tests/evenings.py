"""Plays the evenings of `tests/contracts/door_cases.json`: phones at one door, online or not, and what it comes to.

`tests/js/door.test.mjs` plays the same in JavaScript.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from blueprints.door import rules

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Evening:
    """The event of a case."""

    state: str
    starts_at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(hours=2)


@dataclass(frozen=True)
class Seen:
    """A fact with the phone that saw it and its place among the steps."""

    step: int
    phone: str
    fact: rules.Fact


def played(case: dict[str, Any]) -> tuple[list[str], list[dict[str, Any]]]:
    """What was told at each scan, and what each fact comes to when all have arrived."""
    told: list[str] = []
    seen: list[Seen] = []
    for step, what in enumerate(case["steps"]):
        if "undo" in what:
            seen = [_undone(each) if each.step == what["undo"] else each for each in seen]
            continue
        at = NOW + timedelta(minutes=what["at"])
        said = _told(case, what, seen, at)
        told.append(said)
        event = _event(case["event"])
        says = rules.verdict(_scan(what), rules.Entry(case["roster"]), event, at)
        seen.append(Seen(step, what["phone"], rules.Fact(f"{step:02}", at, says, said, what["phone"])))
    final = [
        {"verdict": now.verdict, "inside": now.inside, "flag": now.flag}
        for now in rules.settle([each.fact for each in seen])
    ]
    return told, final


def _event(given: dict[str, Any]) -> Evening:
    return Evening(given["state"], NOW + timedelta(minutes=given["starts_in_minutes"]))


def _scan(what: dict[str, Any]) -> rules.Scan:
    return rules.Scan(what.get("source", "ticket"), what.get("ticket", "genuine"))


def _told(case: dict[str, Any], what: dict[str, Any], seen: list[Seen], at: datetime) -> str:
    """What the phone says: by its pack, its clock and what it has seen; with a network by what all have."""
    online = what.get("online", False)
    known = [each.fact for each in seen if online or each.phone == what["phone"]]
    inside = any(now.inside for now in rules.settle(known))
    state = case["roster"] if online else case["pack"]
    event = _event(case["event"] if online else {**case["event"], **case.get("event_in_pack", {})})
    clock = at if online else at + timedelta(minutes=what.get("clock_minutes", 0))
    return rules.verdict(_scan(what), rules.Entry(state, inside), event, clock)


def _undone(each: Seen) -> Seen:
    fact = each.fact
    return Seen(each.step, each.phone, rules.Fact(fact.key, fact.at, fact.says, fact.told, fact.device, undone=True))
