"""Applying for membership, and where the application stands."""

from __future__ import annotations

from flask import Response, make_response, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from blueprints.accounts import limiting, offline
from blueprints.accounts.forms import AnswerForm, RegistrationForm
from blueprints.accounts.log_in import LogInFailed, log_in, log_in_applicant
from blueprints.accounts.routes import blueprint
from blueprints.accounts.rules import waiting_days
from blueprints.accounts.service import application_of
from blueprints.accounts.service.registration import STATUS_URL
from core import sms
from core.access import member, public, requires, viewer
from core.clock import local, today
from core.errors import NotFound
from core.operations import Outcome
from core.pages import page
from core.posts import posted, refuse, submit


@blueprint.get("/register")
@public
def register(form: RegistrationForm | None = None, status: int = 200) -> ResponseReturnValue:
    """The application's form; who is logged in already has handed it in."""
    if status == 200 and viewer():
        return redirect(STATUS_URL, 303)
    return page(
        "accounts/register.html",
        topics=offline.REGISTER.topics,
        dated=offline.REGISTER.dated,
        tab="register",
        status=status,
        description=gettext(
            "申请入会：填好姓名、公司和手机号，秘书处看过就答复。入会以后发需求、约活动、问专家都在这里。"
        ),
        form=form or RegistrationForm(),
        taken=status == 409,
    )


@blueprint.post("/register")
@public
def submit_registration() -> ResponseReturnValue:
    """Hand in the application and log the applicant in; a repeat of the same post logs in by phone and password."""
    form = RegistrationForm.of(posted(RegistrationForm))
    try:
        limiting.count(limiting.REGISTRATIONS, f"registration {limiting.address()}")
    except limiting.TooOften as refusal:
        return _wait(make_response(refuse(refusal, register, form)), refusal)

    def log_applicant_in(outcome: Outcome) -> str:
        if not outcome.repeated:
            log_in_applicant(form.phone.data)
            return STATUS_URL
        try:
            log_in(form.phone.data, form.password.data)
        except LogInFailed:
            return "/login?next=" + STATUS_URL
        return STATUS_URL

    return submit("registration.submit", register, then=log_applicant_in)


@blueprint.get(STATUS_URL)
@requires("signed_in")
def registration_status(form: AnswerForm | None = None, status: int = 200) -> ResponseReturnValue:
    """Where one's application stands, with the talk so far."""
    person = member()
    if person.is_member and status == 200:
        return redirect("/", 303)
    application = application_of(person.id)
    if application is None:
        raise NotFound
    kept = offline.status_page(application)
    return page(
        "accounts/status.html",
        topics=kept.topics,
        states=kept.states,
        tab="me",
        status=status,
        form=form or AnswerForm(),
        application=application,
        by_code=sms.available(),
        days=waiting_days(local(application.submitted_at).date(), today()),
    )


@blueprint.post("/register/answer")
@requires("signed_in")
def answer_registration() -> ResponseReturnValue:
    """Answer, add, or hand in again."""
    return submit("registration.answer", registration_status)


def _wait(response: Response, refusal: limiting.TooOften) -> Response:
    response.headers["Retry-After"] = str(refusal.wait_seconds)
    return response
