"""Full text in Chinese: one character is one token, and what is looked for is a phrase of tokens.

Without a dictionary no word is missed across a wrong border. SQLite keeps the tokens in an FTS5
table, PostgreSQL in a `tsvector` that is put together here, past its own parser. A text is kept in
rows of at most 250 tokens that overlap: PostgreSQL forgets all but the first 256 places of one
token in a row, and `的` has more than that in a long text.
"""

from __future__ import annotations

import functools
import itertools
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import (
    DDL,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    Text,
    Uuid,
    and_,
    cast,
    delete,
    event,
    false,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable

from core.database import Base, db
from core.text import QUERY_LENGTH, folded

ROW_TOKENS = 250
PHRASE_TOKENS = 32
PHRASES = 8
_CHINESE = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_CHINESE}]|[^\W_{_CHINESE}]+")
_BETWEEN = r"[\W_]{0,6}"
_BORDER = "b"
# Full-width forms as their narrow ones, one for one, so that places stay where they are.
_NARROW = {0xFF01 + place: 0x21 + place for place in range(94)} | {0x3000: 0x20}
_FTS5 = "fts5"
_SHADOWS = re.compile(r"_(data|idx|content|docsize|config)$")


def index_table(name: str, metadata: MetaData = Base.metadata) -> Table:
    """The table of an index: the tokens of a thing's texts in some rows, by its id."""
    words = Text().with_variant(TSVECTOR(), "postgresql")
    index = Table(name, metadata, Column("thing_id", Uuid), Column("words", words), info={_FTS5: True})
    for column, kind in (("words", "gin"), ("thing_id", "btree")):
        made = DDL(f"CREATE INDEX ix_{name}_{column} ON {name} USING {kind} ({column})")
        event.listen(index, "after_create", made.execute_if(dialect="postgresql"))
    return index


@compiles(CreateTable, "sqlite")
def _create_table(element: CreateTable, compiler: Any, **options: Any) -> str:
    if element.element.info.get(_FTS5):
        name = compiler.preparer.format_table(element.element)
        return f"CREATE VIRTUAL TABLE {name} USING fts5(thing_id UNINDEXED, words)"
    return str(compiler.visit_create_table(element, **options))


def is_ours(name: str | None, kind: str, parents: Mapping[str, Any]) -> bool:
    """Whether what the database calls `name` is the models' to compare: FTS5 keeps tables of its own beside each
    index, and PostgreSQL needs indexes where it needs none.
    """
    indexes = {table.name for table in Base.metadata.tables.values() if table.info.get(_FTS5)}
    if kind == "index":
        return parents.get("table_name") not in indexes
    return not (kind == "table" and name and (found := _SHADOWS.search(name)) and name[: found.start()] in indexes)


def tokens(text: str) -> list[str]:
    """The tokens of a text in order: `c` and its code for a Chinese character, `w` and itself for another word."""
    return [_token(found) for found in _TOKEN.findall(folded(text))]


@functools.lru_cache(maxsize=16384)
def _token(word: str) -> str:
    return f"c{ord(word):x}" if re.fullmatch(rf"[{_CHINESE}]", word) else f"w{word[:60]}"


def rows_of(texts: Iterable[str]) -> Iterator[list[str]]:
    """The rows in which texts are kept: no phrase goes from one text to the next, none is cut within one."""
    row: list[str] = []
    for text in texts:
        given = tokens(text)
        if len(row) + len(given) >= ROW_TOKENS:
            if row:
                yield row
            row = []
            while len(given) > ROW_TOKENS:
                yield given[:ROW_TOKENS]
                given = given[ROW_TOKENS - PHRASE_TOKENS :]
        row += [*given, _BORDER] if given else []
    if row:
        yield row


def put(index: Table, thing_id: uuid.UUID, texts: Iterable[str], connection: Connection | None = None) -> None:
    """Keep a thing's texts in the index, in place of what was there of it; in the transaction of their change."""
    execute = (connection or db.session).execute
    execute(delete(index).where(index.c.thing_id == thing_id))
    add(index, ((thing_id, texts),), connection)


def add(index: Table, things: Iterable[tuple[uuid.UUID, Iterable[str]]], connection: Connection | None = None) -> None:
    """Keep the texts of things that the index does not know yet."""
    where = connection or db.session
    dialect = (connection or db.engine).dialect.name
    rows = (
        {"thing_id": thing_id, "words": _words(row, dialect)} for thing_id, texts in things for row in rows_of(texts)
    )
    while some := list(itertools.islice(rows, 500)):
        where.execute(insert(index), some)


def _words(row: list[str], dialect: str) -> Any:
    if dialect != "postgresql":
        return " ".join(row)
    return " ".join(f"'{token}':{place}" for place, token in enumerate(row, 1))


def phrases(query: str) -> list[list[str]]:
    """What is looked for: each run between spaces is a phrase, at most eight of at most 32 tokens."""
    found = (tokens(word)[:PHRASE_TOKENS] for word in folded(query[: QUERY_LENGTH * 4])[:QUERY_LENGTH].split())
    return [phrase for phrase in found if phrase][:PHRASES]


def finds(index: Table, key: ColumnElement[uuid.UUID], query: str) -> ColumnElement[bool]:
    """The condition that the thing of id `key` has every phrase of `query`; nothing has what has no token."""
    wanted = phrases(query)
    if not wanted:
        return false()
    postgres = db.engine.dialect.name == "postgresql"
    match = _on_postgres if postgres else _on_sqlite
    return and_(*(key.in_(select(index.c.thing_id).where(match(index, phrase))) for phrase in wanted))


def _on_sqlite(index: Table, phrase: list[str]) -> ColumnElement[bool]:
    # The last word may go on: `ERP` finds `ERP2`.
    more = "*" if phrase[-1].startswith("w") else ""
    return index.c.words.op("MATCH", is_comparison=True)(literal(f'"{" ".join(phrase)}"{more}', Text))


def _on_postgres(index: Table, phrase: list[str]) -> ColumnElement[bool]:
    quoted = [f"'{token}'" for token in phrase]
    if phrase[-1].startswith("w"):
        quoted[-1] += ":*"
    return index.c.words.op("@@", is_comparison=True)(cast(" <-> ".join(quoted), TSQUERY))


@functools.lru_cache(maxsize=64)
def _places(query: str) -> re.Pattern[str] | None:
    runs = [_TOKEN.findall(word) for word in folded(query[: QUERY_LENGTH * 4])[:QUERY_LENGTH].split()]
    shown = [_BETWEEN.join(map(re.escape, run[:PHRASE_TOKENS])) for run in runs if run]
    return re.compile("|".join(sorted(shown, key=len, reverse=True)), re.IGNORECASE) if shown else None


def highlighted(text: str, query: str, most: int | None = None) -> Markup:
    """`text` with the places that `query` finds in `<mark>`; of a long one `most` characters around the first."""
    pattern = _places(query)
    spans = [found.span() for found in pattern.finditer(text.translate(_NARROW))] if pattern else []
    start, end = 0, len(text)
    if most is not None and end > most:
        start = max(0, min((spans[0][0] if spans else 0) - most // 3, end - most))
        end = start + most
    parts, at = [Markup("…") if start else Markup()], start
    for left, right in spans:
        if left >= at and right <= end:
            parts += [escape(text[at:left]), Markup("<mark>"), escape(text[left:right]), Markup("</mark>")]
            at = right
    return Markup().join([*parts, escape(text[at:end]), Markup("…") if end < len(text) else Markup()])
