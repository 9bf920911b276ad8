"""What stands on the home page, read with few questions to the database.

The page's etag needs what the clock changes (which briefing is out, which events are
on) before anything is rendered: `home_of` reads that, `Home.rest` the others.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy import Select, Uuid, and_, bindparam, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import contains_eager, joinedload

from blueprints.accounts.models import Member, Registration
from blueprints.briefings import service as briefings
from blueprints.briefings.models import Briefing, BriefingStep, BriefingVersion
from blueprints.door.mine import flagged_doors
from blueprints.events import reading as events
from blueprints.events.models import Event
from blueprints.events.reading import Listed, Own
from blueprints.events.rules import phase
from blueprints.experts.models import Consultation, ExpertGroup
from blueprints.experts.rules import DONE
from blueprints.needs import reading as needs
from blueprints.needs.models import Need, NeedResponse, Outcome
from blueprints.today.rules import contents, is_my_turn
from core.access import Viewer
from core.clock import local, now, today
from core.database import db, once

SHOWN = 5
NEWEST = 3
MOST = 40


@dataclass(frozen=True)
class Community:
    """What the community did so far."""

    members: int
    solved: int
    worth_cny: int
    events_held: int
    consultations: int
    briefings: int


def community() -> Community:
    """The figures of the visitor's page, in one query."""
    solved = (Outcome.result == "solved") & Need.hidden.is_(False)
    outcomes = select(func.count()).select_from(Outcome).join(Outcome.need).where(solved)
    worth = select(func.coalesce(func.sum(Outcome.amount_cny), 0)).join(Outcome.need).where(solved)
    held = (Event.state == "scheduled") & (Event.ends_at <= now())
    row = db.session.execute(
        select(
            select(func.count()).select_from(Member).where(Member.status == "member").scalar_subquery(),
            outcomes.scalar_subquery(),
            worth.scalar_subquery(),
            select(func.count()).select_from(Event).where(held).scalar_subquery(),
            select(func.count()).select_from(Consultation).where(Consultation.state.in_(DONE)).scalar_subquery(),
            select(func.count()).select_from(Briefing).where(briefings.is_published()).scalar_subquery(),
        )
    ).one()
    return Community(*(int(number) for number in row))


@dataclass(frozen=True)
class Front:
    """The visitor's page."""

    community: Community
    events: list[Listed]

    @property
    def states(self) -> tuple[str, ...]:
        """What the clock changes."""
        return (repr(self.community), *(f"{row.event.id}:{row.phase}" for row in self.events))


FRONT_TOPICS = ("people", "needs", "events", "briefings", "experts")


def front() -> Front:
    """What a visitor is shown. Two queries."""
    return Front(community(), events.public_coming(SHOWN))


def next_turn() -> datetime | None:
    """When the clock next changes the visitor's page: an event closes, begins or ends, or an issue comes out."""
    columns = (Event.signup_closes_at, Event.starts_at, Event.ends_at)
    turns = [select(func.min(column)).where(column > now()).scalar_subquery() for column in columns]
    found = [*db.session.execute(select(*turns)).one(), briefings.next_publication()]
    return min((turn for turn in found if turn), default=None)


@dataclass(frozen=True)
class Turn:
    """One thing that needs the reader."""

    url: str
    title: str
    sentence: str


@dataclass(frozen=True)
class Meeting:
    """A consultation that was arranged, as one of the two who meet sees it."""

    url: str
    title: str
    starts_at: datetime
    place: str
    other: str


@dataclass(frozen=True)
class Home:
    """A member's page: what decides its etag, and how to read the rest."""

    reader: Viewer
    hour: needs.SharingHourNow
    issue: Briefing | None
    headings: list[str]
    desk: list[Turn]
    mine: list[Own]
    running: Sequence[Event]

    @property
    def topics(self) -> tuple[str, ...]:
        """What the page shows."""
        key = self.reader.id
        return (
            "needs",
            "people",
            "events",
            "briefings",
            *(("desk",) if self.reader.can("desk.read") else ()),
            *(("flags",) if self.reader.can("event.create") else ()),
            *(("registrations",) if self.reader.can("registration.decide") else ()),
            f"signups:{key}",
            f"consultations:{key}",
            f"member:{key}",
            *(f"event:{own.signup.event_id}" for own in self.mine),
            *(f"event:{event.id}" for event in self.running),
        )

    @property
    def states(self) -> tuple[str, ...]:
        """What the clock changes on the page."""
        return (
            self.hour.phase,
            str(self.issue.number if self.issue else None),
            str(self.reader.rules_due),
            *(f"{own.signup.event_id}:{phase(own.signup.event, now())}" for own in self.mine),
            *(f"{event.id}:{phase(event, now())}" for event in self.running),
        )

    @property
    def pinned(self) -> list[Own]:
        """My events of today, and those that are on; those that I run stand among `doors`."""
        return [own for own in self.mine if self._is_today(own.signup.event) and own.signup.event not in self.running]

    @property
    def later(self) -> list[Own]:
        """My other coming events."""
        return [
            own for own in self.mine if not self._is_today(own.signup.event) and own.signup.event not in self.running
        ][:SHOWN]

    @property
    def doors(self) -> list[Event]:
        """The events of today that I run."""
        return [event for event in self.running if self._is_today(event)]

    @property
    def seated(self) -> frozenset[uuid.UUID]:
        """The events for which I hold a ticket."""
        return frozenset(own.signup.event_id for own in self.mine if own.state == "confirmed")

    @property
    def to_run(self) -> list[Event]:
        """The other coming events that I run."""
        return [event for event in self.running if not self._is_today(event)]

    @staticmethod
    def _is_today(event: Event) -> bool:
        return event.state == "scheduled" and local(event.starts_at).date() <= today()

    def rest(self) -> dict[str, Any]:
        """What is only read when the page is rendered. Three queries."""
        turns, meetings = _consultations(self.reader)
        return {
            "turns": [*_answers_doors_and_applications(self.reader), *turns, *self.desk],
            "meetings": meetings,
            "newest": needs.newest(NEWEST),
        }


def home_of(reader: Viewer) -> Home:
    """What a member's page is made of. Two queries, once in a transaction."""
    return once(("home", reader.id), lambda: _home_of(reader))


def _home_of(reader: Viewer) -> Home:
    issue, desk = _briefings(reader)
    mine, running = events.ahead_of(reader, 4 * SHOWN)
    return Home(
        reader=reader,
        hour=needs.sharing_hour(),
        issue=issue,
        headings=contents(issue.body) if issue else [],
        desk=desk,
        mine=mine,
        running=running[:SHOWN],
    )


def _briefings(reader: Viewer) -> tuple[Briefing | None, list[Turn]]:
    """The newest issue that is out, and for the desk those in which it is the reader's turn."""
    rows = db.session.execute(_newest_and_desk(reader.can("desk.read")), {"me": reader.id, "now": now()}).all()
    issue, turns = None, []
    sentences = {"edit": gettext("等您写完并提交"), "review": gettext("等您审核"), "sign_off": gettext("等您签发")}
    for found, hand in rows:
        if found.state == "signed_off":
            issue = found
            continue
        acts = briefings.allowed(found, reader, frozenset({reader.id} if hand else ()))
        act = next((act for act in acts if act in sentences), None)
        if act and (act != "edit" or found.editor_id == reader.id):
            turns.append(Turn(f"/desk/briefings/{found.id}", found.title or gettext("简报"), sentences[act]))
    return issue, turns


@functools.cache
def _newest_and_desk(at_desk: bool) -> Select[Briefing, bool]:
    """Built once: every member's first page asks for it."""
    me = bindparam("me", type_=BriefingVersion.author_id.type)
    out = briefings.is_published(bindparam("now", type_=Briefing.publishes_at.type))
    newest = select(func.max(Briefing.number)).where(out).scalar_subquery()
    mine = or_(
        exists().where(BriefingVersion.briefing_id == Briefing.id, BriefingVersion.author_id == me),
        exists().where(
            BriefingStep.briefing_id == Briefing.id, BriefingStep.act == "submit", BriefingStep.actor_id == me
        ),
    )
    wanted = Briefing.number == newest
    if at_desk:
        wanted = or_(wanted, Briefing.state != "signed_off")
    return select(Briefing, mine).where(wanted).order_by(Briefing.date).limit(MOST)


def _answers_doors_and_applications(reader: Viewer) -> list[Turn]:
    """My needs with answers that nobody took up, my doors with something to look at, and for admins who waits."""
    unheard = (
        select(func.count())
        .where(NeedResponse.need_id == Need.id, NeedResponse.state == "offered")
        .correlate(Need)
        .scalar_subquery()
    )
    answered = (
        select(literal("need").label("what"), Need.id.label("id"), Need.title.label("title"), unheard.label("number"))
        .where(Need.author_id == reader.id, Need.state == "open", unheard > 0)
        .order_by(Need.created_at.desc(), Need.id.desc())
        .limit(SHOWN)
        .subquery()
    )
    wanted: list[Any] = [select(answered)]
    if reader.can("event.create"):
        wanted.append(flagged_doors(reader.id, literal("door")))
    if reader.can("registration.decide"):
        nobody = (literal("registrations"), literal(None, Uuid()), literal(""))
        wanted.append(select(*nobody, func.count()).where(Registration.state == "submitted"))
    turns = []
    for row in db.session.execute(union_all(*wanted)):
        if row.what == "need":
            said = ngettext("有 %(num)s 个回应等您看", "有 %(num)s 个回应等您看", row.number)
            turns.append(Turn(f"/needs/{row.id}", row.title, said))
        elif row.what == "door":
            said = ngettext("签到有 %(num)s 件等您看一眼", "签到有 %(num)s 件等您看一眼", row.number)
            turns.append(Turn(f"/events/{row.id}/attendance#tasks", row.title, said))
        elif row.number:
            said = ngettext("%(num)s 份等您审核", "%(num)s 份等您审核", row.number)
            turns.insert(0, Turn("/admin/registrations", gettext("入会申请"), said))
    return turns


def _consultations(reader: Viewer) -> tuple[list[Turn], list[Meeting]]:
    """The consultations that wait for the reader, and those that are arranged."""
    me = reader.id
    rows: Sequence[Consultation] = db.session.scalars(_mine_of_consultations(), {"me": me}).all()
    sentences = {
        "requested": gettext("等您指派专家"),
        "assigned": gettext("等您约定时间"),
        "scheduled": gettext("见面之后，等您写小结"),
        "completed": gettext("等您评价"),
    }
    turns, meetings = [], []
    for row in rows:
        parts = {"member": row.member_id, "expert": row.expert_id, "lead": row.group.lead_id}
        meets_on = local(row.starts_at).date() if row.starts_at else None
        if is_my_turn(row.state, meets_on, today(), me=me, parts=parts):
            turns.append(Turn(f"/consultations/{row.id}", row.topic, sentences[row.state]))
        if row.state == "scheduled" and row.starts_at and local(row.starts_at).date() >= today():
            meetings.append(_meeting(row, me))
    return turns[: 2 * SHOWN], meetings[:SHOWN]


@functools.cache
def _mine_of_consultations() -> Select[Consultation]:
    """Built once: every member's first page asks for it."""
    me = bindparam("me", type_=Consultation.member_id.type)
    return (
        select(Consultation)
        .join(Consultation.group)
        .where(
            or_(
                and_(Consultation.state == "requested", ExpertGroup.lead_id == me),
                and_(Consultation.state.in_(("assigned", "scheduled")), Consultation.expert_id == me),
                and_(Consultation.state.in_(("scheduled", "completed")), Consultation.member_id == me),
            )
        )
        .options(
            contains_eager(Consultation.group),
            joinedload(Consultation.member, innerjoin=True).load_only(Member.real_name).raiseload(Member.company),
            joinedload(Consultation.expert).load_only(Member.real_name).raiseload(Member.company),
        )
        .order_by(func.coalesce(Consultation.starts_at, Consultation.requested_at), Consultation.id)
        .limit(MOST)
    )


def _meeting(row: Consultation, me: uuid.UUID) -> Meeting:
    other = row.expert if row.member_id == me else row.member
    return Meeting(
        f"/consultations/{row.id}",
        row.topic,
        row.starts_at or row.requested_at,
        row.place,
        other.real_name if other else "",
    )
