"""What stands on a newsletter beside its text: masthead, number, day, contents, who answers for it, where it is from.

Only what is written there is found. What looks like something and is not sure is left in the
text, and said so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from blueprints.briefings.importing.documents import Line
from blueprints.briefings.importing.joining import (
    LONG,
    WIDEST_COLUMN,
    Block,
    Group,
    blocks_of,
    ends,
    groups_of,
    is_in_columns,
    joined,
    markdown,
    unspaced,
)

TITLE_LENGTH = 80
HEAD_LINES = 14
ROLES = {
    "签发": "publisher", "签发人": "publisher", "审签": "publisher",
    "审核": "reviewer", "审核人": "reviewer", "审定": "reviewer", "审稿": "reviewer",
    "编辑": "editor", "责任编辑": "editor", "责编": "editor", "编写": "editor", "本期编辑": "editor",
    "校对": "", "美编": "", "主编": "", "总编": "", "摄影": "", "撰稿": "", "记者": "",
}  # fmt: skip
_LABELS = "|".join(sorted(ROLES, key=len, reverse=True))
_PERSON = re.compile(rf"({_LABELS})\s*[:：]\s*([^\s:：]+?)(?=\s|$|(?:{_LABELS})\s*[:：])")
_DATE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日\s*(?:[（(]?(?:星期|周)[一二三四五六日天][）)]?)?")
_NUMBER = re.compile(r"(?:\d{4}\s*年\s*)?[（(]?(?:总第|第)\s*[0-9〇零一二三四五六七八九十百千]+\s*期[）)]?")
_RUNNING = re.compile(r"(?:总第|^第)\s*(\d{1,6})\s*期")
_PAGES = re.compile(r"^[-—–·\s]*\d{1,3}(?:[-—–·\s]+\d{1,3})*[-—–·\s]*$|^第\s*\d{1,3}\s*[版页]$")
_CONTENTS = re.compile(r"^[【\[]?(?:本期)?(?:目\s*录|要\s*目|导\s*读)[】\]]?[:：]?$")
_MARK = re.compile(r"^[-*•●◆■▪※○◇□☆★►➤·\s]+|^(?:\d{1,2}[.．、]|[一二三四五六七八九十]{1,3}、)\s*")
_LEADER = re.compile(r"[.．…·\s]{2,}[（(]?\d{1,3}[）)]?$")
_CONTACT = re.compile(
    r"^(?:报送|抄送|抄报|发送|送|报|发|网址|网站|官网|邮箱|电子邮箱|电子邮件|E-?mail|电话|联系电话|传真|微信公众号|公众号|微信"
    r"|地址|通讯地址|邮编|邮政编码|联系人|投稿|印数|印发|主办|主管|承办|协办|编印|出版)\s*[:：]",
    re.IGNORECASE,
)
_SUBTITLE = re.compile(r"^(?:——|--|—|──)")


@dataclass
class Newsletter:
    """What was found on one newsletter; `body` is all the rest, in order."""

    title: str = ""
    masthead: str = ""
    number: str = ""
    day: date | None = None
    editor: str = ""
    reviewer: str = ""
    publisher: str = ""
    others: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    issuer: list[str] = field(default_factory=list)
    foot: list[str] = field(default_factory=list)
    page_numbers: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def body(self) -> str:
        """The text as Markdown."""
        return markdown(self.blocks)

    @property
    def running_number(self) -> int | None:
        """The number where it counts all issues, not those of a year."""
        found = _RUNNING.search(self.number)
        return int(found[1]) if found else None

    @property
    def sections(self) -> list[str]:
        return [block.text for block in self.blocks if block.kind == "heading"]

    @property
    def paragraphs(self) -> list[str]:
        return [block.text for block in self.blocks if block.kind != "heading"]

    @property
    def imprint(self) -> str:
        """What stands at its head and foot and has no field of its own."""
        return "\n".join([*self.issuer, *self.others, *self.foot])


def recognise(lines: Sequence[Line]) -> Newsletter:
    """Take a newsletter apart."""
    found = Newsletter()
    groups = groups_of(lines)
    wrapped = is_in_columns(groups)
    if not wrapped:
        groups = [Group((line,)) for group in groups for line in group.lines] if len(groups) < 3 else groups
    groups = _take_foot(found, groups)
    head, rest = _divided(groups)
    head, rest = _take_contents(found, head, rest)
    left = _take_head(found, head)
    title, left = _title(found, left)
    found.title = title[:TITLE_LENGTH]
    if found.title != title:
        left = [title, *left]
    found.left += left
    found.blocks = [Block("paragraph", text) for text in left] + blocks_of(rest, found.contents)
    return found


def _take_foot(found: Newsletter, groups: list[Group]) -> list[Group]:
    """From the end upward: those who answer for it, and where it is from."""
    lines = [line for group in groups for line in group.lines]
    end = len(lines)
    foot: list[str] = []
    while end and (text := lines[end - 1].text.strip()):
        people = _PERSON.findall(text)
        rest = _PERSON.sub("", text).strip(" \u3000|｜/、，")
        if people and not rest:
            _take_people(found, people)
        elif _CONTACT.match(text) or _PAGES.match(text):
            foot.insert(0, text)
        else:
            break
        end -= 1
    found.page_numbers += [text for text in foot if _PAGES.match(text)]
    found.foot = [text for text in foot if not _PAGES.match(text)]
    kept, left = [], end
    for group in groups:
        if left > 0:
            kept.append(Group(group.lines[:left]))
        left -= len(group.lines)
    return kept


def _take_people(found: Newsletter, people: Sequence[tuple[str, str]]) -> None:
    for label, name in people:
        role = ROLES[label]
        if role and not getattr(found, role):
            setattr(found, role, name)
        else:
            found.others.append(f"{label}：{name}")


def _divided(groups: Sequence[Group]) -> tuple[list[Group], list[Group]]:
    """What stands before the first paragraph, and the rest."""
    for place, group in enumerate(groups[:HEAD_LINES]):
        texts = [line.text.strip() for line in group.lines]
        if any(_CONTENTS.match(text) for text in texts) or all(_MARK.match(text) for text in texts):
            continue
        told = any(_DATE.search(text) or _NUMBER.search(text) for text in texts)
        column = len(texts) >= 3 and all(len(text) <= WIDEST_COLUMN for text in texts) and not told
        if any(line.level > 1 for line in group.lines):
            return list(groups[:place]), list(groups[place:])
        is_text = any(len(text) >= LONG and not _is_notice(text) for text in texts)
        if column or is_text or (ends(texts[-1]) and len(joined(texts)) > LONG // 2):
            return _cut(groups, place)
    return list(groups[:HEAD_LINES]), list(groups[HEAD_LINES:])


def _is_notice(text: str) -> bool:
    """Whether a long line is one of the head: it says the day, or who made it, and ends no sentence."""
    return not ends(text) and len(text) <= 80 and bool(_DATE.search(text) or _PERSON.search(text))


def _cut(groups: Sequence[Group], place: int) -> tuple[list[Group], list[Group]]:
    """The head ends within a group where its first lines are short and a long one follows."""
    lines = groups[place].lines
    first = next((at for at, line in enumerate(lines) if len(line.text.strip()) >= LONG), 0)
    if not 0 < first <= 6 or any(ends(line.text.strip()) for line in lines[:first]):
        first = 0
    head = [*groups[:place], *([Group(lines[:first])] if first else [])]
    return head, [Group(lines[first:]), *groups[place + 1 :]]


def _take_contents(found: Newsletter, head: list[Group], rest: list[Group]) -> tuple[list[Group], list[Group]]:
    """The list of contents: what follows its heading with marks, or until its first entry comes again."""
    lines = [line for group in head for line in group.lines]
    start = next((at for at, line in enumerate(lines) if _CONTENTS.match(line.text.strip())), None)
    if start is None:
        return head, rest
    texts = [line.text.strip() for line in lines[start + 1 :]]
    items: list[str] = []
    marked = bool(texts) and bool(_MARK.match(texts[0]))
    for text in texts:
        item = _LEADER.sub("", _MARK.sub("", text)).strip()
        if (marked and not _MARK.match(text)) or item in items:
            break
        items.append(item)
    else:
        first = rest[0].lines[0].text.strip() if rest else ""
        if not marked and first not in items:
            found.left.append(lines[start].text.strip())
            return head, rest
    found.contents = items
    after = lines[start + 1 + len(items) :]
    return [Group((line,)) for line in lines[:start]], [*(Group((line,)) for line in after), *rest]


def _take_head(found: Newsletter, head: Sequence[Group]) -> list[str]:
    """Day, number, people, page numbers out of the head; what is left may be masthead or title."""
    left: list[str] = []
    numbered_after: int | None = None
    for text in (line.text.strip() for group in head for line in group.lines):
        if _PAGES.match(text):
            found.page_numbers.append(text)
            continue
        had_number = bool(found.number)
        rest = _without_facts(found, text)
        if found.number and not had_number:
            numbered_after = len(left) + bool(rest)
        if rest and rest != text and not found.masthead and numbered_after is None:
            found.masthead = unspaced(rest)
        elif rest:
            left.append(unspaced(rest))
    if numbered_after:
        found.masthead = " ".join(left[:numbered_after])
        left = left[numbered_after:]
        if found.contents:
            found.issuer, left = left, []
    return left


def _without_facts(found: Newsletter, text: str) -> str:
    """Take people, number and day out of a line of the head; returns what is left of it."""
    rest = text
    if people := _PERSON.findall(rest):
        _take_people(found, people)
        rest = _PERSON.sub("", rest)
    if not found.number and (number := _NUMBER.search(rest)):
        found.number = "".join(number[0].split())
        rest = rest.replace(number[0], " ")
    if found.day is None and (day := _DATE.search(rest)) and (known := _date(day)):
        found.day = known
        rest = rest.replace(day[0], " ")
    return rest.strip(" \u3000|｜·—-") if rest != text else rest


def _date(found: re.Match[str]) -> date | None:
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _title(found: Newsletter, left: list[str]) -> tuple[str, list[str]]:
    """The title among what is left of the head, with its subtitle; a whole newsletter's is its name and number."""
    if not left:
        return " ".join(filter(None, (found.masthead, found.number))), []
    for at, text in enumerate(left):
        if at and _SUBTITLE.match(text):
            return left[at - 1] + text, [*left[: at - 1], *left[at + 1 :]]
    return left[0], left[1:]
