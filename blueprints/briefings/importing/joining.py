"""Paragraphs from lines: the hard line breaks of a newspaper's columns joined, headings told from text.

A line break says nothing in a narrow column, and all in a file with a line a paragraph; a blank
line may be the end of a paragraph, of a column, or of a page in the middle of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from blueprints.briefings.importing.documents import Line

WIDEST_COLUMN = 42
LONGEST_HEADING = 40
NARROW = 14
LONG = 40
UNFINISHED = 24
LONGEST_NAME = 4
_END = re.compile(r"[。！？!?…][”’』」）)]*$")
_STOP = re.compile(r"[：:；;][”’』」）)]*$")
_FIRST = re.compile(r"^[一二三四五六七八九十]{1,3}、")
_SECOND = re.compile(r"^[（(][一二三四五六七八九十]{1,3}[）)]")
_BULLET = re.compile(r"^(?:[•●◆■▪※○◇□☆★►➤]|[-*](?=\s))\s*")
_NUMBERED = re.compile(r"^(\d{1,3})(?:[.．、]|\)|）)\s*(?!\d)")
_DAY = re.compile(r"^\d{4}年\d{1,2}月\d{1,2}日\S{0,4}$")
_AT_START = re.compile(r"^(\d{1,9})?([#+.)-])")
_INDENT = re.compile(r"^(?:\u3000{2}|[ \u00a0]{2,}|\t)")


@dataclass(frozen=True)
class Block:
    """One piece of the text: a `heading` with its level, a `paragraph`, or an `item` of a list."""

    kind: str
    text: str
    level: int = 0
    number: str = ""


@dataclass(frozen=True)
class Group:
    """Lines with no blank one between them, and whether a blank one stood before."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return joined([line.text.strip() for line in self.lines])


def joined(lines: Sequence[str]) -> str:
    """Lines as one: no space between Chinese, one between two words of letters."""
    text = ""
    for line in lines:
        between = text[-1:].isascii() and text[-1:].isalnum() and line[:1].isascii() and line[:1].isalpha()
        text += (" " if between else "") + line
    return text


def unspaced(text: str) -> str:
    """`专 刊` as `专刊`: single characters that were set apart."""
    parts = text.split()
    return "".join(parts) if len(parts) > 1 and all(len(part) == 1 for part in parts) else text


def groups_of(lines: Sequence[Line]) -> list[Group]:
    """The lines, divided where blank ones stand."""
    groups: list[list[Line]] = [[]]
    for line in lines:
        if line.text.strip():
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [Group(tuple(group)) for group in groups if group]


def is_in_columns(groups: Sequence[Group]) -> bool:
    """Whether most lines were broken by the width of a column, not by their writer."""
    inner = [line.text.strip() for group in groups for line in group.lines[:-1]]
    broken = [text for text in inner if len(text) <= WIDEST_COLUMN and not _END.search(text)]
    return len(inner) >= 10 and len(broken) >= 0.6 * len(inner)


def ends(text: str) -> bool:
    """Whether a sentence ends here."""
    return bool(_END.search(text))


def blocks_of(groups: Sequence[Group], contents: Collection[str] = ()) -> list[Block]:
    """The text's blocks in order; with a list of contents, only what stands there is an article's heading."""
    return _of_columns(groups, contents) if is_in_columns(groups) else _of_lines(groups, contents)


def _of_lines(groups: Sequence[Group], contents: Collection[str]) -> list[Block]:
    """A line is a paragraph, but for one that was broken in the middle of a sentence."""
    lines = [line for group in groups for line in group.lines]
    blocks: list[Block] = []
    for place, line in enumerate(lines):
        text = line.text.strip()
        following = lines[place + 1].text.strip() if place + 1 < len(lines) else ""
        made = _marked(line, contents) or _plain(text, following, contents)
        last = blocks[-1] if blocks else None
        if made.kind == "paragraph" and last and _goes_on(last):
            blocks[-1] = Block(last.kind, joined([last.text, text]), last.level, last.number)
        else:
            blocks.append(made)
    return blocks


def _goes_on(block: Block) -> bool:
    unfinished = not ends(block.text) and not _STOP.search(block.text)
    return block.kind != "heading" and len(block.text) >= UNFINISHED and unfinished


def _plain(text: str, following: str, contents: Collection[str]) -> Block:
    short = LONGEST_NAME < len(text) <= LONGEST_HEADING and not ends(text) and not re.search(r"[，、；：,;:]$", text)
    if short and not contents and not _DAY.match(text) and (len(following) >= LONG or _marked(Line(following), ())):
        return Block("heading", text, 2)
    return Block("paragraph", text)


def _of_columns(groups: Sequence[Group], contents: Collection[str]) -> list[Block]:
    """A group is a piece of a column: it goes on in the next one until a sentence ends at its end."""
    blocks: list[Block] = []
    column = _column_of(groups)
    is_open, narrowest, before = False, 0.0, 0.0
    for place, group in enumerate(groups):
        width = _width(group.lines[0].text.strip()) if len(group.lines) == 1 else 0.0
        is_run = bool(before and width and width <= NARROW)
        narrowest = max(narrowest, before, width) if is_run else 0.0
        before = width
        for piece in _indented(group):
            made = _marked(Line(piece.text, piece.lines[0].level), contents)
            if is_open and not made:
                last = blocks[-1]
                blocks[-1] = Block(last.kind, joined([last.text, piece.text]), last.level, last.number)
            elif made:
                blocks.append(made)
            elif _is_heading(piece, groups[place + 1 : place + 3], column):
                blocks.append(Block("heading", piece.text, 2))
            else:
                blocks.append(Block("paragraph", piece.text))
            # In a column of one line at a time, a full line that ends a sentence need not end the paragraph.
            is_full = is_run and width > narrowest - 1.5
            is_open = blocks[-1].kind != "heading" and (is_full or not ends(blocks[-1].text))
    return blocks


def _width(text: str) -> float:
    """How wide a line is, in Chinese characters."""
    return sum(0.5 if char.isascii() else 1 for char in text)


def _column_of(groups: Sequence[Group]) -> float:
    """The width of a column: half of the lines inside groups are as wide at least."""
    widths = sorted(_width(line.text.strip()) for group in groups for line in group.lines[:-1])
    return widths[len(widths) // 2] if widths else 0.0


def _indented(group: Group) -> list[Group]:
    """A group in pieces where a line is set in after the end of a sentence."""
    pieces: list[list[Line]] = []
    for line in group.lines:
        if not pieces or (_INDENT.match(line.text) and ends(pieces[-1][-1].text.strip())):
            pieces.append([])
        pieces[-1].append(line)
    return [Group(tuple(piece)) for piece in pieces]


def _is_heading(group: Group, following: Sequence[Group], column: float) -> bool:
    """Short words that end no sentence, and do not just fill the column's line: shorter than it, or wider."""
    text, last = group.text, _width(group.lines[-1].text.strip())
    if not following or len(text) > LONGEST_HEADING or len(group.lines) > 2 or ends(text):
        return False
    if re.search(r"[，、；：,;:]$", text) or re.match(r"[，。、；：！？）”]", following[0].text):
        return False
    if column - 3.5 < last < column + 3:
        return False
    widths = [len(text), *(len(each.text) for each in following if len(each.lines) == 1)]
    narrow = len(widths) == 3 and len(group.lines) == 1 and max(widths) <= NARROW and max(widths) - min(widths) <= 4
    return not narrow


def _marked(line: Line, contents: Collection[str]) -> Block | None:
    """What a line says of itself: a style, a number of a section, a bullet, or its place in the contents."""
    text = line.text.strip()
    below = 1 if contents else 0
    is_short = len(text) <= LONGEST_HEADING + 10 and not ends(text)
    if line.level:
        return Block("heading", text, max(2, line.level))
    if is_short and any(text == item or (len(text) >= 8 and item.endswith(text)) for item in contents):
        return Block("heading", text, 2)
    for level, pattern in ((2, _FIRST), (3, _SECOND)):
        if is_short and pattern.match(text):
            return Block("heading", text, level + below)
    if found := _BULLET.match(text):
        return Block("item", text[found.end() :])
    if found := _NUMBERED.match(text):
        return Block("item", text[found.end() :], number=found[1])
    return None


def markdown(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown; what would be a mark there is only itself."""
    parts: list[str] = []
    for at, block in enumerate(blocks):
        text = _escaped(block.text)
        if block.kind == "heading":
            parts.append(f"{'#' * block.level} {text}")
        elif block.kind == "item":
            line = f"{block.number}. {text}" if block.number else f"- {text}"
            if at and blocks[at - 1].kind == "item":
                parts[-1] += f"\n{line}"
            else:
                parts.append(line)
        else:
            parts.append(_AT_START.sub(lambda mark: f"{mark[1] or ''}\\{mark[2]}", text))
    return "\n\n".join(parts)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", text)
