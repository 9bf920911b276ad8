"""What of the notices a phone keeps."""

from __future__ import annotations

from collections.abc import Iterable

from core.access import Viewer
from core.registries import OfflinePage, keeps_offline


def topics_of(person: Viewer) -> tuple[str, ...]:
    """What the list of notices shows."""
    return (f"notices:{person.id}",)


@keeps_offline("notices")
def pages(person: Viewer) -> Iterable[OfflinePage]:
    """The first page of the notices."""
    yield OfflinePage("/notices", topics_of(person), dated=False)
