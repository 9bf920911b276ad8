"""What admins fill in."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import widgets

from blueprints.accounts.labels import ROLE_LABELS, STATUS_LABELS
from blueprints.admin.labels import ACT_LABELS, KIND_LABELS, STATE_LABELS
from blueprints.admin.rules import MOST_SENTENCES, SENTENCE, needs_words
from core.choices import ChoiceField
from core.fields import DateField, Field, Form, TextField
from core.settings import read_hours, read_time
from core.text import normalised
from core.values import Unacceptable

VERDICT_LABELS = {"approve": _l("通过"), "refuse": _l("谢绝"), "ask": _l("询问")}
WORDS = 1000


class HourField(Field):
    """A time of day, `HH:MM`."""

    widget: Any = widgets.TimeInput()
    typed_at_most = 20

    def parse(self, text: str) -> str:
        try:
            return f"{read_time(_plain(text)):%H:%M}"
        except ValueError:
            raise Unacceptable(_l("请写成 11:18 这样。")) from None


class HoursField(Field):
    """A span of the day, `HH:MM-HH:MM`."""

    typed_at_most = 40

    def parse(self, text: str) -> str:
        try:
            start, end = read_hours(_plain(text))
        except ValueError:
            raise Unacceptable(_l("请写成 11:18-12:00 这样，先开始后结束。")) from None
        return f"{start:%H:%M}-{end:%H:%M}"


def _plain(text: str) -> str:
    return "".join(normalised("NFKC", text).replace("–", "-").replace("—", "-").replace("~", "-").split())


class SettingsForm(Form):
    """What the installation calls itself and its hours; they win over the environment."""

    name = TextField(_l("商会名称"), max_length=40, required=True)
    contact = TextField(_l("联系方式"), max_length=200, description=_l("写在每一页的页脚，例如秘书处电话。"))
    sharing_hour = HoursField(_l("共享时段"), required=True, description=_l("例如 11:18-12:00"))
    briefing_time = HourField(_l("简报发布时间"), required=True)


class ReasonsForm(Form):
    """The ready sentences, one a line."""

    refuse = TextField(_l("谢绝时的现成理由"), max_length=MOST_SENTENCES * SENTENCE, multiline=True)
    ask = TextField(_l("询问时的现成问题"), max_length=MOST_SENTENCES * SENTENCE, multiline=True)


class TickedField(TextField):
    """What was ticked in a list, joined by commas."""

    def missing(self) -> Any:
        return _l("请先勾选要办的。")


class DecideForm(Form):
    """One verdict on several applications; `ids` are joined by commas."""

    ids = TickedField(_l("申请"), max_length=4000, required=True)
    verdict = ChoiceField(_l("决定"), choices=VERDICT_LABELS, required=True)
    reason = TextField(_l("理由或问题"), max_length=WORDS, multiline=True)

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.verdict.data and needs_words(self.verdict.data) and not self.reason.data and not self.reason.errors:
            self.reason.errors = [_l("谢绝和询问都要写明理由或问题。")]
            return False
        return valid


class QueueFilter(Form):
    """Which applications are listed."""

    q = TextField(_l("姓名、公司、尾号"), max_length=80)
    state = ChoiceField(_l("状态"), choices=STATE_LABELS, blank=_l("待办的"))


class MemberFilter(Form):
    """Which members are listed."""

    q = TextField(_l("姓名、公司、尾号"), max_length=80)
    status = ChoiceField(_l("状态"), choices=STATUS_LABELS, blank=_l("全部状态"))
    role = ChoiceField(_l("角色"), choices=ROLE_LABELS, blank=_l("全部角色"))


class AuditFilter(Form):
    """Which acts are listed."""

    actor = TextField(_l("谁做的"), max_length=40)
    act = ChoiceField(_l("做了什么"), choices=ACT_LABELS, blank=_l("全部"))
    kind = ChoiceField(_l("对什么"), choices=KIND_LABELS, blank=_l("全部"))
    subject = TextField(_l("编号"), max_length=40)
    since = DateField(_l("从哪天"))
    until = DateField(_l("到哪天"))

    def validate(self, extra_validators: Any = None) -> bool:
        valid = super().validate(extra_validators)
        if self.since.data and self.until.data and self.until.data < self.since.data:
            self.until.errors = [gettext("不能早于“从哪天”。")]
            return False
        return valid
