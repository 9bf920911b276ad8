"""Factories of the tests of needs."""

from __future__ import annotations

import re
import uuid
from typing import Any

from tests.client import Browser, Page

POSTED = {
    "kind": "need",
    "title": "求购 304 不锈钢边角料 6 吨",
    "body": "厚 2–3 毫米，带材质单；津南自提，月底前，现款。",
    "category": "procurement",
}


def post_need(browser: Browser, **values: Any) -> str:
    """Post a need; returns its id."""
    page = browser.post("/needs", {**POSTED, **values})
    assert page.status == 303, page
    return page.location.rpartition("/")[2]


def answer(browser: Browser, need_id: str, body: str = "能供，月底前 6 吨。", **values: Any) -> str:
    """Answer a need; returns the answer's id."""
    given = values.setdefault("id", str(uuid.uuid4()))
    page = browser.post(f"/needs/{need_id}/responses", {"body": body, **values})
    assert page.status == 303, page
    return str(given)


def accept(browser: Browser, need_id: str, response_id: str) -> Page:
    """Accept an answer."""
    return browser.post(f"/needs/{need_id}/responses/{response_id}/accept")


def forms(page: Page) -> set[str]:
    """The actions of the page's POST forms."""
    return set(re.findall(r'<form method="post" action="([^"]+)"', page.html))


def edited(**values: Any) -> dict[str, Any]:
    """The fields of an edit."""
    return {**POSTED, "version": "1", **values}
