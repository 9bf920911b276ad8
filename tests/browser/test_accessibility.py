"""Nothing on any page that a screen reader, a keyboard, weak eyes or a small screen would stumble over."""

from __future__ import annotations

from importlib.resources import files

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.browser.conftest import NewPhone, Phone
from tests.people import PASSWORD, People
from tests.sitemap import PORTIONS, visits
from tests.world import World, build

pytestmark = [pytest.mark.browser, pytest.mark.long]
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OTHER = {"light": "dark", "dark": "light"}
WIDTHS = (360, 320)
UNFOLD = """() => document.querySelectorAll("details").forEach(
  fold => { fold.removeAttribute("name"); fold.open = true; })"""
RUN = """async options => (await axe.run(document, {resultTypes: ["violations"], ...options})).violations
  .flatMap(found => found.nodes.map(
    node => `${found.id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 300)}`))"""
TOO_WIDE = """() => {
  const beyond = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1);
  return document.documentElement.scrollWidth > innerWidth
    ? [innerWidth, ...beyond.slice(-1).map(e => e.outerHTML.slice(0, 160))] : []; }"""
SMALL = """() => [...document.querySelectorAll(
    "button, .button, summary, select, textarea, nav a, a.row, input:not([type=hidden], [type=checkbox], [type=radio])"
  )]
  .filter(e => e.checkVisibility({visibilityProperty: true}))
  .map(e => [e.getBoundingClientRect(), e])
  .filter(([box]) => box.height && (box.height < 43.5 || box.width < 43.5))
  .map(([box, e]) => `${Math.round(box.width)} × ${Math.round(box.height)} ${e.outerHTML.slice(0, 120)}`)"""


@pytest.mark.parametrize(("language", "palette"), [("zh", "light"), ("en", "dark")])
@pytest.mark.parametrize("portion", PORTIONS)
def test_no_page_has_a_violation(
    app: Flask, people: People, new_phone: NewPhone, portion: str, language: str, palette: str
) -> None:
    world = build(app, people)
    phones: dict[str, Phone] = {}
    wrong: list[str] = []
    for role, path in visits(world, portion):
        if role not in phones:
            phones[role] = phone_in(world, role, new_phone, language, palette)
        page = phones[role].open(path)
        page.evaluate(UNFOLD)
        wrong += [f"{role} {path}: {found}" for found in faults(page, palette)]
        phones[role].shot(f"{role}{path.replace('/', '_')}-{language}-{palette}".replace("?", "_"))
    assert not wrong, "\n".join(dict.fromkeys(wrong))


def phone_in(world: World, role: str, new_phone: NewPhone, language: str, palette: str) -> Phone:
    """This person's phone, in this language and palette."""
    phone = new_phone(locale="zh-CN" if language == "zh" else "en", color_scheme=palette)
    phone.context.add_cookies([{"name": "language", "value": language, "url": phone.site}])
    if role != "visitor":
        form = {"phone": world.phone_number(role), "password": PASSWORD}
        phone.context.request.post(f"{phone.site}/login", form=form, headers={"Sec-Fetch-Site": "same-origin"})
    return phone


def faults(page: Page, palette: str) -> list[str]:
    """What is wrong with the page as it stands: by axe in both palettes, for a thumb, and at small widths."""
    page.evaluate(AXE)
    found = page.evaluate(RUN, {"runOnly": TAGS})
    page.emulate_media(color_scheme=OTHER[palette])
    found += page.evaluate(RUN, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})
    page.emulate_media(color_scheme=palette)
    found += [f"small: {target}" for target in page.evaluate(SMALL)]
    return found + too_wide(page)


def too_wide(page: Page) -> list[str]:
    """Where the page is wider than the screen, also with large type."""
    found = []
    for large in (False, True):
        page.evaluate("large => document.documentElement.toggleAttribute('data-large', large)", large)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 780})
            if beyond := page.evaluate(TOO_WIDE):
                found.append(f"wider than the screen{' in large type' if large else ''}: {beyond}")
    page.set_viewport_size({"width": WIDTHS[0], "height": 780})
    return found
