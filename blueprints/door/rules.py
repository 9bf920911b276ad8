"""The rules of the door: when it opens, who is let in and why not, who is meant by a few letters.

Plain functions of values. The phone decides by the same rules: the cases of
`tests/contracts/door_cases.json` hold for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

OPENS_BEFORE = timedelta(hours=2)
KEPT_ON_PHONE_BEFORE = timedelta(hours=48)
KEPT_AFTER = timedelta(hours=24)
TONES = {
    "admitted": "good",
    "signed_but_unknown": "wait",
    "not_yet": "wait",
    "waitlisted": "wait",
    "already_in": "bad",
    "cancelled": "bad",
    "other_event": "bad",
    "forged": "bad",
    "event_cancelled": "bad",
}
LETS_IN = frozenset({"admitted", "signed_but_unknown"})
FLAGS_OF_ITSELF = ("name_differs",)
"""Flags that a fact has by itself; the others come from the merge with others."""


class Held(Protocol):
    """What the door must know of its event."""

    @property
    def state(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True)
class Scan:
    """What the door saw: `source` is `ticket`, `name` or `walk_in`.

    `ticket` is what the signature says: `genuine`, `forged`, or `other_event` for a
    genuine one of another event.
    """

    source: str
    ticket: str | None = None


@dataclass(frozen=True)
class Entry:
    """What the roster says: the sign-up's state (`None`: nobody of that id), and whether the person is inside."""

    state: str | None = None
    inside: bool = False


def opens_at(event: Held) -> datetime:
    """When the door opens."""
    return event.starts_at - OPENS_BEFORE


def verdict(scan: Scan, entry: Entry, event: Held, now: datetime) -> str:
    """One of `TONES`. A walk-in is the organizer's own decision, whatever the sign-up's state."""
    if scan.source == "ticket" and scan.ticket != "genuine":
        return scan.ticket or "forged"
    if event.state == "cancelled":
        return "event_cancelled"
    if entry.inside:
        return "already_in"
    if scan.source != "walk_in" and entry.state in ("cancelled", "waitlisted"):
        return entry.state
    if now < opens_at(event):
        return "not_yet"
    known = scan.source == "walk_in" or entry.state is not None
    return "admitted" if known else "signed_but_unknown"


def staff_may_stay(event: Held, now: datetime) -> bool:
    """Whether helpers still have their right, and phones their pack: until a day after the event."""
    return now < event.ends_at + KEPT_AFTER


@dataclass(frozen=True)
class Fact:
    """One fact of the door about one guest, as it is merged with the others.

    `key` is the id of its operation and `at` when it happened, the phone's clock corrected. `says` is what
    signature, roster and clock say of it alone, with nobody inside. `told` is what the person at the door was
    told; `None` where only the phone knew, which then was all alone.
    """

    key: str
    at: datetime
    says: str
    told: str | None = None
    device: str | None = None
    undone: bool = False

    @property
    def order(self) -> tuple[datetime, str]:
        """Earlier facts come first; at the same instant the operation's id decides."""
        return self.at, self.key

    @property
    def enters(self) -> bool:
        """Whether somebody came in by it, if nobody had before."""
        return not self.undone and self.says in LETS_IN and (self.told is None or self.told in LETS_IN)


@dataclass(frozen=True)
class Settled:
    """What a fact comes to beside the others: its verdict, whether it is the one that admits, and its flag."""

    verdict: str
    inside: bool = False
    flag: str | None = None


def settle(facts: Sequence[Fact]) -> list[Settled]:
    """What all facts about one guest come to, each at its own place; the same in whatever order they arrived.

    The earliest that let somebody in admits. One that let somebody in as well, at another phone, is flagged
    `twice`; one let in against the rules `let_in`; one that was turned away and never came in, though rules
    and roster would have had them, `turned_away`.
    """
    entering = sorted((fact for fact in facts if fact.enters), key=lambda fact: fact.order)
    return [_settled(fact, entering) for fact in facts]


def _settled(fact: Fact, entering: Sequence[Fact]) -> Settled:
    told_in = fact.told in LETS_IN
    if fact.enters:
        if fact is entering[0]:
            return Settled(fact.says, inside=True)
        earlier = {other.device for other in entering[: entering.index(fact)]} - {None}
        return Settled("already_in", flag=None if fact.device in earlier else "twice")
    if fact.says not in LETS_IN:
        return Settled(fact.says, flag="let_in" if told_in and not fact.undone else None)
    if fact.undone or fact.told is None:
        return Settled(fact.told if fact.told and not told_in else fact.says)
    away = fact.told != "already_in" and not entering
    return Settled(fact.told, flag="turned_away" if away else None)


def door_state(event: Held, now: datetime) -> str:
    """What the clock makes of the door: `cancelled`, `early`, `open` or `over`."""
    if event.state == "cancelled":
        return "cancelled"
    if now < opens_at(event):
        return "early"
    return "over" if event.ends_at <= now else "open"


def next_turn(event: Held, now: datetime) -> datetime | None:
    """When the clock next changes the door's state, or whether phones keep it."""
    turns = (event.starts_at - KEPT_ON_PHONE_BEFORE, opens_at(event), event.starts_at, event.ends_at)
    return min((turn for turn in (*turns, event.ends_at + KEPT_AFTER) if turn > now), default=None)


class Named(Protocol):
    """A person on the roster as a search sees them; `syllables` are toneless, with spaces between."""

    @property
    def name(self) -> str: ...
    @property
    def syllables(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def last_four(self) -> str: ...


Person = TypeVar("Person", bound=Named)


def found(
    query: str, people: Iterable[Person], spelled: Callable[[str], str], folded: Callable[[str], str]
) -> Sequence[Person]:
    """Who is meant by `query`, likeliest first; everybody, in order, by an empty one.

    From one character on: of the name, its pinyin (`wang jian`, `wangj`), its initials (`wjg`),
    the company, or the last four digits of the phone (of a longer number its last four are
    taken); at last, names that are written otherwise and sound the same. `spelled` gives the
    syllables of a text and `folded` its comparable form.
    """
    wanted = folded(query)
    if not wanted:
        return list(people)
    letters = wanted.replace(" ", "").replace("'", "").replace("lyu", "lv").replace("nyu", "nv")
    sound = "" if letters.isascii() else spelled(wanted)
    ranked = [
        (rank, place, person)
        for place, person in enumerate(people)
        if (rank := _rank(wanted, letters, sound, person, folded)) is not None
    ]
    return [person for _, _, person in sorted(ranked, key=lambda row: row[:2])]


def _rank(wanted: str, letters: str, sound: str, person: Named, folded: Callable[[str], str]) -> int | None:
    name = folded(person.name)
    if (place := name.find(wanted)) >= 0:
        return 0 if name == wanted else 1 if place == 0 else 2
    if letters.isdigit() and letters[-4:] in person.last_four:
        return 1 if person.last_four.endswith(letters[-4:]) else 3
    if (
        letters.isascii()
        and letters.isalnum()
        and (rank := _rank_of_sound(letters, person.syllables.split())) is not None
    ):
        return rank
    if wanted in folded(person.company):
        return 5
    if not sound or name.isascii():
        return None
    place = f" {person.syllables} ".find(f" {sound} ")
    return None if place < 0 else 6 if place == 0 else 7


def _rank_of_sound(letters: str, syllables: Sequence[str]) -> int | None:
    for start in range(len(syllables)):
        rest = syllables[start:]
        initials = "".join(syllable[0] for syllable in rest)
        if initials.startswith(letters) or "".join(rest).startswith(letters):
            whole = letters in (initials, "".join(rest))
            return (1 if whole else 2) if start == 0 else 4
    return None
