"""A small HTTP proxy between browser and server, which breaks what it is told to break.

The browser talks to the proxy's address for its whole life; faults are switched on
and off behind it. One thread a connection, connections are kept alive.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")
PORTAL = "<!doctype html><title>Wi-Fi</title><h1>欢迎使用免费无线网络</h1><form method=post action=http://10.0.0.1/login></form>".encode()
HANG_SECONDS = 120.0


@dataclass
class Fault:
    """What happens to a request instead of the truth.

    `kind`: `answer` (say `status`, `headers`, `body`; the server is not asked), `truncate` (forward,
    then half of the answer's body), `lose` (forward, swallow the answer, close), `reset` (close at
    once), `hang` (never answer), `hang_after` (forward, then never answer), `delay` (forward after
    `seconds`), `rewrite` (forward, answer with `change(body)`), `mask` (forward, say something else).
    """

    kind: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    change: Callable[[bytes], bytes] | None = None


def says(status: int, body: bytes | str = b"", content_type: str = "text/html; charset=utf-8", **headers: str) -> Fault:
    """A proxy's, portal's or broken server's own answer."""
    body = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault("answer", status, {"Content-Type": content_type, **named}, body)


FAULTS: dict[str, Fault] = {
    "500": says(500, "<h1>Internal Server Error</h1>"),
    "502": says(502, "<h1>Bad Gateway</h1>"),
    "503": says(503, "<h1>Service Unavailable</h1>", Retry_After="1"),
    "401": says(401, "<h1>Unauthorized</h1>", WWW_Authenticate="Bearer"),
    "403": says(403, "<h1>Forbidden</h1>"),
    "404": says(404, "<h1>Not Found</h1>"),
    "413": says(413, "<h1>Request Entity Too Large</h1>"),
    "422": says(422, '{"detail": "no"}', "application/json"),
    "429": says(429, "<h1>Too Many Requests</h1>", Retry_After="1"),
    "redirect to log-in": says(302, "", Location="/login?next=/"),
    "portal's 200": says(200, PORTAL),
    "empty 200": says(200),
    "empty JSON": says(200, "{}", "application/json"),
    "truncated body": Fault("truncate"),
    "response lost after commit": Fault("lose"),
    "connection reset": Fault("reset"),
    "black hole": Fault("hang"),
}


@dataclass
class Rule:
    """`fault` for requests whose path begins with `path`, so many `times` (for ever without)."""

    path: str
    fault: Fault
    times: int | None = None
    method: str | None = None
    met: int = 0


@dataclass(frozen=True)
class Passed:
    """One request that came by: what was asked, and what was answered (`None`: nothing)."""

    method: str
    path: str
    status: int | None
    sent: int
    received: int
    fault: str
    at: float


class Proxy:
    """Forwards `url` to the server at `upstream` (host and port)."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.upstream = upstream
        self.rules: list[Rule] = []
        self.passed: list[Passed] = []
        self.latency_seconds = 0.0
        self.bytes_per_second = 0.0
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._let_go = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the same port as before."""
        if self._server:
            return
        self._let_go = threading.Event()
        proxy = self

        class Handler(_Handler):
            owner = proxy

        class Listener(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, *_: Any) -> None:
                """A browser that goes away is no fault."""

        self._server = Listener(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Listen no longer and drop every connection: the server is gone."""
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        self.drop()

    def drop(self) -> None:
        """Close the connections that there are."""
        self._let_go.set()
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for connection in sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def fault(self, path: str, fault: Fault | str, times: int | None = None, method: str | None = None) -> Rule:
        """From now on `fault` happens to requests of `path…`; the newest rule that fits counts."""
        rule = Rule(path, FAULTS[fault] if isinstance(fault, str) else fault, times, method)
        with self._lock:
            self.rules.insert(0, rule)
        return rule

    def clear(self) -> None:
        """No faults any more; who hangs is let go without an answer."""
        with self._lock:
            self.rules.clear()
        let_go, self._let_go = self._let_go, threading.Event()
        let_go.set()

    def reset(self) -> None:
        """As new: listening, without faults, slowness or memory."""
        self.clear()
        self.slow()
        self.start()
        with self._lock:
            self.passed.clear()

    def slow(self, latency_ms: float = 0, kbit: float = 0) -> None:
        """Let each request wait, and let bytes through no faster than this."""
        self.latency_seconds, self.bytes_per_second = latency_ms / 1000, kbit * 1000 / 8

    def count(self, path: str, method: str | None = None, status: int | None = None) -> int:
        """How many requests of `path…` came by."""
        return len(self.requests(path, method, status))

    def requests(self, path: str, method: str | None = None, status: int | None = None) -> list[Passed]:
        """The requests of `path…` that came by."""
        with self._lock:
            return [
                p
                for p in self.passed
                if p.path.startswith(path) and method in (None, p.method) and status in (None, p.status)
            ]

    def wait_for(self, path: str, times: int = 1, seconds: float = 15, status: int | None = None) -> None:
        """Wait until so many requests of `path…` were dealt with."""
        until = time.monotonic() + seconds
        while self.count(path, status=status) < times:
            if time.monotonic() > until:
                raise AssertionError(f"{self.count(path, status=status)} of {times} requests of {path} came by")
            time.sleep(0.02)

    def wait_for_rule(self, rule: Rule, times: int = 1, seconds: float = 15) -> None:
        """Wait until a fault has met so many requests (also those that still hang)."""
        until = time.monotonic() + seconds
        while rule.met < times:
            if time.monotonic() > until:
                raise AssertionError(f"the fault at {rule.path} met {rule.met} of {times} requests")
            time.sleep(0.02)

    def _fault_for(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for rule in self.rules:
                if path.startswith(rule.path) and rule.method in (None, method) and rule.times != 0:
                    rule.met += 1
                    if rule.times is not None:
                        rule.times -= 1
                    return rule.fault
        return None


class _Handler(BaseHTTPRequestHandler):
    owner: Proxy
    protocol_version = "HTTP/1.1"
    timeout = HANG_SECONDS

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server_side: http.client.HTTPConnection | None = None
        with self.owner._lock:
            self.owner._sockets.add(self.connection)

    def finish(self) -> None:
        with self.owner._lock:
            self.owner._sockets.discard(self.connection)
        if self._server_side:
            self._server_side.close()
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _serve(self) -> None:
        owner, let_go = self.owner, self.owner._let_go
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = owner._fault_for(self.command, self.path)
        kind = fault.kind if fault else ""
        if owner.latency_seconds:
            time.sleep(owner.latency_seconds)
        self._crawl(len(body))
        if fault and kind == "answer":
            self._answer(fault.status, list(fault.headers.items()), fault.body)
            return self._note(fault.status, len(body), len(fault.body), f"answer {fault.status}")
        if kind == "reset":
            self._note(None, len(body), 0, kind)
            return self._break()
        if kind == "hang":
            self._hang(let_go)
            return self._note(None, len(body), 0, kind)
        if fault and kind == "delay":
            let_go.wait(fault.seconds)
        return self._serve_decided(body, fault, let_go)

    def _serve_decided(self, body: bytes, fault: Fault | None, let_go: threading.Event) -> None:
        """Ask the server, and hand its answer on, or not."""
        kind = fault.kind if fault else ""
        try:
            status, headers, answer = self._forward(body, whole=bool(fault and fault.change))
        except (OSError, http.client.HTTPException):
            self._note(None, len(body), 0, "server gone")
            return self._break()
        if kind == "lose":
            self._note(status, len(body), 0, kind)
            return self._break()
        if kind == "hang_after":
            self._note(status, len(body), 0, kind)
            return self._hang(let_go)
        if fault and kind == "mask":
            status, headers, answer = fault.status, list(fault.headers.items()), fault.body
        if fault and fault.change:
            answer = fault.change(answer)
        self._answer(status, headers, answer, whole=kind != "truncate")
        return self._note(status, len(body), len(answer), kind)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = _serve

    def _note(self, status: int | None, sent: int, received: int, fault: str) -> None:
        with self.owner._lock:
            self.owner.passed.append(Passed(self.command, self.path, status, sent, received, fault, time.monotonic()))

    def _forward(self, body: bytes, *, whole: bool = False) -> tuple[int, list[tuple[str, str]], bytes]:
        """The server's answer; `whole` is one that can be rewritten: neither compressed nor "as you have it"."""
        dropped = ("connection", "keep-alive", *(("if-none-match", "if-modified-since") if whole else ()))
        headers = {n: v for n, v in self.headers.items() if n.lower() not in dropped}
        headers["Accept-Encoding"] = "identity" if whole else self.headers.get("Accept-Encoding", "identity")
        for again in (False, True):
            connection = self._server_side
            fresh = connection is None
            if connection is None:
                connection = self._server_side = http.client.HTTPConnection(*self.owner.upstream, timeout=60)
            try:
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException):
                # An idle connection that the server closed: only then is asking again harmless.
                connection.close()
                self._server_side = None
                if again or fresh:
                    raise
                continue
            read = answer.read()
            kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in HOP_BY_HOP]
            if answer.will_close:
                connection.close()
                self._server_side = None
            return answer.status, kept, read
        raise AssertionError("unreachable")

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, *, whole: bool = True) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD" or status == 304:
            return
        if not whole:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.close_connection = True
            return
        rate = self.owner.bytes_per_second
        if not rate:
            self.wfile.write(body)
        else:
            for begin in range(0, len(body), 1400):
                self.wfile.write(body[begin : begin + 1400])
                self._crawl(len(body[begin : begin + 1400]))
        self.wfile.flush()

    def _crawl(self, size: int) -> None:
        if self.owner.bytes_per_second:
            time.sleep(size / self.owner.bytes_per_second)

    def _hang(self, let_go: threading.Event) -> None:
        until = time.monotonic() + HANG_SECONDS
        while time.monotonic() < until and not let_go.wait(0.05):
            readable, _, _ = select.select([self.connection], [], [], 0)
            if readable:
                with contextlib.suppress(OSError):
                    if self.connection.recv(1, socket.MSG_PEEK):
                        continue
                break
        self._break()

    def _break(self) -> None:
        """Close with a reset, so that nobody takes it for an end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            self.wfile.flush()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)
            self.connection.close()
