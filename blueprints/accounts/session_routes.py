"""The devices on which one is logged in, and the password once more."""

from __future__ import annotations

import uuid

from flask import redirect, request
from flask.typing import ResponseReturnValue

from blueprints.accounts import step_up
from blueprints.accounts.routes import blueprint
from blueprints.accounts.service.devices import SESSIONS_URL, devices_of
from core.access import member, requires, safe_next
from core.operations import Outcome
from core.pages import page
from core.posts import submit


@blueprint.get(SESSIONS_URL)
@requires("signed_in")
def list_sessions(form: object = None, status: int = 200) -> ResponseReturnValue:
    """Where one is logged in."""
    return page("accounts/sessions.html", tab="me", status=status, form=form, rows=devices_of(member()))


@blueprint.post(f"{SESSIONS_URL}/<uuid:session_id>/revoke")
@requires("signed_in")
def revoke_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """End one of one's sessions; who ended their own has to log in again."""
    own = session_id == member().session_id

    def onwards(outcome: Outcome) -> str:
        return "/login" if own else outcome.url or SESSIONS_URL

    return submit("session.revoke", list_sessions, target=session_id, then=onwards)


@blueprint.post(f"{SESSIONS_URL}/revoke-others")
@requires("signed_in")
def revoke_others() -> ResponseReturnValue:
    """End all of one's sessions but this one."""
    return submit("session.revoke_others", list_sessions, target=member().session_id)


@blueprint.get("/me/confirm")
@requires("signed_in")
def confirm_page(form: object = None, status: int = 200) -> ResponseReturnValue:  # noqa: ARG001 it has one field
    """The password once more, before something that asks for it."""
    return page("accounts/confirm.html", tab="me", status=status, next=_onwards())


@blueprint.post("/me/confirm")
@requires("signed_in")
def confirm() -> ResponseReturnValue:
    """Go on to what asked for the password."""
    return step_up.asked(confirm_page) or redirect(_onwards(), 303)


def _onwards() -> str:
    return safe_next(request.values.get("next")) or "/me"
