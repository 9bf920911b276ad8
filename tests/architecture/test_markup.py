"""Every page is markup that a browser need not guess at, and its forms work without a script."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import markup_rules
from tests.markup import elements, read
from tests.people import People
from tests.sitemap import visits
from tests.world import build

pytestmark = pytest.mark.thorough


def test_every_page_is_well_formed(app: Flask, people: People) -> None:
    world = build(app, people)
    wrong = []
    for role, path in visits(world):
        page = world.browser(role).get(path)
        wrong += [f"{role} {path}: {fault}" for fault in markup_rules.faults_of(page.html)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("check", "html"),
    [
        ("unique_ids", '<p id="a"></p><p id="a"></p>'),
        ("known_pointers", '<p aria-describedby="gone"></p>'),
        ("known_pointers", '<a href="#gone">去</a>'),
        ("labels", '<input name="q" placeholder="搜">'),
        ("labels", '<label for="b"></label><select id="b"></select>'),
        ("labels", '<button type="submit"><svg></svg></button>'),
        ("forms", '<p><form method="post" action="/needs"><button type="submit">发</button></form></p>'),
        ("forms", '<form method="post"><button type="submit">发</button></form>'),
        ("forms", '<form method="post" action="/needs"><button type="button">发</button></form>'),
        ("forms", '<form method="post" action="/a" hx-post="/b"><button type="submit">发</button></form>'),
        ("controls", "<button>发</button>"),
        ("operations", '<form method="post" data-op="need.create"><input name="op_id"><input name="owner"></form>'),
        ("operations", '<form method="post" data-op="need.dance"></form>'),
        ("policy", '<p style="color: red"></p>'),
        ("policy", '<p onclick="x()"></p>'),
        ("policy", "<script>x()</script>"),
        ("policy", '<a href=" javascript:x()">去</a>'),
        ("nesting", '<a href="/"><button type="button">去</button></a>'),
        ("headings", "<main><h1>一</h1><h3>二</h3></main>"),
        ("headings", "<main><h2>一</h2></main>"),
        ("tables", "<table><tr><th>一</th></tr></table>"),
        ("lists", "<ul><div></div></ul>"),
        ("lists", "<div><li>一</li></div>"),
    ],
)
def test_a_fault_is_found(check: str, html: str) -> None:
    assert list(getattr(markup_rules, check)(elements(html)))


def test_wrong_nesting_is_found() -> None:
    for html in ("<p><div></div></p>", "<b><i></b></i>", "<section>", '<a id="a" id="b"></a>'):
        assert read(html)[1]
