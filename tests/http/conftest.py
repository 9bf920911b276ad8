"""What tests over HTTP share."""

from __future__ import annotations

import pytest

from tests.people import People
from tests.phones import Phone


@pytest.fixture
def phone(people: People) -> Phone:
    """A member's phone."""
    member_id, browser = people.logged_in()
    return Phone(browser, member_id)
