"""What is forgotten: an event keeps how many came, a consultation may be nobody's any more."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HANDLED = "state NOT IN ('assigned', 'scheduled', 'completed', 'rated') OR expert_id IS NOT NULL"
OLD = {"handled_has_expert": HANDLED}
NEW = {
    "handled_has_expert": f"{HANDLED} OR member_id IS NULL",
    "forgotten_when_over": "member_id IS NOT NULL OR state IN ('completed', 'declined', 'withdrawn', 'rated')",
}


def upgrade() -> None:
    op.add_column("events", sa.Column("came_count", sa.Integer(), nullable=True))
    op.add_column("events", sa.Column("walk_in_count", sa.Integer(), nullable=True))
    _change_consultations(OLD, NEW, nullable=True)


def downgrade() -> None:
    """Forgotten consultations go: they have nobody to belong to."""
    op.execute("DELETE FROM consultations WHERE member_id IS NULL")
    _change_consultations(NEW, OLD, nullable=False)
    op.drop_column("events", "walk_in_count")
    op.drop_column("events", "came_count")


def _change_consultations(before: dict[str, str], after: dict[str, str], *, nullable: bool) -> None:
    with op.batch_alter_table("consultations") as table:
        table.alter_column("member_id", existing_type=sa.Uuid(), nullable=nullable)
        for name in before:
            table.drop_constraint(op.f(f"ck_consultations_{name}"), type_="check")
        for name, text in after.items():
            table.create_check_constraint(op.f(f"ck_consultations_{name}"), text)
