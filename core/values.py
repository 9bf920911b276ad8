"""What people type, made canonical: phones, codes, amounts, local times, clean text.

Each function returns the canonical value or raises `Unacceptable` with a sentence
for the person. No sentence repeats what was typed: a lazy string is not escaped
in a page.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from wtforms.validators import ValidationError

from core.text import normalised

MOST_YUAN = 10**12
FIRST_YEAR, LAST_YEAR = 2000, 2100
ADULT_YEARS = 18

_UNUSABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_PHONE = re.compile(r"[\d+()./ ‐-―−-]+")
_SEPARATORS = re.compile(r"[\s‐-―−-]+")
_IDENTITY_NUMBER = re.compile(r"\d{17}[\dX]", re.ASCII)
_LOCAL = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::00)?", re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_AMOUNT = re.compile(
    r"¥?(\d{1,3}(?:,\d{3})+|\d{1,13})(\.\d{1,12})?(万亿|亿|千万|百万|万|w|千|百)?元?", re.ASCII | re.IGNORECASE
)
_UNITS = {"": 0, "百": 2, "千": 3, "万": 4, "w": 4, "百万": 6, "千万": 7, "亿": 8, "万亿": 12}
# The first two digits of GB/T 2260. Counties are not checked: they were renamed and dissolved for
# decades, a number keeps the code of the day it was given, and no list of them is complete.
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")


class Unacceptable(ValidationError):
    """A value that cannot be taken; its text is the sentence for the person."""


def check_characters(text: str) -> None:
    """Refuse NUL, control characters other than newline and tab, unpaired surrogates, noncharacters."""
    if _UNUSABLE.search(text.replace("\r\n", "\n").replace("\r", "\n")):
        raise Unacceptable(_("含有无法保存的字符，请删去后重新输入。"))


def shown(text: str) -> str:
    """`text` with what no page can carry replaced by U+FFFD."""
    return _UNUSABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def is_blank(text: str) -> bool:
    """Whether nothing in `text` can be seen: spaces, and marks without width."""
    return all(unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cf", "Cc") for char in text)


def as_text(value: object) -> str:
    """A posted value as text: JSON may bring numbers, truth and null where a form brings words."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, int) and abs(value) < 10**18:
        return str(value)
    if not isinstance(value, str):
        raise Unacceptable(_("这里应是文字。"))
    return value


def clean_text(text: str, multiline: bool = False) -> str:
    """`text` in NFC, newlines as LF, without outer white space; everything else exactly as typed."""
    check_characters(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = normalised("NFC", text).strip()
    if not multiline and "\n" in text:
        raise Unacceptable(_("这里只能写一行。"))
    return text


def _compact(text: str) -> str:
    """One short value without its separators, full-width letters and digits as plain ones."""
    check_characters(text)
    if len(text) > 100:
        raise Unacceptable(_("内容太长了。"))
    return _SEPARATORS.sub("", normalised("NFKC", text)).upper()


def normal_phone(text: str) -> str:
    """A mobile phone of +86 as its 11 digits, of another country in E.164 (`+85291234567`)."""
    check_characters(text)
    text = normalised("NFKC", text[:100]).strip()
    if not _PHONE.fullmatch(text) or len(text) > 40:
        raise Unacceptable(_("请填写正确的手机号，例如 13800000001。"))
    import phonenumbers

    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException as error:
        raise Unacceptable(_("请填写正确的手机号，例如 13800000001。")) from error
    if number.country_code == 86:
        national = phonenumbers.national_significant_number(number)
        if not _MOBILE.fullmatch(national):
            raise Unacceptable(_("手机号应是 11 位数字，以 1 开头。"))
        return national
    if not phonenumbers.is_possible_number(number):
        raise Unacceptable(_("这个国家或地区没有这样的号码，请核对。"))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_uscc(text: str) -> str:
    """A unified social credit code (GB 32100-2015): 18 upper-case letters and digits."""
    code = _compact(text)
    from stdnum.cn import uscc
    from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

    try:
        return uscc.validate(code)
    except InvalidLength as error:
        raise Unacceptable(_("统一社会信用代码应是 18 位。")) from error
    except InvalidChecksum as error:
        raise Unacceptable(_("统一社会信用代码的校验位不对，请对照营业执照核对。")) from error
    except ValidationError as error:
        raise Unacceptable(_("统一社会信用代码前 8 位是数字，后面没有字母 I、O、S、V、Z。")) from error


def normal_identity_number(text: str, today: date) -> str:
    """A citizen's identity number (GB 11643-1999) of somebody who is 18 on `today`."""
    number = _compact(text)
    if not _IDENTITY_NUMBER.fullmatch(number) or not _PROVINCES.match(number):
        raise Unacceptable(_("身份证号应是 18 位，最后一位可以是 X。"))
    from stdnum.cn import ric
    from stdnum.exceptions import ValidationError

    if ric.calc_check_digit(number) != number[-1]:
        raise Unacceptable(_("身份证号的校验位不对，请核对。"))
    try:
        born = ric.get_birth_date(number)
    except ValidationError as error:
        raise Unacceptable(_("身份证号里的出生日期不存在，请核对。")) from error
    if born > today or born.year < 1900:
        raise Unacceptable(_("身份证号里的出生日期不对，请核对。"))
    if today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < ADULT_YEARS:
        raise Unacceptable(_("会员须年满 18 周岁。"))
    return number


def masked_identity_number(number: str) -> str:
    """`1201**********123X`; of anything that has not 18 characters nothing is shown."""
    return f"{number[:4]}{'*' * 10}{number[-4:]}" if len(number) == 18 else "*" * len(number)


def masked_phone(phone: str) -> str:
    """`138****0001`; of a short number the last two digits, of a very short one nothing."""
    hidden = len(phone) - 7
    if hidden >= 4:
        return phone[:3] + "*" * hidden + phone[-4:]
    shown_digits = 2 if len(phone) >= 7 else 0
    return "*" * (len(phone) - shown_digits) + phone[len(phone) - shown_digits :]


def last_four(number: str) -> str:
    """The last four characters of a phone or code; nothing of one shorter than eight."""
    return number[-4:] if len(number) >= 8 else ""


def parse_local(text: str, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall-clock time `YYYY-MM-DDTHH:MM` in `zone`; of a time told twice, the first."""
    match = _LOCAL.fullmatch(normalised("NFKC", text[:40]).strip())
    if not match:
        raise Unacceptable(_("请按“2026-11-21T19:00”的样子填写日期和时间。"))
    try:
        wall = datetime(*map(int, match.groups()), tzinfo=zone)  # type: ignore[misc,arg-type]
    except ValueError as error:
        raise Unacceptable(_("没有这样的日期或时间。")) from error
    _check_year(wall)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise Unacceptable(_("这一刻因调整时钟而不存在，请换一个时间。"))
    return instant


def parse_date(text: str) -> date:
    """A day written `YYYY-MM-DD`."""
    match = _DAY.fullmatch(normalised("NFKC", text[:40]).strip())
    if not match:
        raise Unacceptable(_("请按“2026-11-21”的样子填写日期。"))
    try:
        day = date(*map(int, match.groups()))
    except ValueError as error:
        raise Unacceptable(_("没有这样的日期。")) from error
    _check_year(day)
    return day


def _check_year(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unacceptable(_("年份应在 2000 到 2100 之间。"))


def parse_amount(text: str) -> int:
    """Whole yuan, at most 10^12: `8000000`, `8,000,000`, `800万`, `1.5亿元`."""
    match = _AMOUNT.fullmatch("".join(normalised("NFKC", text[:100]).split()))
    if not match or len(text) > 100:
        raise Unacceptable(_("请填写金额，例如 8000000 或 800万。"))
    whole, fraction, unit = match.groups(default="")
    yuan = Decimal(whole.replace(",", "") + fraction).scaleb(_UNITS[unit.lower()])
    if yuan != yuan.to_integral_value():
        raise Unacceptable(_("金额须是整数元。"))
    if yuan > MOST_YUAN:
        raise Unacceptable(_("金额不能超过一万亿元。"))
    return int(yuan)
