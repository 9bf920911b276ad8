"""Which notices a member has switched off."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "muted_notices",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("switch", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_muted_notices_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "switch", name=op.f("pk_muted_notices")),
    )
    op.create_index("ix_muted_notices_switch", "muted_notices", ["switch"])


def downgrade() -> None:
    op.drop_table("muted_notices")
