"""Reading the briefing: the newest, the archive, one issue, its text."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, request

from blueprints.briefings import archive, offline
from blueprints.briefings.models import Briefing
from blueprints.briefings.routes.blueprint import blueprint
from core.access import requires
from core.markdown import headings, render
from core.pages import page
from core.text import reading_time_minutes

FEWEST_CONTENTS = 3


@blueprint.get("/briefings")
@requires("member")
def index() -> Response:
    """The published issues: the newest, those of a month, or those with some words."""
    q, after, month = (request.args.get(name, "") for name in ("q", "after", "month"))

    def load() -> dict[str, Any]:
        if q.strip():
            rows, following = archive.search(q, after)
        elif month:
            rows, following = archive.of_month(month), None
        else:
            rows, following = archive.newest(after)
        months = archive.months()
        return {
            "rows": rows,
            "following": following,
            "months": months,
            "chosen": next((each for each in months if each.text == month), None),
        }

    return page(
        "briefings/index.html",
        topics=offline.LIST_TOPICS,
        states=offline.list_states(),
        load=load,
        tab="today",
        alike=True,
        dated=False,
        q=q[:80],
        month=month,
    )


@blueprint.get("/briefings/<int:number>")
@requires("member")
def show(number: int) -> Response:
    """One published issue."""
    return _show(number)


@blueprint.get("/briefings/<uuid:key>")
@requires("member")
def show_imported(key: uuid.UUID) -> Response:
    """One issue that has no number here: it was made elsewhere."""
    return _show(key)


def _show(key: int | uuid.UUID) -> Response:
    found, neighbours = archive.issue(key)
    return page(
        "briefings/show.html",
        topics=offline.issue_topics(key, (found.editor_id, found.reviewer_id, found.publisher_id)),
        states=neighbours.states,
        load=lambda: {
            "body": render(found.body, without_title=True, as_issue=True),
            "contents": contents_of(found),
            "parts": archive.text_parts(found),
            "minutes": reading_time_minutes(found.body),
        },
        tab="today",
        alike=True,
        dated=False,
        briefing=found,
        neighbours=neighbours,
    )


def contents_of(found: Briefing) -> list[tuple[str, str]]:
    """The headings of a long issue with their places; of a short one none."""
    parts = headings(found.body, without_title=True)
    return parts if len(parts) >= FEWEST_CONTENTS else []


@blueprint.get("/briefings/<int:number>.txt")
@requires("member")
def as_text(number: int) -> Response:
    """One published issue as plain text; parts for chat groups are divided by an empty line."""
    return _as_text(number)


@blueprint.get("/briefings/<uuid:key>.txt")
@requires("member")
def imported_as_text(key: uuid.UUID) -> Response:
    """The same of an issue without a number."""
    return _as_text(key)


def _as_text(key: int | uuid.UUID) -> Response:
    found, _ = archive.issue(key)
    response = Response("\n\n\n".join(archive.text_parts(found)) + "\n", mimetype="text/plain")
    response.add_etag()
    response.make_conditional(request)
    return response
