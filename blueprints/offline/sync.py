"""POST /sync: a phone says what it has, and is given what it lacks, as lines that it may keep as they come."""

from __future__ import annotations

import json
import re
import time
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import brotli
from flask import Response, current_app, request, stream_with_context
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.exceptions import RequestEntityTooLarge

from blueprints.offline.blueprint import blueprint
from blueprints.offline.envelope import MOST_BYTES, Unreadable, read_id, read_json
from blueprints.offline.ops import body_of_at_most, fault
from blueprints.offline.rendering import Fragment, fragment
from blueprints.offline.sets import Known, known_of
from core.access import Viewer, public, viewer
from core.database import db
from core.operations import LedgerRow
from core.pages import PageMemory, shell_etag

MOST_ETAGS = 4000
MOST_OPERATIONS = 500
WORTH_COMPRESSING = 200
MANY = 30
QUALITY = 7
PIECE_BYTES, PIECE_SECONDS = 32_000, 0.5
_ETAG = re.compile(r"[0-9a-f]{8}")


@blueprint.post("/sync")
@public
def sync() -> Response:
    """What is new for this phone's set, what to forget, and what was decided."""
    try:
        have, wondered = _asked(body_of_at_most(MOST_BYTES))
    except RequestEntityTooLarge:
        return fault(413, "size", gettext("一次发得太多了。"))
    except Unreadable:
        return fault(400, "envelope", gettext("没有看懂这次提交"))
    person = viewer()
    known = known_of(person)
    wanted = known.phone_set.items()
    missing = [url for url, etag in wanted if etag not in have]
    gone = have - {etag for _, etag in wanted}
    decided = _decided(person, wondered)
    lines = _lines(person, known, missing, gone, decided)
    return _streamed(lines) if len(missing) > MANY else _whole(lines)


def _asked(body: bytes) -> tuple[set[str], list[str]]:
    """The etags that a phone has, and the operations that it wonders about; raises `Unreadable`."""
    given = read_json(body)
    have, wondered = given.get("have", []), given.get("ops", [])
    if not isinstance(have, list) or not isinstance(wondered, list):
        raise Unreadable("have, ops")
    if len(have) > MOST_ETAGS or len(wondered) > MOST_OPERATIONS:
        raise Unreadable("too many")
    if not all(isinstance(etag, str) and _ETAG.fullmatch(etag) for etag in have):
        raise Unreadable("etag")
    ids = [read_id(op_id) for op_id in wondered]
    if None in ids:
        raise Unreadable("op_id")
    return set(have), [op_id for op_id in ids if op_id]


def _decided(person: Viewer | None, op_ids: list[str]) -> list[dict[str, Any]]:
    """What the ledger says of this account's operations. One query, where any are asked for."""
    if not person or not op_ids:
        return []
    rows = db.session.execute(
        select(LedgerRow.op_id, LedgerRow.outcome, LedgerRow.message, LedgerRow.verdict).where(
            LedgerRow.owner == str(person.id), LedgerRow.op_id.in_(op_ids)
        )
    )
    return [
        {"op_id": row.op_id, "outcome": row.outcome, "message": row.message}
        | ({"verdict": row.verdict} if row.verdict else {})
        for row in rows
        if row.outcome
    ]


def _lines(
    person: Viewer | None, known: Known, missing: list[str], gone: Iterable[str], decided: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    packs, etags = known.phone_set.packs, dict(known.phone_set.items())
    yield {
        "shell": shell_etag(),
        "account": str(person.id) if person else "",
        "generation": known.generation,
        "counts": {"unread": known.phone_set.unread},
        "total": sum(url not in packs for url in missing),
    }
    sent = 0
    for url in missing:
        found = _fragment(url, etags[url], known.phone_set.for_all(url))
        if not found:
            continue
        if url in packs:
            yield {"pack": str(packs[url]), "etag": found.etag, "data": json.loads(found.html)}
        else:
            sent += 1
            yield found.as_json()
    for etag in sorted(gone):
        yield {"gone": etag}
    yield from decided
    yield {"end": True, "pages": sent}


def _fragment(url: str, etag: str, key: str | None) -> Fragment | None:
    """The fragment at `url`; one that is the same for all readers of one standing is made for the first of them."""
    memory: PageMemory = current_app.extensions["pages"]
    if key and (kept := memory.get(key)):
        return Fragment(url, etag, *kept)
    found = fragment(url)
    if key and found and found.etag == etag:
        memory.put(key, (found.title, found.html))
    return found


class _Compressor(Protocol):
    def process(self, data: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class _Gzip:
    """zlib with the names that brotli has."""

    def __init__(self) -> None:
        self._made = zlib.compressobj(6, zlib.DEFLATED, 31)

    def process(self, data: bytes) -> bytes:
        return self._made.compress(data)

    def flush(self) -> bytes:
        return self._made.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._made.flush(zlib.Z_FINISH)


class _Plain:
    """No compression, for who asks for none."""

    def process(self, data: bytes) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""

    finish = flush


def _compressor() -> tuple[str | None, _Compressor]:
    accepted = request.accept_encodings
    if accepted["br"]:
        return "br", brotli.Compressor(quality=QUALITY)
    return ("gzip", _Gzip()) if accepted["gzip"] else (None, _Plain())


def _line(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")


def _streamed(lines: Iterator[dict[str, Any]]) -> Response:
    """One compressed stream of whole lines: the first at once, the others a few at a time, which makes them smaller."""
    name, compressor = _compressor()

    def compressed() -> Iterator[bytes]:
        held, since = b"", 0.0
        for line in lines:
            held += _line(line)
            if len(held) >= PIECE_BYTES or time.monotonic() - since >= PIECE_SECONDS:
                db.session.rollback()  # a phone that reads slowly keeps no connection
                yield compressor.process(held) + compressor.flush()
                held, since = b"", time.monotonic()
        yield compressor.process(held) + compressor.finish()

    return _answer(Response(stream_with_context(compressed())), name)


def _whole(lines: Iterator[dict[str, Any]]) -> Response:
    """A short answer in one piece, read in one transaction."""
    body, name = b"".join(map(_line, lines)), None
    if len(body) > WORTH_COMPRESSING:
        name, compressor = _compressor()
        body = compressor.process(body) + compressor.finish()
    return _answer(Response(body), name)


def _answer(response: Response, encoding: str | None) -> Response:
    response.mimetype = "application/x-ndjson"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response
