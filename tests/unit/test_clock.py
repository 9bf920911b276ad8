"""The chamber's wall clock, as the phone is told of it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from core.clock import Clock


@pytest.mark.parametrize(("zone", "minutes"), [("Asia/Shanghai", 480), ("Asia/Kathmandu", 345), ("UTC", 0)])
def test_where_clocks_are_never_changed_the_phone_is_told_one_offset(zone: str, minutes: int) -> None:
    assert Clock(ZoneInfo(zone)).steady_offset() == minutes


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_where_clocks_change_with_the_season_the_phone_must_ask_its_own_calendar(zone: str) -> None:
    assert Clock(ZoneInfo(zone)).steady_offset() is None
