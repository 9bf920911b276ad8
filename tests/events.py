"""What tests of events plan, and how they look at it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from blueprints.events.models import Event, Signup
from blueprints.events.service import new_ticket_key
from core.clock import local, now
from core.database import db, new_id


def local_text(instant: datetime) -> str:
    """An instant as a form has it."""
    return local(instant).strftime("%Y-%m-%dT%H:%M")


def plan(**changes: Any) -> dict[str, str]:
    """What an organizer fills in for an event in a week."""
    starts = now() + timedelta(days=7)
    return {
        "title": "建筑遇上金融",
        "kind": "matchmaking",
        "starts_at": local_text(starts),
        "ends_at": local_text(starts + timedelta(hours=2)),
        "venue": "海棠里议事厅",
        "capacity": "3",
        **{name: str(value) for name, value in changes.items()},
    }


def make_event(app: Flask, organizer_id: uuid.UUID, **changes: Any) -> uuid.UUID:
    """An event in the database, by default in a week, for three; returns its id."""
    starts_at = changes.pop("starts_at", now() + timedelta(days=7))
    key = new_id()
    with app.app_context():
        values: dict[str, Any] = {
            "title": "建筑遇上金融",
            "kind": "matchmaking",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=2),
            "signup_closes_at": starts_at,
            "venue": "海棠里议事厅",
            "capacity": 3,
            "created_at": now(),
            "ticket_key": new_ticket_key(key),
            **changes,
        }
        db.session.add(Event(id=key, organizer_id=organizer_id, **values))
        db.session.commit()
    return key


def seats(app: Flask, event_id: uuid.UUID) -> tuple[int, int, int]:
    """The confirmed as the event counts them, as rows, and the rows that wait."""
    with app.app_context():
        counted = db.session.get_one(Event, event_id).confirmed_count
        states = dict(
            db.session.execute(
                select(Signup.state, func.count()).where(Signup.event_id == event_id).group_by(Signup.state)
            ).all()
        )
        return counted, states.get("confirmed", 0), states.get("waitlisted", 0)


def signup_id(app: Flask, event_id: uuid.UUID, member_id: uuid.UUID) -> uuid.UUID:
    """The id of a member's sign-up."""
    with app.app_context():
        return db.session.scalars(
            select(Signup.id).where(Signup.event_id == event_id, Signup.member_id == member_id)
        ).one()
