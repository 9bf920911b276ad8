"""Signs of life, for phones, proxies and operators."""

from __future__ import annotations

from flask import Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from blueprints.offline.blueprint import blueprint
from core.access import public
from core.database import db, is_current


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """The process answers; it says nothing of the database."""
    return _plain("ok", 200)


@blueprint.get("/readyz")
@public
def readyz() -> Response:
    """The database answers and stands at the newest migration: requests can be served."""
    try:
        db.session.execute(text("SELECT 1"))
        ready = is_current()
    except SQLAlchemyError:
        ready = False
    return _plain("ready", 200) if ready else _plain("not ready", 503)


def _plain(words: str, status: int) -> Response:
    return Response(f"{words}\n", status, mimetype="text/plain", headers={"Cache-Control": "no-store"})
