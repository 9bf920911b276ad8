from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core import values
from core.values import Unacceptable

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 21)
BERLIN = ZoneInfo("Europe/Berlin")


def refused(function: Any, *arguments: Any) -> str:
    with pytest.raises(Unacceptable) as caught:
        function(*arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("13800000001", "13800000001"),
        ("19900005807", "19900005807"),
        ("+86 138 0000 0001", "13800000001"),
        ("0086-138-0000-0001", "13800000001"),
        ("8613800000001", "13800000001"),
        ("１３８００００００１０", "13800000010"),
        ("（138）0000－0001", "13800000001"),
        ("+852 9123 4567", "+85291234567"),
        ("+1 (212) 555-0100", "+12125550100"),
    ],
)
def test_a_phone_is_known_however_it_is_written(typed: str, normal: str) -> None:
    assert values.normal_phone(typed) == normal


@pytest.mark.parametrize(
    "typed",
    ["", "1380000000", "138000000011", "12800000001", "022-23456789", "abc", "+", "1380000000a", "+999 1", "\x00"],
)
def test_what_is_no_mobile_phone_is_refused(typed: str) -> None:
    assert refused(values.normal_phone, typed)


@pytest.mark.thorough
@given(
    st.from_regex(r"\A1[3-9][0-9]{9}\Z"), st.sampled_from(["", "+86", "0086 ", "86"]), st.sampled_from(["", " ", "-"])
)
def test_every_chinese_mobile_is_normal_once_and_for_all(number: str, prefix: str, gap: str) -> None:
    normal = values.normal_phone(f"{prefix}{number[:3]}{gap}{number[3:7]}{gap}{number[7:]}")
    assert normal == number == values.normal_phone(normal)


@pytest.mark.parametrize(
    "typed", ["91110000600037341X", "9111000060003734", "A1110000600037341L", "9111000060003734IL", ""]
)
def test_a_wrong_credit_code_is_refused(typed: str) -> None:
    assert refused(values.normal_uscc, typed)


def test_a_wrong_letter_of_a_credit_code_is_found() -> None:
    good = "91110000600037341L"
    for place in range(18):
        other = "1" if good[place] != "1" else "2"
        assert refused(values.normal_uscc, good[:place] + other + good[place + 1 :])


def _identity_number(born: str, place: str = "120101") -> str:
    from stdnum.cn import ric

    return f"{place}{born}001" + ric.calc_check_digit(f"{place}{born}0010")


@pytest.mark.parametrize("born", ["19500301", "19000101", "20081121", "20080229"])
def test_an_adults_identity_number_is_taken(born: str) -> None:
    number = _identity_number(born)
    assert values.normal_identity_number(f" {number[:6]} {number[6:14]}-{number[14:].lower()}", TODAY) == number


@pytest.mark.parametrize(
    ("number", "because"),
    [
        (_identity_number("20081122"), "18 周岁"),
        (_identity_number("20270101"), "出生日期"),
        (_identity_number("19990230"), "出生日期"),
        (_identity_number("18991231"), "出生日期"),
        (_identity_number("19800101", "990101"), "18 位"),
        ("110105194912310021", "校验位"),
        ("11010519491231002", "18 位"),
        ("１１０１０５１９４９１２３１００２１", "校验位"),
        ("", "18 位"),
    ],
)
def test_any_other_identity_number_is_refused_with_the_reason(number: str, because: str) -> None:
    assert because in refused(values.normal_identity_number, number, TODAY)


def test_a_member_of_a_dissolved_county_keeps_the_number() -> None:
    assert values.normal_identity_number(_identity_number("19520101", "120225"), TODAY)


def test_masks_show_what_they_say() -> None:
    assert values.masked_identity_number("12010119900101123X") == "1201**********123X"
    assert values.masked_phone("13800000001") == "138****0001"
    assert values.masked_phone("+85291234567") == "+85*****4567"
    assert values.last_four("13800000001") == "0001"
    assert values.last_four("1234567") == ""


@given(st.text(max_size=40))
def test_a_mask_keeps_the_length_and_never_shows_more_than_the_ends(secret: str) -> None:
    assume("*" not in secret)
    identity, phone = values.masked_identity_number(secret), values.masked_phone(secret)
    assert len(identity) == len(phone) == len(secret)
    assert sum(char != "*" for char in identity) <= (8 if len(secret) == 18 else 0)
    assert sum(char != "*" for char in phone) <= 7
    assert not secret or phone.count("*") >= min(4, len(secret))
    assert len(values.last_four(secret)) * 2 <= len(secret)


@pytest.mark.parametrize("text", ["\x00", "会\x07友", "\x85", "\ud800", "a\x1b[0m", "\ufffe"])
def test_characters_that_cannot_be_kept_are_refused(text: str) -> None:
    assert "字符" in refused(values.clean_text, text)


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    try:
        clean = values.clean_text(text, multiline=True)
    except Unacceptable:
        return
    assert values.clean_text(clean, multiline=True) == clean
    assert "\r" not in clean


@pytest.mark.parametrize("text", ["👨‍👩‍👧‍👦", "\u200f会友\u200e", "𠮷", "a\tb", "=cmd()", "<b>", "会\ufe0f"])
def test_everything_else_stays_exactly_as_typed(text: str) -> None:
    assert values.clean_text(f" {text}\u3000") == text


def test_newlines_are_lf_and_only_where_there_are_lines() -> None:
    assert values.clean_text("一\r\n二\r三\n", multiline=True) == "一\n二\n三"
    assert refused(values.clean_text, "标题\r\nSet-Cookie: x") == "这里只能写一行。"


@given(st.datetimes(*map(datetime.fromisoformat, ("2000-01-02", "2100-12-30"))), st.sampled_from([SHANGHAI, BERLIN]))
def test_a_wall_clock_time_is_read_back_as_it_was_typed(moment: datetime, zone: ZoneInfo) -> None:
    typed = moment.strftime("%Y-%m-%dT%H:%M")
    try:
        instant = values.parse_local(typed, zone)
    except Unacceptable as gap:
        if zone is SHANGHAI or "时钟" not in str(gap):
            raise
        return
    assert instant.utcoffset() == UTC.utcoffset(None)
    assert instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M") == typed


def test_a_time_skipped_in_spring_does_not_exist_and_one_told_twice_is_the_first() -> None:
    assert "时钟" in refused(values.parse_local, "2026-03-29T02:30", BERLIN)
    assert values.parse_local("2026-10-25T02:30", BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert values.parse_local("２０２６-11-21 19:00:00", SHANGHAI) == datetime(2026, 11, 21, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "2026-11-21",
        "2026-13-01T00:00",
        "1999-12-31T23:59",
        "2101-01-01T00:00",
        "2026-06-30T23:59:60",
        "0000-00-00T00:00",
    ],
)
def test_other_times_are_refused(typed: str) -> None:
    assert refused(values.parse_local, typed, SHANGHAI)


@pytest.mark.parametrize(
    ("typed", "yuan"),
    [
        ("8000000", 8_000_000),
        ("8,000,000", 8_000_000),
        ("８，０００，０００", 8_000_000),
        ("800万", 8_000_000),
        ("800 万元", 8_000_000),
        ("800w", 8_000_000),
        ("1.5亿", 150_000_000),
        ("￥1300.00", 1300),
        ("8百万", 8_000_000),
        ("1万亿", 10**12),
        ("0", 0),
    ],
)
def test_an_amount_is_typed_as_people_write_it(typed: str, yuan: int) -> None:
    assert values.parse_amount(typed) == yuan


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-1",
        "-0",
        "1e309",
        "NaN",
        "0.5",
        "1.23456万",
        "1,00",
        "1000000000001",
        "2万亿",
        "万",
        "9" * 5000,
        "8 million",
    ],
)
def test_any_other_amount_is_refused(typed: str) -> None:
    assert refused(values.parse_amount, typed)


@given(st.integers(0, 10**12))
def test_every_amount_up_to_a_trillion_is_read_with_and_without_commas(yuan: int) -> None:
    assert values.parse_amount(str(yuan)) == values.parse_amount(f"{yuan:,}") == yuan
