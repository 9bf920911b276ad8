"""Which pages of needs a member's phone keeps, and what their etags are made of."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from blueprints.needs import reading
from blueprints.needs.rules import is_closed
from core.access import Viewer
from core.registries import OfflinePage, keeps_offline, posting_topic

KEPT_OPEN = 100


def list_page(url: str = "/needs") -> OfflinePage:
    """A list: it names people and says whether the sharing hour is on."""
    hour = reading.sharing_hour()
    return OfflinePage(url, ("needs", "people"), (hour.phase,), until=hour.next_turn, alike=True)


def need_page(need_id: uuid.UUID, state: str) -> OfflinePage:
    """One need with its answers, in the state that people see today."""
    return OfflinePage(f"/needs/{need_id}", (f"need:{need_id}", "people"), (state,), dated=False)


def edit_page(need_id: uuid.UUID) -> OfflinePage:
    """The form in which its author changes it."""
    return OfflinePage(f"/needs/{need_id}/edit", (f"need:{need_id}",), dated=False)


def new_page(person: Viewer) -> OfflinePage:
    """The empty form, which says when its reader may not post."""
    return OfflinePage("/needs/new", (posting_topic(person.id),))


@keeps_offline("needs")
def pages(person: Viewer) -> Iterator[OfflinePage]:
    """The lists' first pages, the form, the newest open needs, and all of one's own."""
    if not person.is_member:
        return
    yield list_page()
    yield list_page("/needs/solved")
    yield new_page(person)
    own = reading.states_of(person.id)
    for need_id, state in {**dict.fromkeys(reading.ids_open(KEPT_OPEN), "open"), **own}.items():
        yield need_page(need_id, state)
    for need_id, state in own.items():
        if not is_closed(state):
            yield edit_page(need_id)
