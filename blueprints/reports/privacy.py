"""What reports hold on a member; who reported what is forgotten with its reporter, the answer stays."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from blueprints.reports.labels import DECISION_LABELS, REASON_LABELS, REVIEW_LABELS, STATE_LABELS
from blueprints.reports.models import Hiding, Report, Review, Sanction
from core.database import db, execute_count
from core.held import held
from core.registries import Leaver, erases, exports, forgets

exports(
    held(
        Report,
        _l("我举报过的"),
        {
            "kind": _l("种类"),
            "subject_id": _l("编号"),
            "reason": (_l("犯了哪一条"), REASON_LABELS),
            "words": _l("补充几句"),
            "made_at": _l("时间"),
            "state": (_l("状态"), STATE_LABELS),
            "answer": _l("答复"),
            "decided_at": _l("办理时间"),
        },
        "reporter_id",
    ),
    held(
        Hiding,
        _l("我的被隐藏过的"),
        {
            "kind": _l("种类"),
            "subject_id": _l("编号"),
            "reason": _l("理由"),
            "hidden_at": _l("隐藏于"),
            "restored_at": _l("恢复于"),
            "restored_reason": _l("恢复的理由"),
        },
        "author_id",
    ),
    held(
        Sanction,
        _l("管理员对我的提醒和暂停"),
        {
            "kind": (_l("种类"), DECISION_LABELS),
            "reason": _l("理由"),
            "made_at": _l("时间"),
            "until_at": _l("到期"),
            "lifted_at": _l("恢复于"),
            "lifted_reason": _l("恢复的理由"),
        },
        "member_id",
    ),
    held(
        Review,
        _l("我要求的复核"),
        {
            "kind": (_l("种类"), DECISION_LABELS),
            "subject_id": _l("编号"),
            "words": _l("您的理由"),
            "asked_at": _l("时间"),
            "state": (_l("状态"), REVIEW_LABELS),
            "answer": _l("答复"),
            "decided_at": _l("办理时间"),
        },
        "member_id",
    ),
)


@forgets("reports.reports", months=36)
def old_reports(before: datetime) -> int:
    """Reports, what was hidden, and other decisions, as long as what admins do is kept; what is hidden stays so."""
    past = delete(Sanction).where(Sanction.made_at < before)
    reviews = execute_count(delete(Review).where(Review.decided_at < before)) + execute_count(past)
    reports = execute_count(delete(Report).where(Report.decided_at < before))
    return reviews + reports + execute_count(delete(Hiding).where(Hiding.restored_at < before))


@erases("reports")
def forget_who(leaver: Leaver) -> None:
    """What the member reported goes; what was said of theirs keeps no name."""
    db.session.execute(delete(Report).where(Report.reporter_id == leaver.id))
    for model in (Review, Sanction):
        db.session.execute(delete(model).where(model.member_id == leaver.id))
    about = select(Report).where(Report.kind == "member", Report.subject_id == leaver.id)
    for report in db.session.scalars(about):
        report.words, report.answer = "", ""
    for hiding in db.session.scalars(select(Hiding).where(Hiding.author_id == leaver.id)):
        hiding.reason = leaver.without(hiding.reason)
        hiding.restored_reason = leaver.without(hiding.restored_reason)
    db.session.flush()
