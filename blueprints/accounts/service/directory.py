"""Who is a member: the directory by pinyin, trade and search, and each member's page."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import ColumnElement, func, or_, select, tuple_

from blueprints.accounts.models import Company, Member, RoleGrant
from blueprints.accounts.rules import letter_of, name_patterns, phone_is_shown
from core.access import Viewer
from core.database import db
from core.errors import NotFound
from core.registries import ProfileFact, phone_shown_to, profile_facts
from core.text import like_pattern

PAGE = 30


@dataclass(frozen=True)
class Listed:
    """One line of the directory."""

    id: uuid.UUID
    real_name: str
    sort_key: str
    position: str
    trade: str
    company_name: str


@dataclass(frozen=True)
class Directory:
    """One page of members under the letters of their names; `found` counts all that match."""

    letters: list[tuple[str, list[Listed]]]
    next_after: uuid.UUID | None
    found: int


def members(q: str = "", trade: str = "", after: uuid.UUID | None = None) -> Directory:
    """Members in the order of pinyin; `q` is a name, pinyin, initials, a company, what it makes or buys."""
    wanted: list[ColumnElement[bool]] = [Member.status == "member"]
    if trade:
        wanted.append(Member.trade == trade)
    if q:
        pattern = like_pattern(q)
        wanted.append(
            or_(
                *(Member.search_text.like(name, escape="\\") for name in name_patterns(pattern)),
                Company.products.ilike(pattern, escape="\\"),
                Company.buys.ilike(pattern, escape="\\"),
            )
        )
    anchor = db.session.execute(select(Member.sort_key, Member.id).where(Member.id == after)).first() if after else None
    columns = (Member.id, Member.real_name, Member.sort_key, Member.position, Member.trade, Company.name)
    lines = select(*columns).join(Company, Company.id == Member.company_id).where(*wanted)
    if anchor:
        lines = lines.where(tuple_(Member.sort_key, Member.id) > tuple_(*anchor))
    rows = [Listed(*row) for row in db.session.execute(lines.order_by(Member.sort_key, Member.id).limit(PAGE + 1))]
    found = db.session.scalar(
        select(func.count()).select_from(Member).join(Company, Company.id == Member.company_id).where(*wanted)
    )
    letters = groupby(rows[:PAGE], key=lambda row: letter_of(row.sort_key))
    return Directory(
        [(letter, list(group)) for letter, group in letters],
        rows[PAGE - 1].id if len(rows) > PAGE else None,
        found or 0,
    )


@dataclass(frozen=True)
class Profile:
    """What `viewer` may see of a member; `phone` is None where it is not theirs to see."""

    member: Member
    roles: frozenset[str]
    phone: str | None
    own: bool
    facts: tuple[ProfileFact, ...] = field(default=())

    @property
    def stamp(self) -> str:
        """What of the page is not the member's own rows, for its etag."""
        return repr((self.phone, self.facts, sorted(self.roles)))


def profile_for(viewer: Viewer, member_id: uuid.UUID) -> Profile:
    """A member as `viewer` may see them; raises `NotFound` for who is none (admins see the suspended, too)."""
    member = db.session.get(Member, member_id)
    admin = viewer.can("members.manage")
    seen = ("member", "suspended") if admin else ("member",)
    if member is None or member.status not in seen:
        raise NotFound
    shown = phone_is_shown(
        viewer_id=viewer.id, member_id=member.id, visible=member.phone_visible, is_admin=admin, by_deal=False
    ) or any(by_deal(viewer.id, member.id) for by_deal in phone_shown_to)
    return Profile(
        member,
        roles_of(member.id),
        member.phone if shown else None,
        viewer.id == member.id,
        tuple(fact for facts in profile_facts for fact in facts(member.id)),
    )


def roles_of(member_id: uuid.UUID) -> frozenset[str]:
    """The roles of a member."""
    return frozenset(db.session.scalars(select(RoleGrant.role).where(RoleGrant.member_id == member_id)))
