"""The rules of events: when one may sign up, who gets a seat, who is next in line.

Plain functions of values: no database, no request, no clock.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol, TypeVar

LONGEST = timedelta(days=30)
NO_SHOWS = 3
NO_SHOW_YEAR = timedelta(days=365)
NO_SHOW_MONTHS = 3
Waiting = TypeVar("Waiting")


class Planned(Protocol):
    """What an event says of itself: its recorded state and its times."""

    @property
    def state(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def signup_closes_at(self) -> datetime: ...


class Barrier(Enum):
    """Why something cannot be done with a sign-up any more."""

    CANCELLED = "cancelled"
    ENDED = "ended"
    STARTED = "started"
    CLOSED = "closed"


class Fault(Enum):
    """What is wrong with an event's times."""

    ENDS_BEFORE_START = "ends_before_start"
    TOO_LONG = "too_long"
    CLOSES_AFTER_START = "closes_after_start"
    IN_THE_PAST = "in_the_past"


@dataclass(frozen=True)
class Times:
    """When an event begins and ends, and until when one may sign up."""

    starts_at: datetime
    ends_at: datetime
    signup_closes_at: datetime


def event_state(event: Planned, at: datetime) -> str:
    """`scheduled`, `cancelled` or `past`; what was cancelled stays so."""
    if event.state == "cancelled":
        return "cancelled"
    return "past" if event.ends_at <= at else "scheduled"


def barrier_to_signing_up(event: Planned, at: datetime) -> Barrier | None:
    """Why nobody may sign up at `at`, or `None`. The same holds for promotions."""
    if event.state == "cancelled":
        return Barrier.CANCELLED
    if event.ends_at <= at:
        return Barrier.ENDED
    if event.starts_at <= at:
        return Barrier.STARTED
    return Barrier.CLOSED if event.signup_closes_at <= at else None


def barrier_to_leaving(event: Planned, at: datetime) -> Barrier | None:
    """Why a sign-up may not be cancelled at `at`, or `None`: until the start one may."""
    barrier = barrier_to_signing_up(event, at)
    return None if barrier is Barrier.CLOSED else barrier


def phase(event: Planned, at: datetime) -> str:
    """The state that the clock gives the event's page: `open`, or the barrier to signing up."""
    barrier = barrier_to_signing_up(event, at)
    return barrier.value if barrier else "open"


def next_turn(event: Planned, at: datetime) -> datetime | None:
    """When the clock next changes an event's state, its phase, or the list that it stands in."""
    turns = (event.signup_closes_at, event.starts_at, event.ends_at)
    return min((turn for turn in turns if turn > at), default=None)


def outcome_of_signing_up(*, capacity: int, confirmed: int, waitlist_only: bool) -> str:
    """`confirmed` while a seat is free, else `waitlisted`."""
    return "confirmed" if confirmed < capacity and not waitlist_only else "waitlisted"


def promoted(
    event: Planned, at: datetime, *, capacity: int, confirmed: int, waiting: Sequence[Waiting]
) -> Sequence[Waiting]:
    """Who of `waiting` (first in line first) gets a free seat: never after closing or start."""
    if barrier_to_signing_up(event, at):
        return ()
    return waiting[: max(capacity - confirmed, 0)]


def waitlist_only_until(no_shows: Iterable[datetime]) -> datetime | None:
    """Until when a member may only wait for a seat (community rules, 10), or `None` if never.

    Three times signed up, not come and not cancelled within a year: for the three
    months after the third.
    """
    days = sorted(no_shows)
    thirds = [last for first, last in zip(days, days[NO_SHOWS - 1 :], strict=False) if last - first <= NO_SHOW_YEAR]
    return months_later(thirds[-1], NO_SHOW_MONTHS) if thirds else None


def months_later(day: datetime, months: int) -> datetime:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last))


def faults_of(times: Times, *, not_before: datetime | None = None) -> dict[str, Fault]:
    """What is wrong, by field. `not_before` is the moment of planning a new event."""
    faults = {}
    if not_before is not None and times.starts_at < not_before:
        faults["starts_at"] = Fault.IN_THE_PAST
    if times.ends_at <= times.starts_at:
        faults["ends_at"] = Fault.ENDS_BEFORE_START
    elif times.ends_at - times.starts_at > LONGEST:
        faults["ends_at"] = Fault.TOO_LONG
    if times.signup_closes_at > times.starts_at:
        faults["signup_closes_at"] = Fault.CLOSES_AFTER_START
    return faults
