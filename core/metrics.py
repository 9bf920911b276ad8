"""Figures for Prometheus, on a port of their own, off unless `HUIYOU_METRICS` names one (`127.0.0.1:9118`).

Every worker counts into files of its own in the instance folder, and every worker answers for all of them:
they share the port (SO_REUSEPORT), so that none is missed when one dies. Figures name kinds of pages and
operations, never people.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, has_request_context, request

from core import faults
from core.database import db
from core.settings import RELEASE, Settings

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
WORKER = "granian-worker"
METHODS = ("GET", "HEAD", "OPTIONS", "POST")
Gauge = Callable[[], float]
gauges: dict[str, tuple[str, Gauge]] = {}


@dataclass(frozen=True)
class Figures:
    """What is counted."""

    requests: Counter
    seconds: Histogram
    operations: Counter
    database_errors: Counter


_figures: list[Figures] = []


def gauge(name: str, says: str) -> Callable[[Gauge], Gauge]:
    """Declare a figure that is asked of the database whenever somebody reads the figures."""

    def declare(ask: Gauge) -> Gauge:
        gauges[name] = says, ask
        return ask

    return declare


def operation_decided(name: str, outcome: str) -> None:
    """Count a decided operation, by the way on which it came: from a form, or from a phone's outbox."""
    for figures in _figures:
        way = "outbox" if has_request_context() and request.path == "/ops" else "form"
        figures.operations.labels(name, outcome, way).inc()


def _begin() -> None:
    g.metrics_began = time.perf_counter()


def _end(response: Response) -> Response:
    for figures in _figures:
        endpoint = request.endpoint or "-"
        method = request.method if request.method in METHODS else "other"
        figures.requests.labels(endpoint, method, str(response.status_code)).inc()
        figures.seconds.labels(endpoint).observe(time.perf_counter() - g.get("metrics_began", time.perf_counter()))
    return response


def _count_database_error(fault: str) -> None:
    for figures in _figures:
        figures.database_errors.labels(fault).inc()


def init_app(app: Flask) -> None:
    """Count, and in a worker of the server answer who asks; nothing at all without the setting."""
    settings: Settings = app.extensions["settings"]
    _figures.clear()
    if settings.metrics is None:
        return
    folder = settings.instance / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    _figures.append(_made())
    app.before_request(_begin)
    app.after_request(_end)
    with app.app_context():
        faults.count_errors(db.engine, _count_database_error)
    if multiprocessing.current_process().name == WORKER:
        serve(app, *settings.metrics)


def _made() -> Figures:
    from prometheus_client import CollectorRegistry, Counter, Histogram

    own = CollectorRegistry()
    return Figures(
        Counter(
            "huiyou_requests", "Answers by page, method and status.", ("endpoint", "method", "status"), registry=own
        ),
        Histogram("huiyou_request_seconds", "Time to the answer.", ("endpoint",), buckets=SECONDS, registry=own),
        Counter(
            "huiyou_operations", "Decided operations by outcome and way.", ("operation", "outcome", "way"), registry=own
        ),
        Counter("huiyou_database_errors", "Faults of the database or its disk.", ("fault",), registry=own),
    )


def written(app: Flask) -> bytes:
    """All figures of all workers, as Prometheus reads them."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(Asked(app))
    return generate_latest(registry)


class Asked:
    """The gauges, asked for when they are read."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def describe(self) -> list[Any]:
        return []

    def collect(self) -> Iterator[Any]:
        from prometheus_client.metrics_core import GaugeMetricFamily, InfoMetricFamily

        yield InfoMetricFamily("huiyou", "The release that answers.", {"release": RELEASE})
        with self._app.app_context():
            for name, (says, ask) in gauges.items():
                with contextlib.suppress(Exception):  # the other figures tell that the database is away
                    yield GaugeMetricFamily(name, says, ask())
            db.session.remove()


class _Server(ThreadingHTTPServer):
    allow_reuse_port = True
    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


def serve(app: Flask, host: str, port: int) -> ThreadingHTTPServer:
    """Answer `GET /metrics` in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path.split("?")[0] == "/metrics"
            body = written(app) if known else b"not here\n"
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Who reads figures is not logged."""

    server = _Server((host, port), Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
