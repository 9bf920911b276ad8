"""Sessions keep the network alone and when the password was given; passkeys; who looked; who asked to be erased."""

import ipaddress

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

sessions = sa.table("login_sessions", sa.column("id", sa.Uuid), sa.column("address", sa.String))


def upgrade() -> None:
    op.add_column("members", sa.Column("phone_verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("members", sa.Column("erase_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_members_erase_asked_at"), "members", ["erase_asked_at"])
    op.add_column("login_sessions", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "passkeys",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_passkeys_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
    )
    op.create_index(op.f("ix_passkeys_member_id"), "passkeys", ["member_id"])
    op.create_table(
        "looks",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("what IN ('application', 'account')", name=op.f("ck_looks_what_known")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_looks_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reader_id"], ["members.id"], name=op.f("fk_looks_reader_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
        sa.UniqueConstraint("member_id", "reader_id", "what", "day", name="uq_looks_once_a_day"),
    )
    op.create_index(op.f("ix_looks_at"), "looks", ["at"])
    op.create_index(op.f("ix_looks_reader_id"), "looks", ["reader_id"])
    _keep_networks_alone()


def downgrade() -> None:
    op.drop_table("looks")
    op.drop_table("passkeys")
    op.drop_column("login_sessions", "confirmed_at")
    op.drop_index(op.f("ix_members_erase_asked_at"), "members")
    op.drop_column("members", "erase_asked_at")
    op.drop_column("members", "phone_verified_at")


def _keep_networks_alone() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(sessions.c.id, sessions.c.address).where(sessions.c.address != "")).all()
    for key, address in rows:
        connection.execute(sessions.update().where(sessions.c.id == key).values(address=_network_of(address)))


def _network_of(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((found, 24 if found.version == 4 else 32), strict=False))
