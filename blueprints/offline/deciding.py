"""Deciding what a phone sends: each lane in one transaction, in order, each operation in a savepoint.

A check-in that comes by itself shares its transaction with those that wait at the same door (`core/performing.py`).
"""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from blueprints.offline.envelope import Envelope, Sent, read_id
from core.access import Viewer
from core.clock import now
from core.database import db, ends_transaction, in_transaction, is_transient
from core.errors import Later, NotSent, Refusal
from core.fields import Form
from core.operations import (
    Act,
    Invalid,
    LedgerRow,
    Operation,
    Outcome,
    decide,
    decide_together,
    registry,
)
from core.performing import decide_in_turn

log = logging.getLogger("huiyou.ops")
SOON_SECONDS = 2
AFTER_A_FAULT_SECONDS = 60
AFTER_A_DEPLOY_SECONDS = 300
ORPHANED_AFTER = timedelta(minutes=10)
_FAILED = ("refused", "not_sent")


class OldForm(Refusal):
    """The form has changed since, and nothing says how what was filled in fits today's."""

    status = 422
    message = lazy_gettext("这张表改版了，请打开新的页面，核对后再提交一次。")


class Orphaned(NotSent):
    """What this builds on is neither in the ledger nor sent along: its receipt is gone, and a restore took it back.

    A phone sends it before or with what builds on it; for another's that is on its way there is time enough.
    """

    message = lazy_gettext("前面那一件在服务器上找不到了，这一件没有办。写的都还在，请照着重新办一次。")


@dataclass(frozen=True)
class Answer:
    """What a phone is told of one operation."""

    outcome: str
    message: str = ""
    url: str | None = None
    verdict: dict[str, Any] | None = None
    retry_after: int | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> Answer:
        return cls(outcome.outcome, outcome.message, outcome.url, outcome.verdict)

    @classmethod
    def later(cls, seconds: int, message: str = "") -> Answer:
        return cls("retry", message or gettext("现在太忙，没有办成，请再试一次。"), retry_after=seconds)

    def as_json(self, op_id: str) -> dict[str, Any]:
        """The answer's object in the reply."""
        more = {"url": self.url, "verdict": self.verdict, "retry_after": self.retry_after}
        told = {name: value for name, value in more.items() if value is not None}
        return {"op_id": op_id, "outcome": self.outcome, "message": self.message, **told}


@dataclass
class Prepared:
    """An operation that was looked at before its transaction: adapted, validated, within the limits, or not."""

    sent: Sent
    fields: dict[str, str]
    form: Form | None = None
    refusal: Refusal | None = None
    later: Answer | None = None


@dataclass
class Batch:
    """One envelope on its way through the lanes."""

    owner: str
    actor: Viewer | None
    operations: list[Prepared]
    decided: dict[str, Answer] = field(default_factory=dict)
    known: Mapping[str, Answer] = field(default_factory=dict)

    def lanes(self) -> dict[str, list[Prepared]]:
        """The operations by lane, each in the order in which they were pressed."""
        lanes: dict[str, list[Prepared]] = {}
        for operation in sorted(self.operations, key=lambda each: each.sent.seq):
            lanes.setdefault(operation.sent.lane, []).append(operation)
        return lanes


def decide_all(envelope: Envelope, person: Viewer | None, present: str) -> dict[str, Answer]:
    """Each operation's answer, by `op_id`, where `present` is the generation of the database.

    A phone that knows another life of the database first offers all its receipts again, so that
    nothing is decided before what it builds on, and that a restore may have taken back.
    """
    ask = Answer("auth", gettext("请重新登录，登录后会接着发送。"))
    if envelope.account and not (person and str(person.id) == envelope.account):
        return {sent.op_id: ask for sent in envelope.operations}
    if envelope.generation and envelope.generation != present:
        return {sent.op_id: Answer.later(0) for sent in envelope.operations}
    actor = person if envelope.account else None
    nameless = {} if actor else {sent.op_id: ask for sent in envelope.operations if _asks_who_it_is(sent)}
    known = _known(envelope)
    prepared = [_prepare(sent, actor, known) for sent in envelope.operations if sent.op_id not in nameless]
    batch = Batch(envelope.owner, actor, prepared, nameless, known)
    db.session.rollback()
    lanes = batch.lanes()
    while lanes:
        _run(next(iter(lanes)), lanes, batch)
    return batch.decided


def _asks_who_it_is(sent: Sent) -> bool:
    """Whether only somebody who is logged in may ask for it."""
    return not sent.fault and registry[sent.name].requires is not None


def _known(envelope: Envelope) -> dict[str, Answer]:
    """What the ledger says already of these operations and of those that they depend on. One query.

    None for a single one that it can neither delay nor count: of that the ledger says so when it is claimed.
    """
    if len(envelope.operations) == 1 and _is_plain(envelope.operations[0]):
        return {}
    wanted = {sent.op_id for sent in envelope.operations} | {sent.after for sent in envelope.operations if sent.after}
    rows = db.session.execute(
        select(LedgerRow.op_id, LedgerRow.outcome, LedgerRow.message).where(
            LedgerRow.owner == envelope.owner, LedgerRow.op_id.in_(wanted)
        )
    )
    return {row.op_id: Answer(row.outcome or "retry", row.message) for row in rows}


def _is_plain(sent: Sent) -> bool:
    if sent.fault or sent.after:
        return False
    kind = registry[sent.name]
    return kind.ahead is None and sent.form_version == kind.form_version


def _prepare(sent: Sent, actor: Viewer | None, known: Mapping[str, Answer]) -> Prepared:
    """What takes long, or is counted, before any transaction: passwords are hashed here, by their form."""
    if sent.fault:
        return Prepared(sent, {}, refusal=sent.fault)
    kind = registry[sent.name]
    try:
        fields = kind.adapted(sent.form_version, sent.fields)
    except (KeyError, ValueError):
        return Prepared(sent, sent.fields, refusal=OldForm())
    prepared = Prepared(sent, fields)
    if sent.op_id in known:
        return prepared
    if sent.form_version > kind.form_version:
        prepared.later = Answer.later(AFTER_A_DEPLOY_SECONDS)
    elif sent.form_version < kind.form_version and not kind.adapt:
        prepared.refusal = OldForm()
    else:
        _fill_in(prepared, kind, actor)
    return prepared


def _fill_in(prepared: Prepared, kind: Operation, actor: Viewer | None) -> None:
    form = kind.form.of(prepared.fields)
    try:
        if kind.ahead:
            kind.ahead(form, actor)
        if not form.validate():
            raise Invalid(form)
        prepared.form = form
    except Later as later:
        prepared.later = Answer.later(later.wait_seconds, str(later.message))
    except Refusal as refusal:
        prepared.refusal = refusal


def _run(name: str, lanes: dict[str, list[Prepared]], batch: Batch) -> None:
    """Decide one lane, but first those that its operations wait for."""
    lane = lanes.pop(name)
    parents = {operation.sent.after for operation in lane} - {None}
    for other in [other for other, rest in lanes.items() if parents & {each.sent.op_id for each in rest}]:
        if other in lanes:
            _run(other, lanes, batch)
    try:
        if len(lane) == 1 and _in_company(lane[0], batch):
            batch.decided[lane[0].sent.op_id] = _decide_in_turn(lane[0], batch)
        else:
            batch.decided |= in_transaction(lambda: _lane(lane, batch))
    except DBAPIError as error:
        if not is_transient(error):
            log.exception("lane %s was not decided", name)
        batch.decided |= {operation.sent.op_id: Answer.later(SOON_SECONDS) for operation in lane}


def _lane(lane: list[Prepared], batch: Batch) -> dict[str, Answer]:
    """The answers of one lane; what comes after an operation that has to wait waits too."""
    answers: dict[str, Answer] = {}
    waits: Answer | None = None
    for run in _runs(lane, batch):
        together = None if waits or len(run) == 1 else _decide_together(run, batch)
        if together:
            answers |= together
            continue
        for operation in run:
            answer = waits or _decide(operation, batch, {**batch.decided, **answers}, alone=len(lane) == 1)
            answers[operation.sent.op_id] = answer
            if answer.outcome == "retry":
                waits = answer
    return answers


def _runs(lane: list[Prepared], batch: Batch) -> Iterator[list[Prepared]]:
    """The lane in pieces: what can be decided together, and each other operation by itself."""

    def place(operation: Prepared) -> object:
        sent = operation.sent
        return (sent.name, sent.target) if _in_company(operation, batch) else sent.op_id

    for _, run in itertools.groupby(lane, key=place):
        yield list(run)


def _in_company(operation: Prepared, batch: Batch) -> bool:
    """Whether it can be decided along with others of its name and target."""
    sent = operation.sent
    if operation.form is None or sent.after or sent.op_id in batch.known:
        return False
    return registry[sent.name].together is not None


def _decide_together(run: list[Prepared], batch: Batch) -> dict[str, Answer] | None:
    """The answers of a run; `None` where they have to be found one by one."""
    outcomes = decide_together(
        run[0].sent.name,
        [_act(operation, batch) for operation in run],
        [operation.fields for operation in run],
        [operation.form for operation in run if operation.form],
    )
    if outcomes is None:
        return None
    return {operation.sent.op_id: Answer.of(outcome) for operation, outcome in zip(run, outcomes, strict=True)}


def _act(operation: Prepared, batch: Batch) -> Act:
    sent = operation.sent
    return Act(
        owner=batch.owner,
        op_id=sent.op_id,
        actor=batch.actor,
        target=sent.target,
        occurred_at=sent.occurred_at,
        device=read_id(operation.fields.get("device")),
        form_version=sent.form_version,
    )


def _decide(operation: Prepared, batch: Batch, decided: Mapping[str, Answer], *, alone: bool) -> Answer:
    """One operation in its savepoint.

    One that is `alone` in its lane needs none: the lane's transaction is its own.
    """
    sent, refusal = operation.sent, operation.refusal
    if operation.later:
        return operation.later
    if sent.after and sent.op_id not in batch.known:
        parent = decided.get(sent.after) or batch.known.get(sent.after)
        if parent is None and sent.occurred_at and now() - sent.occurred_at > ORPHANED_AFTER:
            refusal = Orphaned()
        elif parent is None or parent.outcome == "retry":
            return Answer.later(SOON_SECONDS)
        elif parent.outcome in _FAILED:
            refusal = NotSent(parent.message)
    act = _act(operation, batch)

    def in_its_savepoint() -> Outcome:
        with _all_or_nothing() if alone else db.session.begin_nested():
            return decide(sent.name, act, operation.fields, form=operation.form, refusal=refusal)

    return _answer(sent, in_its_savepoint)


def _decide_in_turn(operation: Prepared, batch: Batch) -> Answer:
    """One operation in a transaction that others who wait may share."""
    sent, act = operation.sent, _act(operation, batch)
    return _answer(sent, lambda: decide_in_turn(sent.name, act, operation.fields, operation.form), lost=lambda _: True)


def _answer(
    sent: Sent, decide_it: Callable[[], Outcome], *, lost: Callable[[DBAPIError], bool] = ends_transaction
) -> Answer:
    """What the phone is told; a fault of ours is told as one, and the operation asked for again.

    Raises what the database says where with it the whole transaction is `lost`.
    """
    try:
        return Answer.of(decide_it())
    except Later as later:
        return Answer.later(later.wait_seconds, str(later.message))
    except DBAPIError as error:
        if lost(error):
            raise
        return _fault(sent, error)
    except Exception as error:
        return _fault(sent, error)


@contextlib.contextmanager
def _all_or_nothing() -> Iterator[None]:
    """The transaction itself in a savepoint's place."""
    try:
        yield
    except BaseException:
        db.session.rollback()
        raise


def _fault(sent: Sent, error: Exception) -> Answer:
    log.error("fault in operation %s", sent.name, exc_info=error)
    return Answer.later(AFTER_A_FAULT_SECONDS, gettext("服务器出了差错，已经记下，会再试。"))
