"""One way to drive three browsers as a person's phone: Chromium, Firefox, WebKitGTK.

A rig has a profile of its own where the browser keeps one, so that it can be killed
and started again. WebKitGTK's automation has none: there `can_restart` is False, and
`kill_tab` cannot be done.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import serving
from tests.people import PASSWORD

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
WEBKIT = Path("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser")
SIZE = {"width": 360, "height": 780}
ENGINES = ("chromium", "firefox", "webkit")
PATIENCE_SECONDS = 25.0


class NotDrivable(Exception):
    """This browser cannot be driven so; the message says why."""


def missing(engine: str) -> str:
    """Why an engine cannot be driven on this machine; empty when it can."""
    needs = {
        "chromium": [serving.WHOLE_CHROMIUM],
        "firefox": ["/usr/bin/firefox-esr"],
        "webkit": [str(WEBKIT), "/usr/bin/WebKitWebDriver", "/usr/bin/Xvfb"],
    }[engine]
    absent = [path for path in needs if not Path(path).exists()]
    return f"{', '.join(absent)} not installed" if absent else ""


class Rig:
    """A browser on a phone-sized screen, at the site of `url`."""

    engine = ""
    can_restart = True
    can_open_tabs = True

    def __init__(self, url: str) -> None:
        self.url = url

    # What each engine gives.
    def open(self, path: str, *, wait: bool = True) -> None:
        raise NotImplementedError

    def evaluate(self, code: str, *given: Any) -> Any:
        """The value of an expression (a promise is awaited); `given` are `a`, `b`, `c` in it."""
        raise NotImplementedError

    def click(self, selector: str) -> None:
        raise NotImplementedError

    def kill(self) -> None:
        """SIGKILL to the whole browser."""
        raise NotDrivable(f"{self.engine} keeps no profile under automation")

    def start(self) -> None:
        """Start again on the same profile."""
        raise NotDrivable(f"{self.engine} keeps no profile under automation")

    def kill_tab(self) -> None:
        """SIGKILL to the page's own process, and a new tab."""
        raise NotDrivable(f"{self.engine} tells nobody which process a page has")

    def new_tab(self) -> Any:
        """Open a second tab and look at it; returns what `to_tab` takes to come back."""
        raise NotImplementedError

    def to_tab(self, tab: Any) -> None:
        raise NotImplementedError

    def close_tab(self) -> None:
        """Close the tab that is looked at; `to_tab` afterwards."""
        raise NotImplementedError

    def stop_worker(self) -> None:
        raise NotDrivable(f"{self.engine} does not stop a worker on demand")

    def restart(self) -> None:
        """Close in peace (cookies reach the disk) and start again."""
        raise NotDrivable(f"{self.engine} keeps no profile under automation")

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def shot(self, path: str) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    # What a person does, the same in each.
    def wait(self, code: str, *given: Any, seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait until an expression is true; pages that are on their way are waited for."""
        until = time.monotonic() + seconds
        fault: Exception | None = None
        while time.monotonic() < until:
            try:
                if value := self.evaluate(code, *given):
                    return value
                fault = None
            except NotDrivable:
                raise
            except Exception as error:
                fault = error
            self.pause(0.05)
        raise AssertionError(f"not within {seconds} s: {code} {given or ''} {fault or ''} at {self._where()}")

    def _where(self) -> str:
        try:
            return str(
                self.evaluate("location.href + ' · ' + (document.body ? document.body.innerText.slice(0, 400) : '')")
            )
        except Exception as error:
            return f"({error})"

    def text(self) -> str:
        return str(self.evaluate("document.body.innerText"))

    def reload(self) -> None:
        self.open(str(self.evaluate("location.pathname + location.search")))

    def fill(self, form: str, **fields: str) -> None:
        """Fill in the form whose `action` this is, as it stands in <main>."""
        self.wait('document.querySelector(`main form[action="${a}"]`) && true', form)
        self.evaluate(FILL, form, fields)

    def press(self, form: str, **fields: str) -> None:
        """Fill in and press a form's button."""
        self.fill(form, **fields)
        self.click(f'main form[action="{form}"] [type="submit"]')

    def log_in(self, phone: str) -> None:
        """Log in as a person does, and wait until the phone is theirs."""
        self.open("/login")
        self.press("/login", phone=phone, password=PASSWORD)
        self.wait("!location.pathname.startsWith('/login') && document.documentElement.dataset.account")

    def has_worker(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the worker stands before this page."""
        self.wait("navigator.serviceWorker && navigator.serviceWorker.controller && true", seconds=seconds)

    def is_complete(self, seconds: float = 40) -> None:
        """Wait until the first sync has brought everything that this phone keeps."""
        self.wait("huiyou.store.get('synced_at')", seconds=seconds)

    def outbox(self) -> list[dict[str, Any]]:
        """What the phone stores, by the engine's own word."""
        return list(
            self.evaluate(
                "huiyou.account.owner().then(o => huiyou.outbox.list(o)).then(all => all.map(e =>"
                " ({op_id: e.op_id, name: e.name, state: e.state, tries: e.tries, seq: e.seq, message: e.message})))"
            )
        )

    def states(self) -> list[str]:
        return [entry["state"] for entry in self.outbox()]

    def wait_for_states(self, *states: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the outbox's entries stand so, oldest first."""
        until = time.monotonic() + seconds
        found: list[str] = []
        while time.monotonic() < until:
            with contextlib.suppress(Exception):
                found = self.states()
                if found == list(states):
                    return
            self.pause(0.1)
        raise AssertionError(f"the outbox is {found}, not {list(states)}; {self._where()}")


FILL = """(() => {
  const form = document.querySelector(`main form[action="${a}"]`);
  if (!form) throw new Error(`no form ${a} at ${location.href}`);
  for (let d = form.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
  for (const [name, value] of Object.entries(b)) {
    const field = form.elements[name];
    if (!field) throw new Error(`no field ${name} in ${a}`);
    if (field instanceof RadioNodeList) [...field].find((one) => one.value === value).checked = true;
    else if (field.type === "checkbox") field.checked = Boolean(value);
    else field.value = value;
    const one = field instanceof RadioNodeList ? field[0] : field;
    one.dispatchEvent(new Event("input", { bubbles: true }));
    one.dispatchEvent(new Event("change", { bubbles: true }));
  }
})()"""


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
        for pid in _below(self._main_process()):
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
        for process in _below(self._pid):
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


def _below(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            found += map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
    return found


@contextlib.contextmanager
def rig(engine: str, playwright: Any, url: str, **options: Any) -> Iterator[Any]:
    """A phone with this engine, gone afterwards."""
    made: Rig = WebKitRig(url) if engine == "webkit" else PlaywrightRig(playwright, engine, url, **options)
    try:
        yield made
    finally:
        made.close()
