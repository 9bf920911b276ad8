"""The form to report something, and the admins' list."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from blueprints.reports import conduct, labels, service
from blueprints.reports.forms import AnswerForm, ReportForm
from core.access import requires
from core.errors import NotFound
from core.fields import Form
from core.pages import page
from core.posts import submit
from core.registries import reportables

blueprint = Blueprint("reports", __name__)
blueprint.add_app_template_global(labels, "report_labels")  # type: ignore[arg-type]
blueprint.add_app_template_global(service.why_hidden, "why_hidden")
FORMS = ("uphold", "dismiss", "restore")


@blueprint.get("/reports/new")
@requires("member")
def new(form: ReportForm | None = None, status: int = 200) -> Response:
    """What is to be reported, and why."""
    kind = form.kind.data if form else request.args.get("kind", "")
    key = uuid.UUID(form.subject_id.data) if form and form.subject_id.data else request.args.get("id", type=uuid.UUID)
    if not kind or key is None:
        raise NotFound
    subject = service.subject_of(kind, key)
    if subject.hidden:
        raise NotFound
    return page(
        "reports/new.html",
        tab="needs",
        status=status,
        form=form or ReportForm(data={"kind": kind, "subject_id": key}),
        subject=subject,
        label=reportables[kind].label,
    )


@blueprint.post("/reports")
@requires("member")
def create() -> ResponseReturnValue:
    """Report it."""

    def again(form: ReportForm, status: int) -> Response:
        if form.kind.errors or form.subject_id.errors:
            raise NotFound
        return new(form, status)

    return submit("report.submit", again)


@blueprint.get(service.LIST)
@requires("reports.decide")
def index() -> Response:
    """What was reported."""
    state = request.args.get("state", "")
    state = state if state in labels.STATE_LABELS else "open"
    rows, after = service.listed(state, request.args.get("after", type=uuid.UUID))
    reviews = conduct.open_reviews() if state == "open" else ()
    return page(
        "reports/index.html",
        tab="me",
        state=state,
        rows=rows,
        reviews=reviews,
        kinds={kind: each.label for kind, each in reportables.items()},
        next_url=f"{service.LIST}?state={state}&after={after}" if after else None,
    )


@blueprint.get(f"{service.LIST}/<uuid:report_id>")
@requires("reports.decide")
def show(report_id: uuid.UUID, form: Form | None = None, status: int = 200, at: str = "") -> Response:
    """One report with what it is about. `at` names the form that is shown again."""
    forms: dict[str, Any] = {name: AnswerForm(ids=name) for name in FORMS}
    if form is not None and at:
        forms[at] = form
    return page("reports/show.html", tab="me", status=status, case=service.case_of(report_id), forms=forms, opened=at)


@blueprint.post(f"{service.LIST}/<uuid:report_id>/uphold")
@requires("reports.decide")
def uphold(report_id: uuid.UUID) -> ResponseReturnValue:
    """Hide it."""
    return _decide("uphold", report_id)


@blueprint.post(f"{service.LIST}/<uuid:report_id>/dismiss")
@requires("reports.decide")
def dismiss(report_id: uuid.UUID) -> ResponseReturnValue:
    """Leave it."""
    return _decide("dismiss", report_id)


@blueprint.post(f"{service.LIST}/<uuid:report_id>/restore")
@requires("reports.decide")
def restore(report_id: uuid.UUID) -> ResponseReturnValue:
    """Show it again."""
    return _decide("restore", report_id)


def _decide(verdict: str, report_id: uuid.UUID) -> ResponseReturnValue:
    def again(form: Form | None = None, status: int = 200) -> Response:
        return show(report_id, form=form, status=status, at=verdict)

    return submit(f"report.{verdict}", again, target=report_id)
