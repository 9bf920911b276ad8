"""Groups and consultations over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from blueprints.experts import offline, rules, service, words
from blueprints.experts.forms import (
    AssignForm,
    CompleteForm,
    DeclineForm,
    ExpertForm,
    LeadForm,
    RateForm,
    RequestForm,
    ScheduleForm,
    WithdrawForm,
)
from core.access import member, requires
from core.fields import Form
from core.pages import page
from core.posts import submit

blueprint = Blueprint("experts", __name__)
FORMS: dict[str, type[Form]] = {
    "assign": AssignForm,
    "schedule": ScheduleForm,
    "decline": DeclineForm,
    "complete": CompleteForm,
    "withdraw": WithdrawForm,
    "rate": RateForm,
}


@blueprint.get("/experts")
@requires("member")
def index() -> Response:
    """The eight groups."""
    return page(
        "experts/index.html",
        topics=offline.index_topics(),
        load=lambda: {"groups": service.groups(), "experts": service.expert_counts(), "figures": service.figures()},
        tab="experts",
        words=words,
    )


@blueprint.get("/experts/<slug>")
@requires("member")
def show_group(slug: str, form: Form | None = None, status: int = 200) -> Response:
    """One group, with the form for asking it."""
    found = service.group(slug)
    return page(
        "experts/group.html",
        topics=offline.group_topics(slug),
        load=lambda: {"experts": service.experts_of(slug), "figures": service.figures((slug,))[slug]},
        tab="experts",
        status=status,
        group=found,
        words=words,
        form=form if isinstance(form, RequestForm) else RequestForm(),
        lead_form=form if isinstance(form, LeadForm) else LeadForm(ids="lead"),
        expert_form=form if isinstance(form, ExpertForm) else ExpertForm(ids="expert"),
    )


@blueprint.post("/experts/<slug>/consultations")
@requires("member")
def ask(slug: str) -> ResponseReturnValue:
    """Ask this group."""
    return submit("consultation.request", _group_again(slug), target=slug)


@blueprint.post("/experts/<slug>/lead")
@requires("members.manage")
def name_lead(slug: str) -> ResponseReturnValue:
    """Make a member the group's lead."""
    return submit("expert_group.name_lead", _group_again(slug), target=slug)


@blueprint.post("/experts/<slug>/experts")
@requires("members.manage")
def take_in(slug: str) -> ResponseReturnValue:
    """Put a member into the group."""
    return submit("expert_group.take_in", _group_again(slug), target=slug)


@blueprint.post("/experts/<slug>/experts/<uuid:expert_id>/remove")
@requires("members.manage")
def let_go(slug: str, expert_id: uuid.UUID) -> ResponseReturnValue:
    """Take an expert out of the group."""
    return submit("expert_group.let_go", _group_again(slug), target=expert_id)


@blueprint.get("/consultations")
@requires("member")
def consultations() -> Response:
    """The consultations in which the member has a part, what needs them first."""
    reader = member()
    scope = request.args.get("as", "")
    scope = scope if scope in service.SCOPES else ""

    def load() -> dict[str, Any]:
        rows, following = service.consultations(reader, scope, request.args.get("after", ""))
        return {"rows": [(row, rules.may_read(service.parts_in(row, reader))) for row in rows], "following": following}

    return page(
        "experts/consultations.html",
        topics=offline.list_topics(reader),
        load=load,
        tab="experts",
        scope=scope,
        words=words,
    )


@blueprint.get("/consultations/<uuid:key>")
@requires("member")
def show(key: uuid.UUID, form: Form | None = None, status: int = 200) -> Response:
    """One consultation, with exactly the forms that this reader may use now."""
    reader = member()
    found, parts = service.consultation(key, reader)
    acts = rules.allowed(found.state, parts)
    stands = found if found.state == "scheduled" else None
    forms = {act: form if isinstance(form, FORMS[act]) else FORMS[act](obj=stands) for act in acts}
    return page(
        "experts/consultation.html",
        topics=offline.consultation_topics(key, found.group_slug),
        load=lambda: {"experts": service.experts_of(found.group_slug) if "assign" in acts else []},
        tab="experts",
        status=status,
        consultation=found,
        readable=rules.may_read(parts),
        parts=parts,
        forms=forms,
        lost=form if form is not None and form not in forms.values() else None,
        words=words,
    )


def _step(rule: str, act: str) -> None:
    @requires("member")
    def post(key: uuid.UUID) -> ResponseReturnValue:
        return submit(f"consultation.{act}", _again(show, key), target=key)

    blueprint.add_url_rule(f"/consultations/<uuid:key>/{rule}", act, post, methods=["POST"])


for _act in FORMS:
    _step("rating" if _act == "rate" else _act, _act)


def _again(view: Callable[..., Response], key: object) -> Callable[..., Response]:
    def again(form: Form | None = None, status: int = 200) -> Response:
        return view(key, form=form, status=status)

    return again


def _group_again(slug: str) -> Callable[..., Response]:
    return _again(show_group, slug)
