"""Identity numbers at rest: sealed under a key that rotates, found by keyed hash only."""

from __future__ import annotations

import uuid

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import or_, select, update

from blueprints.accounts.models import Member
from core import audit, keys
from core.database import db, in_transaction

PURPOSE = "identity number"
AT_ONCE = 100


def identity_purpose(member_id: uuid.UUID) -> str:
    """Whose identity number a sealed text is; told to the vault both ways."""
    return f"member {member_id} identity number"


def keep_number(member: Member, number: str) -> None:
    """Put an identity number on a member's row: sealed, and findable under each key in use."""
    ring = keys.ring(share=True)
    member.identity_number = ring.sealing.seal(number, identity_purpose(member.id))
    member.identity_digest = ring.current.digest(number, PURPOSE)
    member.identity_digest_next = ring.next.digest(number, PURPOSE) if ring.next else None


def number_of(member: Member) -> str | None:
    """A member's identity number, or `None`; raises `Unreadable`."""
    if not member.identity_number:
        return None
    return keys.ring().open(member.identity_number, identity_purpose(member.id))


def rotate() -> int:
    """Put every identity number under a new key; returns how many there are.

    A run that was interrupted is taken up where it stopped: each batch is a transaction of its own.
    """
    in_transaction(keys.begin)
    while in_transaction(lambda: _some(AT_ONCE)):
        pass
    return in_transaction(_finish)


def _some(most: int | None) -> int:
    """Put some numbers that are not under the next key under it; returns how many."""
    ring = keys.ring(share=True)
    assert ring.next  # noqa: S101 - `rotate` has begun
    behind = or_(Member.identity_digest_next.is_(None), ~Member.identity_number.startswith(ring.next.prefix))
    wanted = select(Member.id, Member.identity_number).where(Member.identity_number.is_not(None), behind)
    rows = db.session.execute(wanted.order_by(Member.id).limit(most).with_for_update(of=Member)).all()
    for member_id, sealed in rows:
        number = ring.open(sealed or "", identity_purpose(member_id))
        db.session.execute(
            update(Member)
            .where(Member.id == member_id)
            .values(
                identity_number=ring.next.seal(number, identity_purpose(member_id)),
                identity_digest_next=ring.next.digest(number, PURPOSE),
            )
        )
    return len(rows)


def _finish() -> int:
    """What came in meanwhile, then all hashes at once, then the keys: nothing is ever looked for under two."""
    keys.ring(lock=True)
    _some(None)
    kept = db.session.scalars(
        update(Member)
        .where(Member.identity_number.is_not(None))
        .values(identity_digest=Member.identity_digest_next, identity_digest_next=None)
        .returning(Member.id)
    ).all()
    keys.finish()
    audit.record(None, "keys.rotate", "chamber", "keys", after={"count": len(kept)})
    return len(kept)


@click.command("rotate-keys")
@with_appcontext
def rotate_keys() -> None:
    """Put all identity numbers under a new key; started again after an interruption it goes on."""
    click.echo(f"identity numbers under a new key: {rotate()}")


def init_app(app: Flask) -> None:
    """Put the command on `flask --app app`."""
    app.cli.add_command(rotate_keys)
