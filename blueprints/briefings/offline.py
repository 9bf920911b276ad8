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


def issue_topics(number: int, people: Iterable[uuid.UUID | None]) -> tuple[str, ...]:
    """What an issue's page shows: its text, and the names of three people."""
    return (f"briefing:{number}", *(f"member:{person}" for person in people if person))


@keeps_offline("briefings")
def pages(reader: Viewer) -> Iterator[OfflinePage]:
    """The list and the newest issues."""
    if not reader.is_member:
        return
    yield OfflinePage("/briefings", LIST_TOPICS, list_states(), until=service.next_publication())
    for kept in service.kept(KEPT):
        yield OfflinePage(f"/briefings/{kept.number}", issue_topics(kept.number, kept.people), kept.neighbours.states)
