"""Forms: what a person typed, cleaned, checked and explained field by field.

Nothing that is posted makes an exception: every fault is a message at its field.
A message is a lazy string in Chinese and never repeats what was typed.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Self, cast
from zoneinfo import ZoneInfo

import wtforms
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import widgets
from wtforms.validators import StopValidation

from core.clock import clock
from core.passwords import is_common
from core.text import normalised
from core.values import (
    Unacceptable,
    as_text,
    check_characters,
    clean_text,
    is_blank,
    normal_identity_number,
    normal_phone,
    normal_uscc,
    parse_amount,
    parse_date,
    parse_local,
    shown,
)

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_CODE = {"maxlength": 30, "autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false"}


def zone_of() -> ZoneInfo:
    """The zone in which dates and times are typed; a test may replace it."""
    return clock.zone


def today_of() -> date:
    """The day on which an age is counted; a test may replace it."""
    return clock.today()


class Form(wtforms.Form):
    """The shape of one form's input. Unknown fields are ignored; there is no token (posts are checked by origin).

    `ids` is put before the element ids, for a page that holds the form more than once.
    After `validate()`: `data` holds Python's values, `values()` the same as JSON has them.
    """

    def __init__(self, formdata: Mapping[str, Any] | None = None, *args: Any, ids: str = "", **kwargs: Any) -> None:
        if formdata is not None and not hasattr(formdata, "getlist"):
            formdata = MultiDict(formdata)
        super().__init__(formdata, *args, **kwargs)
        if ids:
            for field in self:
                field.id = field.label.field_id = f"{ids}-{field.id}"

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """The form filled in with `fields`, from a post or an operation."""
        return cls(fields)

    @classmethod
    def names(cls) -> frozenset[str]:
        """The names of the fields that the form knows."""
        return frozenset(
            name for name in dir(cls) if not name.startswith("_") and hasattr(getattr(cls, name), "_formfield")
        )

    def values(self) -> dict[str, Any]:
        """The validated values in canonical form, each as JSON has it.

        Instants are ISO 8601 in UTC, days `YYYY-MM-DD`, ids lower-case text, amounts
        whole yuan; what was left empty is None, an unticked box False.
        """
        return {name: cast("Field", field).as_json() for name, field in self._fields.items()}

    def problems(self) -> list[tuple[Any, str]]:
        """Each field with its first message, in the form's order, for the summary on top."""
        return [(field, str(field.errors[0])) for field in self if field.errors]


class Field(wtforms.Field):
    """One text value. A subclass gives `parse` (text → value) and `text_of` (value → what stands in the box).

    `secret` marks what is never stored or logged as it was typed.
    """

    widget: Any = widgets.TextInput()
    typed_at_most = 100
    attributes: ClassVar[Mapping[str, Any]] = {}
    secret = False

    def __init__(
        self,
        label: Any = None,
        validators: Any = (),
        *,
        required: bool = False,
        render_kw: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        attributes = {**self.attributes, **(render_kw or {})}
        super().__init__(label, validators, render_kw=attributes, **kwargs)
        self.is_required = required
        if required:
            self.flags.required = True

    def parse(self, text: str) -> Any:
        """The value of a text in which something can be seen; raises `Unacceptable`."""
        return text

    def text_of(self, value: Any) -> str:
        """How a value stands in the box."""
        return str(value)

    def as_json(self) -> Any:
        """The value as JSON has it."""
        return self.data

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = None
        text = as_text(next(iter(valuelist), None))
        check_characters(text)
        if is_blank(text):
            return
        if len(text) > self.typed_at_most:
            raise Unacceptable(self.too_long(len(text)))
        self.data = self.parse(text)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  WTForms calls it so
        if self.process_errors:
            raise StopValidation
        if self.data is None:
            raise StopValidation(self.missing() if self.is_required else "")

    def too_long(self, length: int) -> Any:  # noqa: ARG002  words tell the length
        """What to say of a text of `length` characters."""
        return _("内容太长了。")

    def missing(self) -> Any:
        """What to say when nothing was filled in."""
        return _("请填写%(label)s。", label=self.label.text)

    def _value(self) -> str:
        if self.raw_data:
            raw = self.raw_data[0]
            return shown(raw) if isinstance(raw, str) else ""
        return "" if self.data is None else shown(self.text_of(self.data))


class TextField(Field):
    """Words, at most `max_length` characters (counted after cleaning), on one line or on several."""

    def __init__(
        self,
        *args: Any,
        max_length: int,
        multiline: bool = False,
        render_kw: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if multiline:
            kwargs.setdefault("widget", widgets.TextArea())
        super().__init__(*args, render_kw={"maxlength": max_length, **(render_kw or {})}, **kwargs)
        self.max_length = max_length
        self.multiline = multiline
        # Composing shortens text to a quarter at most; what is longer is not even tried.
        self.typed_at_most = max_length * 4 + 100

    def parse(self, text: str) -> str:
        text = clean_text(text, self.multiline)
        if len(text) > self.max_length:
            raise Unacceptable(self.too_long(len(text)))
        return text

    def too_long(self, length: int) -> Any:
        return _("最多 %(most)d 个字，现在是 %(length)d 个。", most=self.max_length, length=length)


class PhoneField(Field):
    """A phone, as `normal_phone` has it."""

    widget = widgets.TelInput()
    attributes: ClassVar = {"maxlength": 40, "inputmode": "tel", "autocomplete": "tel"}

    def parse(self, text: str) -> str:
        return normal_phone(text)


class UsccField(Field):
    """A unified social credit code (GB 32100-2015)."""

    attributes: ClassVar = _CODE

    def parse(self, text: str) -> str:
        return normal_uscc(text)


class IdentityNumberField(Field):
    """A citizen's identity number (GB 11643-1999) of an adult."""

    attributes: ClassVar = _CODE
    secret = True

    def parse(self, text: str) -> str:
        return normal_identity_number(text, today_of())


class PasswordField(Field):
    """A password of 8 to 128 characters, none that is guessed first, taken exactly as typed and never shown again.

    For logging in with an old one, `min_length=1`.
    """

    widget = widgets.PasswordInput(hide_value=True)
    secret = True

    def __init__(
        self,
        *args: Any,
        min_length: int = 8,
        max_length: int = 128,
        render_kw: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        lengths = {"maxlength": max_length, **({"minlength": min_length} if min_length > 1 else {})}
        super().__init__(*args, render_kw={**lengths, **(render_kw or {})}, **kwargs)
        self.min_length, self.max_length = min_length, max_length

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = None
        text = as_text(next(iter(valuelist), None))
        if not text:
            return
        if not self.min_length <= len(text) <= self.max_length:
            raise Unacceptable(
                _("密码应是 %(least)d 到 %(most)d 个字符。", least=self.min_length, most=self.max_length)
            )
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise Unacceptable(_("含有无法保存的字符，请删去后重新输入。"))
        if self.min_length > 1 and is_common(text):
            raise Unacceptable(_("这个密码用的人太多，一猜就中，请换一个。"))
        self.data = text

    def _value(self) -> str:
        return ""


class AmountField(Field):
    """Whole yuan (CNY), typed as `8,000,000` or `800万`."""

    attributes: ClassVar = {"maxlength": 30, "inputmode": "text", "autocomplete": "off"}

    def parse(self, text: str) -> int:
        return parse_amount(text)


class IntegerField(Field):
    """A whole number between `least` and `most`."""

    attributes: ClassVar = {"inputmode": "numeric", "maxlength": 16}

    def __init__(self, *args: Any, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.least, self.most = least, most

    def parse(self, text: str) -> int:
        text = normalised("NFKC", text).strip()
        if not _INTEGER.fullmatch(text):
            raise Unacceptable(_("请填写整数。"))
        if not self.least <= (number := int(text)) <= self.most:
            raise Unacceptable(_("应在 %(least)d 到 %(most)d 之间。", least=self.least, most=self.most))
        return number


class LocalDateTimeField(Field):
    """A wall-clock time `YYYY-MM-DDTHH:MM` in the installation's zone; its value is the UTC instant."""

    widget = widgets.DateTimeLocalInput()

    def parse(self, text: str) -> datetime:
        return parse_local(text, zone_of())

    def text_of(self, value: datetime) -> str:
        return value.astimezone(zone_of()).strftime("%Y-%m-%dT%H:%M")

    def as_json(self) -> str | None:
        return self.data.astimezone(UTC).isoformat() if self.data else None


class DateField(Field):
    """A day."""

    widget = widgets.DateInput()

    def parse(self, text: str) -> date:
        return parse_date(text)

    def as_json(self) -> str | None:
        return self.data.isoformat() if self.data else None


class UuidField(Field):
    """An id, as canonical lower-case text."""

    widget = widgets.HiddenInput()

    def parse(self, text: str) -> str:
        if not _UUID.fullmatch(text := text.strip()):
            raise Unacceptable(_("编号不对，请回到上一页再试。"))
        return str(uuid.UUID(text))
