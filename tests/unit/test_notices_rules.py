"""How a notice reads, and how often a message is tried."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from blueprints.notices.rules import sentence, wait_after


def say(instant: date) -> str:
    return instant.strftime("on %d %b")


def test_words_fill_the_sentence() -> None:
    assert sentence("%(title)s 有空位了", {"title": "100% 对接会"}, say) == "100% 对接会 有空位了"


def test_a_word_that_is_missing_is_left_out() -> None:
    assert sentence("%(title)s 取消了：%(reason)s", {"title": "茶会"}, say) == "茶会 取消了："


def test_an_instant_is_said_as_people_say_it() -> None:
    starts_at = datetime(2026, 11, 21, 11, tzinfo=UTC).isoformat()
    assert sentence("%(starts_at)s 见", {"starts_at": starts_at}, say) == "on 21 Nov 见"


def test_a_day_is_said_as_people_say_it() -> None:
    assert sentence("%(issue_on)s的简报", {"issue_on": "2026-11-21"}, say) == "on 21 Nov的简报"


def test_a_word_that_is_no_instant_is_shown_as_it_is() -> None:
    assert sentence("%(starts_at)s 见", {"starts_at": "今晚"}, say) == "今晚 见"


def test_the_waits_between_tries_grow_and_end() -> None:
    waits = [wait_after(tries) for tries in range(1, 6)]
    assert waits == sorted(waits, key=lambda wait: wait or timedelta.max)
    assert wait_after(6) is None
