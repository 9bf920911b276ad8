"""The application on a real port, served by threads of this process, and the browser that goes there."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

_SHELL = "/usr/bin/chromium-headless-shell"
WHOLE_CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
"""What members have; the offline protocol's cases are met in it."""
CHROMIUM = os.environ.get("CHROMIUM") or (_SHELL if Path(_SHELL).exists() else WHOLE_CHROMIUM)
"""The same without windows, which take half of its time, for walks through the pages; the long run drives the whole."""
_ANSWER = "tests.answer"


class _Handler(WSGIRequestHandler):
    """As werkzeug's, but closes its answer also where the browser hung up before its end."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        answer = (environ or {}).get(_ANSWER)
        if hasattr(answer, "close"):
            answer.close()


@contextlib.contextmanager
def served_by_threads(app: Flask) -> Iterator[int]:
    """Serve the application while this lasts; yields its port."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)

    def answered(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = environ[_ANSWER] = app(environ, start_response)
        return answer

    server = make_server("127.0.0.1", 0, answered, threaded=True, request_handler=_Handler)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(10)
    server.server_close()
