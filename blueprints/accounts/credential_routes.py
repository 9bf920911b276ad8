"""Passwords and phones: changing them, and the ways back in."""

from __future__ import annotations

from flask import make_response, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from blueprints.accounts import limiting
from blueprints.accounts.forms import (
    ChangePasswordForm,
    CodeForm,
    EmptyForm,
    ForgotForm,
    NewPhoneForm,
    ResetByCodeForm,
    ResetByLinkForm,
)
from blueprints.accounts.log_in import BY_PHONE
from blueprints.accounts.passwords import verify_ahead
from blueprints.accounts.routes import blueprint
from blueprints.accounts.service import profile_of
from blueprints.accounts.service.credentials import open_link, pending_phone
from core import sms
from core.access import member, public, requires
from core.crypto import token_digest
from core.errors import Forbidden
from core.fields import Form
from core.operations import Outcome
from core.pages import page
from core.posts import Again, posted, refuse, submit
from core.values import masked_phone


@blueprint.get("/me/password")
@requires("signed_in")
def edit_password(form: ChangePasswordForm | None = None, status: int = 200) -> ResponseReturnValue:
    """The form for a new password."""
    return page(
        "accounts/password.html",
        tab="me",
        status=status,
        form=form or ChangePasswordForm(),
        phone=profile_of(member().id).phone,
    )


@blueprint.post("/me/password")
@requires("signed_in")
def change_password() -> ResponseReturnValue:
    """Keep a new password."""
    return _with_password("password.change", edit_password, ChangePasswordForm, "current")


@blueprint.get("/me/phone")
@requires("signed_in")
def edit_phone(form: NewPhoneForm | None = None, status: int = 200) -> ResponseReturnValue:
    """The form for another phone, and for the code that was sent there."""
    return _phone_page(form=form, status=status)


@blueprint.post("/me/phone")
@requires("signed_in")
def request_phone() -> ResponseReturnValue:
    """Ask for another phone."""
    return _with_password("phone.request", edit_phone, NewPhoneForm, "password")


@blueprint.post("/me/phone/code")
@requires("signed_in")
def confirm_phone() -> ResponseReturnValue:
    """Take the new phone into use by its code."""

    def again(form: CodeForm, status: int) -> ResponseReturnValue:
        return _phone_page(code_form=form, status=status)

    try:
        limiting.count(limiting.CODES_BY_ADDRESS, f"code {member().id}")
    except limiting.TooOften as refusal:
        return refuse(refusal, again, CodeForm())
    return submit("phone.change", again)


@blueprint.get("/me/phone/<token>")
@requires("signed_in")
def open_phone_link(token: str, form: EmptyForm | None = None, status: int = 200) -> ResponseReturnValue:  # noqa: ARG001
    """An admin's link: the new phone, to be confirmed by its owner."""
    link = open_link(token, "phone")
    if link.member_id != member().id:
        raise Forbidden
    return page(
        "accounts/phone_link.html", tab="me", status=status, token=token, new_phone=masked_phone(link.phone or "")
    )


@blueprint.post("/me/phone/<token>")
@requires("signed_in")
def use_phone_link(token: str) -> ResponseReturnValue:
    """Take the new phone into use by an admin's link."""

    def again(form: EmptyForm, status: int) -> ResponseReturnValue:
        return open_phone_link(token, form=form, status=status)

    return submit("phone.change_by_link", again, target=token_digest(token))


@blueprint.get("/password/forgot")
@public
def forgot(form: ForgotForm | None = None, status: int = 200) -> ResponseReturnValue:
    """Who forgot the password says for which phone; the answer tells nobody whether it is known."""
    return page(
        "accounts/forgot.html",
        tab="login",
        status=status,
        description=gettext("忘了密码：写下手机号，我们帮您重新设一个。"),
        form=form or ForgotForm(),
        by_code=sms.available(),
    )


@blueprint.post("/password/forgot")
@public
def forgot_password() -> ResponseReturnValue:
    """Ask for a way back in."""
    form = ForgotForm.of(posted(ForgotForm))
    phone = form.phone.data
    try:
        limiting.count(limiting.FORGOTTEN_BY_ADDRESS, f"forgotten {limiting.address()}")
        if phone:
            limiting.count(limiting.FORGOTTEN_BY_PHONE, f"forgotten {phone}")
    except limiting.TooOften as refusal:
        return refuse(refusal, forgot, form)

    def remember(outcome: Outcome) -> str:
        session["forgotten"] = phone
        return outcome.url or "/login"

    return submit("password.forgotten", forgot, then=remember)


@blueprint.get("/password/code")
@public
def enter_code(form: ResetByCodeForm | None = None, status: int = 200) -> ResponseReturnValue:
    """The form for the code and a new password."""
    return page(
        "accounts/reset_code.html",
        tab="login",
        status=status,
        description=gettext("填上短信里的验证码，设一个新密码。"),
        form=form or ResetByCodeForm(data={"phone": session.get("forgotten", "")}),
    )


@blueprint.post("/password/code")
@public
def reset_by_code() -> ResponseReturnValue:
    """Choose a new password by a code."""
    form = ResetByCodeForm.of(posted(ResetByCodeForm))
    try:
        limiting.count(limiting.CODES_BY_ADDRESS, f"code {limiting.address()}")
    except limiting.TooOften as refusal:
        return refuse(refusal, enter_code, form)

    def to_login(outcome: Outcome) -> str:
        session.pop("forgotten", None)
        limiting.limits().clear(BY_PHONE, f"log-in {form.phone.data}")
        return outcome.url or "/login"

    return submit("password.reset_by_code", enter_code, then=to_login)


@blueprint.get("/password/reset/<token>")
@public
def open_reset_link(token: str, form: ResetByLinkForm | None = None, status: int = 200) -> ResponseReturnValue:
    """An admin's link: the form for a new password."""
    link = open_link(token, "password")
    return page(
        "accounts/reset_link.html",
        tab="login",
        status=status,
        token=token,
        form=form or ResetByLinkForm(),
        person=profile_of(link.member_id).real_name,
    )


@blueprint.post("/password/reset/<token>")
@public
def reset_by_link(token: str) -> ResponseReturnValue:
    """Choose a new password by an admin's link."""

    def again(form: ResetByLinkForm, status: int) -> ResponseReturnValue:
        return open_reset_link(token, form=form, status=status)

    return submit("password.reset", again, target=token_digest(token))


def _phone_page(
    form: NewPhoneForm | None = None, code_form: CodeForm | None = None, status: int = 200
) -> ResponseReturnValue:
    person = profile_of(member().id)
    pending = pending_phone(person.id)
    return page(
        "accounts/phone.html",
        tab="me",
        status=status,
        phone=person.phone,
        pending=masked_phone(pending) if pending else None,
        form=form or NewPhoneForm(),
        code_form=code_form or CodeForm(),
        by_code=sms.available(),
    )


def _with_password(name: str, again: Again, form_class: type[Form], field: str) -> ResponseReturnValue:
    """Post an operation that asks for the present password: its tries are limited, its hash is checked beforehand."""
    person = member()
    form = form_class.of(posted(form_class))
    key = f"password {person.id}"
    try:
        limiting.check(limiting.PASSWORD_TRIES, key)
    except limiting.TooOften as refusal:
        return refuse(refusal, again, form)
    right = bool(form[field].data) and verify_ahead(profile_of(person.id).password_hash, form[field].data)
    answer = make_response(submit(name, again))
    if form[field].data and not right and answer.status_code != 303:
        limiting.limits().hit(limiting.PASSWORD_TRIES, key)
    return answer
