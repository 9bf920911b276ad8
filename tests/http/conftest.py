"""What tests over HTTP share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import clock
from tests.conftest import NOON
from tests.desk import Desk, at_work
from tests.installations import Make, installations
from tests.people import People
from tests.phones import Phone


@pytest.fixture
def phone(people: People) -> Phone:
    """A member's phone."""
    member_id, browser = people.logged_in()
    return Phone(browser, member_id)


@pytest.fixture
def desk(people: People) -> Desk:
    """Editor, reviewer, publisher, and who only reads."""
    return at_work(people)


@pytest.fixture
def new_installation(tmp_path: Path) -> Iterator[Make]:
    """Makes installations, gone when the test is over."""
    clock.freeze(NOON)
    (tmp_path / "installations").mkdir()
    with installations(tmp_path / "installations") as make:
        yield make
