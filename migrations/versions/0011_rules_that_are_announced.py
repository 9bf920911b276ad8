"""Rules that come into force later than they were published; those that there are came into force at once."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rules", sa.Column("in_force_from", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE rules SET in_force_from = published_at")
    with op.batch_alter_table("rules") as rules:
        rules.alter_column("in_force_from", nullable=False)


def downgrade() -> None:
    op.execute("DELETE FROM rules WHERE in_force_from > CURRENT_TIMESTAMP")
    op.drop_column("rules", "in_force_from")
