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
from blueprints.briefings.models import Briefing, BriefingStep, BriefingVersion
from blueprints.briefings.plain_text import Imprint, plain_text
from blueprints.briefings.words import WAITS
from core import chamber
from core.access import Viewer
from core.clock import now, today
from core.database import db
from core.errors import NotFound
from core.text import like_pattern

PAGE = 30
LARGEST_NUMBER = 1_000_000
SHOWN_SIGNED_OFF = 10


@dataclass(frozen=True)
class Listed:
    """One published issue in a list."""

    number: int
    date: date
    title: str


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


def is_published(at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that an issue is out at `at`, by default now."""
    return and_(Briefing.state == "signed_off", Briefing.publishes_at <= (at or now()))


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
        select(Briefing).where(is_published(at)).order_by(Briefing.number.desc()).limit(1)
    ).one_or_none()


def issues(q: str = "", after: str = "") -> tuple[list[Listed], int | None]:
    """A page of the published issues, newest first, and the number after which the next one begins."""
    rows = select(Briefing.number, Briefing.date, Briefing.title).where(is_published())
    if after.isascii() and after.isdigit() and len(after) < 10:
        rows = rows.where(Briefing.number < int(after))
    if q.strip():
        pattern = like_pattern(q)
        rows = rows.where(or_(Briefing.title.ilike(pattern, escape="\\"), Briefing.body.ilike(pattern, escape="\\")))
    found = db.session.execute(rows.order_by(Briefing.number.desc()).limit(PAGE + 1)).all()
    listed = [Listed(row.number or 0, row.date, row.title) for row in found]
    return listed[:PAGE], listed[PAGE - 1].number if len(listed) > PAGE else None


def issue(number: int) -> tuple[Briefing, Neighbours]:
    """A published issue with its people and neighbours; `NotFound` until its hour has come."""
    if not 0 < number < LARGEST_NUMBER:
        raise NotFound
    other = Briefing.__table__.alias("other")
    out = and_(other.c.state == "signed_off", other.c.publishes_at <= now())
    previous = select(func.max(other.c.number)).where(out, other.c.number < number).scalar_subquery()
    following = select(func.min(other.c.number)).where(out, other.c.number > number).scalar_subquery()
    found = db.session.execute(
        select(Briefing, previous, following).where(Briefing.number == number, is_published()).options(*_people())
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], Neighbours(found[1], found[2])


def kept(most: int) -> list[KeptIssue]:
    """The newest published issues, as far as phones keep them."""
    rows = db.session.execute(
        select(Briefing.number, Briefing.editor_id, Briefing.reviewer_id, Briefing.publisher_id)
        .where(is_published())
        .order_by(Briefing.number.desc())
        .limit(most + 1)
    ).all()
    numbers: list[int | None] = [None, *(row[0] for row in rows), None]
    return [
        KeptIssue(row[0] or 0, tuple(person for person in row[1:] if person), Neighbours(numbers[at + 2], numbers[at]))
        for at, row in enumerate(rows[:most])
    ]


def text_parts(found: Briefing) -> list[str]:
    """A numbered issue as text for chat groups, in parts of under 2,000 characters."""
    day = found.date
    weekday = "一二三四五六日"[day.weekday()]
    imprint = Imprint(
        chamber=chamber.current().name,
        number=found.number or 0,
        day=f"{day.year}年{day.month}月{day.day}日　星期{weekday}",
        title=found.title,
        editor=_name(found.editor),
        reviewer=_name(found.reviewer),
        publisher=_name(found.publisher),
    )
    return plain_text(imprint, found.body)


def in_work() -> list[Briefing]:
    """The issues that are not out yet, the soonest first."""
    return list(
        db.session.scalars(
            select(Briefing)
            .where(or_(Briefing.state != "signed_off", Briefing.publishes_at > now()))
            .options(*_people())
            .order_by(Briefing.date, Briefing.id)
            .limit(100)
        )
    )


def at_desk(key: uuid.UUID) -> tuple[Briefing, frozenset[uuid.UUID]]:
    """An issue with its steps, and all whose hands were on its text."""
    found = db.session.scalars(
        select(Briefing)
        .where(Briefing.id == key)
        .options(*_people(), selectinload(Briefing.steps).joinedload(BriefingStep.actor).load_only(Member.real_name))
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
        acts.append("edit")
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
    return tuple(acts)


def waiting_at_desk(reader: Viewer) -> list[WaitingAtDesk]:
    """The issues in which it is this person's turn: an editor's own drafts, and what they may review or sign off.

    It changes with the topic `desk`.
    """
    if not reader.can("desk.read"):
        return []
    rows = db.session.scalars(
        select(Briefing).where(Briefing.state != "signed_off").order_by(Briefing.date).limit(100)
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
            waiting.append(WaitingAtDesk(row.id, url, row.date, row.title, row.state, sentences[acts[0]]))
    return waiting


def state_of(found: Briefing) -> str:
    """The state that people see, `published` by the clock alone."""
    return rules.shown_state(found.state, found.publishes_at, now())


def who_is_waited_for(found: Briefing) -> str:
    """Whose turn it is, as a sentence for the desk."""
    return str(WAITS[state_of(found)]) % {"name": found.editor.real_name}


def next_free_day() -> date:
    """The first day from tomorrow on that has no issue yet."""
    tomorrow = today() + timedelta(days=1)
    taken = set(db.session.scalars(select(Briefing.date).where(Briefing.date >= tomorrow)))
    return rules.first_free_day(taken, tomorrow)


def _people() -> tuple[ORMOption, ...]:
    return tuple(_name_of(person) for person in (Briefing.editor, Briefing.reviewer, Briefing.publisher))


def _name_of(person: InstrumentedAttribute[Member] | InstrumentedAttribute[Member | None]) -> ORMOption:
    return joinedload(person).load_only(Member.real_name).raiseload(Member.company)


def _name(person: Member | None) -> str:
    return person.real_name if person else ""
