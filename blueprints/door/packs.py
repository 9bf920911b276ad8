"""The pack that a phone takes down into the basement: roster, keys, rules of the door. No full phone, no op ids."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select

from blueprints.door import rules, tickets
from blueprints.door.models import Checkin
from blueprints.door.roster import Guest, door_topics, roster, walk_ins
from blueprints.events.models import Event
from blueprints.events.service import is_organizer, ticket_signer
from core.access import member
from core.assets import url_of
from core.database import db, stamps_of
from core.pages import etag_of

SCANNER = ("vendor/jsqr-1.4.0.min.js",)
"""What the door's page loads beside its own script; a phone that has the pack has it, too."""


def pack_etag(event: Event) -> str:
    """The etag of the door's pack, 8 hexadecimal characters; the event's own clock does not change it."""
    return etag_of(pack_url(event.id), stamps_of(("chamber", *pack_topics(event.id))).items(), ())


def pack_topics(event_id: uuid.UUID) -> tuple[str, ...]:
    """What the pack holds: the door, and the keys of the other events."""
    return (*door_topics(event_id), "events")


def pack_url(event_id: uuid.UUID) -> str:
    """Where a phone gets the pack of an event's door."""
    return f"/events/{event_id}/door/pack"


def roster_stamp(event: Event) -> str:
    """Another one when the event, who signed up, or a person on the roster has changed. One query."""
    return etag_of(f"/events/{event.id}/roster", stamps_of((f"event:{event.id}", "people")).items(), ())


def pack(event: Event) -> dict[str, Any]:
    """What a phone takes down into the basement: roster, public key, rules of the door. No full phone, no op ids."""
    guests = roster(event.id)
    return {
        "event": {
            "id": str(event.id),
            "title": event.title,
            "venue": event.venue,
            "state": event.state,
            "starts_at": event.starts_at.isoformat(),
            "ends_at": event.ends_at.isoformat(),
            "capacity": event.capacity,
        },
        "key": ticket_signer(event).public_jwk(),
        "others": tickets.keys_of_others(event),
        "rules": {
            "opens_at": rules.opens_at(event).isoformat(),
            "opens_before_minutes": int(rules.OPENS_BEFORE.total_seconds()) // 60,
            "lets_in": sorted(rules.LETS_IN),
            "kept_until": (event.ends_at + rules.KEPT_AFTER).isoformat(),
        },
        "runs_it": is_organizer(event, member()),
        "serial": serial_of(event.id),
        "roster_stamp": roster_stamp(event),
        "assets": [url for name in SCANNER if (url := url_of(name))],
        "roster": [_guest(guest) for guest in guests],
        "walk_ins": [_walk_in(guest) for guest in walk_ins(event.id)],
    }


def serial_of(event_id: uuid.UUID) -> int:
    """The number of the last change at this door. One query."""
    return db.session.scalar(select(func.max(Checkin.serial)).where(Checkin.event_id == event_id)) or 0


def _guest(guest: Guest) -> dict[str, Any]:
    return {
        "id": str(guest.signup_id),
        "guest": str(guest.member_id),
        "name": guest.name,
        "pinyin": guest.syllables,
        "company": guest.company,
        "last_four": guest.last_four,
        "state": guest.signup_state,
        "note": guest.note,
        "inside": _inside(guest),
    }


def _walk_in(guest: Guest) -> dict[str, Any]:
    return {
        "guest": str(guest.guest_id),
        "name": guest.name,
        "pinyin": guest.syllables,
        "company": guest.company,
        "last_four": guest.last_four,
        "inside": _inside(guest),
    }


def _inside(guest: Guest) -> dict[str, str] | None:
    if not guest.checkin_id or not guest.at:
        return None
    return {"checkin": str(guest.checkin_id), "at": guest.at.isoformat(), "by": guest.by or ""}
