"""Issues of the briefing, every text that was saved of them, and who passed them on."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blueprints.accounts.models import Member
from core.database import Base, Keyed, Versioned


class Briefing(Keyed, Versioned, Base):
    """One issue. `date` is the day on which it is out; `number` is given when it is signed off.

    States: `draft`, `submitted`, `reviewed`, `signed_off`; `published` follows from
    `publishes_at` and the clock. `text_version` is the `version` that made the present text.
    """

    __tablename__ = "briefings"
    __table_args__ = (
        UniqueConstraint("number", name="uq_briefings_number"),
        UniqueConstraint("date", name="uq_briefings_date"),
        CheckConstraint("state IN ('draft', 'submitted', 'reviewed', 'signed_off')", name="state_known"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint(
            "state <> 'signed_off' OR (number IS NOT NULL AND publishes_at IS NOT NULL)", name="signed_off_whole"
        ),
        CheckConstraint(
            "editor_id <> reviewer_id AND editor_id <> publisher_id AND reviewer_id <> publisher_id",
            name="three_people",
        ),
        Index("ix_briefings_publishes_at", "publishes_at"),
        Index("ix_briefings_state", "state"),
    )

    number: Mapped[int | None]
    date: Mapped[date]
    title: Mapped[str] = mapped_column(String(80), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    text_version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    editor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    reviewer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))
    publisher_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))
    signed_off_at: Mapped[datetime | None]
    publishes_at: Mapped[datetime | None]

    editor: Mapped[Member] = relationship(foreign_keys=[editor_id])
    reviewer: Mapped[Member | None] = relationship(foreign_keys=[reviewer_id])
    publisher: Mapped[Member | None] = relationship(foreign_keys=[publisher_id])
    steps: Mapped[list[BriefingStep]] = relationship(order_by="BriefingStep.id")

    def topics(self) -> Iterable[str]:
        if self.state == "signed_off":
            return ("desk", "briefings", f"briefing:{self.number}")
        return ("desk",)


class BriefingVersion(Keyed, Base):
    """One text that was saved of an issue, by whom and when."""

    __tablename__ = "briefing_versions"
    __table_args__ = (UniqueConstraint("briefing_id", "version", name="uq_briefing_versions_briefing_id_version"),)

    briefing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("briefings.id", ondelete="CASCADE"))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    saved_at: Mapped[datetime]


class BriefingStep(Keyed, Base):
    """One act over an issue: `create`, `edit`, `submit`, `review`, `sign_off`, with verdict and comment."""

    __tablename__ = "briefing_steps"
    __table_args__ = (Index("ix_briefing_steps_briefing_id", "briefing_id", "id"),)

    briefing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("briefings.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    act: Mapped[str] = mapped_column(String(10))
    verdict: Mapped[str | None] = mapped_column(String(6))
    comment: Mapped[str] = mapped_column(Text, default="")

    actor: Mapped[Member] = relationship()


class BriefingNumbering(Base):
    """The one row under whose lock numbers are given, so that two issues signed off at once leave no gap."""

    __tablename__ = "briefing_numbering"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
