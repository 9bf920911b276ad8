"""What needs me, and what of a briefing is worth a line."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from blueprints.today.rules import contents, is_my_turn

MEMBER, EXPERT, LEAD = (uuid.UUID(int=number) for number in (1, 2, 3))
PARTS = {"member": MEMBER, "expert": EXPERT, "lead": LEAD}
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("state", "who"), [("requested", LEAD), ("assigned", EXPERT), ("scheduled", EXPERT), ("completed", MEMBER)]
)
def test_a_consultation_needs_the_one_whose_turn_it_is(state: str, who: uuid.UUID) -> None:
    needing = [me for me in PARTS.values() if is_my_turn(state, TODAY, TODAY, me=me, parts=PARTS)]
    assert needing == [who]


def test_a_summary_is_not_asked_for_before_the_day_of_the_meeting() -> None:
    assert not is_my_turn("scheduled", date(2026, 11, 22), TODAY, me=EXPERT, parts=PARTS)
    assert not is_my_turn("scheduled", None, TODAY, me=EXPERT, parts=PARTS)


def test_what_is_done_needs_nobody() -> None:
    assert not is_my_turn("rated", None, TODAY, me=MEMBER, parts=PARTS)


def test_the_contents_of_a_briefing_are_its_first_headings() -> None:
    assert contents("各位\n\n## 需求\n- 一\n## 手里有的\n##\n### 小\n## 三\n## 四\n## 五") == [
        "需求",
        "手里有的",
        "三",
        "四",
    ]
