from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from blueprints.events import rules
from blueprints.events.rules import Barrier, Fault, Times

START = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
END = START + timedelta(hours=2)
CLOSING = START - timedelta(hours=3)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Planned:
    state: str = "scheduled"
    starts_at: datetime = START
    ends_at: datetime = END
    signup_closes_at: datetime = CLOSING


def test_an_event_is_scheduled_until_it_ends() -> None:
    assert rules.event_state(Planned(), END - MINUTE) == "scheduled"
    assert rules.event_state(Planned(), END) == "past"


def test_a_cancelled_event_stays_cancelled_when_its_time_has_gone() -> None:
    assert rules.event_state(Planned("cancelled"), END + MINUTE) == "cancelled"


@pytest.mark.parametrize(
    ("at", "barrier"),
    [
        (CLOSING - MINUTE, None),
        (CLOSING, Barrier.CLOSED),
        (START - MINUTE, Barrier.CLOSED),
        (START, Barrier.STARTED),
        (END - MINUTE, Barrier.STARTED),
        (END, Barrier.ENDED),
    ],
)
def test_signing_up_ends_with_the_closing_time(at: datetime, barrier: Barrier | None) -> None:
    assert rules.barrier_to_signing_up(Planned(), at) is barrier
    assert rules.phase(Planned(), at) == (barrier.value if barrier else "open")


def test_nobody_signs_up_for_a_cancelled_event() -> None:
    assert rules.barrier_to_signing_up(Planned("cancelled"), CLOSING - MINUTE) is Barrier.CANCELLED


@pytest.mark.parametrize(
    ("at", "barrier"),
    [(CLOSING, None), (START - MINUTE, None), (START, Barrier.STARTED), (END, Barrier.ENDED)],
)
def test_a_sign_up_can_be_cancelled_until_the_start(at: datetime, barrier: Barrier | None) -> None:
    assert rules.barrier_to_leaving(Planned(), at) is barrier


@pytest.mark.parametrize(
    ("confirmed", "waitlist_only", "outcome"),
    [(0, False, "confirmed"), (9, False, "confirmed"), (10, False, "waitlisted"), (0, True, "waitlisted")],
)
def test_a_seat_while_one_is_free_and_else_the_waitlist(confirmed: int, waitlist_only: bool, outcome: str) -> None:
    assert rules.outcome_of_signing_up(capacity=10, confirmed=confirmed, waitlist_only=waitlist_only) == outcome


def test_the_first_in_line_get_the_free_seats() -> None:
    waiting = ["王", "李", "张"]
    given = rules.promoted(Planned(), CLOSING - MINUTE, capacity=10, confirmed=8, waiting=waiting)
    assert given == ["王", "李"]


def test_nobody_is_promoted_where_no_seat_is_free() -> None:
    assert not rules.promoted(Planned(), CLOSING - MINUTE, capacity=10, confirmed=10, waiting=["王"])
    assert not rules.promoted(Planned(), CLOSING - MINUTE, capacity=10, confirmed=11, waiting=["王"])


@pytest.mark.parametrize("at", [CLOSING, START, END])
def test_nobody_is_promoted_after_closing(at: datetime) -> None:
    assert not rules.promoted(Planned(), at, capacity=10, confirmed=0, waiting=["王"])


def test_two_no_shows_have_no_consequence() -> None:
    assert rules.waitlist_only_until([START, START + timedelta(days=1)]) is None


def test_the_third_no_show_within_a_year_leaves_the_waitlist_for_three_months() -> None:
    third = START + timedelta(days=365)
    assert rules.waitlist_only_until([third, START, START + timedelta(days=9)]) == datetime(2028, 2, 21, 11, tzinfo=UTC)


def test_three_no_shows_in_more_than_a_year_have_no_consequence() -> None:
    days = [START, START + timedelta(days=200), START + timedelta(days=366)]
    assert rules.waitlist_only_until(days) is None


def test_a_fourth_no_show_begins_the_three_months_anew() -> None:
    days = [START + timedelta(days=n) for n in (0, 1, 2, 60)]
    assert rules.waitlist_only_until(days) == rules.months_later(days[-1], 3)


def test_three_months_after_the_end_of_november_is_the_end_of_february() -> None:
    assert rules.months_later(datetime(2026, 11, 30, tzinfo=UTC), 3) == datetime(2027, 2, 28, tzinfo=UTC)


def faults(**changes: datetime) -> dict[str, Fault]:
    times = {"starts_at": START, "ends_at": END, "signup_closes_at": CLOSING, **changes}
    return rules.faults_of(Times(**times), not_before=START - timedelta(days=1))


def test_sensible_times_have_no_fault() -> None:
    assert not faults()
    assert not faults(signup_closes_at=START, ends_at=START + rules.LONGEST)


def test_an_event_ends_after_it_starts() -> None:
    assert faults(ends_at=START) == {"ends_at": Fault.ENDS_BEFORE_START}


def test_an_event_lasts_thirty_days_at_most() -> None:
    assert faults(ends_at=START + rules.LONGEST + MINUTE) == {"ends_at": Fault.TOO_LONG}


def test_signing_up_closes_by_the_start() -> None:
    assert faults(signup_closes_at=START + MINUTE) == {"signup_closes_at": Fault.CLOSES_AFTER_START}


def test_a_new_event_is_not_in_the_past() -> None:
    past = START - timedelta(days=2)
    assert faults(starts_at=past, signup_closes_at=past) == {"starts_at": Fault.IN_THE_PAST}
    assert not rules.faults_of(Times(past, END, past))
