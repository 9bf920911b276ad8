"""When the ground gives way: a full or read-only disk, a locked database, one that cannot be reached.

Nothing of what was asked was done, and it is not kept that it was: the answer is a 503 with a sentence,
made without the database, that offers the very same post again. The log says which fault it is. There is
nothing to repair afterwards: the next request simply works.
"""

from __future__ import annotations

import errno
import logging
import threading
import time

import flask_login
from flask import Flask, Response, current_app, g, request
from flask_babel import gettext
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from core.i18n import language

log = logging.getLogger("huiyou.faults")
RETRY_SECONDS = 10
QUIET_SECONDS = 10
SECRETS = ("password", "code", "id_number", "token")
MOST_REPEATED = 20_000
_SQLITE = {
    "SQLITE_FULL": "disk full",
    "SQLITE_IOERR": "disk failing",
    "SQLITE_READONLY": "disk read-only",
    "SQLITE_CANTOPEN": "database cannot be opened",
    "SQLITE_BUSY": "database locked",
    "SQLITE_LOCKED": "database locked",
    "SQLITE_CORRUPT": "database damaged",
    "SQLITE_NOTADB": "database damaged",
}
_ERRNO = {
    errno.ENOSPC: "disk full",
    errno.EDQUOT: "disk full",
    errno.EFBIG: "disk full",
    errno.EROFS: "disk read-only",
    errno.EACCES: "disk read-only",
    errno.EIO: "disk failing",
}
_SQLSTATE = {
    "08": "database unreachable",
    "53": "database out of resources",
    "57": "database unreachable",
    "58": "database failing",
    "25006": "database read-only",
    "55P03": "database locked",
}


def fault_of(error: BaseException | None) -> str | None:
    """What gave way, in a few words, or `None` for an error that is ours."""
    if isinstance(error, PoolExhausted):
        return "database connections exhausted"
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return "database unreachable"
        error = error.orig
    if isinstance(error, OSError):
        return _ERRNO.get(error.errno or 0)
    return _named(error)


def _named(error: BaseException | None) -> str | None:
    """What SQLite (`sqlite_errorname`) or PostgreSQL (`sqlstate`) says of it."""
    if name := getattr(error, "sqlite_errorname", None):
        return next((fault for code, fault in _SQLITE.items() if name.startswith(code)), None)
    if state := getattr(error, "sqlstate", None):
        return _SQLSTATE.get(state) or _SQLSTATE.get(state[:2])
    if type(error).__module__.startswith("psycopg") and type(error).__name__ == "OperationalError":
        return "database unreachable"
    return "database locked" if "database is locked" in str(error) else None


_said: dict[str, tuple[float, int]] = {}
_saying = threading.Lock()


def note(error: BaseException) -> bool:
    """Whether the ground gave way; the log says so, once in ten seconds with how often."""
    fault = fault_of(error)
    if fault is None:
        return False
    with _saying:
        said_at, times = _said.get(fault, (0.0, 0))
        soon = time.monotonic() - said_at < QUIET_SECONDS
        _said[fault] = (said_at, times + 1) if soon else (time.monotonic(), 0)
    if not soon:
        log.error("%s (and %d times before)", fault, times, extra={"fault": fault})
    return True


def answer(error: Exception) -> Response | None:
    """A page that needs no database, with what was posted ready to be sent again; `None` for another error."""
    if not note(error):
        return None
    _ask_nobody()
    fields = _repeatable()
    page = current_app.jinja_env.get_template("errors/unavailable.html").render(
        language=language(),
        heading=gettext("现在办不了"),
        message=_sentence(fields),
        again=request.path if fields else None,
        fields=fields or (),
        request_id=g.get("request_id"),
    )
    response = Response(page, 503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    response.headers["HX-Push-Url"] = "false"
    return response


def _ask_nobody() -> None:
    """Whose session this is is not asked of the database any more."""
    g._login_user = flask_login.AnonymousUserMixin()  # noqa: SLF001 - where Flask-Login keeps whom it has loaded
    g.unavailable = True


def _leave_signs_of_life_alone() -> None:
    if request.path in ("/healthz", "/readyz"):
        _ask_nobody()


def _sentence(fields: list[tuple[str, str]] | None) -> str:
    if request.method != "POST":
        return gettext("服务器暂时读不到数据，正在恢复。过一会儿再打开，什么都不会丢。")
    if fields:
        return gettext("服务器暂时存不了东西，刚才的还没有办成。您填的都在，过一会儿按“再交一次”，不会重复。")
    return gettext("服务器暂时存不了东西，刚才的还没有办成。请返回上一页，过一会儿再交一次。")


def _repeatable() -> list[tuple[str, str]] | None:
    """What was posted, unless a secret is in it or it is too long; `None` where it cannot be sent again from here."""
    if request.method != "POST" or request.mimetype != "application/x-www-form-urlencoded":
        return None
    fields = list(request.form.items(multi=True))
    secret = any(word in name for name, _ in fields for word in SECRETS)
    return None if secret or sum(len(value) for _, value in fields) > MOST_REPEATED else fields


def count_errors(engine: Engine, counted: object) -> None:
    """Call `counted(fault)` for each error of the database that is not ours."""

    @event.listens_for(engine, "handle_error")
    def _count(context: ExceptionContext) -> None:
        fault = fault_of(context.sqlalchemy_exception or context.original_exception)
        if fault and callable(counted):
            counted(fault)


def init_app(app: Flask) -> None:
    """Answer errors of the database and the disk; `app` answers all others."""

    def handle(error: Exception) -> Response:
        response = answer(error)
        if response is None:
            fault = app.error_handler_spec[None][None][Exception]
            return fault(error)  # type: ignore[return-value]
        return response

    app.before_request(_leave_signs_of_life_alone)
    app.register_error_handler(SQLAlchemyError, handle)
    app.register_error_handler(OSError, handle)
