"""What is done about a member's conduct: a warning, a pause of posting; and having a decision looked at again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from blueprints.accounts.models import Member
from blueprints.accounts.service import everyone_with
from blueprints.reports.forms import AnswerForm, ReviewForm
from blueprints.reports.models import Hiding, Review, Sanction
from blueprints.reports.rules import PAUSE_DAYS, may_review
from blueprints.reports.service import show_again
from core import audit
from core.clock import now
from core.database import db, locked, new_id
from core.errors import Duplicate, NotFound, Refusal, constraint_means
from core.i18n import spoken
from core.operations import Act, Outcome, operation
from core.registries import checks_posting, notice_kind, tell

MINE = "/me/conduct"
WARNED = notice_kind("conduct.warned", lazy_gettext("管理员提醒您：%(reason)s"))
PAUSED = notice_kind(
    "conduct.paused", lazy_gettext("您的发布暂停到%(until_at)s，理由：%(reason)s。可以要求复核一次"), urgent=True
)
RESUMED = notice_kind("conduct.resumed", lazy_gettext("您又可以发布了：%(reason)s"))
ASKED = notice_kind("review.asked", lazy_gettext("%(name)s 要求复核一次处理"))
REVIEWED = notice_kind("review.decided", lazy_gettext("您要求的复核办完了：%(answer)s"))


class PostingPaused(Refusal):
    """Posting is paused, with its end and its reason."""


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
    """Every decision on a member's conduct, newest first. Three queries."""
    mine = select(Review).where(Review.member_id == member_id)
    reviews = {(review.kind, review.subject_id): review for review in db.session.scalars(mine)}
    found = [
        Decision(
            *(row.kind, row.id, row.reason, row.made_at, row.made_by_id, row.until_at),
            *(row.lifted_at, row.lifted_reason, reviews.get((row.kind, row.id))),
        )
        for row in db.session.scalars(select(Sanction).where(Sanction.member_id == member_id))
    ]
    found += [
        Decision(
            *("hiding", row.id, row.reason, row.hidden_at, row.hidden_by_id, None),
            *(row.restored_at, row.restored_reason, reviews.get(("hiding", row.id))),
        )
        for row in db.session.scalars(select(Hiding).where(Hiding.author_id == member_id))
    ]
    return sorted(found, key=lambda each: (each.at, each.id), reverse=True)


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
    if decision.review:
        raise ReviewedOnce(url=MINE)
    review = Review(
        id=new_id(), kind=kind, subject_id=key, member_id=act.person.id, words=words, asked_at=now(), state="open"
    )
    db.session.add(review)
    admins = [one for one in everyone_with("admin") if may_review(one, decided_by=decision.by, whose=act.person.id)]
    url, name = f"/admin/conduct/{act.person.id}", act.person.real_name
    tell(admins, ASKED, url=url, subject=f"review:{review.id}", name=name)
    return Outcome(gettext("收到了，由没有参与的管理员来复核，办完告诉您。"), url=MINE)


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
    else:
        decision.lifted_at, decision.lifted_reason = decision.lifted_at or now(), decision.lifted_reason or reason
    return _decided(act, review, "lifted", reason)


def _open(act: Act) -> tuple[Review, Hiding | Sanction]:
    review = locked(Review, act.target_id)
    if review is None:
        raise NotFound
    if review.state != "open":
        raise Duplicate(gettext("这一件已经复核过了。"), url=f"/admin/conduct/{review.member_id}")
    hiding, sanction = (
        (locked(Hiding, review.subject_id), None)
        if review.kind == "hiding"
        else (None, locked(Sanction, review.subject_id))
    )
    decision = hiding or sanction
    if decision is None:
        raise NotFound
    by = decision.hidden_by_id if isinstance(decision, Hiding) else decision.made_by_id
    if not may_review(act.person.id, decided_by=by, whose=review.member_id):
        raise HadAPart
    return review, decision


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
