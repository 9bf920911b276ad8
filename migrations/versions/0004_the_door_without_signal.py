"""Facts of the door are merged by what each says of itself; helpers stand at the door of one event."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
COLUMNS = (
    ("op_id", sa.String(36), "", False),
    ("says", sa.String(20), "admitted", False),
    ("told", sa.String(20), None, True),
    ("serial", sa.Integer(), "0", False),
    ("flagged", sa.Boolean(), sa.false(), False),
    ("resolved", sa.JSON(), "[]", False),
    ("resolved_at", INSTANT, None, True),
)


def upgrade() -> None:
    """What stood in the old facts was answered on the spot: it is what the person was told."""
    with op.batch_alter_table("checkins") as table:
        for name, kind, default, nullable in COLUMNS:
            table.add_column(sa.Column(name, kind, server_default=default, nullable=nullable))
        table.add_column(sa.Column("resolved_by_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f("fk_checkins_resolved_by_id_members"), "members", ["resolved_by_id"], ["id"])
    op.execute("UPDATE checkins SET told = verdict, op_id = CAST(id AS VARCHAR(36))")
    op.execute("UPDATE checkins SET says = verdict WHERE verdict <> 'already_in'")
    op.create_index(op.f("ix_checkins_event_id_guest_id"), "checkins", ["event_id", "guest_id"])
    op.create_index(op.f("ix_checkins_event_id_serial"), "checkins", ["event_id", "serial"])
    op.create_table(
        "doors",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("invitation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("thanked_at", INSTANT, nullable=True),
        sa.Column("missed_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_doors_event_id_events")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_doors")),
    )
    op.create_table(
        "door_staff",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", INSTANT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_door_staff_event_id_events")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_door_staff_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_staff")),
        sa.UniqueConstraint("event_id", "member_id", name=op.f("uq_door_staff_event_id_member_id")),
    )
    op.create_index(op.f("ix_door_staff_member_id"), "door_staff", ["member_id"])


def downgrade() -> None:
    """What was merged stays as it is; helpers and invitations go."""
    op.drop_table("door_staff")
    op.drop_table("doors")
    op.drop_index(op.f("ix_checkins_event_id_serial"), "checkins")
    op.drop_index(op.f("ix_checkins_event_id_guest_id"), "checkins")
    with op.batch_alter_table("checkins") as table:
        table.drop_constraint(op.f("fk_checkins_resolved_by_id_members"), type_="foreignkey")
        table.drop_column("resolved_by_id")
        for name, *_ in reversed(COLUMNS):
            table.drop_column(name)
