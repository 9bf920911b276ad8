"""Issues of the briefing, every text that was saved of them, and who passed them on."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blueprints.accounts.models import Member
from core.database import Base, Keyed, Versioned
from core.errors import IdTaken, constraint_means
from core.search import index_table

briefing_words = index_table("briefing_words")
"""Title and text of every issue that was signed off or imported, for the search."""


class Briefing(Keyed, Versioned, Base):
    """One issue. `date` is the day on which it is out; `number` is given when it is signed off.

    States: `draft`, `submitted`, `reviewed`, `signed_off`; `published` follows from
    `publishes_at` and the clock. `text_version` is the `version` that made the present text.
    An `imported` issue was made elsewhere: its people are not members, its day and number stand
    there where they were found on it, and `printed` keeps what it says of itself (`number`,
    `editor`, `reviewer`, `publisher`, `masthead`, `file`); `source_digest` holds it to one.
    """

    __tablename__ = "briefings"
    __table_args__ = (
        UniqueConstraint("number", name="uq_briefings_number"),
        UniqueConstraint("source_digest", name="uq_briefings_source_digest"),
        Index(
            "uq_briefings_date",
            "date",
            unique=True,
            sqlite_where=text("state <> 'imported'"),
            postgresql_where=text("state <> 'imported'"),
        ),
        CheckConstraint("state IN ('draft', 'submitted', 'reviewed', 'signed_off', 'imported')", name="state_known"),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint(
            "state <> 'signed_off' OR (number IS NOT NULL AND publishes_at IS NOT NULL)", name="signed_off_whole"
        ),
        CheckConstraint(
            "state = 'imported' OR (date IS NOT NULL AND editor_id IS NOT NULL)", name="made_here_or_imported"
        ),
        CheckConstraint(
            "editor_id <> reviewer_id AND editor_id <> publisher_id AND reviewer_id <> publisher_id",
            name="three_people",
        ),
        Index("ix_briefings_publishes_at", "publishes_at"),
        Index("ix_briefings_state", "state"),
        Index("ix_briefings_date_id", "date", "id"),
    )

    number: Mapped[int | None]
    date: Mapped[date | None]
    title: Mapped[str] = mapped_column(String(80), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    text_version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    editor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))
    reviewer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))
    publisher_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))
    signed_off_at: Mapped[datetime | None]
    publishes_at: Mapped[datetime | None]
    printed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    source_digest: Mapped[str | None] = mapped_column(String(64))

    editor: Mapped[Member | None] = relationship(foreign_keys=[editor_id])
    reviewer: Mapped[Member | None] = relationship(foreign_keys=[reviewer_id])
    publisher: Mapped[Member | None] = relationship(foreign_keys=[publisher_id])
    steps: Mapped[list[BriefingStep]] = relationship(order_by="BriefingStep.id")
    comments: Mapped[list[BriefingComment]] = relationship(order_by="BriefingComment.line, BriefingComment.id")
    corrections: Mapped[list[BriefingCorrection]] = relationship(order_by="BriefingCorrection.id")

    @property
    def place(self) -> str:
        """Where it is read: by its number, or by its id where it has none."""
        return f"/briefings/{self.number or self.id}"

    def topics(self) -> Iterable[str]:
        if self.state in ("signed_off", "imported"):
            return ("desk", "briefings", f"briefing:{self.number or self.id}")
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
    """One act over an issue (`rules.ACTS`, `correct`, `import`), with verdict and comment."""

    __tablename__ = "briefing_steps"
    __table_args__ = (Index("ix_briefing_steps_briefing_id", "briefing_id", "id"),)

    briefing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("briefings.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    act: Mapped[str] = mapped_column(String(10))
    verdict: Mapped[str | None] = mapped_column(String(6))
    comment: Mapped[str] = mapped_column(Text, default="")

    actor: Mapped[Member] = relationship()


class BriefingComment(Keyed, Base):
    """What a reviewer or publisher says to one line of a text: `quote` is the line as it stood in `version`."""

    __tablename__ = "briefing_comments"
    __table_args__ = (
        CheckConstraint("line > 0", name="line_positive"),
        Index("ix_briefing_comments_briefing_id", "briefing_id", "line"),
    )

    briefing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("briefings.id", ondelete="CASCADE"))
    version: Mapped[int]
    line: Mapped[int]
    quote: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]

    author: Mapped[Member] = relationship()

    def topics(self) -> Iterable[str]:
        return ("desk",)


class BriefingCorrection(Keyed, Base):
    """What was wrong in a published issue, for everybody who reads it; the issue itself stays as it was."""

    __tablename__ = "briefing_corrections"
    __table_args__ = (Index("ix_briefing_corrections_briefing_id", "briefing_id", "id"),)

    briefing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("briefings.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    at: Mapped[datetime]

    author: Mapped[Member] = relationship()


class Deed(Keyed, Base):
    """Something good that a member saw and sends to the desk; `doer` is whoever did it."""

    __tablename__ = "deeds"
    __table_args__ = (Index("ix_deeds_sent_at", "sent_at", "id"), Index("ix_deeds_author_id", "author_id"))

    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    doer: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]

    author: Mapped[Member] = relationship()

    def topics(self) -> Iterable[str]:
        return ("desk", f"deeds:{self.author_id}")


class BriefingFeed(Base):
    """The secret part of the address at which a member's feed reader finds the issues."""

    __tablename__ = "briefing_feeds"
    __table_args__ = (UniqueConstraint("token", name="uq_briefing_feeds_token"),)

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str] = mapped_column(String(64))


constraint_means("pk_deeds", IdTaken)
constraint_means("pk_briefing_comments", IdTaken)


class BriefingNumbering(Base):
    """The one row under whose lock numbers are given, so that two issues signed off at once leave no gap."""

    __tablename__ = "briefing_numbering"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
