"""Signs of life."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask_migrate import upgrade

from app import create_app
from core.clock import clock
from core.database import db
from core.settings import Settings
from tests.client import Browser
from tests.conftest import NOON, SECRET


def test_the_process_says_that_it_lives(client: Browser) -> None:
    page = client.get("/healthz")
    assert (page.status, page.text) == (200, "ok")


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
