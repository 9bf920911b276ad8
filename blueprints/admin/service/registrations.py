"""One application with everything needed to decide, and one verdict on several."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext, ngettext
from sqlalchemy import Uuid, func, literal, select, tuple_, union_all
from sqlalchemy.orm import aliased, contains_eager, joinedload

from blueprints.accounts.models import Member, Registration, RegistrationEntry, Rule, RuleAcceptance
from blueprints.accounts.service.decisions import Repeat, duplicates_of, identity_number_of
from blueprints.admin.rules import needs_words
from blueprints.admin.service import reasons
from core.access import Viewer
from core.audit import AuditEntry, AuditValues
from core.database import db
from core.errors import NotFound
from core.operations import Act
from core.performing import perform

IN_THE_TALK = ("registration.approve", "registration.refuse", "registration.ask")
MOST_NAMESAKES = 5
AT_ONCE = 50


@dataclass(frozen=True)
class Said:
    """One line of what happened with an application: a question, an answer, a decision, a look."""

    at: datetime
    kind: str
    who: str
    words: str


@dataclass(frozen=True)
class Dossier:
    """Everything needed to decide on one application."""

    registration: Registration
    identity_number: str | None
    referrers: list[Member]
    decided_by: str | None
    accepted: int
    to_accept: int
    talk: list[Said]
    repeats: list[Repeat]
    ready: dict[str, list[str]]
    next_id: uuid.UUID | None
    waiting: int

    @property
    def refused_before(self) -> bool:
        """Whether this very phone was refused before this round."""
        return self.registration.refusals > (self.registration.state == "refused")

    @property
    def open(self) -> bool:
        """Whether there is something to decide."""
        return self.registration.state in ("submitted", "asked")


def dossier(registration_id: uuid.UUID, *, uncovered: bool = False) -> Dossier:
    """One application, in five queries; raises `NotFound`."""
    referrer, decider = aliased(Member), aliased(Member)
    rows = db.session.execute(
        select(Registration, referrer, decider.real_name)
        .join(Registration.member)
        .outerjoin(
            referrer,
            (referrer.real_name == Member.referrer) & (referrer.status == "member") & (referrer.id != Member.id),
        )
        .outerjoin(decider, decider.id == Registration.decided_by_id)
        .where(Registration.id == registration_id)
        .options(
            contains_eager(Registration.member).joinedload(Member.company, innerjoin=True),
            joinedload(referrer.company, innerjoin=False),
        )
        .limit(MOST_NAMESAKES)
    ).all()
    if not rows:
        raise NotFound
    found = rows[0][0]
    next_id, waiting, accepted, to_accept = _around(found)
    return Dossier(
        registration=found,
        identity_number=identity_number_of(found.member, whole=uncovered),
        referrers=[row[1] for row in rows if row[1]],
        decided_by=rows[0][2],
        accepted=accepted,
        to_accept=to_accept,
        talk=_talk(found),
        repeats=duplicates_of(found),
        ready=reasons.ready(),
        next_id=next_id,
        waiting=waiting,
    )


def next_after(registration_id: uuid.UUID) -> uuid.UUID | None:
    """The application to decide after this one: the next that was handed in, else the oldest."""
    found = db.session.get(Registration, registration_id)
    return _around(found)[0] if found else None


def _around(found: Registration) -> tuple[uuid.UUID | None, int, int, int]:
    others = (
        select(Registration.id)
        .where(Registration.state == "submitted", Registration.id != found.id)
        .order_by(Registration.submitted_at, Registration.id)
        .limit(1)
    )
    place = tuple_(literal(found.submitted_at, Registration.submitted_at.type), literal(found.id, Uuid()))
    newer = aliased(Rule)
    in_force = Rule.version == select(func.max(newer.version)).where(newer.slug == Rule.slug).scalar_subquery()
    accepted = (
        select(func.count())
        .select_from(RuleAcceptance)
        .join(Rule, (Rule.slug == RuleAcceptance.slug) & (Rule.version == RuleAcceptance.version))
        .where(RuleAcceptance.member_id == found.member_id, in_force)
    )
    later, first, count, *rules = db.session.execute(
        select(
            others.where(tuple_(Registration.submitted_at, Registration.id) > place).scalar_subquery(),
            others.scalar_subquery(),
            select(func.count())
            .select_from(Registration)
            .where(Registration.state == "submitted", Registration.id != found.id)
            .scalar_subquery(),
            accepted.scalar_subquery(),
            select(func.count()).select_from(Rule).where(in_force).scalar_subquery(),
        )
    ).one()
    return later or first, count, rules[0], rules[1]


def _talk(found: Registration) -> list[Said]:
    said = (
        select(
            RegistrationEntry.id.label("id"),
            RegistrationEntry.at.label("at"),
            RegistrationEntry.kind.label("kind"),
            func.coalesce(Member.real_name, "").label("who"),
            RegistrationEntry.body.label("words"),
        )
        .outerjoin(Member, Member.id == RegistrationEntry.author_id)
        .where(RegistrationEntry.registration_id == found.id)
    )
    looked = (
        select(
            AuditEntry.id,
            AuditEntry.at,
            AuditEntry.act,
            func.coalesce(AuditValues.actor_name, ""),
            func.coalesce(AuditValues.reason, ""),
        )
        .outerjoin(AuditValues, AuditValues.entry_id == AuditEntry.id)
        .where(
            AuditEntry.subject_kind == "registration",
            AuditEntry.subject_id == str(found.id),
            AuditEntry.act.not_in(IN_THE_TALK),
        )
    )
    both = union_all(said, looked).subquery()
    rows = db.session.execute(select(both).order_by(both.c.at, both.c.id))
    return [Said(row.at, row.kind, row.who, row.words) for row in rows]


@dataclass(frozen=True)
class Decided:
    """How a verdict on several applications went: how many it reached, and for whom it did not and why."""

    done: int
    failed: list[str]

    def sentence(self, verdict: str) -> str:
        """What to tell the admin."""
        done = {
            "approve": ngettext("通过了 %(num)s 份申请", "通过了 %(num)s 份申请", self.done),
            "refuse": ngettext("谢绝了 %(num)s 份申请", "谢绝了 %(num)s 份申请", self.done),
            "ask": ngettext("询问了 %(num)s 位申请人", "询问了 %(num)s 位申请人", self.done),
        }[verdict]
        if not self.failed:
            return done
        return gettext("%(done)s；没有办成：%(failed)s", done=done, failed=gettext("；").join(self.failed))


def decide_several(
    person: Viewer, op_id: uuid.UUID, ids: Iterable[uuid.UUID], verdict: str, words: str | None
) -> Decided:
    """The same verdict on each application, each an operation of its own; the same `op_id` repeats nothing."""
    chosen = list(dict.fromkeys(ids))[:AT_ONCE]
    people = select(Registration.id, Member.real_name).join(Registration.member).where(Registration.id.in_(chosen))
    names = {row.id: row.real_name for row in db.session.execute(people)}
    field = {"refuse": "reason", "ask": "question"}.get(verdict)
    fields = {field: words or ""} if field and needs_words(verdict) else {}
    done, failed = 0, []
    for key in chosen:
        act = Act(owner=str(person.id), op_id=str(uuid.uuid5(op_id, str(key))), actor=person, target=str(key))
        outcome = perform(f"registration.{verdict}", act, fields)
        if outcome.went_well:
            done += 1
        else:
            failed.append(gettext("%(name)s（%(reason)s）", name=names.get(key, ""), reason=outcome.message))
    return Decided(done, failed)
