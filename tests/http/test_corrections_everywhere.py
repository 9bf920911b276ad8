"""A corrected name is seen on every page at once: no page keeps the etag under which it showed the old one."""

from __future__ import annotations

import pytest
from flask import Flask

from blueprints.accounts.models import Member
from core.database import db
from tests.people import People
from tests.sitemap import NOT_FOUND, pages_of
from tests.world import build

WHOSE = ("member", "other", "expert", "organizer", "lead")


@pytest.mark.thorough
def test_no_page_shows_an_old_name_under_the_etag_of_the_new(app: Flask, people: People) -> None:
    world = build(app, people)

    packs = [f"/events/{world.things[name]}/door/pack" for name in ("event", "full_event", "past_event")]

    def walk() -> dict[tuple[str, str], tuple[str | None, str]]:
        found = {}
        for role, paths in pages_of(world).items():
            for path in paths + (packs if role == "organizer" else []):
                if path != NOT_FOUND:
                    page = world.browser(role).get(path, Fragment="main")
                    told = page.response.get_json() if path in packs else page.html
                    found[role, path] = (page.headers.get("ETag"), told if told is page.html else str(told))
        return found

    before = walk()
    old: set[str] = set()
    for number, role in enumerate(WHOSE):
        with app.app_context():
            member = db.session.get_one(Member, world.who[role])
            old |= {member.real_name, member.company.name}
            fields = {"trade": member.trade, "position": member.position, "referrer": member.referrer}
        names = {"real_name": f"新名{number}", "company_name": f"新厂{number}"}
        world.do("admin", "member.correct", world.who[role], reason="更正", **names, **fields)
    after = walk()
    stale = [
        f"{role} {path}: {name}"
        for (role, path), (etag, text) in before.items()
        for name in old
        if name in text and etag and after[role, path][0] == etag and name not in after[role, path][1]
    ]
    assert any(name in before["organizer", packs[0]][1] for name in old), "the pack names nobody"
    assert not stale, "\n".join(stale)
