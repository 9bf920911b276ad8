"""What a phone keeps of events: the list, the coming 30 days, and all that is the member's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from blueprints.events import reading
from blueprints.events.models import Event
from blueprints.events.reading import Filters
from core.access import Viewer
from core.registries import OfflinePage, keeps_offline, visitors_keep_offline

DAYS = 30


def edit_page(event: Event) -> OfflinePage:
    """The form in which its organizer changes it."""
    return OfflinePage(f"/events/{event.id}/edit", (f"event:{event.id}",), dated=False)


def new_page() -> OfflinePage:
    """The form of an event to be."""
    return OfflinePage("/events/new")


def list_page(viewer: Viewer | None) -> OfflinePage:
    """The first page of what comes."""
    rows, _ = reading.listing(viewer, Filters())
    turn = reading.next_turn(row.event for row in rows)
    return OfflinePage("/events", reading.list_topics(viewer), reading.list_states(rows), until=turn)


@keeps_offline("events")
def pages(viewer: Viewer) -> Iterator[OfflinePage]:
    """The lists, each coming event and each of one's own, and for who runs events their forms."""
    yield list_page(viewer)
    if not viewer.is_member:
        return
    rows, _ = reading.listing(viewer, Filters(past=True))
    yield OfflinePage("/events?when=past", reading.list_topics(viewer), reading.list_states(rows))
    if viewer.can("event.create"):
        yield new_page()
    events = {row.event.id: row.event for row in reading.coming_within(viewer, DAYS)}
    own = {event.id: event for event, _ in reading.concerning(viewer.id, datetime(1970, 1, 1, tzinfo=UTC))}
    for event in {**events, **own}.values():
        turn = reading.next_turn((event,))
        topics, states = reading.page_topics(event.id, viewer), reading.page_states(event)
        yield OfflinePage(f"/events/{event.id}", topics, states, until=turn, dated=False)
        if turn and event.organizer_id == viewer.id:
            yield edit_page(event)


@visitors_keep_offline("events")
def visitors() -> Iterator[OfflinePage]:
    """The public events to come."""
    yield list_page(None)
