"""A file's text as lines: plain text in any encoding that Chinese newsletters come in, or a Word document."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as Tree

LARGEST_FILE = 5_000_000
LARGEST_DOCUMENT = 40_000_000
ENCODINGS = ("utf-8-sig", "gb18030")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


class Unreadable(ValueError):
    """The file is none that can be read; `reason` is `kind`, `size` or `broken`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Line:
    """One line as it stands; `level` is that of a heading where the document itself says so."""

    text: str
    level: int = 0


def read(name: str, data: bytes) -> list[Line]:
    """The lines of a `.txt` or `.docx` file, empty ones with them; raises `Unreadable`."""
    if len(data) > LARGEST_FILE:
        raise Unreadable("size")
    if name.lower().endswith(".docx"):
        return list(_word(data))
    if name.lower().endswith((".txt", ".md")):
        return [Line(line) for line in _decoded(data).replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    raise Unreadable("kind")


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("broken")


def _word(data: bytes) -> Iterator[Line]:
    """Every paragraph in the document's order, those in tables and text boxes too, each once."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if package.getinfo("word/document.xml").file_size > LARGEST_DOCUMENT:
                raise Unreadable("size")
            document = package.read("word/document.xml")
            styles = package.read("word/styles.xml") if "word/styles.xml" in package.namelist() else b"<x/>"
        if b"<!DOCTYPE" in document or b"<!DOCTYPE" in styles:
            raise Unreadable("broken")
        levels = _levels(Tree.fromstring(styles))  # noqa: S314 - no entities: documents with a DOCTYPE were refused
        body = Tree.fromstring(document)  # noqa: S314
    except (KeyError, zipfile.BadZipFile, Tree.ParseError, EOFError, NotImplementedError, RuntimeError):
        raise Unreadable("broken") from None
    for paragraph in _paragraphs(body):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        level = levels.get(style.get(f"{_W}val", ""), 0) if style is not None else 0
        for text in _text(paragraph).split("\n"):
            yield Line(text, level)


def _levels(styles: Tree.Element) -> dict[str, int]:
    """The level of each style that is a heading, whatever language Word calls it in."""
    found = {}
    for style in styles.iter(f"{_W}style"):
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        name = style.find(f"{_W}name")
        named = (name.get(f"{_W}val", "") if name is not None else "").lower()
        if outline is not None and outline.get(f"{_W}val", "9").isdigit() and int(outline.get(f"{_W}val", "9")) < 6:
            found[style.get(f"{_W}styleId", "")] = int(outline.get(f"{_W}val", "0")) + 1
        elif named.startswith("heading ") and named[8:].isdigit():
            found[style.get(f"{_W}styleId", "")] = int(named[8:])
        elif named == "title":
            found[style.get(f"{_W}styleId", "")] = 1
    return found


def _paragraphs(element: Tree.Element) -> Iterator[Tree.Element]:
    """Paragraphs in order; what a text box holds comes before the rest of the paragraph that it hangs on."""
    for child in element:
        if child.tag == _FALLBACK:
            continue
        yield from _paragraphs(child)
        if child.tag == f"{_W}p":
            yield child


def _text(paragraph: Tree.Element) -> str:
    parts: list[str] = []

    def walk(element: Tree.Element) -> None:
        for child in element:
            if child.tag in (_FALLBACK, f"{_W}p", f"{_W}txbxContent"):
                continue
            if child.tag == f"{_W}t":
                parts.append(child.text or "")
            elif child.tag == f"{_W}tab":
                parts.append(" ")
            elif child.tag in (f"{_W}br", f"{_W}cr"):
                parts.append("\n")
            else:
                walk(child)

    walk(paragraph)
    return "".join(parts)
