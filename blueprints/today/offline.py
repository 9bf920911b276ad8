"""The home page on a member's phone."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.today import service
from core.access import Viewer
from core.registries import OfflinePage, keeps_offline, visitors_keep_offline


@keeps_offline("today")
def pages(reader: Viewer) -> Iterator[OfflinePage]:
    """Today, as a member sees it."""
    if reader.is_member:
        home = service.home_of(reader)
        yield OfflinePage("/", home.topics, home.states, until=home.hour.next_turn)


@visitors_keep_offline("today")
def visitors() -> Iterator[OfflinePage]:
    """What this is. An event that ends and an issue that comes out change its figures."""
    until = service.next_turn()  # before what it changes
    yield OfflinePage("/", service.FRONT_TOPICS, service.front().states, until=until)
