"""Passkeys: registering, listing and removing them, and logging in with one."""

from __future__ import annotations

import json
import uuid
from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from blueprints.accounts import ceremonies, step_up
from blueprints.accounts.forms import PasskeyForm, PasskeyLoginForm
from blueprints.accounts.log_in import LogInFailed, log_in_by_passkey
from blueprints.accounts.routes import blueprint, login, wanted_after_log_in
from blueprints.accounts.rules import device_name
from blueprints.accounts.service.passkeys import PASSKEYS_URL, passkeys_of
from core.access import member, public, requires
from core.errors import Refusal
from core.pages import page
from core.posts import posted, refuse, submit


@blueprint.get(PASSKEYS_URL)
@requires("signed_in")
def list_passkeys(form: PasskeyForm | None = None, status: int = 200) -> ResponseReturnValue:
    """The devices whose key opens this account, and the form for one more."""
    system, _browser = device_name(request.user_agent.string or "")
    return page(
        "accounts/passkeys.html",
        tab="me",
        status=status,
        form=form or PasskeyForm(data={"name": system}),
        keys=passkeys_of(member().id),
    )


@blueprint.get(f"{PASSKEYS_URL}/challenge")
@requires("signed_in")
def registration_challenge() -> ResponseReturnValue:
    """What this browser is to ask its authenticator for a new key."""
    person = member()
    return _json(ceremonies.creation_options(person, [key.credential_id for key in passkeys_of(person.id)]))


@blueprint.post(PASSKEYS_URL)
@requires("signed_in")
def add_passkey() -> ResponseReturnValue:
    """Keep a new key; the password is asked for unless it was given lately."""
    form = PasskeyForm.of(posted(PasskeyForm))
    if answer := step_up.asked(list_passkeys, form):
        return answer
    if form.validate():
        try:
            ceremonies.check_new_key(form.credential.data)
        except Refusal as refusal:
            return refuse(refusal, list_passkeys, form)
    return submit("passkey.add", list_passkeys)


@blueprint.post(f"{PASSKEYS_URL}/<uuid:passkey_id>/remove")
@requires("signed_in")
def remove_passkey(passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Take a key off the list."""

    def again(form: Any = None, status: int = 200) -> ResponseReturnValue:  # noqa: ARG001 a button has no values
        return list_passkeys(status=status)

    return step_up.asked(again) or submit("passkey.remove", again, target=passkey_id)


@blueprint.get("/login/challenge")
@public
def log_in_challenge() -> ResponseReturnValue:
    """What this browser is to ask its authenticator to log in."""
    return _json(ceremonies.request_options())


@blueprint.post("/login/passkey")
@public
def open_session_by_passkey() -> ResponseReturnValue:
    """Log in with a key of this device."""
    form = PasskeyLoginForm.of(posted(PasskeyLoginForm))
    if not form.validate():
        return login(status=422)
    try:
        person_id = log_in_by_passkey(form.credential.data)
    except (LogInFailed, ceremonies.NotProven) as refusal:
        return refuse(refusal, _log_in_page)
    return redirect(wanted_after_log_in(person_id), 303)


def _log_in_page(form: Any = None, status: int = 200) -> ResponseReturnValue:  # noqa: ARG001 it has no values to show
    return login(status=status)


def _json(options: dict[str, Any]) -> Response:
    response = Response(json.dumps(options), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
