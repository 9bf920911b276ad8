"""How many statements each page asks of the database."""

from __future__ import annotations

import re

from bench.harness import Site
from bench.report import Line, Result
from tests.client import Browser

TITLE = "Queries per page"
MOST = 8
VISITOR = ("/", "/events", "/rules", "/register", "/login")
MEMBER = (
    "/",
    "/needs",
    "/needs/new",
    "/events",
    "/experts",
    "/consultations",
    "/briefings",
    "/members",
    "/notices",
    "/me",
)
ADMIN = ("/", "/admin/registrations", "/admin/members", "/admin/audit", "/admin/figures", "/admin/settings")
LISTS = ("/needs", "/events", "/experts", "/briefings", "/members", "/consultations")


def measure(site: Site) -> Result:
    """SELECTs of each main page at the size of the demo; the first thing of each list too."""
    event = f"/events/{site.public_event()}"
    door = f"/events/{site.new_event(300, guests=site.everybody()[:300])}/door"
    lines = _count(site, "visitor", "", (*VISITOR, event))
    member = site.cookies(site.members())[0]
    lines += _count(site, "member", member, (*MEMBER, *_first_things(site, member)))
    lines += _count(site, "organizer", site.cookies(site.members("organizer"))[0], (event, door))
    lines += _count(site, "editor", site.cookies(site.members("editor"))[0], ("/desk",))
    lines += _count(site, "admin", site.cookies(site.members("admin"))[0], ADMIN)
    return Result(lines, {})


def _browser(site: Site, cookie: str) -> Browser:
    browser = Browser(site.app)
    if cookie:
        name, _, value = cookie.partition("=")
        browser.client.set_cookie(name, value)
    return browser


def _count(site: Site, who: str, cookie: str, paths: tuple[str, ...]) -> list[Line]:
    browser = _browser(site, cookie)
    lines = []
    for path in paths:
        page = browser.get(path)
        shown = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<id>", path)
        note = "" if page.status == 200 else f"answered {page.status}"
        lines.append(Line(f"{who} {shown}", len(page.queries), "", at_most=MOST, note=note))
    return lines


def _first_things(site: Site, cookie: str) -> tuple[str, ...]:
    """The first thing that each list links to."""
    browser = _browser(site, cookie)
    found = []
    for path in LISTS:
        links = re.findall(rf'href="({path}/[0-9a-z_-]+)"', browser.get(path).html)
        found += [link for link in links if not link.endswith(("/new", "/solved", "/sharing"))][:1]
    return tuple(found)
