"""Reports of members, and what was hidden with its reason."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blueprints.accounts.models import Member
from blueprints.reports.rules import REASONS
from core.database import Base, Keyed
from core.registries import posting_topic


class Report(Keyed, Base):
    """What one member says of one thing: `open` until an admin upholds or dismisses it, with an answer."""

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name="state_known"),
        CheckConstraint(f"reason IN ({', '.join(repr(code) for code in REASONS)})", name="reason_known"),
        UniqueConstraint("reporter_id", "kind", "subject_id", name="uq_reports_once"),
        Index("ix_reports_state", "state", "id"),
        Index("ix_reports_subject", "kind", "subject_id"),
    )

    reporter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[uuid.UUID]
    reason: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(9), default="open")
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))

    reporter: Mapped[Member] = relationship(foreign_keys=[reporter_id])

    def topics(self) -> Iterable[str]:
        return ("reports",)


class Sanction(Keyed, Base):
    """What an admin did about a member's conduct: a `warning`, or a `pause` of posting; and its end."""

    __tablename__ = "sanctions"
    __table_args__ = (
        CheckConstraint("kind IN ('warning', 'pause')", name="kind_known"),
        CheckConstraint("(kind = 'pause') = (until_at IS NOT NULL)", name="a_pause_ends"),
        Index("ix_sanctions_member_id", "member_id", "id"),
    )

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    until_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    lifted_reason: Mapped[str] = mapped_column(Text, default="")

    def topics(self) -> Iterable[str]:
        return (f"conduct:{self.member_id}", posting_topic(self.member_id))


class Review(Keyed, Base):
    """That a member asked to have one decision looked at again: once, by an admin who had no part in it.

    A suspension is known by its entry on the audit trail.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint("kind IN ('hiding', 'warning', 'pause', 'suspension')", name="kind_known"),
        CheckConstraint("state IN ('open', 'kept', 'lifted')", name="state_known"),
        UniqueConstraint("kind", "subject_id", name="uq_reviews_once"),
        Index("ix_reviews_state", "state", "id"),
    )

    kind: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), index=True)
    words: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(6), default="open")
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))

    member: Mapped[Member] = relationship(foreign_keys=[member_id])

    def topics(self) -> Iterable[str]:
        return (f"conduct:{self.member_id}", "reports")


class Hiding(Keyed, Base):
    """That something was hidden: whose it is, why, by whom; and when and why it was shown again."""

    __tablename__ = "hidings"
    __table_args__ = (Index("ix_hidings_subject", "kind", "subject_id"),)

    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[uuid.UUID]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    hidden_at: Mapped[datetime]
    hidden_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    restored_at: Mapped[datetime | None]
    restored_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))
    restored_reason: Mapped[str] = mapped_column(Text, default="")

    def topics(self) -> Iterable[str]:
        return (f"conduct:{self.author_id}",)
