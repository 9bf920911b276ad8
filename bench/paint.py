"""How long a slow network keeps a person waiting for what they came for."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.browser import PAINTED, SLOW_4G, THREE_G, Network, chromium, phone, slow
from bench.harness import Site
from bench.report import Line, Result

TITLE = "Largest paint on slow networks"
RUNS = 5


def measure(site: Site) -> Result:
    """The largest paint of a public event's page, first visit; and that of a member's later page."""
    path = f"/events/{site.public_event()}"
    (cookie,) = site.cookies(site.members())
    with chromium() as browser:
        first = {n.name: [first_visit(browser, site, path, n) for _ in range(RUNS)] for n in (SLOW_4G, THREE_G)}
        later = [later_page(browser, site, path, cookie) for _ in range(RUNS)]
    lines = [
        Line("first visit of a public event, slow 4G", seconds(first["slow 4G"]), "s", 3.0, 17.6, at_most=1.0),
        Line("first visit of a public event, 3G", seconds(first["3G"]), "s", 5.4, 32.8, at_most=1.6),
        Line("a later page, slow 4G", seconds(later), "s", 1.7, 6.8, note="without the worker: for comparison"),
    ]
    return Result(lines, {"first_visit_ms": first, "later_page_ms": later})


def seconds(milliseconds: list[float]) -> float:
    """Their median, in seconds."""
    return round(median(milliseconds) / 1000, 2)


def first_visit(browser: Any, site: Site, path: str, network: Network) -> float:
    """The largest paint, in milliseconds from the start of the navigation, of a phone that was never here."""
    context = phone(browser, site)
    page = context.new_page()
    slow(page, network)
    page.goto(site.url + path, wait_until="load", timeout=120_000)
    painted = page.evaluate(PAINTED)
    context.close()
    return round(painted)


def later_page(browser: Any, site: Site, path: str, cookie: str) -> float:
    """The largest paint of an event's page that a member opens from the list of events."""
    context = phone(browser, site, cookie)
    page = context.new_page()
    slow(page, SLOW_4G)
    page.goto(f"{site.url}/events", wait_until="load", timeout=120_000)
    page.wait_for_timeout(1000)
    page.evaluate("path => { location.href = path }", path)
    page.wait_for_url(site.url + path, wait_until="load")
    painted = page.evaluate(PAINTED)
    context.close()
    return round(painted)
