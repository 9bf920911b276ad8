"""What the acts of the desk share: the issue under its lock, the step that is kept, whose turn it is."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from blueprints.accounts.models import Member, RoleGrant
from blueprints.briefings import rules
from blueprints.briefings.models import Briefing, BriefingStep
from blueprints.briefings.rules import Verdict
from core.audit import record
from core.clock import now
from core.database import db, locked, touch
from core.errors import NotFound, Refusal, constraint_means
from core.operations import Act, Outcome
from core.registries import tell


class DayTaken(Refusal):
    """There is one issue a day."""

    message = _l("这一天的简报已经有了：在做的列在上面，发布了的在每日简报里。")


class DayFarAway(Refusal):
    """A mistyped year would stand above the briefing of today, or on the desk for years."""

    message = _l("新的一期只能是前后一年之内的日子。更早的简报请用“导入旧简报”。")


class NotItsTurn(Refusal):
    """The issue has moved on, or is not so far yet."""

    message = _l("这一期的进展已经变了，现在不能这样做。请看最新的状态。")


class InOthersHands(Refusal):
    """Only a draft is edited; what was passed on comes back by being returned."""

    message = _l("这一期已经提交，退回之后才能再改。")


class Final(Refusal):
    """What was signed off stays as it is."""

    message = _l("这一期已经签发，不能再改。")


class Unwritten(Refusal):
    """There is nothing to submit yet."""

    message = _l("先写好标题和正文，保存之后再提交。")


class TooLong(Refusal):
    """An issue has its measure."""

    message = _l("加上这些就超过 15000 字了，请少放几条。")


class OwnWork(Refusal):
    """Nobody reviews or signs off what they edited."""

    message = _l("您改过这一期，请由另一位来审核和签发。")


class OwnReview(Refusal):
    """Reviewer and publisher are two people."""

    message = _l("这一期是您审核的，请由另一位来签发。")


class Unexplained(Refusal):
    """Who gives an issue back says what is to be changed."""

    message = _l("退回时请写明要改哪里：写一句意见，或者在要改的那一行加批注。")


constraint_means("uq_briefings_date", DayTaken)


def known(act: Act) -> Briefing:
    """The issue of an operation, under its lock."""
    found = locked(Briefing, act.target_id)
    if found is None:
        raise NotFound
    return found


def ready(act: Act, name: str) -> Briefing:
    """The same, if it is its turn for what is asked."""
    found = known(act)
    if found.state in ("signed_off", "imported"):
        raise Final
    if not rules.is_ready_for(name, found.state):
        raise NotItsTurn
    return found


def must_explain(act: Act, found: Briefing, comment: str | None) -> None:
    """Whoever returns an issue has commented on it, or on a line of the text as it is now."""
    remarked = (each.author_id == act.person.id and each.version == found.text_version for each in found.comments)
    if not (comment or any(remarked)):
        raise Unexplained


def returned(act: Act, found: Briefing) -> Outcome:
    """Give an issue back to its editor."""
    tell_of(act, found, "returned", [found.editor_id] if found.editor_id else [])
    return outcome(found, gettext("已退回给编辑。"))


def step(
    act: Act,
    found: Briefing,
    name: str,
    verdict: Verdict | None = None,
    comment: str | None = None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Keep who did what when; saving again and again in one sitting is one step."""
    db.session.flush()
    touch("desk")
    last = db.session.scalars(
        select(BriefingStep).where(BriefingStep.briefing_id == found.id).order_by(BriefingStep.id.desc()).limit(1)
    ).one_or_none()
    if name == "edit" and last and (last.act, last.actor_id) == ("edit", act.person.id):
        last.at = now()
    else:
        made = BriefingStep(briefing_id=found.id, at=now(), actor_id=act.person.id, act=name, verdict=verdict)
        made.comment = comment or ""
        db.session.add(made)
    decision = {"verdict": verdict} if verdict else {}
    record(
        act.person,
        f"briefing.{name}",
        "briefing",
        found.id,
        before=before,
        after={**decision, "state": found.state, **(after or {})},
        reason=comment,
    )


def holders(role: str) -> list[uuid.UUID]:
    """The members who have a role."""
    return list(
        db.session.scalars(
            select(Member.id)
            .join(RoleGrant, RoleGrant.member_id == Member.id)
            .where(RoleGrant.role == role, Member.status == "member")
            .order_by(Member.id)
        )
    )


def tell_of(act: Act, found: Briefing, what: str, people: Iterable[uuid.UUID | None]) -> None:
    """Tell whose turn it is; a second round is told anew."""
    tell(
        [person for person in people if person and person != act.person.id],
        f"briefing.{what}",
        url=url_of(found),
        subject=f"briefing:{found.id}:{what}:{found.version}",
        issue_on=found.date.isoformat() if found.date else "",
        title=found.title,
    )


def url_of(found: Briefing) -> str:
    """Where an issue stands at the desk."""
    return f"/desk/briefings/{found.id}"


def outcome(found: Briefing, message: str, result: str = "accepted") -> Outcome:
    """How an act on an issue ended."""
    db.session.flush()
    return Outcome(message, url=url_of(found), outcome=result, made_version=found.version)
