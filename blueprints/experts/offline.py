"""What a member's phone keeps of the experts: the groups, and the member's own consultations."""

from __future__ import annotations

from collections.abc import Iterator

from blueprints.experts import service
from blueprints.experts.rules import GROUPS
from core.access import Viewer
from core.registries import OfflinePage, keeps_offline

KEPT_CONSULTATIONS = 50


def index_topics() -> tuple[str, ...]:
    """What the list of groups shows."""
    return ("experts", "people")


def group_topics(slug: str) -> tuple[str, ...]:
    """What a group's page shows."""
    return (f"expert_group:{slug}", "people")


def list_topics(reader: Viewer) -> tuple[str, ...]:
    """What the list of somebody's consultations shows; an admin's may be of everybody."""
    return (f"consultations:{reader.id}", "people", *(("experts",) if "admin" in reader.roles else ()))


def consultation_topics(key: object, slug: str) -> tuple[str, ...]:
    """What a consultation's page shows; the group's experts are in the form for assigning."""
    return (f"consultation:{key}", f"expert_group:{slug}", "people")


@keeps_offline("experts")
def pages(reader: Viewer) -> Iterator[OfflinePage]:
    """The groups, each of the eight, the list of consultations and the newest of them."""
    if not reader.is_member:
        return
    yield OfflinePage("/experts", index_topics())
    for slug in GROUPS:
        yield OfflinePage(f"/experts/{slug}", group_topics(slug))
    yield OfflinePage("/consultations", list_topics(reader))
    for key, slug in service.kept(reader, KEPT_CONSULTATIONS):
        yield OfflinePage(f"/consultations/{key}", consultation_topics(key, slug))
