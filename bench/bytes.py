"""How much of the phone's data a first visit and a later page take."""

from __future__ import annotations

import re
from statistics import median

from bench.browser import Wire, chromium, phone
from bench.client import Phone
from bench.harness import Site
from bench.report import Line, Result

TITLE = "Bytes on the wire"
AFTER_LOAD_MS = 2000
KEPT = ("/", "/needs", "/events", "/experts", "/briefings", "/me", "/notices", "/members", "/consultations")
THINGS = ("needs", "events", "experts", "briefings", "members")


def measure(site: Site) -> Result:
    """A public event's page for somebody who was never here; then a member's pages as fragments."""
    path = f"/events/{site.public_event()}"
    with chromium() as browser:
        page = phone(browser, site).new_page()
        wire = Wire(page)
        page.goto(site.url + path, wait_until="load")
        page.wait_for_timeout(AFTER_LOAD_MS)
    fragments = member_fragments(site)
    lines = [
        Line("first visit of a public event page", round(wire.bytes / 1000, 1), "KB", 411, 2267, at_most=40),
        Line("its requests", len(wire.requests), "", 10, 41, at_most=8),
        Line(
            f"a later page, median of {len(fragments)} fragments",
            round(median(fragments.values()) / 1000, 2),
            "KB",
            4.5,
            9.3,
            at_most=3,
        ),
    ]
    return Result(lines, {"requests": wire.told(), "fragments": fragments})


def member_fragments(site: Site) -> dict[str, int]:
    """Bytes on the wire of the pages that a member opens: the lists, and the first things of each."""
    (cookie,) = site.cookies(site.members())
    browser = Phone(site, cookie)
    sizes: dict[str, int] = {}
    things: list[str] = []
    for path in KEPT:
        answer = browser.get(path, Fragment="main", Accept_Encoding="br, gzip")
        if answer.status != 200:
            continue
        sizes[path] = answer.wire
        if path.strip("/") in THINGS:
            links = re.findall(rf'href="({path}/[0-9a-z-]+)"', browser.get(path).body.decode())
            things += [link for link in dict.fromkeys(links) if not link.endswith("/new")][:5]
    for path in things:
        answer = browser.get(path, Fragment="main", Accept_Encoding="br, gzip")
        if answer.status == 200:
            sizes[re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", f"<{len(sizes)}>", path)] = answer.wire
    browser.close()
    return sizes
