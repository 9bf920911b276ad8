"""`make screenshots`: start the demo on a scratch database and take the README's pictures with chromium."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.settings import ROOT, Settings
from deploy.start import prepare, serve_command
from tests.browser.conftest import CHROMIUM, PHONE

PICTURES = ROOT / "docs" / "pictures"
PASSWORD = "huiyou-1118"
MEMBER, ORGANIZER, ADMIN = "13800000008", "13800000005", "13800000001"


def main() -> None:
    """Take every picture anew."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(HUIYOU_INSTANCE=folder, HUIYOU_PORT=str(port), HUIYOU_WORKERS="1")
        settings = Settings.from_environment()
        prepare(settings)
        server = subprocess.Popen(serve_command(settings), cwd=ROOT)
        try:
            site = f"http://127.0.0.1:{port}"
            _wait_for(site)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
                _take(browser, site)
                browser.close()
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(site: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{site}/login", timeout=2).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not answer")


def _take(browser: Browser, site: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    _shot(_page(browser, site), "/", "visitor")
    member = _page(browser, site, MEMBER)
    _shot(member, "/", "today")
    event = _first(member, "/events", r"/events/[0-9a-f-]{36}$")
    _shot(member, event, "event")
    _shot(member, _first(member, "/needs", r"/needs/[0-9a-f-]{36}$"), "need")
    _shot(member, _first(member, "/briefings", r"/briefings/\d+$"), "briefing")
    _shot(_page(browser, site, MEMBER, color_scheme="dark"), "/needs", "needs-dark")
    _shot(_page(browser, site, ORGANIZER), f"{event}/door", "door")
    admin = _page(browser, site, ADMIN)
    _shot(admin, _first(admin, "/admin/registrations", r"/admin/registrations/[0-9a-f-]{36}$"), "application")


def _page(browser: Browser, site: str, phone: str | None = None, **options: str) -> Page:
    context = browser.new_context(
        viewport=PHONE, locale="zh-CN", timezone_id="Asia/Shanghai", device_scale_factor=1.5, base_url=site, **options
    )
    page = context.new_page()
    if phone:
        page.goto("/login")
        page.locator('form[action="/login"] [name="phone"]').fill(phone)
        page.locator('form[action="/login"] [name="password"]').fill(PASSWORD)
        page.locator('form[action="/login"] button[type="submit"]').click()
        page.wait_for_url(lambda url: "/login" not in url)
    return page


def _first(page: Page, listing: str, pattern: str) -> str:
    page.goto(listing)
    links = page.locator("main a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return next(link for link in links if re.search(pattern, link))


def _shot(page: Page, path: str, name: str) -> None:
    page.goto(path)
    page.wait_for_timeout(300)
    page.screenshot(path=str(PICTURES / f"{name}.png"))
    print(Path("docs/pictures") / f"{name}.png")


if __name__ == "__main__":
    main()
