"""Who waits for the same thing at the same moment: the first whose turn comes does the work of all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from core import company
from core.company import in_company

KEY = "the door"


class Work:
    """Work that the test lets begin, and lets go on once it knows who is there."""

    def __init__(self, *, begins: bool = True, goes_on: bool = True) -> None:
        self.rounds: list[list[Any]] = []
        self.may_begin, self.may_go_on = threading.Event(), threading.Event()
        if begins:
            self.may_begin.set()
        if goes_on:
            self.may_go_on.set()

    def __call__(self, arrived: Callable[[], list[Any]]) -> Sequence[Any]:
        assert self.may_begin.wait(30)
        here = arrived()
        self.rounds.append(here)
        assert self.may_go_on.wait(30)
        return [f"{each} is told" for each in here]


class Crowd:
    """People who ask, each in a thread of their own, and what each was told or met."""

    def __init__(self, work: Callable[..., Any], key: object = KEY) -> None:
        self.work, self.key = work, key
        self.told: dict[str, Any] = {}
        self.threads: list[threading.Thread] = []

    def ask(self, *names: str) -> None:
        """Let these ask, one after the other, and wait until they stand there."""
        for name in names:
            before = waiting(self.key)
            thread = self.start(name)
            until(lambda: waiting(self.key) > before or not thread.is_alive())  # noqa: B023 - asked at once

    def start(self, name: str) -> threading.Thread:
        thread = threading.Thread(target=self._ask, args=(name,))
        self.threads.append(thread)
        thread.start()
        return thread

    def _ask(self, name: str) -> None:
        try:
            self.told[name] = in_company(self.key, name, self.work)
        except Exception as error:
            self.told[name] = error

    def gone(self) -> dict[str, Any]:
        for thread in self.threads:
            thread.join(30)
        return self.told


def until(happened: Callable[[], object]) -> None:
    """Wait until it has happened."""
    given_up = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < given_up
        time.sleep(0.001)


def waiting(key: object) -> int:
    here = company._companies.get(key)
    return len(here.waiting) if here else 0


def test_who_is_alone_is_told_alone() -> None:
    work = Work()
    assert in_company(KEY, "a", work) == "a is told"
    assert work.rounds == [["a"]]


def test_all_who_came_before_the_work_begins_are_in_one_round_each_with_an_answer_of_their_own() -> None:
    work = Work(begins=False)
    crowd = Crowd(work)
    crowd.ask("a", "b", "c")
    work.may_begin.set()
    assert crowd.gone() == {"a": "a is told", "b": "b is told", "c": "c is told"}
    assert work.rounds == [["a", "b", "c"]]


def test_who_comes_while_the_first_is_decided_is_in_the_second_round() -> None:
    work = Work(goes_on=False)
    crowd = Crowd(work)
    crowd.start("a")
    until(lambda: work.rounds)
    crowd.ask("b", "c")
    work.may_go_on.set()
    assert crowd.gone() == {"a": "a is told", "b": "b is told", "c": "c is told"}
    assert work.rounds == [["a"], ["b", "c"]]


def test_who_comes_between_two_attempts_is_in_the_second() -> None:
    rounds = []

    def twice(arrived: Callable[[], list[str]]) -> list[str]:
        rounds.append(arrived())
        crowd.ask("b")
        rounds.append(here := arrived())
        return here

    crowd = Crowd(twice)
    assert in_company(KEY, "a", twice) == "a"
    assert crowd.gone() == {"b": "b"}
    assert rounds == [["a"], ["a", "b"]]


def test_what_one_met_is_raised_to_that_one_alone() -> None:
    begin = threading.Event()

    def refuses_b(arrived: Callable[[], list[str]]) -> list[Any]:
        assert begin.wait(30)
        return [KeyError(each) if each == "b" else each for each in arrived()]

    crowd = Crowd(refuses_b)
    crowd.ask("a", "b", "c")
    begin.set()
    told = crowd.gone()
    assert (told["a"], told["c"]) == ("a", "c")
    assert isinstance(told["b"], KeyError)


def test_where_the_work_could_not_begin_nobody_who_waits_tries_the_same_again() -> None:
    begin, tries = threading.Event(), []

    def locked(_: Callable[[], list[str]]) -> list[Any]:
        assert begin.wait(30)
        tries.append(1)
        raise TimeoutError

    crowd = Crowd(locked)
    crowd.ask("a", "b", "c")
    begin.set()
    assert [type(told) for told in crowd.gone().values()] == [TimeoutError] * 3
    assert tries == [1]


def test_what_befell_one_round_is_not_told_to_who_came_after_it() -> None:
    rounds: list[list[str]] = []
    go_on = threading.Event()

    def breaks_once(arrived: Callable[[], list[str]]) -> list[str]:
        rounds.append(here := arrived())
        if len(rounds) == 1:
            assert go_on.wait(30)
            raise ZeroDivisionError
        return here

    crowd = Crowd(breaks_once)
    crowd.start("a")
    until(lambda: rounds)
    crowd.ask("b")
    go_on.set()
    told = crowd.gone()
    assert isinstance(told["a"], ZeroDivisionError)
    assert told["b"] == "b"


def test_who_wants_something_else_waits_for_nobody() -> None:
    work = Work(begins=False)
    crowd = Crowd(work)
    crowd.ask("a")
    assert in_company("another door", "z", lambda arrived: arrived()) == "z"
    work.may_begin.set()
    assert crowd.gone() == {"a": "a is told"}


def test_nothing_is_kept_of_who_is_gone() -> None:
    in_company("a door that closes", "a", Work())
    assert "a door that closes" not in company._companies
