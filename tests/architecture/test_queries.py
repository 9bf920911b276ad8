"""A page costs at most eight queries, the same for ten rows and for ten thousand."""

from __future__ import annotations

from flask import Flask

from tests.people import People
from tests.sitemap import pages_of
from tests.world import build

MOST = 8


def test_no_page_asks_the_database_more_than_eight_times(app: Flask, people: People) -> None:
    world = build(app, people)
    dear = []
    for role, paths in pages_of(world).items():
        for path in paths:
            page = world.browser(role).get(path)
            if len(page.queries) > MOST:
                dear.append(f"{role} {path}: {len(page.queries)}\n  " + "\n  ".join(q[:150] for q in page.queries))
    assert not dear, "\n".join(dear)


def test_every_page_of_the_site_opens(app: Flask, people: People) -> None:
    world = build(app, people)
    closed = []
    for role, paths in pages_of(world).items():
        for path in paths:
            for fragment in ({}, {"Fragment": "main"}):
                page = world.browser(role).get(path, **fragment)
                if page.status != (404 if path == "/nothing-here" else 200):
                    closed.append(f"{role} {path}: {page.status} {page.location}")
    assert not closed, "\n".join(closed)
