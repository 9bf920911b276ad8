"""Checking the audit trail's chain, moving its beginning, and emptying what people may have erased.

`flask --app app audit verify` finds a row that was changed, removed, added or moved, and says which.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import click
from flask.cli import AppGroup
from sqlalchemy import ColumnElement, and_, delete, func, select

from core.audit import (
    BEGINNING,
    VALUES,
    AuditEntry,
    AuditMark,
    AuditValues,
    digest_of,
    end_of_chain,
    mark_text,
    record,
    set_mark,
    signer,
    value_digest,
)
from core.database import db, execute_count, in_transaction, table_of

ROWS_AT_ONCE = 1000
MOST_SHOWN = 50
commands = AppGroup("audit", help="Check the audit trail.")


@dataclass
class Finding:
    """What a check of the chain found: where it begins and ends, and each fault in words."""

    start: int = 0
    end: int = 0
    digest: str = BEGINNING
    acts: int = 0
    emptied: int = 0
    faults: list[str] = field(default_factory=list)


def verify() -> Finding:
    """Walk the chain from its beginning to its end."""
    found = Finding()
    marks = {mark.kind: mark for mark in db.session.scalars(select(AuditMark))}
    for kind in ("start", "end"):
        if kind not in marks:
            found.faults.append(f"the mark of the chain's {kind} is missing")
        elif not _signed_here(marks[kind]):
            found.faults.append(f"the mark of the chain's {kind} was not signed by this installation's key")
    if "start" in marks:
        found.start, found.digest = marks["start"].number, marks["start"].digest
    found.end = found.start
    emptyings: set[uuid.UUID] = set()
    emptied: dict[int, uuid.UUID] = {}
    for row, values in _rows():
        found.faults.extend(_link_faults(row, found.end, found.digest))
        found.faults.extend(_value_faults(row, values))
        if row.act == "audit.empty":
            emptyings.add(row.id)
        if values is not None and values.emptied_by:
            emptied[row.number] = values.emptied_by
        found.end, found.digest = row.number, row.digest
        found.acts += 1
    found.emptied = len(emptied)
    found.faults.extend(
        f"row {number}: its values were emptied by no act that the trail knows"
        for number, act in emptied.items()
        if act not in emptyings
    )
    if "end" in marks:
        found.faults.extend(_end_faults(marks["end"], found))
    return found


def _signed_here(mark: AuditMark) -> bool:
    return signer().verify(mark_text(mark.kind, mark.number, mark.digest), mark.signature)


def _rows() -> Iterator[tuple[AuditEntry, AuditValues | None]]:
    after = -1
    while True:
        query = select(AuditEntry).where(AuditEntry.number > after).order_by(AuditEntry.number).limit(ROWS_AT_ONCE)
        rows = db.session.scalars(query).unique().all()
        yield from ((row, row.values) for row in rows)
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1].number
        db.session.expunge_all()


def _link_faults(row: AuditEntry, last: int, digest: str) -> Iterator[str]:
    named = f"row {row.number} ({row.act}, {row.at:%Y-%m-%d %H:%M:%S} UTC, {row.id})"
    if row.number <= last:
        yield f"{named}: stands before the chain's beginning"
    elif row.number > last + 1:
        gone = f"row {last + 1} is" if row.number == last + 2 else f"rows {last + 1} to {row.number - 1} are"
        yield f"{gone} missing"
    elif row.previous != digest:
        yield f"{named}: does not follow on the row before it"
    if row.digest != digest_of({column.name: getattr(row, column.name) for column in table_of(AuditEntry).columns}):
        yield f"{named}: was changed"


def _value_faults(row: AuditEntry, values: AuditValues | None) -> Iterator[str]:
    if values is None:
        if row.digests:
            yield f"row {row.number}: its values are missing"
        return
    for name in VALUES:
        value, salt, digest = getattr(values, name), values.salts.get(name), row.digests.get(name)
        if salt and digest:
            if value_digest(salt, name, value) != digest:
                yield f"row {row.number}: its {name} was changed"
        elif value is not None:
            yield f"row {row.number}: its {name} was added"
        elif digest and not values.emptied_by:
            yield f"row {row.number}: its {name} is missing"


def _end_faults(end: AuditMark, found: Finding) -> Iterator[str]:
    if end.number > found.end:
        gone = f"row {end.number} is" if end.number == found.end + 1 else f"rows {found.end + 1} to {end.number} are"
        yield f"{gone} missing at the end"
    elif end.number < found.end:
        yield f"rows after {end.number} were added without the chain's key"
    elif end.digest != found.digest:
        yield f"row {end.number} is not the one with which the chain ended"


def begin_after(before: datetime) -> int:
    """Forget the acts of before an instant; a signed mark says up to which. Returns how many."""
    end = end_of_chain(db.session())
    first_kept = db.session.scalar(select(func.min(AuditEntry.number)).where(AuditEntry.at >= before))
    last_gone = first_kept - 1 if first_kept is not None else end.number
    digest = db.session.scalar(select(AuditEntry.digest).where(AuditEntry.number == last_gone))
    if digest is None:
        return 0
    set_mark(db.session(), "start", last_gone, digest)
    old = select(AuditEntry.id).where(AuditEntry.number <= last_gone)
    db.session.execute(delete(AuditValues).where(AuditValues.entry_id.in_(old)))
    return execute_count(delete(AuditEntry).where(AuditEntry.number <= last_gone))


def empty_about(kind: str, subject_id: object, *names: str) -> int:
    """Empty what the acts on one thing say (all of it, or the values of these names); the chain still holds."""
    about = and_(AuditEntry.subject_kind == kind, AuditEntry.subject_id == str(subject_id))
    return _empty(about, names or VALUES, kind, subject_id)


def empty_actor(member_id: uuid.UUID) -> int:
    """Empty the name of a person in what they did; their acts stay, under their id."""
    return _empty(AuditEntry.actor_id == member_id, ("actor_name",), "member", member_id)


def _empty(rows: ColumnElement[bool], names: tuple[str, ...], kind: str, subject_id: object) -> int:
    """An act on the trail says that it was done, never what stood there."""
    query = select(AuditValues).join(AuditEntry, AuditEntry.id == AuditValues.entry_id).where(rows)
    found = [row for row in db.session.scalars(query) if set(names) & row.salts.keys()]
    if not found:
        return 0
    act = record(None, "audit.empty", kind, subject_id)
    for row in found:
        for name in names:
            setattr(row, name, None)
        row.salts = {name: salt for name, salt in row.salts.items() if name not in names}
        row.emptied_by = act
    return len(found)


@commands.command("verify")
def verify_command() -> None:
    """Say whether the trail is whole; where it is not, which rows were changed, removed, added or moved."""
    found = verify()
    for fault in found.faults[:MOST_SHOWN]:
        click.echo(fault)
    click.echo(f"{found.acts} acts, {found.start + 1} to {found.end}; values emptied by erasure in {found.emptied}")
    click.echo(f"end {found.end} {found.digest} key {signer().key_id}")
    if found.faults:
        raise click.ClickException(f"the audit trail is not whole: {len(found.faults)} faults")
    click.echo("the audit trail is whole")


@commands.command("sign")
def sign_command() -> None:
    """Sign the chain's marks anew, after `SECRET_KEY` became another; refuses where the rows are not whole."""

    def work() -> None:
        found = verify()
        if [fault for fault in found.faults if "not signed by this" not in fault]:
            raise click.ClickException("the audit trail is not whole: see `audit verify`")
        for mark in db.session.scalars(select(AuditMark)).all():
            set_mark(db.session(), mark.kind, mark.number, mark.digest)
        record(None, "audit.sign", "audit", "marks", after={"key": signer().key_id})

    in_transaction(work)
    click.echo(f"signed by key {signer().key_id}")
