"""What is posted about notices."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from core.choices import MultiChoiceField
from core.fields import Form, TextField, UuidField
from core.registries import notice_switches

SMS = "sms"
"""The switch of messages: what an absent person must know then only stands in the app."""


def _switches() -> dict[str, object]:
    return {code: each.label for code, each in notice_switches.items()} | {SMS: _l("要紧的事，也发短信到我的手机")}


class ReadForm(Form):
    """`until` is the newest notice that the person saw; what came later stays unread."""

    until = UuidField()


class ChoicesForm(Form):
    """What one wants to be told; `shown` are the switches that the page offered, the others stay as they are."""

    wanted = MultiChoiceField(_l("请告诉我"), choices=_switches)
    shown = TextField(_l("通知"), max_length=1000)


class OpenForm(Form):
    """Opening one notice needs nothing else."""
