"""The queue of applications, one application, and the decisions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, request, session
from flask.typing import ResponseReturnValue

from blueprints.accounts.forms import AskForm, RefuseForm
from blueprints.accounts.service import looks
from blueprints.accounts.service.decisions import queue
from blueprints.admin.forms import DecideForm, QueueFilter, ReasonsForm
from blueprints.admin.routes.blueprint import blueprint, filters_of, next_url
from blueprints.admin.service import reasons, registrations
from core.access import member, requires
from core.database import new_id
from core.fields import Form
from core.operations import Outcome
from core.pages import page
from core.posts import posted, submit

QUEUE = "/admin/registrations"


@blueprint.get(QUEUE)
@requires("registration.decide")
def queue_page(form: DecideForm | None = None, status: int = 200) -> Response:
    """Who waits to be let in, oldest first."""
    wanted = QueueFilter(request.args)
    filters = filters_of(wanted)
    found = queue(filters["state"] or "", filters["q"] or "", request.args.get("after", type=uuid.UUID))
    chosen = {key.strip() for key in (form.ids.data or "").split(",")} if form else set()
    return page(
        "admin/queue.html",
        tab="me",
        status=status,
        filter=wanted,
        queue=found,
        form=form or DecideForm(),
        chosen=chosen,
        ready=reasons.ready(),
        next_url=next_url(QUEUE, filters, found.next_after),
    )


@blueprint.post(f"{QUEUE}/decide")
@requires("registration.decide")
def decide() -> ResponseReturnValue:
    """One verdict on all that were ticked."""
    form = DecideForm.of(posted(DecideForm))
    if not form.validate():
        return queue_page(form=form, status=422)
    decided = registrations.decide_several(
        member(),
        _uuid(request.form.get("op_id")) or new_id(),
        _uuids(form.ids.data),
        form.verdict.data,
        form.reason.data,
    )
    flash(decided.sentence(form.verdict.data), "refused" if decided.failed else "accepted")
    return redirect(QUEUE, 303)


@blueprint.get(f"{QUEUE}/<uuid:registration_id>")
@requires("registration.decide")
def application(
    registration_id: uuid.UUID, form: Form | None = None, status: int = 200, at: str = "", **_: Any
) -> Response:
    """One application with everything needed to decide. `at` names the form that is shown again."""
    if request.method == "GET":
        looks.note_application(member(), registration_id)
    uncovered = request.method == "GET" and session.pop("uncovered", None) == str(registration_id)
    dossier = registrations.dossier(registration_id, uncovered=uncovered)
    given: dict[str, Form] = {"refuse": RefuseForm(ids="refuse"), "ask": AskForm(ids="ask")}
    opened = at or request.args.get("open", "")
    if form is not None and at in given:
        given[at] = form
    elif opened in given:
        sentence = request.args.get("ready", type=int)
        words = dossier.ready[opened]
        if sentence is not None and 0 <= sentence < len(words):
            given[opened] = (
                RefuseForm(reason=words[sentence], ids="refuse")
                if opened == "refuse"
                else AskForm(question=words[sentence], ids="ask")
            )
    return page(
        "admin/registration.html",
        tab="me",
        status=status,
        dossier=dossier,
        forms=given,
        opened=opened,
        uncovered=uncovered,
        **_application(dossier),
    )


def _application(dossier: registrations.Dossier) -> dict[str, Any]:
    found = dossier.registration
    return {"registration": found, "applicant": found.member, "company": found.member.company}


@blueprint.post(f"{QUEUE}/<uuid:registration_id>/approve")
@requires("registration.decide")
def approve(registration_id: uuid.UUID) -> ResponseReturnValue:
    """Let the applicant in."""
    return _decide("approve", registration_id)


@blueprint.post(f"{QUEUE}/<uuid:registration_id>/refuse")
@requires("registration.decide")
def turn_down(registration_id: uuid.UUID) -> ResponseReturnValue:
    """Refuse, with a reason."""
    return _decide("refuse", registration_id)


@blueprint.post(f"{QUEUE}/<uuid:registration_id>/ask")
@requires("registration.decide")
def ask(registration_id: uuid.UUID) -> ResponseReturnValue:
    """Ask the applicant something."""
    return _decide("ask", registration_id)


@blueprint.post(f"{QUEUE}/<uuid:registration_id>/identity")
@requires("registration.decide")
def see_identity(registration_id: uuid.UUID) -> ResponseReturnValue:
    """Show the whole identity number on the page that follows, once; each look is on record."""

    def then(outcome: Outcome) -> str:
        if not outcome.repeated:
            session["uncovered"] = str(registration_id)
        return outcome.url or QUEUE

    def again(form: Form | None = None, status: int = 200, **_: Any) -> Response:  # noqa: ARG001 - it has nothing to fill in
        return application(registration_id, status=status)

    return submit("registration.see_identity", again, target=registration_id, then=then)


def _decide(verdict: str, registration_id: uuid.UUID) -> ResponseReturnValue:
    def again(form: Form | None = None, status: int = 200, **more: Any) -> Response:
        return application(registration_id, form=form, status=status, at=verdict, **more)

    return submit(f"registration.{verdict}", again, target=registration_id, then=_then(registration_id))


def _then(registration_id: uuid.UUID) -> Callable[[Outcome], str]:
    """Where to go after a decision: to the application itself; where the page stays, to the next one at once."""

    def url(outcome: Outcome) -> str:
        if not request.htmx:  # type: ignore[attr-defined]
            return outcome.url or QUEUE
        following = registrations.next_after(registration_id)
        return f"{QUEUE}/{following}" if following else QUEUE

    return url


@blueprint.get("/admin/reasons")
@requires("registration.decide")
def reasons_page(form: ReasonsForm | None = None, status: int = 200, **_: Any) -> Response:
    """The ready sentences, to be edited."""
    if form is None:
        form = ReasonsForm(data={verdict: "\n".join(lines) for verdict, lines in reasons.ready().items()})
    return page("admin/reasons.html", tab="me", status=status, form=form)


@blueprint.post("/admin/reasons")
@requires("registration.decide")
def write_reasons() -> ResponseReturnValue:
    """Keep the ready sentences."""
    return submit("admin.reasons", reasons_page)


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def _uuids(text: str) -> list[uuid.UUID]:
    return [key for key in map(_uuid, text.split(",")) if key]
