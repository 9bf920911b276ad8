"""What the desk fills in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from blueprints.briefings.words import VERDICTS
from core.fields import ChoiceField, DateField, Form, TextField


class CreateForm(Form):
    """A new issue for a day."""

    date = DateField(_l("发布日期"), required=True)


class EditForm(Form):
    """The text of an issue; `version` is the one that the text builds on."""

    title = TextField(_l("标题"), max_length=80, required=True)
    body = TextField(
        _l("正文"),
        max_length=15000,
        multiline=True,
        required=True,
        description=_l("小标题一行以 ## 开头，条目一行以 - 开头，**两对星号**之间加粗。"),
    )
    version = TextField(_l("版本"), max_length=40, required=True)


class SubmitForm(Form):
    """Nothing to fill in."""


class VerdictForm(Form):
    """Pass it on, or give it back."""

    verdict = ChoiceField(_l("结论"), choices=VERDICTS, required=True)
    comment = TextField(_l("意见"), max_length=5000, multiline=True, description=_l("退回时请写清要改哪里。"))
