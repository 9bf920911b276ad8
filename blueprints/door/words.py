"""What the door says: verdicts, sources and states, as they stand on the screen."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

SENTENCES: dict[str, Any] = {
    "admitted": _l("%(name)s，请进。"),
    "already_in": _l("%(name)s 已经进场：%(at)s，由 %(by)s 登记。"),
    "waitlisted": _l("%(name)s 还在候补，没有座位。要放行，请在名单里按“放行”。"),
    "cancelled": _l("%(name)s 已经取消报名。要放行，请在名单里按“放行”。"),
    "other_event": _l("这是另一场活动的入场券。"),
    "forged": _l("这张入场券不是我们签发的，请不要放行。"),
    "signed_but_unknown": _l("入场券是真的，名单上却没有这个人。已登记进场，请核对姓名。"),
    "event_cancelled": _l("这场活动已经取消了。"),
    "not_yet": _l("还没到入场时间，%(opens)s 开门。"),
}
INSIDE = _l("%(name)s 已经进场，在另一部手机上登记过。")
VERDICTS: dict[str, Any] = {
    "admitted": _l("放行"),
    "already_in": _l("重复"),
    "waitlisted": _l("候补"),
    "cancelled": _l("已取消报名"),
    "other_event": _l("别场的票"),
    "forged": _l("假票"),
    "signed_but_unknown": _l("名单外"),
    "event_cancelled": _l("活动已取消"),
    "not_yet": _l("未开门"),
}
NAMELESS = _l("（未留姓名）")
SOURCES: dict[str, Any] = {
    "ticket": _l("扫码"),
    "name": _l("按姓名"),
    "walk_in": _l("现场登记"),
}
SIGNUP_STATES: dict[str | None, Any] = {
    "confirmed": _l("已报名"),
    "waitlisted": _l("候补"),
    "cancelled": _l("已取消报名"),
    None: _l("未报名"),
}
FLAGS: dict[str, Any] = {
    "twice": _l("同一张票在两台手机上都放行了"),
    "let_in": _l("手机放行了，按名单和规则不该放行"),
    "turned_away": _l("被手机拦下了，按最新名单可以进场"),
    "name_differs": _l("登记的姓名和这个手机号的会员不同"),
}
