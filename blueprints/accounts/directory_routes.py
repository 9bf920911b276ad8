"""The directory of members and each member's page."""

from __future__ import annotations

import uuid

from flask import request
from flask.typing import ResponseReturnValue

from blueprints.accounts import offline
from blueprints.accounts.forms import DirectoryForm
from blueprints.accounts.routes import blueprint
from blueprints.accounts.service import members, profile_for
from core.access import member, requires
from core.pages import page


@blueprint.get("/members")
@requires("member")
def directory() -> ResponseReturnValue:
    """Members by pinyin, trade and search."""
    form = DirectoryForm(request.args)
    valid = form.validate()
    return page(
        "accounts/members.html",
        tab="me",
        topics=offline.DIRECTORY.topics,
        dated=offline.DIRECTORY.dated,
        alike=True,
        status=200 if valid else 422,
        form=form,
        load=lambda: {"directory": members(form.q.data or "", form.trade.data or "", _after())},
    )


@blueprint.get("/members/<uuid:member_id>")
@requires("member")
def show_member(member_id: uuid.UUID) -> ResponseReturnValue:
    """One member, as the viewer may see them."""
    profile = profile_for(member(), member_id)
    return page(
        "accounts/member.html",
        tab="me",
        topics=("people", f"member:{member_id}"),
        states=(profile.stamp,),
        profile=profile,
        person=profile.member,
    )


def _after() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get("after", ""))
    except ValueError:
        return None
