"""What the organizer does when the crowd is in: see to what was flagged, write to who came and who did not."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import aliased

from blueprints.accounts.forms import EmptyForm
from blueprints.accounts.models import Member
from blueprints.door import merging, rules
from blueprints.door.forms import TellForm
from blueprints.door.models import Checkin, Door
from blueprints.door.staff import door_row
from blueprints.door.words import FLAGS, NAMELESS
from blueprints.events.models import Event, Signup
from blueprints.events.service import is_organizer
from core import audit
from core.clock import local, now
from core.database import db, locked
from core.errors import Duplicate, Forbidden, NotFound, Refusal
from core.operations import Act, Outcome, operation
from core.registries import notice_kind, notice_switch, tell

MOST = 100
GREETINGS = notice_switch("events.greetings", lazy_gettext("活动以后的一句问候"))
THANKED = notice_kind("event.thanked", lazy_gettext("谢谢您来参加“%(title)s”，下次再会。"), switch=GREETINGS)
MISSED = notice_kind("event.missed", lazy_gettext("“%(title)s”没能见到您，很惋惜，盼下次见。"), switch=GREETINGS)
_recorder, _other, _other_recorder = aliased(Member), aliased(Checkin), aliased(Member)


class NotOver(Refusal):
    """Nobody is thanked for an evening that is not over."""

    message = lazy_gettext("活动还没结束，结束以后再写。")


@dataclass(frozen=True)
class Task:
    """Something at the door that the organizer has to look at."""

    checkin_id: uuid.UUID
    name: str
    flags: Sequence[str]
    at: datetime
    by: str
    device: str | None
    first_at: datetime | None
    first_by: str | None

    @property
    def sentences(self) -> list[str]:
        """What happened, in words."""
        return [f"{FLAGS[flag]}{gettext('：')}{self._told(flag)}" for flag in self.flags]

    def _told(self, flag: str) -> str:
        scans = [(self.at, self.by)]
        if flag == "twice" and self.first_at and self.first_by:
            scans.insert(0, (self.first_at, self.first_by))
        return gettext("，").join(gettext("%(at)s 由 %(by)s", at=f"{local(at):%H:%M}", by=by) for at, by in scans)


def tasks(event_id: uuid.UUID) -> list[Task]:
    """What was flagged at this door and nobody has seen to, in the order of time. One query."""
    rows = db.session.execute(
        select(Checkin, Member.real_name, _recorder.real_name, _other.occurred_at, _other_recorder.real_name)
        .outerjoin(Member, Member.id == Checkin.member_id)
        .join(_recorder, _recorder.id == Checkin.recorded_by_id)
        .outerjoin(
            _other,
            (_other.event_id == Checkin.event_id)
            & (_other.guest_id == Checkin.guest_id)
            & _other.inside.is_(True)
            & (_other.id != Checkin.id),
        )
        .outerjoin(_other_recorder, _other_recorder.id == _other.recorded_by_id)
        .where(Checkin.event_id == event_id, Checkin.flagged.is_(True))
        .order_by(Checkin.occurred_at, Checkin.id)
        .limit(MOST)
    )
    return [
        Task(
            fact.id,
            member_name or fact.walk_in_name or str(NAMELESS),
            [flag for flag in fact.flags if flag not in fact.resolved],
            fact.occurred_at,
            by,
            fact.device,
            first_at,
            first_by,
        )
        for fact, member_name, by, first_at, first_by in rows
    ]


def door_of(event_id: uuid.UUID) -> Door | None:
    """When who came was thanked, and when who did not was missed. One query."""
    return db.session.get(Door, event_id)


@operation("checkin.resolve", form=EmptyForm, waits=False)
def resolve(act: Act) -> Outcome:
    """The organizer has seen to what was flagged."""
    event_id = db.session.scalar(select(Checkin.event_id).where(Checkin.id == act.target_id))
    event = _run_by(event_id, act)
    fact = db.session.get_one(Checkin, act.target_id, populate_existing=True)
    url = f"/events/{event.id}/door"
    if not fact.flagged:
        raise Duplicate(gettext("这一条已经处理过了。"), url=url)
    merging.resolve(event.id, fact.id, fact.flags, by=act.person.id, at=now())
    audit.record(act.person, "checkin.resolve", "checkin", fact.id, before={"flags": fact.flags})
    return Outcome(gettext("记下了。"), url=url)


@operation("attendance.tell", form=TellForm, waits=False)
def tell_people(act: Act, *, whom: str | None) -> Outcome:
    """Thank who came, or tell who did not that they were missed; each once."""
    event = _run_by(act.target_id, act)
    url = f"/events/{event.id}/attendance"
    if rules.door_state(event, now()) != "over":
        raise NotOver(url=url)
    door = door_row(event.id)
    if door.missed_at if whom == "missed" else door.thanked_at:
        raise Duplicate(gettext("已经写过了，每人只写一次。"), url=url)
    if whom == "missed":
        people, kind, door.missed_at = _missed(event.id), MISSED, now()
    else:
        people, kind, door.thanked_at = _came(event.id), THANKED, now()
    people = list(people)
    tell(people, kind, url=f"/events/{event.id}", subject=f"event:{event.id}:{whom or 'came'}", title=event.title)
    audit.record(act.person, "attendance.tell", "event", event.id, after={"whom": whom, "people": len(people)})
    return Outcome(gettext("写给了 %(number)s 位。", number=len(people)), url=url)


def _came(event_id: uuid.UUID) -> Iterable[uuid.UUID]:
    inside = select(Checkin.member_id).where(
        Checkin.event_id == event_id, Checkin.inside.is_(True), Checkin.member_id.is_not(None)
    )
    return [member_id for member_id in db.session.scalars(inside) if member_id]


def _missed(event_id: uuid.UUID) -> Iterable[uuid.UUID]:
    return db.session.scalars(
        select(Signup.member_id).where(
            Signup.event_id == event_id, Signup.state == "confirmed", Signup.attended_at.is_(None)
        )
    )


def _run_by(event_id: uuid.UUID | None, act: Act) -> Event:
    event = locked(Event, event_id) if event_id else None
    if event is None:
        raise NotFound
    if not is_organizer(event, act.person):
        raise Forbidden
    return event
