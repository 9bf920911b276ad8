"""What a member's phone keeps of the briefing: the list, and the last thirty issues."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from blueprints.briefings import service
from core.access import Viewer
from core.registries import OfflinePage, keeps_offline

KEPT = 30
LIST_TOPICS = ("briefings",)


def list_states() -> tuple[str, ...]:
    """What the clock changes in the list."""
    return (str(service.published_number()),)


def issue_topics(number: int | uuid.UUID, people: Iterable[uuid.UUID | None]) -> tuple[str, ...]:
    """What an issue's page shows: its text, and the names of three people."""
    return (f"briefing:{number}", *(f"member:{person}" for person in people if person))


def deeds_topics(member_id: uuid.UUID) -> tuple[str, ...]:
    """What the page of good deeds shows: the member's own."""
    return (f"deeds:{member_id}",)


def desk_topics() -> tuple[str, ...]:
    """What the desk's pages show: the issues in work, and the names of those who work on them."""
    return ("desk", "people")


def desk_states() -> tuple[str, ...]:
    """What the clock changes in the list of issues in work."""
    return (str(service.published_number()), service.next_free_day().isoformat())


@keeps_offline("briefings", alike=True)
def pages(reader: Viewer) -> Iterator[OfflinePage]:
    """The list and the newest issues."""
    if not reader.is_member:
        return
    until = service.next_publication()  # before what it changes: an issue that comes out between is in the list
    yield OfflinePage("/briefings", LIST_TOPICS, list_states(), until=until, dated=False, alike=True)
    for kept in service.kept(KEPT):
        topics = issue_topics(kept.number, kept.people)
        yield OfflinePage(f"/briefings/{kept.number}", topics, kept.neighbours.states, dated=False, alike=True)


@keeps_offline("deeds")
def deeds(reader: Viewer) -> Iterator[OfflinePage]:
    """What the member told the desk of others' good deeds."""
    if reader.is_member:
        yield OfflinePage("/deeds", deeds_topics(reader.id))
