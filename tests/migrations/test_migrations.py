"""Migrations go up and down, keep data, and end where the models stand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from app import create_app
from blueprints.accounts.models import Member
from blueprints.reports.models import Review
from core import generation
from core.clock import clock, now
from core.database import Base, db, is_current, new_id
from core.search import is_ours
from core.settings import ROOT, Settings
from tests.conftest import NOON, SECRET
from tests.people import People

MIGRATIONS = ROOT / "migrations"
M, C, E = (f"'0192f00000007000800000000000000{n}'" for n in (1, 2, 3))
AT = "'2026-11-21 02:00:00'"
OF_THE_FIRST = f"""
INSERT INTO companies (id, name, name_key, trade, district, size, products, buys)
VALUES ({C}, '甲', '甲', 'software', '', '', '', '');
INSERT INTO members (id, real_name, sort_key, sounds_like, search_text, phone, phone_visible, password_hash,
  status, company_id, position, trade, introduction, strengths, shortfalls, referrer, large, palette)
VALUES ({M}, '张三', 'z', 'z', '', '1', FALSE, '',
  'member', {C}, '', 'software', '', '', '', '', FALSE, 'auto');
INSERT INTO expert_groups (slug, name, description) VALUES ('software', '软件', '');
INSERT INTO events (id, title, kind, starts_at, ends_at, signup_closes_at, venue, address, capacity, body, public,
  organizer_id, trades, state, created_at, ticket_key)
VALUES ({E}, '茶会', 'culture', {AT}, '2026-11-21 04:00:00', {AT}, '', '', 3, '', FALSE,
  {M}, '[]', 'scheduled', {AT}, '');
INSERT INTO consultations (id, group_slug, member_id, expert_id, topic, body, mode, preferred_times, state,
  place, reason, summary, stars, comment, requested_at, answer_due_at)
VALUES ({C}, 'software', {M}, NULL, '一', '', 'phone', '', 'requested', '', '', '', NULL, '', {AT}, {AT}),
  ({E}, 'software', {M}, {M}, '二', '', 'phone', '', 'rated', '', '', '', 5, '', {AT}, {AT})
"""


@pytest.fixture
def empty_app(tmp_path: Path) -> Iterator[Flask]:
    """An application on a database without tables."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'huiyou.db'}"
        if os.environ.get("TEST_DATABASE") == "postgresql":
            from tests.postgres import postgres

            url = stack.enter_context(postgres())
        app = create_app(
            Settings(database_url=url, secret_key=SECRET, testing=True, demo=False, frozen_at=NOON, instance=tmp_path)
        )
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()
        clock.freeze(NOON)


def test_there_is_one_head_and_it_is_the_recorded_one() -> None:
    heads = ScriptDirectory(str(MIGRATIONS)).get_heads()
    assert heads == [(MIGRATIONS / "HEAD").read_text().strip()]


def test_the_migrations_end_where_the_models_stand(empty_app: Flask) -> None:
    upgrade()
    assert is_current()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "render_as_batch": True, "include_name": is_ours}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_constraints_of_the_models_stand_in_the_database(empty_app: Flask) -> None:
    upgrade()
    seen = inspect(db.engine)
    for table in Base.metadata.sorted_tables:
        checks = {c["name"] for c in seen.get_check_constraints(table.name)}
        wanted = {str(c.name) for c in table.constraints if type(c).__name__ == "CheckConstraint"}
        assert wanted <= checks, table.name


def test_migrations_go_down_to_nothing_and_up_again(empty_app: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade()
    assert is_current()


def test_an_upgrade_keeps_the_rows_that_are_there(empty_app: Flask) -> None:
    upgrade()
    kept = People(empty_app).member("张三", "admin")
    upgrade()
    assert db.session.scalar(select(Member.real_name).where(Member.id == kept)) == "张三"
    if db.engine.dialect.name == "sqlite":
        assert db.session.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_what_is_there_goes_up_to_the_newest_and_down_again(empty_app: Flask) -> None:
    """An event and two consultations of the first version; what was forgotten since has nobody to go back to."""
    upgrade(revision="0001")
    for statement in OF_THE_FIRST.split(";"):
        db.session.execute(text(statement))
    db.session.commit()
    upgrade()
    for sentence in ("came_count = 5", "walk_in_count = 1"):
        db.session.execute(text(f"UPDATE events SET {sentence}"))
    db.session.execute(text("UPDATE consultations SET member_id = NULL, expert_id = NULL WHERE state = 'rated'"))
    db.session.commit()
    with pytest.raises(IntegrityError, match="forgotten_when_over"):
        db.session.execute(text("UPDATE consultations SET member_id = NULL WHERE state = 'requested'"))
    db.session.rollback()
    downgrade(revision="0001")
    assert db.session.execute(text("SELECT topic, state FROM consultations")).all() == [("一", "requested")]
    assert db.session.execute(text("SELECT title FROM events")).all() == [("茶会",)]
    with pytest.raises(IntegrityError):
        db.session.execute(text("UPDATE consultations SET member_id = NULL"))
    db.session.rollback()
    upgrade()
    assert is_current()


def test_the_ledger_keeps_its_rows_and_the_database_gets_a_generation(empty_app: Flask) -> None:
    upgrade(revision="0002")
    row = f"""INSERT INTO ledger (id, owner, op_id, name, digest, outcome, message, occurred_at, received_at)
        VALUES ({M}, 'somebody', 'first', 'event.signup', '', 'accepted', '', {AT}, {AT})"""
    db.session.execute(text(row))
    db.session.commit()
    upgrade()
    assert db.session.execute(text("SELECT op_id, form_version FROM ledger")).all() == [("first", 1)]
    first = generation.current()
    assert len(first) == 16
    db.session.rollback()
    downgrade(revision="0002")
    assert db.session.execute(text("SELECT op_id FROM ledger")).all() == [("first",)]
    assert generation.current() == "0"
    db.session.rollback()
    upgrade()
    assert generation.current() not in ("0", first)


def test_the_rules_that_there_are_came_into_force_when_published_and_what_is_announced_goes_on_the_way_down(
    empty_app: Flask,
) -> None:
    upgrade(revision="0010")
    row = (
        "INSERT INTO rules (slug, version, title, body, published_at{more}) VALUES ('a', {version}, '', '', {at}{day})"
    )
    db.session.execute(text(row.format(more="", version=1, at=AT, day="")))
    db.session.commit()
    upgrade()
    rows = "SELECT version, in_force_from = published_at FROM rules ORDER BY version"
    assert db.session.execute(text(rows)).all() == [(1, True)]
    announced = row.format(more=", in_force_from", version=2, at=AT, day=", '2999-01-01 00:00:00'")
    db.session.execute(text(announced))
    db.session.commit()
    downgrade(revision="0010")
    assert db.session.execute(text("SELECT version FROM rules")).all() == [(1,)]
    db.session.rollback()
    upgrade()
    assert is_current()


def test_a_review_of_a_suspension_goes_on_the_way_down_and_the_others_stay(empty_app: Flask) -> None:
    upgrade()
    member_id = People(empty_app).member("张三")
    for kind in ("pause", "suspension"):
        values = {"subject_id": new_id(), "member_id": member_id, "words": "一", "asked_at": now(), "answer": ""}
        db.session.add(Review(id=new_id(), kind=kind, state="open", **values))
    db.session.commit()
    downgrade(revision="0013")
    assert db.session.execute(text("SELECT kind, words FROM reviews")).all() == [("pause", "一")]
    db.session.rollback()
    with pytest.raises(IntegrityError, match="kind_known"):
        db.session.execute(text("UPDATE reviews SET kind = 'other'"))
    db.session.rollback()
    upgrade()
    with pytest.raises(IntegrityError, match="kind_known"):
        db.session.execute(text("UPDATE reviews SET kind = 'other'"))
    db.session.rollback()
    db.session.execute(text("UPDATE reviews SET kind = 'suspension'"))
    db.session.commit()
    assert is_current()
