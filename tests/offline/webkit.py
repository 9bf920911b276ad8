"""Debian's WebKitGTK as a person's phone. It keeps no profile, and `kill_tab` cannot be done."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

from tests.offline.rig import PATIENCE_SECONDS, SIZE, NotDrivable, Rig, below

WEBKIT = Path("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser")


class WebKitRig(Rig):
    """Debian's WebKitGTK: MiniBrowser under WebDriver on a screen that nobody sees."""

    engine = "webkit"
    can_restart = False

    def __init__(self, url: str) -> None:
        from selenium import webdriver
        from selenium.webdriver.webkitgtk.options import Options
        from selenium.webdriver.webkitgtk.service import Service

        super().__init__(url)
        self._screen, display = _screen()
        options = Options()
        options.binary_location = str(WEBKIT)
        options.add_argument("--automation")
        environment = {
            **os.environ,
            "DISPLAY": display,
            "TZ": "Asia/Shanghai",
            "LANGUAGE": "zh_CN",
            "LC_ALL": "C.UTF-8",
        }
        environment.pop("WAYLAND_DISPLAY", None)
        service = Service("/usr/bin/WebKitWebDriver", env=environment)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Selenium's own, of how it calls itself
            self.driver = webdriver.WebKitGTK(options=options, service=service)
        self.driver.set_script_timeout(PATIENCE_SECONDS)
        self.driver.set_page_load_timeout(PATIENCE_SECONDS + 15)
        with contextlib.suppress(Exception):
            self.driver.set_window_size(SIZE["width"], SIZE["height"])
        self._pid = service.process.pid

    def open(self, path: str, *, wait: bool = True) -> None:
        if wait:
            self.driver.get(self.url + path)
        else:
            self.driver.execute_script("location.href = arguments[0]", self.url + path)

    def evaluate(self, code: str, *given: Any) -> Any:
        script = AWAITED.replace("CODE", code)
        answer = json.loads(self.driver.execute_async_script(script, *[*given, None, None, None][:3]))
        if "e" in answer:
            raise RuntimeError(answer["e"])
        return answer["v"]

    def click(self, selector: str) -> None:
        from selenium.webdriver.common.by import By

        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                element = next(e for e in self.driver.find_elements(By.CSS_SELECTOR, selector) if e.is_displayed())
                self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
                element.click()
            except Exception:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return

    def kill_tab(self) -> None:
        raise NotDrivable("its driver ends the session when a page's process dies, also that of another tab")

    def new_tab(self) -> Any:
        before = self.driver.current_window_handle
        self.driver.switch_to.new_window("tab")
        return before

    def to_tab(self, tab: Any) -> None:
        self.driver.switch_to.window(tab)

    def close_tab(self) -> None:
        self.driver.close()

    def shot(self, path: str) -> None:
        self.driver.save_screenshot(path)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.driver.quit()
        for process in below(self._pid):
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        self._screen.terminate()
        self._screen.wait(5)
        if self._screen.stdout:
            self._screen.stdout.close()


AWAITED = """const done = arguments[arguments.length - 1], [a, b, c] = arguments;
const told = (v) => v === undefined ? null : v instanceof Node || v;
Promise.resolve().then(() => (CODE)).then((v) => done(JSON.stringify({ v: told(v) })),
                                          (e) => done(JSON.stringify({ e: String((e && e.stack) || e) })));"""


def _screen() -> tuple[subprocess.Popen[bytes], str]:
    """A screen that nobody sees, and its name."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1024x1024x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert screen.stdout
    return screen, f":{screen.stdout.readline().decode().strip()}"
