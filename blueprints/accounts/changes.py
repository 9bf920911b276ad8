"""Which sentences of a rule changed from one version to the next: pure functions on the Markdown as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

ALIKE = 0.4
"""From which likeness on two lines are the same one, changed."""
_SENTENCE = re.compile(r".+?(?:[。！？；!?;]+[”’）」』*]*|\Z| · |(?<=[.])\s+)", re.DOTALL)
_RULE = re.compile(r"[\s|:-]*\Z")
_MARKS = re.compile(r"^\s*(?:[-*+>]\s+|\d{1,3}[.)]\s+|#{1,6}\s+)|[*_`~]{1,3}")
Pieces = list[tuple[str, str]]


@dataclass(frozen=True)
class Line:
    """One line of a text as a person reads it, and the heading under which it stands."""

    words: str
    heading: str


@dataclass(frozen=True)
class Passage:
    """A line in which something changed: its pieces, each `same`, `gone` or `new` with its words."""

    heading: str
    pieces: tuple[tuple[str, str], ...]


def changes(before: str, after: str) -> list[Passage]:
    """The lines in which a sentence went, came or was changed, in the order of the new text."""
    old, new = _lines(before), _lines(after)
    found = []
    matcher = SequenceMatcher(None, [line.words for line in old], [line.words for line in new], autojunk=False)
    for kind, i, to_i, j, to_j in matcher.get_opcodes():
        if kind != "equal":
            found += [_passage(*pair) for pair in _pairs(old[i:to_i], new[j:to_j])]
    return found


def _lines(text: str) -> list[Line]:
    heading, found = "", []
    for line in text.splitlines():
        if _RULE.fullmatch(line):
            continue
        words = _MARKS.sub("", " · ".join(cell.strip() for cell in line.strip().strip("|").split("|"))).strip()
        if line.lstrip().startswith("#"):
            heading = words
        found.append(Line(words, heading))
    return found


def _pairs(old: Sequence[Line], new: Sequence[Line]) -> Iterator[tuple[Line | None, Line | None]]:
    """Lines that were changed side by side, in their order; `None` beside one that went or came."""
    waiting = list(old)
    for line in new:
        likeness = [SequenceMatcher(None, each.words, line.words, autojunk=False).ratio() for each in waiting]
        best = max(likeness, default=0.0)
        if best < ALIKE:
            yield None, line
            continue
        place = likeness.index(best)
        for gone in waiting[:place]:
            yield gone, None
        yield waiting[place], line
        waiting = waiting[place + 1 :]
    for gone in waiting:
        yield gone, None


def _passage(old: Line | None, new: Line | None) -> Passage:
    if new is None or old is None:
        kind, line = ("gone", old) if new is None else ("new", new)
        return Passage(line.heading if line else "", ((kind, line.words if line else ""),))
    return Passage(new.heading, tuple(_joined(_pieces(sentences(old.words), sentences(new.words)))))


def sentences(words: str) -> list[str]:
    """The sentences of a line, or the cells of a row, each with what ends it."""
    return [found[0] for found in _SENTENCE.finditer(words)]


def _pieces(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    for kind, i, to_i, j, to_j in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", "".join(new[j:to_j])
        else:
            yield "gone", "".join(old[i:to_i])
            yield "new", "".join(new[j:to_j])


def _joined(pieces: Iterator[tuple[str, str]]) -> Pieces:
    return [(kind, words) for kind, words in pieces if words]
