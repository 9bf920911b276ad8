"""The people and events of the community that is measured, made and read through the application's own tables."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from blueprints.accounts.models import LoginSession, Member, RoleGrant
from blueprints.accounts.sessions import LIFETIME
from blueprints.door.models import Checkin
from blueprints.door.tickets import ticket_text
from blueprints.events.models import Event, Signup
from blueprints.events.service import new_ticket_key
from core.clock import now
from core.database import db, new_id


class Community:
    """The database of an instance, asked and filled from beside the server."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def members(self, *roles: str, count: int = 1) -> list[uuid.UUID]:
        """Members of the community, the same each time; who has all of `roles`, or no role at all."""
        with self.app.app_context():
            statement = select(Member.id).where(Member.status == "member").order_by(Member.phone).limit(count)
            for role in roles:
                statement = statement.where(Member.role_grants.any(RoleGrant.role == role))
            if not roles:
                statement = statement.where(~Member.role_grants.any())
            found = list(db.session.scalars(statement))
        if len(found) < count:
            raise RuntimeError(f"the community has {len(found)} of {count} members {roles}")
        return found

    def everybody(self) -> list[uuid.UUID]:
        """All members."""
        with self.app.app_context():
            return list(db.session.scalars(select(Member.id).where(Member.status == "member").order_by(Member.phone)))

    def cookies(self, people: list[uuid.UUID]) -> list[str]:
        """A session for each of `people`, as the `Cookie` header of a phone that is logged in.

        Opened in the database, so that no password is hashed while something else is measured.
        """
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        opened = [(new_id(), member_id) for member_id in people]
        with self.app.app_context():
            for key, member_id in opened:
                db.session.add(
                    LoginSession(
                        id=key, member_id=member_id, created_at=now(), last_seen_at=now(), expires_at=now() + LIFETIME
                    )
                )
            db.session.commit()
        return [
            "huiyou=" + signer.dumps({"_user_id": str(key), "_fresh": True, "_permanent": True}) for key, _ in opened
        ]

    def new_event(
        self, capacity: int, *, starts_at: datetime | None = None, guests: list[uuid.UUID] | None = None
    ) -> uuid.UUID:
        """An event of the first organizer; sign-up is open, or with `guests` its door is."""
        starts_at = starts_at or now() + timedelta(minutes=20 if guests else 3 * 24 * 60)
        with self.app.app_context():
            key = new_id()
            db.session.add(
                Event(
                    id=key,
                    title="产业链对接会：建筑与制造",
                    kind="matchmaking",
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(hours=3),
                    signup_closes_at=starts_at,
                    venue="商会会议厅",
                    capacity=capacity,
                    body="请带名片与样品。\n会后一起吃个便饭，费用自理。",
                    public=True,
                    organizer_id=self.members("organizer")[0],
                    trades=["construction", "machinery"],
                    state="scheduled",
                    created_at=now(),
                    confirmed_count=len(guests or ()),
                    next_place=1,
                    ticket_key=new_ticket_key(key),
                )
            )
            db.session.flush()
            for member_id in guests or ():
                signup = Signup(id=new_id(), event_id=key, member_id=member_id, state="confirmed", signed_up_at=now())
                db.session.add(signup)
            db.session.commit()
            return key

    def signups(self, event_id: uuid.UUID) -> list[uuid.UUID]:
        """The confirmed sign-ups of an event."""
        with self.app.app_context():
            statement = select(Signup.id).where(Signup.event_id == event_id, Signup.state == "confirmed")
            return list(db.session.scalars(statement.order_by(Signup.id)))

    def tickets(self, event_id: uuid.UUID) -> list[str]:
        """The texts of an event's tickets."""
        with self.app.app_context():
            event = db.session.get_one(Event, event_id)
            rows = db.session.scalars(select(Signup).where(Signup.event_id == event_id, Signup.state == "confirmed"))
            return [ticket_text(row, event) for row in rows]

    def public_event(self) -> uuid.UUID:
        """The public event of the community that comes next and whose sign-up is open."""
        with self.app.app_context():
            statement = (
                select(Event.id)
                .where(Event.public.is_(True), Event.state == "scheduled", Event.signup_closes_at > now())
                .order_by(Event.starts_at, Event.id)
            )
            found = db.session.scalars(statement.limit(1)).first()
        return found or self.new_event(60)

    def line(self, event_id: uuid.UUID) -> Sequence[Any]:
        """State, place and instant of every sign-up of an event."""
        with self.app.app_context():
            statement = select(Signup.state, Signup.place, Signup.signed_up_at).where(Signup.event_id == event_id)
            return db.session.execute(statement).all()

    def inside(self, event_id: uuid.UUID) -> int:
        """How many the door of an event has let in."""
        with self.app.app_context():
            statement = select(func.count()).where(Checkin.event_id == event_id, Checkin.inside.is_(True))
            return db.session.scalar(statement) or 0

    def verdicts(self, event_id: uuid.UUID) -> Counter[str]:
        """What the door of an event has said, and how often."""
        with self.app.app_context():
            return Counter(db.session.scalars(select(Checkin.verdict).where(Checkin.event_id == event_id)))
