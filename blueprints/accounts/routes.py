"""Log-in, log-out, and how the screen is shown."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from blueprints.accounts import sessions
from blueprints.accounts.forms import DisplayForm, LoginForm
from blueprints.accounts.log_in import LogInFailed, log_in
from blueprints.accounts.offline import LOGIN
from blueprints.accounts.service import rules_in_force
from core.access import public, safe_next, viewer
from core.database import in_transaction, new_id
from core.operations import Act
from core.pages import page
from core.performing import perform
from core.posts import posted, refuse

A_YEAR_SECONDS = 365 * 24 * 3600
blueprint = Blueprint("accounts", __name__)


@blueprint.get("/login")
@public
def login(form: LoginForm | None = None, status: int = 200) -> ResponseReturnValue:
    """The log-in page; who is logged in already goes on."""
    if viewer() and status == 200:
        return redirect(safe_next(request.args.get("next")) or "/", 303)
    return page(
        "accounts/login.html",
        topics=LOGIN.topics,
        dated=LOGIN.dated,
        tab="login",
        status=status,
        description=gettext("会员登录：用手机号和密码，或者通行密钥。申请过的人在这里看进度。"),
        form=form or LoginForm(),
        next=safe_next(request.values.get("next")) or "",
    )


@blueprint.post("/login")
@public
def open_session() -> ResponseReturnValue:
    """Log in, and go on to where one wanted, past the rules if they changed."""
    form = LoginForm.of(posted(LoginForm))
    if not form.validate():
        return login(form=form, status=422)
    try:
        person_id = log_in(form.phone.data, form.password.data)
    except LogInFailed as failure:
        return refuse(failure, login, form)
    return redirect(wanted_after_log_in(person_id), 303)


def wanted_after_log_in(person_id: uuid.UUID) -> str:
    """Where a person who has just logged in goes: where they wanted, past the rules if they changed."""
    wanted = safe_next(request.form.get("next")) or "/"
    if any(rule.accepted_at is None for rule in rules_in_force(person_id)):
        return "/rules?" + urlencode({"next": wanted})
    return wanted


@blueprint.post("/logout")
@public
def log_out() -> ResponseReturnValue:
    """End the session of this phone."""
    in_transaction(lambda: sessions.log_out(viewer()))
    return redirect("/", 303)


@blueprint.post("/display")
@public
def display() -> ResponseReturnValue:
    """Large type, palette and language: kept on this phone, and for a person who is logged in."""
    fields = posted(DisplayForm)
    form = DisplayForm.of(fields)
    if not form.validate():
        abort(422)
    person = viewer()
    if person:
        perform("display.set", Act(owner=str(person.id), op_id=str(new_id()), actor=person), fields)
    response: Response = redirect(safe_next(request.form.get("next")) or "/", 303)  # type: ignore[assignment]
    for name, value in form.data.items():
        if value:
            response.set_cookie(
                name, value, max_age=A_YEAR_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax"
            )
    return response
