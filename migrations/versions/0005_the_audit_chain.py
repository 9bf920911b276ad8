"""The audit trail becomes a chain: hashes in the rows, values beside them, signed marks, and triggers that keep it so."""

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from flask import current_app

from core.crypto import Signer

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

VALUES = ("actor_name", "before", "after", "reason")
BEGINNING = "0" * 64
JSON = sa.JSON(none_as_null=True)

entries = sa.table(
    "audit_entries",
    sa.column("id", sa.Uuid()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("actor_id", sa.Uuid()),
    sa.column("act", sa.String()),
    sa.column("subject_kind", sa.String()),
    sa.column("subject_id", sa.String()),
    sa.column("actor_name", sa.String()),
    sa.column("before", JSON),
    sa.column("after", JSON),
    sa.column("reason", sa.String()),
    sa.column("number", sa.Integer()),
    sa.column("digests", sa.JSON()),
    sa.column("previous", sa.String()),
    sa.column("digest", sa.String()),
)
values = sa.table(
    "audit_values",
    sa.column("entry_id", sa.Uuid()),
    sa.column("actor_name", sa.String()),
    sa.column("before", JSON),
    sa.column("after", JSON),
    sa.column("reason", sa.String()),
    sa.column("salts", sa.JSON()),
)
marks = sa.table(
    "audit_marks",
    sa.column("kind", sa.String()),
    sa.column("number", sa.Integer()),
    sa.column("digest", sa.String()),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("signature", sa.String()),
)


def upgrade() -> None:
    op.create_table(
        "audit_values",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("actor_name", sa.String(length=40), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("reason", sa.String(length=5000), nullable=True),
        sa.Column("salts", sa.JSON(), nullable=False),
        sa.Column("emptied_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_values_entry_id_audit_entries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_values")),
    )
    op.create_table(
        "audit_marks",
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_audit_marks")),
    )
    with op.batch_alter_table("audit_entries") as table:
        table.add_column(sa.Column("number", sa.Integer(), nullable=True))
        table.add_column(sa.Column("digests", sa.JSON(), nullable=True))
        table.add_column(sa.Column("previous", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("digest", sa.String(length=64), nullable=True))
    number, digest = _chain()
    with op.batch_alter_table("audit_entries") as table:
        for name, kind in (
            ("number", sa.Integer()),
            ("digests", sa.JSON()),
            ("previous", sa.String(length=64)),
            ("digest", sa.String(length=64)),
        ):
            table.alter_column(name, existing_type=kind, nullable=False)
        for name in VALUES:
            table.drop_column(name)
        table.create_unique_constraint(op.f("uq_audit_entries_number"), ["number"])
    signer = Signer(current_app.extensions["settings"].secret_key, "audit v1")
    op.bulk_insert(
        marks,
        [
            {
                "kind": kind,
                "number": at,
                "digest": hash_,
                "at": _stored(datetime.now(UTC)),
                "signature": signer.sign(f"huiyou audit {kind} {at} {hash_}".encode()),
            }
            for kind, at, hash_ in (("start", 0, BEGINNING), ("end", number, digest))
        ],
    )
    _guard()


def _chain() -> tuple[int, str]:
    """Link what is there already, oldest first; returns the last number and hash."""
    connection = op.get_bind()
    digest, number = BEGINNING, 0
    rows = connection.execute(sa.select(entries).order_by(entries.c.at, entries.c.id)).mappings().all()
    for number, row in enumerate(rows, 1):
        said = {name: row[name] for name in VALUES if row[name] not in (None, "")}
        salts = {name: secrets.token_hex(16) for name in said}
        digests = {name: _value_digest(salts[name], name, value) for name, value in said.items()}
        at = row["at"] if row["at"].tzinfo else row["at"].replace(tzinfo=UTC)
        link = [
            digest,
            number,
            str(row["id"]),
            at.astimezone(UTC).isoformat(timespec="microseconds"),
            str(row["actor_id"] or ""),
            row["act"],
            row["subject_kind"],
            row["subject_id"],
            digests,
        ]
        previous, digest = digest, hashlib.sha256(json.dumps(link, sort_keys=True).encode()).hexdigest()
        connection.execute(
            sa.update(entries)
            .where(entries.c.id == row["id"])
            .values(number=number, digests=digests, previous=previous, digest=digest)
        )
        connection.execute(
            sa.insert(values).values(entry_id=row["id"], salts=salts, **dict.fromkeys(VALUES) | said)
        )
    return number, digest


def _value_digest(salt: str, name: str, value: object) -> str:
    text = f"{name}\0{json.dumps(value, sort_keys=True)}"
    return hmac.new(bytes.fromhex(salt), text.encode(), hashlib.sha256).hexdigest()


def _stored(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None) if op.get_bind().dialect.name == "sqlite" else instant


def _guard() -> None:
    """A row of the chain is never changed, and goes only when the signed beginning is past it."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON audit_entries "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        )
        op.execute(
            "CREATE TRIGGER audit_entries_remain BEFORE DELETE ON audit_entries "
            "WHEN OLD.number > (SELECT number FROM audit_marks WHERE kind = 'start') "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION audit_entries_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' AND OLD.number <= (SELECT number FROM audit_marks WHERE kind = 'start') "
        "THEN RETURN OLD; END IF; RAISE EXCEPTION 'the audit trail is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE ON audit_entries "
        "FOR EACH ROW EXECUTE FUNCTION audit_entries_stay()"
    )


def downgrade() -> None:
    """The words go back into the rows; what erasure emptied stays empty."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_entries_stay")
        op.execute("DROP TRIGGER audit_entries_remain")
    else:
        op.execute("DROP TRIGGER audit_entries_stay ON audit_entries")
        op.execute("DROP FUNCTION audit_entries_stay()")
    with op.batch_alter_table("audit_entries") as table:
        table.add_column(sa.Column("actor_name", sa.String(length=40), server_default="", nullable=False))
        table.add_column(sa.Column("before", sa.JSON(), nullable=True))
        table.add_column(sa.Column("after", sa.JSON(), nullable=True))
        table.add_column(sa.Column("reason", sa.String(length=5000), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(values)).mappings().all():
        said = {name: row[name] for name in VALUES} | {"actor_name": row["actor_name"] or ""}
        connection.execute(sa.update(entries).where(entries.c.id == row["entry_id"]).values(**said))
    with op.batch_alter_table("audit_entries") as table:
        table.alter_column("actor_name", existing_type=sa.String(length=40), server_default=None)
        table.drop_constraint(op.f("uq_audit_entries_number"), type_="unique")
        for name in ("number", "digests", "previous", "digest"):
            table.drop_column(name)
    op.drop_table("audit_values")
    op.drop_table("audit_marks")
