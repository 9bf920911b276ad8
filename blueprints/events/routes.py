"""The pages of events, and the posts that stand on them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from blueprints.accounts.labels import TRADE_LABELS
from blueprints.events import calendars, offline, reading, rules, service
from blueprints.events.forms import CancelForm, EventForm, Form, NewEventForm, SignupForm
from blueprints.events.labels import KIND_LABELS
from blueprints.events.models import Event
from blueprints.events.reading import Filters
from core.access import member, public, requires, viewer
from core.clock import local, now, today
from core.errors import Forbidden, NotFound
from core.i18n import spoken
from core.pages import page
from core.posts import submit

blueprint = Blueprint("events", __name__)
Again = Callable[..., Response]
FEED_DAYS = 90


@blueprint.get("/events")
@public
def index() -> Response:
    """Coming events, past ones, or those of one month; visitors see the public ones."""
    person = viewer()
    filters = Filters.read(
        kind=request.args.get("kind"), month=request.args.get("month"), when=request.args.get("when")
    )
    rows, following = reading.listing(person, filters, reading.read_cursor(request.args.get("after")))
    return page(
        "events/index.html",
        topics=reading.list_topics(person),
        states=reading.list_states(rows),
        tab="events",
        shared=True,
        description=gettext("线下活动：商务对接、项目路演、培训、文体、考察。"),
        rows=rows,
        filters=filters,
        month=filters.month or today().replace(day=1),
        next_url=_list_url(filters, after=reading.cursor_text(following)) if following else None,
        list_url=_list_url,
        kinds=KIND_LABELS,
        before=_month_before,
        following=_month_after,
        may_create=bool(person and person.can("event.create")),
    )


@blueprint.get("/events/new")
@requires("event.create")
def new(form: Form | None = None, status: int = 200) -> Response:
    """The form of an event to be."""
    return page(
        "events/edit.html",
        topics=offline.new_page().topics,
        tab="events",
        status=status,
        form=form or NewEventForm(),
        event=None,
    )


@blueprint.post("/events")
@requires("event.create")
def create() -> ResponseReturnValue:
    """Publish a new event."""
    return submit("event.create", new)


def _turned_away(event_id: uuid.UUID) -> ResponseReturnValue | None:
    """What who is no member gets of a members' event, and just so of one that there is not."""
    person = viewer()
    if (person and person.is_member) or reading.is_public(event_id):
        return None
    if person is None:
        return redirect(url_for("accounts.login", next=request.path), 303)
    raise Forbidden


@blueprint.get("/events/<uuid:event_id>")
@public
def show(event_id: uuid.UUID, status: int = 200, **forms: Form | None) -> ResponseReturnValue:
    """One event: what, when, where, who comes, and the viewer's own sign-up."""
    person = viewer()
    if away := _turned_away(event_id):
        return away
    event = reading.event_for(event_id, with_organizer=person is not None)
    state, phase = rules.event_state(event, now()), rules.phase(event, now())
    runs_it = reading.is_organizer(event, person)

    def load() -> dict[str, Any]:
        is_member = bool(person and person.is_member)
        people, more = reading.who_comes(event_id, _id(request.args.get("after"))) if is_member else ((), None)
        own = reading.own_signup(event_id, person.id) if person and is_member else None
        signs_up = is_member and phase == "open" and (own is None or own.state == "cancelled")
        return {
            "own": own,
            "signup_form": (forms.get("signup_form") or SignupForm()) if signs_up else None,
            "cancel_form": (forms.get("cancel_form") or CancelForm()) if runs_it else None,
            "waiting": reading.waiting_count(event_id),
            "people": people,
            "more_url": f"/events/{event_id}?after={more}" if more else None,
        }

    return page(
        "events/show.html",
        topics=reading.page_topics(event_id, person),
        states=reading.page_states(event),
        dated=False,
        load=load,
        tab="events",
        status=status,
        shared=True,
        description=_description(event),
        event=event,
        state=state,
        phase=phase,
        seats_left=event.capacity - event.confirmed_count,
        runs_it=runs_it,
        kinds=KIND_LABELS,
        trades=[TRADE_LABELS[trade] for trade in event.trades or () if trade in TRADE_LABELS],
    )


@blueprint.get("/events/<uuid:event_id>/edit")
@requires("member")
def edit(
    event_id: uuid.UUID,
    form: EventForm | None = None,
    status: int = 200,
    current: dict[str, Any] | None = None,
) -> Response:
    """The form of an event that stands; where two edit at once, with the other's version."""
    event = service.event_for_organizer(event_id, viewer())
    form = form or _form_of(event)
    stands = EventForm.of(_as_posted(event)) if current else form
    versions = [(field, _shown(stands[field.name]), _shown(field)) for field in form]
    return page(
        "events/edit.html",
        topics=offline.edit_page(event).topics,
        dated=False,
        tab="events",
        status=status,
        form=form,
        event=event,
        theirs=[(field, kept, mine) for field, kept, mine in versions if kept != mine],
        version=event.version if current or not form.version.data else form.version.data,
    )


@blueprint.post("/events/<uuid:event_id>")
@requires("member")
def update(event_id: uuid.UUID) -> ResponseReturnValue:
    """Save an event's changes."""

    def again(**shown: Any) -> Response:
        return edit(event_id, **shown)

    return submit("event.update", again, target=event_id)


@blueprint.post("/events/<uuid:event_id>/cancel")
@requires("member")
def cancel(event_id: uuid.UUID) -> ResponseReturnValue:
    """Call an event off."""
    return submit("event.cancel", _show_again(event_id, "cancel_form"), target=event_id)


@blueprint.post("/events/<uuid:event_id>/signup")
@requires("member")
def sign_up(event_id: uuid.UUID) -> ResponseReturnValue:
    """Sign the viewer up."""
    return submit("event.signup", _show_again(event_id, "signup_form"), target=event_id)


@blueprint.post("/events/<uuid:event_id>/signup/cancel")
@requires("member")
def cancel_signup(event_id: uuid.UUID) -> ResponseReturnValue:
    """Give the viewer's seat back."""
    return submit("event.cancel_signup", _show_again(event_id), target=event_id)


@blueprint.get("/events/<uuid:event_id>.ics")
@public
def calendar_entry(event_id: uuid.UUID) -> ResponseReturnValue:
    """One event for a phone's calendar."""
    if away := _turned_away(event_id):
        return away
    event = reading.event_for(event_id)
    return calendars.one(event, request.url_root)


@blueprint.get("/calendar/<token>.ics")
@public
def calendar_feed(token: str) -> Response:
    """A member's own calendar, for whoever knows its secret address: the member's calendar program."""
    person = reading.person_of_feed(token)
    if person is None:
        raise NotFound
    return calendars.feed(reading.concerning(person.id, now() - timedelta(days=FEED_DAYS)), request.url_root)


@blueprint.get("/me/calendar")
@requires("member")
def my_calendar(status: int = 200, **_: Any) -> Response:
    """The secret address of the member's calendar, and the form that makes a new one."""
    token = reading.calendar_token(member().id)
    address = url_for("events.calendar_feed", token=token, _external=True) if token else None
    return page("events/calendar.html", tab="me", status=status, address=address)


@blueprint.post("/me/calendar")
@requires("member")
def renew_calendar() -> ResponseReturnValue:
    """Make a new secret address."""
    return submit("calendar.renew", my_calendar)


def _show_again(event_id: uuid.UUID, name: str = "") -> Again:
    """Show the event's page again, with `form` in its place there."""

    def again(form: Form | None = None, status: int = 200) -> Any:
        return show(event_id, status=status, **{name: form} if name else {})

    return again


def _list_url(filters: Filters, after: str | None = None, **changed: Any) -> str:
    """The list with these filters, some of them changed; a month and the past exclude each other."""
    month = changed.get("month", filters.month)
    values: dict[str, Any] = {
        "when": "past" if changed.get("past", filters.past) and not month else None,
        "month": f"{month:%Y-%m}" if month else None,
        "kind": changed.get("kind", filters.kind),
        "after": after,
    }
    return url_for("events.index", **{name: value for name, value in values.items() if value})


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _month_after(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _description(event: Event) -> str:
    """When and where, and how the text begins: what a shared link shows."""
    begins = " ".join(event.body.split())[:80]
    return " · ".join(filter(None, (spoken(event.starts_at), event.venue, begins)))


def _form_of(event: Event) -> EventForm:
    """The event in its form. Sign-up that ends with the start was not set: it goes with the start."""
    form = EventForm(obj=event)
    if event.signup_closes_at == event.starts_at:
        form.signup_closes_at.data = None
    return form


def _as_posted(event: Event) -> dict[str, str]:
    """The event as its own form would post it."""
    return {
        **{name: str(getattr(event, name)) for name in ("title", "kind", "venue", "address", "capacity", "body")},
        **{
            name: local(getattr(event, name)).strftime("%Y-%m-%dT%H:%M")
            for name in ("starts_at", "ends_at", "signup_closes_at")
        },
        **({"signup_closes_at": ""} if event.signup_closes_at == event.starts_at else {}),
        "public": "1" if event.public else "",
        "trades": ",".join(event.trades or ()),
    }


def _shown(field: Any) -> str:
    """A field's value as a person reads it, to be set beside another's."""
    if field.name == "version":
        return ""
    if hasattr(field, "iter_choices"):
        return gettext("、").join(
            str(choice.label) for choice in field.iter_choices() if choice.selected and choice.value
        )
    if isinstance(field.data, bool):
        return gettext("是") if field.data else gettext("否")
    return str(field.text_of(field.data)).replace("T", " ") if field.data is not None else ""


def _id(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None
