"""Everybody who has an account, as admins find and see them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Uuid, func, literal, or_, select, tuple_
from sqlalchemy.orm import selectinload

from blueprints.accounts.models import LoginSession, Member, Registration, RoleGrant
from core.access import ROLES
from core.database import db
from core.errors import NotFound
from core.text import like_pattern

PAGE = 30
LEAST_DIGITS = 4


@dataclass(frozen=True)
class Person:
    """One account with what admins need beside it."""

    member: Member
    registration_id: uuid.UUID | None
    last_seen_at: datetime | None

    @property
    def roles(self) -> list[str]:
        """The person's roles, in the usual order."""
        return roles_of(self.member)


def roles_of(member: Member) -> list[str]:
    """The roles of a loaded member, in the usual order."""
    has = {grant.role for grant in member.role_grants}
    return [role for role in ROLES if role in has]


def find(
    q: str = "", status: str = "", role: str = "", after: uuid.UUID | None = None
) -> tuple[list[Member], uuid.UUID | None]:
    """A page of accounts by pinyin, and the `after` of the next. `q`: name, company, or the end of a phone."""
    wanted = select(Member).where(Member.status != "erased").options(selectinload(Member.role_grants))
    if status:
        wanted = wanted.where(Member.status == status)
    if role:
        wanted = wanted.where(Member.role_grants.any(RoleGrant.role == role))
    if q:
        matches = Member.search_text.like(like_pattern(q), escape="\\")
        is_number = q.isdigit() and len(q) >= LEAST_DIGITS
        wanted = wanted.where(or_(matches, Member.phone.endswith(q, autoescape=True)) if is_number else matches)
    if after:
        at = select(Member.sort_key).where(Member.id == after).scalar_subquery()
        wanted = wanted.where(tuple_(Member.sort_key, Member.id) > tuple_(at, literal(after, Uuid())))
    rows = list(db.session.scalars(wanted.order_by(Member.sort_key, Member.id).limit(PAGE + 1)))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def person(member_id: uuid.UUID) -> Person:
    """One account; raises `NotFound`."""
    seen = select(func.max(LoginSession.last_seen_at)).where(LoginSession.member_id == member_id).scalar_subquery()
    row = db.session.execute(
        select(Member, Registration.id, seen)
        .outerjoin(Registration, Registration.member_id == Member.id)
        .where(Member.id == member_id, Member.status != "erased")
        .options(selectinload(Member.role_grants))
    ).one_or_none()
    if row is None:
        raise NotFound
    return Person(*row)
