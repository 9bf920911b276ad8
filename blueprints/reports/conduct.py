"""What is done about a member's conduct: a warning, a pause of posting; and having a decision looked at again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from blueprints.accounts.models import Member
from blueprints.accounts.service import everyone_with
from blueprints.accounts.service.membership import let_in
from blueprints.reports.forms import AnswerForm, AppealForm, ReviewForm
from blueprints.reports.models import Hiding, Review, Sanction
from blueprints.reports.rules import PAUSE_DAYS, may_review
from blueprints.reports.service import show_again
from core import audit
from core.audit import AuditEntry
from core.clock import now
from core.database import db, locked, new_id
from core.errors import Duplicate, NotFound, Refusal, constraint_means
from core.i18n import spoken
from core.operations import Act, Outcome, operation
from core.registries import checks_posting, notice_kind, tell

MINE = "/me/conduct"
APPEAL = "/login/review"
WARNED = notice_kind("conduct.warned", lazy_gettext("管理员提醒您：%(reason)s"))
PAUSED = notice_kind(
    "conduct.paused", lazy_gettext("您的发布暂停到%(until_at)s，理由：%(reason)s。可以要求复核一次"), urgent=True
)
RESUMED = notice_kind("conduct.resumed", lazy_gettext("您又可以发布了：%(reason)s"))
ASKED = notice_kind("review.asked", lazy_gettext("%(name)s 要求复核一次处理"))
REVIEWED = notice_kind("review.decided", lazy_gettext("您要求的复核办完了：%(answer)s"))


class PostingPaused(Refusal):
    """Posting is paused, with its end and its reason."""


class NotSuspended(Refusal):
    """There is nothing to appeal against: the account is open."""

    message = lazy_gettext("这个账号没有停用，请直接登录。")


class NotOneself(Refusal):
    """An admin's own conduct is another admin's business."""

    message = lazy_gettext("自己的事，请另一位管理员来办。")


class HadAPart(Refusal):
    """Who decided does not look at it again."""

    message = lazy_gettext("复核要由没有参与原来处理的管理员来做，请另一位来办。")


class ReviewedOnce(Duplicate):
    """It is looked at again once."""

    message = lazy_gettext("这一件已经要求过复核了，只有一次。")


constraint_means("uq_reviews_once", ReviewedOnce)


@dataclass(frozen=True)
class Decision:
    """One decision on a member, with the review of it where one was asked for."""

    kind: str
    id: uuid.UUID
    reason: str
    at: datetime
    by: uuid.UUID
    until_at: datetime | None
    ended_at: datetime | None
    ended_reason: str
    review: Review | None

    def pauses(self, instant: datetime) -> bool:
        """Whether it keeps its member from posting at this instant."""
        return self.kind == "pause" and self.ended_at is None and bool(self.until_at and self.until_at > instant)


@checks_posting
def not_paused(member_id: uuid.UUID) -> None:
    """Whether posting is paused for this member; raises `PostingPaused`."""
    pause = pause_of(member_id)
    if pause and pause.until_at:
        words = {"until": spoken(pause.until_at), "reason": pause.reason}
        raise PostingPaused(gettext("您的发布暂停到%(until)s，理由：%(reason)s", **words), url=MINE)


def pause_of(member_id: uuid.UUID) -> Sanction | None:
    """The pause in which a member is just now."""
    paused = select(Sanction).where(
        Sanction.member_id == member_id,
        Sanction.kind == "pause",
        Sanction.lifted_at.is_(None),
        Sanction.until_at > now(),
    )
    return db.session.scalars(paused.order_by(Sanction.until_at.desc()).limit(1)).first()


def decisions_on(member_id: uuid.UUID) -> list[Decision]:
    """Every decision on a member's conduct, newest first. Four queries."""
    mine = select(Review).where(Review.member_id == member_id)
    reviews = {(review.kind, review.subject_id): review for review in db.session.scalars(mine)}
    found = [
        Decision(
            *(row.kind, row.id, row.reason, row.made_at, row.made_by_id, row.until_at),
            *(row.lifted_at, row.lifted_reason, reviews.get((row.kind, row.id))),
        )
        for row in db.session.scalars(select(Sanction).where(Sanction.member_id == member_id))
    ]
    found += suspensions_of(member_id, reviews)
    found += [
        Decision(
            *("hiding", row.id, row.reason, row.hidden_at, row.hidden_by_id, None),
            *(row.restored_at, row.restored_reason, reviews.get(("hiding", row.id))),
        )
        for row in db.session.scalars(select(Hiding).where(Hiding.author_id == member_id))
    ]
    return sorted(found, key=lambda each: (each.at, each.id), reverse=True)


def suspensions_of(member_id: uuid.UUID, reviews: Mapping[tuple[str, uuid.UUID], Review]) -> list[Decision]:
    """The suspensions of a member as the audit trail has them, each with its end."""
    acts = select(AuditEntry).where(
        AuditEntry.subject_kind == "member",
        AuditEntry.subject_id == str(member_id),
        AuditEntry.act.in_(("member.suspend", "member.reinstate")),
    )
    found: list[Decision] = []
    for entry in db.session.scalars(acts.order_by(AuditEntry.number)).unique():
        if entry.act == "member.suspend" and entry.actor_id:
            review = reviews.get(("suspension", entry.id))
            found.append(
                Decision("suspension", entry.id, entry.reason or "", entry.at, entry.actor_id, None, None, "", review)
            )
        elif found:
            found[-1] = replace(found[-1], ended_at=entry.at, ended_reason=entry.reason or "")
    return found


def open_reviews() -> Sequence[Review]:
    """The reviews that wait for an admin, oldest first."""
    waiting = select(Review).where(Review.state == "open").options(joinedload(Review.member))
    return db.session.scalars(waiting.order_by(Review.id)).unique().all()


def waiting_reviews() -> int:
    """How many reviews wait."""
    return db.session.scalar(select(func.count()).where(Review.state == "open")) or 0


def member_of(member_id: uuid.UUID) -> Member:
    """Whose conduct it is; raises `NotFound`."""
    member = db.session.get(Member, member_id)
    if member is None or member.status not in ("member", "suspended"):
        raise NotFound
    return member


@operation("conduct.warn", form=AnswerForm, requires="reports.decide")
def warn(act: Act, *, reason: str) -> Outcome:
    """Say to a member alone that something was against the rules."""
    member = _concerned(act)
    _sanction(act, member, "warning", reason, None)
    tell([member.id], WARNED, url=MINE, subject=f"conduct:{member.id}:{act.op_id}", reason=reason)
    return Outcome(gettext("已经提醒本人。"), url=f"/admin/conduct/{member.id}")


@operation("conduct.pause", form=AnswerForm, requires="reports.decide")
def pause(act: Act, *, reason: str) -> Outcome:
    """Let a member post nothing for seven days; everything else stays theirs."""
    member = _concerned(act)
    if pause_of(member.id):
        raise Duplicate(gettext("已经暂停着了。"), url=f"/admin/conduct/{member.id}")
    until_at = now() + timedelta(days=PAUSE_DAYS)
    _sanction(act, member, "pause", reason, until_at)
    words = {"reason": reason, "until_at": until_at.isoformat()}
    tell([member.id], PAUSED, url=MINE, subject=f"conduct:{member.id}:{act.op_id}", **words)
    return Outcome(gettext("暂停了七天，本人看得到理由。"), url=f"/admin/conduct/{member.id}")


@operation("conduct.resume", form=AnswerForm, requires="reports.decide")
def resume(act: Act, *, reason: str) -> Outcome:
    """End a pause before its time."""
    member = _concerned(act)
    paused = pause_of(member.id)
    if paused is None:
        raise Duplicate(gettext("现在没有暂停。"), url=f"/admin/conduct/{member.id}")
    paused.lifted_at, paused.lifted_reason = now(), reason
    audit.record(act.person, "conduct.resume", "member", member.id, reason=reason)
    tell([member.id], RESUMED, url=MINE, subject=f"conduct:{member.id}:{act.op_id}", reason=reason)
    return Outcome(gettext("又可以发布了，本人会知道。"), url=f"/admin/conduct/{member.id}")


@operation("review.ask", form=ReviewForm)
def ask(act: Act, *, kind: str, subject_id: str, words: str) -> Outcome:
    """Have a decision on oneself looked at again, once. Raises `ReviewedOnce`."""
    key = uuid.UUID(subject_id)
    decision = next((d for d in decisions_on(act.person.id) if (d.kind, d.id) == (kind, key)), None)
    if decision is None:
        raise NotFound
    return _asked(member_of(act.person.id), decision, words, MINE)


@operation("review.appeal", form=AppealForm, requires=None, lane="review", waits=False)
def appeal(act: Act, *, phone: str, password: str, words: str) -> Outcome:  # noqa: ARG001 the route has checked them
    """Have one's suspension looked at again; who is suspended has no session. Raises `ReviewedOnce`."""
    member = member_of(act.target_id)
    suspended = [each for each in decisions_on(member.id) if each.kind == "suspension"]
    if member.status != "suspended" or not suspended:
        raise NotSuspended
    return _asked(member, suspended[0], words, APPEAL)


def _asked(member: Member, decision: Decision, words: str, url: str) -> Outcome:
    if decision.review:
        raise ReviewedOnce(url=url)
    review = Review(id=new_id(), kind=decision.kind, subject_id=decision.id, member_id=member.id, state="open")
    review.words, review.asked_at = words, now()
    db.session.add(review)
    admins = [one for one in everyone_with("admin") if may_review(one, decided_by=decision.by, whose=member.id)]
    tell(admins, ASKED, url=f"/admin/conduct/{member.id}", subject=f"review:{review.id}", name=member.real_name)
    return Outcome(gettext("收到了，由没有参与的管理员来复核，办完告诉您。"), url=url)


@operation("review.keep", form=AnswerForm, requires="reports.decide")
def keep(act: Act, *, reason: str) -> Outcome:
    """Find the decision right, and say why. Raises `HadAPart`."""
    review, _ = _open(act)
    return _decided(act, review, "kept", reason)


@operation("review.lift", form=AnswerForm, requires="reports.decide")
def lift(act: Act, *, reason: str) -> Outcome:
    """Take the decision back, and say why. Raises `HadAPart`."""
    review, decision = _open(act)
    if isinstance(decision, Hiding):
        if decision.restored_at is None:
            show_again(act, decision, reason)
    elif isinstance(decision, AuditEntry):
        member = locked(Member, review.member_id)
        if member and member.status == "suspended":
            let_in(act, member, reason)
    else:
        decision.lifted_at, decision.lifted_reason = decision.lifted_at or now(), decision.lifted_reason or reason
    return _decided(act, review, "lifted", reason)


def _open(act: Act) -> tuple[Review, Hiding | Sanction | AuditEntry]:
    review = locked(Review, act.target_id)
    if review is None:
        raise NotFound
    if review.state != "open":
        raise Duplicate(gettext("这一件已经复核过了。"), url=f"/admin/conduct/{review.member_id}")
    decision, by = _decision_of(review)
    if not may_review(act.person.id, decided_by=by, whose=review.member_id):
        raise HadAPart
    return review, decision


def _decision_of(review: Review) -> tuple[Hiding | Sanction | AuditEntry, uuid.UUID]:
    """What is reviewed, and who decided it."""
    if review.kind == "hiding" and (hiding := locked(Hiding, review.subject_id)):
        return hiding, hiding.hidden_by_id
    if review.kind == "suspension" and (entry := db.session.get(AuditEntry, review.subject_id)) and entry.actor_id:
        return entry, entry.actor_id
    if sanction := locked(Sanction, review.subject_id):
        return sanction, sanction.made_by_id
    raise NotFound


def _decided(act: Act, review: Review, state: str, answer: str) -> Outcome:
    review.state, review.answer, review.decided_at, review.decided_by_id = state, answer, now(), act.person.id
    name = "review.keep" if state == "kept" else "review.lift"
    audit.record(act.person, name, "member", review.member_id, after={"decision": review.kind}, reason=answer)
    tell([review.member_id], REVIEWED, url=MINE, subject=f"review:{review.id}:decided", answer=answer)
    return Outcome(gettext("复核办完了，本人会知道。"), url=f"/admin/conduct/{review.member_id}")


def _concerned(act: Act) -> Member:
    if act.target_id == act.person.id:
        raise NotOneself
    member = locked(Member, act.target_id)
    if member is None or member.status not in ("member", "suspended"):
        raise NotFound
    return member


def _sanction(act: Act, member: Member, kind: str, reason: str, until_at: datetime | None) -> None:
    db.session.add(
        Sanction(
            id=new_id(),
            member_id=member.id,
            kind=kind,
            reason=reason,
            made_at=now(),
            made_by_id=act.person.id,
            until_at=until_at,
        )
    )
    name = "conduct.warn" if kind == "warning" else "conduct.pause"
    audit.record(act.person, name, "member", member.id, reason=reason)
