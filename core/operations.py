"""The ledger, and what is decided by it: one door for every write of a member.

An operation is claimed in the ledger before its effect, and both are committed
together: the same `(owner, op_id)` never has its effect twice, and a repeat is
answered with the outcome that was recorded, a refusal included.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from flask import current_app
from flask_babel import gettext, lazy_gettext
from sqlalchemy import JSON, Index, String, Table, Text, UniqueConstraint, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core import metrics
from core.access import Viewer
from core.clock import now
from core.database import Base, Keyed, db, ends_transaction, insert_once, new_id, run, touch
from core.errors import Forbidden, IdTaken, Later, NotFound, Refusal, refusal_for
from core.fields import Form

log = logging.getLogger("huiyou.operations")
FINAL = ("accepted", "waitlisted", "duplicate", "refused", "not_sent")


class LedgerRow(Keyed, Base):
    """One decided operation of one owner (an account, or a visitor's outbox)."""

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("owner", "op_id", name="uq_ledger_owner_op_id"),
        Index("ix_ledger_received_at", "received_at"),
    )

    owner: Mapped[str] = mapped_column(String(36))
    op_id: Mapped[str] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(String(60))
    target: Mapped[str | None] = mapped_column(String(120))
    form_version: Mapped[int] = mapped_column(default=1, server_default="1")
    digest: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(12))
    message: Mapped[str] = mapped_column(Text, default="", server_default="")
    url: Mapped[str | None] = mapped_column(String(300))
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    made_version: Mapped[int | None]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]


# The ledger is written twice by every operation: as a table, without the weight of the object layer.
_ledger = cast("Table", LedgerRow.__table__)
_DECIDED = update(_ledger).where(_ledger.c.owner == bindparam("its_owner"), _ledger.c.op_id == bindparam("its_op_id"))


@dataclass(frozen=True)
class Outcome:
    """How an operation was decided, as the ledger keeps it and the person reads it.

    `outcome` is one of `FINAL` or `retry`; `url` the page of the thing itself;
    `made_version` the version that an edit made, for an edit that builds on it.
    """

    message: str = ""
    url: str | None = None
    outcome: str = "accepted"
    verdict: dict[str, Any] | None = None
    made_version: int | None = None
    status: int = 200
    repeated: bool = False
    refusal: Refusal | None = field(default=None, compare=False)

    @property
    def went_well(self) -> bool:
        return self.outcome in ("accepted", "waitlisted", "duplicate")


@dataclass(frozen=True)
class Act:
    """One operation as its handler sees it: who, on what, when."""

    owner: str
    op_id: str
    actor: Viewer | None = None
    target: str | None = None
    occurred_at: datetime | None = None
    received_at: datetime | None = None
    device: str | None = None
    form_version: int | None = None

    @property
    def person(self) -> Viewer:
        """The actor of an operation that no visitor may ask for."""
        if self.actor is None:
            raise Forbidden
        return self.actor

    @property
    def target_id(self) -> uuid.UUID:
        """The target as an id; `NotFound` when it is none."""
        try:
            return uuid.UUID(self.target or "")
        except ValueError:
            raise NotFound from None


Together = Callable[[Sequence[Act], Sequence[Mapping[str, Any]]], Sequence[Outcome]]


@dataclass(frozen=True)
class Operation:
    """What the registry knows of one name: its form, its handler and who may ask for it.

    `lane` is the prefix of what must stay in order on the phone (`event` → `event:ID`).
    `waits` says whether it may come from an outbox; `ahead` is asked before the
    transaction of one that did (`ahead(form, actor)`), and may raise `Later`. `together`
    decides several on one target: `together(acts, data)` is the outcomes that the handler
    would have come to, one after the other.
    """

    name: str
    form: type[Form]
    handler: Callable[..., Outcome]
    requires: str | None
    lane: str
    form_version: int = 1
    adapt: Callable[[int, dict[str, str]], dict[str, str]] | None = None
    waits: bool = True
    ahead: Callable[[Form, Viewer | None], None] | None = None
    together: Together | None = None

    def adapted(self, form_version: int, fields: dict[str, str]) -> dict[str, str]:
        """What was filled into an older form, as today's asks for it; without an `adapt` as it is."""
        older = form_version < self.form_version
        return self.adapt(form_version, fields) if older and self.adapt else fields


registry: dict[str, Operation] = {}


def operation(
    name: str,
    *,
    form: type[Form],
    requires: str | None = "member",
    lane: str | None = None,
    form_version: int = 1,
    adapt: Callable[[int, dict[str, str]], dict[str, str]] | None = None,
    waits: bool = True,
    ahead: Callable[[Form, Viewer | None], None] | None = None,
    together: Together | None = None,
) -> Callable[[Callable[..., Outcome]], Callable[..., Outcome]]:
    """Put a service function on the registry as operation `name`.

    It is called `handler(act, **form.data)` inside a savepoint, flushes but
    never commits, returns an `Outcome` or raises a `Refusal`. `requires` is a
    permission, or `None` for what a visitor may do. `waits=False` keeps it out of
    outboxes: what needs a code, a link or a counted password is done on its page.
    """

    def register(handler: Callable[..., Outcome]) -> Callable[..., Outcome]:
        lane_of = lane or name.partition(".")[0]
        registry[name] = Operation(name, form, handler, requires, lane_of, form_version, adapt, waits, ahead, together)
        return handler

    return register


def decide(
    name: str, act: Act, fields: Mapping[str, str], *, form: Form | None = None, refusal: Refusal | None = None
) -> Outcome:
    """Claim the ledger's row, have the effect, record the outcome; the caller commits.

    `form` is one that was found valid already; with a `refusal` that is the outcome.
    Raises `Later` when it cannot be decided now: the caller rolls the claim back.
    """
    kind = registry.get(name)
    act = _received(act)
    claimed = _claimed(kind, name, act, fields)
    if not run(_claim(), claimed):
        return _recorded(kind, act, name, claimed["digest"])
    outcome = refused(refusal or NotFound()) if refusal or kind is None else _effect(kind, act, fields, form)
    run(_DECIDED, _decided(act, outcome))
    if kind is None or kind.waits:
        touch(f"outbox:{act.owner}")
    metrics.operation_decided(name if kind else "unknown", outcome.outcome)
    return outcome


class _OneByOne(Exception):
    """These operations are not decided together: one was decided before, or may not be asked for."""


def decide_together(
    name: str, acts: Sequence[Act], fields: Sequence[Mapping[str, str]], forms: Sequence[Form]
) -> list[Outcome] | None:
    """Decide valid operations of one name on one target, as `decide` would one by one; the caller commits.

    All in one savepoint; `None`, and nothing done, where they have to be decided one by one.
    """
    try:
        with db.session.begin_nested():
            return _together(registry[name], acts, fields, forms)
    except (_OneByOne, Refusal):
        return None
    except Exception as error:
        if ends_transaction(error):
            raise
        log.warning("a run of %s was not decided together: %s", name, type(error).__name__)
        return None


def _together(
    kind: Operation, acts: Sequence[Act], fields: Sequence[Mapping[str, str]], forms: Sequence[Form]
) -> list[Outcome]:
    if kind.together is None or (kind.requires and not all(act.actor and act.actor.can(kind.requires) for act in acts)):
        raise _OneByOne
    acts = [_received(act) for act in acts]
    claims = [_claimed(kind, kind.name, act, given) for act, given in zip(acts, fields, strict=True)]
    if run(_claim(), claims) != len(claims):
        raise _OneByOne
    outcomes = [
        replace(outcome, message=str(outcome.message)) for outcome in kind.together(acts, [form.data for form in forms])
    ]
    run(_DECIDED, [_decided(act, outcome) for act, outcome in zip(acts, outcomes, strict=True)])
    if kind.waits:
        touch(*(f"outbox:{act.owner}" for act in acts))
    for outcome in outcomes:
        metrics.operation_decided(kind.name, outcome.outcome)
    return outcomes


def _received(act: Act) -> Act:
    received_at = now()
    return replace(act, received_at=received_at, occurred_at=min(act.occurred_at or received_at, received_at))


def _claim() -> Any:
    return _claiming(db.engine.dialect.name)


@functools.cache
def _claiming(dialect: str) -> Any:  # noqa: ARG001 - the statement differs by it
    return insert_once(_ledger).on_conflict_do_nothing(index_elements=["owner", "op_id"])


def _claimed(kind: Operation | None, name: str, act: Act, fields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "owner": act.owner,
        "op_id": act.op_id,
        "name": name,
        "target": act.target,
        "form_version": act.form_version or (kind.form_version if kind else 1),
        "digest": digest_of(kind, name, act.target, fields),
        "occurred_at": act.occurred_at,
        "received_at": act.received_at,
    }


def _decided(act: Act, outcome: Outcome) -> dict[str, Any]:
    return {
        "its_owner": act.owner,
        "its_op_id": act.op_id,
        "outcome": outcome.outcome,
        "message": outcome.message,
        "url": outcome.url,
        "verdict": outcome.verdict,
        "made_version": outcome.made_version,
    }


def _effect(kind: Operation, act: Act, fields: Mapping[str, str], form: Form | None) -> Outcome:
    try:
        with db.session.begin_nested():
            if kind.requires and not (act.actor and act.actor.can(kind.requires)):
                raise Forbidden
            outcome = kind.handler(act, **(form or _valid(kind.form, fields)).data)
            db.session.flush()
        return replace(outcome, message=str(outcome.message))
    except Later:
        raise
    except Refusal as refusal:
        return refused(refusal)
    except IntegrityError as error:
        meaning = refusal_for(error)
        if meaning is None:
            raise
        return refused(meaning)


def _valid(form: type[Form], fields: Mapping[str, str]) -> Form:
    filled = form.of(fields)
    if not filled.validate():
        raise Invalid(filled)
    return filled


class Invalid(Refusal):
    """An operation whose values are not valid, met where no form can be shown again: says each field and its fault."""

    status = 422

    def __init__(self, form: Form) -> None:
        said = [str(message) for message in form.form_errors]
        for field_, message in form.problems():
            label = str(field_.label.text)
            said.append(message if label.lower() in message.lower() else f"{label}{gettext('：')}{message}")
        super().__init__(" ".join(said))


def refused(refusal: Refusal) -> Outcome:
    """The outcome that a refusal is recorded as."""
    return Outcome(str(refusal.message), refusal.url, refusal.outcome, status=refusal.status, refusal=refusal)


def _recorded(kind: Operation | None, act: Act, name: str, digest: str) -> Outcome:
    row = db.session.execute(
        select(LedgerRow).where(LedgerRow.owner == act.owner, LedgerRow.op_id == act.op_id)
    ).scalar_one()
    # What an older form said was adapted then as that release did it: its digest may differ from today's.
    comparable = kind is None or row.form_version == kind.form_version
    if row.name != name or (comparable and not hmac.compare_digest(row.digest, digest)):
        log.warning("operation %s came again with other values under the same op_id", name)
        return refused(Refusal(lazy_gettext("这次提交和上一次用了同一个编号，内容却不同。请再提交一次。")))
    return Outcome(
        row.message,
        row.url,
        row.outcome or "retry",
        row.verdict,
        row.made_version,
        409 if row.outcome == "refused" else 200,
        repeated=True,
        refusal=Refusal(row.message, url=row.url) if row.outcome == "refused" else None,
    )


def digest_of(kind: Operation | None, name: str, target: str | None, fields: Mapping[str, str]) -> str:
    """A keyed digest of what was asked: newlines as LF, empty equal to absent, unknown fields ignored."""
    names = kind.form.names() if kind else frozenset(fields)
    known = {n: v.replace("\r\n", "\n").strip() for n, v in fields.items() if n in names}
    text = json.dumps([name, target, {n: v for n, v in known.items() if v}], sort_keys=True)
    key = hashlib.sha256(b"ledger" + current_app.secret_key_bytes).digest()  # type: ignore[attr-defined]
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def free_id(model: type[Keyed], given: str | None) -> uuid.UUID:
    """The id that the phone gave to what it makes, or a new one. Raises `IdTaken` where something has it."""
    if given is None:
        return new_id()
    key = uuid.UUID(given)
    if db.session.get(model, key):
        raise IdTaken
    return key


def version_built_on(owner: str, version: str) -> int:
    """The version that an edit builds on: a number, or the `op_id` of the owner's own operation that made it."""
    if version.isascii() and version.isdigit() and len(version) < 10:
        return int(version)
    made = db.session.execute(
        select(LedgerRow.made_version).where(LedgerRow.owner == owner, LedgerRow.op_id == version)
    ).scalar_one_or_none()
    return made or 0
