"""What needs hold on a member, and what stays of it without their name: the thing itself."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from blueprints.needs.labels import CATEGORY_LABELS, KIND_LABELS, RESULT_LABELS, STATE_LABELS, TRADE_LABELS
from blueprints.needs.models import Need, NeedResponse, Outcome
from core.clock import now
from core.database import db
from core.held import held
from core.registries import Leaver, erases, exports
from core.text import folded, search_text

exports(
    held(
        Need,
        _l("我发的需求和资源"),
        {
            "kind": (_l("类型"), KIND_LABELS),
            "title": _l("标题"),
            "body": _l("内容"),
            "category": (_l("类别"), CATEGORY_LABELS),
            "trade": (_l("行业"), TRADE_LABELS),
            "amount_cny": _l("金额（元）"),
            "expires_on": _l("有效期到"),
            "state": (_l("状态"), STATE_LABELS),
            "created_at": _l("时间"),
            "hidden": _l("已被隐藏"),
        },
        "author_id",
        without=("search_text", "version"),
    ),
    held(
        NeedResponse,
        _l("我的回应"),
        {
            "need_id": _l("需求的编号"),
            "body": _l("内容"),
            "state": _l("状态"),
            "hidden": _l("已被隐藏"),
            "created_at": _l("时间"),
            "accepted_at": _l("接受于"),
        },
        "member_id",
    ),
    held(
        Outcome,
        _l("我的需求的结果，和与我办成的"),
        {
            "need_id": _l("需求的编号"),
            "result": (_l("结果"), RESULT_LABELS),
            "partner_name": _l("跟谁办成的"),
            "amount_cny": _l("成交金额（元）"),
            "summary": _l("经过"),
            "closed_at": _l("时间"),
        },
        where=lambda member_id: or_(
            Outcome.partner_id == member_id,
            Outcome.need_id.in_(select(Need.id).where(Need.author_id == member_id)),
        ),
        without=("partner_id",),
    ),
)


@erases("needs")
def forget_who(leaver: Leaver) -> None:
    """What was posted and answered stays, without a name; what was still open is taken down."""
    for need in db.session.scalars(select(Need).where(Need.author_id == leaver.id)).unique():
        need.title, need.body = leaver.without(need.title)[:80], leaver.without(need.body)
        need.search_text = f"{search_text(need.title)} {folded(need.body)}"
        if need.state == "open":
            need.state = "withdrawn"
            db.session.add(Outcome(need_id=need.id, result="withdrawn", closed_at=now()))
    for response in db.session.scalars(select(NeedResponse).where(NeedResponse.member_id == leaver.id)):
        response.body = leaver.without(response.body)
        if response.state == "offered":
            response.state = "withdrawn"
    concerned = or_(
        Outcome.partner_id == leaver.id,
        Outcome.partner_name == leaver.real_name,
        Outcome.need_id.in_(select(Need.id).where(Need.author_id == leaver.id)),
    )
    for outcome in db.session.scalars(select(Outcome).where(concerned)):
        outcome.summary = leaver.without(outcome.summary)
        if outcome.partner_name == leaver.real_name:
            outcome.partner_name = leaver.called
    db.session.flush()
