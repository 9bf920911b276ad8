"""Phones that cost little: a kept connection each, in threads that start together."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bench.harness import Site

JSON = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Answer:
    """One answer; `wire` is its size as sent, with its headers."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def wire(self) -> int:
        head = sum(len(name) + len(value) + 4 for name, value in self.headers.items())
        return len("HTTP/1.1 200 OK\r\n\r\n") + head + len(self.body)

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


class Phone:
    """One connection, kept."""

    def __init__(self, site: Site, cookie: str = "") -> None:
        self._connection = http.client.HTTPConnection(site.host, site.port, timeout=60)
        self.cookie = cookie

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        return self._ask("POST", path, urlencode(fields), FORM)

    def send(self, path: str, body: dict[str, Any]) -> Answer:
        """Post JSON, as the outbox does."""
        return self._ask("POST", path, json.dumps(body), JSON)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        given = {**headers, "Cookie": self.cookie} if self.cookie else headers
        self._connection.request(method, path, body, given)
        response = self._connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Rate:
    """How many things were done, how fast, and how long one took, in milliseconds."""

    done: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        return self.done / self.seconds


def together(site: Site, clients: int, work: Sequence[Any], act: Callable[[Phone, Any], None]) -> Rate:
    """Let `clients` phones start at once and share `work`; `act` raises when an answer is not what it should be."""
    gate = threading.Barrier(clients + 1)
    took: list[float] = []
    faults: list[BaseException] = []

    def run(share: Sequence[Any]) -> None:
        phone = Phone(site)
        gate.wait()
        try:
            for one in share:
                begun = time.perf_counter()
                act(phone, one)
                took.append(time.perf_counter() - begun)
        except BaseException as error:
            faults.append(error)
        finally:
            phone.close()

    threads = [threading.Thread(target=run, args=(work[number::clients],)) for number in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if faults:
        raise faults[0]
    took.sort()
    return Rate(len(took), seconds, 1000 * took[len(took) // 2], 1000 * took[int(len(took) * 0.99)])
