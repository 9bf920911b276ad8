"""Members as admins see them: roles, suspending, one-time links."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from blueprints.accounts import step_up
from blueprints.accounts.forms import CorrectionForm, OneTimeLinkForm, ReinstateForm, RolesForm, SuspendForm
from blueprints.accounts.service import looks
from blueprints.accounts.service.corrections import names_held
from blueprints.accounts.service.credentials import link_url
from blueprints.admin.forms import MemberFilter
from blueprints.admin.routes.blueprint import blueprint, filters_of, next_url
from blueprints.admin.service import members
from core.access import member, requires
from core.fields import Form
from core.operations import Outcome
from core.pages import page
from core.posts import submit

LIST = "/admin/members"
FORMS: dict[str, type[Form]] = {
    "roles": RolesForm,
    "suspend": SuspendForm,
    "reinstate": ReinstateForm,
    "link": OneTimeLinkForm,
    "correct": CorrectionForm,
}


@blueprint.get(LIST)
@requires("members.manage")
def index() -> Response:
    """Everybody who has an account."""
    wanted = MemberFilter(request.args)
    filters = filters_of(wanted)
    rows, after = members.find(
        filters["q"] or "", filters["status"] or "", filters["role"] or "", request.args.get("after", type=uuid.UUID)
    )
    return page(
        "admin/members.html",
        tab="me",
        filter=wanted,
        rows=rows,
        roles_of=members.roles_of,
        next_url=next_url(LIST, filters, after),
    )


@blueprint.get(f"{LIST}/<uuid:member_id>")
@requires("members.manage")
def show(member_id: uuid.UUID, form: Form | None = None, status: int = 200, at: str = "", **_: Any) -> Response:
    """One account, and what admins can do with it. `at` names the form that is shown again."""
    if request.method == "GET":
        looks.note_account(member(), member_id)
    person = members.person(member_id)
    forms = {name: kind(ids=name) for name, kind in FORMS.items()}
    forms["roles"] = RolesForm(roles=person.roles, ids="roles")
    forms["correct"] = CorrectionForm(data=names_held(person.member), ids="correct")
    if form is not None and at:
        forms[at] = form
    link = request.args.get("link", type=uuid.UUID)
    path = link_url(link, member().id) if link else None
    return page(
        "admin/member.html",
        tab="me",
        status=status,
        person=person,
        member=person.member,
        forms=forms,
        opened=at,
        link=f"{request.host_url.rstrip('/')}{path}" if path else None,
    )


@blueprint.post(f"{LIST}/<uuid:member_id>/roles")
@requires("members.manage")
def set_roles(member_id: uuid.UUID) -> ResponseReturnValue:
    """Give exactly these roles; the password is asked for unless it was given lately."""

    def again(form: Form | None = None, status: int = 200) -> Response:
        return show(member_id, form=form, status=status, at="roles")

    return step_up.asked(again, RolesForm(request.form, ids="roles")) or _act("member.set_roles", member_id, "roles")


@blueprint.post(f"{LIST}/<uuid:member_id>/suspend")
@requires("members.manage")
def suspend(member_id: uuid.UUID) -> ResponseReturnValue:
    """Shut somebody out."""
    return _act("member.suspend", member_id, "suspend")


@blueprint.post(f"{LIST}/<uuid:member_id>/reinstate")
@requires("members.manage")
def reinstate(member_id: uuid.UUID) -> ResponseReturnValue:
    """Let somebody in again."""
    return _act("member.reinstate", member_id, "reinstate")


@blueprint.post(f"{LIST}/<uuid:member_id>/correct")
@requires("members.manage")
def correct(member_id: uuid.UUID) -> ResponseReturnValue:
    """Correct somebody's names."""
    return _act("member.correct", member_id, "correct")


@blueprint.post(f"{LIST}/<uuid:member_id>/link")
@requires("members.manage")
def make_link(member_id: uuid.UUID) -> ResponseReturnValue:
    """Make a way back in, to be handed over."""
    return _act("member.make_link", member_id, "link")


def _act(name: str, member_id: uuid.UUID, at: str) -> ResponseReturnValue:
    def again(form: Form | None = None, status: int = 200, **more: Any) -> Response:
        return show(member_id, form=form, status=status, at=at, **more)

    def then(outcome: Outcome) -> str:
        link = (outcome.verdict or {}).get("link")
        return f"{LIST}/{member_id}" + (f"?link={link}#link" if link else "")

    return submit(name, again, target=member_id, then=then)
