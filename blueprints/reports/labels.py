"""The words for the reasons and states of reports."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

REASON_LABELS = {
    "unverified": _l("没核实过的东西"),
    "privacy": _l("别人的隐私"),
    "repeated": _l("重复刷屏"),
    "fraud": _l("先收钱的“资金渠道”"),
    "pyramid": _l("拉人头"),
    "unlicensed": _l("没有资质的买卖"),
    "insult": _l("踩同行、骂客户"),
    "indecent": _l("低俗、赌博"),
    "off_topic": _l("与做生意、学本事、互相帮忙无关"),
}
STATE_LABELS = {"open": _l("待办"), "upheld": _l("已隐藏"), "dismissed": _l("没有问题")}
DECISION_LABELS = {
    "hiding": _l("隐藏了您发的"),
    "warning": _l("提醒"),
    "pause": _l("暂停发布"),
    "suspension": _l("停用账号"),
}
REVIEW_LABELS = {"open": _l("等另一位管理员复核"), "kept": _l("复核：维持"), "lifted": _l("复核：撤销")}
STATE_TONES = {"open": "wait", "upheld": "bad", "dismissed": "neutral"}
