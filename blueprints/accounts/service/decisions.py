"""Deciding on applications: the queue, everything needed to decide, and the three decisions."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass

from flask_babel import gettext, lazy_gettext
from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_, union
from sqlalchemy.orm import contains_eager

from blueprints.accounts.forms import ApproveForm, AskForm, EmptyForm, RefuseForm
from blueprints.accounts.identity import number_of
from blueprints.accounts.models import Company, Member, Registration
from blueprints.accounts.rules import WAITING, Identity, may_decide, repeats
from blueprints.accounts.service.registration import STATUS_URL, add_entry
from core import audit
from core.clock import now
from core.crypto import Unreadable
from core.database import db, locked
from core.errors import Forbidden, NotFound, Refusal
from core.operations import Act, Outcome, operation
from core.registries import notice_kind, tell
from core.text import company_name_key, like_pattern
from core.values import masked_identity_number

log = logging.getLogger("huiyou.accounts")
PAGE = 30
APPROVED = notice_kind("registration.approved", lazy_gettext("您的入会申请已通过，欢迎！"), urgent=True)
REFUSED = notice_kind("registration.refused", lazy_gettext("您的入会申请没有通过，理由见申请页"), urgent=True)
ASKED = notice_kind("registration.asked", lazy_gettext("秘书处对您的入会申请有问题，请到申请页回答"), urgent=True)


class AlreadyDecided(Refusal):
    """Another admin was faster."""


@operation("registration.approve", form=ApproveForm, requires="registration.decide")
def approve(act: Act) -> Outcome:
    """Make the applicant a member."""
    application = _to_decide(act)
    application.member.status = "member"
    application.member.joined_at = now()
    _decide(act, application, "approved", APPROVED, url="/")
    return Outcome(gettext("%(name)s 已成为会员", name=application.member.real_name), url=_page_of(application))


@operation("registration.refuse", form=RefuseForm, requires="registration.decide")
def refuse(act: Act, *, reason: str) -> Outcome:
    """Refuse with a reason that the applicant reads; they may hand in again."""
    application = _to_decide(act)
    application.member.status = "refused"
    application.refusals += 1
    _decide(act, application, "refused", REFUSED, url=STATUS_URL, words=reason)
    return Outcome(gettext("已谢绝 %(name)s 的申请", name=application.member.real_name), url=_page_of(application))


@operation("registration.ask", form=AskForm, requires="registration.decide")
def ask(act: Act, *, question: str) -> Outcome:
    """Ask the applicant something; the application keeps its place in the queue."""
    application = _to_decide(act)
    _decide(act, application, "asked", ASKED, url=STATUS_URL, words=question)
    return Outcome(gettext("已问 %(name)s", name=application.member.real_name), url=_page_of(application))


@operation("registration.see_identity", form=EmptyForm, requires="registration.decide", waits=False)
def see_identity(act: Act) -> Outcome:
    """Put on record that an admin looks at an identity number, which their next page then shows once."""
    application = db.session.get(Registration, act.target_id)
    if application is None or not application.member.identity_number:
        raise NotFound
    audit.record(act.person, "registration.see_identity", "registration", application.id)
    return Outcome(url=_page_of(application))


def identity_number_of(member: Member, *, whole: bool = False) -> str | None:
    """An applicant's identity number as a page shows it (`1201**********123X`); `whole` only after `see_identity`.

    What this installation's key cannot read is said to be there, not shown.
    """
    if not member.identity_number:
        return None
    try:
        number = number_of(member)
    except Unreadable:
        log.exception("the identity number of member %s cannot be read", member.id)
        return gettext("填了，但是读不出来：请技术负责人看看密钥")
    return number if whole or number is None else masked_identity_number(number)


def _to_decide(act: Act) -> Registration:
    application = locked(Registration, act.target_id)
    if application is None:
        raise NotFound
    if application.member_id == act.person.id:
        raise Forbidden(gettext("自己的申请要由别人来办。"))
    if not may_decide(application.state):
        decider = db.session.get(Member, application.decided_by_id) if application.decided_by_id else None
        raise AlreadyDecided(
            gettext("%(admin)s 已经办过这份申请。", admin=decider.real_name if decider else gettext("另一位管理员")),
            url=_page_of(application),
        )
    return application


def _decide(act: Act, application: Registration, state: str, kind: str, *, url: str, words: str = "") -> None:
    before = application.state
    application.state = state
    if state in ("approved", "refused"):
        application.decided_at = now()
        application.decided_by_id = act.person.id
    entry = add_entry(application, state, act.person.id, words)
    act_name = {"approved": "approve", "refused": "refuse", "asked": "ask"}[state]
    audit.record(
        act.person,
        f"registration.{act_name}",
        "registration",
        application.id,
        before={"state": before},
        after={"state": state},
        reason=words or None,
    )
    tell([application.member_id], kind, url=url, subject=f"registration:{application.id}:{entry.id}")


def _page_of(application: Registration) -> str:
    return f"/admin/registrations/{application.id}"


@dataclass(frozen=True)
class Queue:
    """One page of applications; `next_after` leads to the next, `waiting` counts all that wait.

    `repeated` are those that wait and share something with somebody else (see `duplicates_of`).
    """

    rows: list[Registration]
    next_after: uuid.UUID | None
    waiting: int
    repeated: frozenset[uuid.UUID]


def queue(state: str = "", q: str = "", after: uuid.UUID | None = None) -> Queue:
    """Applications, oldest first: those of one state, or by default those that wait (submitted or asked).

    `q` looks for names and companies, and for the last digits of a phone.
    """
    wanted = _with_people().where(_in_state(state))
    if q:
        matches = Member.search_text.like(like_pattern(q), escape="\\")
        digits = Member.phone.endswith(q, autoescape=True) if q.isdigit() and len(q) >= 4 else None
        wanted = wanted.where(or_(matches, digits) if digits is not None else matches)
    if after:
        wanted = wanted.where(_later_than(after))
    rows = list(db.session.scalars(wanted.limit(PAGE + 1)))
    shown = rows[:PAGE]
    return Queue(shown, shown[-1].id if len(rows) > PAGE else None, waiting_count(), _repeated(shown))


def waiting_count() -> int:
    """How many applications wait for the chamber or the applicant."""
    return db.session.scalar(select(func.count()).select_from(Registration).where(_in_state(""))) or 0


def _with_people() -> Select[Registration]:
    return (
        select(Registration)
        .join(Registration.member)
        .join(Member.company)
        .options(contains_eager(Registration.member).contains_eager(Member.company))
        .order_by(Registration.submitted_at, Registration.id)
    )


def _in_state(state: str) -> ColumnElement[bool]:
    return Registration.state == state if state else Registration.state.in_(WAITING)


def _later_than(registration_id: uuid.UUID) -> ColumnElement[bool]:
    at = select(Registration.submitted_at).where(Registration.id == registration_id).scalar_subquery()
    return tuple_(Registration.submitted_at, Registration.id) > tuple_(at, registration_id)


@dataclass(frozen=True)
class Repeat:
    """Another person with whom an application shares something; `reasons` are codes of `REPEAT_LABELS`."""

    member: Member
    registration_id: uuid.UUID | None
    state: str | None
    reasons: tuple[str, ...]


def duplicates_of(application: Registration) -> list[Repeat]:
    """Who else has this identity number or company, or a name that sounds alike: what the admin should see."""
    member, own = application.member, _identity_of(application)
    alike = [
        Member.company_id == member.company_id,
        Member.sounds_like == own.sounds_like,
        Company.name_key == own.company_key,
    ]
    if own.identity_digest:
        alike.append(Member.identity_digest == own.identity_digest)
    if own.uscc:
        alike += [Company.uscc == own.uscc, Registration.uscc == own.uscc]
    rows = db.session.execute(
        select(Member, Registration.id, Registration.state, Registration.refusals, Registration.uscc)
        .join(Member.company)
        .outerjoin(Registration, Registration.member_id == Member.id)
        .where(Member.id != member.id, Member.status != "erased", or_(*alike))
        .options(contains_eager(Member.company))
        .order_by(Member.id)
        .limit(PAGE)
    )
    found = []
    for other, registration_id, state, refusals, uscc in rows:
        theirs = Identity(
            other.identity_digest,
            uscc or other.company.uscc,
            other.company.name_key,
            other.sounds_like,
            refusals or 0,
        )
        found.append(Repeat(other, registration_id, state, repeats(own, theirs)))
    return sorted(found, key=lambda repeat: len(repeat.reasons), reverse=True)


def _repeated(applications: list[Registration]) -> frozenset[uuid.UUID]:
    """Which of these wait and share something with somebody else, in one query for all of them."""
    own = {row.id: (row.member_id, _identity_of(row)) for row in applications if row.state in WAITING}
    if not own:
        return frozenset()
    identities = [identity for _, identity in own.values()]
    codes = [identity.uscc for identity in identities if identity.uscc]
    alike = union(
        select(Member.id).where(Member.sounds_like.in_([identity.sounds_like for identity in identities])),
        select(Member.id).where(
            Member.identity_digest.in_([one.identity_digest for one in identities if one.identity_digest])
        ),
        select(Member.id)
        .join(Member.company)
        .where(or_(Company.name_key.in_([one.company_key for one in identities]), Company.uscc.in_(codes))),
        select(Registration.member_id).where(Registration.uscc.in_(codes)),
    )
    others = db.session.execute(
        select(Member.id, Member.identity_digest, Registration.uscc, Company.uscc, Company.name_key, Member.sounds_like)
        .join(Member.company)
        .outerjoin(Registration, Registration.member_id == Member.id)
        .where(Member.id.in_(alike), Member.status != "erased")
    ).all()
    theirs = [(row[0], Identity(row[1], row[2] or row[3], row[4], row[5])) for row in others]
    return frozenset(
        key
        for key, (member_id, identity) in own.items()
        if any(repeats(identity, other) for other_id, other in theirs if other_id != member_id)
    )


def _identity_of(application: Registration) -> Identity:
    member = application.member
    return Identity(
        member.identity_digest,
        application.uscc or member.company.uscc,
        company_name_key(application.company_name),
        member.sounds_like,
    )
