"""A real browser on a phone-sized screen, against the application on a real port with a clock that tests move."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, Response, expect

from tests import serving
from tests.people import PASSWORD, People
from tests.serving import served_by_threads

PHONE = {"width": 360, "height": 780}
PATIENCE = 20
WAIT_SECONDS = 45
"""How long a page may take before the test gives it up: a wait ends when what it waits for is there, and a machine that
others use too can stand still for ten seconds."""
OVERTAKEN = ("interrupted by another navigation", "net::ERR_ABORTED")
"""What Playwright says where the page itself went somewhere else meanwhile."""
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


expect.set_options(timeout=WAIT_SECONDS * 1000)


@pytest.fixture(scope="session")
def site(session_app: Flask) -> Iterator[str]:
    """The address of the application, served by threads of this process."""
    with served_by_threads(session_app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def chromium(playwright_engine: Playwright) -> Iterator[Browser]:
    """Debian's chromium."""
    browser = playwright_engine.chromium.launch(executable_path=serving.CHROMIUM, args=CHROMIUM)
    yield browser
    browser.close()


def _decides(answer: Response) -> bool:
    return answer.request.method == "POST" and not answer.url.endswith("/sync")


class Phone:
    """One person's phone: opens pages by path, fills forms by their labels, presses buttons by their words."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.context = context
        self.site = site
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", self._fault)
        self.page.on("console", self._console)

    def _fault(self, error: Any) -> None:
        if "ViewTransition" not in str(error):  # see static/js/transition.js: the page is whole
            self.faults.append(str(error))

    def _console(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def open(self, path: str) -> Page:
        """Open a page; with a network, until it is what the server says now, not what a slow one left on the phone."""
        for _ in range(PATIENCE):
            try:
                self.page.goto(self.site + path)
            except Error as error:
                if not any(said in error.message for said in OVERTAKEN):
                    raise
                continue
            if not self.page.locator("main[data-as-of]").count() or not self.page.evaluate("navigator.onLine"):
                break
        return self.page

    def log_in(self, phone: str, password: str = PASSWORD) -> None:
        self.open("/login")
        form = self.page.locator('form[action="/login"]')
        form.locator('[name="phone"]').fill(phone)
        form.locator('[name="password"]').fill(password)
        form.locator('button[type="submit"]').click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def post(self, action: str, **fields: str) -> None:
        """Fill in and press the form whose `action` is this URL, as it stands on the page."""
        form = self.page.locator(f'main form[action="{action}"]').first
        details = form.locator("xpath=ancestor::details[not(@open)]")
        for index in range(details.count()):
            details.nth(index).locator("summary").first.click()
        for name, value in fields.items():
            field = form.locator(f'[name="{name}"]')
            kind = field.first.evaluate("e => e.tagName + ':' + e.type")
            if kind.startswith("SELECT"):
                field.select_option(value)
            elif kind.endswith((":checkbox", ":radio")):
                form.locator(f'[name="{name}"][value="{value}"]').first.check()
            else:
                field.first.fill(value)
        with self.page.expect_response(_decides):
            form.locator('button[type="submit"], input[type="submit"]').first.click()
        expect(self.page.locator('form[aria-busy="true"]')).to_have_count(0)
        self.page.wait_for_load_state()

    def state(self, kind: str, key: object) -> str | None:
        return self.page.locator(f'[id="{kind}-{key}"]').first.get_attribute("data-state")

    @property
    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def shot(self, name: str) -> None:
        """Keep a picture when HUIYOU_PICTURES names a folder."""
        if folder := os.environ.get("HUIYOU_PICTURES"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


NewPhone = Callable[..., Phone]


@pytest.fixture(params=["scripts", "no-scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """A journey that asks for this runs twice: with JavaScript and without."""
    return bool(request.param == "scripts")


@pytest.fixture
def new_phone(app: Flask, site: str, chromium: Browser) -> Iterator[NewPhone]:
    """Makes phones, each with its own cookies; at the end no page may have met a script fault."""
    contexts: list[BrowserContext] = []
    phones: list[Phone] = []

    def make(scripts: bool = True, **options: Any) -> Phone:
        settings = {"viewport": PHONE, "locale": "zh-CN", "timezone_id": "Asia/Shanghai", **options}
        context = chromium.new_context(java_script_enabled=scripts, has_touch=True, **settings)
        context.set_default_timeout(WAIT_SECONDS * 1000)
        contexts.append(context)
        phones.append(Phone(context, site))
        return phones[-1]

    yield make
    faults = [fault for phone in phones for fault in phone.faults]
    for context in contexts:
        context.close()
    assert not faults, faults


@pytest.fixture
def phone_of(new_phone: NewPhone, people: People) -> Callable[..., tuple[Any, Phone]]:
    """Makes a member and a phone on which they are logged in."""

    def make(real_name: str = "", *roles: str, scripts: bool = True, **values: Any) -> tuple[Any, Phone]:
        member_id = people.member(real_name, *roles, **values)
        phone = new_phone(scripts)
        phone.log_in(people.phone_of(member_id))
        return member_id, phone

    return make
