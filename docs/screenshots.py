"""`make screenshots`: start the demo on a scratch database and take the README's pictures with chromium.

The clock stands still, so that the same pages give the same pictures.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.request
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.settings import ROOT, Settings
from deploy.start import prepare, serve_command
from tests.browser.conftest import CHROMIUM, PHONE

PICTURES = ROOT / "docs" / "pictures"
PASSWORD = "huiyou-1118"
MEMBER, ORGANIZER, ADMIN = "13800000008", "13800000005", "13800000001"
NOON = datetime.fromisoformat("2026-11-21T11:40+08:00")
"""In the sharing hour, the briefing out, an event in the evening."""
DOOR_OPEN = NOON + timedelta(hours=6, minutes=55)


def main() -> None:
    """Take every picture anew."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        os.environ.update(HUIYOU_INSTANCE=folder, HUIYOU_WORKERS="1")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for instant, take in ((NOON, _take_by_day), (DOOR_OPEN, _take_at_the_door)):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            os.environ.update(HUIYOU_CLOCK=instant.isoformat(), HUIYOU_PORT=str(port))
            settings = Settings.from_environment()
            prepare(settings)
            server = subprocess.Popen(serve_command(settings), cwd=ROOT)
            try:
                site = f"http://127.0.0.1:{port}"
                _wait_for(site)
                take(browser, site)
            finally:
                server.terminate()
                server.wait(20)
        browser.close()


def _wait_for(site: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{site}/healthz", timeout=2).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not answer")


def _take_by_day(browser: Browser, site: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    _shot(_page(browser, site), "/", "visitor")
    member = _page(browser, site, MEMBER)
    event = _first(member, "/events", r"/events/[0-9a-f-]{36}$")
    member.goto(event)
    member.locator(f'form[action="{event}/signup"] button[type="submit"]').click()
    member.locator(f'a[href="{event}/ticket"]').wait_for()
    _shot(member, event, "event")
    _shot(member, "/", "today")
    _shot(member, _first(member, "/needs?mine=1", r"/needs/[0-9a-f-]{36}$", with_text="回应"), "need")
    _shot(member, _first(member, "/briefings", r"/briefings/\d+$"), "briefing")
    _shot(_page(browser, site, MEMBER, color_scheme="dark"), "/needs", "needs-dark")
    admin = _page(browser, site, ADMIN)
    _shot(admin, _first(admin, "/admin/registrations", r"/admin/registrations/[0-9a-f-]{36}$"), "application")


def _take_at_the_door(browser: Browser, site: str) -> None:
    organizer = _page(browser, site, ORGANIZER, now=DOOR_OPEN)
    event = _first(organizer, "/events", r"/events/[0-9a-f-]{36}$")
    organizer.goto(f"{event}/door")
    for place in (0, 0, 2):
        waiting = organizer.locator('li[data-state="confirmed"].guest')
        expected = waiting.count() - 1
        waiting.nth(place).locator('button[type="submit"]').click()
        organizer.wait_for_function(
            "count => document.querySelectorAll('li[data-state=confirmed].guest').length === count", arg=expected
        )
    _shot(organizer, f"{event}/door", "door", at="#roster")


def _page(browser: Browser, site: str, phone: str | None = None, *, now: datetime = NOON, **options: str) -> Page:
    context = browser.new_context(
        viewport=PHONE, locale="zh-CN", timezone_id="Asia/Shanghai", device_scale_factor=2, base_url=site, **options
    )
    page = context.new_page()
    page.clock.set_fixed_time(now)
    if phone:
        page.goto("/login")
        page.locator('form[action="/login"] [name="phone"]').fill(phone)
        page.locator('form[action="/login"] [name="password"]').fill(PASSWORD)
        page.locator('form[action="/login"] button[type="submit"]').click()
        page.wait_for_url(lambda url: "/login" not in url)
    return page


def _first(page: Page, listing: str, pattern: str, *, with_text: str = "") -> str:
    page.goto(listing)
    links = page.locator("main a[href]").evaluate_all("all => all.map(a => [a.getAttribute('href'), a.textContent])")
    found = [(link, text) for link, text in links if re.search(pattern, link)]
    return next((link for link, text in found if with_text in text), found[0][0])


def _shot(page: Page, path: str, name: str, *, at: str = "body") -> None:
    page.goto(path)
    page.locator(at).evaluate("part => part.scrollIntoView()")
    page.wait_for_timeout(300)
    target = PICTURES / f"{name}.png"
    target.write_bytes(_smaller(page.screenshot()))
    print(Path("docs/pictures") / target.name, f"{target.stat().st_size // 1000} KB")


def _smaller(png: bytes) -> bytes:
    """The picture in 128 colours where Pillow is installed, else as it is."""
    try:
        from PIL import Image
    except ImportError:
        return png
    buffer = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return min(buffer.getvalue(), png, key=len)


if __name__ == "__main__":
    main()
