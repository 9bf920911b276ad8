"""The list of notices."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from blueprints.notices import service
from blueprints.notices.commands import send_messages
from blueprints.notices.offline import topics_of
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
