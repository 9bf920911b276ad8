"""The rules of the daily briefing: the line of responsibility and the hour of publication."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Literal

STATES = ("draft", "submitted", "reviewed", "signed_off")
ACTS = ("create", "edit", "submit", "review", "sign_off")

Verdict = Literal["pass", "return"]
# From which state each act goes on, and where it leads; a verdict of "return" leads back to the draft.
FROM = {"edit": "draft", "submit": "draft", "review": "submitted", "sign_off": "reviewed"}
TO = {"submit": "submitted", "review": "reviewed", "sign_off": "signed_off"}


def is_ready_for(act: str, state: str) -> bool:
    """Whether an issue in `state` can be edited, submitted, reviewed or signed off."""
    return FROM[act] == state


def after(act: str, verdict: Verdict = "pass") -> str:
    """The state that an act leads to."""
    return TO[act] if verdict == "pass" else "draft"


def may_review(person: uuid.UUID, *, hands: Collection[uuid.UUID]) -> bool:
    """Nobody reviews what they edited; `hands` are all who saved a text of the issue or submitted it."""
    return person not in hands


def may_sign_off(person: uuid.UUID, *, hands: Collection[uuid.UUID], reviewer: uuid.UUID | None) -> bool:
    """Editor, reviewer and publisher are three different people for each issue."""
    return person not in hands and person != reviewer


def publication(at_briefing_time: datetime, signed_off_at: datetime) -> datetime:
    """When an issue is out: at its briefing time, or at once where it was signed off later."""
    return max(at_briefing_time, signed_off_at)


def shown_state(state: str, publishes_at: datetime | None, now: datetime) -> str:
    """The state that people see: `published` is what was signed off and whose hour has come."""
    return "published" if state == "signed_off" and publishes_at is not None and publishes_at <= now else state


def is_stale(base: int, *, text_version: int, version: int) -> bool:
    """Whether an edit that builds on version `base` would overwrite a text that its author has not seen.

    Passing an issue on makes versions without a new text; they are in nobody's way.
    """
    return not text_version <= base <= version


def first_free_day(taken: Collection[date], start: date) -> date:
    """The first day from `start` on that has no issue yet."""
    day = start
    while day in taken:
        day = date.fromordinal(day.toordinal() + 1)
    return day
