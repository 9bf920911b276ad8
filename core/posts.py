"""A plain form post, from the browser's form to `perform` and back to a page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from core.access import viewer
from core.database import new_id
from core.errors import Refusal, Stale
from core.fields import Form
from core.operations import Act, Operation, Outcome, registry
from core.performing import perform

Again = Callable[..., ResponseReturnValue]


class NotYours(Refusal):
    """The form was opened under another account than the one that is logged in now."""

    message = lazy_gettext("这张表是用另一个账号打开的。内容还在下面，请核对后再提交。")


def submit(
    name: str,
    again: Again,
    *,
    target: object = None,
    then: Callable[[Outcome], str] | None = None,
    fields: dict[str, str] | None = None,
) -> ResponseReturnValue:
    """Answer a plain post of operation `name`; `fields` are those of a page that names them otherwise.

    Success is a 303 to the page of the thing (or to `then(outcome)`), with the
    outcome's sentence shown there. An invalid form is a 422 and a refusal a 409 or
    its own status, both answered by `again(form=…, status=…)`, which renders the
    page that the form stands on; the reason is shown on top of it.
    """
    kind = registry[name]
    form_version = _form_version(kind)
    fields = kind.adapted(form_version, posted(kind.form) if fields is None else fields)
    form = kind.form.of(fields)
    person = viewer()
    owner = request.form.get("owner", "")
    if person and owner and owner != str(person.id):
        return refuse(NotYours(), again, form)
    if not form.validate():
        return again(form=form, status=422)
    op_id = _uuid(request.form.get("op_id")) or str(new_id())
    act = Act(
        owner=str(person.id) if person else (_uuid(owner) or op_id),
        op_id=op_id,
        actor=person,
        target=None if target is None else str(target),
        device=_uuid(request.form.get("device")),
        form_version=form_version,
    )
    outcome = perform(name, act, fields, form=form)
    if outcome.went_well:
        if outcome.message:
            flash(outcome.message, (outcome.verdict or {}).get("tone", outcome.outcome))
        return redirect(then(outcome) if then else outcome.url or "/", 303)
    return refuse(outcome.refusal or Refusal(outcome.message), again, form, outcome.status)


def _form_version(kind: Operation) -> int:
    """The version of the form that was filled in; today's, where nothing readable says so."""
    text = request.form.get("form_version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else kind.form_version


def posted(form: type[Form]) -> dict[str, str]:
    """What was posted of the form's fields; several boxes of one name are joined by commas."""
    return {name: ",".join(request.form.getlist(name)) for name in request.form if name in form.names()}


def refuse(refusal: Refusal, again: Again, form: Form | None = None, status: int | None = None) -> ResponseReturnValue:
    """Show the page that was posted from again, with the reason on top."""
    g.refusal = str(refusal.message)
    more: dict[str, Any] = {"current": refusal.current} if isinstance(refusal, Stale) else {}
    return again(form=form, status=status or refusal.status, **more)


def _uuid(text: str | None) -> str | None:
    try:
        return str(uuid.UUID(text or ""))
    except ValueError:
        return None
