"""What of reports a phone keeps: the decisions on oneself, with the way to have them looked at again."""

from __future__ import annotations

from collections.abc import Iterable

from core.access import Viewer
from core.registries import OfflinePage, keeps_offline


def conduct_page(person: Viewer) -> OfflinePage:
    """What admins decided on this person."""
    return OfflinePage("/me/conduct", (f"conduct:{person.id}",), dated=False)


@keeps_offline("reports")
def pages(person: Viewer) -> Iterable[OfflinePage]:
    """One's own decisions."""
    if person.is_member:
        yield conduct_page(person)
