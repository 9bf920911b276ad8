"""The words for codes, as they stand on the screen."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from blueprints.accounts.labels import TRADE_LABELS

__all__ = ["CATEGORY_LABELS", "KIND_LABELS", "RESULT_LABELS", "STATE_LABELS", "STATE_TONES", "TRADE_LABELS"]

KIND_LABELS = {"need": _lp("one", "需求"), "offer": _lp("one", "资源")}
CATEGORY_LABELS = {
    "financing": _l("资金"),
    "sales": _l("销售"),
    "procurement": _l("采购"),
    "technology": _l("技术"),
    "talent": _l("人才"),
    "policy": _l("政策"),
    "legal": _l("法务"),
    "logistics": _l("物流"),
    "premises": _l("场地"),
    "cooperation": _l("合作"),
}
STATE_LABELS = {
    "open": _l("进行中"),
    "solved": _l("已解决"),
    "expired": _l("已过期"),
    "withdrawn": _l("已撤下"),
}
STATE_TONES = {"open": "now", "solved": "good", "expired": "wait", "withdrawn": "neutral"}
RESULT_LABELS = {"solved": _l("办成了"), "withdrawn": _l("不需要了，撤下")}
