"""What organizers and members fill in about events."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms.widgets import HiddenInput

from blueprints.accounts.labels import TRADE_LABELS
from blueprints.events.labels import KIND_LABELS
from blueprints.events.rules import Fault, Times, faults_of
from core.choices import ChoiceField, FlagField, MultiChoiceField
from core.clock import now
from core.fields import Form, IntegerField, LocalDateTimeField, TextField

FAULTS = {
    Fault.ENDS_BEFORE_START: _l("结束要晚于开始。"),
    Fault.TOO_LONG: _l("一场活动最长 30 天，请检查日期。"),
    Fault.CLOSES_AFTER_START: _l("报名截止不能晚于活动开始。"),
    Fault.IN_THE_PAST: _l("开始时间已经过去了，请检查日期。"),
}


class EventForm(Form):
    """An event as its organizer plans it; `version` is the one that an edit builds on."""

    title = TextField(_l("名称"), max_length=80, required=True)
    kind = ChoiceField(_l("类型"), choices=KIND_LABELS, required=True)
    starts_at = LocalDateTimeField(_l("开始"), required=True)
    ends_at = LocalDateTimeField(_l("结束"), required=True)
    signup_closes_at = LocalDateTimeField(_l("报名截止"), description=_l("不填就是活动开始的时候。"))
    venue = TextField(_l("地点"), max_length=80, required=True)
    address = TextField(_l("地址"), max_length=200, description=_l("怎么走、在几层，写清楚好找。"))
    capacity = IntegerField(_l("名额"), least=1, most=10_000, required=True)
    body = TextField(_l("说明"), max_length=5000, multiline=True)
    trades = MultiChoiceField(
        _l("主要面向的行业"), choices=TRADE_LABELS, description=_l("可以选几个，也可以不选；谁都能报名。")
    )
    public = FlagField(_l("公开：没登录的人也能看到这场活动"))
    version = TextField(_l("版本"), max_length=36, widget=HiddenInput())

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.starts_at.data and self.ends_at.data and not self.signup_closes_at.errors:
            times = Times(self.starts_at.data, self.ends_at.data, self.signup_closes_at.data or self.starts_at.data)
            for name, fault in self.faults(times).items():
                self[name].errors = [*self[name].errors, FAULTS[fault]]
                valid = False
        return valid

    def faults(self, times: Times) -> dict[str, Fault]:
        """What is wrong with the times, by field."""
        return faults_of(times)


class NewEventForm(EventForm):
    """An event that is yet to be: it cannot begin in the past."""

    def faults(self, times: Times) -> dict[str, Fault]:
        return faults_of(times, not_before=now())


class CancelForm(Form):
    """Why an event is called off."""

    reason = TextField(
        _l("取消的原因"),
        max_length=500,
        multiline=True,
        required=True,
        description=_l("报了名的人都会收到这句话。"),
    )


class SignupForm(Form):
    """What a member wants the organizer to know."""

    note = TextField(_l("备注"), max_length=200, description=_l("比如吃素、晚到、带一位同事。可以不填。"))


class NothingForm(Form):
    """An operation that needs no words."""
