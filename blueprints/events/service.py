"""Planning an event, calling it off, signing up for it and cancelling: all under the event's lock."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from blueprints.accounts.models import Member
from blueprints.events import rules
from blueprints.events.forms import CancelForm, EventForm, NewEventForm, NothingForm, SignupForm
from blueprints.events.models import Event, Signup
from blueprints.events.reading import (
    Listed,
    Own,
    calendar_token,
    coming,
    event_for,
    event_for_organizer,
    events_held_count,
    is_organizer,
    mine,
    people_signed_up,
    public_coming,
    signup_state,
    tonight,
)
from blueprints.events.refusals import BY_BARRIER, NotSignedUp, Over, TooFewSeats, WrongTimes
from blueprints.events.rules import Barrier
from blueprints.events.seats import (
    give_back,
    locked_event,
    no_shows,
    place_of,
    promote,
    set_counts,
    signup_of,
    url_of,
)
from core import audit
from core.clock import now
from core.crypto import TicketSigner, new_token
from core.database import db, new_id
from core.errors import Duplicate, Forbidden, Stale
from core.operations import Act, Outcome, operation, version_built_on
from core.registries import notice_kind, tell, when_member_leaves

__all__ = [
    "Listed",
    "Own",
    "cancel_coming_signups",
    "coming",
    "event_for",
    "event_for_organizer",
    "events_held_count",
    "is_organizer",
    "mine",
    "new_ticket_key",
    "people_signed_up",
    "public_coming",
    "signup_state",
    "ticket_signer",
    "tonight",
]
CANCELLED = notice_kind("event.cancelled", _l("活动“%(title)s”取消了：%(reason)s"), urgent=True)
MOVED = notice_kind("event.moved", _l("“%(title)s”改了时间或地点，请看一眼。"))
PLANNED = (
    "title",
    "kind",
    "starts_at",
    "ends_at",
    "signup_closes_at",
    "venue",
    "address",
    "capacity",
    "body",
    "public",
    "trades",
)
_INSTANTS = ("starts_at", "ends_at", "signup_closes_at")


def new_ticket_key(event_id: uuid.UUID) -> str:
    """A new key for an event's tickets, as it is stored: under the vault."""
    return str(current_app.extensions["vault"].encrypt(TicketSigner.generate().to_pem(), f"event:{event_id}"))


def ticket_signer(event: Event) -> TicketSigner:
    """What signs this event's tickets."""
    return TicketSigner.from_pem(current_app.extensions["vault"].decrypt(event.ticket_key, f"event:{event.id}"))


@operation("event.create", form=NewEventForm, requires="event.create")
def create(act: Act, **plan: Any) -> Outcome:
    """Plan an event; who plans it runs it."""
    key = new_id()
    event = Event(
        id=key,
        organizer_id=act.person.id,
        created_at=now(),
        ticket_key=new_ticket_key(key),
        version=1,
        confirmed_count=0,
        next_place=1,
        state="scheduled",
        **_planned(plan),
    )
    db.session.add(event)
    db.session.flush()
    audit.record(act.person, "event.create", "event", event.id, after=snapshot(event))
    return Outcome(gettext("活动已发布，会员可以报名了。"), url=url_of(event), made_version=event.version)


@operation("event.update", form=EventForm)
def change(act: Act, *, version: str | None, **plan: Any) -> Outcome:
    """Change an event; more seats go to who waits, a new time or place is told to all who signed up."""
    event = _locked_for_organizer(act)
    if (barrier := rules.barrier_to_leaving(event, now())) and barrier is not Barrier.STARTED:
        raise BY_BARRIER[barrier]
    before = snapshot(event)
    if version is not None and version_built_on(act.owner, version) != event.version:
        raise Stale(current={**before, "version": event.version})
    planned = _planned(plan)
    if planned["capacity"] < event.confirmed_count:
        raise TooFewSeats(event.confirmed_count)
    _check_times(event, planned)
    moved = any(getattr(event, name) != planned[name] for name in ("starts_at", "ends_at", "venue", "address"))
    for name, value in planned.items():
        setattr(event, name, value)
    db.session.flush()
    after = snapshot(event)
    changed = [name for name in PLANNED if before[name] != after[name]]
    if changed:
        audit.record(
            act.person,
            "event.update",
            "event",
            event.id,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    promote(event)
    if moved:
        subject = f"event:{event.id}:moved:{event.version}"
        tell(_signed_up(event), MOVED, url=url_of(event), subject=subject, title=event.title)
    return Outcome(gettext("改好了。"), url=url_of(event), made_version=event.version)


@operation("event.cancel", form=CancelForm)
def call_off(act: Act, *, reason: str) -> Outcome:
    """Call an event off; everyone who signed up is told, with the reason."""
    event = _locked_for_organizer(act)
    if event.state == "cancelled":
        raise Duplicate(_l("这场活动已经取消了。"), url=url_of(event))
    if event.ends_at <= now():
        raise Over
    event.state, event.cancel_reason, event.cancelled_at = "cancelled", reason, now()
    db.session.flush()
    audit.record(act.person, "event.cancel", "event", event.id, reason=reason)
    tell(
        _signed_up(event),
        CANCELLED,
        url=url_of(event),
        subject=f"event:{event.id}:cancelled",
        title=event.title,
        reason=reason[:60],
    )
    return Outcome(gettext("活动已取消，报了名的人都会收到通知。"), url=url_of(event), made_version=event.version)


@operation("event.signup", form=SignupForm)
def sign_up(act: Act, *, note: str | None) -> Outcome:
    """Take a seat, or the last place in the waitlist where none is free."""
    event = locked_event(act.target_id)
    member_id = act.person.id
    signup = signup_of(event.id, member_id)
    if signup and signup.state == "confirmed":
        raise Duplicate(_l("您已经报上名了。"), url=url_of(event))
    if signup and signup.state == "waitlisted":
        place = place_of(event.id, signup.place or 0)
        raise Duplicate(_l("您已经在候补名单里，排在第 %(place)d 位。", place=place), url=url_of(event))
    if barrier := rules.barrier_to_signing_up(event, now()):
        raise BY_BARRIER[barrier]
    until = rules.waitlist_only_until(no_shows(member_id))
    waitlist_only = until is not None and until > now()
    state = rules.outcome_of_signing_up(
        capacity=event.capacity, confirmed=event.confirmed_count, waitlist_only=waitlist_only
    )
    if signup is None:
        signup = Signup(id=new_id(), event_id=event.id, member_id=member_id)
    signup.state = state
    signup.note = note or ""
    signup.signed_up_at = now()
    signup.cancelled_at = signup.promoted_at = None
    signup.place = event.next_place if state == "waitlisted" else None
    db.session.add(signup)
    db.session.flush()
    if state == "confirmed":
        set_counts(event, confirmed_count=event.confirmed_count + 1)
        return Outcome(gettext("报名成功，座位给您留好了。"), url=url_of(event))
    set_counts(event, next_place=event.next_place + 1)
    place = place_of(event.id, signup.place or 0)
    if waitlist_only and event.confirmed_count < event.capacity:
        said = gettext("一年里有三次报名没来，三个月内只能排候补。您排在候补第 %(place)d 位。", place=place)
    else:
        said = gettext("已满，您排在候补第 %(place)d 位。有空位会马上告诉您。", place=place)
    return Outcome(said, url=url_of(event), outcome="waitlisted")


@operation("event.cancel_signup", form=NothingForm)
def cancel_signup(act: Act) -> Outcome:
    """Give the seat back; the first in line gets it in the same transaction."""
    event = locked_event(act.target_id)
    signup = signup_of(event.id, act.person.id)
    if signup is None:
        raise NotSignedUp
    if signup.state == "cancelled":
        raise Duplicate(_l("您已经取消过报名了。"), url=url_of(event))
    if barrier := rules.barrier_to_leaving(event, now()):
        raise BY_BARRIER[barrier]
    give_back(event, signup)
    return Outcome(gettext("已取消报名。"), url=url_of(event))


@operation("calendar.renew", form=NothingForm, lane="calendar")
def renew_calendar(act: Act) -> Outcome:
    """Give the member's calendar a new secret address; the old one stops at once."""
    had_one = calendar_token(act.person.id) is not None
    db.session.execute(update(Member).where(Member.id == act.person.id).values(calendar_token=new_token()))
    said = gettext("日历地址换好了，旧的不再有效。") if had_one else gettext("日历地址生成好了。")
    return Outcome(said, url="/me/calendar")


@when_member_leaves
def cancel_coming_signups(member_id: uuid.UUID) -> None:
    """Give back every coming seat of a member who leaves, and promote who waits; one event after another."""
    coming_ids = db.session.scalars(
        select(Event.id)
        .join(Signup, Signup.event_id == Event.id)
        .where(
            Signup.member_id == member_id,
            Signup.state != "cancelled",
            Event.state == "scheduled",
            Event.starts_at > now(),
        )
        .order_by(Event.id)
    ).all()
    for event_id in coming_ids:
        event = locked_event(event_id)
        signup = signup_of(event_id, member_id)
        if signup and signup.state != "cancelled" and not rules.barrier_to_leaving(event, now()):
            give_back(event, signup)


def snapshot(event: Event) -> dict[str, Any]:
    """An event's plan as JSON has it, for the audit trail and for who edits at the same time."""
    values = {name: getattr(event, name) for name in PLANNED}
    return {**values, **{name: values[name].isoformat() for name in _INSTANTS}}


def _planned(plan: dict[str, Any]) -> dict[str, Any]:
    planned = {name: plan[name] for name in PLANNED}
    planned["signup_closes_at"] = planned["signup_closes_at"] or planned["starts_at"]
    return {**planned, **{name: planned[name] or "" for name in ("address", "body")}}


def _check_times(event: Event, planned: dict[str, Any]) -> None:
    times = rules.Times(*(planned[name] for name in _INSTANTS))
    not_before = None if times.starts_at == event.starts_at else now()
    for fault in rules.faults_of(times, not_before=not_before).values():
        raise WrongTimes(fault)


def _locked_for_organizer(act: Act) -> Event:
    event = locked_event(act.target_id)
    if not is_organizer(event, act.person):
        raise Forbidden
    return event


def _signed_up(event: Event) -> Iterable[uuid.UUID]:
    return db.session.scalars(
        select(Signup.member_id).where(Signup.event_id == event.id, Signup.state != "cancelled")
    ).all()
