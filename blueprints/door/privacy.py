"""What was seen of a member at doors; that somebody came is counted, and stays."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, or_, select

from blueprints.door.models import Checkin, DoorStaff
from core.database import db, touch
from core.held import held
from core.registries import Leaver, erases, exports

exports(
    held(
        Checkin,
        _l("签到：我的，和我经手的"),
        {
            "event_id": _l("活动的编号"),
            "walk_in_name": _l("姓名"),
            "source": _l("怎样签到"),
            "verdict": _l("结果"),
            "inside": _l("在场"),
            "flags": _l("标记"),
            "device": _l("设备"),
            "occurred_at": _l("时间"),
            "received_at": _l("收到于"),
            "undone_at": _l("撤销于"),
            "undo_reason": _l("撤销的原因"),
        },
        "member_id",
        "recorded_by_id",
        "undone_by_id",
        "resolved_by_id",
        without=(
            "guest_id",
            "signup_id",
            "walk_in_phone",
            "op_id",
            "says",
            "told",
            "serial",
            "flagged",
            "resolved",
            "resolved_at",
        ),
    ),
    held(DoorStaff, _l("我帮忙签到的活动"), {"event_id": _l("活动的编号"), "joined_at": _l("时间")}, "member_id"),
)


@erases("door")
def forget_who(leaver: Leaver) -> None:
    """The facts of the door keep whether somebody came; a name or phone that was typed there goes."""
    for event_id in db.session.scalars(
        delete(DoorStaff).where(DoorStaff.member_id == leaver.id).returning(DoorStaff.event_id)
    ).all():
        touch(f"staff:{event_id}", f"doors:{leaver.id}")
    mine = or_(Checkin.member_id == leaver.id, Checkin.walk_in_phone == leaver.phone)
    for fact in db.session.scalars(select(Checkin).where(mine)):
        fact.walk_in_name = fact.walk_in_phone = fact.device = None
    db.session.flush()
