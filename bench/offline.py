"""Pages without a network, and a full outbox on a slow one, in Chromium."""

from __future__ import annotations

import time
import uuid

from playwright.sync_api import sync_playwright

from bench.browser import PAINTED
from bench.faults import SEND, WAITING, Door, open_phone
from bench.harness import Site
from bench.report import Line, Result
from tests.offline import rigs
from tests.offline.proxy import Proxy
from tests.offline.rig import Rig

TITLE = "Without a network, and with a slow one"
MANY = 500


def measure(site: Site) -> Result:
    """500 check-ins over a slow link; every page of the set without one; a server that hangs."""
    proxy = Proxy((site.host, site.port))
    door = Door(site, proxy)
    try:
        with sync_playwright() as playwright, rigs.rig("chromium", playwright, proxy.url) as rig:
            open_phone(door, rig)
            return Result([*slow_network(door, rig), *no_network(door, rig)], {})
    finally:
        proxy.stop()


def slow_network(door: Door, rig: Rig) -> list[Line]:
    """500 queued check-ins over a link of 300 ms and 700 kbit/s."""
    rig.open("/outbox")
    names = door.queue(rig, MANY, f"many {uuid.uuid4().hex[:6]}")
    door.proxy.slow(300, 700)
    begun = time.perf_counter()
    rig.evaluate(SEND)
    seconds = 60.0
    while time.perf_counter() - begun < seconds:
        if rig.evaluate(WAITING) == 0:
            seconds = time.perf_counter() - begun
            break
        rig.pause(0.1)
    door.proxy.slow()
    came = door.came(names)
    return [
        Line(f"{MANY} queued check-ins over 300 ms and 700 kbit/s", round(seconds, 1), "s", at_most=10),
        Line("of them written down once", sum(came[name] == 1 for name in names), "", at_least=MANY),
    ]


def no_network(door: Door, rig: Rig) -> list[Line]:
    """Each page of the set on screen, CPU × 4, without a network; and some with a server that hangs."""
    rig.open("/")
    rig.is_complete()
    urls = [page["url"] for page in rig.evaluate("huiyou.pages.list()")]
    door.proxy.stop()
    session = rig.cdp()
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    painted = []
    for url in urls:
        rig.open(url)
        if (at := rig.evaluate(PAINTED)) is not None:
            painted.append(at)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    door.proxy.start()
    hanging = []
    door.proxy.fault("/", "black hole")
    for url in urls[:8]:
        rig.open(url)
        if (at := rig.evaluate(PAINTED)) is not None:
            hanging.append(at)
    door.proxy.reset()
    return [
        Line(f"a page of the set without network, CPU × 4, p95 of {len(painted)}", _p95(painted), "ms", at_most=200),
        Line(
            f"with a server that hangs, at most, of {len(hanging)}",
            round(max(hanging, default=9e9)),
            "ms",
            at_most=1700,
        ),
    ]


def _p95(values: list[float]) -> float:
    return round(sorted(values)[int(len(values) * 0.95)]) if values else 9e9
