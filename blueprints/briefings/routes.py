"""Reading the briefing, and the desk that makes it, over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from blueprints.briefings import offline, service, words
from blueprints.briefings.forms import CreateForm, EditForm, VerdictForm
from core.access import member, requires
from core.fields import Form
from core.markdown import render
from core.pages import page
from core.posts import submit
from core.text import reading_time_minutes

blueprint = Blueprint("briefings", __name__)


@blueprint.get("/briefings")
@requires("member")
def index() -> Response:
    """The published issues, newest first."""
    q, after = request.args.get("q", ""), request.args.get("after", "")

    def load() -> dict[str, Any]:
        rows, following = service.issues(q, after)
        return {"rows": rows, "following": following}

    return page(
        "briefings/index.html",
        topics=offline.LIST_TOPICS,
        states=offline.list_states(),
        load=load,
        tab="today",
        q=q[:80],
    )


@blueprint.get("/briefings/<int:number>")
@requires("member")
def show(number: int) -> Response:
    """One published issue."""
    found, neighbours = service.issue(number)
    return page(
        "briefings/show.html",
        topics=offline.issue_topics(number, (found.editor_id, found.reviewer_id, found.publisher_id)),
        states=neighbours.states,
        load=lambda: {
            "body": render(found.body, without_title=True),
            "parts": service.text_parts(found),
            "minutes": reading_time_minutes(found.body),
        },
        tab="today",
        briefing=found,
        neighbours=neighbours,
    )


@blueprint.get("/briefings/<int:number>.txt")
@requires("member")
def as_text(number: int) -> Response:
    """One published issue as plain text; parts for chat groups are divided by an empty line."""
    found, _ = service.issue(number)
    response = Response("\n\n\n".join(service.text_parts(found)) + "\n", mimetype="text/plain")
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/desk")
@requires("desk.read")
def desk(form: Form | None = None, status: int = 200) -> Response:
    """The issues in work, with who is waited for."""
    return page(
        "briefings/desk.html",
        load=lambda: {"rows": service.in_work(), "latest": service.latest_published()},
        tab="today",
        status=status,
        form=form if isinstance(form, CreateForm) else CreateForm(data={"date": service.next_free_day()}),
        words=words,
        state_of=service.state_of,
        who_is_waited_for=service.who_is_waited_for,
    )


@blueprint.post("/desk/briefings")
@requires("briefing.edit")
def create() -> ResponseReturnValue:
    """Begin an issue."""
    return submit("briefing.create", desk)


@blueprint.get("/desk/briefings/<uuid:key>")
@requires("desk.read")
def at_desk(
    key: uuid.UUID,
    form: Form | None = None,
    status: int = 200,
    current: dict[str, Any] | None = None,
    act: str = "edit",
) -> Response:
    """One issue at the desk, with exactly the forms that this reader may use now."""
    reader = member()
    found, hands = service.at_desk(key)
    acts = service.allowed(found, reader, hands)
    text = {"title": found.title, "body": found.body, "version": str(found.version)}
    forms: dict[str, Form] = {"edit": EditForm(data=text), "review": VerdictForm(), "sign_off": VerdictForm()}
    if form is not None and act in acts:
        forms[act] = form
    return page(
        "briefings/edit.html",
        load=lambda: {"body": render(found.body, without_title=True)},
        tab="today",
        status=status,
        briefing=found,
        state=service.state_of(found),
        waits=service.who_is_waited_for(found),
        acts=acts,
        forms=forms,
        base_version=(current or {}).get("version") or _base_version(form, found.version),
        current=current,
        lost=form if form is not None and act not in acts else None,
        touched=reader.id in hands,
        words=words,
    )


def _base_version(form: Form | None, version: int) -> str:
    posted = form.version.data if isinstance(form, EditForm) else None
    return str(posted or version)


@blueprint.post("/desk/briefings/<uuid:key>")
@requires("briefing.edit")
def edit(key: uuid.UUID) -> ResponseReturnValue:
    """Save a text."""
    return submit("briefing.edit", _again(key, "edit"), target=key)


@blueprint.post("/desk/briefings/<uuid:key>/submit")
@requires("briefing.edit")
def pass_on(key: uuid.UUID) -> ResponseReturnValue:
    """Submit a draft."""
    return submit("briefing.submit", _again(key, "submit"), target=key)


@blueprint.post("/desk/briefings/<uuid:key>/review")
@requires("briefing.review")
def review(key: uuid.UUID) -> ResponseReturnValue:
    """Pass or return what was submitted."""
    return submit("briefing.review", _again(key, "review"), target=key)


@blueprint.post("/desk/briefings/<uuid:key>/sign-off")
@requires("briefing.sign_off")
def sign_off(key: uuid.UUID) -> ResponseReturnValue:
    """Sign off or return what was reviewed."""
    return submit("briefing.sign_off", _again(key, "sign_off"), target=key)


def _again(key: uuid.UUID, act: str) -> Any:
    def again(form: Form | None = None, status: int = 200, current: dict[str, Any] | None = None) -> Response:
        return at_desk(key, form=form, status=status, current=current, act=act)

    return again
