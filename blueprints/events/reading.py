"""What pages, phones and other features ask about events. Nothing here writes."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, literal, null, or_, select, true, tuple_
from sqlalchemy.orm import aliased, contains_eager, joinedload

from blueprints.accounts.models import Company, Member
from blueprints.events import rules
from blueprints.events.models import KINDS, Event, Signup
from core.access import Viewer
from core.clock import clock, now, today
from core.database import db, rows_of
from core.errors import Forbidden, NotFound

PAGE = 30
WHO = 40
Cursor = tuple[datetime, uuid.UUID]
_ahead = aliased(Signup)


@dataclass(frozen=True)
class Listed:
    """An event as a list shows it, with the viewer's own sign-up where there is one."""

    event: Event
    mine: str | None = None
    place: int | None = None

    @property
    def seats_left(self) -> int:
        return self.event.capacity - self.event.confirmed_count

    @property
    def state(self) -> str:
        """`scheduled`, `cancelled` or `past`, as of now."""
        return rules.event_state(self.event, now())

    @property
    def phase(self) -> str:
        """`open`, `closed`, `started`, `ended` or `cancelled`, as of now."""
        return rules.phase(self.event, now())


@dataclass(frozen=True)
class Own:
    """The viewer's own sign-up, and their place as people count it while they wait."""

    signup: Signup
    place: int | None

    @property
    def state(self) -> str:
        """`confirmed`, `waitlisted`, `cancelled` or `attended`."""
        return signup_state(self.signup)


@dataclass(frozen=True)
class Filters:
    """What a list of events is narrowed to; `past` turns it round, newest first."""

    kind: str | None = None
    month: date | None = None
    past: bool = False

    @classmethod
    def read(cls, *, kind: str | None, month: str | None, when: str | None) -> Filters:
        """The filters of a URL; what is not understood is left out."""
        try:
            first = date.fromisoformat(f"{month}-01") if month else None
        except ValueError:
            first = None
        if first and not 1970 <= first.year <= 2200:
            first = None
        return cls(kind if kind in KINDS else None, first, past=when == "past" and first is None)


def signup_state(signup: Signup) -> str:
    """The state that a person reads: who was seen at the door has `attended`."""
    return "attended" if signup.attended_at and signup.state == "confirmed" else signup.state


def is_organizer(event: Event, viewer: Viewer | None) -> bool:
    """Whether `viewer` runs this event: its organizer, or an admin."""
    if viewer is None or not viewer.is_member:
        return False
    return event.organizer_id == viewer.id or "admin" in viewer.roles


def visible(viewer: Viewer | None) -> ColumnElement[bool]:
    """Members see every event, others the public ones."""
    return true() if viewer and viewer.is_member else Event.public.is_(True)


def _place_of(signup: Any) -> Any:
    """SQL for the place as people count it; null for who does not wait."""
    return (
        select(func.nullif(func.count(), 0))
        .select_from(_ahead)
        .where(_ahead.event_id == signup.event_id, _ahead.place.is_not(None), _ahead.place <= signup.place)
        .correlate(signup)
        .scalar_subquery()
    )


def _listing(viewer: Viewer | None) -> Any:
    """Events with the viewer's own sign-up state and place, to be narrowed and ordered."""
    if viewer is None or not viewer.is_member:
        return select(Event, null().label("mine"), null().label("place")).where(visible(viewer))
    return select(Event, Signup.state, _place_of(Signup)).outerjoin(
        Signup, and_(Signup.event_id == Event.id, Signup.member_id == viewer.id)
    )


def _listed(statement: Any) -> list[Listed]:
    return [Listed(*row) for row in db.session.execute(statement)]


def listing(viewer: Viewer | None, filters: Filters, after: Cursor | None = None) -> tuple[list[Listed], Cursor | None]:
    """One page of events and the cursor of the next; soonest first, past ones latest first."""
    statement = _listing(viewer)
    if filters.kind:
        statement = statement.where(Event.kind == filters.kind)
    if filters.month:
        start, end = month_bounds(filters.month)
        statement = statement.where(Event.starts_at >= start, Event.starts_at < end)
    elif filters.past:
        statement = statement.where(Event.ends_at <= now())
    else:
        statement = statement.where(Event.ends_at > now(), Event.starts_at > now() - rules.LONGEST)
    key = tuple_(Event.starts_at, Event.id)
    if after:
        bound = tuple_(literal(after[0], Event.starts_at.type), literal(after[1], Event.id.type))
        statement = statement.where(key < bound if filters.past else key > bound)
    order = (Event.starts_at.desc(), Event.id.desc()) if filters.past else (Event.starts_at, Event.id)
    rows = _listed(statement.order_by(*order).limit(PAGE + 1))
    last = rows[PAGE - 1].event if len(rows) > PAGE else None
    return rows[:PAGE], (last.starts_at, last.id) if last else None


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """The first instant of a local month and that of the next."""
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    return clock.at(month, time()), clock.at(following, time())


def cursor_text(cursor: Cursor) -> str:
    """A cursor as a URL carries it: microseconds and id."""
    return f"{int(cursor[0].timestamp() * 1_000_000)}.{cursor[1].hex}"


def read_cursor(text: str | None) -> Cursor | None:
    """The cursor of a URL, or `None` where there is none that can be read."""
    micros, _, key = (text or "").partition(".")
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros[:20])), uuid.UUID(hex=key)
    except (ValueError, OverflowError):
        return None


_EVENT = select(Event).where(Event.id == bindparam("event_id")).options(joinedload(Event.organizer))


def event_for(event_id: uuid.UUID, *, with_organizer: bool = True) -> Event:
    """The event, with its organizer where they are shown; `NotFound` when there is none."""
    if with_organizer:
        event = db.session.scalars(_EVENT, {"event_id": event_id}).unique().one_or_none()
    else:
        event = db.session.get(Event, event_id)
    if event is None:
        raise NotFound
    return event


def is_public(event_id: uuid.UUID) -> bool:
    """Whether there is such an event and visitors may read it."""
    event = db.session.get(Event, event_id)
    return event is not None and event.public


def event_for_organizer(event_id: uuid.UUID, viewer: Viewer | None) -> Event:
    """The event, for its organizer or an admin; `Forbidden` for anybody else."""
    event = event_for(event_id)
    if not is_organizer(event, viewer):
        raise Forbidden
    return event


# What an event's page asks each time it is shown is put together once.
_OWN = select(Signup, _place_of(Signup)).where(
    Signup.event_id == bindparam("event_id"), Signup.member_id == bindparam("member_id")
)
_WAITING = (
    select(func.count())
    .select_from(Signup)
    .where(Signup.event_id == bindparam("event_id"), Signup.state == "waitlisted")
)
_WHO_COMES = (
    select(Member.id.label("member_id"), Member.real_name, Company.name.label("company_name"))
    .select_from(Signup)
    .join(Member, Member.id == Signup.member_id)
    .join(Company, Company.id == Member.company_id)
    .where(Signup.event_id == bindparam("event_id"), Signup.state == "confirmed")
    .order_by(Signup.signed_up_at, Signup.id)
    .limit(WHO + 1)
)


def own_signup(event_id: uuid.UUID, member_id: uuid.UUID) -> Own | None:
    """A member's own sign-up for one event, in whatever state."""
    row = db.session.execute(_OWN, {"event_id": event_id, "member_id": member_id}).first()
    return Own(*row) if row else None


def waiting_count(event_id: uuid.UUID) -> int:
    """How many wait for a seat."""
    return int(rows_of(_WAITING, {"event_id": event_id})[0][0])


def who_comes(event_id: uuid.UUID, after: uuid.UUID | None = None) -> tuple[Sequence[Any], uuid.UUID | None]:
    """Names and companies of the confirmed, in order of arrival, a page at a time, and after whom the next begins."""
    statement = _WHO_COMES
    if after:
        seen = aliased(Signup)
        statement = statement.join(seen, and_(seen.event_id == Signup.event_id, seen.member_id == after)).where(
            tuple_(Signup.signed_up_at, Signup.id) > tuple_(seen.signed_up_at, seen.id)
        )
    rows = rows_of(statement, {"event_id": event_id})
    return rows[:WHO], rows[WHO - 1].member_id if len(rows) > WHO else None


def people_signed_up(event_id: uuid.UUID) -> Sequence[Signup]:
    """Who is confirmed or waits, with member and company: by place for the waiting, by name for the seated."""
    return db.session.scalars(
        select(Signup)
        .join(Signup.member)
        .options(contains_eager(Signup.member))
        .where(Signup.event_id == event_id, Signup.state != "cancelled")
        .order_by(Signup.state, Signup.place, Member.sort_key, Signup.id)
    ).all()


def coming(viewer: Viewer | None, limit: int = 3) -> list[Listed]:
    """The next events that `viewer` may see and that were not called off, soonest first."""
    return _listed(
        _listing(viewer)
        .where(Event.state == "scheduled", Event.ends_at > now(), Event.starts_at > now() - rules.LONGEST)
        .order_by(Event.starts_at, Event.id)
        .limit(limit)
    )


def public_coming(limit: int = 3) -> list[Listed]:
    """The next public events, for the visitor's home page."""
    return coming(None, limit)


def coming_within(viewer: Viewer, days: int) -> list[Listed]:
    """Every event that `viewer` may see and that starts within `days` after today, called off or not."""
    end = clock.at(today() + timedelta(days=days + 1), time())
    return _listed(
        _listing(viewer)
        .where(
            Event.ends_at > now(),
            Event.starts_at > now() - rules.LONGEST,
            Event.starts_at < end,
        )
        .order_by(Event.starts_at, Event.id)
    )


def mine(member_id: uuid.UUID, *, past: bool = False, limit: int = 200) -> list[Own]:
    """A member's sign-ups that stand, with their events: what is next, soonest first; or what was, latest first."""
    when = Event.ends_at <= now() if past else Event.ends_at > now()
    order = (Event.starts_at.desc(), Event.id.desc()) if past else (Event.starts_at, Event.id)
    rows = db.session.execute(
        select(Signup, _place_of(Signup))
        .join(Signup.event)
        .options(contains_eager(Signup.event))
        .where(Signup.member_id == member_id, Signup.state != "cancelled", when)
        .order_by(*order)
        .limit(limit)
    )
    return [Own(*row) for row in rows]


def ahead_of(viewer: Viewer, limit: int) -> tuple[list[Own], list[Event]]:
    """What is next for `viewer`, soonest first: their sign-ups that stand, and the events that they run. One query."""
    at = now()
    asked = {"me": viewer.id, "now": at, "since": at - rules.LONGEST, "most": limit}
    rows = db.session.execute(_ahead_of(), asked).all()
    own = [Own(signup, place) for _, signup, place in rows if signup]
    return own, [event for event, *_ in rows if event.organizer_id == viewer.id and event.state == "scheduled"]


@functools.cache
def _ahead_of() -> Select[Event, Signup, Any]:
    """Built once: every member's first page asks for it, and all phones at once when the briefing is out."""
    me = bindparam("me", type_=Event.organizer_id.type)
    runs = and_(Event.organizer_id == me, Event.state == "scheduled")
    return (
        select(Event, Signup, _place_of(Signup))
        .outerjoin(
            Signup,
            and_(Signup.event_id == Event.id, Signup.member_id == me, Signup.state != "cancelled"),
        )
        .options(contains_eager(Signup.event))
        .where(
            or_(runs, Signup.id.is_not(None)),
            Event.ends_at > bindparam("now"),
            Event.starts_at > bindparam("since"),
        )
        .order_by(Event.starts_at, Event.id)
        .limit(bindparam("most", type_=Integer))
    )


def concerning(member_id: uuid.UUID, since: datetime) -> Sequence[tuple[Event, Signup | None]]:
    """Events since then that the member runs or signed up for, with that sign-up; soonest first."""
    rows = db.session.execute(
        select(Event, Signup)
        .outerjoin(
            Signup,
            and_(Signup.event_id == Event.id, Signup.member_id == member_id, Signup.state != "cancelled"),
        )
        .where(or_(Event.organizer_id == member_id, Signup.id.is_not(None)), Event.ends_at > since)
        .order_by(Event.starts_at, Event.id)
        .limit(400)
    )
    return [(row[0], row[1]) for row in rows]


def tonight() -> Sequence[Event]:
    """Events of this local day that were not called off, soonest first."""
    start = clock.at(today(), time())
    return db.session.scalars(
        select(Event)
        .where(Event.state == "scheduled", Event.starts_at >= start, Event.starts_at < start + timedelta(days=1))
        .order_by(Event.starts_at, Event.id)
    ).all()


def events_held_count() -> int:
    """How many events have taken place."""
    return (
        db.session.scalar(
            select(func.count()).select_from(Event).where(Event.state == "scheduled", Event.ends_at <= now())
        )
        or 0
    )


def person_of_feed(token: str) -> Member | None:
    """The member whose calendar has this secret address."""
    if not 20 <= len(token) <= 64:
        return None
    return db.session.scalars(select(Member).where(Member.calendar_token == token, Member.status == "member")).first()


def page_topics(event_id: uuid.UUID, viewer: Viewer | None) -> tuple[str, ...]:
    """What an event's page shows to `viewer`."""
    if viewer is None or not viewer.is_member:
        return (f"event:{event_id}",)
    return (f"event:{event_id}", f"signups:{viewer.id}", "people")


def page_states(event: Event) -> tuple[str, ...]:
    """What the clock changes on an event's page."""
    return (rules.event_state(event, now()), rules.phase(event, now()))


def next_turn(events: Iterable[Event]) -> datetime | None:
    """When the clock next changes what these events look like."""
    turns = (rules.next_turn(event, now()) for event in events)
    return min((turn for turn in turns if turn), default=None)


def list_topics(viewer: Viewer | None) -> tuple[str, ...]:
    """What a list of events shows to `viewer`."""
    return ("events", f"signups:{viewer.id}") if viewer else ("events",)


def list_states(rows: Sequence[Listed]) -> tuple[str, ...]:
    """What the clock changes in a list of events: which stand there, and their states."""
    return tuple(f"{row.event.id}:{row.phase}" for row in rows)


def calendar_token(member_id: uuid.UUID) -> str | None:
    """The secret part of the member's calendar's address, if they made one."""
    return db.session.scalar(select(Member.calendar_token).where(Member.id == member_id))
