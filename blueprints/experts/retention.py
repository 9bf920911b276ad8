"""What the expert groups forget: consultations, three years after their end. Figures still count them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from blueprints.experts.models import Consultation, ExpertGroup
from core.database import db, touch
from core.registries import forgets

OVER = ("completed", "rated", "declined", "withdrawn")
CONTENT = ("topic", "body", "preferred_times", "place", "reason", "summary", "comment")


@forgets("experts.consultations", months=36)
def consultations(before: datetime) -> int:
    """Who asked whom and every word of it; state, times and stars stay."""
    ended_at = func.coalesce(Consultation.completed_at, Consultation.closed_at)
    rows = db.session.execute(
        select(
            Consultation.id,
            Consultation.group_slug,
            Consultation.member_id,
            Consultation.expert_id,
            ExpertGroup.lead_id,
        )
        .join(ExpertGroup, ExpertGroup.slug == Consultation.group_slug)
        .where(Consultation.state.in_(OVER), Consultation.member_id.is_not(None), ended_at < before)
        .with_for_update(of=Consultation)
    ).all()
    for row in rows:
        db.session.execute(
            update(Consultation)
            .where(Consultation.id == row.id)
            .values(member_id=None, expert_id=None, **dict.fromkeys(CONTENT, ""))
        )
        people = (row.member_id, row.expert_id, row.lead_id)
        touch("experts", f"expert_group:{row.group_slug}", f"consultation:{row.id}")
        touch(*(f"consultations:{person}" for person in people if person))
    return len(rows)
