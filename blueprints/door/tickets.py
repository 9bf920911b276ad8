"""A member's ticket: its text, its QR code, and what a text that is held up at the door says."""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import segno
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from markupsafe import Markup
from sqlalchemy import select

from blueprints.events.models import Event, Signup
from blueprints.events.rules import event_state
from blueprints.events.service import ticket_signer
from core.clock import clock, now, today
from core.crypto import Forged, decoded, encoded, read_ticket
from core.database import db

AROUND = timedelta(days=60)
MOST_KEYS = 100
_keys: dict[tuple[uuid.UUID, str], EllipticCurvePublicKey] = {}


@dataclass(frozen=True)
class Reading:
    """What a ticket's text says: `genuine`, `forged` or `other_event`; whose sign-up, where it is genuine."""

    ticket: str
    signup_id: uuid.UUID | None = None


def ticket_text(signup: Signup, event: Event) -> str:
    """The text of the QR code; the same each time."""
    return ticket_signer(event).sign(signup.id, event.id)


@functools.lru_cache(maxsize=256)
def qr_svg(text: str) -> Markup:
    """The text as an SVG that fills its place: black on white with a quiet zone of four modules (ISO/IEC 18004)."""
    svg = segno.make(text, error="m", micro=False).svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass="qrline"
    )
    return Markup(svg)  # noqa: S704


def read(text: str, event: Event) -> Reading:
    """What a ticket's text means at the door of `event`."""
    try:
        ticket = read_ticket(text, _key_of(event))
        if ticket.event_id == event.id:
            return Reading("genuine", ticket.signup_id)
    except Forged:
        pass
    other = _event_named_in(text)
    if other and other.id != event.id:
        try:
            read_ticket(text, _key_of(other))
            return Reading("other_event")
        except Forged:
            pass
    return Reading("forged")


def _key_of(event: Event) -> EllipticCurvePublicKey:
    """The public key of an event, unsealed once for each process."""
    place = (event.id, event.ticket_key)
    if (key := _keys.get(place)) is None:
        if len(_keys) > 200:
            _keys.clear()
        key = _keys[place] = ticket_signer(event).public_key
    return key


def keys_of_others(event: Event) -> dict[str, list[str]]:
    """The public keys (x, y) of the events around this one, by id, so that a phone knows their tickets. One query."""
    rows = db.session.scalars(
        select(Event)
        .where(Event.id != event.id, Event.starts_at.between(event.starts_at - AROUND, event.starts_at + AROUND))
        .order_by(Event.starts_at)
        .limit(MOST_KEYS)
    )
    found = {}
    for other in rows:
        numbers = _key_of(other).public_numbers()
        found[str(other.id)] = [encoded(part.to_bytes(32)) for part in (numbers.x, numbers.y)]
    return found


def _event_named_in(text: str) -> Event | None:
    parts = text.split(".")
    try:
        return db.session.get(Event, uuid.UUID(bytes=decoded(parts[2]))) if len(parts) == 4 else None
    except ValueError:
        return None


@dataclass(frozen=True)
class TicketToday:
    """What to put on top of a member's day: the event of a ticket for today."""

    event_id: uuid.UUID
    signup_id: uuid.UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    venue: str
    attended_at: datetime | None

    @property
    def url(self) -> str:
        return f"/events/{self.event_id}/ticket"


def my_ticket_today(member_id: uuid.UUID) -> TicketToday | None:
    """The member's ticket for the first event of this local day that has not ended, or `None`. One query.

    A page that shows it has the topics `signups:ID` and, when there is one, `event:ID`.
    """
    start = clock.at(today(), time())
    row = db.session.execute(
        select(Event.id, Signup.id, Event.title, Event.starts_at, Event.ends_at, Event.venue, Signup.attended_at)
        .join(Signup, Signup.event_id == Event.id)
        .where(
            Signup.member_id == member_id,
            Signup.state == "confirmed",
            Event.state == "scheduled",
            Event.starts_at >= start,
            Event.starts_at < start + timedelta(days=1),
            Event.ends_at > now(),
        )
        .order_by(Event.starts_at, Event.id)
        .limit(1)
    ).first()
    return TicketToday(*row) if row else None


def ticket_topics(event_id: uuid.UUID, member_id: uuid.UUID) -> tuple[str, ...]:
    """What a ticket's page shows: the event, the member's sign-up, and the member's own name."""
    return (f"event:{event_id}", f"signups:{member_id}", f"member:{member_id}", "people")


def ticket_states(event: Event) -> tuple[str, ...]:
    """What the clock changes on a ticket's page."""
    return (event_state(event, now()),)
