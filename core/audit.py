"""The audit trail: what admins, organizers and editors did; append-only, chained by hash.

Each row holds the hash of the row before it, ids, and a salted hash of each value. The values
themselves (a name, what was before and after, a reason) lie beside it with their salts, so that
erasure can empty them and the chain still holds. Two signed marks say where the chain begins
(retention moves it on) and where it ends (nobody can cut rows off). `core.audit_verify` checks
all of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import current_app
from sqlalchemy import JSON, ForeignKey, Index, Integer, String, UniqueConstraint, event, insert, select, update
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column, relationship

from core.access import Viewer
from core.clock import now
from core.crypto import Signer
from core.database import Base, Keyed, db, insert_once, new_id, table_of

log = logging.getLogger("huiyou.audit")
VALUES = ("actor_name", "before", "after", "reason")
BEGINNING = "0" * 64
"""What stands for the hash before the first row."""


class AuditEntry(Keyed, Base):
    """One act: who, what, on which thing, when; a link of the chain."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_audit_entries_subject", "subject_kind", "subject_id"),
    )

    number: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(60), index=True)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(40))
    digests: Mapped[dict[str, str]] = mapped_column(JSON)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    values: Mapped[AuditValues | None] = relationship(lazy="joined", viewonly=True)
    actor_name: AssociationProxy[str | None] = association_proxy("values", "actor_name")
    before: AssociationProxy[dict[str, Any] | None] = association_proxy("values", "before")
    after: AssociationProxy[dict[str, Any] | None] = association_proxy("values", "after")
    reason: AssociationProxy[str | None] = association_proxy("values", "reason")


class AuditValues(Base):
    """What one act says in words, with a salt for each; `None` and no salt where it was emptied."""

    __tablename__ = "audit_values"

    entry_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("audit_entries.id", ondelete="CASCADE"), primary_key=True)
    actor_name: Mapped[str | None] = mapped_column(String(40))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str | None] = mapped_column(String(5000))
    salts: Mapped[dict[str, str]] = mapped_column(JSON)
    emptied_by: Mapped[uuid.UUID | None]


class AuditMark(Base):
    """Where the chain begins (`start`: all up to this number are forgotten) or stands now (`end`), signed."""

    __tablename__ = "audit_marks"

    kind: Mapped[str] = mapped_column(String(5), primary_key=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    signature: Mapped[str] = mapped_column(String(120))


@dataclass(frozen=True)
class Act:
    """One act that is to go onto the trail at the end of its transaction."""

    act: str
    subject_kind: str
    subject_id: str
    actor_id: uuid.UUID | None = None
    actor_name: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reason: str | None = None
    at: datetime = field(default_factory=now)
    id: uuid.UUID = field(default_factory=new_id)

    def values(self) -> dict[str, Any]:
        """What it says in words; what is empty is left out."""
        said = {name: getattr(self, name) for name in VALUES}
        return {name: value for name, value in said.items() if value not in (None, "")}


def record(
    actor: Viewer | None,
    act: str,
    kind: str,
    subject_id: object,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> uuid.UUID:
    """Put one act on the trail, in the transaction of the act itself; returns the row's id."""
    done = Act(
        act=act,
        subject_kind=kind,
        subject_id=str(subject_id),
        actor_id=actor.id if actor else None,
        actor_name=actor.real_name if actor else "",
        before=before,
        after=after,
        reason=reason,
    )
    put([done])
    return done.id


def put(acts: Iterable[Act]) -> None:
    """Put acts on the trail when this transaction commits; a savepoint that is rolled back takes its own back.

    Only then is the chain's end locked, after every other lock, so that the trail makes
    nobody wait for longer than it takes to write a row and no two transactions for each other.
    """
    session = db.session()
    if not session.in_transaction():
        session.begin()
    session.info.setdefault("acts", []).extend(acts)


@event.listens_for(Session, "before_commit")
def _append(session: Session) -> None:
    if session.in_nested_transaction() or not (acts := session.info.pop("acts", None)):
        return
    session.flush()
    end = end_of_chain(session)
    rows: list[dict[str, Any]] = []
    values: list[dict[str, Any]] = []
    for number, act in enumerate(acts, end.number + 1):
        row, said = _linked(number, end.digest if not rows else rows[-1]["digest"], act)
        rows.append(row)
        values.append(said)
    session.execute(insert(table_of(AuditEntry)), rows)
    session.execute(insert(table_of(AuditValues)), values)
    set_mark(session, "end", rows[-1]["number"], rows[-1]["digest"])
    session.info["acts_made"] = [(row["number"], row["act"], row["digest"]) for row in rows]


@event.listens_for(Session, "after_commit")
def _tell(session: Session) -> None:
    """The journal keeps the chain's end, too: whoever would cut the trail has to cut both."""
    for number, act, digest in session.info.pop("acts_made", ()):
        log.info("act %d %s %s", number, act, digest, extra={"act": act, "number": number, "digest": digest})


@event.listens_for(Session, "after_transaction_create")
def _note(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault("acts_before", {})[id(transaction)] = len(session.info.get("acts", ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    session.info.pop("acts_made", None)
    kept = session.info.get("acts_before", {}).pop(id(previous), 0) if previous.nested else 0
    del session.info.get("acts", [])[kept:]


def end_of_chain(session: Session) -> AuditMark:
    """The end of the chain under its lock: appends come one after the other, on SQLite by its writer's lock."""
    query = select(AuditMark).where(AuditMark.kind == "end").with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        begun = [
            {"kind": kind, "number": 0, "digest": BEGINNING, "at": now(), "signature": _signed(kind, 0, BEGINNING)}
            for kind in ("start", "end")
        ]
        session.execute(insert_once(table_of(AuditMark)).on_conflict_do_nothing(index_elements=["kind"]), begun)
        found = session.scalars(query).one()
    return found


def set_mark(session: Session, kind: str, number: int, digest: str) -> None:
    """Move a mark, and sign it."""
    marks = table_of(AuditMark)
    values = {"number": number, "digest": digest, "at": now(), "signature": _signed(kind, number, digest)}
    session.execute(update(marks).where(marks.c.kind == kind), values)


def _linked(number: int, previous: str, act: Act) -> tuple[dict[str, Any], dict[str, Any]]:
    """The row of the chain and the row of its values."""
    values = {name: json.loads(json.dumps(value)) for name, value in act.values().items()}
    salts = {name: secrets.token_hex(16) for name in values}
    row: dict[str, Any] = {
        "id": act.id,
        "number": number,
        "at": act.at,
        "actor_id": act.actor_id,
        "act": act.act,
        "subject_kind": act.subject_kind,
        "subject_id": act.subject_id,
        "digests": {name: value_digest(salts[name], name, value) for name, value in values.items()},
        "previous": previous,
    }
    row["digest"] = digest_of(row)
    return row, {"entry_id": act.id, **dict.fromkeys(VALUES), **values, "salts": salts, "emptied_by": None}


def value_digest(salt: str, name: str, value: Any) -> str:
    """The salted hash of one value: without its salt nobody can guess what it was."""
    text = f"{name}\0{json.dumps(value, sort_keys=True)}"
    return hmac.new(bytes.fromhex(salt), text.encode(), hashlib.sha256).hexdigest()


def digest_of(row: dict[str, Any]) -> str:
    """The hash of a row of the chain (SHA-256, in hex)."""
    said = [
        row["previous"],
        row["number"],
        str(row["id"]),
        row["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        str(row["actor_id"] or ""),
        row["act"],
        row["subject_kind"],
        row["subject_id"],
        row["digests"],
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def signer() -> Signer:
    """The installation's key for the marks."""
    made: Signer | None = current_app.extensions.get("audit_signer")
    if made is None:
        made = current_app.extensions["audit_signer"] = Signer(
            current_app.extensions["settings"].secret_key, "audit v1"
        )
    return made


def mark_text(kind: str, number: int, digest: str) -> bytes:
    """What a mark's signature is made over."""
    return f"huiyou audit {kind} {number} {digest}".encode()


def _signed(kind: str, number: int, digest: str) -> str:
    return signer().sign(mark_text(kind, number, digest))
