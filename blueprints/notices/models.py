"""Notices, and the messages that wait for the SMS gateway."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Keyed


class Notice(Keyed, Base):
    """One thing that one member was told.

    `subject` names the cause, so that nobody is told the same twice; `words` fill
    the kind's sentence, which is said in the reader's language when it is read.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("member_id", "kind", "subject", name="uq_notices_member_id_kind_subject"),
        Index("ix_notices_member_id_id", "member_id", "id"),
        Index(
            "ix_notices_unread",
            "member_id",
            postgresql_where=text("read_at IS NULL"),
            sqlite_where=text("read_at IS NULL"),
        ),
    )

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(160))
    words: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    url: Mapped[str] = mapped_column(String(300))
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    def topics(self) -> Iterable[str]:
        return (f"notices:{self.member_id}",)


class MutedNotice(Base):
    """That one member wants no notices of one switch (`core.registries.NoticeSwitch`), or no messages (`sms`)."""

    __tablename__ = "muted_notices"
    __table_args__ = (Index("ix_muted_notices_switch", "switch"),)

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    switch: Mapped[str] = mapped_column(String(40), primary_key=True)


class SmsMessage(Keyed, Base):
    """One message that waits to be sent, written in the transaction of its cause.

    It names the member, not the phone: the number is read when it is sent. The row goes
    when the gateway took the message; until then `next_try_at` says when it is tried
    (again), which is also the claim of the one who is trying.
    """

    __tablename__ = "sms_messages"

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    body: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    next_try_at: Mapped[datetime] = mapped_column(index=True)
