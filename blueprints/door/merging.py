"""Facts of one guest, merged: what each comes to beside the others, written where it has changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, select, update
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Member
from blueprints.door import rules
from blueprints.door.models import Checkin
from blueprints.events.models import Signup
from core.database import db, new_id, run, table_of, touch

_recorder = aliased(Member)
_checkins = table_of(Checkin)
_COLUMNS = (
    "id",
    "guest_id",
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
_OF_GUESTS = (
    select(*(_checkins.c[name] for name in _COLUMNS), _recorder.real_name.label("recorder"))
    .join(_recorder, _recorder.id == _checkins.c.recorded_by_id)
    .where(
        _checkins.c.event_id == bindparam("event_id"),
        _checkins.c.guest_id.in_(bindparam("guest_ids", expanding=True)),
    )
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
_MERGED = ("verdict", "inside", "flags", "flagged")
_CHANGED = (
    update(_checkins)
    .where(_checkins.c.id == bindparam("its_id"))
    .values(serial=_NEXT, **{name: bindparam(f"new_{name}") for name in _MERGED})
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
    """A fact as it stands in the table, or will, and who recorded it."""

    id: uuid.UUID
    fact: rules.Fact
    verdict: str
    inside: bool
    flags: Sequence[str]
    resolved: Sequence[str]
    recorder: str

    def settled(self, now: rules.Settled) -> Known:
        """The same when the merge comes to `now`; a flag that was seen at its recording stays."""
        stays = [name for name in self.flags if name in rules.FLAGS_OF_ITSELF and not self.fact.undone]
        flags = [*stays, *([now.flag] if now.flag else [])]
        return replace(self, verdict=now.verdict, inside=now.inside, flags=flags)

    @property
    def flagged(self) -> bool:
        """Whether a flag of it waits for the organizer."""
        return bool(set(self.flags) - set(self.resolved))

    @property
    def merged(self) -> dict[str, Any]:
        """What the merge writes of it."""
        return {"verdict": self.verdict, "inside": self.inside, "flags": list(self.flags), "flagged": self.flagged}


class Facts:
    """The facts about some guests of an event: read together, merged as others come, written together by `save`."""

    def __init__(self, event_id: uuid.UUID, guest_ids: Iterable[uuid.UUID]) -> None:
        self._event_id = event_id
        self._of: dict[uuid.UUID, list[Known]] = {}
        self._stored: dict[uuid.UUID, Known] = {}
        self._new: list[dict[str, Any]] = []
        wanted = list(dict.fromkeys(guest_ids))
        for row in db.session.execute(_OF_GUESTS, {"event_id": event_id, "guest_ids": wanted}) if wanted else ():
            fact = rules.Fact(row.op_id, row.occurred_at, row.says, row.told, row.device, row.undone_at is not None)
            known = Known(row.id, fact, row.verdict, row.inside, row.flags, row.resolved, row.recorder)
            self._stored[row.id] = known
            self._of.setdefault(row.guest_id, []).append(known)

    def admission(self, guest_id: uuid.UUID | None) -> Known | None:
        """The fact that let the guest in."""
        known = self._of.get(guest_id, ()) if guest_id else ()
        return next((each for each in known if each.inside), None)

    def add(self, values: dict[str, Any], fact: rules.Fact, recorder: str) -> rules.Settled:
        """Take a new fact in beside the others of its guest, one about nobody alone; returns what it comes to."""
        guest_id = values["guest_id"] or new_id()
        known = Known(
            values["id"], fact, fact.says, inside=False, flags=values["flags"], resolved=(), recorder=recorder
        )
        self._of.setdefault(guest_id, []).append(known)
        self._new.append({**values, "fact": fact})
        return self.merge(guest_id)[-1]

    def merge(self, guest_id: uuid.UUID) -> list[rules.Settled]:
        """What the facts of a guest come to, each at its own place."""
        known = self._of.get(guest_id, [])
        settled = rules.settle([each.fact for each in known])
        self._of[guest_id] = [each.settled(now) for each, now in zip(known, settled, strict=True)]
        return settled

    def save(self) -> None:
        """Write what is new and what has changed: first who is not the admission any more, for there is only one."""
        its_event = {"its_event_id": self._event_id}
        now = {each.id: each for known in self._of.values() for each in known}
        changes = [now[key].merged | {"its_id": key} for key, known in self._stored.items() if now[key] != known]
        for change in sorted(changes, key=lambda change: change["inside"]):
            changed = {f"new_{name}" if name in _MERGED else name: value for name, value in change.items()}
            run(_CHANGED, changed | its_event)
        if self._new:
            run(_NEW, [_row(new, now[new["id"]]) | its_event for new in self._new])
        touch(f"door:{self._event_id}")
        before = {key for key, known in self._stored.items() if known.flagged}
        if before != {key for key, known in now.items() if known.flagged}:
            touch("flags")


def _row(values: dict[str, Any], known: Known) -> dict[str, Any]:
    fact: rules.Fact = values.pop("fact")
    said = {"op_id": fact.key, "says": fact.says, "told": fact.told, "device": fact.device, "occurred_at": fact.at}
    return {**values, **said, **known.merged, "resolved": []}


def undo(event_id: uuid.UUID, fact_id: uuid.UUID, guest_id: uuid.UUID | None, **undone: Any) -> datetime | None:
    """Take a fact's effect back; returns when the guest came in all the same, by another one."""
    run(_UNDONE, {**undone, "its_id": fact_id, "its_event_id": event_id})
    touch("flags")
    facts = Facts(event_id, [guest_id] if guest_id else ())
    if guest_id:
        facts.merge(guest_id)
    facts.save()
    admission = facts.admission(guest_id)
    return admission.fact.at if admission else None


def resolve(event_id: uuid.UUID, fact_id: uuid.UUID, flags: Sequence[str], *, by: uuid.UUID, at: datetime) -> None:
    """Somebody has seen to these flags of a fact."""
    values = {"resolved": list(flags), "resolved_at": at, "resolved_by_id": by}
    run(_RESOLVED, {**values, "its_id": fact_id, "its_event_id": event_id})
    touch(f"door:{event_id}", "flags")


def came(event_id: uuid.UUID, at: Mapping[uuid.UUID, datetime | None]) -> None:
    """Say on the sign-ups when these members came; by a statement, so that only a person's own pages change."""
    if at:
        values = [{"its_event_id": event_id, "its_member_id": key, "attended_at": when} for key, when in at.items()]
        run(_CAME, values)
        touch(*(f"signups:{member_id}" for member_id in at))
