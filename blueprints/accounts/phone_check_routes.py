"""Verifying an applicant's phone by a code, after the application was handed in."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue

from blueprints.accounts import limiting
from blueprints.accounts.forms import CodeForm
from blueprints.accounts.routes import blueprint
from blueprints.accounts.service import profile_of
from blueprints.accounts.service.phone_check import CHECK_URL, pending_check
from core import sms
from core.access import member, requires
from core.pages import page
from core.posts import refuse, submit
from core.values import masked_phone


@blueprint.get(CHECK_URL)
@requires("signed_in")
def phone_check(form: CodeForm | None = None, status: int = 200) -> ResponseReturnValue:
    """Send a code, and take it back."""
    person = profile_of(member().id)
    return page(
        "accounts/phone_check.html",
        tab="me",
        status=status,
        form=form or CodeForm(),
        phone=masked_phone(person.phone),
        verified_at=person.phone_verified_at,
        pending=pending_check(member()),
        available=sms.available(),
    )


@blueprint.post(CHECK_URL)
@requires("signed_in")
def send_phone_check() -> ResponseReturnValue:
    """Send the code."""

    def again(form: Any = None, status: int = 200) -> ResponseReturnValue:  # noqa: ARG001 a button has no values
        return phone_check(status=status)

    try:
        limiting.count(limiting.FORGOTTEN_BY_PHONE, f"check {member().id}")
    except limiting.TooOften as refusal:
        return refuse(refusal, again)
    return submit("phone.check", again)


@blueprint.post(f"{CHECK_URL}/code")
@requires("signed_in")
def enter_phone_check() -> ResponseReturnValue:
    """Take the code back."""
    try:
        limiting.count(limiting.CODES_BY_ADDRESS, f"code {member().id}")
    except limiting.TooOften as refusal:
        return refuse(refusal, phone_check, CodeForm())
    return submit("phone.verify", phone_check)
