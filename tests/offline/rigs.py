"""One way to drive three browsers as a person's phone: Chromium, Firefox, WebKitGTK."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import serving
from tests.offline.rig import PATIENCE_SECONDS, SIZE, NotDrivable, Rig, below
from tests.offline.webkit import WEBKIT, WebKitRig

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=Translate",
]
ENGINES = ("chromium", "firefox", "webkit")


def missing(engine: str) -> str:
    """Why an engine cannot be driven on this machine; empty when it can."""
    needs = {
        "chromium": [serving.WHOLE_CHROMIUM],
        "firefox": ["/usr/bin/firefox-esr"],
        "webkit": [str(WEBKIT), "/usr/bin/WebKitWebDriver", "/usr/bin/Xvfb"],
    }[engine]
    absent = [path for path in needs if not Path(path).exists()]
    return f"{', '.join(absent)} not installed" if absent else ""


class PlaywrightRig(Rig):
    """Chromium or Firefox on a profile of its own."""

    def __init__(self, playwright: Any, engine: str, url: str, *, browser: Any = None, **options: Any) -> None:
        super().__init__(url)
        self.engine = engine
        self.can_restart = browser is None
        self._playwright = playwright
        self._browser = browser
        self._options = options
        self.profile = tempfile.mkdtemp(prefix=f"huiyou-{engine}-")
        self.faults: list[str] = []
        self.start()

    def start(self) -> None:
        settings: dict[str, Any] = {
            "viewport": SIZE,
            "locale": "zh-CN",
            "timezone_id": "Asia/Shanghai",
            **self._options,
        }
        if self._browser:
            self.context = self._browser.new_context(**settings)
        elif self.engine == "chromium":
            self.context = self._playwright.chromium.launch_persistent_context(
                self.profile, executable_path=serving.WHOLE_CHROMIUM, args=CHROMIUM, **settings
            )
        else:
            self.context = self._playwright.firefox.launch_persistent_context(
                self.profile, channel="moz-firefox", executable_path="/usr/bin/firefox-esr", **settings
            )
        self.context.set_default_timeout(PATIENCE_SECONDS * 1000)
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()
        self._listen(self.page)

    def _listen(self, page: Any) -> None:
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self, path: str, *, wait: bool = True) -> None:
        self.page.goto(self.url + path, wait_until="load" if wait else "commit")

    def evaluate(self, code: str, *given: Any) -> Any:
        return self.page.evaluate(f"([a, b, c]) => ({code})", [*given, None, None, None][:3])

    def click(self, selector: str) -> None:
        self.page.locator(selector).first.click(no_wait_after=True)

    def pause(self, seconds: float) -> None:
        self.page.wait_for_timeout(seconds * 1000)

    def _main_process(self) -> int:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    words = (entry / "cmdline").read_text().split("\0")
                    ours = self.profile in words or f"--user-data-dir={self.profile}" in words
                    if ours and not any(word.startswith(("--type=", "-contentproc")) for word in words):
                        return int(entry.name)
        raise RuntimeError(f"{self.engine} does not run")

    def kill(self) -> None:
        pid = self._main_process()
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(Exception):
            self.context.close()
        for _ in range(100):
            if not any(self.profile in _command(p) for p in Path("/proc").iterdir() if p.name.isdigit()):
                break
            time.sleep(0.05)
        for lock in ("SingletonLock", "SingletonCookie", "SingletonSocket", ".parentlock", "lock"):
            Path(self.profile, lock).unlink(missing_ok=True)

    def restart(self) -> None:
        """Close in peace (cookies reach the disk) and start again."""
        self.context.close()
        self.start()

    def kill_tab(self) -> None:
        if self._browser:
            raise NotDrivable("a browser that tests share loses nobody's page")
        for pid in below(self._main_process()):
            words = _command(Path(f"/proc/{pid}")).split("\0")
            if "--type=renderer" in words or ("-contentproc" in words and "tab" in words):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        old, self.page = self.page, self.context.new_page()
        self._listen(self.page)
        with contextlib.suppress(Exception):
            old.close()

    def new_tab(self) -> Any:
        before, self.page = self.page, self.context.new_page()
        self._listen(self.page)
        return before

    def to_tab(self, tab: Any) -> None:
        self.page = tab
        with contextlib.suppress(Exception):
            tab.bring_to_front()

    def close_tab(self) -> None:
        self.page.close()

    def cdp(self) -> Any:
        """Chromium's own protocol for this page."""
        if self.engine != "chromium":
            raise NotDrivable("only Chromium has it")
        return self.context.new_cdp_session(self.page)

    def stop_worker(self) -> None:
        session = self.cdp() if self.engine == "chromium" else super().stop_worker()
        session.send("ServiceWorker.enable")
        session.send("ServiceWorker.stopAllWorkers")

    def shot(self, path: str) -> None:
        self.page.screenshot(path=path)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.context.close()
        shutil.rmtree(self.profile, ignore_errors=True)


def launch(playwright: Any, engine: str) -> Any:
    """A browser for many phones that nobody kills: each has a context of its own."""
    if engine == "chromium":
        return playwright.chromium.launch(executable_path=serving.WHOLE_CHROMIUM, args=CHROMIUM)
    return playwright.firefox.launch(channel="moz-firefox", executable_path="/usr/bin/firefox-esr")


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


@contextlib.contextmanager
def rig(engine: str, playwright: Any, url: str, **options: Any) -> Iterator[Any]:
    """A phone with this engine, gone afterwards."""
    made: Rig = WebKitRig(url) if engine == "webkit" else PlaywrightRig(playwright, engine, url, **options)
    try:
        yield made
    finally:
        made.close()
