"""What is filled in about something that should not stand there."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms.widgets import HiddenInput

from blueprints.reports.labels import DECISION_LABELS, REASON_LABELS
from core.choices import ChoiceField
from core.fields import Form, PasswordField, PhoneField, TextField, UuidField
from core.registries import reportables

ABOUT = 1000


def _kinds() -> dict[str, Any]:
    return {kind: each.label for kind, each in reportables.items()}


class ReportForm(Form):
    """What is reported, and why."""

    kind = ChoiceField(_l("种类"), choices=_kinds, required=True, widget=HiddenInput())
    subject_id = UuidField(_l("编号"), required=True)
    reason = ChoiceField(_l("犯了哪一条"), choices=REASON_LABELS, required=True)
    words = TextField(_l("补充几句"), max_length=ABOUT, multiline=True)


class ReviewForm(Form):
    """Why a decision on oneself should be looked at again; `kind` and the thing's id name the decision."""

    kind = ChoiceField(_l("种类"), choices=DECISION_LABELS, required=True, widget=HiddenInput())
    subject_id = UuidField(_l("编号"), required=True)
    words = TextField(_l("您的理由"), max_length=ABOUT, multiline=True, required=True)


class AppealForm(Form):
    """Who is suspended, and why it should be looked at again."""

    phone = PhoneField(_l("手机号"), required=True)
    password = PasswordField(_l("密码"), required=True, min_length=1)
    words = TextField(_l("您的理由"), max_length=ABOUT, multiline=True, required=True)


class AnswerForm(Form):
    """Why an admin hides something, leaves it, or shows it again; those concerned read it."""

    reason = TextField(_l("理由"), max_length=ABOUT, multiline=True, required=True)
