"""Log-in by phone and password: the same answer and the same work for known and unknown phones."""

from __future__ import annotations

import uuid

from flask import current_app, request
from flask_babel import gettext
from sqlalchemy import select

from blueprints.accounts import sessions
from blueprints.accounts.models import Member
from core import crypto
from core.database import db, in_transaction
from core.errors import Refusal
from core.limits import Limits

BY_PHONE = "10 per 15 minutes"
BY_ADDRESS = "100 per 15 minutes"


class LogInFailed(Refusal):
    """Wrong phone or password, or too many tries."""

    status = 422


def log_in(phone: str, password: str) -> uuid.UUID:
    """Open a session and return whose, or raise `LogInFailed`. Failures are counted by phone and by address.

    The password is hashed before the transaction begins: hashing takes longer than the
    database should be kept waiting.
    """
    limits: Limits = current_app.extensions["limits"]
    address = request.remote_addr or ""
    wait = max(limits.blocked(BY_PHONE, f"log-in {phone}"), limits.blocked(BY_ADDRESS, f"log-in {address}"))
    if wait:
        too_many = LogInFailed(gettext("试得太多了，请 %(minutes)d 分钟后再试。", minutes=-(-int(wait) // 60)))
        too_many.status = 429
        raise too_many
    person = db.session.execute(select(Member).where(Member.phone == phone)).scalar_one_or_none()
    kept = person.password_hash if person and person.status != "erased" else None
    if not crypto.passwords.verify_or_dummy(kept, password) or person is None:
        db.session.rollback()
        limits.hit(BY_PHONE, f"log-in {phone}")
        limits.hit(BY_ADDRESS, f"log-in {address}")
        raise LogInFailed(gettext("手机号或密码不对。忘了密码可以找回。"))
    if person.status == "suspended":
        reason = person.suspended_reason.rstrip("。.！!；; \n")
        raise LogInFailed(gettext("这个账号已停用：%(reason)s。有疑问请联系秘书处。", reason=reason))
    fresh = crypto.passwords.hash(password) if crypto.passwords.needs_rehash(person.password_hash) else None
    member_id = person.id
    limits.clear(BY_PHONE, f"log-in {phone}")

    def open_session() -> None:
        member = db.session.get_one(Member, member_id)
        if fresh:
            member.password_hash = fresh
        sessions.log_in(member)

    in_transaction(open_session)
    return member_id


def log_in_applicant(phone: str) -> None:
    """Open a session for who has just handed in an application under `phone`; the password was theirs to choose."""
    in_transaction(
        lambda: sessions.log_in(db.session.execute(select(Member).where(Member.phone == phone)).scalar_one())
    )
