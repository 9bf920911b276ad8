"""What members report, and what is hidden with its reason; an answer may be hidden, too."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
REASONS = ("unverified", "privacy", "repeated", "fraud", "pyramid", "unlicensed", "insult", "indecent", "off_topic")


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name=op.f("ck_reports_state_known")),
        sa.CheckConstraint(
            f"reason IN ({', '.join(repr(code) for code in REASONS)})", name=op.f("ck_reports_reason_known")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["members.id"], name=op.f("fk_reports_decided_by_id_members")),
        sa.ForeignKeyConstraint(["reporter_id"], ["members.id"], name=op.f("fk_reports_reporter_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("reporter_id", "kind", "subject_id", name="uq_reports_once"),
    )
    op.create_index("ix_reports_state", "reports", ["state", "id"])
    op.create_index("ix_reports_subject", "reports", ["kind", "subject_id"])
    op.create_table(
        "hidings",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hidden_at", INSTANT, nullable=False),
        sa.Column("hidden_by_id", sa.Uuid(), nullable=False),
        sa.Column("restored_at", INSTANT, nullable=True),
        sa.Column("restored_by_id", sa.Uuid(), nullable=True),
        sa.Column("restored_reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_hidings_author_id_members")),
        sa.ForeignKeyConstraint(["hidden_by_id"], ["members.id"], name=op.f("fk_hidings_hidden_by_id_members")),
        sa.ForeignKeyConstraint(["restored_by_id"], ["members.id"], name=op.f("fk_hidings_restored_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hidings")),
    )
    op.create_index("ix_hidings_subject", "hidings", ["kind", "subject_id"])
    op.create_index(op.f("ix_hidings_author_id"), "hidings", ["author_id"])
    op.add_column("need_responses", sa.Column("hidden", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("need_responses", "hidden")
    op.drop_table("hidings")
    op.drop_table("reports")
