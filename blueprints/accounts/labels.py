"""The words for codes, as they stand on the screen."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

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
ROLE_LABELS = {
    "admin": _l("管理员"),
    "editor": _l("编辑"),
    "reviewer": _l("审核人"),
    "publisher": _l("签发人"),
    "organizer": _l("活动组织者"),
    "expert": _l("组内专家"),
    "lead": _l("专家组组长"),
}
STATUS_LABELS = {
    "applicant": _l("申请中"),
    "member": _l("会员"),
    "refused": _l("已谢绝"),
    "suspended": _l("已停用"),
    "erased": _l("已抹去"),
}
REGISTRATION_LABELS = {
    "submitted": _l("等待审核"),
    "asked": _l("请您补充"),
    "approved": _l("已通过"),
    "refused": _l("已谢绝"),
}
ENTRY_LABELS = {
    "asked": _l("秘书处问"),
    "answered": _l("您答"),
    "refused": _l("谢绝的理由"),
    "approved": _l("已通过"),
}
REPEAT_LABELS = {
    "identity_number": _l("身份证号相同"),
    "company": _l("公司相同"),
    "name": _l("姓名音近"),
    "refused": _l("曾被谢绝"),
}
BROWSER_LABELS = {
    "微信": _l("微信"),
    "华为浏览器": _l("华为浏览器"),
    "小米浏览器": _l("小米浏览器"),
}
PLACE_LABELS = {
    "same": _l("和这台在同一个网络"),
    "here": _l("服务器本机"),
    "inside": _l("内部网络"),
    "elsewhere": _l("别处的网络"),
    "unknown": _l("不知道在哪里"),
}
