"""What many keep alike is worked out for the first of them, and what is kept for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from blueprints.briefings import offline, service
from blueprints.briefings.models import Briefing
from blueprints.offline import sets
from core import registries
from core.access import Viewer
from core.clock import clock, now
from core.database import db
from core.registries import OfflinePage
from tests.people import People
from tests.phones import Phone

ISSUES = ("/briefings", "/briefings/1")


@pytest.fixture(autouse=True)
def _nothing_remembered(app: Flask) -> None:
    app.extensions.pop("phone_sets", None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the newest issues are asked for."""
    times: list[int] = []
    kept = service.kept

    def counted(number: int) -> Any:
        times.append(number)
        return kept(number)

    monkeypatch.setattr(service, "kept", counted)
    return times


def a_phone(people: People, *roles: str) -> Phone:
    member_id, browser = people.logged_in("", *roles)
    return Phone(browser, member_id)


def publish(app: Flask, people: People, number: int) -> None:
    author, reviewer, publisher = (people.member() for _ in range(3))
    with app.app_context():
        db.session.add(
            Briefing(
                date=now().date() + timedelta(days=number),
                number=number,
                title="防滑地面",
                body="正文",
                state="signed_off",
                publishes_at=now(),
                editor_id=author,
                reviewer_id=reviewer,
                publisher_id=publisher,
            )
        )
        db.session.commit()


def etags(phone: Phone, have: list[str] | None = None) -> dict[str, str]:
    return {line["url"]: line["etag"] for line in phone.sync(have or []) if "url" in line}


def test_the_issues_are_worked_out_for_the_first_member_and_hold_for_the_others(
    app: Flask, people: People, asked: list[int]
) -> None:
    publish(app, people, 1)
    one, other = etags(a_phone(people)), etags(a_phone(people))
    assert len(asked) == 1
    assert [one[url] for url in ISSUES] == [other[url] for url in ISSUES]
    assert one["/"] != other["/"]
    assert one["/deeds"] != other["/deeds"]


def test_a_new_issue_comes_to_all_and_is_worked_out_once(app: Flask, people: People, asked: list[int]) -> None:
    phones = [a_phone(people) for _ in range(3)]
    have = [list(etags(phone).values()) for phone in phones]
    asked.clear()
    publish(app, people, 1)
    came = [etags(phone, kept) for phone, kept in zip(phones, have, strict=True)]
    assert all(set(ISSUES) < set(pages) for pages in came)
    assert len(asked) == 1


def test_who_stands_otherwise_is_asked_for_alone(app: Flask, people: People, asked: list[int]) -> None:
    publish(app, people, 1)
    member, editor = etags(a_phone(people)), etags(a_phone(people, "editor"))
    assert len(asked) == 2
    assert member["/briefings"] != editor["/briefings"]
    english = a_phone(people)
    english.browser.post("/display", {"language": "en"})
    assert etags(english)["/briefings"] != member["/briefings"]


def test_an_issue_that_comes_out_by_the_clock_comes_to_all(app: Flask, people: People) -> None:
    publish(app, people, 1)
    with app.app_context():
        db.session.query(Briefing).update({"publishes_at": now() + timedelta(hours=1)})
        db.session.commit()
    phones = [a_phone(people) for _ in range(2)]
    have = [list(etags(phone).values()) for phone in phones]
    clock.advance(hours=1)
    for phone, kept in zip(phones, have, strict=True):
        assert "/briefings/1" in etags(phone, kept)


def test_an_issue_that_comes_out_while_a_set_is_worked_out_stays_on_no_phone_as_it_was(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(app, people, 1)
    with app.app_context():
        db.session.query(Briefing).update({"publishes_at": now() + timedelta(minutes=1)})
        db.session.commit()
    states = offline.list_states

    def as_the_clock_strikes() -> tuple[str, ...]:
        before = states()
        clock.advance(minutes=1)
        return before

    with monkeypatch.context() as striking:
        striking.setattr(offline, "list_states", as_the_clock_strikes)
        a_phone(people).sync([])
    phone = a_phone(people)
    have = list(etags(phone).values())
    assert len(phone.sync(have)) == 2, "what was sent is what is wanted"


def test_what_is_not_alike_is_shared_by_nobody(
    app: Flask, people: People, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = registries.offline_pages["briefings"]

    def and_one_of_their_own(reader: Viewer) -> Iterator[OfflinePage]:
        yield from pages(reader)
        yield OfflinePage("/me", (f"member:{reader.id}",))

    monkeypatch.setitem(registries.offline_pages, "briefings", and_one_of_their_own)
    for _ in range(2):
        etags(a_phone(people))
    assert len(asked) == 2


def test_a_page_for_all_is_known_again_by_its_reader_alone_where_the_shell_stands_around_it(
    app: Flask, people: People
) -> None:
    publish(app, people, 1)
    (_, one), (_, other) = people.logged_in(), people.logged_in()
    fragment, whole = (one.get("/briefings/1", **how).headers["ETag"] for how in ({"Fragment": "main"}, {}))
    assert other.get("/briefings/1", Fragment="main", If_None_Match=fragment).status == 304
    assert one.get("/briefings/1", If_None_Match=whole).status == 304
    assert other.get("/briefings/1", If_None_Match=whole).status == 200


def test_a_reader_who_asked_long_ago_is_forgotten(app: Flask, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "MOST_READERS", 2)
    have: list[str] = []
    for phone in (phones := [a_phone(people) for _ in range(3)]):
        have = list(etags(phone).values())
        assert len(phone.sync(have)) == 2
    assert len(app.extensions["phone_sets"]._sets) == 2
    app.extensions["phone_sets"].clear()
    assert len(phones[2].sync(have)) == 2
