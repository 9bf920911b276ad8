"""Which characters are read how: the table by which a phone finds pages by their pinyin.

`python -m core.pinyin_table` writes `static/pinyin.json`: syllable → characters, for the
3,755 characters of GB 2312's first level, which are most of what is written, those that
names of people are made of besides, and the second reading of a few.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "static" / "pinyin.json"
_FIRST, _LAST = 0xB0, 0xD7
IN_NAMES = (
    "闫鑫翟淼昊邵邹郝阎卞仝佟冼夔奚妤姝婧婷媛嫣孜岚峥崔崴嵘彤彦怡恺惇戴旎旻昕昱晟晔暄曦杞栩桢梓楠榕殷沅沛泓洵浔涵淇淳渊湛溥滢漪潇澍瀚炜烨焱煜熠燊燕玮玥珂珈珏珩琦琨琪琬琮琰瑄瑜瑶瑾璇璐璞璟"
    "皓睿矅祎祺禧禹笪筠箐簌綦缪羿翀翊翎聂芃芊芮芷苒苡茜茗荀荻莘莹莼菁菡萱葳蒯蓉蓓蔺薇藜蘅虞裴褚覃訾谌谭贾赟赵轩辉邓邬邱邸郗郄郜郦鄢鄞酆钊钦钰铭铮锟锴镕镭闵闾阚阮陇隗雒霏霖靖韬韦韫顼颉颖颢馥馨骁骅骞鲍鹂鹏麒麾黛"
)
SECOND = {
    "行": "hang", "长": "chang", "重": "chong", "乐": "yue", "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu",
    "查": "zha", "区": "ou", "盖": "ge", "朴": "piao", "覃": "qin", "调": "tiao", "还": "huan", "都": "du",
    "传": "zhuan", "会": "kuai", "参": "shen", "藏": "zang", "弹": "tan", "降": "xiang", "种": "chong", "省": "xing",
    "率": "shuai", "厦": "xia", "贾": "gu", "尉": "yu", "缪": "miao", "系": "ji", "给": "ji", "校": "jiao",
    "便": "pian", "卡": "qia", "模": "mu", "得": "dei", "地": "de", "车": "ju", "石": "dan", "员": "yun",
}  # fmt: skip


def table() -> dict[str, str]:
    """The table, made anew by pypinyin; `ü` is written `v`, as on a keyboard."""
    from pypinyin import Style, lazy_pinyin

    characters = dict.fromkeys(
        bytes((high, low)).decode("gb2312")
        for high in range(_FIRST, _LAST + 1)
        for low in range(0xA1, 0xFF if high < _LAST else 0xFA)
    )
    characters.update(dict.fromkeys(IN_NAMES))
    said: dict[str, list[str]] = defaultdict(list)
    first = dict(zip(characters, lazy_pinyin("，".join(characters), style=Style.NORMAL)[::2], strict=True))
    for character, syllable in first.items():
        said[syllable].append(character)
    for character, syllable in SECOND.items():
        if first.get(character) != syllable:
            said[syllable].append(character)
    return {syllable: "".join(said[syllable]) for syllable in sorted(said)}


def text() -> str:
    """The table as it stands in the file."""
    return json.dumps(table(), ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    TABLE.write_text(text(), "utf-8")
