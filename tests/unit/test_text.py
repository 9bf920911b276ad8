import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import (
    folded,
    initials,
    like_pattern,
    normalised,
    pinyin_full,
    pinyin_key,
    reading_time_minutes,
    search_text,
    sounds_alike_key,
)
from tests.unit.naughty_strings import NAUGHTY


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("单长河", "shan chang he"),
        ("曾立", "zeng li"),
        ("解小简", "xie xiao jian"),
        ("尉迟恭", "yu chi gong"),
        ("欧阳修", "ou yang xiu"),
        ("仇红", "qiu hong"),
        ("吕行", "lv xing"),
        ("Wang 小明", "wang xiao ming"),
        ("阿卜杜拉·买买提", "a bo du la mai mai ti"),
        ("𠮷野", "𠮷 ye"),
    ],
)
def test_names_are_read_with_their_surname_first_and_without_tones(name: str, key: str) -> None:
    assert pinyin_key(name) == key


def test_names_sort_by_syllable_so_that_li_xu_stands_before_lian() -> None:
    assert sorted(["连山", "李旭", "单雄", "曾立", "安平"], key=pinyin_key) == ["安平", "李旭", "连山", "单雄", "曾立"]


def test_a_name_is_typed_in_one_word_or_by_its_initials() -> None:
    assert pinyin_full("单长河") == "shanchanghe"
    assert initials("单长河") == "sch"


def _finds(q: str, text: str) -> bool:
    import sqlite3

    with sqlite3.connect(":memory:") as database:
        return bool(database.execute("SELECT ? LIKE ? ESCAPE '\\'", (text, like_pattern(q))).fetchone()[0])


@pytest.mark.parametrize(
    "q", ["长河", "单", "shanchang", "SCH", "ＳＣＨ", "环保", "huanbao", "100%", "lyu", "lv", "a_b"]
)
def test_a_member_is_found_by_characters_pinyin_and_initials(q: str) -> None:
    assert _finds(q, search_text("单长河", "100%环保 a_b", None, "吕"))


@pytest.mark.parametrize("q", ["1000", "a-b", "axb", "张", "%%", "\\"])
def test_a_search_takes_its_special_characters_literally(q: str) -> None:
    assert not _finds(q, search_text("单长河", "100%环保 a_b"))


def test_a_company_is_found_by_both_readings() -> None:
    assert _finds("shanxian", search_text("单县面粉")) or _finds("danxian", search_text("单县面粉"))


@given(st.text(max_size=60), st.text(max_size=20))
def test_whatever_stands_in_a_text_is_found(around: str, q: str) -> None:
    assert folded(q) in search_text(f"{around} {q} {around}")


@pytest.mark.parametrize(("_name", "text"), NAUGHTY)
def test_any_text_gives_a_pattern_that_the_database_takes(_name: str, text: str) -> None:
    pattern = like_pattern(text)
    pattern.encode()
    assert "\0" not in pattern
    assert len(pattern) < 200
    search_text(text[:200]).encode()


@pytest.mark.parametrize(
    ("one", "other"), [("程英", "陈音"), ("李娜", "李拉"), ("张三", "章珊"), ("周诚", "邹岑"), ("Anna Li", "anna li")]
)
def test_names_that_a_listener_confuses_sound_alike(one: str, other: str) -> None:
    assert sounds_alike_key(one) == sounds_alike_key(other)


@pytest.mark.parametrize(("one", "other"), [("李强", "王强"), ("张伟", "张卫东"), ("陈红", "陈虎")])
def test_other_names_do_not_sound_alike(one: str, other: str) -> None:
    assert sounds_alike_key(one) != sounds_alike_key(other)


def test_a_flood_of_marks_is_left_alone() -> None:
    flood = "a" + "\u0301\u0323" * 50_000
    assert normalised("NFC", flood) == flood


@pytest.mark.parametrize(("characters", "minutes"), [(0, 1), (400, 1), (401, 2), (2000, 5)])
def test_four_hundred_characters_are_read_in_a_minute(characters: int, minutes: int) -> None:
    assert reading_time_minutes("会" * characters) == minutes


def test_the_dictionary_of_phrases_is_never_loaded() -> None:
    code = (
        "import sys, core.text as t; assert 'pypinyin' not in sys.modules; t.pinyin_key('单雄');"
        "assert 'pypinyin' in sys.modules and 'pypinyin.phrases_dict' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
