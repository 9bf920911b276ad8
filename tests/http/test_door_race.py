"""Several scanners at one door at the same moment."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from core.database import db
from core.operations import LedgerRow
from tests.client import Browser, Page
from tests.door import Door
from tests.people import People

SCANNERS = 8


def at_once(phones: list[Browser], do: Callable[[Browser], Page]) -> list[Page]:
    """Let every phone do the same at the same moment."""
    pages: list[Page] = []
    start = threading.Barrier(len(phones))

    def one(phone: Browser) -> None:
        start.wait()
        pages.append(do(phone))

    threads = [threading.Thread(target=one, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(pages) == len(phones)
    return pages


def verdicts(app: Flask) -> Counter[str]:
    """What the phones were told."""
    with app.app_context():
        return Counter(
            row.verdict["verdict"]
            for row in db.session.scalars(select(LedgerRow).where(LedgerRow.name == "checkin.record"))
        )


def test_the_same_ticket_at_eight_scanners_lets_in_one_and_tells_seven(app: Flask, people: People) -> None:
    door = Door(app, people)
    ticket = door.ticket(door.signed_up("王建国"))
    phones = [people.browser(door.organizer_id) for _ in range(SCANNERS)]
    pages = at_once(phones, lambda phone: phone.post(door.checkins_url, {"ticket": ticket}))
    assert [page.status for page in pages] == [303] * SCANNERS
    assert verdicts(app) == {"admitted": 1, "already_in": SCANNERS - 1}
    assert sum(fact.inside for fact in door.facts()) == 1
    said = [phone.get(door.url).text for phone in phones]
    assert sum("王建国，请进" in text for text in said) == 1
    assert sum("王建国 已经进场：10:00，由 程门 登记" in text for text in said) == SCANNERS - 1


def test_one_walk_in_at_eight_phones_is_one_person(app: Flask, people: People) -> None:
    door = Door(app, people)
    phones = [people.browser(door.organizer_id) for _ in range(SCANNERS)]
    fields = {"walk_in_name": "张三", "walk_in_phone": "13800138000"}
    at_once(phones, lambda phone: phone.post(door.checkins_url, fields))
    assert verdicts(app) == {"admitted": 1, "already_in": SCANNERS - 1}
