"""Warnings, pauses of posting, and decisions that are looked at again."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sanctions",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("until_at", INSTANT, nullable=True),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.Column("lifted_reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('warning', 'pause')", name=op.f("ck_sanctions_kind_known")),
        sa.CheckConstraint("(kind = 'pause') = (until_at IS NOT NULL)", name=op.f("ck_sanctions_a_pause_ends")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_sanctions_member_id_members")),
        sa.ForeignKeyConstraint(["made_by_id"], ["members.id"], name=op.f("fk_sanctions_made_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanctions")),
    )
    op.create_index("ix_sanctions_member_id", "sanctions", ["member_id", "id"])
    op.create_table(
        "reviews",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('hiding', 'warning', 'pause')", name=op.f("ck_reviews_kind_known")),
        sa.CheckConstraint("state IN ('open', 'kept', 'lifted')", name=op.f("ck_reviews_state_known")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_reviews_member_id_members")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["members.id"], name=op.f("fk_reviews_decided_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("kind", "subject_id", name="uq_reviews_once"),
    )
    op.create_index("ix_reviews_state", "reviews", ["state", "id"])
    op.create_index(op.f("ix_reviews_member_id"), "reviews", ["member_id"])


def downgrade() -> None:
    op.drop_table("reviews")
    op.drop_table("sanctions")
