"""Facts of one guest, merged: what each comes to beside the others, written where it has changed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, select, update
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Member
from blueprints.door import rules
from blueprints.door.models import Checkin
from blueprints.events.models import Signup
from core.database import db, table_of, touch

_recorder = aliased(Member)
_checkins = table_of(Checkin)
_COLUMNS = (
    "id",
    "op_id",
    "occurred_at",
    "says",
    "told",
    "device",
    "undone_at",
    "verdict",
    "inside",
    "flags",
    "resolved",
)

# Built once: several phones wait for these at the door.
_OF_GUEST = (
    select(*(_checkins.c[name] for name in _COLUMNS), _recorder.real_name.label("recorder"))
    .join(_recorder, _recorder.id == _checkins.c.recorded_by_id)
    .where(_checkins.c.event_id == bindparam("event_id"), _checkins.c.guest_id == bindparam("guest_id"))
)
_older = _checkins.alias()
_NEXT = (
    select(func.coalesce(func.max(_older.c.serial), 0) + 1)
    .where(_older.c.event_id == bindparam("its_event_id"))
    .scalar_subquery()
)
_NEW = insert(_checkins).values(
    serial=_NEXT,
    **{
        c.name: bindparam(c.name)
        for c in _checkins.c
        if c.name not in ("serial", "undone_at", "undone_by_id", "undo_reason", "resolved_at", "resolved_by_id")
    },
)
_CHANGED = (
    update(_checkins)
    .where(_checkins.c.id == bindparam("its_id"))
    .values(serial=_NEXT, **{name: bindparam(f"new_{name}") for name in ("verdict", "inside", "flags", "flagged")})
)
_UNDONE = (
    update(_checkins)
    .where(_checkins.c.id == bindparam("its_id"))
    .values(
        serial=_NEXT,
        inside=False,
        flags=[],
        flagged=False,
        **{name: bindparam(name) for name in ("undone_at", "undone_by_id", "undo_reason")},
    )
)
_RESOLVED = (
    update(_checkins)
    .where(_checkins.c.id == bindparam("its_id"))
    .values(
        serial=_NEXT, flagged=False, **{name: bindparam(name) for name in ("resolved", "resolved_at", "resolved_by_id")}
    )
)
_CAME = update(table_of(Signup)).where(
    and_(
        table_of(Signup).c.event_id == bindparam("its_event_id"),
        table_of(Signup).c.member_id == bindparam("its_member_id"),
    )
)


@dataclass(frozen=True)
class Known:
    """A fact as it stands in the table, and who recorded it."""

    id: uuid.UUID
    fact: rules.Fact
    verdict: str
    inside: bool
    flags: Sequence[str]
    resolved: Sequence[str]
    recorder: str

    def flags_with(self, flag: str | None) -> list[str]:
        """The flags of this fact when the merge gives it `flag`; what was seen at its recording stays."""
        stays = [name for name in self.flags if name in rules.FLAGS_OF_ITSELF and not self.fact.undone]
        return [*stays, *([flag] if flag else [])]


def facts_of(event_id: uuid.UUID, guest_id: uuid.UUID | None) -> list[Known]:
    """All facts about one guest of an event; none about nobody. One query."""
    if guest_id is None:
        return []
    rows = db.session.execute(_OF_GUEST, {"event_id": event_id, "guest_id": guest_id})
    return [
        Known(
            row.id,
            rules.Fact(row.op_id, row.occurred_at, row.says, row.told, row.device, row.undone_at is not None),
            row.verdict,
            row.inside,
            row.flags,
            row.resolved,
            row.recorder,
        )
        for row in rows
    ]


def admission_among(known: Sequence[Known]) -> Known | None:
    """The fact that let the guest in."""
    return next((each for each in known if each.inside), None)


def add(values: dict[str, Any], fact: rules.Fact, others: Sequence[Known]) -> rules.Settled:
    """Write a new fact down beside the others of its guest, and what these come to now."""
    *settled, its_own = rules.settle([*(each.fact for each in others), fact])
    write(values["event_id"], others, settled)
    flags = [*values.pop("flags"), *([its_own.flag] if its_own.flag else [])]
    merged = {"verdict": its_own.verdict, "inside": its_own.inside, "flags": flags, "flagged": bool(flags)}
    said = {"op_id": fact.key, "says": fact.says, "told": fact.told, "device": fact.device, "occurred_at": fact.at}
    db.session.execute(_NEW, {**values, **said, **merged, "resolved": [], "its_event_id": values["event_id"]})
    touch(f"door:{values['event_id']}")
    return its_own


def write(event_id: uuid.UUID, known: Sequence[Known], settled: Sequence[rules.Settled]) -> None:
    """Write what has changed: first who is not the admission any more, for there is only ever one."""
    changes = []
    for each, now in zip(known, settled, strict=True):
        flags = each.flags_with(now.flag)
        if (each.verdict, each.inside, list(each.flags)) != (now.verdict, now.inside, flags):
            changes.append((now.inside, each, now.verdict, flags))
    for inside, each, verdict, flags in sorted(changes, key=lambda change: change[0]):
        values = {"new_verdict": verdict, "new_inside": inside, "new_flags": flags}
        flagged = bool(set(flags) - set(each.resolved))
        db.session.execute(_CHANGED, {**values, "new_flagged": flagged, "its_id": each.id, "its_event_id": event_id})
    touch(f"door:{event_id}")


def undo(event_id: uuid.UUID, fact_id: uuid.UUID, guest_id: uuid.UUID | None, **undone: Any) -> datetime | None:
    """Take a fact's effect back; returns when the guest came in all the same, by another one."""
    db.session.execute(_UNDONE, {**undone, "its_id": fact_id, "its_event_id": event_id})
    known = facts_of(event_id, guest_id)
    settled = rules.settle([each.fact for each in known])
    write(event_id, known, settled)
    return next((each.fact.at for each, now in zip(known, settled, strict=True) if now.inside), None)


def resolve(event_id: uuid.UUID, fact_id: uuid.UUID, flags: Sequence[str], *, by: uuid.UUID, at: datetime) -> None:
    """Somebody has seen to these flags of a fact."""
    values = {"resolved": list(flags), "resolved_at": at, "resolved_by_id": by}
    db.session.execute(_RESOLVED, {**values, "its_id": fact_id, "its_event_id": event_id})
    touch(f"door:{event_id}")


def came(event_id: uuid.UUID, member_id: uuid.UUID, at: datetime | None) -> None:
    """Say on the sign-up when its person came; by a statement, so that only the person's own pages change."""
    db.session.execute(_CAME, {"its_event_id": event_id, "its_member_id": member_id, "attended_at": at})
    touch(f"signups:{member_id}")
