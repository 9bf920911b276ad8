"""A backup older than an erasure brings the person back: what is done again by itself, and what is only said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from blueprints.accounts.models import Member
from core.clock import clock
from core.database import db
from core.settings import Settings
from tests.conftest import NOON, SECRET
from tests.people import PASSWORD, People

pytestmark = pytest.mark.thorough
Make = Callable[[str], Flask]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Make]:
    """Makes installations, each on an empty database of its own."""
    made: list[Flask] = []

    def make(name: str) -> Flask:
        place = tmp_path / name
        place.mkdir()
        url = f"sqlite:///{place / 'huiyou.db'}"
        app = create_app(Settings(database_url=url, secret_key=SECRET, testing=True, demo=False, instance=place))
        clock.freeze(NOON)
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    clock.freeze(NOON)


def run(app: Flask, *words: object) -> Any:
    ran = app.test_cli_runner().invoke(args=[str(word) for word in words])
    assert ran.exit_code == 0, ran.output
    return ran.output


def name_of(app: Flask, member_id: Any) -> str:
    with app.app_context():
        name = db.session.get_one(Member, member_id).real_name
        db.session.remove()
    return name


def backed_up(make: Make, tmp_path: Path) -> tuple[Flask, Any, Any]:
    """An installation in which 辛甲 had asked to be erased before its backup, and 辛乙 asks afterwards."""
    app = make("first")
    with app.app_context():
        upgrade()
        db.session.remove()
    people = People(app)
    people.member("管理", "admin")
    early, early_phone = people.logged_in("辛甲")
    late, late_phone = people.logged_in("辛乙")
    assert early_phone.post("/me/erase", {"password": PASSWORD}).status == 303
    clock.advance(days=1)
    run(app, "backup", tmp_path / "a.zip")
    assert late_phone.post("/me/erase", {"password": PASSWORD}).status == 303
    return app, early, late


def test_who_had_asked_by_the_backup_is_erased_again_by_itself(installation: Make, tmp_path: Path) -> None:
    app, early, _ = backed_up(installation, tmp_path)
    clock.advance(days=6, minutes=1)
    run(app, "forget")
    assert name_of(app, early) != "辛甲"
    other = installation("second")
    clock.advance(days=7, minutes=2)
    said = run(other, "restore", tmp_path / "a.zip")
    assert "asked by then to be erased: 1; `forget` erases them from 2026-11-28 02:00 UTC on" in said
    assert "辛甲" not in said
    assert name_of(other, early) == "辛甲"
    run(other, "forget")
    assert name_of(other, early) != "辛甲"


def test_of_who_asked_after_the_backup_it_is_said_that_nobody_knows(installation: Make, tmp_path: Path) -> None:
    _, _, late = backed_up(installation, tmp_path)
    other = installation("second")
    clock.advance(days=9)
    said = run(other, "restore", tmp_path / "a.zip")
    assert "older than seven days: who asked since and was erased is back, and has to be erased again by hand" in said
    run(other, "forget")
    assert name_of(other, late) == "辛乙"


def test_of_a_backup_of_yesterday_nothing_is_said(installation: Make, tmp_path: Path) -> None:
    app = installation("first")
    with app.app_context():
        upgrade()
        db.session.remove()
    People(app).member("辛甲")
    run(app, "backup", tmp_path / "a.zip")
    assert "erased" not in run(installation("second"), "restore", tmp_path / "a.zip")
