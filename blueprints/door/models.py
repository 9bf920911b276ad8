"""What was seen at the door: one row for each scan, each name tapped, each walk-in."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Keyed
from core.errors import IdTaken, constraint_means

SOURCES = ("ticket", "name", "walk_in")


class Checkin(Keyed, Base):
    """One fact of the door: what was scanned or tapped, where and when, and what was answered.

    A fact is never refused and never deleted; `undone_at` takes its effect back. `guest_id`
    is the person as the door counts people: the member's id where a member is known, for a
    walk-in by phone alone an id made of the phone, else one of the fact's own; a fact about
    nobody (a forged ticket) has none. `inside` stands on the one fact that let the guest in:
    the index holds it to one, whatever comes at once. `occurred_at` is the clock of the phone
    at the door, corrected, `received_at` the server's.

    `says`, `told`, `op_id` and `device` are what facts about the same guest are merged by (`rules.settle`):
    `verdict`, `inside` and `flags` follow from them, and may change when more facts arrive. `flagged` stands
    as long as a flag waits for the organizer; `resolved` are those that they have seen to. `serial` is given
    anew at each change of a fact, from a sequence of the event's own, so that a phone asks for what is newer.
    """

    __tablename__ = "checkins"
    __table_args__ = (
        CheckConstraint("source IN ('ticket', 'name', 'walk_in')", name="source_known"),
        CheckConstraint("NOT inside OR (guest_id IS NOT NULL AND undone_at IS NULL)", name="inside_is_somebody"),
        Index("ix_checkins_event_id_received_at", "event_id", "received_at", "id"),
        Index("ix_checkins_event_id_guest_id", "event_id", "guest_id"),
        Index("ix_checkins_event_id_serial", "event_id", "serial"),
    )

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("events.id"))
    guest_id: Mapped[uuid.UUID | None]
    signup_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("signups.id"), index=True)
    member_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"), index=True)
    walk_in_name: Mapped[str | None] = mapped_column(String(40))
    walk_in_phone: Mapped[str | None] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(8))
    verdict: Mapped[str] = mapped_column(String(20))
    inside: Mapped[bool] = mapped_column(Boolean(), default=False)
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)
    device: Mapped[str | None] = mapped_column(String(60))
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), index=True)
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))
    undo_reason: Mapped[str | None] = mapped_column(String(200))
    op_id: Mapped[str] = mapped_column(String(36), default="", server_default="")
    says: Mapped[str] = mapped_column(String(20), default="admitted", server_default="admitted")
    told: Mapped[str | None] = mapped_column(String(20))
    serial: Mapped[int] = mapped_column(Integer(), default=0, server_default="0")
    flagged: Mapped[bool] = mapped_column(Boolean(), default=False, server_default=false())
    resolved: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"))

    def topics(self) -> Iterable[str]:
        return (f"door:{self.event_id}",)


class Door(Base):
    """What an event's door keeps of its own: the number of the invitation that is shown, and who was thanked."""

    __tablename__ = "doors"

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("events.id"), primary_key=True)
    invitation: Mapped[int] = mapped_column(Integer(), default=0, server_default="0")
    thanked_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]

    def topics(self) -> Iterable[str]:
        return (f"door:{self.event_id}",)


class DoorStaff(Keyed, Base):
    """A member who helps at the door of one event, until 24 hours after it ends."""

    __tablename__ = "door_staff"
    __table_args__ = (UniqueConstraint("event_id", "member_id", name="uq_door_staff_event_id_member_id"),)

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("events.id"))
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), index=True)
    joined_at: Mapped[datetime]

    def topics(self) -> Iterable[str]:
        return (f"staff:{self.event_id}", f"doors:{self.member_id}")


Index(
    "uq_checkins_event_id_guest_id_inside",
    Checkin.event_id,
    Checkin.guest_id,
    unique=True,
    sqlite_where=Checkin.inside.is_(True),
    postgresql_where=Checkin.inside.is_(True),
)
constraint_means("pk_checkins", IdTaken)
