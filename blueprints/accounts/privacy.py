"""What accounts hold on a person, and what is left of it when they are erased."""

from __future__ import annotations

import uuid
from datetime import datetime
from secrets import token_hex
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, exists, func, select, update

from blueprints.accounts.identity import number_of
from blueprints.accounts.labels import REGISTRATION_LABELS, ROLE_LABELS, STATUS_LABELS, TRADE_LABELS
from blueprints.accounts.models import (
    Company,
    LoginSession,
    Look,
    Member,
    OneTimeLink,
    Passkey,
    Registration,
    RegistrationEntry,
    RoleGrant,
    RuleAcceptance,
    RuleComment,
)
from blueprints.accounts.service.registration import names_of
from core.clock import now
from core.crypto import Unreadable
from core.database import db, execute_count, table_of, touch
from core.held import Row, held
from core.registries import Held, Leaver, erases, exports, forgets

ERASED_NAME = "已退会会员"
NO_COMPANY = "（已退会）"
NAMELESS = uuid.UUID("00000000-0000-7000-8000-000000000001")
"""The company of everybody who was erased; it has no name."""


def _mine(model: Any) -> Any:
    return lambda member_id: model.member_id == member_id


def _own_row(member_id: uuid.UUID) -> list[Row]:
    columns = [column for column in table_of(Member).columns if column.name in _ABOUT_ME]
    row = dict(db.session.execute(select(*columns).where(Member.id == member_id)).one()._mapping)  # noqa: SLF001
    if row["identity_number"]:
        try:
            row["identity_number"] = number_of(db.session.get_one(Member, member_id))
        except Unreadable:
            row["identity_number"] = "***"
    return [row]


_ABOUT_ME: dict[str, Any] = {
    "real_name": _l("姓名"),
    "phone": _l("手机号"),
    "phone_visible": _l("会员看得到手机号"),
    "phone_verified_at": _l("手机号核实于"),
    "status": (_l("状态"), STATUS_LABELS),
    "joined_at": _l("入会时间"),
    "position": _l("职务"),
    "trade": (_l("行业"), TRADE_LABELS),
    "introduction": _l("自我介绍"),
    "strengths": _l("我能帮上什么"),
    "shortfalls": _l("我缺什么"),
    "referrer": _l("介绍人"),
    "identity_number": _l("身份证号"),
    "language": _l("语言"),
    "large": _l("大字"),
    "palette": _l("配色"),
    "suspended_reason": _l("停用的理由"),
    "erase_asked_at": _l("要求抹去于"),
}
exports(
    Held(
        "members",
        _l("我"),
        _ABOUT_ME,
        _own_row,
        ("members",),
        (
            *("company_id", "sort_key", "sounds_like", "search_text", "version"),
            *("password_hash", "identity_digest", "identity_digest_next", "calendar_token"),
        ),
    ),
    held(
        Company,
        _l("我的公司"),
        {
            "name": _l("名称"),
            "uscc": _l("统一社会信用代码"),
            "trade": (_l("行业"), TRADE_LABELS),
            "district": _l("所在地"),
            "size": _l("规模"),
            "products": _l("产品和服务"),
            "buys": _l("采购什么"),
        },
        where=lambda member_id: Company.id == select(Member.company_id).where(Member.id == member_id).scalar_subquery(),
        without=("name_key", "version"),
    ),
    held(RoleGrant, _l("我的角色"), {"role": (_l("角色"), ROLE_LABELS)}, "member_id"),
    held(
        Registration,
        _l("入会申请"),
        {
            "state": (_l("状态"), REGISTRATION_LABELS),
            "company_name": _l("公司"),
            "uscc": _l("统一社会信用代码"),
            "submitted_at": _l("交上时间"),
            "decided_at": _l("办理时间"),
            "refusals": _l("谢绝过几次"),
        },
        "member_id",
        without=("decided_by_id", "version"),
    ),
    held(
        RegistrationEntry,
        _l("申请的来往"),
        {"at": _l("时间"), "kind": _l("种类"), "body": _l("内容")},
        where=lambda member_id: RegistrationEntry.registration_id.in_(
            select(Registration.id).where(Registration.member_id == member_id)
        ),
        without=("registration_id", "author_id"),
    ),
    held(
        RuleAcceptance,
        _l("我接受过的规则"),
        {"slug": _l("规则"), "version": _l("版本"), "accepted_at": _l("接受于")},
        "member_id",
    ),
    held(
        RuleComment,
        _l("我对规则说的话"),
        {
            "slug": _l("规则"),
            "version": _l("版本"),
            "body": _l("内容"),
            "made_at": _l("时间"),
            "hidden": _l("已被隐藏"),
        },
        "author_id",
    ),
    held(
        LoginSession,
        _l("登录的设备"),
        {
            "created_at": _l("登录于"),
            "last_seen_at": _l("最近用过"),
            "expires_at": _l("到期"),
            "revoked_at": _l("退出于"),
            "confirmed_at": _l("再次输入密码于"),
            "device": _l("设备"),
            "address": _l("网络"),
        },
        "member_id",
    ),
    held(
        Passkey,
        _l("通行密钥"),
        {"name": _l("名字"), "created_at": _l("登记于"), "last_used_at": _l("最近用过"), "sign_count": _l("用过几次")},
        "member_id",
        without=("credential_id", "public_key"),
    ),
    held(
        OneTimeLink,
        _l("一次性链接和验证码"),
        {
            "purpose": _l("用途"),
            "phone": _l("手机号"),
            "created_at": _l("时间"),
            "expires_at": _l("到期"),
            "used_at": _l("用过于"),
            "tries": _l("试过几次"),
        },
        "member_id",
        without=("digest", "made_by_id"),
    ),
    held(
        Look,
        _l("谁看过我的资料"),
        {"at": _l("时间"), "what": _l("看了什么"), "reader_id": _l("谁（编号）")},
        "member_id",
        without=("day",),
    ),
)


@erases("accounts")
def forget_who(leaver: Leaver) -> None:
    """What the member said of rules stays, without a name."""
    for made in db.session.scalars(select(RuleComment).where(RuleComment.author_id == leaver.id)).unique():
        made.body = leaver.without(made.body)
        touch(*made.topics())
    db.session.flush()


@forgets("accounts.looks", months=36)
def looks(before: datetime) -> int:
    """Who looked at whose application, as long as what admins do is kept."""
    return execute_count(delete(Look).where(Look.at < before))


@forgets("accounts.acceptances", months=36)
def acceptances(before: datetime) -> int:
    """Which rules somebody had accepted, three years after they were erased."""
    left = select(Member.id).where(Member.status == "erased", Member.erase_asked_at < before)
    return execute_count(delete(RuleAcceptance).where(RuleAcceptance.member_id.in_(left)))


def leaver_of(member: Member) -> Leaver:
    """Who is erased, as features are told; the company only where it is nobody else's."""
    others = exists().where(Member.company_id == member.company_id, Member.id != member.id)
    alone = not db.session.scalar(select(others))
    return Leaver(
        id=member.id,
        real_name=member.real_name,
        phone=member.phone,
        company_name=member.company.name if alone else "",
        called=ERASED_NAME,
        unnamed_company=NO_COMPANY,
    )


def make_nameless(member: Member) -> None:
    """Empty a person's own rows; which rules they had accepted stays, and that there was somebody.

    The company goes where it was nobody else's. The row keeps its id, for what others count;
    the sessions say that they were ended, so that the person's phones forget their pages.
    """
    company = member.company
    ending = update(LoginSession).where(LoginSession.member_id == member.id)
    revoked_at = func.coalesce(LoginSession.revoked_at, now())
    db.session.execute(ending.values(revoked_at=revoked_at, device="", address=""))
    for model in (OneTimeLink, Passkey, Look, RoleGrant, Registration):
        db.session.execute(delete(model).where(_mine(model)(member.id)))
    db.session.execute(delete(Look).where(Look.reader_id == member.id))
    if db.session.get(Company, NAMELESS) is None:
        db.session.add(Company(id=NAMELESS, name=NO_COMPANY, trade="services"))
        db.session.flush()
    empty = ("position", "introduction", "strengths", "shortfalls", "referrer", "suspended_reason", "password_hash")
    values: dict[str, Any] = {
        **dict.fromkeys(empty, ""),
        **names_of(ERASED_NAME, ""),
        "search_text": "",
        "real_name": ERASED_NAME,
        "phone": f"x{token_hex(9)}",
        "phone_visible": False,
        "status": "erased",
        "company_id": NAMELESS,
        "identity_number": None,
        "identity_digest": None,
        "identity_digest_next": None,
        "calendar_token": None,
        "phone_verified_at": None,
        "language": None,
        "large": False,
        "palette": "auto",
        "erase_asked_at": member.erase_asked_at or now(),
    }
    db.session.execute(update(Member).where(Member.id == member.id).values(**values))
    if company.id != NAMELESS and not db.session.scalar(select(exists().where(Member.company_id == company.id))):
        db.session.execute(delete(Company).where(Company.id == company.id))
    touch("people", "registrations", f"member:{member.id}", f"company:{company.id}", f"sessions:{member.id}")


def due_for_erasure(before: datetime) -> list[uuid.UUID]:
    """Who asked to be erased before this instant, and was not."""
    asked = select(Member.id).where(Member.erase_asked_at <= before, Member.status != "erased")
    return list(db.session.scalars(asked.order_by(Member.id)))
