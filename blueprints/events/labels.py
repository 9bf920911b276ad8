"""The words for codes, as they stand on the screen."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KIND_LABELS = {
    "matchmaking": _l("商务对接"),
    "roadshow": _l("项目路演"),
    "training": _l("培训"),
    "culture": _l("文体"),
    "visit": _l("考察"),
}
TRADE_LABELS = {
    "new_energy": _l("新能源"),
    "new_materials": _l("新材料"),
    "environment": _l("环保"),
    "logistics": _l("物流"),
    "internet": _l("互联网"),
    "culture_media": _l("文化传媒"),
    "machinery": _l("机械制造"),
    "software": _l("软件"),
    "agriculture": _l("农业"),
    "services": _l("服务"),
    "construction": _l("建筑"),
    "finance": _l("金融"),
    "health": _l("医疗健康"),
    "trading": _l("贸易"),
}
