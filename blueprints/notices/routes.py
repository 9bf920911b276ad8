"""The list of notices."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from blueprints.notices import choices, service
from blueprints.notices.commands import send_messages
from blueprints.notices.forms import ChoicesForm
from blueprints.notices.offline import choices_page, topics_of
from core.access import member, requires
from core.pages import page
from core.posts import submit

blueprint = Blueprint("notices", __name__, cli_group=None)
blueprint.cli.add_command(send_messages)


@blueprint.get("/notices")
@requires("signed_in")
def index(status: int = 200, **_: Any) -> Response:
    """What this person was told, newest first."""
    person = member()

    def load() -> dict[str, Any]:
        after = request.args.get("after", type=uuid.UUID)
        notices, more = service.latest(person.id, after)
        return {"notices": notices, "next_url": f"/notices?after={more}" if more else None, "later": after}

    return page("notices/index.html", tab="notices", topics=topics_of(person), dated=False, load=load, status=status)


@blueprint.get("/me/notices")
@requires("signed_in")
def choices_form(form: ChoicesForm | None = None, status: int = 200, **_: Any) -> Response:
    """What this person wants to be told of."""
    kept = choices_page(member())

    def load() -> dict[str, Any]:
        offered = choices.offered(member())
        ticked = set(form.wanted.data or ()) if form else offered.keys() - choices.muted_by(member().id)
        return {"offered": offered, "ticked": ticked, "form": form or ChoicesForm()}

    return page(
        "notices/choices.html",
        tab="me",
        topics=kept.topics,
        states=kept.states,
        dated=kept.dated,
        load=load,
        status=status,
    )


@blueprint.post("/me/notices")
@requires("signed_in")
def choose() -> ResponseReturnValue:
    """Keep what was ticked."""
    return submit("notices.choose", choices_form)


@blueprint.post("/notices/read")
@requires("signed_in")
def read_all() -> ResponseReturnValue:
    """All that was seen is read."""
    return submit("notices.read", index)


@blueprint.post("/notices/<uuid:notice_id>/read")
@requires("signed_in")
def read_one(notice_id: uuid.UUID) -> ResponseReturnValue:
    """One is read, and what it is about is opened."""
    return submit("notice.read", index, target=notice_id)
