"""The application's one clock: UTC inside, the installation's zone for people."""

from __future__ import annotations

import calendar
import functools
import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


class Clock:
    """Tells the time; frozen in demos and tests."""

    def __init__(self, zone: ZoneInfo, frozen_at: datetime | None = None) -> None:
        self.zone = zone
        self._frozen_at = frozen_at
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return self._frozen_at or datetime.now(UTC)

    def today(self) -> date:
        """The calendar day in the installation's zone."""
        return self.local(self.now()).date()

    def local(self, instant: datetime) -> datetime:
        """`instant` as the people of the installation read it on the wall."""
        return instant.astimezone(self.zone)

    def at(self, day: date, hour: time) -> datetime:
        """The UTC instant of a local day and time of day."""
        return datetime.combine(day, hour, self.zone).astimezone(UTC)

    def steady_offset(self) -> int | None:
        """Minutes east of UTC where the zone's clocks are never changed in these years, as in China; else None."""
        return _steady_offset(self.zone, self.today().year)

    def freeze(self, instant: datetime | None) -> None:
        """Stop the clock at `instant`, or let it run again with `None`."""
        with self._lock:
            self._frozen_at = instant.astimezone(UTC) if instant else None

    def advance(self, **by: float) -> None:
        """Move a frozen clock on, in the units of `timedelta`."""
        self.freeze(self.now() + timedelta(**by))


@functools.lru_cache
def _steady_offset(zone: ZoneInfo, year: int) -> int | None:
    begin = datetime(year - 1, 1, 1, tzinfo=zone)
    offsets = {(begin + timedelta(days=days)).utcoffset() for days in range(3 * 366)}
    offset = offsets.pop()
    return round(offset.total_seconds() / 60) if offset is not None and not offsets else None


clock = Clock(ZoneInfo("Asia/Shanghai"))


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return clock.now()


def today() -> date:
    """The calendar day in the installation's zone."""
    return clock.today()


def local(instant: datetime) -> datetime:
    """`instant` in the installation's zone."""
    return clock.local(instant)


def earlier(instant: datetime, *, months: int = 0, days: int = 0) -> datetime:
    """`instant` so many calendar months and days before; where that month is shorter, its last day."""
    year, month = divmod(instant.year * 12 + instant.month - 1 - months, 12)
    day = min(instant.day, calendar.monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day) - timedelta(days=days)
