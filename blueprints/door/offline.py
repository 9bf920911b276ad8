"""What a phone keeps of the door: a member's own tickets, and the doors of the next 48 hours, with their packs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select

from blueprints.door import rules
from blueprints.door.mine import doors_of
from blueprints.door.models import DoorStaff
from blueprints.door.packs import pack_topics, pack_url
from blueprints.door.roster import bare_topics, door_states
from blueprints.door.tickets import ticket_states, ticket_topics
from blueprints.events.models import Event, Signup
from core.access import Viewer
from core.clock import now
from core.database import db
from core.registries import OfflinePage, keeps_offline


@keeps_offline("door")
def pages(viewer: Viewer) -> Iterator[OfflinePage]:
    """Where one checks in, tickets of coming events, and the doors that this member keeps soon. Three queries."""
    if not viewer.is_member:
        return
    turns: list[datetime] = []
    rows = db.session.execute(
        select(Event, Signup.state, DoorStaff.id)
        .outerjoin(Signup, (Signup.event_id == Event.id) & (Signup.member_id == viewer.id))
        .outerjoin(DoorStaff, (DoorStaff.event_id == Event.id) & (DoorStaff.member_id == viewer.id))
        .where(
            Event.ends_at > now() - rules.KEPT_AFTER,
            or_(Signup.state == "confirmed", Event.organizer_id == viewer.id, DoorStaff.id.is_not(None)),
        )
        .order_by(Event.starts_at, Event.id)
        .limit(200)
    )
    for event, signup_state, helps in rows:
        if signup_state == "confirmed" and event.ends_at > now():
            yield OfflinePage(
                f"/events/{event.id}/ticket", ticket_topics(event.id, viewer.id), ticket_states(event), dated=False
            )
        if helps or event.organizer_id == viewer.id:
            turn = rules.next_turn(event, now())
            if event.starts_at <= now() + rules.KEPT_ON_PHONE_BEFORE:
                door = f"/events/{event.id}/door"
                yield OfflinePage(door, bare_topics(event.id), door_states(event, bare=True), until=turn)
                yield OfflinePage(pack_url(event.id), pack_topics(event.id), pack=event.id)
            elif turn:
                turns.append(turn)
    doors = doors_of(viewer)
    yield OfflinePage("/door", doors.topics, doors.states, until=min(turns, default=None))
