"""The pages and posts of needs and offers."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from blueprints.needs import labels, offline, reading, service
from blueprints.needs.forms import EditForm, NeedForm, OutcomeForm, ResponseForm
from blueprints.needs.rules import CATEGORIES, KINDS, STATES
from core.access import member, requires
from core.errors import NotFound
from core.fields import Form
from core.pages import page
from core.posts import submit
from core.registries import OfflinePage, barrier_to_posting

blueprint = Blueprint("needs", __name__)
blueprint.add_app_template_global(labels, "need_labels")  # type: ignore[arg-type]
blueprint.add_app_template_global(reading.state_of, "need_state")


def _kept(template: str, kept: OfflinePage, **more: Any) -> Response:
    return page(template, topics=kept.topics, states=kept.states, dated=kept.dated, tab="needs", **more)


def _code(name: str, codes: Any) -> str | None:
    value = request.args.get(name, "")
    return value if value in codes else None


def _after() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get("after", ""))
    except ValueError:
        return None


@blueprint.get("/needs")
@requires("member")
def index() -> Response:
    """The list, by kind, category, trade, state and words."""
    own = request.args.get("mine") == "1"
    state = _code("state", (*STATES, "all")) or ("all" if own else "open")
    wanted = reading.Filter(
        kind=_code("kind", KINDS),
        category=_code("category", CATEGORIES),
        trade=_code("trade", labels.TRADE_LABELS),
        state=None if state == "all" else state,
        q=request.args.get("q", "").strip()[:80],
        author_id=member().id if own else None,
    )

    def load() -> dict[str, Any]:
        found, more = reading.find(wanted, _after())
        return {"found": found, "more": more}

    return _kept(
        "needs/index.html",
        offline.list_page(),
        load=load,
        alike=not own,
        wanted=wanted,
        state=state,
        own=own,
        after=_after(),
        hour=reading.sharing_hour(),
    )


@blueprint.get("/needs/new")
@requires("member")
def new(form: NeedForm | None = None, status: int = 200) -> Response:
    """The form in which a member posts."""
    form = form or NeedForm(data={"kind": _code("kind", KINDS) or "need"})
    earlier = None
    if status == 409:
        earlier = reading.earlier_than(member().id, form.title.data, form.body.data)
        form.id.raw_data, form.id.data = None, None
    person = member()

    def load() -> dict[str, Any]:
        return {"barrier": barrier_to_posting(person.id)}

    kept = offline.new_page(person)
    return _kept("needs/new.html", kept, load=load, form=form, status=status, earlier=earlier)


@blueprint.post("/needs")
@requires("member")
def create() -> ResponseReturnValue:
    """Post a need or an offer."""
    return submit("need.create", new)


@blueprint.get("/needs/<uuid:need_id>")
@requires("member")
def show(need_id: uuid.UUID, form: Form | None = None, status: int = 200, outcome_form: Form | None = None) -> Response:
    """One need with its answers, and what the viewer may do with it."""
    person = member()
    need = reading.need_of(need_id, person)
    state = reading.state_of(need)

    def load() -> dict[str, Any]:
        answers = reading.answers_to(need, person)
        accepted = [answer.member.real_name for answer in answers if answer.state == "accepted"]
        partner = accepted[0] if len(accepted) == 1 else None
        return {
            "need": need,
            "state": state,
            "answers": answers,
            "own": need.author_id == person.id,
            "editing": EditForm(data=service.values_of(need), ids="edit"),
            "outcome_form": outcome_form or OutcomeForm(data={"result": "solved", "partner": partner}),
        }

    return _kept(
        "needs/show.html", offline.need_page(need_id, state), load=load, status=status, form=form or ResponseForm()
    )


@blueprint.get("/needs/<uuid:need_id>/edit")
@requires("member")
def edit(
    need_id: uuid.UUID, form: Form | None = None, status: int = 200, current: dict[str, Any] | None = None
) -> Response:
    """The form in which the author changes it; in a conflict, with what stands now (`current`)."""

    def load() -> dict[str, Any]:
        need = reading.need_of(need_id, member())
        if status == 200:
            service.editable(need, member().id)
        return {"need": need, "form": form or EditForm(data=service.values_of(need)), "current": current}

    return _kept("needs/edit.html", offline.edit_page(need_id), load=load, status=status)


@blueprint.post("/needs/<uuid:need_id>")
@requires("member")
def update(need_id: uuid.UUID) -> ResponseReturnValue:
    """Change it."""

    def again(form: EditForm, status: int, current: dict[str, Any] | None = None) -> Response:
        if current:
            form.version.raw_data = [current["version"]]
        if current or status in (409, 422):
            return edit(need_id, form, status, current)
        return show(need_id, status=status)

    return submit("need.update", again, target=need_id)


@blueprint.post("/needs/<uuid:need_id>/responses")
@requires("member")
def respond(need_id: uuid.UUID) -> ResponseReturnValue:
    """Answer it."""
    return submit("need.respond", partial(show, need_id), target=need_id)


@blueprint.post("/needs/<uuid:need_id>/responses/<uuid:response_id>/accept")
@requires("member")
def accept(need_id: uuid.UUID, response_id: uuid.UUID) -> ResponseReturnValue:
    """Accept an answer."""
    return _about_answer("need.accept_response", need_id, response_id)


@blueprint.post("/needs/<uuid:need_id>/responses/<uuid:response_id>/withdraw")
@requires("member")
def withdraw(need_id: uuid.UUID, response_id: uuid.UUID) -> ResponseReturnValue:
    """Take an answer back."""
    return _about_answer("need.withdraw_response", need_id, response_id)


def _about_answer(name: str, need_id: uuid.UUID, response_id: uuid.UUID) -> ResponseReturnValue:
    if not reading.belongs(response_id, need_id):
        raise NotFound

    def again(form: Form, status: int) -> Response:  # noqa: ARG001 it has no fields
        return show(need_id, status=status)

    return submit(name, again, target=response_id)


@blueprint.post("/needs/<uuid:need_id>/outcome")
@requires("member")
def close(need_id: uuid.UUID) -> ResponseReturnValue:
    """End it with its outcome."""

    def again(form: Form, status: int) -> Response:
        return show(need_id, status=status, outcome_form=form)

    return submit("need.close", again, target=need_id)


@blueprint.get("/needs/solved")
@requires("member")
def solved() -> Response:
    """The ledger of what was solved: figures and list."""
    category = _code("category", CATEGORIES)

    def load() -> dict[str, Any]:
        found, more = reading.solved(category, _after())
        return {
            "found": found,
            "more": more,
            "totals": reading.solved_this_month_year_ever(),
            "by_category": reading.solved_by_category(),
        }

    return _kept("needs/solved.html", offline.list_page(), load=load, alike=True, category=category, after=_after())


@blueprint.get("/needs/sharing")
@requires("member")
def sharing() -> Response:
    """The sharing hour: what came in, and when it is."""
    hour = reading.sharing_hour()
    return page(
        "needs/sharing.html",
        topics=("needs", "people"),
        states=(hour.phase, str(hour.minutes_left)),
        load=lambda: {"found": reading.sharing_hour_posts()},
        tab="needs",
        hour=hour,
        form=NeedForm(ids="quick"),
    )


@blueprint.get("/needs/sharing/since")
@requires("member")
def since() -> ResponseReturnValue:
    """What htmx asks for every 15 s: new rows for the top of the list, or nothing (204)."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("/needs/sharing", 303)
    hour = reading.sharing_hour()
    found = reading.came_in_after(_after()) if hour.is_on else ()
    if hour.is_on and not found:
        return "", 204
    return render_template("needs/_since.html", found=found, hour=hour)
