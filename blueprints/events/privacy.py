"""What events hold on a member; that somebody signed up and came is what figures count, and stays."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from blueprints.events.models import Event, Signup
from core.database import db
from core.held import held
from core.registries import Leaver, erases, exports

exports(
    held(
        Signup,
        _l("我报名的活动"),
        {
            "event_id": _l("活动的编号"),
            "state": _l("状态"),
            "place": _l("候补第几位"),
            "note": _l("备注"),
            "signed_up_at": _l("报名于"),
            "cancelled_at": _l("取消于"),
            "promoted_at": _l("转正于"),
            "attended_at": _l("签到于"),
        },
        "member_id",
    ),
    held(
        Event,
        _l("我组织的活动"),
        {
            "title": _l("标题"),
            "kind": _l("类型"),
            "starts_at": _l("开始"),
            "ends_at": _l("结束"),
            "signup_closes_at": _l("报名截止"),
            "venue": _l("地点"),
            "address": _l("地址"),
            "capacity": _l("名额"),
            "body": _l("内容"),
            "public": _l("公开"),
            "trades": _l("行业"),
            "state": _l("状态"),
            "cancel_reason": _l("取消的原因"),
            "cancelled_at": _l("取消于"),
            "created_at": _l("时间"),
            "confirmed_count": _l("报名人数"),
            "came_count": _l("到场人数"),
            "walk_in_count": _l("未报名到场的人数"),
        },
        "organizer_id",
        without=("next_place", "ticket_key", "version"),
    ),
)


@erases("events")
def forget_who(leaver: Leaver) -> None:
    """Sign-ups keep their state, for the counts; what was noted at them goes. Events keep their plan."""
    for signup in db.session.scalars(select(Signup).where(Signup.member_id == leaver.id)):
        signup.note = ""
    for event in db.session.scalars(select(Event).where(Event.organizer_id == leaver.id)):
        event.title, event.body = leaver.without(event.title)[:80], leaver.without(event.body)
    db.session.flush()
