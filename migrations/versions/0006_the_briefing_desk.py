"""The desk: comments at lines, corrections, good deeds, imported issues, feeds, and an index of all that was out."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
STATES = "state IN ('draft', 'submitted', 'reviewed', 'signed_off'"
NO_NUMBER = "state = 'imported' OR (date IS NOT NULL AND editor_id IS NOT NULL)"
NOT_IMPORTED = sa.text("state <> 'imported'")
# How the index is written is kept here as it was at this version.
CHINESE = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
TOKEN = re.compile(rf"[{CHINESE}]|[^\W_{CHINESE}]+")
ROW, OVERLAP = 250, 32


def upgrade() -> None:
    with op.batch_alter_table("briefings") as table:
        table.alter_column("date", existing_type=sa.Date(), nullable=True)
        table.alter_column("editor_id", existing_type=sa.Uuid(), nullable=True)
        table.add_column(sa.Column("printed", sa.JSON(), server_default="{}", nullable=False))
        table.add_column(sa.Column("source_digest", sa.String(length=64), nullable=True))
        table.drop_constraint(op.f("uq_briefings_date"), type_="unique")
        table.create_unique_constraint(op.f("uq_briefings_source_digest"), ["source_digest"])
        table.drop_constraint(op.f("ck_briefings_state_known"), type_="check")
        table.create_check_constraint(op.f("ck_briefings_state_known"), f"{STATES}, 'imported')")
        table.create_check_constraint(op.f("ck_briefings_made_here_or_imported"), NO_NUMBER)
    op.create_index(
        "uq_briefings_date",
        "briefings",
        ["date"],
        unique=True,
        sqlite_where=NOT_IMPORTED,
        postgresql_where=NOT_IMPORTED,
    )
    op.create_index(op.f("ix_briefings_date_id"), "briefings", ["date", "id"])
    _table("briefing_comments", "version", "line", quote=sa.Text())
    op.create_index(op.f("ix_briefing_comments_briefing_id"), "briefing_comments", ["briefing_id", "line"])
    _table("briefing_corrections")
    op.create_index(op.f("ix_briefing_corrections_briefing_id"), "briefing_corrections", ["briefing_id", "id"])
    op.create_table(
        "deeds",
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("doer", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_deeds_author_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deeds")),
    )
    op.create_index(op.f("ix_deeds_sent_at"), "deeds", ["sent_at", "id"])
    op.create_index(op.f("ix_deeds_author_id"), "deeds", ["author_id"])
    op.create_table(
        "briefing_feeds",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_briefing_feeds_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_briefing_feeds")),
        sa.UniqueConstraint("token", name=op.f("uq_briefing_feeds_token")),
    )
    _index()


def _table(name: str, *numbers: str, **more: sa.types.TypeEngine) -> None:
    """One remark of a member's on an issue."""
    op.create_table(
        name,
        sa.Column("briefing_id", sa.Uuid(), nullable=False),
        *(sa.Column(number, sa.Integer(), nullable=False) for number in numbers),
        *(sa.Column(column, kind, nullable=False) for column, kind in more.items()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *(sa.CheckConstraint("line > 0", name=op.f(f"ck_{name}_line_positive")) for _ in numbers[:1]),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f(f"fk_{name}_author_id_members")),
        sa.ForeignKeyConstraint(
            ["briefing_id"], ["briefings.id"], name=op.f(f"fk_{name}_briefing_id_briefings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _index() -> None:
    """Make the index, and put every issue into it that was signed off."""
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        op.execute("CREATE VIRTUAL TABLE briefing_words USING fts5(thing_id UNINDEXED, words)")
    else:
        op.execute("CREATE TABLE briefing_words (thing_id UUID, words TSVECTOR)")
        op.execute("CREATE INDEX ix_briefing_words_words ON briefing_words USING gin (words)")
        op.execute("CREATE INDEX ix_briefing_words_thing_id ON briefing_words (thing_id)")
    insert = sa.text(f"INSERT INTO briefing_words VALUES (:thing, {':words' if sqlite else 'CAST(:words AS tsvector)'})")
    issues = connection.execute(sa.text("SELECT id, title, body FROM briefings WHERE state = 'signed_off'")).all()
    for key, title, body in issues:
        for row in _rows([title, *body.split("\n")]):
            words = " ".join(row if sqlite else (f"'{token}':{place}" for place, token in enumerate(row, 1)))
            connection.execute(insert, {"thing": key, "words": words})


def _rows(texts):
    row = []
    for text in texts:
        given = [
            f"c{ord(word):x}" if re.fullmatch(rf"[{CHINESE}]", word) else f"w{word[:60]}"
            for word in TOKEN.findall(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))
        ]
        if len(row) + len(given) >= ROW:
            if row:
                yield row
            row = []
            while len(given) > ROW:
                yield given[:ROW]
                given = given[ROW - OVERLAP :]
        row += [*given, "b"] if given else []
    if row:
        yield row


def downgrade() -> None:
    """Imported issues go: they have no editor of this community, or no day."""
    op.drop_table("briefing_words")
    for table in ("briefing_feeds", "deeds", "briefing_corrections", "briefing_comments"):
        op.drop_table(table)
    op.execute("DELETE FROM briefing_steps WHERE briefing_id IN (SELECT id FROM briefings WHERE state = 'imported')")
    op.execute("DELETE FROM briefings WHERE state = 'imported'")
    op.drop_index(op.f("ix_briefings_date_id"), "briefings")
    op.drop_index("uq_briefings_date", "briefings")
    with op.batch_alter_table("briefings") as table:
        table.drop_constraint(op.f("ck_briefings_made_here_or_imported"), type_="check")
        table.drop_constraint(op.f("ck_briefings_state_known"), type_="check")
        table.create_check_constraint(op.f("ck_briefings_state_known"), f"{STATES})")
        table.drop_constraint(op.f("uq_briefings_source_digest"), type_="unique")
        table.drop_column("source_digest")
        table.drop_column("printed")
        table.create_unique_constraint(op.f("uq_briefings_date"), ["date"])
        table.alter_column("editor_id", existing_type=sa.Uuid(), nullable=False)
        table.alter_column("date", existing_type=sa.Date(), nullable=False)
