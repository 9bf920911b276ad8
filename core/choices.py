"""Fields for what is ticked or chosen instead of typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import widgets
from wtforms.fields.choices import Choice, SelectFieldBase  # type: ignore[attr-defined]
from wtforms.validators import StopValidation

from core.fields import Field
from core.values import Unacceptable, as_text, check_characters

Choices = Mapping[str, Any] | Iterable[tuple[str, Any]]
_OFF = frozenset(("", "0", "false", "off", "no"))


class FlagField(Field):
    """A box to tick. Absent, empty, `0` and `false` are False; `required` means that it must be ticked."""

    widget = widgets.CheckboxInput()

    def process_data(self, value: Any) -> None:
        self.data = bool(value)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = False
        text = as_text(next(iter(valuelist), None))
        check_characters(text)
        self.data = text.strip().casefold() not in _OFF

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  WTForms calls it so
        if self.process_errors:
            raise StopValidation
        if self.is_required and not self.data:
            raise StopValidation(_("请先勾选“%(label)s”。", label=self.label.text))

    def _value(self) -> str:
        return "1"


class ChoiceField(Field, SelectFieldBase):
    """One of some codes, each with its label; `choices` may be a function. `blank` labels the empty option."""

    widget = widgets.Select()

    def __init__(
        self,
        *args: Any,
        choices: Choices | Callable[[], Choices],
        blank: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._choices = choices
        self.blank = _("请选择") if blank is None else blank

    @property
    def choices(self) -> dict[str, Any]:
        """The codes and their labels, in order."""
        return dict(self._choices() if callable(self._choices) else self._choices)

    def parse(self, text: str) -> Any:
        if (code := text.strip()) not in self.choices:
            raise Unacceptable(_("请从给出的选项里选。"))
        return code

    def missing(self) -> Any:
        return _("请选择%(label)s。", label=self.label.text)

    def iter_choices(self) -> Iterator[Choice]:
        if not (self.is_required and self.data):
            yield Choice("", self.blank, not self.data, {})
        for code, label in self.choices.items():
            yield Choice(code, label, code == self.data, {})


class MultiChoiceField(ChoiceField):
    """Some of some codes, sent as several values or as one with commas; its value is a list in the choices' order."""

    widget = widgets.Select(multiple=True)
    typed_at_most = 2000

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        super().process_formdata([",".join(as_text(value) for value in valuelist)])

    def parse(self, text: str) -> list[str]:
        codes = {code.strip() for code in text.split(",")} - {""}
        if codes - self.choices.keys():
            raise Unacceptable(_("请从给出的选项里选。"))
        return [code for code in self.choices if code in codes]

    def pre_validate(self, form: Any) -> None:
        if not self.process_errors and not self.data and not self.is_required:
            self.data = []
        super().pre_validate(form)

    def iter_choices(self) -> Iterator[Choice]:
        for code, label in self.choices.items():
            yield Choice(code, label, code in (self.data or ()), {})
