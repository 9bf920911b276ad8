"""What the desk fills in."""

from __future__ import annotations

import json
from typing import Any

from flask_babel import lazy_gettext as _l

from blueprints.briefings.rules import KINDS
from blueprints.briefings.words import VERDICTS
from core.choices import ChoiceField
from core.fields import DateField, Field, Form, IntegerField, TextField, UuidField
from core.values import Unacceptable, clean_text


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


class ItemsField(Field):
    """What was picked for an issue, as a JSON list of `{"kind", "line"}` in the order in which it is to stand."""

    most = 60
    line_length = 500
    typed_at_most = 40_000

    def parse(self, text: str) -> list[tuple[str, str]]:
        try:
            found = [(item["kind"], clean_text(item["line"], multiline=False)) for item in json.loads(text)]
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Unacceptable(_l("没有看懂选了哪些，请回到收集页再选一次。")) from None
        if any(kind not in KINDS for kind, _ in found) or len(found) > self.most:
            raise Unacceptable(_l("一次最多放 %(most)d 条。", most=self.most))
        if any(len(line) > self.line_length for _, line in found):
            raise Unacceptable(_l("每条最多 %(most)d 个字。", most=self.line_length))
        return [(kind, line) for kind, line in found if line]

    def text_of(self, value: Any) -> str:
        return json.dumps([{"kind": kind, "line": line} for kind, line in value], ensure_ascii=False)

    def missing(self) -> Any:
        return _l("请先勾选要放进简报的条目。")


class GatherForm(Form):
    """What goes into the draft."""

    items = ItemsField(_l("选好的条目"), required=True)


class CommentForm(Form):
    """A remark on one line; `version` is the text that it was read in."""

    line = IntegerField(_l("哪一行"), least=1, most=15_001, required=True)
    body = TextField(_l("批注"), max_length=1000, multiline=True, required=True)
    version = TextField(_l("版本"), max_length=40, required=True)
    id = UuidField()


class CorrectionForm(Form):
    """What was wrong, and how it is right."""

    body = TextField(
        _l("更正"),
        max_length=1000,
        multiline=True,
        required=True,
        description=_l("写明哪一条错了、应该是什么。原文不动，更正显示在这一期的最前面。"),
    )


class DeedForm(Form):
    """A good deed for the briefing."""

    doer = TextField(_l("谁做的"), max_length=80, required=True, description=_l("姓名，公司可以不写。"))
    body = TextField(
        _l("做了什么"),
        max_length=500,
        multiline=True,
        required=True,
        description=_l("时间、地点、事情，一两句就够。别写电话和家里的私事。"),
    )
    id = UuidField()


class NothingForm(Form):
    """Nothing to fill in."""


class ImportForm(Form):
    """An issue that was made elsewhere, as it was read and looked through."""

    title = TextField(_l("标题"), max_length=80, required=True)
    body = TextField(_l("正文"), max_length=15000, multiline=True, required=True)
    date = DateField(_l("日期"), description=_l("报上没有的，空着。"))
    number = TextField(_l("期号"), max_length=40, description=_l("照报上写，例如“第 6 期”；没有就空着。"))
    masthead = TextField(_l("报头"), max_length=80)
    editor = TextField(_l("编辑"), max_length=40)
    reviewer = TextField(_l("审核"), max_length=40)
    publisher = TextField(_l("签发"), max_length=40)
    foot = TextField(_l("报尾"), max_length=1000, multiline=True, description=_l("报送范围、地址、电话。"))
    file = TextField(_l("文件"), max_length=200)
    digest = TextField(_l("指纹"), max_length=64)


class VerdictForm(Form):
    """Pass it on, or give it back."""

    verdict = ChoiceField(_l("结论"), choices=VERDICTS, required=True)
    comment = TextField(
        _l("意见"),
        max_length=5000,
        multiline=True,
        description=_l("退回时请写清要改哪里；已经在那一行批注过的，可以不写。"),
    )
