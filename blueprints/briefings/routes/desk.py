"""The desk: making an issue, and passing it on."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from blueprints.briefings import deeds, gathering, offline, rules, service, versions, words
from blueprints.briefings.forms import (
    CommentForm,
    CorrectionForm,
    CreateForm,
    EditForm,
    GatherForm,
    VerdictForm,
)
from blueprints.briefings.models import Briefing
from blueprints.briefings.routes.blueprint import blueprint
from core import chamber
from core.access import member, requires
from core.clock import clock, now, today
from core.fields import Form
from core.markdown import render
from core.pages import page
from core.posts import submit
from core.text import reading_time_minutes
from core.values import Unacceptable, parse_date


@blueprint.get("/desk")
@requires("desk.read")
def desk(form: Form | None = None, status: int = 200) -> Response:
    """The issues in work, with who is waited for."""
    late, late_issue = service.lateness()
    return page(
        "briefings/desk.html",
        topics=offline.desk_topics() if request.method == "GET" else None,
        states=(*offline.desk_states(), str(late)),
        load=lambda: {"rows": service.in_work(), "latest": service.latest_published()},
        tab="today",
        status=status,
        late=late,
        late_issue=late_issue,
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
    forms = _forms(found, form, act, acts)
    state = service.state_of(found)
    late = _lateness(found)
    return page(
        "briefings/edit.html",
        topics=offline.desk_topics() if request.method == "GET" else None,
        states=(state, str(late), str(acts)),
        load=lambda: {
            "body": render(found.body, without_title=True, as_issue=True),
            "remarks": _remarks(found),
            "minutes": reading_time_minutes(found.body),
            "sections": [str(words.SECTIONS[kind]) for kind in rules.KINDS],
            "day_before": (found.date or today()) - timedelta(days=1),
        },
        tab="today",
        status=status,
        briefing=found,
        state=state,
        waits=service.who_is_waited_for(found),
        acts=acts,
        forms=forms,
        base_version=(current or {}).get("version") or _base_version(form, found.version),
        current=current,
        opened=act if status >= 400 else None,
        lost=form if form is not None and act not in forms else None,
        touched=reader.id in hands,
        late=late,
        words=words,
        preview=None,
    )


def _forms(found: Briefing, form: Form | None, act: str, acts: tuple[str, ...]) -> dict[str, Form]:
    """The forms of this reader; the one that was posted is shown as it was filled in."""
    text = {"title": found.title, "body": found.body, "version": str(found.version)}
    forms: dict[str, Form] = {}
    if "edit" in acts:
        forms["edit"] = EditForm(data=_older(found) or text)
        forms["redate"] = CreateForm(ids="redate", data={"date": found.date})
    if {"review", "sign_off"} & set(acts):
        forms["comment"] = CommentForm(ids="comment", data={"version": str(found.version)})
    for verdict in ("review", "sign_off"):
        if verdict in acts:
            forms[verdict] = VerdictForm()
    if "correct" in acts:
        forms["correct"] = CorrectionForm(ids="correction")
    if form is not None and act in forms:
        forms[act] = form
    return forms


def _older(found: Briefing) -> dict[str, str] | None:
    """The text of `?from=VERSION`, to go on from."""
    version = request.args.get("from", "") if request.method == "GET" else ""
    if not (version.isascii() and version.isdigit() and len(version) < 9):
        return None
    title, body = versions.text_of(found.id, int(version))
    return {"title": title, "body": body}


def _lateness(found: Briefing) -> str | None:
    if found.state == "imported" or found.date != today():
        return None
    at_time = clock.at(today(), chamber.current().briefing_at)
    return rules.lateness(now(), at_time, is_out_or_signed=found.state == "signed_off")


def _remarks(found: Briefing) -> list[tuple[Any, rules.Anchor]]:
    """The comments with where their lines are now, from the top down."""
    placed = [(comment, rules.anchor(comment.quote, comment.line, found.body)) for comment in found.comments]
    return sorted(placed, key=lambda each: each[1].line)


def _base_version(form: Form | None, version: int) -> str:
    posted = form.version.data if isinstance(form, EditForm) else None
    return str(posted or version)


@blueprint.post("/desk/briefings/<uuid:key>")
@requires("briefing.edit")
def edit(key: uuid.UUID) -> ResponseReturnValue:
    """Save a text."""
    return submit("briefing.edit", _again(key, "edit"), target=key)


@blueprint.post("/desk/briefings/<uuid:key>/day")
@requires("briefing.edit")
def redate(key: uuid.UUID) -> ResponseReturnValue:
    """Give a draft another day."""
    return submit("briefing.redate", _again(key, "redate"), target=key)


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


@blueprint.post("/desk/briefings/<uuid:key>/comments")
@requires("desk.read")
def comment(key: uuid.UUID) -> ResponseReturnValue:
    """Say something to one line."""
    return submit("briefing.comment", _again(key, "comment"), target=key)


@blueprint.post("/desk/briefings/<uuid:key>/corrections")
@requires("briefing.sign_off")
def correct(key: uuid.UUID) -> ResponseReturnValue:
    """Put a correction on top of what is out."""
    return submit("briefing.correct", _again(key, "correct"), target=key)


@blueprint.post("/desk/briefings/<uuid:key>/preview")
@requires("briefing.edit")
def preview(key: uuid.UUID) -> ResponseReturnValue:
    """The text that is being written as its readers will see it; nothing is kept."""
    form = EditForm.of({name: request.form.get(name, "") for name in ("title", "body", "version")})
    form.validate()
    body = form.body.data or ""
    seen = {
        "title": form.title.data or "",
        "body": render(body, without_title=True, as_issue=True),
        "length": len(body),
        "minutes": reading_time_minutes(body),
    }
    if request.headers.get("HX-Request"):
        return Response(render_template("briefings/_preview.html", seen=seen))
    found = versions.issue_of(key)
    return page(
        "briefings/preview.html", tab="today", seen=seen, form=form, briefing=found, url=f"/desk/briefings/{key}"
    )


@blueprint.get("/desk/briefings/<uuid:key>/versions")
@requires("desk.read")
def history(key: uuid.UUID) -> Response:
    """Every text that was saved, and what one changed in another."""
    found = versions.issue_of(key)
    saved = versions.saved(key)
    numbers = [each.version for each in saved]
    after = _number("after") or (numbers[0] if numbers else 0)
    before = _number("before")
    if before is None:
        before = next((number for number in numbers if number < after), 0)
    comparison = versions.compared(key, before, after) if numbers else None
    acts = ("edit",) if member().can("briefing.edit") and found.state == "draft" else ()
    return page("briefings/versions.html", tab="today", briefing=found, saved=saved, comparison=comparison, acts=acts)


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


@blueprint.get("/desk/briefings/<uuid:key>/gather")
@requires("briefing.edit")
def gather(key: uuid.UUID, form: Form | None = None, status: int = 200, **_: Any) -> Response:
    """What happened on a day, as cards to pick from."""
    posted = request.form if request.method == "POST" else MultiDict()
    day = _day(posted.get("day") or request.args.get("day", ""))
    found, good_deeds = deeds.with_issue(key, day)
    return page(
        "briefings/gather.html",
        load=lambda: {"sections": gathering.of_day(day, good_deeds)},
        tab="today",
        status=status,
        briefing=found,
        day=day,
        form=form if isinstance(form, GatherForm) else GatherForm(),
        typed=posted,
        picked=set(posted.getlist("pick")),
        tongue="en" if gathering.tongue() == "en" else "zh-CN",
    )


def _day(asked: str) -> date:
    """The day that is told of: the one asked for, else yesterday."""
    try:
        return parse_date(asked)
    except Unacceptable:
        return today() - timedelta(days=1)


@blueprint.post("/desk/briefings/<uuid:key>/gather")
@requires("briefing.edit")
def put_in(key: uuid.UUID) -> ResponseReturnValue:
    """Put what was picked into the draft."""
    items = request.form.get("items") or gathering.items_of_page(request.form, request.form.getlist("pick"))

    def again(form: Form | None = None, status: int = 200, **_: Any) -> Response:
        return gather(key, form=form, status=status)

    return submit("briefing.gather", again, target=key, fields={"items": items})


def _again(key: uuid.UUID, act: str) -> Any:
    def again(form: Form | None = None, status: int = 200, current: dict[str, Any] | None = None) -> Response:
        return at_desk(key, form=form, status=status, current=current, act=act)

    return again
