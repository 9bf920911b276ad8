"""What tests over HTTP share."""

from __future__ import annotations

import pytest

from tests.desk import Desk, at_work
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
