"""The seats of one event and the line for them. Whoever calls this holds the event's lock."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from blueprints.accounts.models import RuleAcceptance
from blueprints.events import rules
from blueprints.events.models import Event, Signup
from core.clock import now
from core.database import db, locked, run, table_of, touch
from core.errors import NotFound
from core.registries import notice_kind, tell

PROMOTED = notice_kind("event.promoted", _l("“%(title)s”有空位了，您已由候补转为正式报名。"), urgent=True)

_SET_COUNTS = update(table_of(Event)).where(table_of(Event).c.id == bindparam("event_id"))
_SIGNUP_OF = (
    select(Signup)
    .where(Signup.event_id == bindparam("event_id"), Signup.member_id == bindparam("member_id"))
    .execution_options(populate_existing=True)
)
_seen = aliased(Signup)
_since = bindparam("since", type_=Event.starts_at.type)
_accepted_at = (
    select(func.min(RuleAcceptance.accepted_at))
    .where(RuleAcceptance.member_id == bindparam("member_id"), RuleAcceptance.slug == "community-rules")
    .scalar_subquery()
)
_NO_SHOWS = (
    select(Event.starts_at)
    .join(Signup, Signup.event_id == Event.id)
    .where(
        Signup.member_id == bindparam("member_id"),
        Signup.state == "confirmed",
        Signup.attended_at.is_(None),
        Event.state == "scheduled",
        Event.ends_at <= bindparam("instant"),
        Event.starts_at > func.coalesce(_accepted_at, _since),
        Event.starts_at > _since,
        exists().where(_seen.event_id == Event.id, _seen.attended_at.is_not(None)),
    )
)


def locked_event(event_id: uuid.UUID) -> Event:
    """The event under its lock; `NotFound` when there is none."""
    event = locked(Event, event_id)
    if event is None:
        raise NotFound
    return event


def signup_of(event_id: uuid.UUID, member_id: uuid.UUID) -> Signup | None:
    """A member's row for an event, as it stands under the lock."""
    return db.session.scalars(_SIGNUP_OF, {"event_id": event_id, "member_id": member_id}).first()


def place_of(event_id: uuid.UUID, place: int) -> int:
    """The place in line of a number of the event's sequence, as people count it."""
    return (
        db.session.scalar(
            select(func.count()).select_from(Signup).where(Signup.event_id == event_id, Signup.place <= place)
        )
        or 0
    )


def give_back(event: Event, signup: Signup) -> None:
    """Cancel a sign-up; a seat that it held goes to the first in line at once."""
    had_seat = signup.state == "confirmed"
    signup.state, signup.place, signup.cancelled_at = "cancelled", None, now()
    db.session.flush()
    if had_seat:
        set_counts(event, confirmed_count=event.confirmed_count - 1)
        promote(event)


def promote(event: Event) -> None:
    """Give free seats to the first in line; the event is locked."""
    free = event.capacity - event.confirmed_count
    if free <= 0 or rules.barrier_to_signing_up(event, now()):
        return
    waiting = db.session.scalars(
        select(Signup)
        .where(Signup.event_id == event.id, Signup.state == "waitlisted")
        .order_by(Signup.place)
        .limit(free)
        .execution_options(populate_existing=True)
    ).all()
    lucky = rules.promoted(event, now(), capacity=event.capacity, confirmed=event.confirmed_count, waiting=waiting)
    for signup in lucky:
        signup.state, signup.place, signup.promoted_at = "confirmed", None, now()
    if not lucky:
        return
    db.session.flush()
    set_counts(event, confirmed_count=event.confirmed_count + len(lucky))
    for signup in lucky:
        subject = f"signup:{signup.id}:promoted:{now().isoformat()}"
        tell([signup.member_id], PROMOTED, url=url_of(event), subject=subject, title=event.title)


def set_counts(event: Event, **counts: int) -> None:
    """Set counts by a statement, so that the event's version stays: a sign-up is no edit."""
    run(_SET_COUNTS, {"event_id": event.id, **counts})
    for name, count in counts.items():
        set_committed_value(event, name, count)
    touch("events", f"event:{event.id}")


def no_shows(member_id: uuid.UUID) -> list[datetime]:
    """When the member had a seat, did not come and had not cancelled, at events whose door was kept.

    Only since they accepted the community rules: nobody is held to a rule that they had not read.
    """
    since = now() - rules.NO_SHOW_YEAR - timedelta(days=31 * rules.NO_SHOW_MONTHS)
    return list(db.session.scalars(_NO_SHOWS, {"member_id": member_id, "since": since, "instant": now()}))


def url_of(event: Event) -> str:
    """The event's page."""
    return f"/events/{event.id}"
