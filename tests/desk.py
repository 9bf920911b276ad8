"""The briefing's desk: three who make an issue, and a member who only reads."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tests.client import Browser, Page
from tests.people import People

TODAY = "2026-11-21"
TEXT = {"title": "防滑地面和两次脱盐", "body": "各位同仁。\n\n## 要的\n- 货架四十组"}
PASS = {"verdict": "pass"}


@dataclass
class Desk:
    """The three, and a member who only reads."""

    editor_id: uuid.UUID
    editor: Browser
    reviewer_id: uuid.UUID
    reviewer: Browser
    publisher_id: uuid.UUID
    publisher: Browser
    member: Browser

    def draft(self, day: str = TODAY, **text: str) -> str:
        page = self.editor.post("/desk/briefings", {"date": day})
        assert page.status == 303, page
        url = page.location
        assert self.save(self.editor, url, **text).status == 303
        return url

    def save(self, phone: Browser, url: str, version: str = "", **text: str) -> Page:
        version = version or phone.get(url).value("version") or ""
        return phone.post(url, {**TEXT, **text, "version": version})

    def submitted(self, day: str = TODAY) -> str:
        url = self.draft(day)
        assert self.editor.post(f"{url}/submit").status == 303
        return url

    def reviewed(self, day: str = TODAY) -> str:
        url = self.submitted(day)
        assert self.reviewer.post(f"{url}/review", PASS).status == 303
        return url

    def signed_off(self, day: str = TODAY) -> str:
        url = self.reviewed(day)
        assert self.publisher.post(f"{url}/sign-off", PASS).status == 303
        return url


def at_work(people: People) -> Desk:
    """The four, logged in."""
    return Desk(
        *people.logged_in("编者", "editor"),
        *people.logged_in("审者", "reviewer"),
        *people.logged_in("签者", "publisher"),
        people.logged_in("读者")[1],
    )


def state(page: Page, url: str) -> str | None:
    return page.state("briefing", url.rpartition("/")[2])
