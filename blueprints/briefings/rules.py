"""The rules of the daily briefing: the line of responsibility and the hour of publication."""

from __future__ import annotations

import difflib
import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

STATES = ("draft", "submitted", "reviewed", "signed_off")
ACTS = ("create", "redate", "edit", "submit", "review", "sign_off")
# What can be gathered, in the order in which the sections stand in an issue.
KINDS = ("need", "offer", "solved", "held", "coming", "consultation", "member", "deed", "notice")
WARNED_BEFORE = timedelta(hours=1)
NEAR = timedelta(days=366)
LIKE = 0.5
_ITEM = re.compile(r"^(\d{1,3})([.)]) ")
_BULLET = re.compile(r"^[-*+] ")

Verdict = Literal["pass", "return"]
# From which state each act goes on, and where it leads; a verdict of "return" leads back to the draft.
FROM = {"edit": "draft", "submit": "draft", "review": "submitted", "sign_off": "reviewed"}
TO = {"submit": "submitted", "review": "reviewed", "sign_off": "signed_off"}


def is_near(day: date, today: date) -> bool:
    """Whether an issue of `day` may be begun: a missed day is made up for, a mistyped year is none."""
    return abs(day - today) <= NEAR


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


def lateness(now: datetime, at_briefing_time: datetime, *, is_out_or_signed: bool) -> str | None:
    """What the desk is warned of: `soon` from an hour before the briefing time, `late` after it, else None."""
    if is_out_or_signed or now < at_briefing_time - WARNED_BEFORE:
        return None
    return "soon" if now < at_briefing_time else "late"


def with_items(body: str, items: Sequence[tuple[str, str]]) -> str:
    """`body` with further items, each a heading and a line: at the end of their section, or in a new one.

    All numbered items are numbered anew through the whole text.
    """
    lines = body.split("\n") if body else []
    for heading in dict.fromkeys(heading for heading, _ in items):
        new = [f"1. {line}" for of, line in items if of == heading]
        place = _end_of_section(lines, heading)
        if place is None:
            lines += [*([""] if lines and lines[-1] else []), f"## {heading}", "", *new]
        else:
            is_list = _ITEM.match(lines[place - 1]) or _BULLET.match(lines[place - 1])
            lines[place:place] = new if is_list else ["", *new]
    return renumbered("\n".join(lines))


def _end_of_section(lines: list[str], heading: str) -> int | None:
    """The line after the last one with words in the section of this heading."""
    if f"## {heading}" not in lines:
        return None
    start = lines.index(f"## {heading}")
    end = next((at for at in range(start + 1, len(lines)) if lines[at].startswith("#")), len(lines))
    while not lines[end - 1].strip():
        end -= 1
    return end


def renumbered(body: str) -> str:
    """`body` with its numbered items counted through the whole text; items with a dash count along."""
    lines, count = body.split("\n"), 0
    for at, line in enumerate(lines):
        if _BULLET.match(line):
            count += 1
        elif found := _ITEM.match(line):
            count += 1
            lines[at] = f"{count}{found[2]} {line[found.end() :]}"
    return "\n".join(lines)


@dataclass(frozen=True)
class Anchor:
    """Where a line that was commented on is in today's text: `there` as it was, `changed`, or `gone`."""

    line: int
    state: Literal["there", "changed", "gone"]


def anchor(quote: str, line: int, body: str) -> Anchor:
    """The line of `body` that was number `line` (from 1) and read `quote`: the nearest equal one, else the likest."""
    lines = body.split("\n")
    equal = [at for at, text in enumerate(lines, 1) if text == quote]
    if equal:
        return Anchor(min(equal, key=lambda at: abs(at - line)), "there")
    matcher = difflib.SequenceMatcher(b=quote, autojunk=False)
    best, alike = min(line, len(lines)), 0.0
    for at, text in enumerate(lines, 1):
        matcher.set_seq1(text)
        if text.strip() and matcher.quick_ratio() > max(alike, LIKE) and (ratio := matcher.ratio()) > max(alike, LIKE):
            best, alike = at, ratio
    return Anchor(best, "changed" if alike else "gone")


@dataclass(frozen=True)
class Change:
    """One line of a difference: `same`, `new`, `gone` or `changed`; of the last the pieces with what became of each."""

    kind: Literal["same", "new", "gone", "changed"]
    pieces: tuple[tuple[str, str], ...]


def difference(before: str, after: str) -> list[Change]:
    """What was changed, line by line; in a line that was rewritten, character by character."""
    old, new = before.split("\n"), after.split("\n")
    changes: list[Change] = []
    for kind, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            changes += [Change("same", (("same", line),)) for line in old[start:end]]
            continue
        both = min(end - start, new_end - new_start)
        changes += [_line(was, is_now) for was, is_now in zip(old[start:end], new[new_start:new_end], strict=False)]
        changes += [Change("gone", (("gone", line),)) for line in old[start + both : end]]
        changes += [Change("new", (("new", line),)) for line in new[new_start + both : new_end]]
    return changes


def _line(before: str, after: str) -> Change:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    pieces: list[tuple[str, str]] = []
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(("same", before[start:end]))
            continue
        pieces += [("gone", before[start:end])] * (end > start) + [("new", after[new_start:new_end])] * (
            new_end > new_start
        )
    return Change("changed", tuple(pieces))
