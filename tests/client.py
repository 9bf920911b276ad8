"""A browser without scripts: posts forms as one would and checks each page that it gets."""

from __future__ import annotations

import re
import threading
from html.parser import HTMLParser
from typing import Any, Self

from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from core.database import db

LOOKS = "INSERT INTO looks "
"""Who looked at an application: the one thing that a GET may write."""
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page:
    """An answer: its status, its text, and what stands in it."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.html = response.get_data(as_text=True) if (response.mimetype or "").startswith("text/") else ""
        self.location = response.headers.get("Location", "")
        self.queries: list[str] = []

    @property
    def text(self) -> str:
        """What a person reads: the page without markup, white space folded."""
        reader = _Text()
        reader.feed(self.html)
        return " ".join(" ".join(reader.parts).split())

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.html, re.DOTALL)
        return found[1].strip() if found else ""

    def state(self, kind: str, key: object) -> str | None:
        """The `data-state` of the element `id="KIND-KEY"`."""
        for tag in re.findall(r"<[^>]+>", self.html):
            if f'id="{kind}-{key}"' in tag and (found := re.search(r'data-state="([^"]*)"', tag)):
                return found[1]
        return None

    def value(self, name: str) -> str | None:
        """The value of the first input called `name`."""
        for tag in re.findall(r"<input[^>]+>", self.html):
            if f'name="{name}"' in tag:
                found = re.search(r'value="([^"]*)"', tag)
                return found[1] if found else ""
        return None

    def __contains__(self, sentence: str) -> bool:
        return sentence in self.text

    def __repr__(self) -> str:
        return f"<Page {self.status} {self.title!r} {self.text[:2000]!r}>"


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._hidden += tag in ("script", "style", "head")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "head")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


class Statements:
    """Listens to what this thread asks of the database: what it reads, and what it writes."""

    def __init__(self, app: Flask) -> None:
        with app.app_context():
            self._engine = db.engine
        self._thread = threading.get_ident()
        self.reads: list[str] = []
        self.writes: list[str] = []

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._heard)

    def _heard(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        verb = statement.lstrip().partition(" ")[0].upper()
        if verb in ("INSERT", "UPDATE", "DELETE"):
            if not statement.startswith(LOOKS):
                self.writes.append(statement)
        elif verb in ("SELECT", "WITH"):
            self.reads.append(statement)


class Browser:
    """One phone. `get` and `post` answer a `Page`; `post` follows no redirect unless told to."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()

    def get(self, url: str, **headers: str) -> Page:
        with Statements(self.app) as statements:
            response = self.client.get(url, headers={k.replace("_", "-"): v for k, v in headers.items()})
        assert not statements.writes, f"GET {url} writes: {statements.writes}"
        page = Page(response)
        page.queries = statements.reads
        part = {"Fragment-Location", "Shell"} & set(page.headers.keys())
        if response.mimetype == "text/html" and page.status == 200 and not part:
            assert page.html.count("<main") == 1, f"{url} has not one <main>"
        return page

    def post(self, url: str, data: dict[str, Any] | None = None, *, follow: bool = False, **headers: str) -> Page:
        sent = {"Sec-Fetch-Site": "same-origin", **{k.replace("_", "-"): v for k, v in headers.items()}}
        response = self.client.post(url, data=data or {}, headers=sent)
        if follow and response.status_code == 303:
            return self.get(response.headers["Location"])
        return Page(response)
