"""Needs and offers, the answers to them, and what came of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from blueprints.accounts.models import TRADES, Member
from blueprints.needs.rules import CATEGORIES, KINDS, RESULTS
from core.database import Base, Keyed, Versioned


def _one_of(column: str, codes: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(code) for code in codes)})"


class Need(Keyed, Versioned, Base):
    """What a member lacks (`need`) or has to give (`offer`).

    `state` is `open` until its author closes it; that it is expired follows from
    `expires_on`, its last day, and today (`rules.state_on`). `hidden` takes it out of
    every list. `open_responses` is filled in by the queries of lists alone.
    """

    __tablename__ = "needs"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind_known"),
        CheckConstraint(_one_of("category", CATEGORIES), name="category_known"),
        CheckConstraint(_one_of("trade", TRADES), name="trade_known"),
        CheckConstraint(_one_of("state", ("open", *RESULTS)), name="state_known"),
        CheckConstraint("amount_cny >= 0", name="amount_not_negative"),
        Index("ix_needs_created_at", "created_at", "id"),
        Index("ix_needs_state_created_at", "state", "created_at", "id"),
        Index("ix_needs_kind_state_created_at", "kind", "state", "created_at", "id"),
        Index("ix_needs_category_created_at", "category", "created_at", "id"),
        Index("ix_needs_author_id_created_at", "author_id", "created_at", "id"),
    )

    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(5))
    title: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(12))
    trade: Mapped[str] = mapped_column(String(20))
    amount_cny: Mapped[int | None] = mapped_column(BigInteger)
    expires_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(9), default="open")
    created_at: Mapped[datetime]
    search_text: Mapped[str] = mapped_column(Text)
    hidden: Mapped[bool] = mapped_column(default=False)

    author: Mapped[Member] = relationship()
    outcome: Mapped[Outcome | None] = relationship(back_populates="need")
    open_responses: Mapped[int | None] = query_expression()

    def topics(self) -> Iterable[str]:
        return ("needs", f"need:{self.id}")


class NeedResponse(Keyed, Base):
    """One member's answer to a need: `offered`, `accepted` by the need's author, or `withdrawn` by who gave it."""

    __tablename__ = "need_responses"
    __table_args__ = (
        CheckConstraint("state IN ('offered', 'accepted', 'withdrawn')", name="state_known"),
        Index(
            "uq_need_responses_open",
            "need_id",
            "member_id",
            unique=True,
            sqlite_where=text("state != 'withdrawn'"),
            postgresql_where=text("state != 'withdrawn'"),
        ),
        Index("ix_need_responses_need_id", "need_id", "created_at"),
        Index("ix_need_responses_member_id", "member_id", "state"),
    )

    need_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("needs.id", ondelete="CASCADE"))
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(9), default="offered")
    hidden: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship()
    need: Mapped[Need] = relationship()

    def topics(self) -> Iterable[str]:
        return ("needs", f"need:{self.need_id}")


class Outcome(Base):
    """How a need ended: with whom (a member, or a name that is none's), worth how much, in which words."""

    __tablename__ = "need_outcomes"
    __table_args__ = (
        CheckConstraint(_one_of("result", RESULTS), name="result_known"),
        CheckConstraint("amount_cny >= 0", name="amount_not_negative"),
        Index("ix_need_outcomes_result_closed_at", "result", "closed_at", "need_id"),
    )

    need_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("needs.id", ondelete="CASCADE"), primary_key=True)
    result: Mapped[str] = mapped_column(String(9))
    partner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("members.id"), index=True)
    partner_name: Mapped[str] = mapped_column(String(80), default="")
    amount_cny: Mapped[int | None] = mapped_column(BigInteger)
    summary: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime]

    need: Mapped[Need] = relationship(back_populates="outcome")
    partner: Mapped[Member | None] = relationship()

    def topics(self) -> Iterable[str]:
        return ("needs", f"need:{self.need_id}")
