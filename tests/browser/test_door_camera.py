"""A camera, a crowd of 2,000, and no network: each ticket that is held up gets its verdict, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Playwright

from core.clock import clock
from core.crypto import TicketSigner
from core.database import new_id
from tests import serving
from tests.browser.conftest import CHROMIUM, PHONE
from tests.browser.conftest import Phone as Hand
from tests.browser.test_door_phone import READY
from tests.crowd import fill, film
from tests.door import Door
from tests.people import People

CROWD = 2000


def scanned(
    app: Flask,
    people: People,
    playwright_engine: Playwright,
    site: str,
    folder: Path,
    number: int,
    *,
    hang: bool = False,
) -> tuple[dict[str, str], list[dict[str, Any]], Door]:
    """Hold up so many tickets, every seventh one forged; what was expected of each, and what the phone said."""
    clock.freeze(None)
    door = Door(app, people)
    crowd = fill(app, door, CROWD)
    forger = TicketSigner.generate()
    expected = {}
    for place, guest in enumerate(crowd[:number]):
        forged = place % 7 == 6
        text = forger.sign(new_id(), door.event_id) if forged else guest["ticket"]
        expected[text] = "forged" if forged else "admitted"
    movie = film(folder / "tickets.y4m", list(expected), frames_per_second=3)
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={movie}",
    ]
    browser = playwright_engine.chromium.launch(executable_path=serving.CHROMIUM, args=[*CHROMIUM, *camera])
    try:
        context = browser.new_context(
            viewport={"width": PHONE["width"], "height": PHONE["height"]},
            locale="zh-CN",
            has_touch=True,
            permissions=["camera"],
        )
        phone = Hand(context, site)
        phone.log_in(people.phone_of(door.organizer_id))
        phone.open(door.url)
        phone.page.wait_for_selector(READY, timeout=60_000)
        if hang:
            context.route("**/ops", lambda _: None)
            context.route("**/news*", lambda _: None)
        else:
            context.set_offline(True)
        phone.page.click(".door-scan")
        said = verdicts(phone.page, len(expected), seconds=number * 0.7 + 40)
        assert phone.page.evaluate("huiyou.outbox.waiting(huiyou.account.current()).then(all => all.length)") >= len(
            expected
        )
    finally:
        browser.close()
    return expected, said, door


def verdicts(page: Page, number: int, seconds: float) -> list[dict[str, Any]]:
    """What was said, until each of so many different codes was read once."""
    said: list[dict[str, Any]] = []
    for _ in range(int(seconds)):
        page.wait_for_timeout(1000)
        said = page.evaluate("huiyou.door.timings")
        if len({each["text"] for each in said}) >= number:
            break
    return said


def judged(expected: dict[str, str], said: list[dict[str, Any]]) -> None:
    """Each verdict is the expected one; how long they took is printed."""
    heard: dict[str, list[str]] = {}
    for each in said:
        heard.setdefault(each["text"], []).append(each["verdict"])
    assert {text: verdicts[0] for text, verdicts in heard.items()} == expected
    again = {verdict for text, verdicts in heard.items() for verdict in verdicts[1:] if expected[text] == "admitted"}
    assert again <= {"already_in"}
    times = sorted(each["ms"] for each in said)
    p95 = times[int(len(times) * 0.95)]
    middle = times[len(times) // 2]
    print(f"\n{len(heard)} tickets: frame to verdict p50 {middle:.0f} ms, p95 {p95:.0f} ms, most {times[-1]:.0f} ms")


def test_each_ticket_before_the_camera_gets_its_verdict_without_a_network(
    app: Flask, people: People, playwright_engine: Playwright, site: str, tmp_path: Path
) -> None:
    judged(*scanned(app, people, playwright_engine, site, tmp_path, 25)[:2])


def test_a_server_that_never_answers_keeps_no_verdict_waiting(
    app: Flask, people: People, playwright_engine: Playwright, site: str, tmp_path: Path
) -> None:
    judged(*scanned(app, people, playwright_engine, site, tmp_path, 12, hang=True)[:2])


@pytest.mark.long
def test_three_hundred_tickets_get_three_hundred_right_verdicts(
    app: Flask, people: People, playwright_engine: Playwright, site: str, tmp_path: Path
) -> None:
    judged(*scanned(app, people, playwright_engine, site, tmp_path, 300)[:2])
