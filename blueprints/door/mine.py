"""Where one checks in: the tickets that one holds, and the doors that one keeps."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time, timedelta

from sqlalchemy import ColumnElement, Select, func, select

from blueprints.door.models import Checkin
from blueprints.door.staff import helped_by
from blueprints.events import reading
from blueprints.events.models import Event
from blueprints.events.reading import Own
from blueprints.events.rules import phase
from core.access import Viewer
from core.clock import clock, now, today

MOST = 40
SEEN_TO = timedelta(days=30)
"""How long after an event its organizer is reminded of what was flagged at its door."""


@dataclass(frozen=True)
class Doors:
    """The coming events at whose doors somebody has something to show or to do."""

    reader: Viewer
    tickets: Sequence[Own]
    kept: Sequence[Event]
    helped: Sequence[Event]

    @property
    def topics(self) -> tuple[str, ...]:
        """What the page shows."""
        kept = {event.id for event in (*self.kept, *self.helped)}
        events = sorted(kept | {own.signup.event_id for own in self.tickets})
        return (
            f"signups:{self.reader.id}",
            f"doors:{self.reader.id}",
            "events",
            *(f"event:{event_id}" for event_id in sorted(events)),
        )

    @property
    def states(self) -> tuple[str, ...]:
        """What the clock changes on the page."""
        return (
            *(f"{own.signup.event_id}:{phase(own.signup.event, now())}" for own in self.tickets),
            *(f"{event.id}:{phase(event, now())}" for event in (*self.kept, *self.helped)),
        )


def doors_of(reader: Viewer) -> Doors:
    """What `reader` holds tickets for, runs, and helps at. Two queries."""
    own, runs = reading.ahead_of(reader, MOST)
    return Doors(reader, [each for each in own if each.signup.state == "confirmed"], runs, helped_by(reader))


def flagged_doors(organizer_id: uuid.UUID, what: ColumnElement[str]) -> Select[str, uuid.UUID, str, int]:
    """The events that somebody runs at whose doors something waits for them: `what`, id, title, how much."""
    number = func.count().label("number")
    return (
        select(what, Event.id, Event.title, number)
        .join(Checkin, Checkin.event_id == Event.id)
        .where(
            Checkin.flagged.is_(True),
            Event.organizer_id == organizer_id,
            Event.ends_at >= clock.at(today() - SEEN_TO, time()),
        )
        .group_by(Event.id, Event.title)
    )
