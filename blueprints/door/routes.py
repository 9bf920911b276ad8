"""The door over HTTP: ticket, roster, check-ins, pack, attendance."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, flash, g, jsonify, request
from flask.typing import ResponseReturnValue

from blueprints.door import afterwards, news, packs, report, roster, rules, service, staff, tickets
from blueprints.door.forms import CheckinForm, UndoForm
from blueprints.door.mine import doors_of
from blueprints.door.words import SIGNUP_STATES, SOURCES, VERDICTS
from blueprints.events.models import Event
from blueprints.events.reading import event_for_organizer, is_organizer, own_signup
from blueprints.events.rules import event_state
from blueprints.events.service import event_for
from core.access import member, requires
from core.clock import now
from core.database import new_id
from core.errors import NotFound
from core.operations import Outcome
from core.pages import page, wants_fragment
from core.posts import Again, submit

blueprint = Blueprint("door", __name__)
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/door")
@requires("member")
def doors() -> Response:
    """Where one checks in: one's tickets, and the doors that one keeps."""
    mine = doors_of(member())
    return page("door/mine.html", topics=mine.topics, states=mine.states, tab="events", doors=mine)


@blueprint.get("/events/<uuid:event_id>/ticket")
@requires("member")
def ticket(event_id: uuid.UUID) -> Response:
    """The viewer's own ticket; who has none is told why."""
    event = event_for(event_id)
    own = own_signup(event_id, member().id)
    code = None
    if own and own.signup.state == "confirmed" and event.state == "scheduled":
        code = tickets.ticket_text(own.signup, event)
    return page(
        "door/ticket.html",
        topics=tickets.ticket_topics(event_id, member().id),
        states=tickets.ticket_states(event),
        dated=False,
        tab="events",
        status=200 if own else 404,
        event=event,
        state=event_state(event, now()),
        own=own,
        code=code,
        qr=tickets.qr_svg(code) if code else None,
    )


@blueprint.get("/events/<uuid:event_id>/door")
@requires("member")
def door(event_id: uuid.UUID, form: Any = None, status: int = 200) -> Response:
    """The door: who is expected, who is in, and every way to let somebody in.

    The fragment that a phone keeps names nobody; it asks for the roster when it is shown.
    What htmx asks for after a check-in is the parts that changed.
    """
    event = roster.door_of(event_id, member())
    bare = wants_fragment() and status == 200
    parts = _in_place() and (status != 200 or "part" in request.args)
    if parts and g.get("refusal"):
        flash(g.pop("refusal"), "bad")
    return page(
        "door/door.html",
        topics=roster.bare_topics(event_id) if bare else roster.door_topics(event_id),
        states=roster.door_states(event, bare=bare),
        load=None if bare else lambda: _door_values(event, parts=parts),
        heavy=not parts,
        tab="events",
        status=status,
        event=event,
        state=rules.door_state(event, now()),
        opens_at=rules.opens_at(event),
        bare=bare,
        parts=parts,
        runs_it=is_organizer(event, member()),
        **_forms(form),
    )


def _door_values(event: Event, *, parts: bool) -> dict[str, Any]:
    event_id = event.id
    part = request.args.get("part", "entry") if parts else "all"
    values: dict[str, Any] = {"part": part, "new_id": new_id, "verdicts": VERDICTS, "sources": SOURCES, "changed": ()}
    if part in ("all", "roster"):
        query = request.args.get("q", "").strip()
        values |= {"query": query, "guests": roster.search(query, roster.roster(event_id))}
    if part in ("all", "entry"):
        values |= {
            "counts": roster.counts(event_id),
            "walk_ins": roster.walk_ins(event_id),
            "recent": roster.recent(event_id),
        }
    if parts and (checkin_id := _uuid(request.args.get("checkin", ""))):
        values["changed"] = roster.roster(event_id, of_checkin=checkin_id)
    return values


def _forms(form: Any) -> dict[str, Any]:
    """The door's two entry forms: the one that was posted as it was, the other fresh; open is what was last used."""
    posted = form if isinstance(form, CheckinForm) else None
    ticket_posted = posted is not None and bool(posted.ticket.raw_data)
    blank = CheckinForm()
    following = request.args.get("next", "")
    return {
        "ticket_next": following == "ticket" or (posted is not None and ticket_posted),
        "walk_in_next": following == "walk_in_name" or (posted is not None and not ticket_posted),
        "ticket_form": posted if posted and ticket_posted else blank,
        "walk_in_form": posted if posted and not ticket_posted else blank,
    }


@blueprint.get("/events/<uuid:event_id>/door/pack")
@requires("member")
def pack(event_id: uuid.UUID) -> Response:
    """The roster as a phone takes it down into the basement."""
    event = roster.door_of(event_id, member())
    etag = packs.pack_etag(event)
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        response = jsonify({"etag": etag, **packs.pack(event)})
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/events/<uuid:event_id>/door/news")
@requires("member")
def what_is_new(event_id: uuid.UUID) -> Response:
    """What other phones have seen since: asked for every few seconds, and short when that is nothing."""
    event = roster.door_of(event_id, member())
    known = request.args.get("since", "")
    serial = int(known) if known.isascii() and known.isdigit() and len(known) < 10 else 0
    response = jsonify({**news.since(event, serial), "now": now().isoformat()})
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/events/<uuid:event_id>/door/staff")
@requires("member")
def door_staff(event_id: uuid.UUID, status: int = 200) -> Response:
    """Who helps at the door, and the code by which helpers join."""
    event = event_for_organizer(event_id, member())
    open_until = event.ends_at + rules.KEPT_AFTER
    link = None
    if event.state == "scheduled" and rules.staff_may_stay(event, now()):
        link = f"{request.host_url}events/{event.id}/door/join/{staff.invitation(event.id)}"
    return page(
        "door/staff.html",
        tab="events",
        status=status,
        event=event,
        link=link,
        qr=tickets.qr_svg(link) if link else None,
        helpers=staff.helpers(event_id),
        open_until=open_until,
    )


@blueprint.get("/events/<uuid:event_id>/door/join/<code>")
@requires("member")
def invited(event_id: uuid.UUID, code: str, status: int = 200) -> Response:
    """What a helper's phone opens when it has scanned the organizer's code."""
    event = event_for(event_id)
    return page(
        "door/join.html",
        tab="events",
        status=status,
        event=event,
        code=code if staff.is_valid(event, code) else None,
        until=event.ends_at + rules.KEPT_AFTER,
    )


@blueprint.post("/events/<uuid:event_id>/door/staff")
@requires("member")
def join(event_id: uuid.UUID) -> ResponseReturnValue:
    """Help at this door."""

    def again(form: Any = None, status: int = 409) -> Response:  # noqa: ARG001 - a code is not corrected
        return invited(event_id, request.form.get("code", ""), status=status)

    return submit("door.join", again, target=event_id)


@blueprint.post("/events/<uuid:event_id>/door/staff/<uuid:helper_id>/dismiss")
@requires("member")
def dismiss(event_id: uuid.UUID, helper_id: uuid.UUID) -> ResponseReturnValue:
    """Take a helper's right back."""
    return submit("door.dismiss", _staff_again(event_id), target=helper_id)


@blueprint.post("/events/<uuid:event_id>/door/invitation")
@requires("member")
def renew_invitation(event_id: uuid.UUID) -> ResponseReturnValue:
    """Make the code that was shown until now worthless."""
    return submit("door.renew_invitation", _staff_again(event_id), target=event_id)


def _staff_again(event_id: uuid.UUID) -> Again:
    def again(form: Any = None, status: int = 409) -> Response:  # noqa: ARG001 - there is nothing to fill in
        return door_staff(event_id, status=status)

    return again


@blueprint.post("/events/<uuid:event_id>/checkins")
@requires("member")
def check_in(event_id: uuid.UUID) -> ResponseReturnValue:
    """Record what was scanned, tapped or typed."""

    def then(outcome: Outcome) -> str:
        return _back(event_id, (outcome.verdict or {}).get("checkin"))

    return submit("checkin.record", _again(event_id), target=event_id, then=then)


@blueprint.post("/events/<uuid:event_id>/checkins/<uuid:checkin_id>/undo")
@requires("member")
def undo(event_id: uuid.UUID, checkin_id: uuid.UUID) -> ResponseReturnValue:
    """Take a check-in back."""
    if service.checkin_event(checkin_id) != event_id:
        raise NotFound
    return submit("checkin.undo", _again(event_id), target=checkin_id, then=lambda _: _back(event_id, str(checkin_id)))


@blueprint.post("/events/<uuid:event_id>/checkins/<uuid:checkin_id>/resolve")
@requires("member")
def resolve(event_id: uuid.UUID, checkin_id: uuid.UUID) -> ResponseReturnValue:
    """The organizer has seen to what was flagged."""
    if service.checkin_event(checkin_id) != event_id:
        raise NotFound
    report = f"/events/{event_id}/attendance"
    return submit("checkin.resolve", _again(event_id), target=checkin_id, then=lambda _: report)


@blueprint.get("/events/<uuid:event_id>/attendance")
@requires("member")
def attendance(event_id: uuid.UUID, status: int = 200) -> Response:
    """Who came, on a page that prints well; what was flagged, and whom to write to."""
    event = event_for_organizer(event_id, member())
    return page(
        "door/attendance.html",
        topics=roster.door_topics(event_id),
        states=roster.door_states(event),
        load=lambda: {
            "people": (people := report.attendance(event)),
            "companies": report.by_company(people),
            "minutes": report.by_minutes(people),
            "tasks": afterwards.tasks(event_id),
            "door": afterwards.door_of(event_id),
        },
        tab="events",
        status=status,
        event=event,
        over=rules.door_state(event, now()) == "over",
        signup_states=SIGNUP_STATES,
        sources=SOURCES,
    )


@blueprint.post("/events/<uuid:event_id>/attendance/notices")
@requires("member")
def tell_people(event_id: uuid.UUID) -> ResponseReturnValue:
    """Write to who came, or to who did not."""

    def again(form: Any = None, status: int = 409) -> Response:  # noqa: ARG001 - there is nothing to fill in
        return attendance(event_id, status=status)

    return submit("attendance.tell", again, target=event_id)


@blueprint.get("/events/<uuid:event_id>/attendance.xlsx")
@requires("member")
def attendance_sheet(event_id: uuid.UUID) -> Response:
    """Who came, as a sheet."""
    event = event_for_organizer(event_id, member())
    response = Response(report.sheet(event, report.attendance(event)), mimetype=SHEET)
    response.headers["Content-Disposition"] = report.content_disposition(event)
    return response


def _in_place() -> bool:
    """Whether htmx asks, and puts the answer's parts into the page that is open."""
    return request.headers.get("HX-Request-Type") == "partial"


def _back(event_id: uuid.UUID, checkin: str | None) -> str:
    """Back to the door; in place, for the parts that this check-in changed."""
    url = f"/events/{event_id}/door"
    if not _in_place():
        return url
    entered = next((name for name in ("ticket", "walk_in_name") if request.form.get(name)), "")
    return f"{url}?part=entry&checkin={checkin or ''}&next={entered}"


def _again(event_id: uuid.UUID) -> Again:
    def again(form: CheckinForm | UndoForm | None = None, status: int = 409) -> Response:
        return door(event_id, form=form, status=status)

    return again


def _uuid(given: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(given)
    except ValueError:
        return None
