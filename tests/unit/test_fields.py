import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask_babel import lazy_gettext
from hypothesis import assume, given
from hypothesis import strategies as st

from core import fields, values
from core.fields import Form, Unacceptable
from tests.unit.naughty_strings import NAUGHTY

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 21)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def _the_day_is_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "today_of", lambda: TODAY)
    monkeypatch.setattr(fields, "zone_of", lambda: SHANGHAI)


def refused(function: Any, *arguments: Any) -> str:
    with pytest.raises(Unacceptable) as caught:
        function(*arguments)
    return str(caught.value)


class Everything(Form):
    title = fields.TextField(lazy_gettext("标题"), max_length=80, required=True)
    body = fields.TextField(lazy_gettext("内容"), max_length=5000, multiline=True)
    phone = fields.PhoneField(lazy_gettext("手机号"))
    uscc = fields.UsccField(lazy_gettext("统一社会信用代码"))
    id_number = fields.IdentityNumberField(lazy_gettext("身份证号"))
    amount = fields.AmountField(lazy_gettext("金额"))
    starts_at = fields.LocalDateTimeField(lazy_gettext("开始"))
    expires_on = fields.DateField(lazy_gettext("截止"))
    kind = fields.ChoiceField(lazy_gettext("类别"), choices={"need": "需求", "offer": "资源"})
    roles = fields.MultiChoiceField(lazy_gettext("角色"), choices=lambda: [("admin", "管理员"), ("editor", "编辑")])
    public = fields.FlagField(lazy_gettext("公开"))
    stars = fields.IntegerField(lazy_gettext("评分"), least=1, most=5)
    need_id = fields.UuidField(lazy_gettext("需求"))
    password = fields.PasswordField(lazy_gettext("密码"))


GOOD: dict[str, Any] = {
    "title": "  急需过桥资金 ",
    "body": "第一行\r\n第二行",
    "phone": "+86 138-0000-0001",
    "uscc": "91110000 600037341l",
    "id_number": "11010519491231002x",
    "amount": "800万",
    "starts_at": "2026-11-21T19:00",
    "expires_on": "2026-12-01",
    "kind": "need",
    "roles": ["editor", "admin"],
    "public": "on",
    "stars": "５",
    "need_id": "019AA0C0-0000-7000-8000-000000000001",
    "password": " huiyou-1118 ",
    "unknown": "ignored",
}


def test_a_filled_in_form_gives_canonical_values_that_json_can_carry() -> None:
    form = Everything.of(GOOD)
    assert form.validate(), form.errors
    expected = {
        "title": "急需过桥资金",
        "body": "第一行\n第二行",
        "phone": "13800000001",
        "uscc": "91110000600037341L",
        "id_number": "11010519491231002X",
        "amount": 8_000_000,
        "starts_at": "2026-11-21T11:00:00+00:00",
        "expires_on": "2026-12-01",
        "kind": "need",
        "roles": ["admin", "editor"],
        "public": True,
        "stars": 5,
        "need_id": "019aa0c0-0000-7000-8000-000000000001",
        "password": " huiyou-1118 ",
    }
    assert form.values() == expected
    assert json.loads(json.dumps(form.values())) == expected
    assert form.data["starts_at"] == datetime(2026, 11, 21, 11, tzinfo=UTC)
    assert form.names() == expected.keys()


def test_what_is_left_empty_is_none_a_box_false_and_many_choices_none_at_all() -> None:
    form = Everything.of({"title": "标题", "body": " \u200b\n", "amount": ""})
    assert form.validate()
    left = {name: value for name, value in form.values().items() if value is not None}
    assert left == {"title": "标题", "roles": [], "public": False}


def test_a_missing_field_is_named_in_its_message() -> None:
    form = Everything.of({"title": "\u3000\ufeff"})
    assert not form.validate()
    assert [(field.name, message) for field, message in form.problems()] == [("title", "请填写标题。")]


def test_required_choices_and_boxes_ask_in_their_own_words() -> None:
    class Pledge(Form):
        trade = fields.ChoiceField("行业", choices={"health": "健康"}, required=True)
        accept_rules = fields.FlagField("群规", required=True)
        roles = fields.MultiChoiceField("角色", choices={"admin": "管理员"}, required=True)

    form = Pledge.of({"accept_rules": "0"})
    assert not form.validate()
    assert [message for _, message in form.problems()] == ["请选择行业。", "请先勾选“群规”。", "请选择角色。"]


@pytest.mark.parametrize("off", ["", "0", "false", " No ", "off", None, False])
def test_a_box_that_says_no_is_not_ticked(off: Any) -> None:
    form = Everything.of({"title": "x", "public": off})
    assert form.validate()
    assert form.values()["public"] is False


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("title", "字" * 81),
        ("title", "两\n行"),
        ("body", "字" * 5001),
        ("body", "x" * 100_000),
        ("kind", "deed"),
        ("kind", "needs"),
        ("roles", "admin,owner"),
        ("roles", "\ud800"),
        ("stars", "0"),
        ("stars", "6"),
        ("stars", "4.5"),
        ("stars", "1e1"),
        ("need_id", "019aa0c0"),
        ("need_id", "{019aa0c0-0000-7000-8000-000000000001}"),
        ("password", "1234567"),
        ("password", "x" * 129),
        ("password", "huiyou\ud800-1118"),
        ("phone", "1" * 200),
        ("expires_on", "2026-02-29"),
        ("expires_on", "1999-12-31"),
        ("starts_at", "tomorrow"),
        ("public", "\ud800"),
        ("title", ["list"] * 2),
        ("title", 1.5),
        ("body", 10**400),
        ("title", {"a": 1}),
    ],
)
def test_a_bad_value_is_a_message_at_its_field(name: str, typed: Any) -> None:
    if typed == ["list"] * 2:
        typed = [["nested"]]
    form = Everything.of({"title": "标题", name: typed})
    assert not form.validate()
    assert list(form.errors) == [name]
    assert str(form.errors[name][0]).endswith("。")


def test_a_message_says_how_much_too_long() -> None:
    form = Everything.of({"title": "字" * 81})
    form.validate()
    assert str(form.errors["title"][0]) == "最多 80 个字，现在是 81 个。"


@pytest.mark.parametrize(("_name", "text"), NAUGHTY)
def test_any_input_is_taken_or_explained_and_the_page_can_carry_it(_name: str, text: str) -> None:
    form = Everything.of(dict.fromkeys(Everything.names(), text))
    form.validate()
    for field in form:
        str(field()).encode()
        for message in field.errors:
            assert str(message)
    if not form.errors:
        json.dumps(form.values()).encode()
    if not form.body.errors and form.body.data is not None:
        assert form.body.data == values.normalised("NFC", text.replace("\r\n", "\n")).strip()


def test_markup_that_was_typed_is_shown_and_never_markup() -> None:
    form = Everything.of({"title": '"><script>alert(1)</script>', "body": "</textarea><script>"})
    assert "<script" not in str(form.title()) + str(form.body()).replace("<textarea", "")


def test_a_password_is_never_shown_again() -> None:
    form = Everything.of({"password": "huiyou-1118"})
    assert "1118" not in str(form.password())


def test_a_refused_value_stays_in_the_box_as_it_was_typed() -> None:
    form = Everything.of({"amount": "八百万", "stars": "9"})
    form.validate()
    assert 'value="八百万"' in str(form.amount())
    assert 'value="9"' in str(form.stars())


def test_a_stored_value_stands_in_the_box_as_a_person_writes_it() -> None:
    form = Everything(data={"starts_at": datetime(2026, 11, 21, 11, tzinfo=UTC), "amount": 800, "public": True})
    assert 'value="2026-11-21T19:00"' in str(form.starts_at())
    assert 'value="800"' in str(form.amount())
    assert "checked" in str(form.public())


def test_lengths_and_keyboards_are_told_to_the_browser() -> None:
    form = Everything()
    assert 'maxlength="80"' in str(form.title())
    assert "required" in str(form.title())
    assert 'inputmode="tel"' in str(form.phone())
    assert 'minlength="8"' in str(form.password())


def test_choices_show_a_blank_until_one_is_needed_and_made() -> None:
    shown = str(Everything.of({"kind": "offer"}).kind())
    assert '<option selected value="offer">资源</option>' in shown
    assert "请选择" in shown
    roles = list(Everything.of({"roles": "editor"}).roles)
    assert [option.checked for option in roles] == [False, True]


def test_a_form_may_stand_on_a_page_twice() -> None:
    form = Everything(ids="second")
    assert 'id="second-title" ' in str(form.title())
    assert 'name="title"' in str(form.title())
    assert 'for="second-title"' in str(form.title.label())


def test_a_form_can_add_its_own_rule() -> None:
    class Hours(Form):
        capacity = fields.IntegerField("名额", least=1, most=9)

        def validate_capacity(self, field: fields.Field) -> None:
            if field.data == 4:
                raise Unacceptable("不要 4。")

    assert not Hours.of({"capacity": "4"}).validate()
    assert Hours.of({"capacity": "5"}).validate()
    assert Hours.of({}).validate()


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
    assert fields.normal_phone(typed) == normal


@pytest.mark.parametrize(
    "typed",
    ["", "1380000000", "138000000011", "12800000001", "022-23456789", "abc", "+", "1380000000a", "+999 1", "\x00"],
)
def test_what_is_no_mobile_phone_is_refused(typed: str) -> None:
    assert refused(fields.normal_phone, typed)


@pytest.mark.thorough
@given(
    st.from_regex(r"\A1[3-9][0-9]{9}\Z"), st.sampled_from(["", "+86", "0086 ", "86"]), st.sampled_from(["", " ", "-"])
)
def test_every_chinese_mobile_is_normal_once_and_for_all(number: str, prefix: str, gap: str) -> None:
    normal = fields.normal_phone(f"{prefix}{number[:3]}{gap}{number[3:7]}{gap}{number[7:]}")
    assert normal == number == fields.normal_phone(normal)


@pytest.mark.parametrize(
    "typed", ["91110000600037341X", "9111000060003734", "A1110000600037341L", "9111000060003734IL", ""]
)
def test_a_wrong_credit_code_is_refused(typed: str) -> None:
    assert refused(fields.normal_uscc, typed)


def test_a_wrong_letter_of_a_credit_code_is_found() -> None:
    good = "91110000600037341L"
    for place in range(18):
        other = "1" if good[place] != "1" else "2"
        assert refused(fields.normal_uscc, good[:place] + other + good[place + 1 :])


def _identity_number(born: str, place: str = "120101") -> str:
    from stdnum.cn import ric

    return f"{place}{born}001" + ric.calc_check_digit(f"{place}{born}0010")


@pytest.mark.parametrize("born", ["19500301", "19000101", "20081121", "20080229"])
def test_an_adults_identity_number_is_taken(born: str) -> None:
    number = _identity_number(born)
    assert fields.normal_identity_number(f" {number[:6]} {number[6:14]}-{number[14:].lower()}", TODAY) == number


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
    assert because in refused(fields.normal_identity_number, number, TODAY)


def test_a_member_of_a_dissolved_county_keeps_the_number() -> None:
    assert fields.normal_identity_number(_identity_number("19520101", "120225"), TODAY)


def test_masks_show_what_they_say() -> None:
    assert fields.masked_identity_number("12010119900101123X") == "1201**********123X"
    assert fields.masked_phone("13800000001") == "138****0001"
    assert fields.masked_phone("+85291234567") == "+85*****4567"
    assert fields.last_four("13800000001") == "0001"
    assert fields.last_four("1234567") == ""


@given(st.text(max_size=40))
def test_a_mask_keeps_the_length_and_never_shows_more_than_the_ends(secret: str) -> None:
    assume("*" not in secret)
    identity, phone = fields.masked_identity_number(secret), fields.masked_phone(secret)
    assert len(identity) == len(phone) == len(secret)
    assert sum(char != "*" for char in identity) <= (8 if len(secret) == 18 else 0)
    assert sum(char != "*" for char in phone) <= 7
    assert not secret or phone.count("*") >= min(4, len(secret))
    assert len(fields.last_four(secret)) * 2 <= len(secret)


@pytest.mark.parametrize("text", ["\x00", "会\x07友", "\x85", "\ud800", "a\x1b[0m", "\ufffe"])
def test_characters_that_cannot_be_kept_are_refused(text: str) -> None:
    assert "字符" in refused(fields.clean_text, text)


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    try:
        clean = fields.clean_text(text, multiline=True)
    except Unacceptable:
        return
    assert fields.clean_text(clean, multiline=True) == clean
    assert "\r" not in clean


@pytest.mark.parametrize("text", ["👨‍👩‍👧‍👦", "\u200f会友\u200e", "𠮷", "a\tb", "=cmd()", "<b>", "会\ufe0f"])
def test_everything_else_stays_exactly_as_typed(text: str) -> None:
    assert fields.clean_text(f" {text}\u3000") == text


def test_newlines_are_lf_and_only_where_there_are_lines() -> None:
    assert fields.clean_text("一\r\n二\r三\n", multiline=True) == "一\n二\n三"
    assert refused(fields.clean_text, "标题\r\nSet-Cookie: x") == "这里只能写一行。"


@given(st.datetimes(*map(datetime.fromisoformat, ("2000-01-02", "2100-12-30"))), st.sampled_from([SHANGHAI, BERLIN]))
def test_a_wall_clock_time_is_read_back_as_it_was_typed(moment: datetime, zone: ZoneInfo) -> None:
    typed = moment.strftime("%Y-%m-%dT%H:%M")
    try:
        instant = fields.parse_local(typed, zone)
    except Unacceptable as gap:
        if zone is SHANGHAI or "时钟" not in str(gap):
            raise
        return
    assert instant.utcoffset() == UTC.utcoffset(None)
    assert instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M") == typed


def test_a_time_skipped_in_spring_does_not_exist_and_one_told_twice_is_the_first() -> None:
    assert "时钟" in refused(fields.parse_local, "2026-03-29T02:30", BERLIN)
    assert fields.parse_local("2026-10-25T02:30", BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert fields.parse_local("２０２６-11-21 19:00:00", SHANGHAI) == datetime(2026, 11, 21, 11, tzinfo=UTC)


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
    assert refused(fields.parse_local, typed, SHANGHAI)


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
    assert fields.parse_amount(typed) == yuan


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
    assert refused(fields.parse_amount, typed)


@given(st.integers(0, 10**12))
def test_every_amount_up_to_a_trillion_is_read_with_and_without_commas(yuan: int) -> None:
    assert fields.parse_amount(str(yuan)) == fields.parse_amount(f"{yuan:,}") == yuan
