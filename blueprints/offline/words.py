"""What operations and their outcomes are called on the screen."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

OPERATIONS = {
    "admin.reasons": _l("改常用理由"),
    "briefing.comment": _l("批注简报"),
    "briefing.correct": _l("更正简报"),
    "briefing.create": _l("开一期简报"),
    "briefing.edit": _l("改简报"),
    "briefing.gather": _l("汇集简报素材"),
    "briefing.import": _l("导入简报"),
    "briefing.review": _l("审核简报"),
    "briefing.sign_off": _l("签发简报"),
    "briefing.submit": _l("提交简报"),
    "calendar.renew": _l("换日历地址"),
    "checkin.record": _l("签到"),
    "checkin.undo": _l("撤销签到"),
    "company.update": _l("改公司资料"),
    "consultation.assign": _l("指派专家"),
    "consultation.complete": _l("写咨询小结"),
    "consultation.decline": _l("谢绝咨询"),
    "consultation.rate": _l("评价咨询"),
    "consultation.request": _l("请专家咨询"),
    "consultation.schedule": _l("约咨询时间"),
    "consultation.withdraw": _l("撤回咨询"),
    "deed.submit": _l("报一件好事"),
    "event.cancel": _l("取消活动"),
    "event.cancel_signup": _l("取消报名"),
    "event.create": _l("发布活动"),
    "event.signup": _l("报名"),
    "event.update": _l("改活动"),
    "expert_group.let_go": _l("移出专家"),
    "expert_group.name_lead": _l("指定组长"),
    "expert_group.take_in": _l("请进专家"),
    "member.make_link": _l("给一次性链接"),
    "member.reinstate": _l("恢复会员"),
    "member.set_roles": _l("改会员角色"),
    "member.suspend": _l("停用会员"),
    "need.accept_response": _l("接受回应"),
    "need.close": _l("结束需求"),
    "need.create": _l("发需求或资源"),
    "need.respond": _l("回应需求"),
    "need.update": _l("改需求"),
    "need.withdraw_response": _l("撤回回应"),
    "notice.read": _l("打开通知"),
    "notices.read": _l("通知标为已读"),
    "profile.update": _l("改个人资料"),
    "profile.withdraw_identity": _l("删去身份证号"),
    "registration.answer": _l("补充入会申请"),
    "registration.approve": _l("批准入会"),
    "registration.ask": _l("询问申请人"),
    "registration.refuse": _l("谢绝入会"),
    "registration.submit": _l("申请入会"),
    "report.dismiss": _l("答复举报"),
    "report.restore": _l("恢复被隐藏的内容"),
    "report.submit": _l("举报"),
    "report.uphold": _l("隐藏被举报的内容"),
    "rules.accept": _l("接受群规"),
    "session.revoke": _l("退出一台设备"),
    "settings.change": _l("改商会设置"),
}
OUTCOMES = {
    "accepted": (_l("已办好"), "good"),
    "waitlisted": (_l("候补"), "wait"),
    "duplicate": (_l("之前已办过"), "good"),
    "refused": (_l("没有办成"), "bad"),
    "not_sent": (_l("没有发出"), "bad"),
}


def label_of(name: str) -> str:
    """An operation's name in words."""
    return str(OPERATIONS.get(name) or gettext("一次提交"))
