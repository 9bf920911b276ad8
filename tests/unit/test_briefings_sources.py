"""The five newsletters beside the project, taken apart: against what a person who read them expects.

They are not ours to keep: where they are not there this says so. Newsletters of our own writing, of
the same shapes, stand in `test_briefings_importing.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from blueprints.briefings.importing.documents import read
from blueprints.briefings.importing.recognising import Newsletter, recognise

SOURCES = Path(__file__).resolve().parents[3] / "shared" / "sources"
HAN = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff]|[\U00020000-\U0003ffff]")
pytestmark = pytest.mark.skipif(not SOURCES.is_dir(), reason=f"the sources are not beside the project ({SOURCES})")


@dataclass(frozen=True)
class Expected:
    """What stands in one of them, counted and written down by hand; `begins` and `ends` bound its text."""

    file: str
    title: str
    paragraphs: int
    begins: str
    ends: str
    sections: list[str] = field(default_factory=list)
    day: date | None = None
    number: str = ""
    masthead: str = ""
    editor: str = ""
    reviewer: str = ""
    publisher: str = ""
    others: list[str] = field(default_factory=list)
    contents: int = 0
    foot: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)


EXPECTED = (
    Expected(
        "000_7f264b3c4e580c2b.txt",
        "新时代民间商会统战工作新载体的成功探索与实践——天津“1118·共享天下平台”培育创新统战工作经验纪实",
        paragraphs=29,
        begins="彭飞苏莉鹏",
        ends="大家互相交流商务资源与需求。",
        sections=[
            "1118群企业家座右铭",
            "加强政治引领，牢牢把握统战宣传工作在新载体阵地的主导权",
            "改进统战活动方法，培育民营企业家健康成长",
            "人物",
            "选择统战责任意识强的党员任群主",
            "发挥统战优势，为企业家解难题、办实事，促进民营企业健康发展",
        ],
        day=date(2018, 12, 18),
        masthead="天津报道",
        editor="康源",
        others=["校对：王培娟", "美编：王祯磊"],
        pages=["18 19"],
    ),
    Expected(
        "001_8e91bfc166758024.txt",
        "猎猎党旗别样红——南通市工商联深入扎实推进商会党建工作纪实",
        paragraphs=30,
        begins="新形势下，商会党建面临着哪些新挑战",
        ends="在社会上树立了良好形象。",
        sections=[
            f"党建+{what}"
            for what in ("创新——永葆活力之本", "规矩——永葆活力之基", "服务——永葆活力之道", "引领——永葆活力之源")
        ],
    ),
    Expected(
        "002_9a90d3bd43299a3c.txt",
        "天津市河西区工商联：以四个转变展现新时代工商联新作为",
        paragraphs=18,
        begins="近年来，天津市河西区工商联",
        ends="做好新时代工商联工作。",
        sections=[
            "一、积极争取党委领导和政府支持，为工商联工作提供根本保证",
            "（一）把工商联工作纳入党委重要议事日程",
            "（二）大力支持工商联履行职能发挥作用",
            "（三）大力支持工商联组织建设",
            "二、以四个转变，全面提升“两个健康”工作水平",
            "（一）打开大门，实现工作对象的转变，扩大组织和工作的覆盖面",
            "（二）扩大影响，实现工作方式的转变，提升工作的凝聚力、影响力、执行力",
            "（三）夯实基础，实现工作机制的转变，为民营企业家站前台唱主角提供组织和制度保障",
            "（四）服务发展，实现工作目标的转变，全面提升“两个健康”工作水平",
        ],
    ),
    Expected(
        "003_356511d71f76ef48.txt",
        "山东省郯城县工商联提升基层商会建设水平",
        paragraphs=4,
        begins="近年来，山东省临沂市郯城县工商联",
        ends="拓展了新的发展空间。",
    ),
    Expected(
        "004_844aa5d3254dcd0a.txt",
        "工商联信息 专刊 2018年第6期",
        paragraphs=28,
        begins="市委常委会专题听取市工商联工作情况汇报\n\n4月4日",
        ends="有场所议事。",
        sections=[
            "市委常委会专题听取市工商联工作情况汇报",
            "市工商联召开所属商协会党组织党建工作会议",
            "在市工商联所属商协会党组织党建工作会议上的讲话摘要",
            "一、全面加强党的领导，旗帜鲜明讲政治",
            "二、围绕党委中心任务，聚心聚力促发展",
            "三、大力弘扬红船精神，增强活力立潮头",
        ],
        day=date(2018, 4, 13),
        number="2018年第6期",
        masthead="工商联信息 专刊",
        editor="黄克飞",
        reviewer="李强",
        publisher="王静",
        contents=3,
        foot=[
            "送：省工商联",
            "网址：",
            "邮箱：jxgs101@163.com",
            "电话：0573-82073683",
            "微信公众号：",
            "地址：嘉兴市姚家埭76号",
            "邮编：314000",
        ],
    ),
)


def taken_apart(expected: Expected) -> tuple[str, Newsletter]:
    data = (SOURCES / expected.file).read_bytes()
    return data.decode("utf-8"), recognise(read(expected.file, data))


def characters(text: str) -> str:
    return "".join(HAN.findall(text))


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: expected.file[:3])
def test_what_stands_on_it_is_found_and_nothing_is_made_up(expected: Expected) -> None:
    _, found = taken_apart(expected)
    for name in ("title", "day", "number", "masthead", "editor", "reviewer", "publisher", "others", "sections"):
        assert getattr(found, name) == getattr(expected, name), name
    assert len(found.contents) == expected.contents
    assert found.page_numbers == expected.pages
    assert len(found.foot) == len(expected.foot)
    assert all(line.startswith(words) for line, words in zip(found.foot, expected.foot, strict=True))


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: expected.file[:3])
def test_lines_are_joined_into_the_paragraphs_that_a_reader_counts(expected: Expected) -> None:
    _, found = taken_apart(expected)
    assert abs(len(found.paragraphs) - expected.paragraphs) <= expected.paragraphs * 0.1
    print(expected.file, len(found.paragraphs), "paragraphs of", expected.paragraphs)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: expected.file[:3])
def test_every_character_of_the_text_is_there_once_and_in_order(expected: Expected) -> None:
    original, found = taken_apart(expected)
    start = original.index(expected.begins)
    end = original.rindex(expected.ends) + len(expected.ends)
    body = "\n".join(block.text for block in found.blocks)
    kept = characters(body)
    assert characters(found.body) == kept
    wanted = characters(original[start:end])
    # What stood before the text and is no title is kept in front of it.
    assert kept == characters("".join(found.left if found.left != [expected.begins] else "")) + wanted
