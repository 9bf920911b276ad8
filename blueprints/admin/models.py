"""Sentences that admins have ready when they refuse or ask."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Keyed


class ReasonTemplate(Keyed, Base):
    """One ready sentence for a verdict (`refuse` or `ask`), in its place among the others."""

    __tablename__ = "reason_templates"
    __table_args__ = (CheckConstraint("verdict IN ('refuse', 'ask')", name="verdict_known"),)

    verdict: Mapped[str] = mapped_column(String(6), index=True)
    place: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(String(200))
