"""What is read of groups and consultations: pages, what needs me, figures."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flask_babel import gettext
from sqlalchemy import ColumnElement, Select, Uuid, and_, case, event, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, contains_eager, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from blueprints.accounts.models import Member
from blueprints.experts import rules
from blueprints.experts.models import Consultation, Expert, ExpertGroup
from blueprints.experts.rules import DONE, GROUPS, UNDER_WAY, Figures, Part
from core.access import Viewer
from core.clock import clock, now, today
from core.database import Instant, db
from core.errors import NotFound

PAGE = 30
SCOPES = ("member", "expert", "lead", "all")


@dataclass(frozen=True)
class NeedsMe:
    """One consultation in which it is this member's turn."""

    id: uuid.UUID
    url: str
    title: str
    sentence: str
    since: datetime


def due_instant(requested_at: datetime) -> datetime:
    """The instant from which a first answer is late: midnight after its last day, in the chamber's zone."""
    last_day = rules.answer_due(clock.local(requested_at).date())
    return clock.at(last_day + timedelta(days=1), time())


@event.listens_for(Consultation, "before_insert")
def set_due(_mapper: object, _connection: object, made: Consultation) -> None:
    """A consultation knows from its request on when it is to be answered."""
    made.answer_due_at = due_instant(made.requested_at)


def groups() -> list[ExpertGroup]:
    """The eight groups in the contract's order, each with its lead; one that nobody described yet is there too."""
    rows = {group.slug: group for group in db.session.scalars(select(ExpertGroup).options(_name_of(ExpertGroup.lead)))}
    return [rows.get(slug) or blank_group(slug) for slug in GROUPS]


def group(slug: str) -> ExpertGroup:
    """One group with its lead; `NotFound` for a word that is no group's."""
    if slug not in GROUPS:
        raise NotFound
    found = select(ExpertGroup).where(ExpertGroup.slug == slug).options(_name_of(ExpertGroup.lead))
    return db.session.scalars(found).one_or_none() or blank_group(slug)


def blank_group(slug: str) -> ExpertGroup:
    """A group as it is before anybody has described it."""
    return ExpertGroup(slug=slug, name=GROUPS[slug], description="", lead_id=None)


def experts_of(slug: str) -> list[Expert]:
    """The experts of a group by pinyin, each with member and company; none who has left."""
    return list(
        db.session.scalars(
            select(Expert)
            .join(Member, Expert.member_id == Member.id)
            .where(Expert.group_slug == slug, Member.status == "member")
            .options(joinedload(Expert.member, innerjoin=True))
            .order_by(Member.sort_key, Member.id)
        )
    )


def expert_counts() -> dict[str, int]:
    """How many experts each group has."""
    rows = db.session.execute(
        select(Expert.group_slug, func.count())
        .join(Member, Expert.member_id == Member.id)
        .where(Member.status == "member")
        .group_by(Expert.group_slug)
    )
    return {row[0]: row[1] for row in rows}


def figures(slugs: Iterable[str] = GROUPS) -> dict[str, Figures]:
    """What each group has done, in one query.

    A consultation counts for the on-time share when its first answer came, or when
    it is still waited for after its day (`rules.answer_due`); what its member
    withdrew unanswered does not count.
    """
    slugs = tuple(slugs)
    state, answered, due = Consultation.state, Consultation.first_answered_at, Consultation.answer_due_at
    overdue = and_(state == "requested", due <= now())
    rows = db.session.execute(
        select(
            Consultation.group_slug,
            func.count(),
            _count(state == "requested"),
            _count(state.in_(UNDER_WAY)),
            _count(state.in_(DONE)),
            _count(or_(answered.is_not(None), overdue)),
            _count(answered < due),
            func.count(Consultation.stars),
            func.coalesce(func.sum(Consultation.stars), 0),
        )
        .where(Consultation.group_slug.in_(slugs))
        .group_by(Consultation.group_slug)
    )
    found = {row[0]: Figures(row[0], *(int(value or 0) for value in row[1:])) for row in rows}
    return {slug: found.get(slug, Figures(slug)) for slug in slugs}


def by_month(months: int = 12) -> list[tuple[date, int]]:
    """The first day of each of the last `months` months with the consultations asked in it, oldest first."""
    starts = [today().replace(day=1)]
    while len(starts) < months:
        starts.insert(0, (starts[0] - timedelta(days=1)).replace(day=1))
    edges = [clock.at(start, time()) for start in starts]
    ends = [*edges[1:], datetime.max.replace(tzinfo=UTC)]
    asked = Consultation.requested_at
    counts = db.session.execute(
        select(*(_count(and_(asked >= edge, asked < end)) for edge, end in zip(edges, ends, strict=True))).where(
            asked >= edges[0]
        )
    ).one()
    return [(start, int(count)) for start, count in zip(starts, counts, strict=True)]


def consultation(key: uuid.UUID, reader: Viewer) -> tuple[Consultation, frozenset[Part]]:
    """A consultation with its people, and the reader's parts in it.

    `NotFound` for everybody but its member, its expert, the group's lead and admins,
    of whom the last see its state and times alone (`rules.may_read`).
    """
    found = db.session.scalars(_whole().where(Consultation.id == key)).one_or_none()
    if found is None or not (parts := parts_in(found, reader)):
        raise NotFound
    return found, parts


def parts_in(found: Consultation, reader: Viewer) -> frozenset[Part]:
    """The parts that `reader` has in a consultation."""
    return rules.parts_of(
        reader.id,
        member=found.member_id,
        expert=found.expert_id,
        lead=found.group.lead_id,
        is_admin="admin" in reader.roles,
    )


def consultations(reader: Viewer, scope: str = "", after: str = "") -> tuple[list[Consultation], str | None]:
    """A page of the consultations that `reader` has a part in, and the key of the next one.

    What needs the reader comes first, then what is under way, then what is done, each newest
    first. `scope` narrows to one part; `all` is for admins, who see no content there.
    """
    if scope == "all" and "admin" in reader.roles:
        mine: ColumnElement[bool] = literal(True)
        rank = case((Consultation.state == "requested", 0), (Consultation.state.in_(UNDER_WAY), 1), else_=2)
    else:
        mine = {
            "member": Consultation.member_id == reader.id,
            "expert": Consultation.expert_id == reader.id,
            "lead": ExpertGroup.lead_id == reader.id,
        }.get(scope, _has_part(reader.id))
        still_open = Consultation.state.in_(("requested", *UNDER_WAY))
        rank = case((_needs(reader.id), 0), (still_open, 1), else_=2)
    rows = _whole().where(mine).add_columns(rank.label("rank"))
    rows = rows.order_by(rank, Consultation.requested_at.desc(), Consultation.id.desc()).limit(PAGE + 1)
    if (place := _read_key(after)) is not None:
        before, asked_at, key = place
        newest_first = tuple_(Consultation.requested_at, Consultation.id) < tuple_(
            literal(asked_at, Instant()), literal(key, Uuid())
        )
        rows = rows.where(or_(rank > before, and_(rank == before, newest_first)))
    found = db.session.execute(rows).all()
    more = found[PAGE - 1] if len(found) > PAGE else None
    return [row[0] for row in found[:PAGE]], _key(more[1], more[0]) if more else None


def kept(reader: Viewer, most: int) -> list[tuple[uuid.UUID, str]]:
    """The newest consultations in which `reader` has a part, each with its group."""
    rows = db.session.execute(
        select(Consultation.id, Consultation.group_slug)
        .join(ExpertGroup)
        .where(_has_part(reader.id), Consultation.member_id.is_not(None))
        .order_by(Consultation.requested_at.desc(), Consultation.id.desc())
        .limit(most)
    )
    return [(key, slug) for key, slug in rows]


def needs_me(member_id: uuid.UUID, most: int = 20) -> list[NeedsMe]:
    """The consultations in which it is this member's turn, the longest waiting first.

    A lead assigns; an expert arranges a time and, from the day of the meeting on, writes
    the summary; a member rates. It changes with the topic `consultations:MEMBER` and the date.
    """
    rows = db.session.execute(
        select(
            Consultation.id,
            Consultation.topic,
            Consultation.state,
            func.coalesce(
                case((Consultation.state == "scheduled", Consultation.starts_at)),
                Consultation.completed_at,
                Consultation.assigned_at,
                Consultation.requested_at,
            ).label("since"),
        )
        .join(ExpertGroup)
        .where(_needs(member_id))
        .order_by("since", Consultation.id)
        .limit(most)
    )
    sentences = {
        "requested": gettext("等您指派专家"),
        "assigned": gettext("等您约定时间"),
        "scheduled": gettext("见面之后，等您写小结"),
        "completed": gettext("等您评价"),
    }
    return [NeedsMe(row.id, f"/consultations/{row.id}", row.topic, sentences[row.state], row.since) for row in rows]


def _needs(person: uuid.UUID) -> ColumnElement[bool]:
    tomorrow = clock.at(today() + timedelta(days=1), time())
    state, expert = Consultation.state, Consultation.expert_id == person
    return or_(
        and_(state == "requested", ExpertGroup.lead_id == person),
        and_(state == "assigned", expert),
        and_(state == "scheduled", expert, Consultation.starts_at < tomorrow),
        and_(state == "completed", Consultation.member_id == person),
    )


def _has_part(person: uuid.UUID) -> ColumnElement[bool]:
    return or_(Consultation.member_id == person, Consultation.expert_id == person, ExpertGroup.lead_id == person)


def _whole() -> Select[Consultation]:
    group = contains_eager(Consultation.group)
    return (
        select(Consultation)
        .join(ExpertGroup, Consultation.group_slug == ExpertGroup.slug)
        .options(
            group.joinedload(ExpertGroup.lead).load_only(Member.real_name).raiseload(Member.company),
            joinedload(Consultation.member, innerjoin=True),
            _name_of(Consultation.expert),
        )
    )


def _name_of(person: InstrumentedAttribute[Member | None]) -> ORMOption:
    return joinedload(person).load_only(Member.real_name).raiseload(Member.company)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _key(rank: int, last: Consultation) -> str:
    microseconds = (last.requested_at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
    return f"{rank}-{microseconds}-{last.id.hex}"


def _read_key(after: str) -> tuple[int, datetime, uuid.UUID] | None:
    try:
        rank, microseconds, key = after.split("-")
        return (
            int(rank) % 10,
            datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(microseconds)),
            uuid.UUID(key),
        )
    except (ValueError, OverflowError):
        return None
