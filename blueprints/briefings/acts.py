"""What the desk does with an issue: each act an operation, kept as a step and told to whose turn it is."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from blueprints.accounts.models import Member, RoleGrant
from blueprints.briefings import rules, service
from blueprints.briefings.forms import CreateForm, EditForm, SubmitForm, VerdictForm
from blueprints.briefings.models import Briefing, BriefingNumbering, BriefingStep, BriefingVersion
from blueprints.briefings.rules import Verdict
from core import chamber
from core.audit import record
from core.clock import clock, now
from core.database import db, insert_once, locked, new_id, stamps_of, touch
from core.errors import NotFound, Refusal, Stale, constraint_means
from core.i18n import spoken
from core.operations import Act, Outcome, operation, version_built_on
from core.registries import notice_kind, tell

notice_kind("briefing.submitted", _l("%(issue_on)s的简报《%(title)s》等您审核"))
notice_kind("briefing.reviewed", _l("%(issue_on)s的简报《%(title)s》等您签发"))
notice_kind("briefing.returned", _l("%(issue_on)s的简报《%(title)s》被退回，请修改"))
notice_kind("briefing.signed_off", _l("简报第 %(number)s 期《%(title)s》已签发，%(publishes_at)s 发布"))


class DayTaken(Refusal):
    """There is one issue a day."""

    message = _l("这一天的简报已经有了：在做的列在下面，发布了的在每日简报里。")


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


class OwnWork(Refusal):
    """Nobody reviews or signs off what they edited."""

    message = _l("您改过这一期，请由另一位来审核和签发。")


class OwnReview(Refusal):
    """Reviewer and publisher are two people."""

    message = _l("这一期是您审核的，请由另一位来签发。")


constraint_means("uq_briefings_date", DayTaken)


@operation("briefing.create", form=CreateForm, requires="briefing.edit", lane="briefing")
def create(act: Act, *, date: dt.date) -> Outcome:
    """Begin the issue of a day."""
    taken = db.session.scalar(select(Briefing.id).where(Briefing.date == date))
    if taken:
        raise DayTaken(url=f"/desk/briefings/{taken}")
    made = Briefing(id=new_id(), date=date, editor_id=act.person.id, state="draft")
    db.session.add(made)
    db.session.flush()
    _step(act, made, "create")
    return _outcome(made, gettext("已建好，可以开始写了。"))


@operation("briefing.edit", form=EditForm, requires="briefing.edit", lane="briefing")
def edit(act: Act, *, title: str, body: str, version: str) -> Outcome:
    """Save a text; who builds on an older one is shown both and loses neither."""
    found = _known(act)
    if found.state == "signed_off":
        raise Final
    if not rules.is_ready_for("edit", found.state):
        raise InOthersHands
    if (title, body) == (found.title, found.body):
        return _outcome(found, gettext("没有改动，已经保存过了。"), outcome="duplicate")
    base = version_built_on(act.owner, version)
    if rules.is_stale(base, text_version=found.text_version, version=found.version):
        raise Stale(current={"title": found.title, "body": found.body, "version": found.version})
    before = found.title
    found.title, found.body, found.editor_id = title, body, act.person.id
    found.text_version = found.version + 1
    db.session.flush()
    db.session.add(
        BriefingVersion(
            briefing_id=found.id,
            version=found.version,
            title=title,
            body=body,
            author_id=act.person.id,
            saved_at=now(),
        )
    )
    _step(act, found, "edit", before={"title": before}, after={"title": title, "version": found.version})
    return _outcome(found, gettext("已保存。"))


@operation("briefing.submit", form=SubmitForm, requires="briefing.edit", lane="briefing")
def submit(act: Act) -> Outcome:
    """Pass a draft on to the reviewers."""
    found = _ready(act, "submit")
    if not (found.title and found.body):
        raise Unwritten
    found.state = rules.after("submit")
    _step(act, found, "submit")
    hands = service.hands_on((found.id,))[found.id]
    _tell(act, found, "submitted", [person for person in _holders("reviewer") if person not in hands])
    return _outcome(found, gettext("已提交，等审核。"))


@operation("briefing.review", form=VerdictForm, requires="briefing.review", lane="briefing")
def review(act: Act, *, verdict: Verdict, comment: str | None) -> Outcome:
    """Pass an issue on to the publishers, or give it back."""
    found = _ready(act, "review")
    hands = service.hands_on((found.id,))[found.id]
    if not rules.may_review(act.person.id, hands=hands):
        raise OwnWork
    found.state = rules.after("review", verdict)
    found.reviewer_id = act.person.id if verdict == "pass" else None
    _step(act, found, "review", verdict, comment)
    if verdict == "return":
        return _returned(act, found)
    others = [person for person in _holders("publisher") if person not in {*hands, act.person.id}]
    _tell(act, found, "reviewed", others)
    return _outcome(found, gettext("已通过，等签发。"))


@operation("briefing.sign_off", form=VerdictForm, requires="briefing.sign_off", lane="briefing")
def sign_off(act: Act, *, verdict: Verdict, comment: str | None) -> Outcome:
    """Give an issue its number and its hour, or give it back."""
    found = _ready(act, "sign_off")
    hands = service.hands_on((found.id,))[found.id]
    if not rules.may_sign_off(act.person.id, hands=hands, reviewer=found.reviewer_id):
        raise OwnReview if act.person.id == found.reviewer_id else OwnWork
    if verdict == "return":
        found.state, found.reviewer_id = rules.after("sign_off", verdict), None
        _step(act, found, "sign_off", verdict, comment)
        return _returned(act, found)
    chamber.refresh(stamps_of(("chamber",)))
    moment, number = now(), _next_number()
    found.number, found.state, found.publisher_id, found.signed_off_at = number, "signed_off", act.person.id, moment
    found.publishes_at = rules.publication(clock.at(found.date, chamber.current().briefing_at), moment)
    _step(act, found, "sign_off", verdict, comment, after={"number": number})
    tell(
        [person for person in (found.editor_id, found.reviewer_id) if person],
        "briefing.signed_off",
        url=_url(found),
        subject=f"briefing:{found.id}:signed_off",
        number=str(found.number),
        title=found.title,
        publishes_at=found.publishes_at.isoformat(),
    )
    moment_said = spoken(found.publishes_at)
    return _outcome(
        found, gettext("第 %(number)s 期已签发，%(moment)s 发布。", number=found.number, moment=moment_said)
    )


def _next_number() -> int:
    """The number after the highest, under the lock that is kept until the transaction ends."""
    statement = insert_once(BriefingNumbering).values(id=1)
    db.session.execute(statement.on_conflict_do_update(index_elements=["id"], set_={"id": 1}))
    return (db.session.scalar(select(func.max(Briefing.number))) or 0) + 1


def _known(act: Act) -> Briefing:
    found = locked(Briefing, act.target_id)
    if found is None:
        raise NotFound
    return found


def _ready(act: Act, step: str) -> Briefing:
    found = _known(act)
    if found.state == "signed_off":
        raise Final
    if not rules.is_ready_for(step, found.state):
        raise NotItsTurn
    return found


def _returned(act: Act, found: Briefing) -> Outcome:
    _tell(act, found, "returned", [found.editor_id])
    return _outcome(found, gettext("已退回给编辑。"))


def _step(
    act: Act,
    found: Briefing,
    step: str,
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
    if step == "edit" and last and (last.act, last.actor_id) == ("edit", act.person.id):
        last.at = now()
    else:
        made = BriefingStep(briefing_id=found.id, at=now(), actor_id=act.person.id, act=step, verdict=verdict)
        made.comment = comment or ""
        db.session.add(made)
    decision = {"verdict": verdict} if verdict else {}
    record(
        act.person,
        f"briefing.{step}",
        "briefing",
        found.id,
        before=before,
        after={**decision, "state": found.state, **(after or {})},
        reason=comment,
    )


def _holders(role: str) -> list[uuid.UUID]:
    return list(
        db.session.scalars(
            select(Member.id)
            .join(RoleGrant, RoleGrant.member_id == Member.id)
            .where(RoleGrant.role == role, Member.status == "member")
            .order_by(Member.id)
        )
    )


def _tell(act: Act, found: Briefing, what: str, people: list[uuid.UUID]) -> None:
    """Tell whose turn it is; a second round is told anew."""
    tell(
        [person for person in people if person != act.person.id],
        f"briefing.{what}",
        url=_url(found),
        subject=f"briefing:{found.id}:{what}:{found.version}",
        issue_on=found.date.isoformat(),
        title=found.title,
    )


def _url(found: Briefing) -> str:
    return f"/desk/briefings/{found.id}"


def _outcome(found: Briefing, message: str, outcome: str = "accepted") -> Outcome:
    db.session.flush()
    return Outcome(message, url=_url(found), outcome=outcome, made_version=found.version)
