"""What the codes of the desk are called."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATES = {
    "draft": (_l("草稿"), "neutral"),
    "submitted": (_l("等审核"), "wait"),
    "reviewed": (_l("等签发"), "wait"),
    "signed_off": (_l("已签发"), "now"),
    "published": (_l("已发布"), "good"),
}
VERDICTS = {"pass": _l("通过"), "return": _l("退回修改")}
STEPS = {
    ("create", None): _l("建了这一期"),
    ("edit", None): _l("改了文稿"),
    ("submit", None): _l("交给审核"),
    ("review", "pass"): _l("审核通过"),
    ("review", "return"): _l("审核退回"),
    ("sign_off", "pass"): _l("签发了"),
    ("sign_off", "return"): _l("签发时退回"),
}
WAITS = {
    "draft": _l("等编辑%(name)s写完并提交"),
    "submitted": _l("等一位没有改过它的审核人"),
    "reviewed": _l("等签发人签发"),
    "signed_off": _l("等到发布时间自动发布"),
    "published": _l("会员已经看得到"),
}
