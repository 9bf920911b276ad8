"""From tapping "sign up" to knowing, on a slow network."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.browser import SLOW_4G, Wire, chromium, phone, slow
from bench.harness import Site
from bench.report import Line, Result

TITLE = "From tapping “sign up” to knowing"
RUNS = 5
CONFIRMED = '[id^="signup-"][data-state="confirmed"]'
# Says when the confirmation was painted, on this page or on the one that comes after it.
KNOWN = """async () => {
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    const swapped = sessionStorage.getItem("swapped");
    return swapped ? Number(swapped) : performance.timeOrigin + paint.startTime;
}"""
TAP = """(button, confirmed) => {
    new MutationObserver(() => {
        if (document.querySelector(confirmed)) sessionStorage.setItem("swapped", Date.now());
    }).observe(document.documentElement, {subtree: true, childList: true, attributes: true});
    const now = Date.now();
    button.click();
    return now;
}"""


def measure(site: Site) -> Result:
    """Members who stand on an event's page and tap."""
    path = f"/events/{site.new_event(200)}"
    cookies = site.cookies(site.everybody()[20 : 20 + RUNS])
    with chromium() as browser:
        taps = [tap(browser, site, path, cookie) for cookie in cookies]
    lines = [
        Line(
            "until the confirmation is painted, slow 4G",
            round(median(t["ms"] for t in taps) / 1000, 2),
            "s",
            9.0,
            10.5,
            at_most=0.6,
        ),
        Line(
            "requests after the tap",
            median(len(t["requests"]) for t in taps),
            "",
            13,
            19,
            at_most=1,
            note="a plain post and its page; one with the outbox",
        ),
    ]
    return Result(lines, {"taps": taps})


def tap(browser: Any, site: Site, path: str, cookie: str) -> dict[str, Any]:
    """One tap: milliseconds until the confirmation stands there, and what was asked for."""
    context = phone(browser, site, cookie)
    page = context.new_page()
    slow(page, SLOW_4G)
    page.goto(site.url + path, wait_until="load", timeout=120_000)
    page.wait_for_timeout(1000)
    wire = Wire(page)
    button = page.locator(f'form[action="{path}/signup"] [type="submit"]').first
    tapped_at = button.evaluate(TAP, CONFIRMED)
    page.locator(CONFIRMED).first.wait_for(timeout=60_000)
    known_at = page.evaluate(KNOWN)
    result = {"ms": round(known_at - tapped_at), "requests": wire.told()}
    context.close()
    return result
