"""Which sentences of a rule changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.accounts.changes import Passage, changes, sentences

LINES = ("一人一名。用真名。", "有人介绍。", "有问必回。三天之内。", "不打听。", "报了名就来。来不了早取消。")
BEFORE = """# 红包五不要

## 怎么发

1. **不要讨。** 不要催人发，不要点名。新会员不发红包。
2. **不要大。** 单个不超过两百元，一天不超过一回。
3. **不要赌。** 不玩接龙。

| 记什么 | 留多久 |
|---|---|
| 名字 | 三年 |
"""


def test_the_same_text_has_no_changes() -> None:
    assert changes(BEFORE, BEFORE) == []


def test_a_changed_sentence_is_marked_and_those_beside_it_are_not() -> None:
    after = BEFORE.replace("单个不超过两百元，一天不超过一回。", "单个不超过一百元，一天不超过一回。")
    assert changes(BEFORE, after) == [
        Passage(
            "怎么发",
            (
                ("same", "不要大。"),
                ("gone", " 单个不超过两百元，一天不超过一回。"),
                ("new", " 单个不超过一百元，一天不超过一回。"),
            ),
        )
    ]


def test_a_line_that_came_and_one_that_went_are_marked_whole() -> None:
    after = BEFORE.replace("3. **不要赌。** 不玩接龙。\n", "") + "\n最后一句：谢人请喝茶。\n"
    assert changes(BEFORE, after) == [
        Passage("怎么发", (("gone", "不要赌。 不玩接龙。"),)),
        Passage("怎么发", (("new", "最后一句：谢人请喝茶。"),)),
    ]


def test_a_sentence_added_to_a_line_is_the_only_one_marked() -> None:
    (passage,) = changes(BEFORE, BEFORE.replace("不玩接龙。", "不玩接龙。不猜尾数。"))
    assert passage.pieces == (("same", "不要赌。 不玩接龙。"), ("new", "不猜尾数。"))


def test_a_row_of_a_table_is_read_as_its_cells() -> None:
    (passage,) = changes(BEFORE, BEFORE.replace("| 名字 | 三年 |", "| 名字 | 两年 |"))
    assert passage.pieces == (("same", "名字 · "), ("gone", "三年"), ("new", "两年"))


def test_marks_of_emphasis_are_no_change() -> None:
    assert changes(BEFORE, BEFORE.replace("**", "")) == []


@pytest.mark.parametrize(
    ("words", "apart"),
    [
        ("一句。两句！三句？", ["一句。", "两句！", "三句？"]),
        ("他说“好。”就走了", ["他说“好。”", "就走了"]),
        ("没有句号", ["没有句号"]),
        ("First one. Second one.", ["First one. ", "Second one."]),
        ("", []),
    ],
)
def test_sentences_end_where_people_end_them(words: str, apart: list[str]) -> None:
    assert sentences(words) == apart


@given(st.lists(st.sampled_from(LINES), max_size=12), st.lists(st.sampled_from(LINES), max_size=12))
def test_what_is_same_or_new_is_in_the_new_text_and_what_is_gone_in_the_old(old: list[str], new: list[str]) -> None:
    found = changes("\n".join(old), "\n".join(new))
    for passage in found:
        for kind, words in passage.pieces:
            assert words in "\n".join(old if kind == "gone" else new)
    if sorted(old) != sorted(new):
        assert found
