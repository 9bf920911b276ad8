"""The ledger keeps which version of its form an operation was filled into; the database has a generation."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

stamps = sa.table("stamps", sa.column("topic", sa.String), sa.column("stamp", sa.String))


def upgrade() -> None:
    op.add_column("ledger", sa.Column("form_version", sa.Integer(), server_default="1", nullable=False))
    op.bulk_insert(stamps, [{"topic": "generation", "stamp": secrets.token_hex(8)}])


def downgrade() -> None:
    op.execute(stamps.delete().where(stamps.c.topic == "generation"))
    op.drop_column("ledger", "form_version")
