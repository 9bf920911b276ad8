"""A suspension may be reviewed, too."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BEFORE = "kind IN ('hiding', 'warning', 'pause')"
SINCE = "kind IN ('hiding', 'warning', 'pause', 'suspension')"


def upgrade() -> None:
    _change(SINCE, 10)


def downgrade() -> None:
    op.execute("DELETE FROM reviews WHERE kind = 'suspension'")
    _change(BEFORE, 8)


def _change(kinds: str, length: int) -> None:
    with op.batch_alter_table("reviews") as reviews:
        reviews.drop_constraint(op.f("ck_reviews_kind_known"), type_="check")
        reviews.alter_column("kind", type_=sa.String(length=length))
        reviews.create_check_constraint(op.f("ck_reviews_kind_known"), kinds)
