"""What is held on me, who looked at it, taking it away, and being erased."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from blueprints.accounts import step_up
from blueprints.accounts.models import Member
from blueprints.accounts.service import profile_of
from blueprints.accounts.service.looks import looks_at
from blueprints.me import erasure, export
from blueprints.me.forms import EraseForm
from blueprints.me.routes import blueprint
from core.access import member, requires
from core.errors import Refusal
from core.pages import page
from core.posts import posted, refuse, submit


@blueprint.get("/me/data")
@requires("signed_in")
def data() -> Response:
    """What is held on me, and who looked at it."""
    return page(
        "me/data.html",
        tab="me",
        titles=export.titles(),
        looks=looks_at(member().id),
        erased_on=erasure.erased_on(profile_of(member().id).erase_asked_at),
    )


@blueprint.get("/me/data/<name>")
@requires("signed_in")
def one_kind(name: str) -> Response:
    """One kind of what is held on me, as it is kept."""
    section, more = export.on_screen(name, member().id)
    return page("me/held.html", tab="me", section=section, more=more)


@blueprint.get("/me/export")
@requires("signed_in")
def take_away() -> ResponseReturnValue:
    """All of it as one file; the password is asked for unless it was given lately."""
    person = member()
    if not person.is_confirmed:
        return redirect("/me/confirm?next=/me/data", 303)
    response = Response(export.as_zip(person), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{export.file_name()}"'
    return response


@blueprint.get(erasure.ERASE_URL)
@requires("signed_in")
def erase_page(form: EraseForm | None = None, status: int = 200) -> Response:
    """What being erased means, the form for it, and the way back."""
    person: Member = profile_of(member().id)
    return page(
        "me/erase.html",
        tab="me",
        status=status,
        form=form or EraseForm(),
        erased_on=erasure.erased_on(person.erase_asked_at),
        days=erasure.WAY_BACK_DAYS,
    )


@blueprint.post(erasure.ERASE_URL)
@requires("signed_in")
def erase() -> ResponseReturnValue:
    """Ask to be erased, with the password, however lately it was given."""
    form = EraseForm.of(posted(EraseForm))
    if form.validate():
        try:
            step_up.confirm(member(), form.password.data)
        except Refusal as refusal:
            return refuse(refusal, erase_page, form)
    return submit("account.erase", erase_page)


@blueprint.post(f"{erasure.ERASE_URL}/cancel")
@requires("signed_in")
def keep() -> ResponseReturnValue:
    """The way back."""

    def again(form: Any = None, status: int = 200) -> Response:  # noqa: ARG001 a button has no values
        return erase_page(status=status)

    return submit("account.keep", again)
