"""The password once more, before much is handed out or changed: it holds for ten minutes on this phone."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from blueprints.accounts import limiting, sessions
from blueprints.accounts.models import Member
from blueprints.accounts.passwords import verify_ahead
from core.access import Viewer, member
from core.database import db, in_transaction
from core.errors import Refusal
from core.fields import Form
from core.posts import Again, refuse

LONGEST = 128


class PasswordWanted(Refusal):
    """The password was not given lately, or it is wrong."""

    status = 422


def confirm(person: Viewer, password: str | None) -> None:
    """Check the password within the limits and note it on the session; raises `PasswordWanted` or `TooOften`.

    Call it before a transaction begins: hashing takes longer than the database should be kept waiting.
    """
    if not password:
        raise PasswordWanted(gettext("请再输入一次密码，确认是您本人。"))
    key = f"password {person.id}"
    limiting.check(limiting.PASSWORD_TRIES, key)
    if not verify_ahead(db.session.get_one(Member, person.id).password_hash, password):
        limiting.limits().hit(limiting.PASSWORD_TRIES, key)
        raise PasswordWanted(gettext("现在的密码不对。"))
    in_transaction(lambda: sessions.confirm(person))


def asked(again: Again, form: Form | None = None) -> ResponseReturnValue | None:
    """`None` when this person may go on; else the answer: the page again, with what is missing."""
    person = member()
    if person.is_confirmed:
        return None
    try:
        confirm(person, request.form.get("password", "")[:LONGEST])
    except Refusal as refusal:
        return refuse(refusal, again, form)
    return None
