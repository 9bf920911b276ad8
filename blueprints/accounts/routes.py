"""Log-in, log-out, and how the screen is shown."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from blueprints.accounts import sessions
from blueprints.accounts.forms import LoginForm
from blueprints.accounts.log_in import LogInFailed, log_in
from core.access import public, safe_next, viewer
from core.database import in_transaction
from core.pages import page
from core.posts import posted, refuse

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/login")
@public
def login(form: LoginForm | None = None, status: int = 200) -> ResponseReturnValue:
    """The log-in page; who is logged in already goes on."""
    if viewer() and status == 200:
        return redirect(safe_next(request.args.get("next")) or "/", 303)
    return page(
        "accounts/login.html",
        status=status,
        form=form or LoginForm(),
        next=safe_next(request.values.get("next")) or "",
    )


@blueprint.post("/login")
@public
def open_session() -> ResponseReturnValue:
    form = LoginForm.of(posted(LoginForm))
    if not form.validate():
        return login(form=form, status=422)
    try:
        log_in(form.phone.data, form.password.data)
    except LogInFailed as failure:
        return refuse(failure, login, form)
    return redirect(safe_next(request.form.get("next")) or "/", 303)


@blueprint.post("/logout")
@public
def log_out() -> Response:
    in_transaction(lambda: sessions.log_out(viewer()))
    return redirect("/", 303)  # type: ignore[return-value]
