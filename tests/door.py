"""A door for a test: an event tonight, its organizer's phone, and members who signed up."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from blueprints.door.models import Checkin
from blueprints.door.tickets import ticket_text
from blueprints.events.models import Event, Signup
from core.clock import now
from core.database import db
from tests.client import Browser, Page
from tests.events import make_event, signup_id
from tests.people import People


class Door:
    """One event that starts in an hour, with an organizer at its door."""

    def __init__(self, app: Flask, people: People, **event: Any) -> None:
        self.app, self.people = app, people
        self.organizer_id, self.organizer = people.logged_in("程门", "organizer")
        event.setdefault("starts_at", now() + timedelta(hours=1))
        event.setdefault("capacity", 100)
        self.event_id = make_event(app, self.organizer_id, **event)
        self.url = f"/events/{self.event_id}/door"
        self.checkins_url = f"/events/{self.event_id}/checkins"

    def signed_up(self, name: str = "", state: str = "confirmed", **values: Any) -> uuid.UUID:
        """A member with a sign-up in this state; returns the member's id."""
        member_id = self.people.member(name, **values)
        self.sign_up(member_id, state)
        return member_id

    def sign_up(self, member_id: uuid.UUID, state: str = "confirmed", note: str = "") -> uuid.UUID:
        """This member's sign-up, written as the events feature would."""
        with self.app.app_context():
            event = db.session.get_one(Event, self.event_id)
            place = event.next_place if state == "waitlisted" else None
            event.next_place += state == "waitlisted"
            event.confirmed_count += state == "confirmed"
            signup = Signup(
                event_id=event.id, member_id=member_id, state=state, place=place, note=note, signed_up_at=now()
            )
            db.session.add(signup)
            db.session.commit()
            return signup.id

    def signup_id(self, member_id: uuid.UUID) -> uuid.UUID:
        return signup_id(self.app, self.event_id, member_id)

    def signup(self, member_id: uuid.UUID) -> Signup:
        with self.app.app_context():
            signup = db.session.get_one(Signup, signup_id(self.app, self.event_id, member_id))
            db.session.expunge(signup)
            return signup

    def ticket(self, member_id: uuid.UUID) -> str:
        """The text of the QR code that this member's ticket would have."""
        with self.app.app_context():
            signup = db.session.get_one(Signup, signup_id(self.app, self.event_id, member_id))
            return ticket_text(signup, db.session.get_one(Event, self.event_id))

    def scan(self, ticket: str, **more: str) -> str:
        """Scan a ticket and read the verdict."""
        return self.post(ticket=ticket, **more)

    def check_in(self, member_id: uuid.UUID) -> str:
        """Tap a name and read the verdict."""
        return self.post(signup_id=str(self.signup_id(member_id)))

    def walk_in(self, name: str, phone: str = "") -> str:
        return self.post(walk_in_name=name, walk_in_phone=phone)

    def post(self, browser: Browser | None = None, **fields: str) -> str:
        """Post a check-in, find it accepted, and read its verdict from the fact."""
        page = (browser or self.organizer).post(self.checkins_url, fields)
        assert page.status == 303, page
        return self.facts()[-1].verdict

    def undo(self, checkin_id: uuid.UUID, reason: str = "", browser: Browser | None = None) -> Page:
        return (browser or self.organizer).post(f"{self.checkins_url}/{checkin_id}/undo", {"reason": reason})

    def facts(self) -> list[Checkin]:
        """Every fact of this door, in the order in which they came."""
        with self.app.app_context():
            facts = db.session.scalars(
                select(Checkin).where(Checkin.event_id == self.event_id).order_by(Checkin.received_at, Checkin.id)
            ).all()
            db.session.expunge_all()
            return list(facts)

    def page(self, query: str = "") -> Page:
        return self.organizer.get(f"{self.url}?q={query}" if query else self.url)
