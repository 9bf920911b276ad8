"""What members, leads and experts fill in over a consultation."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from blueprints.experts.words import MODES
from core.choices import ChoiceField
from core.fields import Form, LocalDateTimeField, PhoneField, TextField, UuidField

STARS = {
    "5": _l("5 星：很满意"),
    "4": _l("4 星：满意"),
    "3": _l("3 星：一般"),
    "2": _l("2 星：不太满意"),
    "1": _l("1 星：不满意"),
}


class RequestForm(Form):
    """A question to a group."""

    topic = TextField(_l("题目"), max_length=80, required=True)
    body = TextField(
        _l("情况和问题"),
        max_length=5000,
        multiline=True,
        required=True,
        description=_l("写清现状、试过什么、想得到什么。只有您、组长和承办的专家看得见。"),
    )
    mode = ChoiceField(_l("方式"), choices=MODES, default="in_person")
    preferred_times = TextField(
        _l("方便的时间"),
        max_length=200,
        description=_l("例如“工作日下午”。选电话的，请把号码也写在这里：您的手机号不会自动给对方看。"),
    )
    id = UuidField()


class ExpertField(UuidField):
    """One of the group's experts, by their member id."""

    def missing(self) -> Any:
        return _l("请选一位专家。")


class AssignForm(Form):
    """Which expert takes it on."""

    expert_id = ExpertField(_l("承办专家"), required=True)


class ScheduleForm(Form):
    """When and where they meet."""

    starts_at = LocalDateTimeField(_l("时间"), required=True)
    place = TextField(
        _l("地点"), max_length=200, required=True, description=_l("地址、会议链接，或者您会用哪个号码打过去。")
    )


class DeclineForm(Form):
    """Why the group cannot help."""

    reason = TextField(_l("谢绝的理由"), max_length=5000, multiline=True, required=True)


class CompleteForm(Form):
    """What was advised."""

    summary = TextField(
        _l("小结"),
        max_length=5000,
        multiline=True,
        required=True,
        description=_l("谈了什么、建议先做哪几步。只写生意上的事。"),
    )


class WithdrawForm(Form):
    """Nothing to fill in."""


class RateForm(Form):
    """How it was."""

    stars = ChoiceField(_l("满意度"), choices=STARS, required=True)
    comment = TextField(_l("想说的话"), max_length=5000, multiline=True)


class LeadForm(Form):
    """Who leads a group."""

    phone = PhoneField(_l("组长的手机号"), required=True)


class ExpertForm(Form):
    """Who is in a group, and what they know."""

    phone = PhoneField(_l("专家的手机号"), required=True)
    expertise = TextField(_l("专长"), max_length=400, multiline=True, required=True)


class LeaveForm(Form):
    """Nothing to fill in."""
