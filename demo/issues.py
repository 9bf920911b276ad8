"""Briefings put together from what happened on a day and from the items of the data, as the full texts are."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from demo.community import Record, filled
from demo.dates import chinese_day

OPENINGS = (
    "各位同仁，今天是{date}，{weekday}，简报第 {number} 期。",
    "早上好，{date}，第 {number} 期。",
    "{date}，简报第 {number} 期，{weekday}。",
    "各位，{date}，第 {number} 期，先说要紧的。",
    "各位同仁早，{date}，{weekday}，第 {number} 期。",
    "第 {number} 期，{date}。没赶上昨天的，看这一页就够了。",
    "{weekday}好，今天是{date}，简报第 {number} 期。",
)
NEEDS = ("想找人接的", "急着要的", "谁能帮", "需求")
OFFERS = ("手里有的", "能给人用的", "资源", "可以拿去用")
DONE = ("昨天办成", "办成的", "有结果了")
COMING = ("近期活动", "接下来的日子", "近期去处", "别忘了")
DEEDS = ("一件好事", "好人好事", "一件小事", "说件小事")
TIPS = ("贴士", "一条贴士", "学来的一课", "财税与合同一句")
THANKS = ("一声谢谢", "有人托我们说", "道谢")
SUPPLIES = ("会里谁在做什么", "认识两家", "同仁的本行")
BUYS = ("常年在收的", "一直在找的", "长期要的")
HELD = ("的活动", "到场的人", "坐在一起")
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
LONGEST_TITLE = 40
_LEGAL = re.compile(r"^天津市?|有限公司$|股份有限公司$")
_MEMBER = re.compile(r"\{(m\d+)\}")


@dataclass
class Day:
    """What an issue can tell of: the day before it, and the days to come."""

    on: date
    number: int
    needs: list[Record] = field(default_factory=list)
    offers: list[Record] = field(default_factory=list)
    outcomes: list[tuple[Record, Record]] = field(default_factory=list)
    held: list[tuple[Record, int]] = field(default_factory=list)
    tonight: list[tuple[Record, str]] = field(default_factory=list)
    coming: list[tuple[Record, date]] = field(default_factory=list)
    companies: list[tuple[str, Record]] = field(default_factory=list)


class Items:
    """The items of one kind, each used once before any comes again; only of members known on that day."""

    def __init__(self, texts: Sequence[str], rng: random.Random) -> None:
        self._texts, self._rng = texts, rng
        self._left: list[str] = []

    def next(self, known: set[str]) -> str | None:
        """The next item, or `None` when none of them is about people who had joined by then."""
        for _ in range(2):
            for text in self._left:
                if set(_MEMBER.findall(text)) <= known:
                    self._left.remove(text)
                    return text
            self._left = self._rng.sample(self._texts, len(self._texts))
        return None


@dataclass
class Composer:
    """Writes the issues one after the other, oldest first."""

    rng: random.Random
    names: dict[str, str]
    deeds: Items
    tips: Items
    thanks: Items

    @classmethod
    def of(cls, items: Sequence[Record], names: dict[str, str], rng: random.Random) -> Composer:
        """A composer with the items of the data, by their kind."""
        kinds = ("deed", "tip", "thanks")
        return cls(rng, names, *(Items([i["text"] for i in items if i["kind"] == kind], rng) for kind in kinds))

    def write(self, day: Day, known: set[str]) -> tuple[str, str]:
        """Title and body of one issue; `known` are the members who had joined by then."""
        deed, tip, thanks = self.deeds.next(known), self.tips.next(known), None
        if day.number % 2:
            thanks = self.thanks.next(known)
        sections = [
            *self._business(day),
            *self._happened(day),
            *self._calendar(day),
            *self._section(DEEDS, deed),
            *self._section(THANKS, thanks),
            *self._section(TIPS, tip),
        ]
        opening = self.rng.choice(OPENINGS).format(
            date=chinese_day(day.on), number=day.number, weekday=WEEKDAYS[day.on.weekday()]
        )
        body = "\n\n".join([opening + self._count(day), *sections]) + "\n"
        return self._title(day, deed, tip), filled(body, self.names)

    def _count(self, day: Day) -> str:
        said = [f"{word}{len(found)}条" for word, found in (("需求", day.needs), ("资源", day.offers)) if found]
        return f"昨天收到{'、'.join(said)}。" if said else ""

    def _section(self, headings: Sequence[str], *lines: str | None) -> Iterator[str]:
        if told := [line for line in lines if line]:
            yield f"## {self.rng.choice(headings)}\n" + "\n".join(told)

    def _business(self, day: Day) -> Iterator[str]:
        yield from self._section(NEEDS, *(self._post(post) for post in day.needs[:6]))
        yield from self._section(OFFERS, *(self._post(post) for post in day.offers[:6]))
        if len(day.needs) + len(day.offers) < 3:
            supplies = [
                f"- {self.names[who]}的{short_name(firm)}：{clause(firm['products'], 64)}。"
                for who, firm in day.companies[:2]
            ]
            buys = [f"- {self.names[who]}那边常年要{clause(firm['buys'], 48)}。" for who, firm in day.companies[2:4]]
            yield from self._section(SUPPLIES, *supplies)
            yield from self._section(BUYS, *buys)

    def _post(self, post: Record) -> str:
        amount = f"（{spoken_amount(post['amount_cny'])}）" if post["amount_cny"] else ""
        return (
            f"- **{post['title'].rstrip('。')}。** {self.names[post['author']]}{amount}：{clause(post['body'], 70)}。"
        )

    def _happened(self, day: Day) -> Iterator[str]:
        lines = []
        for post, outcome in day.outcomes[:5]:
            amount = f"，{spoken_amount(outcome['amount'])}" if outcome["amount"] else ""
            partner = self.names[outcome["partner"]]
            summary = outcome["summary"].rstrip("。")
            lines.append(f"- {self.names[post['author']]}的“{post['title']}”由{partner}接住{amount}：{summary}。")
        yield from self._section(DONE, *lines)
        for event, came in day.held:
            when = "昨天" if event["weekday"] else "昨晚"
            extra = len(event["walk_ins"])
            guests = f"，其中{extra}位没报名也来了" if extra else ""
            told = f"“{event['title']}”在{event['venue']}，到场{came}人{guests}。"
            yield f"## {when}{self.rng.choice(HELD)}\n{told}"

    def _calendar(self, day: Day) -> Iterator[str]:
        lines = [
            f"- 今晚 {start}，{event['title']}，{event['venue']}。" for event, start in day.tonight if start >= "17:00"
        ]
        lines += [
            f"- 今天 {start}，{event['title']}，{event['venue']}。" for event, start in day.tonight if start < "17:00"
        ]
        lines += [
            f"- {chinese_day(on)} {event['start']}，{event['title']}，{event['venue']}。"
            for event, on in day.coming[:3]
        ]
        yield from self._section(COMING, *lines)

    def _title(self, day: Day, deed: str | None, tip: str | None) -> str:
        told = [post["title"].rstrip("。") for post in (*day.needs, *day.offers)]
        heads = []
        if day.held and day.number % 2:
            event, came = day.held[0]
            heads.append(f"{main_part(event['title'])}：到场{came}人")
        heads += [f"{post['title'].rstrip('。')}，办成了" for post, _ in day.outcomes[:1]]
        heads += [f"今晚：{main_part(event['title'])}" for event, _ in day.tonight[:1]]
        if heads or told:
            return fitting(*heads[:1], *told)
        if deed and day.number % 3:
            return fitting(filled(first_clause(deed), self.names))
        if day.companies and day.number % 2:
            return fitting(f"认识{short_name(day.companies[0][1])}", *([first_clause(tip)] if tip else []))
        return fitting(first_clause(tip or "各位同仁早"))


def fitting(first: str, *others: str) -> str:
    """A title of `first`, and the next if a line takes both."""
    both = "；".join((first, *others[:1]))
    return both if len(both) <= LONGEST_TITLE else first[:LONGEST_TITLE]


def first_clause(text: str) -> str:
    """A text until its first pause, and on to the second where that is very short."""
    parts = re.split(r"[，。：；]", text)
    return parts[0] if len(parts[0]) > 9 else "，".join(parts[:2])


def main_part(title: str) -> str:
    """An event's title without what is explained after the colon."""
    return title.partition("：")[0]


def clause(text: str, most: int) -> str:
    """The beginning of a text up to the last pause within `most` characters, without its last mark."""
    first = text.partition("。")[0]
    if len(first) <= most:
        return first
    cut = max(first[:most].rfind(mark) for mark in "，、；")
    return first[: cut if cut > 0 else most]


def short_name(company: Record) -> str:
    """A company as people call it."""
    return _LEGAL.sub("", _LEGAL.sub("", company["name"]))


def spoken_amount(yuan: int) -> str:
    """Money as people say it: `260万元`, `3600元`."""
    if yuan >= 10000:
        return f"{yuan / 10000:.2f}".rstrip("0").rstrip(".") + "万元"
    return f"{yuan}元"
