"""An issue as plain text for chat groups: numbered items, full-width layout, parts of a bearable length."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from core.markdown import parser

if TYPE_CHECKING:
    from markdown_it.token import Token

PART_LENGTH = 1900
SEPARATOR = "━" * 12
HEAD = "{chamber}简报　第{number}期"
FOOT = "编辑：{editor}　审核：{reviewer}　签发：{publisher}"
PART = "（第{part}部分，共{parts}部分）"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_SENTENCE = re.compile(r"(?<=[。！？；!?;\n])")


@dataclass(frozen=True)
class Imprint:
    """What stands around an issue's text: chamber, number, day, and who answers for it.

    An imported issue has what was found on it, and nothing else: `chamber` is its masthead,
    `printed_number` its number as printed, and what is empty is left out.
    """

    chamber: str
    number: int
    day: str
    title: str
    editor: str
    reviewer: str
    publisher: str
    printed_number: str = ""
    is_imported: bool = False

    def head(self) -> list[str]:
        """The lines on top."""
        words = asdict(self)
        named = (
            "　".join(filter(None, (self.chamber, self.printed_number))) if self.is_imported else HEAD.format(**words)
        )
        return [line for line in (full_width(named), full_width(self.day), self.title) if line]

    def foot(self) -> str:
        """The line of those who answer for it."""
        if not self.is_imported:
            return FOOT.format(**asdict(self))
        people = (("编辑", self.editor), ("审核", self.reviewer), ("签发", self.publisher))
        return "　".join(f"{what}：{who}" for what, who in people if who)


def plain_text(imprint: Imprint, body: str, most: int = PART_LENGTH, corrections: Sequence[str] = ()) -> list[str]:
    """An issue in parts of at most `most` characters, each with a line that counts them where there are several.

    Items are numbered through the whole issue in full-width figures, headings stand
    in 【】, paragraphs begin with two full-width spaces. A part ends between two
    blocks, or between two sentences of a block that is itself too long.
    """
    head = "\n".join([*imprint.head(), SEPARATOR])
    foot = "\n".join(filter(None, (SEPARATOR, imprint.foot())))
    corrected = [f"【更正】{' '.join(each.split())}" for each in corrections]
    parts = list(_filled([head, *corrected, *blocks_of(body), foot], most))
    if len(parts) == 1:
        return parts
    count = len(parts)
    return [f"{part}\n{full_width(PART.format(part=place, parts=count))}" for place, part in enumerate(parts, 1)]


def full_width(text: str) -> str:
    """`text` with its figures as wide as a Chinese character."""
    return text.translate(_FULL_WIDTH)


def blocks_of(body: str) -> list[str]:
    """The blocks of a Markdown text as plain lines: headings, paragraphs, numbered items, rows of tables."""
    reader = _Reader()
    for token in parser().parse(body):
        reader.take(token)
    return reader.blocks


class _Reader:
    """Takes the tokens of a text one by one and keeps its blocks."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self._items = 0
        self._depth = 0
        self._begins_item = False
        self._heading = False
        self._row: list[str] | None = None

    def take(self, token: Token) -> None:
        kind = token.type
        if kind.endswith("_list_open"):
            self._depth += 1
        elif kind.endswith("_list_close"):
            self._depth -= 1
        elif kind == "list_item_open":
            self._begins_item = True
        elif kind.startswith("heading"):
            self._heading = kind == "heading_open"
        elif kind == "tr_open":
            self._row = []
        elif kind == "tr_close":
            self.blocks.append("｜".join(self._row or ()))
            self._row = None
        elif kind == "inline":
            self._words(_inline(token))
        elif token.content:
            self.blocks.append(token.content.rstrip("\n"))

    def _words(self, text: str) -> None:
        if self._row is not None:
            self._row.append(text)
        elif self._heading:
            self.blocks.append(f"\n【{text}】")
        elif self._begins_item and self._depth == 1:
            self._items += 1
            self.blocks.append(full_width(f"{self._items}．") + text)
        else:
            self.blocks.append(("　・" if self._begins_item else "　　") + text)
        self._begins_item = False


def _inline(token: Token) -> str:
    text, target = "", ""
    for child in token.children or ():
        if child.type == "hardbreak":
            text += "\n"
        elif child.type == "link_open":
            target = str(child.attrGet("href") or "")
        elif child.type == "link_close":
            text += "" if text.endswith(target) else f"（{target}）"
        else:
            text += child.content
    return text


def _filled(blocks: Iterable[str], most: int) -> Iterator[str]:
    part = ""
    for block in blocks:
        for piece in _pieces(block, most):
            if part and len(part) + 1 + len(piece) > most:
                yield part.strip("\n")
                part = piece
            else:
                part = f"{part}\n{piece}" if part else piece
    yield part.strip("\n")


def _pieces(block: str, most: int) -> Iterator[str]:
    piece = ""
    for sentence in _SENTENCE.split(block):
        for start in range(0, len(sentence), most):
            bit = sentence[start : start + most]
            if piece and len(piece) + len(bit) > most:
                yield piece
                piece = ""
            piece += bit
    yield piece
