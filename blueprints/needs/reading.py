"""What stands in the needs, read for pages and for other features. Nothing here writes."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import contains_eager, defer, joinedload, load_only, with_expression

from blueprints.accounts.models import Company, Member
from blueprints.needs import rules
from blueprints.needs.models import Need, NeedResponse, Outcome
from core import chamber
from core.access import Viewer
from core.clock import clock, local, now, today
from core.database import db
from core.errors import NotFound
from core.registries import shows_phone
from core.text import like_pattern

ON_A_PAGE = 30
WORDS_IN_A_QUERY = 6
ANSWERS_SHOWN = 300


@dataclass(frozen=True)
class Filter:
    """What of the list is asked for; `None` means all. `state` is one of `rules.STATES`."""

    kind: str | None = None
    category: str | None = None
    trade: str | None = None
    state: str | None = "open"
    q: str = ""
    author_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Figures:
    """How many needs were solved, and the sum of what they were worth, in yuan."""

    count: int
    amount_cny: int


@dataclass(frozen=True)
class SharingHourNow:
    """The sharing hour at this moment. `phase` is `before`, `during` or `after` of today's."""

    phase: str
    opens_at: datetime
    closes_at: datetime
    next_opens_at: datetime
    minutes_left: int

    @property
    def next_turn(self) -> datetime:
        """When the phase changes next; midnight, which begins the day's first, always may."""
        return self.closes_at if self.is_on else self.next_opens_at

    @property
    def is_on(self) -> bool:
        return self.phase == "during"


def state_of(need: Need) -> str:
    """The state that people see today."""
    return rules.state_on(need.state, need.expires_on, today())


def sharing_hour() -> SharingHourNow:
    """The hour that is on or was the last (`opens_at` to `closes_at`), and when the next begins."""
    hour, wall = rules.SharingHour(*chamber.current().sharing_hours), local(now())
    return SharingHourNow(
        hour.phase(wall),
        hour.last_opening(wall),
        hour.last_closing(wall),
        hour.next_opening(wall),
        hour.minutes_left(wall),
    )


def _in_state(state: str) -> ColumnElement[bool]:
    if state == "open":
        return and_(Need.state == "open", or_(Need.expires_on.is_(None), Need.expires_on >= today()))
    if state == "expired":
        return and_(Need.state == "open", Need.expires_on < today())
    return Need.state == state


def _rows() -> Select[Need]:
    answers = select(func.count()).where(NeedResponse.need_id == Need.id, NeedResponse.state != "withdrawn")
    return (
        select(Need)
        .where(Need.hidden.is_(False))
        .options(
            joinedload(Need.author, innerjoin=True).options(
                load_only(Member.real_name, Member.status), joinedload(Member.company).load_only(Company.name)
            ),
            with_expression(Need.open_responses, answers.correlate(Need).scalar_subquery()),
            defer(Need.search_text),
        )
        .order_by(Need.created_at.desc(), Need.id.desc())
    )


def _partner() -> Any:
    """The partner with the company, flat: SQLite would read every member for an inner join inside an outer one."""
    return joinedload(Outcome.partner).joinedload(Member.company, innerjoin=False)


def _place(need_id: uuid.UUID) -> tuple[Any, Any]:
    """Where a need stands in the order of the lists, and the columns of that order, to be compared."""
    that = select(Need.created_at).where(Need.id == need_id).scalar_subquery()
    return tuple_(Need.created_at, Need.id), tuple_(that, literal(need_id, Need.id.type))


def find(wanted: Filter, after: uuid.UUID | None = None) -> tuple[Sequence[Need], uuid.UUID | None]:
    """One page of the list, newest first, and the `after` of the next page."""
    query = _rows()
    for column, value in (
        (Need.kind, wanted.kind),
        (Need.category, wanted.category),
        (Need.trade, wanted.trade),
        (Need.author_id, wanted.author_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.state:
        query = query.where(_in_state(wanted.state))
    for word in wanted.q.split()[:WORDS_IN_A_QUERY]:
        query = query.where(Need.search_text.like(like_pattern(word), escape="\\"))
    if after:
        order, place = _place(after)
        query = query.where(order < place)
    found = db.session.scalars(query.limit(ON_A_PAGE + 1)).all()
    more = found[ON_A_PAGE - 1].id if len(found) > ON_A_PAGE else None
    return found[:ON_A_PAGE], more


def newest(limit: int = 10) -> Sequence[Need]:
    """The newest open needs and offers."""
    return db.session.scalars(_newest(), {"today": today(), "most": limit}).all()


@functools.cache
def _newest() -> Select[Need]:
    """Built once: every member's first page asks for it."""
    current = or_(Need.expires_on.is_(None), Need.expires_on >= bindparam("today"))
    return _rows().where(Need.state == "open", current).limit(bindparam("most", type_=Integer))


def mine(member_id: uuid.UUID, limit: int = 100) -> Sequence[Need]:
    """The newest needs and offers of one member, in every state."""
    return db.session.scalars(_rows().where(Need.author_id == member_id).limit(limit)).all()


def sharing_hour_posts(limit: int = 100) -> Sequence[Need]:
    """What came in during the sharing hour that is on, or in the last one; newest first."""
    return came_in_after(None, limit)


def came_in_after(last_seen: uuid.UUID | None, limit: int = 100) -> Sequence[Need]:
    """What came in during that hour after the post `last_seen`; newest first."""
    hour = sharing_hour()
    query = _rows().where(Need.created_at >= hour.opens_at, Need.created_at < hour.closes_at)
    if last_seen:
        order, place = _place(last_seen)
        query = query.where(order > place)
    return db.session.scalars(query.limit(limit)).all()


def waiting_answers(member_id: uuid.UUID, limit: int = 20) -> Sequence[Need]:
    """This member's needs that are not closed and have answers neither accepted nor withdrawn.

    `open_responses` of each is how many of those there are.
    """
    unheard = select(func.count()).where(NeedResponse.need_id == Need.id, NeedResponse.state == "offered")
    number = unheard.correlate(Need).scalar_subquery()
    query = (
        select(Need)
        .where(Need.author_id == member_id, Need.state == "open", number > 0)
        .options(with_expression(Need.open_responses, number), defer(Need.search_text))
        .order_by(Need.created_at.desc(), Need.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()


def need_of(need_id: uuid.UUID, viewer: Viewer) -> Need:
    """The need, with its author and outcome; `NotFound` when there is none for this viewer."""
    need = db.session.scalars(
        select(Need)
        .where(Need.id == need_id)
        .options(joinedload(Need.author, innerjoin=True), joinedload(Need.outcome).options(_partner()))
    ).one_or_none()
    if need is None or (need.hidden and need.author_id != viewer.id and "admin" not in viewer.roles):
        raise NotFound
    return need


def answers_to(need: Need, viewer: Viewer) -> Sequence[NeedResponse]:
    """The answers to a need, oldest first; one that was withdrawn is shown to who gave it alone."""
    return db.session.scalars(
        select(NeedResponse)
        .where(
            NeedResponse.need_id == need.id,
            or_(NeedResponse.state != "withdrawn", NeedResponse.member_id == viewer.id),
            or_(NeedResponse.hidden.is_(False), NeedResponse.member_id == viewer.id, literal("admin" in viewer.roles)),
        )
        .options(joinedload(NeedResponse.member, innerjoin=True))
        .order_by(NeedResponse.created_at, NeedResponse.id)
        .limit(ANSWERS_SHOWN)
    ).all()


def belongs(response_id: uuid.UUID, need_id: uuid.UUID) -> bool:
    """Whether the answer is one to this need."""
    return db.session.scalar(select(NeedResponse.need_id).where(NeedResponse.id == response_id)) == need_id


@shows_phone
def shares_phone(viewer_id: uuid.UUID, member_id: uuid.UUID) -> bool:
    """Whether these two may see each other's phone because one accepted the other's answer."""
    pairs = ((viewer_id, member_id), (member_id, viewer_id))
    query = (
        select(NeedResponse.id)
        .join(NeedResponse.need)
        .where(
            NeedResponse.state == "accepted",
            or_(*(and_(Need.author_id == one, NeedResponse.member_id == other) for one, other in pairs)),
        )
        .limit(1)
    )
    return db.session.scalar(query) is not None


def earlier_than(author_id: uuid.UUID, title: str, body: str) -> Need | None:
    """The same title and body posted by this member within the last seven days, the newest."""
    return db.session.scalars(
        select(Need)
        .where(
            Need.author_id == author_id,
            Need.created_at > now() - rules.REPEAT_WITHIN,
            Need.title == title,
            Need.body == body,
        )
        .order_by(Need.created_at.desc())
        .limit(1)
    ).one_or_none()


def _solved() -> ColumnElement[bool]:
    return and_(Outcome.result == "solved", Outcome.need.has(hidden=False))


def _midnight(day: date) -> datetime:
    return clock.at(day, time(0))


def solved_figures(since: datetime | None = None) -> Figures:
    """How many needs were solved since an instant (or ever), and what they were worth."""
    query = select(func.count(), func.coalesce(func.sum(Outcome.amount_cny), 0)).where(_solved())
    if since:
        query = query.where(Outcome.closed_at >= since)
    count, amount = db.session.execute(query).one()
    return Figures(count, int(amount or 0))


def solved_this_month_year_ever() -> tuple[Figures, Figures, Figures]:
    """The same for this month, this year and all time, in one query."""
    day = today()
    spans = [
        Outcome.closed_at >= _midnight(day.replace(day=1)),
        Outcome.closed_at >= _midnight(day.replace(month=1, day=1)),
    ]
    columns: list[Any] = []
    for span in (*spans, literal(True)):
        columns += [func.sum(case((span, 1), else_=0)), func.sum(case((span, Outcome.amount_cny), else_=0))]
    numbers = [int(number or 0) for number in db.session.execute(select(*columns).where(_solved())).one()]
    month, year, ever = (Figures(*numbers[at : at + 2]) for at in (0, 2, 4))
    return month, year, ever


def solved_by_category() -> dict[str, Figures]:
    """Solved needs by category, most first."""
    count = func.count()
    query = (
        select(Need.category, count, func.coalesce(func.sum(Outcome.amount_cny), 0))
        .join(Outcome.need)
        .where(Outcome.result == "solved", Need.hidden.is_(False))
        .group_by(Need.category)
        .order_by(count.desc(), Need.category)
    )
    return {category: Figures(number, int(amount or 0)) for category, number, amount in db.session.execute(query)}


def solved_by_month(months: int = 12) -> list[tuple[date, Figures]]:
    """Solved needs of each of the last months (its first day), oldest first; empty months too."""
    firsts = list(rules.months_until(today(), months))
    newest_first = list(enumerate(firsts))[::-1]
    month = case(*((Outcome.closed_at >= _midnight(first), number) for number, first in newest_first), else_=-1)
    inner = (
        select(month.label("month"), Outcome.amount_cny)
        .where(_solved(), Outcome.closed_at >= _midnight(firsts[0]))
        .subquery()
    )
    query = select(inner.c.month, func.count(), func.coalesce(func.sum(inner.c.amount_cny), 0)).group_by(inner.c.month)
    found = {number: Figures(count, int(amount or 0)) for number, count, amount in db.session.execute(query)}
    return [(first, found.get(number, Figures(0, 0))) for number, first in enumerate(firsts)]


def solved(category: str | None = None, after: uuid.UUID | None = None) -> tuple[Sequence[Outcome], uuid.UUID | None]:
    """One page of the ledger of solved needs, newest first, and the `after` of the next page."""
    query = (
        select(Outcome)
        .join(Outcome.need)
        .where(Outcome.result == "solved", Need.hidden.is_(False))
        .options(
            contains_eager(Outcome.need).joinedload(Need.author, innerjoin=True),
            contains_eager(Outcome.need).defer(Need.search_text),
            _partner(),
        )
        .order_by(Outcome.closed_at.desc(), Outcome.need_id.desc())
    )
    if category:
        query = query.where(Need.category == category)
    if after:
        that = select(Outcome.closed_at).where(Outcome.need_id == after).scalar_subquery()
        query = query.where(
            tuple_(Outcome.closed_at, Outcome.need_id) < tuple_(that, literal(after, Outcome.need_id.type))
        )
    found = db.session.scalars(query.limit(ON_A_PAGE + 1)).all()
    more = found[ON_A_PAGE - 1].need_id if len(found) > ON_A_PAGE else None
    return found[:ON_A_PAGE], more


def ids_open(limit: int) -> Sequence[uuid.UUID]:
    """The newest open needs' ids."""
    query = select(Need.id).where(Need.hidden.is_(False), _in_state("open"))
    return db.session.scalars(query.order_by(Need.created_at.desc(), Need.id.desc()).limit(limit)).all()


def states_of(member_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """The ids of all needs of one member, each with the state that people see today."""
    wanted = select(Need.id, Need.state, Need.expires_on).where(Need.author_id == member_id)
    rows = db.session.execute(wanted.order_by(Need.created_at.desc()))
    return {need_id: rules.state_on(state, expires_on, today()) for need_id, state, expires_on in rows}
