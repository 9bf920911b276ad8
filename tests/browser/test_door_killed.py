"""A phone that is killed in the middle of the queue, at ten different moments: no scan is lost, none counts twice."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Playwright

from core.clock import clock
from tests import serving
from tests.browser.conftest import CHROMIUM, PHONE
from tests.browser.conftest import Phone as Hand
from tests.browser.test_door_phone import READY, wedge
from tests.door import Door
from tests.people import People

MOMENTS_MS = (0, 5, 15, 40, 80, 150, 300, 500, 800, 1500)


def opened(engine: Playwright, profile: Path) -> BrowserContext:
    """The same phone again: what its disk kept, and nothing else."""
    return engine.chromium.launch_persistent_context(
        str(profile),
        executable_path=serving.CHROMIUM,
        args=CHROMIUM,
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        locale="zh-CN",
        has_touch=True,
    )


def kill(profile: Path) -> None:
    """End the browser of this profile as a phone that falls does: its first process, at once."""
    lines = subprocess.run(
        ["pgrep", "-f", "--", f"--user-data-dir={profile}"], capture_output=True, text=True, check=False
    )
    for line in lines.stdout.split():
        try:
            os.kill(int(line), signal.SIGKILL)
        except ProcessLookupError:
            continue


@pytest.mark.long
def test_no_scan_is_lost_when_the_phone_dies_at_ten_moments(
    app: Flask, people: People, playwright_engine: Playwright, site: str, tmp_path: Path
) -> None:
    clock.freeze(None)
    door = Door(app, people)
    tickets = [door.ticket(door.signed_up()) for _ in MOMENTS_MS]
    profile = tmp_path / "phone"
    context = opened(playwright_engine, profile)
    Hand(context, site).log_in(people.phone_of(door.organizer_id))
    context.close()
    for moment, ticket in zip(MOMENTS_MS, tickets, strict=True):
        context = opened(playwright_engine, profile)
        phone = Hand(context, site)
        phone.open(door.url)
        phone.page.wait_for_selector(READY)
        assert wedge(phone.page, ticket) == "admitted"
        phone.page.wait_for_selector(".verdict-saved:not(:text('正在存'))")
        phone.page.wait_for_timeout(moment)
        kill(profile)
        try:
            context.close()
        except Exception:
            continue
    context = opened(playwright_engine, profile)
    phone = Hand(context, site)
    phone.open(door.url)
    phone.page.wait_for_selector(READY)
    phone.page.wait_for_selector('.door-state[data-waits="0"]')
    phone.page.wait_for_selector(f'[data-count="admitted"]:text-is("{len(tickets)}")')
    context.close()
    assert [fact.verdict for fact in door.facts()] == ["admitted"] * len(tickets)
