"""What members have of the briefing besides reading it: sending in good deeds, and a feed."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from blueprints.briefings import deeds, feed, offline
from blueprints.briefings.forms import DeedForm
from blueprints.briefings.routes.blueprint import blueprint
from core.access import member, public, requires
from core.errors import NotFound
from core.fields import Form
from core.pages import page
from core.posts import submit


@blueprint.get("/deeds")
@requires("member")
def my_deeds(form: Form | None = None, status: int = 200, **_: Any) -> Response:
    """The form for a good deed, and those that this member sent."""
    person = member()
    return page(
        "briefings/deeds.html",
        topics=offline.deeds_topics(person.id),
        load=lambda: {"sent": deeds.sent_by(person.id)},
        tab="today",
        status=status,
        form=form if isinstance(form, DeedForm) else DeedForm(),
    )


@blueprint.post("/deeds")
@requires("member")
def send_deed() -> ResponseReturnValue:
    """Send a good deed to the desk."""
    return submit("deed.submit", my_deeds)


@blueprint.get("/briefings/feed")
@requires("member")
def my_feed(status: int = 200, **_: Any) -> Response:
    """The secret address of the member's feed, and the form that makes a new one."""
    token = feed.token_of(member().id)
    address = url_for("briefings.atom", token=token, _external=True) if token else None
    return page("briefings/feed.html", tab="today", status=status, address=address)


@blueprint.post("/briefings/feed")
@requires("member")
def renew_feed() -> ResponseReturnValue:
    """Make a new secret address."""
    return submit("feed.renew", my_feed)


@blueprint.get("/briefings/feed/<token>.atom")
@public
def atom(token: str) -> Response:
    """The newest issues, for whoever knows a member's secret address: their feed reader."""
    if not feed.is_known(token):
        raise NotFound
    return feed.atom(feed.newest(), request.url_root, request.base_url)
