"""What the codes of the desk are called."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

STATES = {
    "draft": (_l("草稿"), "neutral"),
    "submitted": (_l("等审核"), "wait"),
    "reviewed": (_l("等签发"), "wait"),
    "signed_off": (_l("已签发"), "now"),
    "published": (_l("已发布"), "good"),
    "imported": (_l("导入"), "neutral"),
}
VERDICTS = {"pass": _lp("verdict", "通过"), "return": _l("退回修改")}
STEPS = {
    ("create", None): _l("建了这一期"),
    ("redate", None): _l("改了日期"),
    ("edit", None): _l("改了文稿"),
    ("submit", None): _l("交给审核"),
    ("review", "pass"): _l("审核通过"),
    ("review", "return"): _l("审核退回"),
    ("sign_off", "pass"): _l("签发了"),
    ("sign_off", "return"): _l("签发时退回"),
    ("correct", None): _l("发了更正"),
    ("import", None): _l("导入了这一期"),
}
SECTIONS = {
    "need": _l("新的需求"),
    "offer": _l("新的资源"),
    "solved": _l("对接成功"),
    "held": _l("活动回顾"),
    "coming": _l("活动预告"),
    "consultation": _l("专家服务"),
    "member": _l("新会友"),
    "deed": _l("好人好事"),
    "notice": _l("通知"),
}
LATE = {
    "soon": _l("离 %(time)s 不到一小时，今天的简报还没有签发。"),
    "late": _l("已经过了 %(time)s，今天的简报还没有签发；签发之后马上发布。"),
}
WAITS = {
    "draft": _l("等编辑%(name)s写完并提交"),
    "submitted": _l("等一位没有改过它的审核人"),
    "reviewed": _l("等签发人签发"),
    "signed_off": _l("等到发布时间自动发布"),
    "published": _l("会员已经看得到"),
}
