"""The rules of needs and offers, each as a sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from blueprints.needs import rules
from blueprints.needs.labels import CATEGORY_LABELS, KIND_LABELS, RESULT_LABELS, STATE_LABELS, STATE_TONES

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = rules.SharingHour(time(11, 18), time(12, 0))
TODAY = date(2026, 11, 21)


def wall(hour: int, minute: int, second: int = 0, day: int = 21) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("kept", "expires_on", "seen"),
    [
        ("open", None, "open"),
        ("open", date(2026, 11, 21), "open"),
        ("open", date(2026, 11, 20), "expired"),
        ("solved", date(2026, 11, 20), "solved"),
        ("withdrawn", date(2026, 11, 20), "withdrawn"),
    ],
)
def test_an_open_need_is_expired_from_the_day_after_its_last(kept: str, expires_on: date | None, seen: str) -> None:
    assert rules.state_on(kept, expires_on, TODAY) == seen


@pytest.mark.parametrize(
    ("state", "own", "already", "reason"),
    [
        ("open", False, False, None),
        ("open", True, False, "own"),
        ("solved", True, True, "own"),
        ("solved", False, False, "closed"),
        ("withdrawn", False, True, "closed"),
        ("expired", False, True, "expired"),
        ("open", False, True, "already"),
    ],
)
def test_others_answer_an_open_need_once(state: str, own: bool, already: bool, reason: str | None) -> None:
    assert rules.against_response(state, own=own, already=already) == reason


@pytest.mark.parametrize(
    ("state", "response", "reason"),
    [
        ("open", "offered", None),
        ("expired", "offered", None),
        ("solved", "offered", "closed"),
        ("withdrawn", "offered", "closed"),
        ("open", "accepted", "accepted"),
        ("open", "withdrawn", "withdrawn"),
    ],
)
def test_the_poster_accepts_what_is_offered_until_it_is_closed(state: str, response: str, reason: str | None) -> None:
    assert rules.against_acceptance(state, response) == reason


def test_an_answer_is_taken_back_until_it_is_accepted() -> None:
    assert rules.against_withdrawal("offered") is None
    assert rules.against_withdrawal("accepted") == "accepted"
    assert rules.against_withdrawal("withdrawn") == "withdrawn"


def test_what_is_solved_or_withdrawn_is_closed() -> None:
    assert [state for state in rules.STATES if rules.is_closed(state)] == ["solved", "withdrawn"]


def test_the_sixty_first_post_of_an_hour_waits() -> None:
    assert not rules.over_the_limit(59)
    assert rules.over_the_limit(60)


def test_a_last_day_before_today_makes_no_sense() -> None:
    assert rules.last_day_is_past(date(2026, 11, 20), TODAY)
    assert not rules.last_day_is_past(TODAY, TODAY)
    assert not rules.last_day_is_past(None, TODAY)


@pytest.mark.parametrize(
    ("at", "phase"),
    [
        (wall(11, 17, 59), "before"),
        (wall(11, 18), "during"),
        (wall(11, 59, 59), "during"),
        (wall(12, 0), "after"),
        (wall(0, 0), "before"),
    ],
)
def test_the_sharing_hour_is_from_its_first_minute_until_before_its_last(at: datetime, phase: str) -> None:
    assert HOUR.phase(at) == phase


def test_before_the_hour_the_last_one_was_yesterday_and_the_next_is_today() -> None:
    assert HOUR.last_opening(wall(10, 0)) == wall(11, 18, day=20)
    assert HOUR.last_closing(wall(10, 0)) == wall(12, 0, day=20)
    assert HOUR.next_opening(wall(10, 0)) == wall(11, 18)


def test_after_the_hour_the_next_is_tomorrow() -> None:
    assert HOUR.last_opening(wall(12, 0)) == wall(11, 18)
    assert HOUR.next_opening(wall(12, 0)) == wall(11, 18, day=22)


def test_minutes_are_counted_up_to_the_next_change() -> None:
    assert HOUR.minutes_left(wall(11, 17, 59)) == 1
    assert HOUR.minutes_left(wall(11, 18)) == 42
    assert HOUR.minutes_left(wall(11, 59, 30)) == 1
    assert HOUR.minutes_left(wall(12, 0)) == 23 * 60 + 18


def test_the_hour_is_told_in_the_zone_of_the_wall() -> None:
    assert HOUR.last_opening(wall(11, 30)).astimezone(UTC) == datetime(2026, 11, 21, 3, 18, tzinfo=UTC)


def test_the_last_months_end_with_this_one() -> None:
    months = list(rules.months_until(date(2026, 2, 28), 4))
    assert months == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]


def test_every_code_has_its_words() -> None:
    assert tuple(KIND_LABELS) == rules.KINDS
    assert tuple(CATEGORY_LABELS) == rules.CATEGORIES
    assert tuple(RESULT_LABELS) == rules.RESULTS
    assert set(STATE_LABELS) == set(STATE_TONES) == set(rules.STATES)
