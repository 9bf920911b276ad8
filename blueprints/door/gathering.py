"""What happened and will happen: yesterday's events with who came, those of the coming days, those called off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from flask_babel import gettext
from sqlalchemy import and_, func, or_, select

from blueprints.door.models import Checkin
from blueprints.events.labels import KIND_LABELS
from blueprints.events.models import Event
from core.clock import clock
from core.database import db
from core.i18n import spoken
from core.registries import Gathered, gathers

COMING_DAYS = 8


@gathers("events")
def of_the_day(day: date) -> Iterator[Gathered]:
    """Events that ended on the day, those that begin in the eight days after it, and those cancelled on it."""
    start, end = clock.at(day, time()), clock.at(day + timedelta(days=1), time())
    until = clock.at(day + timedelta(days=1 + COMING_DAYS), time())
    came = (
        select(func.count(Checkin.id))
        .where(Checkin.event_id == Event.id, Checkin.inside)
        .correlate(Event)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Event, func.coalesce(Event.came_count, came))
        .where(
            or_(
                and_(Event.ends_at >= start, Event.ends_at < end),
                and_(Event.starts_at >= end, Event.starts_at < until),
                and_(Event.cancelled_at >= start, Event.cancelled_at < end),
            )
        )
        .order_by(Event.starts_at, Event.id)
    ).all()
    for event, number in rows:
        if told := _told(event, number, start, end):
            yield told


def _told(event: Event, came: int, start: datetime, end: datetime) -> Gathered | None:
    words = {
        "title": event.title,
        "kind": str(KIND_LABELS[event.kind]),
        "moment": spoken(event.starts_at),
        "venue": event.venue,
    }
    if event.state == "cancelled":
        if not (event.cancelled_at and start <= event.cancelled_at < end):
            return None
        kind, line = "notice", gettext("原定%(moment)s的“%(title)s”取消，敬请互相转告", **words)
    elif event.starts_at >= end:
        kind, line = "coming", gettext("%(moment)s，%(kind)s“%(title)s”，地点：%(venue)s", **words)
    elif came:
        kind, line = "held", gettext("%(kind)s“%(title)s”在%(venue)s举行，%(came)s 人到场", came=came, **words)
    else:
        kind, line = "held", gettext("%(kind)s“%(title)s”在%(venue)s举行", **words)
    return Gathered(kind, f"{kind}:{event.id}", event.title, line, f"/events/{event.id}")
