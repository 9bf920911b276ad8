"""Fragments made inside a request of another kind, for whoever that one is from."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from core.access import check_access, viewer
from core.clock import now
from core.database import db
from core.errors import Refusal
from core.i18n import language, utc

_OP_ID = re.compile(r'name="op_id" value="[^"]*"')
log = logging.getLogger("huiyou.sync")
_FROM_THE_PHONE = ("HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR")


@dataclass(frozen=True)
class Fragment:
    """A page's main block with what a phone keeps beside it."""

    url: str
    etag: str
    title: str
    html: str

    def as_json(self) -> dict[str, Any]:
        """The page's object in an answer."""
        return {"url": self.url, "etag": self.etag, "title": self.title, "html": self.html, "as_of": utc(now())}


def fragment(url: str) -> Fragment | None:
    """The fragment, or the pack, at `url` as the person of this request is given it; `None` where they are given none.

    The inner request shares the outer one's person, language and database session; it has no cookies. What is
    done to requests that come in and to answers that go out (limits, headers, logs) is not done to it, but for access.
    """
    viewer()  # known from here on, for they stand in cookies
    language()
    path, _, query = url.partition("?")
    environ = {name: request.environ[name] for name in _FROM_THE_PHONE if name in request.environ}
    environ |= {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path).encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_FRAGMENT": "main",
        "wsgi.url_scheme": request.scheme,
    }
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - contexts take the application itself
    try:
        with app.request_context(environ):
            answer = check_access()
            response = app.make_response(app.dispatch_request() if answer is None else answer)
            html = response.get_data(as_text=True)
    except (HTTPException, Refusal):
        return None
    except Exception:
        log.exception("no fragment of %s", path)
        db.session.rollback()
        return None
    etag, _ = response.get_etag()
    if response.status_code != HTTPStatus.OK or not etag:
        return None
    html = _OP_ID.sub('name="op_id" value=""', html)  # the phone makes its own each time that it shows a form
    return Fragment(url, etag, unquote(response.headers.get("Fragment-Title", "")), html)
