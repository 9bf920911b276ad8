"""Names, phones, codes and numbers that look right and belong to nobody.

Phones are of a block of the demo (1990…), credit codes carry a right check character
on an organisation part that is not issued (`MAY…`), identity numbers the code of a
county that does not exist (120199).
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from datetime import date

UNISSUED_COUNTY = "120199"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红鹏飞凤琴兰云洁梅琳晨宇浩凯健俊帆雪荣思佳嘉欣怡"
    "雨梓涵博文昊天子轩景行知远书瑶安然清和立新建国志成学林海波春生秋实长青永康德厚守义"
)
FIRMS = (
    "津瑞",
    "渤远",
    "海澄",
    "北辰光",
    "河畔",
    "卫津",
    "沽上",
    "潞沽",
    "云帆",
    "合顺",
    "启泰",
    "同舟",
    "润禾",
    "恒川",
)
LINES = {
    "new_energy": "新能源科技",
    "new_materials": "新材料",
    "environment": "环保工程",
    "logistics": "物流",
    "internet": "网络科技",
    "culture_media": "文化传播",
    "machinery": "机械制造",
    "software": "软件技术",
    "agriculture": "农业发展",
    "services": "企业服务",
    "construction": "建筑工程",
    "finance": "商业保理",
    "health": "医疗科技",
    "trading": "贸易",
}
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_DISTRICTS = ("101", "102", "103", "104", "105", "106", "110", "111", "112", "113", "114", "115", "116", "117", "118")


def person_name(rng: random.Random) -> str:
    """A surname and a given name of one or two characters."""
    return rng.choice(SURNAMES) + "".join(rng.choice(GIVEN) for _ in range(rng.choice((1, 2, 2))))


def company_name(trade: str, number: int) -> str:
    """The name of a company of a trade; another number, another name."""
    first, second = FIRMS[number % len(FIRMS)], GIVEN[number // len(FIRMS) % len(GIVEN)]
    third = GIVEN[number // (len(FIRMS) * len(GIVEN)) % len(GIVEN)] if number >= len(FIRMS) * len(GIVEN) else ""
    return f"天津{first}{second}{third}{LINES[trade]}有限公司"


def credit_code(rng: random.Random) -> str:
    """A unified social credit code (GB 32100-2015) of Tianjin."""
    from stdnum.cn import uscc

    body = f"91120{rng.choice(_DISTRICTS)}MAY" + "".join(rng.choice(_CODE) for _ in range(6))
    return body + uscc.calc_check_digit(body)


def identity_number(rng: random.Random, today: date) -> str:
    """An identity number (GB 11643-1999) of an adult, of a county that does not exist."""
    from stdnum.cn import ric

    born = date(today.year - rng.randint(24, 62), rng.randint(1, 12), rng.randint(1, 28))
    body = f"{UNISSUED_COUNTY}{born:%Y%m%d}{rng.randint(1, 999):03d}"
    return body + ric.calc_check_digit(body + "0")


def phones(taken: Collection[str], start: int = 19900010000) -> Iterator[str]:
    """Phones that nobody in `taken` has, one after the other."""
    return (str(number) for number in range(start, 19910000000) if str(number) not in taken)
