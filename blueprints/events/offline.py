"""What a phone keeps of events: the list, the coming 30 days, and all that is the member's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from blueprints.events import reading
from blueprints.events.reading import Filters
from core.access import Viewer
from core.registries import OfflinePage, keeps_offline

DAYS = 30


@keeps_offline("events")
def pages(viewer: Viewer) -> Iterable[OfflinePage]:
    """The pages of events that this viewer's phone keeps, with what their etags are made of."""
    rows, _ = reading.listing(viewer, Filters())
    yield OfflinePage("/events", reading.list_topics(viewer), reading.list_states(rows))
    if not viewer.is_member:
        return
    rows, _ = reading.listing(viewer, Filters(past=True))
    yield OfflinePage("/events?when=past", reading.list_topics(viewer), reading.list_states(rows))
    if viewer.can("event.create"):
        yield OfflinePage("/events/new")
    events = {row.event.id: row.event for row in reading.coming_within(viewer, DAYS)}
    own = reading.concerning(viewer.id, datetime(1970, 1, 1, tzinfo=UTC))
    for event in {**events, **{event.id: event for event, _ in own}}.values():
        yield OfflinePage(f"/events/{event.id}", reading.page_topics(event.id, viewer), reading.page_states(event))
