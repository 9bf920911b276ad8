"""What the desk holds on a member. Published issues stay as they were out, but for who is named by the machine."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from blueprints.briefings.models import (
    Briefing,
    BriefingComment,
    BriefingCorrection,
    BriefingFeed,
    BriefingStep,
    BriefingVersion,
    Deed,
)
from core.database import db
from core.held import held
from core.registries import Leaver, erases, exports

exports(
    held(
        Briefing,
        _l("我编、审、签的简报"),
        {
            "number": _l("期号"),
            "date": _l("日期"),
            "title": _l("标题"),
            "state": _l("状态"),
            "signed_off_at": _l("签发于"),
            "publishes_at": _l("发布于"),
        },
        "editor_id",
        "reviewer_id",
        "publisher_id",
        without=("body", "text_version", "version", "printed", "source_digest"),
    ),
    held(
        BriefingVersion,
        _l("我保存过的简报稿"),
        {
            "briefing_id": _l("简报的编号"),
            "version": _l("版本"),
            "title": _l("标题"),
            "body": _l("内容"),
            "saved_at": _l("时间"),
        },
        "author_id",
    ),
    held(
        BriefingStep,
        _l("我经手的简报"),
        {
            "briefing_id": _l("简报的编号"),
            "at": _l("时间"),
            "act": _l("做了什么"),
            "verdict": _l("结论"),
            "comment": _l("意见"),
        },
        "actor_id",
    ),
    held(
        BriefingComment,
        _l("我对简报稿的批注"),
        {
            "briefing_id": _l("简报的编号"),
            "version": _l("版本"),
            "line": _l("第几行"),
            "quote": _l("原句"),
            "body": _l("内容"),
            "at": _l("时间"),
        },
        "author_id",
    ),
    held(
        BriefingCorrection,
        _l("我写的更正"),
        {"briefing_id": _l("简报的编号"), "body": _l("内容"), "at": _l("时间")},
        "author_id",
    ),
    held(Deed, _l("我报的好人好事"), {"doer": _l("谁做的"), "body": _l("内容"), "sent_at": _l("时间")}, "author_id"),
    held(BriefingFeed, _l("我的简报订阅地址"), {"member_id": _l("编号")}, "member_id", without=("token",)),
)


@erases("briefings")
def forget_who(leaver: Leaver) -> None:
    """The feed's address goes, and the name in what the member sent to the desk and wrote there."""
    db.session.execute(delete(BriefingFeed).where(BriefingFeed.member_id == leaver.id))
    for deed in db.session.scalars(select(Deed).where((Deed.author_id == leaver.id) | (Deed.doer == leaver.real_name))):
        deed.doer, deed.body = leaver.without(deed.doer)[:80], leaver.without(deed.body)
    for remark in db.session.scalars(select(BriefingComment).where(BriefingComment.author_id == leaver.id)):
        remark.body = leaver.without(remark.body)
    for step in db.session.scalars(select(BriefingStep).where(BriefingStep.actor_id == leaver.id)):
        step.comment = leaver.without(step.comment)
    db.session.flush()
