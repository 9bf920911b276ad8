"""The business's own sentences about people."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime

import pytest

from blueprints.accounts.rules import (
    Identity,
    RuleVersion,
    announced,
    device_name,
    in_force,
    keeps_an_admin,
    letter_of,
    may_answer,
    may_decide,
    name_patterns,
    network_of,
    phone_is_shown,
    place_of,
    repeats,
    said_enough,
    text_below,
    title_of,
    versions_shown,
    versions_text,
    waiting_days,
)
from core.text import company_name_key

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


@pytest.mark.parametrize(
    ("state", "decidable", "answerable"),
    [
        ("submitted", True, True),
        ("asked", True, True),
        ("refused", False, True),
        ("approved", False, False),
    ],
)
def test_an_application_is_decided_once_and_answered_until_it_is_approved(
    state: str, decidable: bool, answerable: bool
) -> None:
    assert (may_decide(state), may_answer(state)) == (decidable, answerable)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("天津市（海河）科技有限公司", "天津海河科技"),
        ("天津海河科技有限责任公司", "天津海河科技股份有限公司"),
        ("A&B Co., Ltd.", "a b co ltd"),
        ("海河 商行", "海河商行"),
    ],
)
def test_one_company_written_differently_has_one_key(one: str, other: str) -> None:
    assert company_name_key(one) == company_name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("天津海河科技", "天津海河物流"), ("公司", "集团"), ("北京海河科技", "天津海河科技")]
)
def test_different_companies_have_different_keys(one: str, other: str) -> None:
    assert company_name_key(one) != company_name_key(other)


def test_repeats_are_named_by_what_is_shared() -> None:
    one = Identity("d", "u", "k", "s")
    assert repeats(one, Identity("d", None, "x", "x")) == ("identity_number",)
    assert repeats(one, Identity(None, "u", "x", "x")) == ("company",)
    assert repeats(one, Identity(None, None, "k", "x")) == ("company",)
    assert repeats(one, Identity(None, None, "x", "s")) == ("name",)
    assert repeats(one, Identity("d", "u", "k", "s", refusals=1)) == ("identity_number", "company", "name", "refused")


def test_nothing_in_common_is_no_repeat_even_of_a_refused_one() -> None:
    assert repeats(Identity(None, None, "", ""), Identity(None, None, "", "", refusals=2)) == ()


def test_waiting_is_counted_in_whole_days_and_never_below_none() -> None:
    assert waiting_days(date(2026, 11, 18), date(2026, 11, 21)) == 3
    assert waiting_days(date(2026, 11, 21), date(2026, 11, 21)) == 0
    assert waiting_days(date(2026, 11, 22), date(2026, 11, 21)) == 0


@pytest.mark.parametrize(("key", "letter"), [("an ning", "A"), ("zhou", "Z"), ("3m", "#"), ("", "#"), ("éa", "#")])
def test_names_stand_under_their_letter(key: str, letter: str) -> None:
    assert letter_of(key) == letter


@pytest.mark.parametrize(
    ("viewer", "visible", "admin", "deal", "shown"),
    [
        (OTHER, False, False, False, False),
        (ONE, False, False, False, True),
        (OTHER, True, False, False, True),
        (OTHER, False, True, False, True),
        (OTHER, False, False, True, True),
    ],
)
def test_a_phone_is_shown_to_whom_it_concerns(
    viewer: uuid.UUID, visible: bool, admin: bool, deal: bool, shown: bool
) -> None:
    seen = phone_is_shown(viewer_id=viewer, member_id=ONE, visible=visible, is_admin=admin, by_deal=deal)
    assert seen is shown


def test_somebody_else_has_to_stay_admin() -> None:
    assert keeps_an_admin([ONE, OTHER], ONE)
    assert not keeps_an_admin([ONE], ONE)
    assert not keeps_an_admin([], ONE)


def test_the_versions_that_a_page_shows_come_back_with_its_form() -> None:
    shown = {("pledge", 2), ("privacy-policy", 3)}
    assert versions_text(shown) == "pledge:2,privacy-policy:3"
    assert versions_shown(versions_text(shown)) == shown
    assert versions_shown("x:y,:,,a:" + "9" * 5000) == frozenset()


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) MicroMessenger/8.0", ("iPhone", "微信")),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile Safari/537", ("Android", "Chrome")),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130 Safari/537 Edg/130", ("Windows", "Edge")),
        ("curl/8", ("", "")),
    ],
)
def test_a_device_is_called_as_people_call_it(agent: str, name: tuple[str, str]) -> None:
    assert device_name(agent) == name


def test_a_few_letters_are_looked_for_where_a_word_begins() -> None:
    assert name_patterns("%gch%") == ("gch%", "% gch%")
    assert name_patterns("%guchang%") == ("%guchang%",)
    assert name_patterns("%谷%") == ("%谷%",)
    assert name_patterns("%30%") == ("%30%",)


@pytest.mark.parametrize(
    ("network", "own", "place"),
    [
        ("218.68.3.0/24", "218.68.3.0/24", ("same", "218.68.*.*")),
        ("218.68.3.0/24", "", ("elsewhere", "218.68.*.*")),
        ("192.168.1.0/24", "", ("inside", "192.168.*.*")),
        ("127.0.0.0/24", "", ("here", "127.0.*.*")),
        ("2408:8206::/32", "", ("elsewhere", "2408:8206:*")),
        ("", "", ("unknown", "")),
    ],
)
def test_a_devices_place_is_as_much_as_its_network_tells(network: str, own: str, place: tuple[str, str]) -> None:
    assert place_of(network, own)[0] == place[0]


def test_of_an_address_only_its_network_is_kept() -> None:
    assert network_of("218.68.3.77") == "218.68.3.0/24"
    assert network_of("::ffff:218.68.3.77") == "218.68.3.0/24"
    assert network_of("nonsense") == ""


def version(slug: str, number: int, day: int) -> RuleVersion:
    instant = datetime(2026, 11, day, tzinfo=UTC)
    return RuleVersion(slug, number, slug, instant, instant)


def test_the_newest_version_that_has_come_into_force_is_in_force() -> None:
    known = [version("a", 1, 1), version("a", 2, 10), version("a", 3, 20), version("b", 4, 2)]
    numbers = {slug: each.version for slug, each in in_force(known, datetime(2026, 11, 10, tzinfo=UTC)).items()}
    assert numbers == {"a": 2, "b": 4}


def test_what_is_announced_is_newer_than_what_is_in_force() -> None:
    known = [version("a", 1, 1), version("a", 3, 20), version("b", 4, 2)]
    coming = announced(known, datetime(2026, 11, 10, tzinfo=UTC))
    assert {slug: each.version for slug, each in coming.items()} == {"a": 3}
    assert announced(known, datetime(2026, 11, 20, tzinfo=UTC)) == {}
    assert announced([version("a", 2, 20), version("a", 3, 1)], datetime(2026, 11, 10, tzinfo=UTC)) == {}


@pytest.mark.parametrize(
    ("body", "title", "text"),
    [
        ("# 隐私说明\n\n一句。\n", "隐私说明", "一句。"),
        ("# 题\n", None, ""),
        ("没有题。\n", None, "没有题。"),
        ("# " + "长" * 81 + "\n文\n", None, "# " + "长" * 81 + "\n文"),
    ],
)
def test_a_rule_begins_with_its_title(body: str, title: str | None, text: str) -> None:
    assert title_of(body) == title
    assert text_below(body) == text


def test_five_words_in_a_day_are_enough() -> None:
    assert [said_enough(number) for number in (4, 5)] == [False, True]
