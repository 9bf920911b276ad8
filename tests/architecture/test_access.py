"""Who may open and post what: every route, every role, one table (`tests/access.txt`)."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.access import access_of
from tests.people import People
from tests.world import ROLES, World, build

TABLE = Path(__file__).resolve().parents[1] / "access.txt"
UNKNOWN = str(uuid.UUID(int=7))


def routes(app: Flask) -> list[str]:
    """`METHOD /rule` of every route, by rule."""
    return sorted(
        (
            f"{method} {rule.rule}"
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) & {"GET", "POST"}
        ),
        key=lambda route: route.split(" ")[::-1],
    )


def table() -> dict[str, list[str]]:
    """The table's rows: the route, and the answer expected for each of `ROLES`."""
    rows = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            method, rule, *answers = line.split()
            rows[f"{method} {rule}"] = answers
    return rows


def url_of(rule: str) -> str:
    """The rule's URL for a thing that there is not."""
    rule = re.sub(r"<int:\w+>", "999999", rule)
    rule = re.sub(r"<uuid:\w+>", UNKNOWN, rule)
    return re.sub(r"<(?:\w+:)?\w+>", "nothing", rule)


def answer(client: FlaskClient, route: str) -> str:
    """What this browser gets: the status, or `login` where it is sent there."""
    method, rule = route.split(" ")
    response = client.open(url_of(rule), method=method, headers={"Sec-Fetch-Site": "same-origin"})
    if response.status_code == 303 and response.headers["Location"].startswith("/login"):
        return "login"
    return str(response.status_code)


def answers(world: World, route: str) -> list[str]:
    """What each of `ROLES` gets."""
    got = []
    for role in ROLES:
        got.append(answer(world.browser(role).client, route))
        if route.endswith("/logout") and role != "visitor":
            del world.browsers[role]
    return got


def test_every_route_stands_in_the_table_and_the_table_names_no_other(app: Flask) -> None:
    assert sorted(table()) == sorted(routes(app))


def test_every_view_says_who_may_enter(app: Flask) -> None:
    with app.app_context():
        silent = [rule.endpoint for rule in app.url_map.iter_rules() if access_of(rule.endpoint) is None]
    assert not silent


@pytest.mark.thorough
def test_each_role_gets_the_answer_that_the_table_gives(app: Flask, people: People) -> None:
    world = build(app, people)
    wrong = []
    for route, expected in table().items():
        got = answers(world, route)
        if got != expected:
            wrong.append(f"{route}: expected {expected}, got {got}")
    assert not wrong, "\n".join(wrong)
