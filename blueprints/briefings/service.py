"""What is read of issues: the published ones by members, those in work by the desk."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import gettext
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from blueprints.accounts.models import Member
from blueprints.briefings import rules
from blueprints.briefings.models import Briefing, BriefingComment, BriefingCorrection, BriefingStep, BriefingVersion
from blueprints.briefings.words import WAITS
from core import chamber
from core.access import Viewer
from core.clock import clock, now, today
from core.database import db
from core.errors import NotFound

IN_WORK = ("draft", "submitted", "reviewed")


@dataclass(frozen=True)
class Neighbours:
    """The numbers of the published issues before and after one."""

    previous: int | None
    following: int | None

    @property
    def states(self) -> tuple[str, str]:
        """What the clock changes on the issue's page."""
        return str(self.previous), str(self.following)


@dataclass(frozen=True)
class KeptIssue:
    """What the etag of a published issue's page is made of."""

    number: int
    people: tuple[uuid.UUID, ...]
    neighbours: Neighbours


@dataclass(frozen=True)
class WaitingAtDesk:
    """One issue in which it is this person's turn."""

    id: uuid.UUID
    url: str
    date: date
    title: str
    state: str
    sentence: str


def is_published(at: datetime | ColumnElement[datetime] | None = None) -> ColumnElement[bool]:
    """The condition that an issue is out at `at`, by default now."""
    return and_(Briefing.state.in_(("signed_off", "imported")), Briefing.publishes_at <= (now() if at is None else at))


def published_number(at: datetime | None = None) -> int:
    """How many issues are out: the state that changes, by the clock alone, every page that shows the newest."""
    return db.session.scalar(select(func.count()).select_from(Briefing).where(is_published(at))) or 0


def next_publication() -> datetime | None:
    """When the next signed-off issue comes out."""
    waiting = and_(Briefing.state == "signed_off", Briefing.publishes_at > now())
    return db.session.scalar(select(func.min(Briefing.publishes_at)).where(waiting))


def latest_published(at: datetime | None = None) -> Briefing | None:
    """The published issue with the highest number."""
    return db.session.scalars(
        select(Briefing).where(is_published(at), Briefing.number.is_not(None)).order_by(Briefing.number.desc()).limit(1)
    ).one_or_none()


def kept(most: int) -> list[KeptIssue]:
    """The newest published issues, as far as phones keep them."""
    rows = db.session.execute(
        select(Briefing.number, Briefing.editor_id, Briefing.reviewer_id, Briefing.publisher_id)
        .where(is_published(), Briefing.number.is_not(None))
        .order_by(Briefing.number.desc())
        .limit(most + 1)
    ).all()
    numbers: list[int | None] = [None, *(row[0] for row in rows), None]
    return [
        KeptIssue(row[0] or 0, tuple(person for person in row[1:] if person), Neighbours(numbers[at + 2], numbers[at]))
        for at, row in enumerate(rows[:most])
    ]


def in_work() -> list[Briefing]:
    """The issues that are not out yet, the soonest first."""
    return list(
        db.session.scalars(
            select(Briefing)
            .where(
                or_(Briefing.state.in_(IN_WORK), and_(Briefing.state == "signed_off", Briefing.publishes_at > now()))
            )
            .options(*its_people())
            .order_by(Briefing.date, Briefing.id)
            .limit(100)
        )
    )


def at_desk(key: uuid.UUID) -> tuple[Briefing, frozenset[uuid.UUID]]:
    """An issue with its steps, and all whose hands were on its text."""
    found = db.session.scalars(
        select(Briefing)
        .where(Briefing.id == key)
        .options(
            *its_people(),
            selectinload(Briefing.steps).joinedload(BriefingStep.actor).load_only(Member.real_name),
            selectinload(Briefing.comments).joinedload(BriefingComment.author).load_only(Member.real_name),
            selectinload(Briefing.corrections).joinedload(BriefingCorrection.author).load_only(Member.real_name),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    return found, hands_on((key,))[key]


def hands_on(keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """Who saved a text of each issue, or submitted it."""
    keys = tuple(keys)
    saved = select(BriefingVersion.briefing_id, BriefingVersion.author_id).where(BriefingVersion.briefing_id.in_(keys))
    submitted = select(BriefingStep.briefing_id, BriefingStep.actor_id).where(
        BriefingStep.briefing_id.in_(keys), BriefingStep.act == "submit"
    )
    hands: dict[uuid.UUID, set[uuid.UUID]] = {key: set() for key in keys}
    for key, person in db.session.execute(saved.union(submitted)):
        hands[key].add(person)
    return {key: frozenset(people) for key, people in hands.items()}


def allowed(found: Briefing, reader: Viewer, hands: frozenset[uuid.UUID]) -> tuple[str, ...]:
    """Which forms of an issue the reader may use now."""
    acts = []
    if reader.can("briefing.edit") and found.state == "draft":
        acts += ["edit", "redate"]
        if found.title and found.body:
            acts.append("submit")
    if reader.can("briefing.review") and found.state == "submitted" and rules.may_review(reader.id, hands=hands):
        acts.append("review")
    if (
        reader.can("briefing.sign_off")
        and found.state == "reviewed"
        and rules.may_sign_off(reader.id, hands=hands, reviewer=found.reviewer_id)
    ):
        acts.append("sign_off")
    if reader.can("briefing.sign_off") and found.state == "signed_off":
        acts.append("correct")
    return tuple(acts)


def waiting_at_desk(reader: Viewer) -> list[WaitingAtDesk]:
    """The issues in which it is this person's turn: an editor's own drafts, and what they may review or sign off.

    It changes with the topic `desk`.
    """
    if not reader.can("desk.read"):
        return []
    rows = db.session.scalars(
        select(Briefing).where(Briefing.state.in_(IN_WORK)).order_by(Briefing.date).limit(100)
    ).all()
    hands = hands_on(row.id for row in rows)
    sentences = {
        "edit": gettext("等您写完并提交"),
        "review": gettext("等您审核"),
        "sign_off": gettext("等您签发"),
    }
    waiting = []
    for row in rows:
        acts = [act for act in allowed(row, reader, hands[row.id]) if act in sentences]
        if acts and (acts[0] != "edit" or row.editor_id == reader.id):
            url = f"/desk/briefings/{row.id}"
            waiting.append(WaitingAtDesk(row.id, url, row.date or today(), row.title, row.state, sentences[acts[0]]))
    return waiting


def state_of(found: Briefing) -> str:
    """The state that people see, `published` by the clock alone."""
    return rules.shown_state(found.state, found.publishes_at, now())


def who_is_waited_for(found: Briefing) -> str:
    """Whose turn it is, as a sentence for the desk."""
    return str(WAITS[state_of(found)]) % {"name": found.editor.real_name if found.editor else ""}


def next_free_day() -> date:
    """The first day from tomorrow on that has no issue yet."""
    tomorrow = today() + timedelta(days=1)
    taken = set(
        db.session.scalars(select(Briefing.date).where(Briefing.date >= tomorrow, Briefing.state != "imported"))
    )
    return rules.first_free_day({day for day in taken if day}, tomorrow)


def lateness() -> tuple[str | None, Briefing | None]:
    """Whether today's issue is about to be late, or is, and that issue where there is one."""
    at_time = clock.at(today(), chamber.current().briefing_at)
    if now() < at_time - rules.WARNED_BEFORE:
        return None, None
    found = db.session.scalars(
        select(Briefing).where(Briefing.date == today(), Briefing.state != "imported").options(*its_people())
    ).one_or_none()
    signed = found is not None and found.state == "signed_off"
    return rules.lateness(now(), at_time, is_out_or_signed=signed), found


def its_people() -> tuple[ORMOption, ...]:
    """The names of the three with an issue."""
    return tuple(_name_of(person) for person in (Briefing.editor, Briefing.reviewer, Briefing.publisher))


def _name_of(person: InstrumentedAttribute[Member] | InstrumentedAttribute[Member | None]) -> ORMOption:
    return joinedload(person).load_only(Member.real_name).raiseload(Member.company)
