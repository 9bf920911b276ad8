"""The words of the audit trail."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from blueprints.accounts.labels import REGISTRATION_LABELS, ROLE_LABELS, STATUS_LABELS

STATE_LABELS: dict[str, Any] = {**REGISTRATION_LABELS, "submitted": _l("等您审核"), "asked": _l("等申请人回答")}

ACT_LABELS: dict[str, Any] = {
    "registration.approve": _l("通过了申请"),
    "registration.refuse": _l("谢绝了申请"),
    "registration.ask": _l("询问了申请人"),
    "registration.see_identity": _l("查看了身份证号"),
    "member.set_roles": _l("改了角色"),
    "member.suspend": _l("停用了账号"),
    "member.reinstate": _l("恢复了账号"),
    "member.make_link": _l("给了一次性链接"),
    "member.create_admin": _l("设了第一位管理员"),
    "member.erase": _l("抹去了资料"),
    "rule.publish": _l("发布了规则"),
    "settings.change": _l("改了设置"),
    "admin.reasons": _l("改了现成理由"),
    "event.create": _l("发布了活动"),
    "event.update": _l("改了活动"),
    "event.cancel": _l("取消了活动"),
    "event.staff": _l("改了签到人员"),
    "checkin.undo": _l("撤销了签到"),
    "attendance.export": _l("导出了签到名单"),
    "need.hide": _l("隐藏了帖子"),
    "need.show": _l("恢复了帖子"),
    "consultation.assign": _l("指派了专家"),
    "expert_group.name_lead": _l("设了组长"),
    "expert_group.take_in": _l("加入了专家"),
    "expert_group.let_go": _l("移出了专家"),
    "briefing.create": _l("起草了简报"),
    "briefing.edit": _l("改了简报"),
    "briefing.submit": _l("送审了简报"),
    "briefing.review": _l("审核了简报"),
    "briefing.sign_off": _l("签发了简报"),
}
KIND_LABELS: dict[str, Any] = {
    "registration": _l("入会申请"),
    "member": _l("会员"),
    "event": _l("活动"),
    "checkin": _l("签到"),
    "need": _l("需求和资源"),
    "consultation": _l("专家咨询"),
    "expert_group": _l("专家组"),
    "briefing": _l("简报"),
    "rule": _l("规则"),
    "chamber": _l("设置"),
}
URLS = {
    "registration": "/admin/registrations/{}",
    "member": "/admin/members/{}",
    "event": "/events/{}",
    "need": "/needs/{}",
    "consultation": "/consultations/{}",
    "expert_group": "/experts/{}",
    "briefing": "/desk/briefings/{}",
    "rule": "/rules/{}",
    "chamber": "/admin/settings",
}
FIELD_LABELS: dict[str, Any] = {
    "state": _l("状态"),
    "status": _l("状态"),
    "roles": _l("角色"),
    "purpose": _l("用途"),
    "title": _l("标题"),
    "kind": _l("种类"),
    "starts_at": _l("开始"),
    "ends_at": _l("结束"),
    "signup_closes_at": _l("报名截止"),
    "venue": _l("地点"),
    "address": _l("地址"),
    "capacity": _l("名额"),
    "body": _l("正文"),
    "public": _l("对外公开"),
    "trades": _l("行业"),
    "name": _l("商会名称"),
    "contact": _l("联系方式"),
    "sharing_hour": _l("共享时段"),
    "briefing_time": _l("简报发布时间"),
    "refuse": _l("谢绝时的现成理由"),
    "ask": _l("询问时的现成问题"),
    "expert_id": _l("承办专家"),
    "member_id": _l("会员"),
    "lead_id": _l("组长"),
    "verdict": _l("结论"),
    "version": _l("版本"),
    "date": _l("日期"),
    "number": _l("期号"),
    "hidden": _l("隐藏"),
}
VALUE_LABELS: dict[str, Any] = {
    **STATUS_LABELS,
    **ROLE_LABELS,
    **STATE_LABELS,
    "submitted": _l("等待审核"),
    "pass": _l("通过"),
    "return": _l("退回"),
    "draft": _l("草稿"),
    "reviewed": _l("已审核"),
    "signed_off": _l("已签发"),
    "requested": _l("等待指派"),
    "assigned": _l("已指派"),
    "scheduled": _l("已约好"),
    "cancelled": _l("已取消"),
    "password": _l("重设密码"),
    "phone": _l("更换手机号"),
    "matchmaking": _l("商务对接"),
    "roadshow": _l("项目路演"),
    "training": _l("培训"),
    "culture": _l("文体"),
    "visit": _l("考察"),
}
REASONS: dict[str, tuple[Any, ...]] = {
    "refuse": (
        _l("没有找到您填写的公司，请核对全称和信用代码后再交。"),
        _l("介绍人不认识您，请换一位认识您的会员介绍。"),
        _l("本会只接纳企业负责人，欢迎贵公司负责人来申请。"),
        _l("同一个人已经入会，请用原来的手机号登录。"),
    ),
    "ask": (
        _l("请问介绍人是哪家公司的？我们想和对方核实。"),
        _l("请补充公司的统一社会信用代码。"),
        _l("请说明您在公司的职务和主要业务。"),
    ),
}
