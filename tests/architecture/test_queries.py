"""A page costs at most eight queries, the same for ten rows and for a hundred."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from core.clock import local, now
from core.database import new_id
from tests.client import Page
from tests.people import People
from tests.sitemap import NOT_FOUND, pages_of, visits
from tests.world import World, build, event_fields, signup_of

MOST = 8
WHOLE: dict[str, str] = {}
MAIN_ALONE = {"Fragment": "main"}
NO_PAGES = {
    "/healthz",
    "/readyz",
    "/shell",
    "/sw.js",
    "/manifest.webmanifest",
    "/calendar/<token>.ics",
    "/briefings/feed/<token>.atom",
    "/events/<uuid:event_id>/door/pack",
    "/events/<uuid:event_id>/door/news",
    "/login/challenge",
    "/me/passkeys/challenge",
    "/me/export",
}
BY_A_LINK_THAT_SOMEBODY_IS_GIVEN = {"/me/phone/<token>", "/password/reset/<token>"}
PART_OF_A_PAGE = {"/needs/sharing/since"}


def asked(page: Page) -> str:
    """What was asked of the database, a line each."""
    return f"{len(page.queries)}\n  " + "\n  ".join(q.replace("\n", " ")[:150] for q in page.queries)


@pytest.mark.thorough
def test_every_page_opens_whole_and_as_a_fragment_for_eight_queries(app: Flask, people: People) -> None:
    world = build(app, people)
    wrong = []
    for role, path in visits(world):
        for headers in (WHOLE, MAIN_ALONE):
            page = world.browser(role).get(path, **headers)
            if page.status != (404 if path == NOT_FOUND else 200):
                wrong.append(f"{role} {path}: {page.status} {page.location}")
            if len(page.queries) > MOST:
                wrong.append(f"{role} {path}: {asked(page)}")
    assert not wrong, "\n".join(wrong)


def test_the_sitemap_names_every_page(app: Flask, people: People) -> None:
    world = build(app, people)
    urls = app.url_map.bind("localhost")
    paths = {path.partition("?")[0] for paths in pages_of(world).values() for path in paths} - {NOT_FOUND}
    named = {urls.match(path, return_rule=True)[0].rule for path in paths}  # type: ignore[attr-defined]
    rules = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    files = {rule for rule in rules if re.search(r"\.(txt|ics|xlsx)$|^/static", rule)}
    assert rules - named - files - NO_PAGES - PART_OF_A_PAGE == BY_A_LINK_THAT_SOMEBODY_IS_GIVEN


def grow(world: World, number: int) -> None:
    """`number` more of everything that a list shows."""
    for index in range(number):
        serial = len(world.who)
        role = f"another {serial}"
        world.who[role] = world.people.member(products="齿轮", strengths="磨齿")
        world.people.member(status="applicant", introduction="做齿轮。")
        for author in (role, "member"):
            kind = {"kind": "need", "body": "四十件。", "category": "procurement"}
            made = world.made(author, "need.create", title=f"求购齿轮 {author} {serial}", **kind)
            if author == role and index % 2:
                world.do(role, "need.close", made, result="solved", partner="崔广田", amount="8000", summary="成了。")
        world.do(role, "need.respond", world.things["need"], body="我这里有。", id=str(new_id()))
        world.do(role, "event.signup", world.things["event"])
        world.do(role, "event.signup", world.things["big_event"])
        event = event_fields(now() + timedelta(days=1, hours=index % 9), title=f"对接会 {serial}")
        world.do("member", "event.signup", world.made("organizer", "event.create", **event))
        if index % 2:
            signup = signup_of(world, "big_event", role)
            world.do("organizer", "checkin.record", world.things["big_event"], signup_id=signup)
            world.do("organizer", "checkin.record", world.things["big_event"], walk_in_name=f"来客 {serial}")
        _consultation(world, index)
        _briefing(world, serial)


def _consultation(world: World, index: int) -> None:
    asked_for = {"topic": "喷漆房的废气", "body": "隔壁说有味。", "mode": "phone"}
    made = world.made("member", "consultation.request", "environment", **asked_for)
    if index % 2:
        world.do("lead", "consultation.assign", made, expert_id=world.who["expert"])


def _briefing(world: World, days_ago: int) -> None:
    date = (local(now()) - timedelta(days=days_ago)).date().isoformat()
    made = world.made("editor", "briefing.create", date=date)
    world.do("editor", "briefing.edit", made, title=f"齿轮 {date}", body="## 需求\n\n- 齿轮。", version=1)
    if days_ago % 3:
        world.do("editor", "briefing.submit", made)
        world.do("reviewer", "briefing.review", made, verdict="pass")
        world.do("publisher", "briefing.sign_off", made, verdict="pass")


def lists_of(world: World) -> dict[str, list[str]]:
    """The pages that show many rows, by who opens them."""
    t, big = world.things, f"/events/{world.things['big_event']}"
    return {
        "visitor": ["/", "/events"],
        "member": [
            "/",
            "/me",
            "/needs",
            "/needs?q=齿轮",
            "/needs?mine=1",
            "/needs/solved",
            "/needs/sharing",
            f"/needs/{t['need']}",
            "/events",
            "/events?when=past",
            f"/events/{t['event']}",
            big,
            "/members",
            "/members?q=齿轮",
            f"/members/{world.who['other']}",
            "/experts",
            "/experts/environment",
            "/consultations",
            "/briefings",
            "/briefings?q=齿轮",
            "/briefings/1",
            "/notices",
        ],
        "lead": ["/", "/me", "/consultations", "/consultations?as=lead", "/experts/environment"],
        "expert": ["/", "/me", "/consultations?as=expert"],
        "organizer": ["/", "/me", "/events", big, f"{big}/door", f"{big}/door?q=测试", f"{big}/attendance"],
        "editor": ["/", "/desk"],
        "admin": [
            "/",
            "/admin",
            "/admin/registrations",
            f"/admin/registrations/{t['registration']}",
            "/admin/members",
            f"/admin/members/{world.who['member']}",
            "/admin/audit",
            "/admin/figures",
            "/consultations?as=all",
            "/desk",
        ],
    }


@pytest.mark.thorough
def test_a_list_asks_the_same_for_ten_times_as_many_rows(app: Flask, people: People) -> None:
    world = build(app, people)
    big = event_fields(now() + timedelta(hours=1), title="年会", capacity=1000)
    world.things["big_event"] = world.made("organizer", "event.create", **big)
    grow(world, 4)
    few = answers(world)
    grow(world, 36)
    many = answers(world)
    lists = ("/needs", "/events", "/members", "/consultations", "/briefings", "/notices", "/registrations", "/door")
    grown = [place for place in few if many[place].html.count("<li") > few[place].html.count("<li")]
    assert {path for path in lists if any(place.endswith(path) for place in grown)} == set(lists)
    wrong = [place for place in few if shape(few[place]) != shape(many[place])]
    assert not wrong, "\n".join(f"{place}: {asked(few[place])}\n{asked(many[place])}" for place in wrong)


def answers(world: World) -> dict[str, Page]:
    """Every list as it stands now."""
    return {
        f"{role} {path}": world.browser(role).get(path) for role, paths in lists_of(world).items() for path in paths
    }


def shape(page: Page) -> list[str]:
    """The queries of a page, but for how many values they name."""
    return [re.sub(r"\((?:\?|%\(\w+\)s)(?:, (?:\?|%\(\w+\)s))*\)", "(…)", query) for query in page.queries]
