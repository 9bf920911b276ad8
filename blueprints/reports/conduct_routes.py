"""What was decided on a member's conduct: their own page, and the admins'."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from blueprints.accounts.log_in import LogInFailed, proven
from blueprints.reports import conduct
from blueprints.reports.forms import AnswerForm, AppealForm, ReviewForm
from blueprints.reports.offline import conduct_page
from blueprints.reports.routes import blueprint
from core.access import member, public, requires
from core.clock import now
from core.fields import Form
from core.pages import page
from core.posts import posted, refuse, submit

ADMINS = "/admin/conduct"
FORMS = ("warn", "pause", "resume")


@blueprint.get(conduct.MINE)
@requires("member")
def mine(form: ReviewForm | None = None, status: int = 200) -> Response:
    """What admins decided on me, and having it looked at again."""
    kept = conduct_page(member())

    def load() -> dict[str, Any]:
        decisions = conduct.decisions_on(member().id)
        forms = {
            str(each.id): ReviewForm(data={"kind": each.kind, "subject_id": each.id}, ids=str(each.id))
            for each in decisions
        }
        if form and form.subject_id.data in forms:
            forms[form.subject_id.data] = form
        return {"decisions": decisions, "forms": forms}

    return page("reports/mine.html", tab="me", topics=kept.topics, dated=kept.dated, load=load, status=status)


@blueprint.post("/me/conduct/review")
@requires("member")
def ask() -> ResponseReturnValue:
    """Have it looked at again."""
    return submit("review.ask", mine)


@blueprint.get(conduct.APPEAL)
@public
def appeal_page(form: AppealForm | None = None, status: int = 200) -> Response:
    """Who is suspended has no session: phone and password, and why it should be looked at again."""
    described = gettext("账号停用了，可以要求复核一次，由没有参与原来处理的管理员来做。")
    return page("reports/appeal.html", tab="login", form=form or AppealForm(), status=status, description=described)


@blueprint.post(conduct.APPEAL)
@public
def appeal() -> ResponseReturnValue:
    """Have a suspension looked at again."""
    form = AppealForm.of(posted(AppealForm))
    if not form.validate():
        return appeal_page(form, 422)
    try:
        person = proven(form.phone.data, form.password.data)
    except LogInFailed as failure:
        return refuse(failure, appeal_page, form)
    return submit("review.appeal", appeal_page, target=person.id)


@blueprint.get(f"{ADMINS}/<uuid:member_id>")
@requires("reports.decide")
def of_member(member_id: uuid.UUID, form: Form | None = None, status: int = 200, at: str = "") -> Response:
    """What was decided on a member, and what can be done. `at` names the form that is shown again."""
    person, decisions = conduct.member_of(member_id), conduct.decisions_on(member_id)
    reviews = [f"{verdict}-{each.review.id}" for each in decisions if each.review for verdict in ("keep", "lift")]
    forms: dict[str, Any] = {name: AnswerForm(ids=name) for name in (*FORMS, *reviews)}
    if form is not None and at:
        forms[at] = form
    return page(
        "reports/conduct.html",
        tab="me",
        status=status,
        person=person,
        decisions=decisions,
        pause=next((each for each in decisions if each.pauses(now())), None),
        forms=forms,
        opened=at,
    )


@blueprint.post(f"{ADMINS}/<uuid:member_id>/warn")
@requires("reports.decide")
def warn(member_id: uuid.UUID) -> ResponseReturnValue:
    """Say it to them alone."""
    return _act("warn", member_id)


@blueprint.post(f"{ADMINS}/<uuid:member_id>/pause")
@requires("reports.decide")
def pause(member_id: uuid.UUID) -> ResponseReturnValue:
    """No posting for seven days."""
    return _act("pause", member_id)


@blueprint.post(f"{ADMINS}/<uuid:member_id>/resume")
@requires("reports.decide")
def resume(member_id: uuid.UUID) -> ResponseReturnValue:
    """Posting again."""
    return _act("resume", member_id)


@blueprint.post(f"{ADMINS}/<uuid:member_id>/reviews/<uuid:review_id>/keep")
@requires("reports.decide")
def keep(member_id: uuid.UUID, review_id: uuid.UUID) -> ResponseReturnValue:
    """The decision was right."""
    return _decide("keep", member_id, review_id)


@blueprint.post(f"{ADMINS}/<uuid:member_id>/reviews/<uuid:review_id>/lift")
@requires("reports.decide")
def lift(member_id: uuid.UUID, review_id: uuid.UUID) -> ResponseReturnValue:
    """The decision is taken back."""
    return _decide("lift", member_id, review_id)


def _act(name: str, member_id: uuid.UUID) -> ResponseReturnValue:
    def again(form: Form | None = None, status: int = 200) -> Response:
        return of_member(member_id, form, status, name)

    return submit(f"conduct.{name}", again, target=member_id)


def _decide(verdict: str, member_id: uuid.UUID, review_id: uuid.UUID) -> ResponseReturnValue:
    def again(form: Form | None = None, status: int = 200) -> Response:
        return of_member(member_id, form, status, f"{verdict}-{review_id}")

    return submit(f"review.{verdict}", again, target=review_id)
