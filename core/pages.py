"""Page or fragment from one template, with its title and its etag.

A page's etag is made of its URL, the release, the language, who reads it (of one
that is `alike`: their standing alone), the local date, the stamps of the topics
that it shows and the states that the clock changes. Equal etags mean byte-equal
fragments, but for the `op_id`s of forms.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, g, get_flashed_messages, render_template, request
from flask_babel import gettext
from markupsafe import Markup

from core import chamber
from core.access import Viewer, viewer
from core.assets import build
from core.clock import today
from core.database import new_id, stamps_of
from core.i18n import language

_OP_ID = re.compile(rb'name="op_id" value="[^"]*"')
_FORMS_OP_ID = re.compile(_OP_ID.pattern.decode())
VARY = "Fragment, Service-Worker-Navigation-Preload, HX-Request"
PALETTES = ("auto", "light", "dark")
unread_count: list[Callable[[Any], int]] = []
Loader = Callable[[], dict[str, Any]]


class Op:
    """The hidden fields of a form that is an operation."""

    def __init__(self, form_version: int = 1) -> None:
        person = viewer()
        self.op_id = str(new_id())
        self.owner = str(person.id) if person else ""
        self.form_version = form_version


def wants_fragment() -> bool:
    """Whether the request asks for the page's `<main>` alone."""
    return "fragment" in (
        request.headers.get("Fragment", "").replace("main", "fragment"),
        request.headers.get("Service-Worker-Navigation-Preload", ""),
    )


def _wants_partial() -> bool:
    return request.headers.get("HX-Request-Type") == "partial"


def etag_of(
    url: str,
    stamps: Iterable[tuple[str, str]],
    states: Iterable[str],
    *,
    dated: bool = True,
    alike: bool = False,
) -> str:
    """The etag, 8 hexadecimal characters, of the fragment at `url` for the viewer of this request."""
    return whole_etag(url, stamps, states, dated=dated, alike=alike)[:8]


def whole_etag(
    url: str, stamps: Iterable[tuple[str, str]], states: Iterable[str], *, dated: bool = True, alike: bool = False
) -> str:
    """All 128 bits of the etag: what is kept in memory under it must never be another reader's.

    Of a page that is not `dated` the year alone counts, for days are told without
    this one's. One that is `alike` has the same for all readers of one standing.
    """
    person = viewer()
    reader = standing(person) if alike or not person else (str(person.id), *standing(person))
    day = str(today()) if dated else str(today().year)
    text = repr((url, build(), chamber.stamp(), language(), reader, day, sorted(stamps), list(states)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def standing(person: Viewer | None) -> tuple[str, ...]:
    """What this reader may do: their status and roles."""
    return (person.status, *sorted(person.roles)) if person else ("",)


def page(
    template: str,
    *,
    topics: Iterable[str] | None = None,
    states: Iterable[str] = (),
    load: Loader | None = None,
    tab: str | None = None,
    status: int = 200,
    shared: bool = False,
    heavy: bool = False,
    alike: bool = False,
    dated: bool = True,
    description: str = "",
    **context: Any,
) -> Response:
    """Answer with `template`, whole or as a fragment.

    `topics` are what the page shows (see `core.database.touch`) and `states` what
    the clock changes in it; without topics the etag is that of the content. `load`
    gives the context, and is not called when the answer is already known. `shared`
    marks a page without forms that is the same for every visitor, and may be kept
    in memory for the next one; `heavy` one that takes long to make, whose main block
    is kept for the same reader under its etag, with new `op_id`s each time; `alike`
    one without forms whose main block is the same for all of one standing. What shows
    nothing that a new day changes is not `dated`: its etag outlives midnight.
    """
    url = request.full_path.rstrip("?")
    etag = whole = None
    chamber.refresh(stamps := stamps_of(("chamber", *(topics or ()))))
    if topics is not None and status == 200:
        states = list(states)
        whole = whole_etag(url, stamps.items(), states, dated=dated, alike=alike)
        etag = whole[:8]
        if request.if_none_match.contains(_variant(etag)):
            return _finish(Response(status=304), etag)
    known = etag is not None and not g.get("refusal") and request.method == "GET"
    keep = shared and known and viewer() is None
    memory: PageMemory = current_app.extensions["pages"]
    if keep and (kept := memory.get(_key(whole))):
        return _answer(*kept, status, etag)
    title, main = _made(template, load, context, f"main {request.host} {whole}" if known and (heavy or alike) else None)
    frame = {"title": title, "main": main, "refusal": g.get("refusal"), "active_tab": _tab_shown(tab)}
    # Without what other templates are given for each page, for this one names none of it.
    fragment = current_app.jinja_env.get_template("_main.html").render(frame)
    if etag is None and status == 200:
        etag = _etag_of(fragment)
    if witness := current_app.extensions.get("fragment_witness"):
        witness(etag, fragment)
    if wants_fragment():
        body = fragment
    elif _wants_partial():
        body = fragment + render_template("_flashes.html", flashes=_flashes())
    else:
        body = render_template(
            "base.html",
            **frame,
            flashes=(flashes := _flashes()),
            unread=_unread(),
            meta_description=description,
            canonical_url=request.base_url,
        )
        if flashes:
            etag, keep = etag and _etag_of(f"{fragment}{flashes}"), False
    if keep:
        memory.put(_key(whole), (body, title))
    return _answer(body, title, status, etag)


def _etag_of(content: str) -> str:
    """The etag of what was made, whatever form ids stand in it."""
    return hashlib.blake2b(_OP_ID.sub(b"", content.encode()), digest_size=4).hexdigest()


def _tab_shown(tab: str | None) -> str:
    """The tab that is marked: a member reads the rules under their own."""
    person = viewer()
    return "me" if tab == "rules" and person and person.is_member else tab or ""


def shell_etag() -> str:
    """What the shell of this reader is made of, as 8 hexadecimal characters."""
    person = viewer()
    reader = (str(person.id), person.status, *sorted(person.roles)) if person else ("",)
    text = repr((build(), language(), reader, sorted(display().items()), chamber.stamp()))
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def shell() -> Response:
    """Everything around `<main>`, with `<!--main-->` where it stands: what a phone puts its fragments into."""
    chamber.refresh(stamps_of(("chamber",)))
    etag = shell_etag()
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        response = Response(render_template("base.html", in_parts=True, active_tab="", flashes=(), unread=0))
    response.set_etag(etag)
    response.headers["Shell"] = etag
    response.headers["Cache-Control"] = "private, no-store" if viewer() else "no-cache"
    return response


def _answer(body: str, title: str, status: int, etag: str | None) -> Response:
    response = Response(body, status)
    if wants_fragment():
        response.headers["Fragment-Title"] = quote(title)
    if status >= HTTPStatus.BAD_REQUEST:
        response.headers["HX-Push-Url"] = "false"  # a form that comes back stands on its page, not at the post's URL
    return _finish(response, etag)


def _made(template: str, load: Loader | None, context: dict[str, Any], key: str | None) -> tuple[str, Markup]:
    """Title and main block, made now, or with a `key` kept from the last time."""
    memory: PageMemory = current_app.extensions["pages"]
    if key and (kept := memory.get(key)):
        return kept[0], Markup(_FORMS_OP_ID.sub(_with_new_id, kept[1]))  # noqa: S704 - this template made it
    title, main = _blocks(template, {**(load() if load else {}), **context, "refusal": g.get("refusal")})
    if key:
        memory.put(key, (title, str(main)))
    return title, main


def _with_new_id(_: re.Match[str]) -> str:
    return f'name="op_id" value="{new_id()}"'


def _blocks(name: str, values: dict[str, Any]) -> tuple[str, Markup]:
    """The title, as plain text, and the main block of a template, with what it imports at its top."""
    current_app.update_template_context(values)
    template = current_app.jinja_env.get_template(name)
    context = template.new_context(values)
    next(template.root_render_func(context), None)  # runs the imports; the shell's own text is not asked for
    title, main = (Markup("".join(template.blocks[block](context))) for block in ("title", "main"))  # noqa: S704
    return str(title.unescape()).strip(), main


def _unread() -> int:
    person = viewer()
    return unread_count[0](person) if person and unread_count else 0


def _flashes() -> list[tuple[str, str]]:
    return list(get_flashed_messages(with_categories=True))  # type: ignore[arg-type]


def display() -> dict[str, Any]:
    """How the shell is shown to this person: large type, and which palette."""
    person = viewer()
    palette = person.palette if person else request.cookies.get("palette", "auto")
    return {
        "large": person.large if person else request.cookies.get("large") == "1",
        "palette": palette if palette in PALETTES else "auto",
    }


def _variant(etag: str) -> str:
    """The etag of the answer: of the fragment alone, or with what stands around it, which names the reader."""
    if wants_fragment():
        return etag
    if _wants_partial():
        return f"{etag}-partial"
    shown, person = display(), viewer()
    around = f"-{shown['palette']}{'-large' if shown['large'] else ''}"
    return f"{etag}{around}-{person.id.hex}" if person else etag + around


def _key(whole_etag: str | None) -> str:
    return f"{request.host} {_variant(whole_etag or '')}"


def _finish(response: Response, etag: str | None) -> Response:
    if etag:
        response.set_etag(_variant(etag))
    response.headers["Vary"] = VARY
    response.headers["Cache-Control"] = "private, no-store" if viewer() else "no-cache"
    return response


class PageMemory:
    """The last pages that were made and may be shown again, by etag; dropped whole when full."""

    def __init__(self, most_characters: int = 4_000_000) -> None:
        self._room = self._most = most_characters
        self._pages: dict[str, tuple[str, str]] = {}

    def get(self, key: str) -> tuple[str, str] | None:
        return self._pages.get(key)

    def put(self, key: str, page: tuple[str, str]) -> None:
        """Keep a body and its title, or a title and its main block."""
        self._room -= sum(map(len, page))
        if self._room < 0:
            self.clear()
        self._pages[key] = page

    def clear(self) -> None:
        """Forget all pages."""
        self._room, self._pages = self._most, {}


def error_page(status: int, heading: str, message: str) -> Response:
    """A page that says what went wrong and what to do next."""
    return page("errors/error.html", status=status, error_status=status, heading=heading, message=message)


def said(status: int) -> tuple[str, str]:
    """Heading and sentence for an HTTP status that no feature explained."""
    sentences = {
        400: (gettext("没有看懂这次提交"), gettext("请返回上一页，检查后再试一次。")),
        403: (gettext("这里您不能进"), gettext("您没有权限看这一页。如果您认为应该有，请联系秘书处。")),
        404: (gettext("没有这一页"), gettext("网址可能写错了，或者内容已经被删除。")),
        405: (gettext("这里不能这样打开"), gettext("请从页面上的按钮进入。")),
        413: (gettext("内容太大"), gettext("请缩短后再提交。")),
        429: (gettext("试得太勤"), gettext("请过一会儿再试。")),
        503: (gettext("现在太忙"), gettext("没有办成，请过一会儿再试。")),
    }
    default = (gettext("出了差错"), gettext("已经记下，请过一会儿再试。您刚才做的没有生效。"))
    return sentences.get(status, default if status >= 500 else sentences[400])
