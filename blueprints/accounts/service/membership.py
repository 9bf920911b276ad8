"""What admins do with members: roles, suspending, reinstating. Somebody always stays admin."""

from __future__ import annotations

import uuid

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select

from blueprints.accounts import sessions
from blueprints.accounts.forms import ReinstateForm, RolesForm, SuspendForm
from blueprints.accounts.models import Member, RoleGrant
from blueprints.accounts.rules import keeps_an_admin
from core import audit
from core.access import ROLES
from core.database import db, locked, new_id
from core.errors import NotFound, Refusal
from core.operations import Act, Outcome, operation
from core.registries import notice_kind, on_member_gone, tell

SUSPENDED = notice_kind("member.suspended", lazy_gettext("您的账号已停用：%(reason)s"), urgent=True)
REINSTATED = notice_kind("member.reinstated", lazy_gettext("您的账号已恢复，可以登录了"), urgent=True)
ROLES_SET = notice_kind("member.roles", lazy_gettext("您的角色有变动，请在「我的」里查看"))


class NotOneself(Refusal):
    """An admin's own standing is another admin's business."""

    message = lazy_gettext("自己的角色和账号，请另一位管理员来改。")


class LastAdmin(Refusal):
    """Without this person nobody could decide anything any more."""

    message = lazy_gettext("这是最后一位管理员，请先设另一位。")


@operation("member.set_roles", form=RolesForm, requires="members.manage", waits=False)
def set_roles(act: Act, *, roles: list[str]) -> Outcome:
    """Give a member exactly these roles."""
    if act.target_id == act.person.id:
        raise NotOneself
    admins = _admins_locked()
    member = _member(act.target_id, "member")
    before = sorted(grant.role for grant in member.role_grants)
    if before == sorted(roles):
        return Outcome(gettext("角色没有变化"), url="/admin/members")
    if "admin" in before and "admin" not in roles and not keeps_an_admin(admins, member.id):
        raise LastAdmin
    member.role_grants = [grant for grant in member.role_grants if grant.role in roles] + [
        RoleGrant(member_id=member.id, role=role) for role in ROLES if role in roles and role not in before
    ]
    audit.record(
        act.person, "member.set_roles", "member", member.id, before={"roles": before}, after={"roles": sorted(roles)}
    )
    tell([member.id], ROLES_SET, url="/me", subject=f"member:{member.id}:roles:{act.op_id}")
    return Outcome(gettext("%(name)s 的角色已改", name=member.real_name), url="/admin/members")


@operation("member.suspend", form=SuspendForm, requires="members.manage")
def suspend(act: Act, *, reason: str) -> Outcome:
    """Shut a member out at once: sessions end, and what they held (seats, …) is freed."""
    if act.target_id == act.person.id:
        raise NotOneself
    admins = _admins_locked()
    member = _member(act.target_id, "member")
    if member.id in admins and not keeps_an_admin(admins, member.id):
        raise LastAdmin
    member.status = "suspended"
    member.suspended_reason = reason
    sessions.revoke(member.id)
    db.session.flush()
    for leave in on_member_gone:
        leave(member.id)
    audit.record(
        act.person,
        "member.suspend",
        "member",
        member.id,
        before={"status": "member"},
        after={"status": "suspended"},
        reason=reason,
    )
    tell([member.id], SUSPENDED, url="/me", subject=f"member:{member.id}:suspended:{new_id()}", reason=reason)
    return Outcome(gettext("%(name)s 已停用", name=member.real_name), url="/admin/members")


@operation("member.reinstate", form=ReinstateForm, requires="members.manage")
def reinstate(act: Act, *, reason: str | None) -> Outcome:
    """Let a suspended member in again; what was freed stays freed."""
    if act.target_id == act.person.id:
        raise NotOneself
    member = _member(act.target_id, "suspended")
    let_in(act, member, reason)
    return Outcome(gettext("%(name)s 已恢复", name=member.real_name), url="/admin/members")


def let_in(act: Act, member: Member, reason: str | None) -> None:
    """End a suspension, on the trail and told."""
    member.status = "member"
    member.suspended_reason = ""
    audit.record(
        act.person,
        "member.reinstate",
        "member",
        member.id,
        before={"status": "suspended"},
        after={"status": "member"},
        reason=reason,
    )
    tell([member.id], REINSTATED, url="/", subject=f"member:{member.id}:reinstated:{new_id()}")


def _admins_locked() -> list[uuid.UUID]:
    """Every admin, their grants and rows locked in one order, so that two admins cannot remove each other."""
    admins = (
        select(RoleGrant.member_id)
        .join(Member, Member.id == RoleGrant.member_id)
        .where(RoleGrant.role == "admin", Member.status == "member")
        .order_by(RoleGrant.member_id)
        .with_for_update()
    )
    return list(db.session.scalars(admins))


def _member(member_id: uuid.UUID, status: str) -> Member:
    member = locked(Member, member_id)
    if member is None or member.status not in ("member", "suspended"):
        raise NotFound
    if member.status != status:
        raise Refusal(gettext("这个账号已经停用。") if member.status == "suspended" else gettext("这个账号没有停用。"))
    return member
