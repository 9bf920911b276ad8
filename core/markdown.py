"""Markdown of rules and briefings, made into markup that nobody can hide a script in."""

from __future__ import annotations

import functools
import itertools
import re
from typing import TYPE_CHECKING

import nh3
from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "br"),
    *("strong", "em", "s", "a", "table", "thead", "tbody", "tr", "th", "td", "div"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "th": {"scope"},
    "div": {"class", "tabindex"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_FIRST_HEADING = re.compile(r"\A\s*#\s+[^\n]*\n+")


@functools.cache
def parser() -> MarkdownIt:
    """CommonMark with tables, without HTML; made when a text is first asked for, for it takes long."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@functools.lru_cache(maxsize=128)
def render(text: str, *, without_title: bool = False, as_issue: bool = False) -> Markup:
    """The markup of `text` (CommonMark with tables): headings begin at `<h2>` and leave no level out, markup typed in
    is shown as text.

    `without_title` leaves out a first-level heading at the top, for a page that shows the title itself.
    `as_issue` numbers the items of all lists through the whole text, and gives each heading the id
    that `headings` tells.
    """
    if without_title:
        text = _FIRST_HEADING.sub("", text, count=1)
    tokens = parser().parse(text)
    level = 1
    for token in tokens:
        if token.type == "heading_open":
            level = max(2, min(6, level + 1, int(token.tag[1]) + (0 if without_title else 1)))
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"
        if token.type == "th_open":
            token.attrSet("scope", "col")
    if as_issue:
        _number(tokens)
    html = str(parser().renderer.render(tokens, parser().options, {}))
    html = html.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    clean = nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow"
    )
    return Markup(clean)  # noqa: S704 (nh3 has just cleaned it)


def headings(text: str, *, without_title: bool = False) -> list[tuple[str, str]]:
    """Id and words of each heading below the text's title, as `render(as_issue=True)` gives them."""
    if without_title:
        text = _FIRST_HEADING.sub("", text, count=1)
    words = [after.content for token, after in itertools.pairwise(parser().parse(text)) if token.type == "heading_open"]
    return [(f"part-{place}", _plain(said)) for place, said in enumerate(words, 1)]


def _number(tokens: list[Token]) -> None:
    """Lists of the outermost level are one numbered list through the text; headings get ids in their order."""
    items = parts = 0
    for token in tokens:
        if token.type == "heading_open":
            parts += 1
            token.attrSet("id", f"part-{parts}")
        elif token.level == 0 and token.type.endswith("_list_open"):
            token.tag = "ol"
            token.attrs = {"start": items + 1}
        elif token.level == 0 and token.type.endswith("_list_close"):
            token.tag = "ol"
        elif token.level == 1 and token.type == "list_item_open":
            items += 1


def _plain(inline: str) -> str:
    return re.sub(r"[*_`~]|\[|\]\([^)]*\)", "", inline)
