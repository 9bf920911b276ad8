"""What members fill in about needs, offers and answers."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms.widgets import HiddenInput, ListWidget, RadioInput

from blueprints.needs.labels import CATEGORY_LABELS, KIND_LABELS, RESULT_LABELS, TRADE_LABELS
from blueprints.needs.rules import last_day_is_past
from core.choices import ChoiceField
from core.clock import today
from core.fields import AmountField, DateField, Form, TextField, UuidField
from core.values import Unacceptable

LAST_DAY_IS_PAST = _l("这一天已经过去了，请选今天或以后。")


class RadioField(ChoiceField):
    """One of a few codes, all of them in sight."""

    widget: Any = ListWidget(prefix_label=False)
    option_widget = RadioInput()

    def iter_choices(self) -> Any:
        return (choice for choice in super().iter_choices() if choice.value)


class NeedForm(Form):
    """A need or an offer; `id` is given by a phone that made it without a network."""

    kind = RadioField(_l("类型"), choices=KIND_LABELS, required=True, default="need")
    title = TextField(_l("标题"), max_length=80, required=True)
    body = TextField(_l("内容"), max_length=5000, multiline=True, required=True)
    category = ChoiceField(_l("类别"), choices=CATEGORY_LABELS, required=True)
    trade = ChoiceField(_l("行业"), choices=TRADE_LABELS, blank=_l("按我的行业"))
    amount = AmountField(_l("金额（元）"))
    expires_on = DateField(_l("有效期到"))
    id = UuidField(_l("编号"))

    def validate_expires_on(self, field: DateField) -> None:
        if last_day_is_past(field.data, today()):
            raise Unacceptable(LAST_DAY_IS_PAST)


class EditForm(NeedForm):
    """The same again; `version` is the one that the edit builds on. A last day that is over may stay as it is."""

    version = TextField(_l("版本"), max_length=40, required=True, widget=HiddenInput())

    def validate_expires_on(self, field: DateField) -> None:
        """The service knows what the day was before."""


class ResponseForm(Form):
    """An answer to a need."""

    body = TextField(_l("回应的话"), max_length=5000, multiline=True, required=True)
    id = UuidField(_l("编号"))


class NoFields(Form):
    """An act that says everything by its target."""


class OutcomeForm(Form):
    """How a need ended. `partner` is a member's id or name, or the name of nobody here."""

    result = RadioField(_l("结果"), choices=RESULT_LABELS, required=True)
    partner = TextField(_l("跟谁办成的"), max_length=80, render_kw={"list": "partners"})
    amount = AmountField(_l("成交金额（元）"))
    summary = TextField(_l("一句话说说经过"), max_length=5000, multiline=True)
