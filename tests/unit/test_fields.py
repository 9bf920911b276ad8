import json
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask_babel import lazy_gettext

from core import choices, fields, values
from core.fields import Form
from core.values import Unacceptable
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
    kind = choices.ChoiceField(lazy_gettext("类别"), choices={"need": "需求", "offer": "资源"})
    roles = choices.MultiChoiceField(lazy_gettext("角色"), choices=lambda: [("admin", "管理员"), ("editor", "编辑")])
    public = choices.FlagField(lazy_gettext("公开"))
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
        trade = choices.ChoiceField("行业", choices={"health": "健康"}, required=True)
        accept_rules = choices.FlagField("群规", required=True)
        roles = choices.MultiChoiceField("角色", choices={"admin": "管理员"}, required=True)

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
