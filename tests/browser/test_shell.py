"""What only a browser shows of the shell."""

from __future__ import annotations

import pytest

from tests.browser.conftest import NewPhone

pytestmark = pytest.mark.browser


def test_a_visitor_opens_the_log_in_page_without_a_policy_violation(new_phone: NewPhone) -> None:
    phone = new_phone()
    page = phone.open("/login")
    assert page.locator("main").count() == 1
    assert page.evaluate("typeof htmx") == "object"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
