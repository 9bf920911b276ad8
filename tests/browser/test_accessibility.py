"""No page has anything that axe-core finds a screen reader, a keyboard or weak eyes would stumble over."""

from __future__ import annotations

from importlib.resources import files

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.browser.conftest import NewPhone
from tests.people import People
from tests.sitemap import pages_of
from tests.world import build

pytestmark = [pytest.mark.browser, pytest.mark.long]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it stands, a line each."""
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    return [f"{v['id']}: {node['html'][:160]}" for v in found["violations"] for node in v["nodes"]]


@pytest.mark.parametrize("palette", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_has_a_violation(
    app: Flask, people: People, new_phone: NewPhone, language: str, palette: str, site: str
) -> None:
    world = build(app, people)
    wrong: dict[str, list[str]] = {}
    for role, paths in pages_of(world).items():
        phone = new_phone(locale="zh-CN" if language == "zh" else "en", color_scheme=palette)
        phone.context.add_cookies([{"name": "language", "value": language, "url": site}])
        if role != "visitor":
            phone.log_in(world.phone_number(role))
        for path in paths:
            page = phone.open(path)
            if found := violations(page):
                wrong[f"{role} {path}"] = found
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.setdefault(f"{role} {path}", []).append("wider than the screen")
            phone.shot(f"{role}{path.replace('/', '_')}-{language}-{palette}".replace("?", "_"))
    assert not wrong, "\n".join(f"{place}: {fault}" for place, faults in wrong.items() for fault in faults)
