"""Where on the calendar the community's days fall when it is loaded: pure functions of the hour of loading.

`days_ago` and `days_from_now` are whole days before and after the day of the load.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = {"sat": 5, "sun": 6}
TONIGHT_LATEST = time(21, 45)
TONIGHT_AHEAD = timedelta(hours=2)
TONIGHT_LEAST_AHEAD = timedelta(minutes=30)
MORNING = time(6, 0)
DAY_BEGINS, DAY_ENDS = time(8, 0), time(21, 30)
SHARE_IN_SHARING_HOUR = 0.6


@dataclass(frozen=True)
class Calendar:
    """The hour of loading, as an aware instant, and the community's zone and sharing hour."""

    loaded_at: datetime
    zone: ZoneInfo
    sharing_hours: tuple[time, time] = (time(11, 18), time(12, 0))

    @property
    def today(self) -> date:
        return self.loaded_at.astimezone(self.zone).date()

    def day(self, days_from_now: int, weekday: str | None = None) -> date:
        """The day so many days from the load; with `weekday` the nearest such day away from today."""
        day = self.today + timedelta(days=days_from_now)
        if weekday is None:
            return day
        if days_from_now < 0:
            return day - timedelta(days=(day.weekday() - WEEKDAYS[weekday]) % 7)
        return day + timedelta(days=(WEEKDAYS[weekday] - day.weekday()) % 7)

    def at(self, day: date, hour: time | str) -> datetime:
        """The UTC instant of a local day and time of day (`19:00`)."""
        if isinstance(hour, str):
            hour = time.fromisoformat(hour)
        return datetime.combine(day, hour, self.zone).astimezone(UTC)

    def span(self, day: date, start: str, end: str) -> tuple[datetime, datetime]:
        """Beginning and end of what happens on one local day."""
        return self.at(day, start), self.at(day, end)

    def tonight(self, start: str, end: str) -> tuple[datetime, datetime]:
        """Beginning and end of this evening's event, which has not begun yet.

        It stays at its hour when that is two hours ahead, moves to a later quarter of the
        evening for who loads late, and to tomorrow evening after 21:15.
        """
        usual, until = self.span(self.today, start, end)
        latest = self.at(self.today, TONIGHT_LATEST)
        begins = max(usual, min(_next_quarter(self.loaded_at + TONIGHT_AHEAD), latest))
        if begins - self.loaded_at >= TONIGHT_LEAST_AHEAD:
            return begins, begins + (until - usual)
        return self.span(self.day(1), start, end)

    def moments(self, day: date, count: int, rng: random.Random) -> Sequence[datetime]:
        """When the posts of one past day came in, in order: most of them in the sharing hour."""
        opens, closes = (self.at(day, hour) for hour in self.sharing_hours)
        begins, ends = self.at(day, DAY_BEGINS), self.at(day, DAY_ENDS)
        inside = round(count * SHARE_IN_SHARING_HOUR)
        return sorted(
            [between(opens, closes, rng) for _ in range(inside)]
            + [between(begins, ends, rng) for _ in range(count - inside)]
        )

    def this_morning(self, count: int) -> Sequence[datetime]:
        """When today's posts came in, in order, before the load; the later half in the sharing hour once it began."""
        now = self.loaded_at
        midnight = self.at(self.today, time())
        begins = min(self.at(self.today, MORNING), midnight + (now - midnight) * 0.85)
        opens, closes = (self.at(self.today, hour) for hour in self.sharing_hours)
        if now <= opens:
            return spread(begins, now, count)
        early = count // 2
        return [*spread(begins, opens, early), *spread(opens, min(now, closes), count - early)]


def between(first: datetime, last: datetime, rng: random.Random) -> datetime:
    """A whole second between two instants."""
    return (first + (last - first) * rng.random()).replace(microsecond=0)


def spread(first: datetime, last: datetime, count: int) -> list[datetime]:
    """`count` instants between two, evenly, touching neither."""
    step = (last - first) / (count + 1)
    return [first + step * number for number in range(1, count + 1)]


def chinese_day(day: date) -> str:
    """A day as briefings say it: `11月20日`."""
    return f"{day.month}月{day.day}日"


def _next_quarter(instant: datetime) -> datetime:
    seconds = int(instant.timestamp())
    return datetime.fromtimestamp(-(-seconds // 900) * 900, UTC)
