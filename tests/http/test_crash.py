"""Eight clients write while the server, or its database, is killed: everything acknowledged is there, once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import create_app
from blueprints.accounts.models import Member
from blueprints.events.models import Event
from blueprints.needs.models import Need
from core import audit_verify, backup, restore
from core.backup import Manifest
from core.clock import clock
from core.database import db, is_current
from core.settings import ROOT, Settings
from tests.conftest import NOON, SECRET
from tests.crashing import Killable, Load, check, kill_and_start, under_load
from tests.postgres import Postgres, postgres
from tests.racing import new_app, settings_for

STARTS = [pytest.param(3, marks=pytest.mark.thorough), pytest.param(25, marks=pytest.mark.long)]
KILLS = [pytest.param(5, marks=pytest.mark.race), pytest.param(50, marks=pytest.mark.long)]


def migrated(settings: Settings) -> None:
    from flask_migrate import upgrade

    app = create_app(settings)
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


def check_backup(file: Path, manifest: Manifest, load: Load, elsewhere: Path, kills: int) -> None:
    """Restored elsewhere, it holds everything that was acknowledged before its instant, and the trail is whole."""
    elsewhere.mkdir()
    other = create_app(
        Settings(database_url=f"sqlite:///{elsewhere / 'x.db'}", secret_key=SECRET, demo=False, instance=elsewhere)
    )
    clock.freeze(None)
    with other.app_context():
        restore.restore(file)
        titles = set(db.session.scalars(select(Need.title)))
        versions = {key: db.session.get_one(Event, key).version for key in (c.event_id for c in load.written)}
        assert audit_verify.verify().faults == []
        db.session.remove()
        db.engine.dispose()
    before = [title for client in load.written for title, at in client.needs.items() if at < manifest.made_at]
    assert len(before) > kills * 10
    assert [title for title in before if title not in titles] == []
    changes = 0
    for client in load.written:
        made = sum(at < manifest.made_at for at in client.changed_at)
        assert versions[client.event_id] > made
        changes += made
    print(f"{len(before) + changes} writes acknowledged before the backup's instant, all of them in it")


@pytest.mark.parametrize("kills", KILLS)
def test_a_server_killed_again_and_again_keeps_what_it_acknowledged(kills: int, tmp_path: Path) -> None:
    """Under that load a backup is made, and restored elsewhere."""
    settings = settings_for(f"sqlite:///{tmp_path / 'huiyou.db'}", tmp_path)
    migrated(settings)
    app = new_app(settings)
    with under_load(app, settings) as (server, load):
        kill_and_start(server, load, kills)
        load.wait_for(20)
        with app.app_context():
            manifest = backup.write(tmp_path / "a.zip")
        load.wait_for(20)
        load.stop()
        check(app, load)
        assert load.acknowledged > kills * 20
        print(f"\n{kills} kills: {load.told()}")
    check_backup(tmp_path / "a.zip", manifest, load, tmp_path / "elsewhere", kills)
    clock.freeze(NOON)


@pytest.mark.parametrize("kills", KILLS)
def test_a_postgresql_killed_again_and_again_keeps_what_was_acknowledged(kills: int, tmp_path: Path) -> None:
    with postgres(durable=True) as url:
        database = Postgres.of(url)
        settings = settings_for(url, tmp_path)
        migrated(settings)
        app = new_app(settings)
        with under_load(app, settings) as (_, load):
            for _ in range(kills):
                load.wait_for(20)
                database.kill()
                time.sleep(0.3)
                database.start()
            load.wait_for(20)
            with app.app_context():
                manifest = backup.write(tmp_path / "a.zip")
            load.wait_for(20)
            load.stop()
            check(app, load)
            assert sum(client.pages[503] for client in load.written), "nobody noticed"
            print(f"\n{kills} kills of the database: {load.told()}")
    check_backup(tmp_path / "a.zip", manifest, load, tmp_path / "elsewhere", kills)
    clock.freeze(NOON)


@pytest.mark.parametrize("kills", STARTS)
def test_a_first_start_that_is_killed_anywhere_comes_up_clean(kills: int, tmp_path: Path) -> None:
    """Migrating, loading the community, building files, serving: what is left behind does not stand in the way."""
    settings = settings_for(f"sqlite:///{tmp_path / 'huiyou.db'}", tmp_path)
    environment = {**os.environ, "HUIYOU_INSTANCE": str(tmp_path), "HUIYOU_PORT": str(settings.port)}
    for name in ("DATABASE_URL", "SECRET_KEY", "HUIYOU_CLOCK", "HUIYOU_DEMO"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "deploy.start"]
    seconds = random.Random(kills)
    server = Killable(settings)
    for _ in range(kills):
        with (tmp_path / "server.log").open("ab") as log:
            server.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        time.sleep(seconds.uniform(0.2, 6))
        server.kill()
    with (tmp_path / "server.log").open("ab") as log:
        server.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        server.wait()
    finally:
        server.kill()
    secret = (tmp_path / "secret_key").read_text()
    app = create_app(Settings(database_url=settings.database_url, secret_key=secret, instance=tmp_path))
    with app.app_context():
        assert is_current()
        assert (db.session.scalar(select(func.count()).select_from(Member)) or 0) > 331
        assert audit_verify.verify().faults == []
        db.session.remove()
        db.engine.dispose()
    clock.freeze(NOON)
