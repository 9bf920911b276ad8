"""Forgetting who signed up for an event; the door says when, for it counts who came."""

from __future__ import annotations

from sqlalchemy import delete

from blueprints.events.models import Event, Signup
from blueprints.events.seats import set_counts
from core.database import db, touch


def forget_signups(event: Event, *, came: int, walk_ins: int) -> int:
    """Delete the sign-ups of an event and keep how many came; returns how many were deleted.

    The caller holds the event's lock and has deleted what refers to the sign-ups. What comes
    after the first time is added to what is kept.
    """
    set_counts(
        event,
        came_count=(event.came_count or 0) + came,
        walk_in_count=(event.walk_in_count or 0) + walk_ins,
    )
    people = db.session.scalars(delete(Signup).where(Signup.event_id == event.id).returning(Signup.member_id)).all()
    touch(*(f"signups:{member_id}" for member_id in people))
    return len(people)
