"""Where on the calendar the demo's days fall."""

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from demo.briefings import days_ago_of
from demo.community import read
from demo.dates import Calendar, chinese_day, spread

ZONE = ZoneInfo("Asia/Shanghai")


def loaded(hour: str, day: str = "2026-11-21") -> Calendar:
    return Calendar(datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=ZONE), ZONE)


def wall(instant: datetime) -> str:
    return f"{instant.astimezone(ZONE):%d %H:%M}"


def test_days_count_from_the_day_of_the_load_in_the_community_zone() -> None:
    assert loaded("00:05").day(-1) == date(2026, 11, 20)
    assert loaded("23:55").day(2) == date(2026, 11, 23)


def test_a_past_event_by_day_moves_to_its_weekday_or_earlier() -> None:
    assert loaded("10:00").day(-2, "sat") == date(2026, 11, 14)
    assert loaded("10:00").day(-7, "sat") == date(2026, 11, 14)
    assert loaded("10:00").day(-6, "sun") == date(2026, 11, 15)


def test_a_coming_event_by_day_moves_to_its_weekday_or_later() -> None:
    assert loaded("10:00").day(8, "sat") == date(2026, 12, 5)
    assert loaded("10:00").day(1, "sun") == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("hour", "begins", "ends"),
    [
        ("00:05", "21 19:00", "21 21:00"),
        ("07:00", "21 19:00", "21 21:00"),
        ("16:59", "21 19:00", "21 21:00"),
        ("17:31", "21 19:45", "21 21:45"),
        ("20:30", "21 21:45", "21 23:45"),
        ("21:15", "21 21:45", "21 23:45"),
        ("21:16", "22 19:00", "22 21:00"),
        ("23:59", "22 19:00", "22 21:00"),
    ],
)
def test_tonight_has_not_begun_whenever_the_community_is_loaded(hour: str, begins: str, ends: str) -> None:
    starts_at, ends_at = loaded(hour).tonight("19:00", "21:00")
    assert (wall(starts_at), wall(ends_at)) == (begins, ends)


@pytest.mark.parametrize("hour", ["00:01", "06:10", "07:00", "11:18", "11:30", "12:30", "20:30", "23:59"])
def test_the_posts_of_today_are_of_today_in_order_and_before_the_load(hour: str) -> None:
    calendar = loaded(hour)
    moments = calendar.this_morning(7)
    assert len(moments) == 7
    assert list(moments) == sorted(moments)
    assert calendar.at(calendar.today, time()) < moments[0]
    assert moments[-1] < calendar.loaded_at


def test_once_the_sharing_hour_began_half_of_the_posts_of_today_are_in_it() -> None:
    for hour in ("11:30", "20:30"):
        calendar = loaded(hour)
        opens, closes = (calendar.at(calendar.today, hour) for hour in calendar.sharing_hours)
        assert sum(opens <= moment < closes for moment in calendar.this_morning(8)) == 4


def test_the_posts_of_a_past_day_are_of_that_day_most_in_the_sharing_hour() -> None:
    calendar = loaded("10:00")
    moments = calendar.moments(calendar.day(-3), 10, random.Random(1))
    assert list(moments) == sorted(moments)
    assert {moment.astimezone(ZONE).date() for moment in moments} == {date(2026, 11, 18)}
    opens, closes = (calendar.at(calendar.day(-3), hour) for hour in calendar.sharing_hours)
    assert sum(opens <= moment < closes for moment in moments) >= 6


def test_spread_touches_neither_end() -> None:
    first = datetime(2026, 11, 21, 8, tzinfo=ZONE)
    assert spread(first, first + timedelta(hours=4), 3) == [first + timedelta(hours=n) for n in (1, 2, 3)]


def test_a_day_is_said_as_briefings_say_it() -> None:
    assert chinese_day(date(2026, 1, 9)) == "1月9日"


def test_the_older_issues_are_six_a_week_back_to_the_first() -> None:
    days = days_ago_of(read("briefings"))
    assert sorted(days) == list(range(1, 309))
    assert [days[number] for number in (308, 269, 268, 267)] == [1, 46, 47, 48]
    assert all(1 <= days[number] - days[number + 1] <= 2 for number in range(1, 268))
    assert 355 <= days[1] <= 362
