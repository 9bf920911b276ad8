"""The rules of the briefing: who may pass it on, when it is out, how it reads as plain text."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from blueprints.briefings import rules
from blueprints.briefings.plain_text import Imprint, blocks_of, full_width, plain_text

EDITOR, REVIEWER, PUBLISHER = (uuid.UUID(int=number) for number in range(1, 4))
NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
IMPRINT = Imprint("会友", 308, "2026年11月20日　星期五", "防滑地面", "编者", "审者", "签者")
BODY = """各位同仁，今天是第 308 期。

## 要的
- **防滑地面一百四十平米。** 样块请先送三种。
- 变压器资质安装，
  三天之内。
  - 带验收记录

## 手里有的
1. 货架四十组
2. 见[这里](https://example.org/a)
"""


def test_each_act_goes_on_from_one_state_and_a_return_leads_back_to_the_draft() -> None:
    ready = {act: [state for state in rules.STATES if rules.is_ready_for(act, state)] for act in rules.FROM}
    assert ready == {"edit": ["draft"], "submit": ["draft"], "review": ["submitted"], "sign_off": ["reviewed"]}
    assert [rules.after(act) for act in ("submit", "review", "sign_off")] == ["submitted", "reviewed", "signed_off"]
    assert rules.after("review", "return") == rules.after("sign_off", "return") == "draft"


def test_nobody_reviews_or_signs_off_what_they_edited_and_the_three_are_different() -> None:
    assert not rules.may_review(EDITOR, hands={EDITOR})
    assert rules.may_review(REVIEWER, hands={EDITOR})
    assert not rules.may_sign_off(EDITOR, hands={EDITOR}, reviewer=REVIEWER)
    assert not rules.may_sign_off(REVIEWER, hands={EDITOR}, reviewer=REVIEWER)
    assert rules.may_sign_off(PUBLISHER, hands={EDITOR}, reviewer=REVIEWER)


def test_an_issue_is_out_at_its_hour_or_at_once_when_signed_off_later() -> None:
    second = timedelta(seconds=1)
    assert rules.publication(NOON, NOON - second) == NOON
    assert rules.publication(NOON, NOON + second) == NOON + second


def test_published_is_told_by_the_clock_alone() -> None:
    assert rules.shown_state("signed_off", NOON, NOON - timedelta(seconds=1)) == "signed_off"
    assert rules.shown_state("signed_off", NOON, NOON) == "published"
    assert rules.shown_state("reviewed", None, NOON) == "reviewed"


def test_an_edit_is_stale_when_another_text_was_saved_since_and_only_then() -> None:
    assert rules.is_stale(3, text_version=4, version=6)
    assert not rules.is_stale(4, text_version=4, version=6)
    assert not rules.is_stale(6, text_version=4, version=6)
    assert rules.is_stale(7, text_version=4, version=6)
    assert rules.is_stale(0, text_version=1, version=1)


def test_the_first_free_day_has_no_issue() -> None:
    monday = date(2026, 11, 30)
    assert rules.first_free_day({monday, date(2026, 12, 1), date(2026, 12, 3)}, monday) == date(2026, 12, 2)


def test_plain_text_numbers_the_items_through_the_whole_issue() -> None:
    [text] = plain_text(IMPRINT, BODY)
    assert text.splitlines() == [
        "会友简报　第３０８期",
        "２０２６年１１月２０日　星期五",
        "防滑地面",
        "━━━━━━━━━━━━",
        "　　各位同仁，今天是第 308 期。",
        "",
        "【要的】",
        "１．防滑地面一百四十平米。 样块请先送三种。",
        "２．变压器资质安装，三天之内。",
        "　・带验收记录",
        "",
        "【手里有的】",
        "３．货架四十组",
        "４．见这里（https://example.org/a）",
        "━━━━━━━━━━━━",
        "编辑：编者　审核：审者　签发：签者",
    ]


def test_plain_text_keeps_tables_breaks_pictures_code_and_bare_addresses() -> None:
    body = "| 品名 | 数量 |\n|---|---|\n| 货架 | 40 |\n\n一行  \n两行 ![图](a.png) `x`\n\n    代码\n\n<https://example.org/b>"
    assert blocks_of(body) == [
        "品名｜数量",
        "货架｜40",
        "　　一行\n两行 图 x",
        "代码",
        "　　https://example.org/b",
    ]


def test_a_second_paragraph_of_an_item_is_no_new_item() -> None:
    assert blocks_of("- 一\n\n  又一段\n- 二") == ["１．一", "　　又一段", "２．二"]


@pytest.mark.parametrize("length", [1500, 4000, 15000])
def test_a_long_issue_is_split_into_counted_parts_under_two_thousand_characters(length: int) -> None:
    body = "\n\n".join(f"第{number}段" + "一句话。" * 40 for number in range(length // 165 + 1))[:length]
    parts = plain_text(IMPRINT, body)
    assert all(len(part) < 2000 for part in parts)
    if len(parts) > 1:
        assert parts[0].endswith(full_width(f"（第1部分，共{len(parts)}部分）"))
    assert "".join(parts).count("一句话") == body.count("一句话")


def test_a_block_that_is_itself_too_long_is_divided_between_sentences_or_hard() -> None:
    sentences = plain_text(IMPRINT, "说得很长。" * 800)
    assert all(len(part) < 2000 for part in sentences)
    assert sentences[2].split("\n")[0].startswith("说得很长。")
    unbroken = plain_text(IMPRINT, "长" * 5000)
    assert all(len(part) < 2000 for part in unbroken)
    assert "".join(unbroken).count("长") == 5000


def test_gathered_items_go_to_the_end_of_their_section_or_into_a_new_one() -> None:
    body = "## 需求\n\n1. 求购边角料\n\n## 活动\n\n明晚有路演。"
    assert rules.with_items(body, [("需求", "找冷库"), ("活动", "周六义诊"), ("好事", "捐书三百册")]) == (
        "## 需求\n\n1. 求购边角料\n2. 找冷库\n\n## 活动\n\n明晚有路演。\n\n3. 周六义诊\n\n## 好事\n\n4. 捐书三百册"
    )
    assert rules.with_items("", [("需求", "找冷库")]) == "## 需求\n\n1. 找冷库"
