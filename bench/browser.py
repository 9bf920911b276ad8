"""Chromium on a phone-sized screen, on a slow network when asked."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from bench.harness import Site

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAINTED = """new Promise(done => {
    const seen = [];
    const observer = new PerformanceObserver(list => seen.push(...list.getEntries()));
    observer.observe({type: "largest-contentful-paint", buffered: true});
    setTimeout(() => done(seen.length ? seen.at(-1).startTime : null), 400);
})"""


@dataclass(frozen=True)
class Network:
    """A network and a phone as the budgets name them. CPU is how many times slower than this machine."""

    name: str
    latency_ms: int
    kbit: int
    cpu: int = 4


SLOW_4G = Network("slow 4G", 150, 1600)
THREE_G = Network("3G", 300, 700)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium (or that of CHROMIUM)."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def phone(browser: Browser, site: Site, cookie: str = "") -> BrowserContext:
    """A phone that was never here before, logged in by `cookie`."""
    context = browser.new_context(viewport={"width": 360, "height": 780}, locale="zh-CN", device_scale_factor=3)
    if cookie:
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": site.url}])
    return context


def slow(page: Page, network: Network) -> CDPSession:
    """Put the page on `network`, as DevTools does."""
    session = page.context.new_cdp_session(page)
    rate = network.kbit * 1000 / 8
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": network.latency_ms, "downloadThroughput": rate, "uploadThroughput": rate},
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": network.cpu})
    return session


@dataclass
class Wire:
    """What a page asks for from now on, and how many bytes came back, headers included."""

    page: Page
    requests: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        session = self.page.context.new_cdp_session(self.page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceived", self._received)
        session.on("Network.requestServedFromCache", self._kept)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        if "redirectResponse" in event:
            for request in self.requests:
                if request["id"] == event["requestId"] and not request["bytes"]:
                    request["bytes"] = int(event["redirectResponse"]["encodedDataLength"])
        if not event["request"]["url"].startswith("data:"):
            path = "/" + event["request"]["url"].partition("//")[2].partition("/")[2]
            self.requests.append(
                {"id": event["requestId"], "method": event["request"]["method"], "path": path, "bytes": 0}
            )

    def _kept(self, event: dict[str, Any]) -> None:
        self.requests[:] = [request for request in self.requests if request["id"] != event["requestId"]]

    def _received(self, event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache"):
            return self._kept(event)
        self._of(event)["encoding"] = event["response"]["headers"].get("content-encoding", "-")
        return None

    def _finished(self, event: dict[str, Any]) -> None:
        self._of(event)["bytes"] = int(event["encodedDataLength"])

    def _of(self, event: dict[str, Any]) -> dict[str, Any]:
        return next((r for r in reversed(self.requests) if r["id"] == event["requestId"]), {})

    @property
    def bytes(self) -> int:
        return sum(request["bytes"] for request in self.requests)

    def told(self) -> list[dict[str, Any]]:
        """Each request without its id."""
        return [{name: value for name, value in request.items() if name != "id"} for request in self.requests]
