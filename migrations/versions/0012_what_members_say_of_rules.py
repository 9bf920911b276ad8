"""What members say of a rule, under their own names."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_comments",
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_rule_comments_author_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_comments")),
    )
    op.create_index("ix_rule_comments_slug", "rule_comments", ["slug", "id"])
    op.create_index(op.f("ix_rule_comments_author_id"), "rule_comments", ["author_id"])


def downgrade() -> None:
    op.drop_table("rule_comments")
