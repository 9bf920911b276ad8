"""The log: one JSON object a line, with the request's id, and nobody's data.

A line says what happened to which kind of page, never which person, address or text. Traces name files,
lines and functions and the kind of error, not its words: those quote values. What looks like a phone, an
identity number or a Chinese text is struck out of messages all the same.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request

from core.settings import ROOT, Settings

log = logging.getLogger("huiyou.requests")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
EXTRAS = ("act", "number", "digest", "fault", "method", "endpoint", "status", "milliseconds")
PERSONAL = re.compile(
    r"(?<![\w-])\+?(?:\d{3,4}-)?\d{7,}[Xx]?(?![\w-])"
    r"|(?<!\w)[0-9A-HJ-NPQRTUWXY]{18}(?!\w)"
    r"|[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
    r"|[\w.+-]+@[\w-]+\.\w+"
)
"""Phones and identity numbers, credit codes, Chinese texts (names above all), addresses of mail."""
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": PERSONAL.sub("…", record.getMessage()),
        }
        if has_request_context() and (request_id := g.get("request_id")):
            said["request"] = request_id
        said |= {name: value for name in EXTRAS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and (error := record.exc_info[1]):
            said |= {"error": type(error).__name__, "trace": _trace(error)}
            if cause := getattr(error, "orig", None):
                said["cause"] = getattr(cause, "sqlstate", None) or type(cause).__name__
        return json.dumps(said, ensure_ascii=True)


def _trace(error: BaseException) -> list[str]:
    """Where the error came from, innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.removeprefix(f'{ROOT}/')}:{frame.lineno} {frame.name}" for frame in frames]


def configure(settings: Settings) -> None:
    """Send what this process logs to the standard error output, in the form that the operator set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log == "json" else logging.Formatter("%(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    logging.getLogger("huiyou").setLevel(logging.INFO)


def _begin() -> None:
    """An id for the request: the proxy's own, where there is one and it has the form of one."""
    g.began = time.perf_counter()
    settings: Settings = current_app.extensions["settings"]
    given = request.headers.get("X-Request-Id", "").lower() if settings.proxies else ""
    g.request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex


def _end(response: Response) -> Response:
    """A line for what was written and for what failed; what people read is nobody's business."""
    if (request_id := g.get("request_id")) is None:
        return response
    response.headers["X-Request-Id"] = request_id
    method = request.method if request.method in METHODS else "other"
    said = {"method": method, "endpoint": request.endpoint or "-", "status": response.status_code}
    level = logging.DEBUG if method in METHODS[:3] and response.status_code < 400 else logging.INFO
    took = round((time.perf_counter() - g.began) * 1000)
    log.log(level, "%s %s %d", *said.values(), extra={**said, "milliseconds": took})
    return response


def init_app(app: Flask) -> None:
    """Number the requests, and log what they came to."""
    settings: Settings = app.extensions["settings"]
    if not settings.testing:
        configure(settings)
    app.before_request(_begin)
    app.after_request(_end)
