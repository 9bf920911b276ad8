"""What the expert groups hold on a member, and what is left of it for the figures."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, or_, select

from blueprints.experts.models import Consultation, Expert, ExpertGroup
from blueprints.experts.retention import CONTENT, OVER
from core.clock import now
from core.database import db, touch
from core.held import held
from core.registries import Leaver, erases, exports

exports(
    held(
        Consultation,
        _l("专家咨询：我问的，我承办的"),
        {
            "group_slug": _l("专家组"),
            "topic": _l("题目"),
            "body": _l("内容"),
            "mode": _l("方式"),
            "preferred_times": _l("方便的时间"),
            "state": _l("状态"),
            "starts_at": _l("开始"),
            "place": _l("地点"),
            "reason": _l("理由"),
            "summary": _l("小结"),
            "stars": _l("几颗星"),
            "comment": _l("评价"),
            "requested_at": _l("提出于"),
            "answer_due_at": _l("应答复于"),
            "first_answered_at": _l("首次答复于"),
            "assigned_at": _l("指派于"),
            "scheduled_at": _l("约好于"),
            "completed_at": _l("办结于"),
            "closed_at": _l("结束于"),
            "rated_at": _l("评价于"),
        },
        "member_id",
        "expert_id",
        without=("version",),
    ),
    held(Expert, _l("我所在的专家组"), {"group_slug": _l("专家组"), "expertise": _l("专长")}, "member_id"),
    held(
        ExpertGroup,
        _l("我任组长的专家组"),
        {"slug": _l("编号"), "name": _l("名称")},
        "lead_id",
        without=("description",),
    ),
)


@erases("experts")
def forget_who(leaver: Leaver) -> None:
    """What the member asked loses every word; what they advised on keeps its words without their name."""
    for slug in db.session.scalars(select(Expert.group_slug).where(Expert.member_id == leaver.id)):
        touch("experts", f"expert_group:{slug}")
    db.session.execute(delete(Expert).where(Expert.member_id == leaver.id))
    concerned = or_(Consultation.member_id == leaver.id, Consultation.expert_id == leaver.id)
    for found in db.session.scalars(select(Consultation).where(concerned)).unique():
        touch(*found.topics())
        if found.expert_id == leaver.id:
            for column in CONTENT:
                setattr(found, column, leaver.without(getattr(found, column)))
        if found.member_id == leaver.id:
            if found.state not in OVER:
                found.state, found.closed_at = "withdrawn", now()
            for column in CONTENT:
                setattr(found, column, "")
            found.member_id = found.expert_id = None
    db.session.flush()
