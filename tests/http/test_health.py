"""Signs of life."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from core.clock import clock
from core.database import db
from core.settings import Settings
from tests.client import Browser
from tests.conftest import NOON, SECRET


def test_the_process_says_that_it_lives(client: Browser) -> None:
    page = client.get("/healthz")
    assert (page.status, page.text) == (200, "ok")


@pytest.mark.skipif(os.environ.get("TEST_DATABASE") != "postgresql", reason="PostgreSQL's compiler")
def test_nothing_is_compiled_before_it_is_answered_however_much_postgresql_fears_it(app: Flask) -> None:
    with app.app_context():
        db.session.execute(text("SET LOCAL jit_above_cost = 0"))
        plan = db.session.execute(text("EXPLAIN (ANALYZE) SELECT count(*) FROM members WHERE real_name = ''")).scalars()
        assert "JIT" not in "".join(plan)
        db.session.rollback()


@pytest.mark.thorough
def test_it_is_ready_only_when_the_database_is_migrated(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'huiyou.db'}"
    app = create_app(Settings(database_url=url, secret_key=SECRET, testing=True, frozen_at=NOON, instance=tmp_path))
    assert Browser(app).get("/readyz").status == 503
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()
    assert Browser(app).get("/readyz").status == 200
    with app.app_context():
        db.engine.dispose()
    clock.freeze(NOON)
