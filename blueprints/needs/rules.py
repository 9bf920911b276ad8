"""The rules of needs and offers: who may do what, and when. No database, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

KINDS = ("need", "offer")
CATEGORIES = (
    "financing",
    "sales",
    "procurement",
    "technology",
    "talent",
    "policy",
    "legal",
    "logistics",
    "premises",
    "cooperation",
)
STATES = ("open", "solved", "withdrawn", "expired")
RESULTS = ("solved", "withdrawn")
POSTS_AN_HOUR = 60
REPEAT_WITHIN = timedelta(days=7)


def state_on(kept: str, expires_on: date | None, today: date) -> str:
    """The state that people see: an open need is expired from the day after its last one."""
    if kept == "open" and expires_on is not None and expires_on < today:
        return "expired"
    return kept


def is_closed(state: str) -> bool:
    """Whether the poster has closed it: nothing about it changes any more."""
    return state in RESULTS


def against_response(state: str, *, own: bool, already: bool) -> str | None:
    """Why a member may not answer, or `None`: it is their own, closed, past its day, or answered already."""
    if own:
        return "own"
    if is_closed(state):
        return "closed"
    if state == "expired":
        return "expired"
    return "already" if already else None


def against_acceptance(state: str, response_state: str) -> str | None:
    """Why the poster may not accept an answer, or `None`. What came before the last day may be accepted after it."""
    if response_state == "accepted":
        return "accepted"
    if response_state == "withdrawn":
        return "withdrawn"
    return "closed" if is_closed(state) else None


def against_withdrawal(response_state: str) -> str | None:
    """Why a member may not take their answer back, or `None`. Once accepted, both phones are known."""
    return None if response_state == "offered" else response_state


def over_the_limit(posted_in_the_last_hour: int) -> bool:
    """Whether a member has posted so much within an hour that one more has to wait."""
    return posted_in_the_last_hour >= POSTS_AN_HOUR


def last_day_is_past(expires_on: date | None, today: date) -> bool:
    """Whether a last day makes no sense because it is over."""
    return expires_on is not None and expires_on < today


@dataclass(frozen=True)
class SharingHour:
    """The time of day in which the community looks: from `opens` until before `closes`, every day."""

    opens: time
    closes: time

    def phase(self, local: datetime) -> str:
        """`before`, `during` or `after`, of the day of `local` (an aware time on the wall)."""
        hour = local.time()
        if hour < self.opens:
            return "before"
        return "during" if hour < self.closes else "after"

    def last_opening(self, local: datetime) -> datetime:
        """When the hour that is on, or the last one, began."""
        day = local.date() - timedelta(days=1) if self.phase(local) == "before" else local.date()
        return datetime.combine(day, self.opens, local.tzinfo)

    def last_closing(self, local: datetime) -> datetime:
        """When the hour that is on will end, or the last one ended."""
        return datetime.combine(self.last_opening(local).date(), self.closes, local.tzinfo)

    def next_opening(self, local: datetime) -> datetime:
        """When the next hour begins; of the one that is on, its own beginning."""
        day = local.date() + timedelta(days=1) if self.phase(local) == "after" else local.date()
        return datetime.combine(day, self.opens, local.tzinfo)

    def minutes_left(self, local: datetime) -> int:
        """Whole minutes, rounded up, until the hour that is on ends, or the next one begins."""
        until = self.last_closing(local) if self.phase(local) == "during" else self.next_opening(local)
        return -(-int((until - local).total_seconds()) // 60)


def months_until(today: date, count: int) -> Iterator[date]:
    """The first days of the last `count` months, oldest first, this month last."""
    last = today.year * 12 + today.month - 1
    for number in range(last - count + 1, last + 1):
        yield date(number // 12, number % 12 + 1, 1)
