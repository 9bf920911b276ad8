"""Offline events of the community, and who signed up for them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from blueprints.accounts.models import Member
from core.database import Base, Keyed, Versioned

KINDS = ("matchmaking", "roadshow", "training", "culture", "visit")


class Event(Keyed, Versioned, Base):
    """One gathering at one place and time, with a number of seats.

    `state` is `scheduled` or `cancelled`; past is what the clock makes of it
    (`rules.event_state`). `confirmed_count` equals the rows of confirmed sign-ups and
    `next_place` is the next number of the waitlist's sequence: both change under the
    event's lock alone, by statements that leave `version` as it is, for a sign-up is
    no edit. Two years after the event its sign-ups are forgotten: then `came_count` and
    `walk_in_count` say how many came and how many of them without one, else they are null
    (`confirmed_count` stays). `ticket_key` is the key that signs its tickets, as PEM under the vault.
    """

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("kind IN ('matchmaking', 'roadshow', 'training', 'culture', 'visit')", name="kind_known"),
        CheckConstraint("state IN ('scheduled', 'cancelled')", name="state_known"),
        CheckConstraint("capacity >= 1", name="capacity_positive"),
        CheckConstraint("confirmed_count >= 0 AND confirmed_count <= capacity", name="never_oversold"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("signup_closes_at <= starts_at", name="closes_by_start"),
        Index("ix_events_starts_at", "starts_at", "id"),
        Index("ix_events_ends_at", "ends_at", "id"),
    )

    title: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    signup_closes_at: Mapped[datetime]
    venue: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(200), default="")
    capacity: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text, default="")
    public: Mapped[bool] = mapped_column(default=False)
    organizer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), index=True)
    trades: Mapped[list[str]] = mapped_column(JSON, default=list)
    state: Mapped[str] = mapped_column(String(10), default="scheduled")
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    cancelled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    confirmed_count: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    next_place: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    ticket_key: Mapped[str] = mapped_column(Text)
    came_count: Mapped[int | None]
    walk_in_count: Mapped[int | None]

    organizer: Mapped[Member] = relationship()

    def topics(self) -> Iterable[str]:
        return ("events", f"event:{self.id}")


class Signup(Keyed, Base):
    """One member's place at one event; signing up again after cancelling takes the same row.

    `state` is `confirmed`, `waitlisted` or `cancelled`; `place` numbers the waitlisted
    in the order in which they came, and nobody else. `attended_at` is when the door saw
    them, kept by the door.
    """

    __tablename__ = "signups"
    __table_args__ = (
        UniqueConstraint("event_id", "member_id", name="uq_signups_event_id_member_id"),
        UniqueConstraint("event_id", "place", name="uq_signups_event_id_place"),
        CheckConstraint("state IN ('confirmed', 'waitlisted', 'cancelled')", name="state_known"),
        CheckConstraint(
            "(state = 'waitlisted' AND place IS NOT NULL) OR (state <> 'waitlisted' AND place IS NULL)",
            name="place_when_waitlisted",
        ),
        Index("ix_signups_member_id_state", "member_id", "state"),
        Index("ix_signups_event_id_state", "event_id", "state"),
    )

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("events.id"))
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    state: Mapped[str] = mapped_column(String(10))
    place: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(String(200), default="")
    signed_up_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    promoted_at: Mapped[datetime | None]
    attended_at: Mapped[datetime | None]

    event: Mapped[Event] = relationship()
    member: Mapped[Member] = relationship()

    def topics(self) -> Iterable[str]:
        return (f"event:{self.event_id}", f"signups:{self.member_id}")
