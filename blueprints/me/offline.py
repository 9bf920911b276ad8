"""My page on a member's phone."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.me import service
from core.access import Viewer
from core.registries import OfflinePage, keeps_offline


@keeps_offline("me")
def pages(reader: Viewer) -> Iterator[OfflinePage]:
    """What is mine."""
    if reader.is_member:
        mine = service.mine_of(reader)
        yield OfflinePage("/me", mine.topics, mine.states)
