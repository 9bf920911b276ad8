"""Passwords and phones: changed by their owner, or regained by a code or an admin's one-time link."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from hmac import compare_digest
from urllib.parse import quote

from flask import current_app
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select, update

from blueprints.accounts import sessions
from blueprints.accounts.forms import (
    ChangePasswordForm,
    CodeForm,
    EmptyForm,
    ForgotForm,
    NewPhoneForm,
    OneTimeLinkForm,
    ResetByCodeForm,
    ResetByLinkForm,
)
from blueprints.accounts.models import Member, OneTimeLink
from blueprints.accounts.passwords import hash_ahead, verified_ahead
from blueprints.accounts.rules import CODE_TRIES
from blueprints.accounts.service.registration import PhoneTaken, everyone_with
from core import audit, sms
from core.clock import now
from core.crypto import Vault, token_digest
from core.database import db, locked, new_id
from core.errors import Forbidden, NotFound, Refusal
from core.operations import Act, Outcome, operation
from core.registries import notice_kind, tell
from core.values import masked_phone

LINK_LIFETIME = timedelta(hours=24)
CODE_LIFETIME = timedelta(minutes=10)
FORGOTTEN = notice_kind("password.forgotten", lazy_gettext("%(name)s 忘了密码，请核实后给一次性链接"))
PHONE_WANTED = notice_kind("phone.wanted", lazy_gettext("%(name)s 想把手机号换成 %(phone)s，请核实后给一次性链接"))
_MAY_RETURN = ("applicant", "refused", "member")


class WrongPassword(Refusal):
    """The present password does not fit, or was not checked within the limits."""

    status = 422
    message = lazy_gettext("现在的密码不对。")


class LinkInvalid(NotFound):
    """A one-time link that is unknown, used, or too old."""

    heading = lazy_gettext("这个链接不能用了")
    message = lazy_gettext("它只能用一次，用过了，或者已经过期。请联系秘书处再要一个。")


@operation("password.change", form=ChangePasswordForm, requires="signed_in", waits=False)
def change_password(act: Act, *, current: str, new: str) -> Outcome:
    """Choose a new password; every other phone is logged out. `current` was verified by the route, within limits."""
    member = _member(act.person.id)
    if not verified_ahead(member.password_hash, current):
        raise WrongPassword
    _set_password(member, new)
    sessions.revoke(member.id, but=act.person.session_id)
    return Outcome(gettext("密码已改，其他设备已退出登录。"), url="/me/password")


@operation("password.forgotten", form=ForgotForm, requires=None, waits=False)
def forgot_password(_act: Act, *, phone: str) -> Outcome:
    """Send a code, or tell the admins where there is no gateway; the answer is the same for unknown phones."""
    member = db.session.scalars(select(Member).where(Member.phone == phone, Member.status.in_(_MAY_RETURN))).first()
    if sms.available():
        if member:
            send_code(member.id, "password_code", phone)
        return Outcome(gettext("如果这个号码有账号，验证码马上就到，10 分钟内有效。"), url="/password/code")
    if member:
        tell(
            everyone_with("admin"),
            FORGOTTEN,
            url=f"/admin/members?q={quote(member.real_name)}",
            subject=f"member:{member.id}:forgotten:{now():%Y%m%d}",
            name=member.real_name,
        )
    return Outcome(
        gettext("如果这个号码有账号，秘书处已经知道了。核实身份后会给您一个一次性链接。"), url="/password/forgot"
    )


@operation("password.reset_by_code", form=ResetByCodeForm, requires=None, waits=False)
def reset_by_code(_act: Act, *, phone: str, code: str, password: str) -> Outcome:
    """Choose a new password with the code that came to the phone."""
    member = db.session.scalars(select(Member).where(Member.phone == phone, Member.status.in_(_MAY_RETURN))).first()
    if member is None or not code_fits(member.id, "password_code", code):
        return wrong_code()
    _set_password(member, password)
    sessions.revoke(member.id)
    return Outcome(gettext("密码已改，请用新密码登录。"), url="/login")


@operation("password.reset", form=ResetByLinkForm, requires=None, waits=False)
def reset_by_link(act: Act, *, password: str) -> Outcome:
    """Choose a new password with a one-time link; the target is the link's digest."""
    link = _use(act.target or "", "password")
    member = _member(link.member_id)
    _set_password(member, password)
    sessions.revoke(member.id)
    return Outcome(gettext("密码已改，请用新密码登录。"), url="/login")


@operation("phone.request", form=NewPhoneForm, requires="signed_in", waits=False)
def request_phone(act: Act, *, phone: str, password: str) -> Outcome:
    """Ask for another phone: a code goes there, or the admins are told. The password was verified by the route."""
    member = _member(act.person.id)
    if not verified_ahead(member.password_hash, password):
        raise WrongPassword
    if sms.available():
        send_code(member.id, "phone_code", phone)
        return Outcome(gettext("验证码已发到 %(phone)s。", phone=masked_phone(phone)), url="/me/phone")
    tell(
        everyone_with("admin"),
        PHONE_WANTED,
        url=f"/admin/members?q={quote(member.real_name)}",
        subject=f"member:{member.id}:phone:{phone}",
        name=member.real_name,
        phone=phone,
    )
    return Outcome(gettext("秘书处已经知道了，核实后会给您一个一次性链接。"), url="/me/phone")


@operation("phone.change", form=CodeForm, requires="signed_in", waits=False)
def change_phone_by_code(act: Act, *, code: str) -> Outcome:
    """Take the new phone into use with the code that came there."""
    pending = pending_phone(act.person.id)
    if pending is None or not code_fits(act.person.id, "phone_code", code):
        return wrong_code()
    return _set_phone(_member(act.person.id), pending, verified=True)


@operation("phone.change_by_link", form=EmptyForm, requires="signed_in", waits=False)
def change_phone_by_link(act: Act) -> Outcome:
    """Take the new phone into use with an admin's link; the target is its digest."""
    link = _use(act.target or "", "phone")
    if link.member_id != act.person.id or not link.phone:
        raise Forbidden(gettext("这个链接是给另一个账号的。"))
    return _set_phone(_member(act.person.id), link.phone, verified=False)


@operation("member.make_link", form=OneTimeLinkForm, requires="members.manage")
def make_one_time_link(act: Act, *, purpose: str, phone: str | None) -> Outcome:
    """Make a way back in for a member, to be handed over in person; `verdict["link"]` is its id for `link_url`.

    Earlier links for the same purpose stop working. Valid for 24 hours, once.
    """
    member = _member(act.target_id)
    if purpose == "phone" and not phone:
        raise Refusal(gettext("请填写新手机号。"))
    if phone and db.session.scalar(select(Member.id).where(Member.phone == phone)):
        raise PhoneTaken(gettext("这个手机号已有账号。"))
    link = _new_link(member.id, purpose, phone if purpose == "phone" else None, act.person.id, LINK_LIFETIME)
    link.digest = token_digest(secret_of(link.id))
    db.session.flush()
    audit.record(act.person, "member.make_link", "member", member.id, after={"purpose": purpose})
    return Outcome(url="/admin/members", verdict={"link": str(link.id)})


def link_url(link_id: uuid.UUID, maker_id: uuid.UUID) -> str | None:
    """The address that a fresh link opens, for the admin who made it; `None` once it is used or too old.

    The secret is not stored: it is computed from the link's id and the installation's key.
    """
    link = db.session.get(OneTimeLink, link_id)
    if link is None or link.made_by_id != maker_id or link.used_at or link.expires_at <= now():
        return None
    return f"{'/password/reset' if link.purpose == 'password' else '/me/phone'}/{secret_of(link.id)}"


def secret_of(link_id: uuid.UUID) -> str:
    """The secret in a link's address."""
    return _vault().keyed_hash(str(link_id), "one-time link")


def open_link(token: str, purpose: str) -> OneTimeLink:
    """The link of `token`, or `LinkInvalid`."""
    return _open(token_digest(token), purpose)


def pending_phone(member_id: uuid.UUID) -> str | None:
    """The phone to which a code was sent that can still be entered."""
    link = code_of(member_id, "phone_code")
    return link.phone if link else None


def _open(digest: str, purpose: str, *, lock: bool = False) -> OneTimeLink:
    found = select(OneTimeLink).where(
        OneTimeLink.digest == digest,
        OneTimeLink.purpose == purpose,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > now(),
    )
    link = db.session.scalars(found.with_for_update() if lock else found).one_or_none()
    if link is None:
        raise LinkInvalid
    return link


def _use(digest: str, purpose: str) -> OneTimeLink:
    link = _open(digest, purpose, lock=True)
    link.used_at = now()
    return link


def send_code(member_id: uuid.UUID, purpose: str, phone: str) -> None:
    """Send a code to a phone once this transaction is certain; earlier ones of this purpose stop working."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    link = _new_link(member_id, purpose, phone, None, CODE_LIFETIME)
    link.digest = _code_digest(link.id, code)
    db.session.flush()
    sms.send_after_commit(phone, gettext("验证码 %(code)s，10 分钟内有效。请勿转告他人。", code=code))


def code_of(member_id: uuid.UUID, purpose: str, *, lock: bool = False) -> OneTimeLink | None:
    """The code of this purpose that can still be entered."""
    found = select(OneTimeLink).where(
        OneTimeLink.member_id == member_id,
        OneTimeLink.purpose == purpose,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > now(),
        OneTimeLink.tries < CODE_TRIES,
    )
    return db.session.scalars(found.with_for_update() if lock else found).first()


def code_fits(member_id: uuid.UUID, purpose: str, code: str) -> bool:
    """Whether the code is right, used up when it is; a wrong one is counted."""
    link = code_of(member_id, purpose, lock=True)
    if link is None:
        return False
    if not compare_digest(link.digest, _code_digest(link.id, code)):
        link.tries += 1
        return False
    link.used_at = now()
    return True


def wrong_code() -> Outcome:
    """What is said of a wrong code: an outcome, not an exception: the try stays counted."""
    return Outcome(gettext("验证码不对或已过期。"), outcome="refused", status=422)


def _new_link(
    member_id: uuid.UUID, purpose: str, phone: str | None, maker_id: uuid.UUID | None, lifetime: timedelta
) -> OneTimeLink:
    db.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.member_id == member_id, OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None))
        .values(used_at=now())
    )
    link = OneTimeLink(
        id=new_id(),
        member_id=member_id,
        purpose=purpose,
        phone=phone,
        made_by_id=maker_id,
        created_at=now(),
        expires_at=now() + lifetime,
        tries=0,
    )
    db.session.add(link)
    return link


def _member(member_id: uuid.UUID) -> Member:
    member = locked(Member, member_id)
    if member is None or member.status not in _MAY_RETURN:
        raise NotFound
    return member


def _set_password(member: Member, password: str) -> None:
    db.session.execute(update(Member).where(Member.id == member.id).values(password_hash=hash_ahead(password)))


def _set_phone(member: Member, phone: str, *, verified: bool) -> Outcome:
    if db.session.scalar(select(Member.id).where(Member.phone == phone, Member.id != member.id)):
        raise PhoneTaken(gettext("这个手机号已有账号。"))
    member.phone = phone
    member.phone_verified_at = now() if verified else None
    return Outcome(gettext("手机号已改，以后用新号码登录。"), url="/me")


def _code_digest(link_id: uuid.UUID, code: str) -> str:
    return _vault().keyed_hash(f"{link_id} {code}", "code")


def _vault() -> Vault:
    vault: Vault = current_app.extensions["vault"]
    return vault
