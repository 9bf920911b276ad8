"""The audit trail: what admins, organizers and editors did, append-only."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.access import Viewer
from core.clock import now
from core.database import Base, Keyed, db


class AuditEntry(Keyed, Base):
    """One act: who, what, on which thing, before and after (never a secret), when."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_subject", "subject_kind", "subject_id"),)

    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    actor_name: Mapped[str] = mapped_column(String(40))
    act: Mapped[str] = mapped_column(String(60), index=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(40))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(String(5000))


def record(
    actor: Viewer | None,
    act: str,
    kind: str,
    subject_id: object,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write one act to the trail, in the transaction of the act itself."""
    db.session.add(
        AuditEntry(
            at=now(),
            actor_id=actor.id if actor else None,
            actor_name=actor.real_name if actor else "",
            act=act,
            subject_kind=kind,
            subject_id=str(subject_id),
            before=before,
            after=after,
            reason=reason,
        )
    )
