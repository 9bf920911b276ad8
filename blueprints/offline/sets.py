"""A phone's set: which pages it keeps, with the etag that each has now.

What each feature worked out for a reader is kept with a digest of the stamps that
it was made from and the instant at which the clock changes something in it. While
none of them moves, the set is known for one question to the database. A feature's
pages name, among them, every topic with which its choice of pages changes.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from flask import current_app

from blueprints.offline.outbox import ON_THE_PHONE, outbox_page
from core import chamber, generation
from core.access import Viewer
from core.assets import build
from core.clock import clock, now, today
from core.database import stamps_of
from core.i18n import language
from core.pages import standing, unread_count, whole_etag
from core.registries import (
    OfflinePage,
    alike_features,
    keeps_offline,
    offline_pages,
    visitors_keep_offline,
    visitors_pages,
)

ALWAYS = ("chamber", generation.TOPIC)
FIRST = ("/", "/outbox", "/offline", "/me")
MOST_READERS = 10_000
MOST_SHARED = 100_000
ETAG = 4
_NOTHING: Mapping[str, uuid.UUID] = {}


@keeps_offline("offline")
def pages(person: Viewer) -> Iterable[OfflinePage]:
    """The outbox, and what is on this phone."""
    return outbox_page(person), ON_THE_PHONE


@visitors_keep_offline("offline")
def visitors() -> Iterable[OfflinePage]:
    """The same two."""
    return outbox_page(None), ON_THE_PHONE


@dataclass(frozen=True, slots=True)
class Part:
    """What one feature puts on one reader's phone; of each etag four bytes."""

    urls: Sequence[str]
    etags: bytes
    topics: Sequence[str]
    digest: bytes
    until: datetime
    packs: Mapping[str, uuid.UUID]
    for_all: Mapping[str, str]

    def holds(self, stamps: Mapping[str, str]) -> bool:
        """Whether nothing moved that this was made from."""
        return now() < self.until and _digest(self.topics, stamps) == self.digest

    def items(self) -> Iterator[tuple[str, str]]:
        """Each URL with its etag."""
        return zip(self.urls, self.etags.hex(" ", ETAG).split(), strict=True)


@dataclass(frozen=True, slots=True)
class PhoneSet:
    """All that one reader's phone keeps, by feature, and what the shell counts."""

    parts: Mapping[str, Part]
    unread: int

    @property
    def topics(self) -> set[str]:
        """All that it was made from."""
        return {topic for part in self.parts.values() for topic in part.topics} | set(ALWAYS)

    @property
    def until(self) -> datetime:
        """When the clock next changes something in it."""
        return min(part.until for part in self.parts.values())

    @property
    def packs(self) -> dict[str, uuid.UUID]:
        """Which of the URLs are packs, and of what."""
        return {url: thing for part in self.parts.values() for url, thing in part.packs.items()}

    def for_all(self, url: str) -> str | None:
        """Under which key the fragment at `url` is kept for all readers of one standing, where it is."""
        return next((part.for_all[url] for part in self.parts.values() if url in part.for_all), None)

    def items(self) -> list[tuple[str, str]]:
        """Each URL with its etag, in the order in which a new phone wants them."""
        found = dict(pair for part in self.parts.values() for pair in part.items())
        first = {url: found.pop(url) for url in FIRST if url in found}
        return list({**first, **found}.items())


@dataclass(frozen=True)
class Known:
    """A reader's set, and the database's generation, as of now."""

    phone_set: PhoneSet
    generation: str


class SetMemory:
    """The sets of the readers who asked last."""

    def __init__(self) -> None:
        self._sets: OrderedDict[tuple[object, ...], PhoneSet] = OrderedDict()
        self._lock = threading.Lock()
        self._shared: dict[Any, Any] = {}
        self._alike: dict[tuple[object, ...], Part] = {}

    def get(self, key: tuple[object, ...]) -> PhoneSet | None:
        with self._lock:
            found = self._sets.get(key)
            if found:
                self._sets.move_to_end(key)
            return found

    def put(self, key: tuple[object, ...], phone_set: PhoneSet) -> None:
        with self._lock:
            self._sets[key] = phone_set
            self._sets.move_to_end(key)
            if len(self._sets) > MOST_READERS:
                self._sets.popitem(last=False)

    def shared(self, words: Iterable[str]) -> tuple[str, ...]:
        """The same words, each kept once for all readers, and so their rows, which are mostly alike."""
        with self._lock:
            if len(self._shared) > MOST_SHARED:
                self._shared.clear()
            row = tuple(self._shared.setdefault(word, word) for word in words)
            kept: tuple[str, ...] = self._shared.setdefault(row, row)
            return kept

    def shared_pairs(self, pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
        """The same pairs, kept once for all readers."""
        row = tuple(pairs)
        with self._lock:
            kept: Mapping[str, str] = self._shared.setdefault(("pairs", row), dict(row))
            return kept

    def alike(self, key: tuple[object, ...]) -> Part | None:
        """What a feature put on the phone of the last one of this standing for whom it was worked out."""
        return self._alike.get(key)

    def put_alike(self, key: tuple[object, ...], part: Part) -> None:
        self._alike[key] = part

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._sets.clear()
            self._alike.clear()


def memory() -> SetMemory:
    """This process's."""
    found: SetMemory = current_app.extensions.setdefault("phone_sets", SetMemory())
    return found


def known_of(person: Viewer | None) -> Known:
    """The set of `person`, or of a visitor.

    One query when nothing has changed since it was asked for last; else each feature
    is asked of which something has.
    """
    key = (person.id if person else "", *_of_standing(person))
    kept = memory().get(key)
    stamps = stamps_of(kept.topics if kept else ALWAYS)
    chamber.refresh(stamps)
    held = {name: part for name, part in kept.parts.items() if part.holds(stamps)} if kept else {}
    if not kept or len(held) < len(kept.parts):
        kept = _worked_out(person, held)
        memory().put(key, kept)
    return Known(kept, generation.of(stamps))


def _worked_out(person: Viewer | None, held: Mapping[str, Part]) -> PhoneSet:
    """The set, of which `held` still holds."""
    features = _features(person)
    alike = _of_standing(person)
    parts = {**held, **_worked_out_for_another(alike, features.keys() - held.keys())}
    pages = {name: list(asked()) for name, asked in features.items() if name not in parts}
    wanted = {name: _topics(found) for name, found in pages.items()}
    stamps = stamps_of({topic for topics in wanted.values() for topic in topics} | set(ALWAYS))
    chamber.refresh(stamps)
    for name, found in pages.items():
        parts[name] = _part(found, wanted[name], stamps)
        if name in alike_features and all(page.alike and not page.pack for page in found):
            memory().put_alike((name, *alike), parts[name])
    unread = unread_count[0](person) if person and unread_count else 0
    return PhoneSet({name: parts[name] for name in features}, unread)


def _worked_out_for_another(standing: tuple[object, ...], names: Iterable[str]) -> dict[str, Part]:
    """Of these features' parts those that somebody of this standing has, and that hold."""
    found = {name: memory().alike((name, *standing)) for name in names if name in alike_features}
    stamps = stamps_of({topic for part in found.values() if part for topic in part.topics})
    return {name: part for name, part in found.items() if part and part.holds(stamps)}


def _of_standing(person: Viewer | None) -> tuple[object, ...]:
    """What the sets of all of one standing have in common."""
    return (build(), language(), person is not None and person.rules_due, *standing(person))


def _features(person: Viewer | None) -> dict[str, Callable[[], Iterable[OfflinePage]]]:
    """What each feature is asked for this reader."""
    if person is None:
        return dict(visitors_pages)
    return {name: partial(keep, person) for name, keep in offline_pages.items()}


def _topics(pages: Iterable[OfflinePage]) -> list[str]:
    return sorted({"chamber", *(topic for page in pages for topic in page.topics)})


def _part(pages: Sequence[OfflinePage], topics: Sequence[str], stamps: Mapping[str, str]) -> Part:
    midnight = clock.at(today() + timedelta(days=1), time())
    whole = [_whole_etag(page, stamps) for page in pages]
    return Part(
        urls=memory().shared(page.url for page in pages),
        etags=bytes.fromhex("".join(etag[: 2 * ETAG] for etag in whole)),
        topics=memory().shared(topics),
        digest=_digest(topics, stamps),
        until=min([midnight, *(page.until for page in pages if page.until)]),
        packs={page.url: page.pack for page in pages if page.pack} or _NOTHING,
        for_all=memory().shared_pairs(
            (page.url, f"fragment {etag}") for page, etag in zip(pages, whole, strict=True) if page.alike
        ),
    )


def _whole_etag(page: OfflinePage, stamps: Mapping[str, str]) -> str:
    shown = [(topic, stamps[topic]) for topic in {"chamber", *page.topics} & stamps.keys()]
    return whole_etag(page.url, shown, page.states, dated=page.dated, alike=page.alike)


def _digest(topics: Iterable[str], stamps: Mapping[str, str]) -> bytes:
    text = "\n".join(f"{topic} {stamps.get(topic, '')}" for topic in topics)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
