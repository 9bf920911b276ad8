"""A browser as a person's phone, whichever engine drives it.

A rig has a profile of its own where the browser keeps one, so that it can be killed
and started again. Where its automation has none, `can_restart` is False.
"""

from __future__ import annotations

import abc
import contextlib
import time
from pathlib import Path
from typing import Any

from tests.people import PASSWORD

SIZE = {"width": 360, "height": 780}
PATIENCE_SECONDS = 25.0


class NotDrivable(Exception):
    """This browser cannot be driven so; the message says why."""


class Rig(abc.ABC):
    """A browser on a phone-sized screen, at the site of `url`."""

    engine = ""
    can_restart = True

    def __init__(self, url: str) -> None:
        self.url = url

    # What each engine gives.
    @abc.abstractmethod
    def open(self, path: str, *, wait: bool = True) -> None:
        """Go to a page of the site; without `wait`, only until it answers."""

    @abc.abstractmethod
    def evaluate(self, code: str, *given: Any) -> Any:
        """The value of an expression (a promise is awaited); `given` are `a`, `b`, `c` in it."""

    @abc.abstractmethod
    def click(self, selector: str) -> None:
        """Press what the selector finds first."""

    def kill(self) -> None:
        """SIGKILL to the whole browser."""
        raise NotDrivable(f"{self.engine} keeps no profile under automation")

    def start(self) -> None:
        """Start again on the same profile."""
        raise NotDrivable(f"{self.engine} keeps no profile under automation")

    def kill_tab(self) -> None:
        """SIGKILL to the page's own process, and a new tab."""
        raise NotDrivable(f"{self.engine} tells nobody which process a page has")

    @abc.abstractmethod
    def new_tab(self) -> Any:
        """Open a second tab and look at it; returns what `to_tab` takes to come back."""

    @abc.abstractmethod
    def to_tab(self, tab: Any) -> None:
        """Look at another tab again."""

    @abc.abstractmethod
    def close_tab(self) -> None:
        """Close the tab that is looked at; `to_tab` afterwards."""

    def stop_worker(self) -> None:
        raise NotDrivable(f"{self.engine} does not stop a worker on demand")

    def restart(self) -> None:
        """Close in peace (cookies reach the disk) and start again."""
        raise NotDrivable(f"{self.engine} keeps no profile under automation")

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    @abc.abstractmethod
    def shot(self, path: str) -> None:
        """A picture of the screen."""

    @abc.abstractmethod
    def close(self) -> None:
        """Gone, with all that it kept."""

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


def below(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            found += map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
    return found
