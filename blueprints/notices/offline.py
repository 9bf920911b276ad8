"""What of the notices a phone keeps."""

from __future__ import annotations

from collections.abc import Iterable

from core import sms
from core.access import Viewer
from core.registries import OfflinePage, keeps_offline


def topics_of(person: Viewer) -> tuple[str, ...]:
    """What the list of notices shows."""
    return (f"notices:{person.id}",)


def choices_page(person: Viewer) -> OfflinePage:
    """What the person wants to be told of: by their roles, and where there is a gateway, by SMS."""
    states = (*sorted(person.roles), "sms" if sms.available() else "")
    return OfflinePage("/me/notices", (f"notice-choices:{person.id}",), states, dated=False)


@keeps_offline("notices")
def pages(person: Viewer) -> Iterable[OfflinePage]:
    """The first page of the notices, and what one wants to be told of."""
    yield OfflinePage("/notices", topics_of(person), dated=False)
    yield choices_page(person)
