"""Phones without a browser: one Node process that runs the real engine's files (tests/js/phone.mjs).

Python is the person, the clock and the network: it presses, ticks, and decides what
becomes of each request that the engine makes.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parent.parent / "js" / "phone.mjs"


class PhoneFault(AssertionError):
    """The engine failed in a way that nobody asked for."""


@dataclass
class Request:
    """One request of the engine that was not answered yet; `answer` once the server has decided it."""

    number: int
    phone: str
    tab: str
    method: str
    url: str
    headers: dict[str, str]
    body: str | None
    redirect: str
    answer: tuple[int, dict[str, str], bytes] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.url} of {self.phone}/{self.tab}"


@dataclass
class Phones:
    """All phones of a run. `requests` wait for the network; `results` are what asynchronous calls came to."""

    requests: dict[int, Request] = field(default_factory=dict)
    results: dict[int, Any] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    aborted: list[Request] = field(default_factory=list)
    decided: dict[str, str] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _runs: int = 0
    _process: subprocess.Popen[str] | None = None

    @staticmethod
    def can_run() -> bool:
        """Whether Node and what the rig needs of npm are there."""
        return bool(shutil.which("node")) and (SCRIPT.parent / "node_modules" / "fake-indexeddb").exists()

    def ask(self, do: str, **given: Any) -> Any:
        """Carry one command out, and take note of what happened meanwhile."""
        if self._process is None:
            self._process = subprocess.Popen(
                ["node", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": do, **given}, ensure_ascii=False) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._process = None
            raise PhoneFault(f"Node stopped at {do} {given}")
        answer = json.loads(line)
        for event in answer["events"]:
            self._take(event)
        if "error" in answer:
            raise PhoneFault(answer["error"])
        return answer["value"]

    def _take(self, event: dict[str, Any]) -> None:
        if "fetch" in event:
            number = event["fetch"]
            self.requests[number] = Request(
                number,
                event["browser"],
                event["tab"],
                event["method"],
                event["url"],
                event["headers"],
                event["body"],
                event["redirect"],
            )
        elif "aborted" in event:
            if request := self.requests.pop(event["aborted"], None):
                self.aborted.append(request)
        elif "run" in event:
            if "error" in event:
                self.errors[event["run"]] = event["error"]
            else:
                self.results[event["run"]] = event["value"]
        elif "decided" in event:
            self.decided[event["decided"]] = event["state"]
        elif "ended" in event:
            self.ended.append(event["ended"])
        elif "fault" in event:
            self.faults.append(event["fault"])
        elif event.get("console") in ("warn", "error"):
            self.said.append(" ".join(map(str, event["said"])))

    def reset(self, now_ms: int) -> None:
        """No phone any more; the time is `now_ms`."""
        self.ask("reset", now=now_ms)
        for kept in (
            self.requests,
            self.results,
            self.errors,
            self.aborted,
            self.decided,
            self.ended,
            self.faults,
            self.said,
        ):
            kept.clear()

    def begin(self, phone: str, tab: str, code: str, kill_after: int | None = None) -> int:
        """Evaluate in a tab; the number under which `results` or `errors` will hold what it came to."""
        self._runs += 1
        self.ask("run", browser=phone, tab=tab, run=self._runs, code=code, killAfter=kill_after)
        return self._runs

    def call(self, phone: str, tab: str, code: str) -> Any:
        """Evaluate what needs neither network nor time, and return what it came to."""
        number = self.begin(phone, tab, code)
        if number in self.errors:
            raise PhoneFault(self.errors[number])
        if number not in self.results:
            raise PhoneFault(f"{code} waits for something")
        return self.results[number]

    def answer(
        self, request: Request, status: int, headers: dict[str, str], body: bytes, cut: int | None = None
    ) -> None:
        """Let the phone have an answer, cut off after `cut` bytes if given."""
        self.requests.pop(request.number, None)
        text = base64.b64encode(body).decode()
        self.ask("answer", fetch=request.number, status=status, headers=headers, body=text, cut=cut)

    def fail(self, request: Request) -> None:
        """Let the request fail as if there were no network."""
        self.requests.pop(request.number, None)
        self.ask("fail", fetch=request.number)

    def close(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(10)
            assert self._process.stdout
            self._process.stdout.close()
        self._process = None
