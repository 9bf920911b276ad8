"""Log-in by phone and password: the same answer and the same work for known and unknown phones.

Failures are counted by phone and by address. A phone or computer on which somebody has logged
in before counts its own: whoever guesses elsewhere shuts the honest out of nothing.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta

from flask import Response, after_this_request, current_app, g, request
from flask_babel import gettext
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select, update

from blueprints.accounts import sessions
from blueprints.accounts.ceremonies import NotProven, check_answer, credential_id_of
from blueprints.accounts.models import Member, Passkey
from core import crypto
from core.clock import now
from core.database import db, in_transaction
from core.errors import Refusal
from core.limits import Limits

BY_PHONE = "10 per 15 minutes"
BY_ADDRESS = "100 per 15 minutes"
KNOWN = "known"
KNOWN_FOR = timedelta(days=365)
MOST_KNOWN = 5


class LogInFailed(Refusal):
    """Wrong phone or password, or too many tries."""

    status = 422


class TooManyTries(LogInFailed):
    """Guessing is stopped for a while; says how long."""

    status = 429

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(gettext("试得太多了，请 %(minutes)d 分钟后再试。", minutes=-(-wait_seconds // 60)))


def log_in(phone: str, password: str) -> uuid.UUID:
    """Open a session and return whose, or raise `LogInFailed`. Failures are counted by phone and by address.

    The password is hashed before the transaction begins: hashing takes longer than the
    database should be kept waiting.
    """
    person = proven(phone, password)
    refuse_suspended(person)
    fresh = crypto.passwords.hash(password) if crypto.passwords.needs_rehash(person.password_hash) else None
    member_id = person.id
    after_this_request(lambda response: _remember(phone, response))

    def open_session() -> None:
        member = db.session.get_one(Member, member_id)
        if fresh:
            member.password_hash = fresh
        sessions.log_in(member)

    in_transaction(open_session)
    return member_id


def proven(phone: str, password: str) -> Member:
    """Whose phone and password these are, suspended or not, or raise `LogInFailed`; no session is opened."""
    limits: Limits = current_app.extensions["limits"]
    counted = _counted(phone)
    if wait := max(limits.blocked(rule, key) for rule, key in counted):
        raise TooManyTries(wait)
    person = db.session.execute(select(Member).where(Member.phone == phone)).scalar_one_or_none()
    kept = person.password_hash if person and person.status != "erased" else None
    if not crypto.passwords.verify_or_dummy(kept, password) or person is None:
        db.session.rollback()
        for rule, key in counted:
            limits.hit(rule, key)
        raise LogInFailed(gettext("手机号或密码不对。忘了密码可以找回。"))
    if person.status != "suspended":
        limits.clear(*counted[0])
    return person


def log_in_by_passkey(credential: str) -> uuid.UUID:
    """Open a session for the owner of a passkey and return whose, or raise `NotProven` or `LogInFailed`."""
    limits: Limits = current_app.extensions["limits"]
    counted = BY_ADDRESS, f"log-in {request.remote_addr or ''}"
    if wait := limits.blocked(*counted):
        raise TooManyTries(wait)
    found = select(Passkey, Member).join(Member, Member.id == Passkey.member_id)
    try:
        row = db.session.execute(found.where(Passkey.credential_id == credential_id_of(credential))).one_or_none()
        if row is None or row[1].status == "erased":
            raise NotProven(gettext("这把通行密钥这里不认识，请用密码登录。"))
        key, person = row
        count = check_answer(credential, key.public_key, key.sign_count, person.id)
    except NotProven:
        db.session.rollback()
        limits.hit(*counted)
        raise
    refuse_suspended(person)
    key_id, member_id = key.id, person.id

    def open_session() -> None:
        used = update(Passkey).where(Passkey.id == key_id)
        db.session.execute(used.values(sign_count=count, last_used_at=now()))
        sessions.log_in(db.session.get_one(Member, member_id))

    in_transaction(open_session)
    return member_id


def refuse_suspended(person: Member) -> None:
    """Tell who has proved who they are that their account is suspended, and why."""
    if person.status == "suspended":
        g.suspended = True
        reason = person.suspended_reason.rstrip("。.！!；; \n")
        raise LogInFailed(gettext("这个账号已停用：%(reason)s。有疑问请联系秘书处。", reason=reason))


def _counted(phone: str) -> list[tuple[str, str]]:
    """By which rules and keys a failure counts: on a known device by that device alone."""
    if secret := _known_here().get(_mark_of(phone)):
        return [(BY_PHONE, f"log-in {phone} on {secret}")]
    return [(BY_PHONE, f"log-in {phone}"), (BY_ADDRESS, f"log-in {request.remote_addr or ''}")]


def _known_here() -> dict[str, str]:
    """The marks of those who logged in on this device before, each with a secret of the device's own."""
    try:
        known = _seal().loads(request.cookies.get(KNOWN, ""))
    except BadData:
        return {}
    return known if isinstance(known, dict) else {}


def _remember(phone: str, response: Response) -> Response:
    mark, known = _mark_of(phone), _known_here()
    mine = {mark: known.pop(mark, None) or secrets.token_urlsafe(12)}
    latest = dict([*known.items(), *mine.items()][-MOST_KNOWN:])
    response.set_cookie(
        KNOWN,
        _seal().dumps(latest),
        max_age=KNOWN_FOR,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
        path="/login",
    )
    return response


def _mark_of(phone: str) -> str:
    mark: str = current_app.extensions["vault"].keyed_hash(phone, "known device")
    return mark[:16]


def _seal() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="known device")


def log_in_applicant(phone: str) -> None:
    """Open a session for who has just handed in an application under `phone`; the password was theirs to choose."""
    in_transaction(
        lambda: sessions.log_in(db.session.execute(select(Member).where(Member.phone == phone)).scalar_one())
    )
