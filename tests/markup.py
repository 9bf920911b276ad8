"""A page's elements as a browser sees them: what a test asks of forms, names and words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ENDS_A_PARAGRAPH = {
    *(
        "address",
        "article",
        "aside",
        "blockquote",
        "details",
        "dialog",
        "div",
        "dl",
        "fieldset",
        "figcaption",
        "figure",
    ),
    *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "menu", "nav", "ol", "p", "pre"),
    *("search", "section", "table", "ul"),
}
"""The elements before which a browser closes an open `<p>` (HTML Standard, 4.4.1)."""
UNREAD = {"script", "style", "template"}


@dataclass
class Element:
    """One element: its tag, its attributes (an empty one is ''), where it stands and what it holds."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator[Element]:
        """The elements inside, in the document's order; of these tags, where some are named."""
        for child in self.children:
            if isinstance(child, Element):
                if not tags or child.tag in tags:
                    yield child
                yield from child.all(*tags)

    def inside(self, *tags: str) -> Element | None:
        """The nearest element of these tags around this one."""
        around = self.parent
        while around and around.tag not in tags:
            around = around.parent
        return around

    @property
    def text(self) -> str:
        """The words inside, white space folded."""
        return " ".join("".join(self._words()).split())

    def _words(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in UNREAD:
                yield from child._words()

    def __str__(self) -> str:
        attrs = "".join(f' {name}="{value}"' for name, value in self.attrs.items())
        return f"<{self.tag}{attrs}>"


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element("document")
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ENDS_A_PARAGRAPH and (paragraph := self._open("p")):
            self.faults.append(f"<{tag}> in {paragraph}")
        names = [name for name, _ in attrs]
        self.faults += [f"{name} twice in <{tag}>" for name in set(names) if names.count(name) > 1]
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.at.tag == tag:
            self.at = self.at.parent or self.root
        else:
            self.faults.append(f"</{tag}> where {self.at} is open")

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)

    def _open(self, tag: str) -> Element | None:
        return self.at if self.at.tag == tag else self.at.inside(tag)


def elements(html: str) -> Element:
    """The document of a page, or of a fragment."""
    return read(html)[0]


def read(html: str) -> tuple[Element, list[str]]:
    """The document, and what is wrong with how its elements are nested."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    left = [f"{builder.at} is not closed"] if builder.at is not builder.root else []
    return builder.root, builder.faults + left
