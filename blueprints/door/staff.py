"""Who helps at a door: invited by a code that the organizer shows, for this event, until a day after it."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from flask_babel import gettext, lazy_gettext
from sqlalchemy import and_, select

from blueprints.accounts.forms import EmptyForm
from blueprints.accounts.models import Company, Member
from blueprints.door import rules
from blueprints.door.forms import JoinForm
from blueprints.door.models import Door, DoorStaff
from blueprints.events.models import Event
from blueprints.events.service import is_organizer
from core import audit
from core.access import Viewer
from core.clock import now
from core.crypto import Vault
from core.database import db, locked
from core.errors import Duplicate, Forbidden, NotFound, Refusal
from core.operations import Act, Outcome, operation
from core.registries import when_member_leaves

MOST = 40


class NoInvitation(Refusal):
    """The code is not the one that the organizer shows now, or the event is over."""

    message = lazy_gettext("这个邀请已经失效，请组织者再给您看一次。")


@dataclass(frozen=True)
class Helper:
    """Somebody who helps at a door."""

    id: uuid.UUID
    name: str
    company: str
    joined_at: datetime


def may_stand_at_door(event: Event, viewer: Viewer | None) -> bool:
    """Whether `viewer` may see the roster and check people in: its organizer, an admin, or a helper.

    The right of a helper ends with the event. One query for who does not run it.
    """
    if is_organizer(event, viewer):
        return True
    if viewer is None or not viewer.is_member or not rules.staff_may_stay(event, now()):
        return False
    mine = select(DoorStaff.id).where(DoorStaff.event_id == event.id, DoorStaff.member_id == viewer.id)
    return db.session.scalar(mine) is not None


def helped_by(viewer: Viewer) -> Sequence[Event]:
    """The events at whose doors `viewer` helps, soonest first. One query."""
    return db.session.scalars(
        select(Event)
        .join(DoorStaff, and_(DoorStaff.event_id == Event.id, DoorStaff.member_id == viewer.id))
        .where(Event.ends_at > now() - rules.KEPT_AFTER)
        .order_by(Event.starts_at, Event.id)
        .limit(MOST)
    ).all()


def helpers(event_id: uuid.UUID) -> list[Helper]:
    """Who helps at this door, in the order in which they came. One query."""
    rows = db.session.execute(
        select(DoorStaff.id, Member.real_name, Company.name, DoorStaff.joined_at)
        .join(Member, Member.id == DoorStaff.member_id)
        .join(Company, Company.id == Member.company_id)
        .where(DoorStaff.event_id == event_id)
        .order_by(DoorStaff.joined_at, DoorStaff.id)
    )
    return [Helper(*row) for row in rows]


def invitation(event_id: uuid.UUID) -> str:
    """The code that lets somebody help at this door; a new one after `door.renew_invitation`. One query."""
    number = db.session.scalar(select(Door.invitation).where(Door.event_id == event_id)) or 0
    vault: Vault = current_app.extensions["vault"]
    return vault.keyed_hash(f"{event_id}.{number}", "door invitation")[:32]


def is_valid(event: Event, code: str | None) -> bool:
    """Whether this is the code that the organizer shows, of an event that is not over."""
    known = hmac.compare_digest(invitation(event.id).encode(), (code or "").encode("utf-8", "replace"))
    return known and event.state == "scheduled" and rules.staff_may_stay(event, now())


@operation("door.join", form=JoinForm, waits=False)
def join(act: Act, *, code: str) -> Outcome:
    """Help at a door, with the code that the organizer shows."""
    event = locked(Event, act.target_id)
    if event is None:
        raise NotFound
    if not is_valid(event, code):
        raise NoInvitation
    url = f"/events/{event.id}/door"
    if may_stand_at_door(event, act.person):
        raise Duplicate(gettext("您已经可以在这里签到了。"), url=url)
    db.session.add(DoorStaff(event_id=event.id, member_id=act.person.id, joined_at=now()))
    audit.record(act.person, "door.join", "event", event.id, after={"name": act.person.real_name})
    return Outcome(gettext("您可以在这里签到了，到活动结束后 24 小时为止。"), url=url)


@operation("door.dismiss", form=EmptyForm, waits=False)
def dismiss(act: Act) -> Outcome:
    """Take a helper's right back."""
    helper = db.session.get(DoorStaff, act.target_id)
    if helper is None:
        raise NotFound
    event = _run_by(helper.event_id, act)
    url = f"/events/{event.id}/door/staff"
    name = db.session.scalar(select(Member.real_name).where(Member.id == helper.member_id))
    db.session.delete(helper)
    audit.record(act.person, "door.dismiss", "event", event.id, before={"name": name})
    return Outcome(gettext("已收回。%(name)s 的手机上，名单在下次联网时删掉。", name=name), url=url)


@operation("door.renew_invitation", form=EmptyForm, waits=False)
def renew_invitation(act: Act) -> Outcome:
    """Make the code that was shown until now worthless."""
    event = _run_by(act.target_id, act)
    door = door_row(event.id)
    door.invitation += 1
    return Outcome(gettext("换好了，原来的码不能再用。"), url=f"/events/{event.id}/door/staff")


def door_row(event_id: uuid.UUID) -> Door:
    """What the door keeps of its own, made when it is first needed; the caller holds the event's lock."""
    door = db.session.get(Door, event_id, populate_existing=True)
    if door is None:
        door = Door(event_id=event_id, invitation=0)
        db.session.add(door)
    return door


def _run_by(event_id: uuid.UUID, act: Act) -> Event:
    event = locked(Event, event_id)
    if event is None:
        raise NotFound
    if not is_organizer(event, act.person):
        raise Forbidden
    return event


@when_member_leaves
def _leave(member_id: uuid.UUID) -> None:
    """Who is suspended or erased helps nowhere."""
    for helper in db.session.scalars(select(DoorStaff).where(DoorStaff.member_id == member_id)):
        db.session.delete(helper)
