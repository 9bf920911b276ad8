"""Reporting, hiding with a reason, showing again: audited, and told to whom it concerns."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from blueprints.accounts.models import Member
from blueprints.accounts.service import everyone_with
from blueprints.reports.forms import AnswerForm, ReportForm
from blueprints.reports.models import Hiding, Report
from blueprints.reports.rules import too_many
from core import audit
from core.clock import now
from core.database import db, locked, new_id
from core.errors import Duplicate, Later, NotFound, Refusal
from core.operations import Act, Outcome, operation
from core.registries import Reportable, Subject, notice_kind, notice_switch, reportable, reportables, tell

LIST = "/admin/reports"
PAGE = 30
NEW = notice_switch("reports.new", lazy_gettext("会员的举报"), roles=("admin",))
MINE = notice_switch("reports.mine", lazy_gettext("我举报的事办了"))
SUBMITTED = notice_kind("report.submitted", lazy_gettext("有会员举报：“%(title)s”"), switch=NEW)
HIDDEN = notice_kind("thing.hidden", lazy_gettext("您的“%(title)s”被隐藏了，别人看不到，理由：%(reason)s"), urgent=True)
SHOWN = notice_kind("thing.shown", lazy_gettext("您的“%(title)s”恢复了，大家又看得到：%(reason)s"))
ANSWERED = notice_kind("report.answered", lazy_gettext("您举报的“%(title)s”办了：%(answer)s"), switch=MINE)


class OwnThing(Refusal):
    """Nobody reports themselves."""

    message = lazy_gettext("这是您自己的，可以直接改或撤下。")


class ReportedEnough(Later):
    """More reports in a day than help anybody."""

    message = lazy_gettext("您今天举报得太多了，请明天再来，或直接找秘书处。")
    wait_seconds = 3600


class NotHideable(Refusal):
    """A person is suspended on their page, not hidden here."""

    message = lazy_gettext("会员不能在这里隐藏，请到会员页停用。")


@dataclass(frozen=True)
class Case:
    """One report with the thing that it is about, as it stands now (`None` when it is gone)."""

    report: Report
    kind: Reportable
    subject: Subject | None
    others: int


def _member_subject(member_id: uuid.UUID) -> Subject | None:
    person = db.session.get(Member, member_id)
    if person is None or person.status != "member":
        return None
    words = "\n".join(part for part in (person.introduction, person.strengths, person.shortfalls) if part)
    return Subject(person.id, person.real_name, f"/members/{person.id}", words)


reportable("member", lazy_gettext("会员"), find=_member_subject)


def subject_of(kind: str, subject_id: uuid.UUID) -> Subject:
    """The thing that is spoken of; raises `NotFound`."""
    found = reportables[kind].find(subject_id) if kind in reportables else None
    if found is None:
        raise NotFound
    return found


@operation("report.submit", form=ReportForm)
def submit_report(act: Act, *, kind: str, subject_id: str, reason: str, words: str | None) -> Outcome:
    """Report something to the admins; raises `OwnThing`, `Duplicate`, `ReportedEnough`."""
    key = uuid.UUID(subject_id)
    subject = subject_of(kind, key)
    if subject.hidden:
        raise NotFound
    if subject.author_id == act.person.id:
        raise OwnThing
    mine = select(Report).where(Report.reporter_id == act.person.id)
    if db.session.scalars(mine.where(Report.kind == kind, Report.subject_id == key)).first():
        raise Duplicate(gettext("您已经举报过，秘书处会办。"), url=subject.url)
    today = select(func.count()).where(Report.reporter_id == act.person.id, Report.made_at > now() - timedelta(days=1))
    if too_many(db.session.scalar(today) or 0):
        raise ReportedEnough
    report = Report(
        id=new_id(),
        reporter_id=act.person.id,
        kind=kind,
        subject_id=key,
        reason=reason,
        words=words or "",
        made_at=now(),
        state="open",
    )
    db.session.add(report)
    admins = [admin for admin in everyone_with("admin") if admin != subject.author_id]
    tell(admins, SUBMITTED, url=f"{LIST}/{report.id}", subject=f"report:{report.id}", title=subject.title)
    return Outcome(gettext("收到了，秘书处会看，办完告诉您。对方不会知道是谁举报的。"), url=subject.url)


@operation("report.uphold", form=AnswerForm, requires="reports.decide")
def uphold(act: Act, *, reason: str) -> Outcome:
    """Hide what was reported, and say why to its author and to all who reported it."""
    report = _locked(act)
    kind, subject = reportables[report.kind], subject_of(report.kind, report.subject_id)
    if kind.hide is None:
        raise NotHideable
    if subject.hidden:
        raise Duplicate(gettext("这条已经隐藏了。"), url=f"{LIST}/{report.id}")
    kind.hide(report.subject_id, True)
    db.session.add(
        Hiding(
            id=new_id(),
            kind=report.kind,
            subject_id=report.subject_id,
            author_id=subject.author_id,
            reason=reason,
            hidden_at=now(),
            hidden_by_id=act.person.id,
        )
    )
    audit.record(act.person, f"{report.kind}.hide", report.kind, report.subject_id, reason=reason)
    cause = f"hidden:{report.kind}:{report.subject_id}:{act.op_id}"
    tell([subject.author_id], HIDDEN, url=subject.url, subject=cause, title=subject.title, reason=reason)
    _answer(act, report, subject, "upheld", reason)
    return Outcome(gettext("已隐藏，作者看得到理由。"), url=f"{LIST}/{report.id}")


@operation("report.dismiss", form=AnswerForm, requires="reports.decide")
def dismiss(act: Act, *, reason: str) -> Outcome:
    """Leave what was reported as it is, and say why to all who reported it."""
    report = _locked(act)
    if report.state != "open":
        raise Duplicate(gettext("这份举报已经办过了。"), url=f"{LIST}/{report.id}")
    subject = reportables[report.kind].find(report.subject_id)
    audit.record(act.person, "report.dismiss", report.kind, report.subject_id, reason=reason)
    _answer(act, report, subject, "dismissed", reason)
    return Outcome(gettext("已答复举报的人。"), url=f"{LIST}/{report.id}")


@operation("report.restore", form=AnswerForm, requires="reports.decide")
def restore(act: Act, *, reason: str) -> Outcome:
    """Show again what was hidden, and say why to its author."""
    report = _locked(act)
    kind, subject = reportables[report.kind], subject_of(report.kind, report.subject_id)
    if kind.hide is None or not subject.hidden:
        raise Duplicate(gettext("这条没有隐藏。"), url=f"{LIST}/{report.id}")
    if hiding := hiding_of(report.kind, report.subject_id):
        show_again(act, hiding, reason)
    return Outcome(gettext("已恢复，作者会知道。"), url=f"{LIST}/{report.id}")


def show_again(act: Act, hiding: Hiding, reason: str) -> None:
    """End a hiding: the thing is seen again, its author told why."""
    hiding.restored_at, hiding.restored_by_id, hiding.restored_reason = now(), act.person.id, reason
    audit.record(act.person, f"{hiding.kind}.show", hiding.kind, hiding.subject_id, reason=reason)
    kind = reportables[hiding.kind]
    subject = kind.find(hiding.subject_id)
    if kind.hide is None or subject is None:
        return
    kind.hide(hiding.subject_id, False)
    cause = f"shown:{hiding.kind}:{hiding.subject_id}:{act.op_id}"
    tell([subject.author_id], SHOWN, url=subject.url, subject=cause, title=subject.title, reason=reason)


def hiding_of(kind: str, subject_id: uuid.UUID) -> Hiding | None:
    """Why something is hidden just now."""
    query = select(Hiding).where(Hiding.kind == kind, Hiding.subject_id == subject_id, Hiding.restored_at.is_(None))
    return db.session.scalars(query.order_by(Hiding.id.desc()).limit(1)).first()


def why_hidden(kind: str, subject_id: uuid.UUID) -> str:
    """The reason that the author of something hidden reads."""
    hiding = hiding_of(kind, subject_id)
    return hiding.reason if hiding else ""


def listed(state: str, after: uuid.UUID | None) -> tuple[Sequence[Report], uuid.UUID | None]:
    """One page of reports of a state: the open ones oldest first, the others newest first."""
    query = select(Report).where(Report.state == state).options(joinedload(Report.reporter).load_only(Member.real_name))
    oldest_first = state == "open"
    query = query.order_by(Report.id if oldest_first else Report.id.desc())
    if after:
        query = query.where(Report.id > after if oldest_first else Report.id < after)
    rows = db.session.scalars(query.limit(PAGE + 1)).unique().all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def waiting() -> int:
    """How many reports wait for an admin."""
    return db.session.scalar(select(func.count()).where(Report.state == "open")) or 0


def case_of(report_id: uuid.UUID) -> Case:
    """One report with its thing; raises `NotFound`."""
    report = db.session.get(Report, report_id)
    if report is None or report.kind not in reportables:
        raise NotFound
    others = select(func.count()).where(
        Report.kind == report.kind, Report.subject_id == report.subject_id, Report.id != report.id
    )
    kind = reportables[report.kind]
    return Case(report, kind, kind.find(report.subject_id), db.session.scalar(others) or 0)


def _locked(act: Act) -> Report:
    report = locked(Report, act.target_id)
    if report is None:
        raise NotFound
    return report


def _answer(act: Act, report: Report, subject: Subject | None, state: str, answer: str) -> None:
    """Every open report of the same thing has the same answer."""
    same = select(Report).where(
        Report.kind == report.kind, Report.subject_id == report.subject_id, Report.state == "open"
    )
    for each in db.session.scalars(same.with_for_update()):
        each.state, each.answer, each.decided_at, each.decided_by_id = state, answer, now(), act.person.id
        tell(
            [each.reporter_id],
            ANSWERED,
            url=subject.url if subject and state == "dismissed" else "/notices",
            subject=f"report:{each.id}:{state}",
            title=subject.title if subject else "",
            answer=answer,
        )
