"""Every text that was saved of an issue, and what one changed in another."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from blueprints.accounts.models import Member
from blueprints.briefings.models import Briefing, BriefingVersion
from blueprints.briefings.rules import Change, difference
from core.database import db
from core.errors import NotFound

SHOWN = 200


@dataclass(frozen=True)
class Saved:
    """One text that was saved: by whom, when, how long."""

    version: int
    author: str
    saved_at: datetime
    length: int


@dataclass(frozen=True)
class Comparison:
    """Two texts of an issue, and line by line what the later one changed."""

    before: int
    after: int
    titles: tuple[str, str]
    changes: list[Change]

    @property
    def added(self) -> int:
        return self._count("new")

    @property
    def removed(self) -> int:
        return self._count("gone")

    def _count(self, kind: str) -> int:
        return sum(len(text) for change in self.changes for of, text in change.pieces if of == kind)


def saved(key: uuid.UUID) -> list[Saved]:
    """The newest texts of an issue, the latest first."""
    rows = db.session.execute(
        select(BriefingVersion.version, Member.real_name, BriefingVersion.saved_at, func.length(BriefingVersion.body))
        .join(Member, Member.id == BriefingVersion.author_id)
        .where(BriefingVersion.briefing_id == key)
        .order_by(BriefingVersion.version.desc())
        .limit(SHOWN)
    )
    return [Saved(*row) for row in rows]


def compared(key: uuid.UUID, before: int, after: int) -> Comparison:
    """What version `after` changed in version `before`; version 0 is the empty text."""
    rows = db.session.scalars(
        select(BriefingVersion).where(BriefingVersion.briefing_id == key, BriefingVersion.version.in_((before, after)))
    )
    texts = {row.version: (row.title, row.body) for row in rows} | {0: ("", "")}
    if before not in texts or after not in texts:
        raise NotFound
    (old_title, old), (new_title, new) = texts[before], texts[after]
    return Comparison(before, after, (old_title, new_title), difference(old, new))


def text_of(key: uuid.UUID, version: int) -> tuple[str, str]:
    """Title and body of one version."""
    found = db.session.execute(
        select(BriefingVersion.title, BriefingVersion.body).where(
            BriefingVersion.briefing_id == key, BriefingVersion.version == version
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def issue_of(key: uuid.UUID) -> Briefing:
    """The issue, for its title and state."""
    found = db.session.get(Briefing, key)
    if found is None:
        raise NotFound
    return found
