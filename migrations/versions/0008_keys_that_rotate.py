"""Keys that rotate, and the hash under the next of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vault_keys",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('current', 'next')", name=op.f("ck_vault_keys_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_keys")),
    )
    op.add_column("members", sa.Column("identity_digest_next", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """What a rotated key has sealed cannot be read by the release before: those numbers go."""
    op.execute("UPDATE members SET identity_number = NULL, identity_digest = NULL WHERE identity_number LIKE 'k%'")
    op.drop_column("members", "identity_digest_next")
    op.drop_table("vault_keys")
