"""My page."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.accounts.labels import ROLE_LABELS
from blueprints.experts import words
from blueprints.me import service
from core.access import member, requires
from core.pages import page

blueprint = Blueprint("me", __name__)


@blueprint.get("/me")
@requires("member")
def show() -> Response:
    """What is mine, and the way to everything about my account."""
    mine = service.mine_of(member())
    return page(
        "me/show.html",
        topics=mine.topics,
        states=mine.states,
        load=mine.rest,
        tab="me",
        mine=mine,
        role_labels=ROLE_LABELS,
        words=words,
    )
