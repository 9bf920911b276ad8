"""A phone's set: which pages it keeps, with the etag that each has now.

What was worked out for a reader is kept with a digest of the stamps that it was
made from and the instant at which the clock changes something in it. Until one of
them moves, it is known for one question to the database.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from flask import current_app

from blueprints.offline.outbox import ON_THE_PHONE, outbox_page
from core import chamber, generation
from core.access import Viewer
from core.assets import build
from core.clock import clock, now, today
from core.database import stamps_of
from core.i18n import language
from core.pages import etag_of, unread_count
from core.registries import OfflinePage, keeps_offline, offline_pages, visitors_keep_offline, visitors_pages

ALWAYS = ("chamber", generation.TOPIC)
FIRST = ("/", "/outbox", "/offline", "/me")
MOST_READERS = 2000
ETAG = 8
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
class PhoneSet:
    """The pages of one reader, in the order in which a new phone wants them; `etags` are one text."""

    urls: Sequence[str]
    etags: str
    topics: Sequence[str]
    digest: bytes
    until: datetime
    unread: int
    packs: Mapping[str, uuid.UUID] = field(default_factory=lambda: _NOTHING)

    def items(self) -> list[tuple[str, str]]:
        """Each URL with its etag."""
        return [(url, self.etags[place * ETAG : (place + 1) * ETAG]) for place, url in enumerate(self.urls)]


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
        self._words: dict[str, str] = {}

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
        """The same words, each kept once for all readers."""
        with self._lock:
            if len(self._words) > 50_000:
                self._words.clear()
            return tuple(self._words.setdefault(word, word) for word in words)

    def clear(self) -> None:
        """Forget them all."""
        with self._lock:
            self._sets.clear()


def memory() -> SetMemory:
    """This process's."""
    found: SetMemory = current_app.extensions.setdefault("phone_sets", SetMemory())
    return found


def known_of(person: Viewer | None) -> Known:
    """The set of `person`, or of a visitor: one query when nothing has changed since it was asked for last."""
    reader = (person.id, person.status, *sorted(person.roles), person.rules_due) if person else ("",)
    key = (build(), language(), *reader)
    kept = memory().get(key)
    if kept and now() < kept.until:
        stamps = stamps_of(kept.topics)
        if _digest(stamps) == kept.digest:
            chamber.refresh(stamps)
            return Known(kept, generation.of(stamps))
    fresh, seen = _worked_out(person)
    memory().put(key, fresh)
    return Known(fresh, generation.of(seen))


def _worked_out(person: Viewer | None) -> tuple[PhoneSet, Mapping[str, str]]:
    kept = list(_pages(person))
    topics = sorted({topic for page in kept for topic in page.topics} | set(ALWAYS))
    stamps = stamps_of(topics)
    chamber.refresh(stamps)
    midnight = clock.at(today() + timedelta(days=1), time())
    return PhoneSet(
        urls=memory().shared(page.url for page in kept),
        etags="".join(_etag(page, stamps) for page in kept),
        topics=memory().shared(topics),
        digest=_digest(stamps),
        until=min([midnight, *(page.until for page in kept if page.until)]),
        unread=unread_count[0](person) if person and unread_count else 0,
        packs={page.url: page.pack for page in kept if page.pack} or _NOTHING,
    ), stamps


def _pages(person: Viewer | None) -> list[OfflinePage]:
    """What every feature puts on this phone; what is wanted first comes first."""
    asked = (
        [keep(person) for keep in offline_pages.values()] if person else [keep() for keep in visitors_pages.values()]
    )
    found = {page.url: page for pages in asked for page in pages}
    return sorted(found.values(), key=lambda page: FIRST.index(page.url) if page.url in FIRST else len(FIRST))


def _etag(page: OfflinePage, stamps: Mapping[str, str]) -> str:
    shown = {"chamber", *page.topics} & stamps.keys()
    return etag_of(page.url, [(topic, stamps[topic]) for topic in shown], page.states)


def _digest(stamps: Mapping[str, str]) -> bytes:
    text = "\n".join(f"{topic} {stamp}" for topic, stamp in sorted(stamps.items()))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
