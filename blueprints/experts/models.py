"""Expert groups, who is in them, and the consultations that members ask of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blueprints.accounts.models import Member
from core.database import Base, Keyed, Versioned
from core.errors import IdTaken, constraint_means


class ExpertGroup(Base):
    """One of the eight volunteer groups, with its lead."""

    __tablename__ = "expert_groups"
    __table_args__ = (
        CheckConstraint(
            "slug IN ('environment', 'tech_finance', 'health', 'software', 'supply_chain_finance', 'big_data', "
            "'interactive', 'finance_management')",
            name="slug_known",
        ),
    )

    slug: Mapped[str] = mapped_column(String(24), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(Text, default="")
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"), index=True)

    lead: Mapped[Member | None] = relationship()

    def topics(self) -> Iterable[str]:
        return ("experts", f"expert_group:{self.slug}", f"consultations:{self.lead_id}")


class Expert(Keyed, Base):
    """A member in a group, and what they know."""

    __tablename__ = "experts"
    __table_args__ = (UniqueConstraint("member_id", "group_slug", name="uq_experts_member_id_group_slug"),)

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    group_slug: Mapped[str] = mapped_column(ForeignKey("expert_groups.slug"), index=True)
    expertise: Mapped[str] = mapped_column(Text, default="")

    member: Mapped[Member] = relationship()

    def topics(self) -> Iterable[str]:
        return ("experts", f"expert_group:{self.group_slug}", f"member:{self.member_id}")


class Consultation(Keyed, Versioned, Base):
    """One thing that a member asks of a group, from the request to the rating.

    `answer_due_at` is set from `requested_at` when the row is made (`service.set_due`). `first_answered_at`
    is the group's first assigning or declining; `closed_at` the declining or withdrawing.
    Three years after its end only state, times and stars are left, for the figures: it is
    nobody's any more, and no page shows it (`retention.consultations`).
    """

    __tablename__ = "consultations"
    __table_args__ = (
        CheckConstraint(
            "state IN ('requested', 'assigned', 'scheduled', 'completed', 'declined', 'withdrawn', 'rated')",
            name="state_known",
        ),
        CheckConstraint("mode IN ('in_person', 'phone', 'video')", name="mode_known"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars_one_to_five"),
        CheckConstraint("state <> 'rated' OR stars IS NOT NULL", name="rated_has_stars"),
        CheckConstraint(
            "state NOT IN ('assigned', 'scheduled', 'completed', 'rated') OR expert_id IS NOT NULL "
            "OR member_id IS NULL",
            name="handled_has_expert",
        ),
        CheckConstraint(
            "member_id IS NOT NULL OR state IN ('completed', 'declined', 'withdrawn', 'rated')",
            name="forgotten_when_over",
        ),
        CheckConstraint("state <> 'scheduled' OR starts_at IS NOT NULL", name="scheduled_has_time"),
        Index("ix_consultations_group_slug_state", "group_slug", "state"),
        Index("ix_consultations_member_id_requested_at", "member_id", "requested_at"),
        Index("ix_consultations_expert_id_state", "expert_id", "state"),
        Index("ix_consultations_requested_at", "requested_at"),
    )

    group_slug: Mapped[str] = mapped_column(ForeignKey("expert_groups.slug"))
    member_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))
    expert_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))
    topic: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(String(10), default="in_person")
    preferred_times: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(10), default="requested")
    starts_at: Mapped[datetime | None]
    place: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    stars: Mapped[int | None]
    comment: Mapped[str] = mapped_column(Text, default="")
    requested_at: Mapped[datetime]
    answer_due_at: Mapped[datetime]
    first_answered_at: Mapped[datetime | None]
    assigned_at: Mapped[datetime | None]
    scheduled_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    rated_at: Mapped[datetime | None]

    group: Mapped[ExpertGroup] = relationship(lazy="joined", innerjoin=True)
    member: Mapped[Member] = relationship(foreign_keys=[member_id])
    expert: Mapped[Member | None] = relationship(foreign_keys=[expert_id])

    @property
    def last_answer_at(self) -> datetime:
        """The last second in which a first answer is on time."""
        return self.answer_due_at - timedelta(seconds=1)

    def topics(self) -> Iterable[str]:
        people = (self.member_id, self.expert_id)
        return (
            "experts",
            f"expert_group:{self.group_slug}",
            f"consultation:{self.id}",
            *(f"consultations:{person}" for person in people if person),
        )


constraint_means("pk_consultations", IdTaken)
