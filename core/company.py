"""Who waits for the same thing at the same moment, in one process: the first whose turn comes does the work of all.

Eight phones at one door each want the event's lock and a commit. While one of them is decided, or waits for
SQLite's writer, others arrive; they are decided in one transaction, with one write to the disk, and each is told
its own outcome.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakValueDictionary

Asked = TypeVar("Asked")
Told = TypeVar("Told")
Arrived = Callable[[], list[Asked]]


@dataclass(eq=False)
class _Place:
    asked: Any
    told: Any = None
    settled: bool = False


@dataclass(eq=False)
class _Company:
    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: list[_Place] = field(default_factory=list)


_guard = threading.Lock()
_companies: WeakValueDictionary[Hashable, _Company] = WeakValueDictionary()


def in_company(key: Hashable, asked: Asked, work: Callable[[Arrived[Asked]], Sequence[Told | BaseException]]) -> Told:
    """What `work` makes of `asked`, with whatever else waits for `key` then.

    One thread at a time works for a key. It calls `work(arrived)`, and `arrived()` is all that was asked so far, by
    whoever came until it is called (for the last time): so it is called as late as can be. `work` returns for each,
    in that order, what to tell, or what to raise. What it raises itself is raised to them all; where it had not even
    asked who is there, to all who wait, for they would wait for the same.
    """
    place = _Place(asked)
    with _guard:
        company = _companies.setdefault(key, _Company())
        company.waiting.append(place)
    with company.turn:
        if not place.settled:
            _settle(company, work)
    if isinstance(place.told, BaseException):
        raise place.told
    return place.told


def _settle(company: _Company, work: Callable[[Arrived[Any]], Sequence[Any]]) -> None:
    here: list[_Place] = []

    def arrived() -> list[Any]:
        with _guard:
            here.extend(company.waiting)
            company.waiting.clear()
        return [place.asked for place in here]

    told: Sequence[Any]
    try:
        told = work(arrived)
    except BaseException as error:
        told = [error] * len(here or arrived())
    for place, its in zip(here, told, strict=True):
        place.told, place.settled = its, True
