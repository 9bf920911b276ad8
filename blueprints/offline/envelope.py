"""What a phone sends to `/ops`, read with care: only what cannot be read at all is refused whole."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext

from core.access import safe_next
from core.errors import Refusal
from core.operations import registry
from core.values import Unacceptable, as_text, check_characters

MOST_OPERATIONS = 100
MOST_BYTES = 64 * 1024
LONGEST = 120
LONGEST_PAGE = 500
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class Unreadable(ValueError):
    """The envelope is no envelope: nothing in it can be answered."""


class Unusable(Refusal):
    """One operation that is not in the form that operations have."""

    status = 422
    message = lazy_gettext("这次提交的内容读不出来，请打开原来的页面再提交一次。")


class Unknown(Refusal):
    """There is no such operation, or none that may wait in an outbox."""

    status = 422
    message = lazy_gettext("这件事不能先存在手机里，请联网后在它的页面上办。")


@dataclass(frozen=True)
class Sent:
    """One operation as it was sent. With a `fault` it is refused for that, and nothing else of it is used."""

    op_id: str
    seq: int
    lane: str
    name: str = ""
    target: str | None = None
    after: str | None = None
    form_version: int = 1
    occurred_at: datetime | None = None
    fields: dict[str, str] = field(default_factory=dict)
    page: str | None = None
    fault: Refusal | None = None


@dataclass(frozen=True)
class Envelope:
    """A batch: for which account, from which outbox; `generation` is the life of the database that the phone knows."""

    account: str | None
    outbox: str | None
    operations: list[Sent]
    generation: str | None = None

    @property
    def owner(self) -> str:
        """Under whom the operations stand in the ledger."""
        return self.account or self.outbox or ""


def read(body: bytes, received_at: datetime) -> Envelope:
    """The envelope in `body`; raises `Unreadable`."""
    given = read_json(body)
    operations = given.get("ops")
    if not isinstance(operations, list) or len(operations) > MOST_OPERATIONS:
        raise Unreadable("ops")
    account = None if given.get("account") is None else _id(given["account"])
    outbox = _id(given.get("outbox")) if account is None else None
    sent_at = _instant(given.get("sent_at"))
    skew = received_at - sent_at if sent_at else timedelta()
    generation = given.get("generation")
    return Envelope(
        account,
        outbox,
        [_operation(each, place, skew) for place, each in enumerate(operations)],
        generation if isinstance(generation, str) else None,
    )


def read_json(body: bytes) -> dict[str, Any]:
    """The object in `body`; raises `Unreadable`."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error
    if not isinstance(given, dict):
        raise Unreadable("no object")
    return given


def read_id(given: object) -> str | None:
    """A UUID as it is written; `None` for anything else."""
    try:
        return str(uuid.UUID(given)) if isinstance(given, str) and len(given) == 36 else None
    except ValueError:
        return None


def _id(given: object) -> str:
    if (known := read_id(given)) is None:
        raise Unreadable("no id")
    return known


def _operation(given: object, place: int, skew: timedelta) -> Sent:
    if not isinstance(given, dict):
        raise Unreadable("no operation")
    op_id, lane = _id(given.get("op_id")), given.get("lane")
    bare = Sent(
        op_id,
        seq=_number(given.get("seq"), place),
        lane=lane if isinstance(lane, str) and lane else op_id,
        occurred_at=_corrected(given.get("occurred_at"), skew),
        page=_page(given.get("page")),
    )
    name = given.get("name")
    kind = registry.get(name) if isinstance(name, str) else None
    if kind is None or not kind.waits:
        return replace(bare, fault=Unknown())
    try:
        return replace(
            bare,
            name=kind.name,
            target=_target(given.get("target")),
            after=_after(given.get("after")),
            form_version=_form_version(given.get("form_version"), kind.form_version),
            fields=_fields(given.get("fields")),
        )
    except ValueError:
        return replace(bare, name=kind.name, fault=Unusable())


def _number(given: object, place: int) -> int:
    """A place in the order; the place in the batch where none is given."""
    return given if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 2**53 else place


def _target(given: object) -> str | None:
    if given is None:
        return None
    text = as_text(given)
    check_characters(text)
    if len(text) > LONGEST:
        raise Unacceptable
    return read_id(text) or text


def _after(given: object) -> str | None:
    if given is None:
        return None
    if (known := read_id(given)) is None:
        raise Unacceptable
    return known


def _form_version(given: object, current: int) -> int:
    text = as_text(given)
    if not text:
        return current
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Unacceptable
    return int(text)


def _fields(given: object) -> dict[str, str]:
    """The values as a form would post them: several of one name are joined by commas."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Unacceptable
    return {
        name: ",".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
        for name, value in given.items()
    }


def _page(given: object) -> str | None:
    if not isinstance(given, str) or len(given) > LONGEST_PAGE or not given.isprintable():
        return None
    path = safe_next(given)
    return path.partition("#")[0] if path else None


def _instant(given: object) -> datetime | None:
    """An aware instant of this century; `None` for anything else."""
    try:
        instant = datetime.fromisoformat(given) if isinstance(given, str) else None
        return instant.astimezone(UTC) if instant and instant.tzinfo and instant >= EARLIEST else None
    except (ValueError, OverflowError):
        return None


def _corrected(given: object, skew: timedelta) -> datetime | None:
    """When it happened, by our clock: the phone's may be days off."""
    told = _instant(given)
    try:
        corrected = told + skew if told else None
    except OverflowError:
        return None
    return corrected if corrected and corrected >= EARLIEST else None
