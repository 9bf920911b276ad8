"""Events as iCalendar (RFC 5545): one alone, and a member's own as a feed.

Times are UTC, so that no zone can be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Response
from flask_babel import gettext

from blueprints.events.models import Event, Signup
from core import chamber

if TYPE_CHECKING:
    from icalendar import Event as Entry


def one(event: Event, root: str) -> Response:
    """The `.ics` of one event."""
    return _answer([_entry(event, root)], f"{event.id}.ics")


def feed(concerning: Iterable[tuple[Event, Signup | None]], root: str) -> Response:
    """A member's calendar: what they signed up for (tentative while they wait) and what they run."""
    entries = [_entry(event, root, signup) for event, signup in concerning]
    return _answer(entries, "calendar.ics", name=gettext("%(chamber)s的活动", chamber=chamber.current().name))


def _entry(event: Event, root: str, signup: Signup | None = None) -> Entry:
    from icalendar import Event as Entry

    entry = Entry()
    waiting = signup is not None and signup.state == "waitlisted"
    entry.add("uid", f"{event.id}@huiyou")
    entry.add("dtstamp", event.cancelled_at or event.created_at)
    entry.add("dtstart", event.starts_at)
    entry.add("dtend", event.ends_at)
    entry.add("summary", gettext("（候补）%(title)s", title=event.title) if waiting else event.title)
    entry.add("location", " ".join(filter(None, (event.venue, event.address))))
    entry.add("description", event.cancel_reason or event.body)
    entry.add("url", f"{root.rstrip('/')}/events/{event.id}")
    entry.add("sequence", event.version)
    entry.add("status", "CANCELLED" if event.state == "cancelled" else "TENTATIVE" if waiting else "CONFIRMED")
    return entry


def _answer(entries: list[Entry], filename: str, name: str | None = None) -> Response:
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Huiyou//huiyou//ZH")
    calendar.add("version", "2.0")
    if name:
        calendar.add("x-wr-calname", name)
        calendar.add("refresh-interval", timedelta(hours=6), parameters={"VALUE": "DURATION"})
    for entry in entries:
        calendar.add_component(entry)
    response = Response(calendar.to_ical(), content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'inline; filename="{filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
