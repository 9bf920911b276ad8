"""A backup holds everything as of one instant, is checked before it is believed, and comes back onto nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import delete, func, inspect, select, text

from blueprints.accounts.models import LoginSession
from blueprints.briefings.models import Briefing
from core import audit, audit_verify, backup, crypto, generation
from core.clock import clock
from core.database import Base, db, in_transaction, is_current
from core.settings import ROOT
from demo.load import load
from tests.client import Browser
from tests.conftest import NOON, SECRET
from tests.installations import Make, installations, run
from tests.people import PASSWORD, People
from tests.world import build

pytestmark = pytest.mark.thorough

OTHER = "another secret for tests alone, 32 characters or more"
MOVES = ("sqlite_1", "postgresql_1", "sqlite_2")


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An installation with a little of everything, and one log-in, for all tests."""
    crypto.passwords = crypto.Passwords(memory_kib=8, time_cost=1)
    with installations(tmp_path_factory.mktemp("community")) as make:
        app = make("community")
        with app.app_context():
            upgrade()
            db.session.remove()
        people = People(app)
        build(app, people)
        in_it = people.member("张三", phone="13800000008")
        with app.app_context():
            in_transaction(lambda: audit.record(None, "member.set_roles", "member", in_it, reason="因为"))
            db.session.execute(delete(LoginSession))
            db.session.commit()
            db.session.remove()
        Browser(app).post("/login", {"phone": "13800000008", "password": PASSWORD})
        yield app


@pytest.fixture(scope="module")
def whole(community: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    path = tmp_path_factory.mktemp("backup") / "a.zip"
    made = run(community, "backup", path)
    assert made.exit_code == 0, made.output
    return path


@pytest.fixture(autouse=True)
def at_noon() -> None:
    clock.freeze(NOON)


def everything(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Every value of every row but the stamp of the generation."""
    with app.app_context():
        found = {}
        for table in Base.metadata.sorted_tables:
            rows = db.session.execute(select(table).order_by(*table.primary_key.columns)).all()
            found[table.name] = [tuple(row) for row in rows if row[0] != "generation"]
            if not table.primary_key.columns:  # an index of words, which each database writes in its own way
                found[table.name] = sorted((row[0], backup.tokens_of(row[1])) for row in rows)
        db.session.remove()
        return found


def without_what_restore_adds(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    act = next(number for number, row in enumerate(rows["audit_entries"]) if "installation.restore" in row)
    key = rows["audit_entries"].pop(act)
    rows["audit_values"] = [row for row in rows["audit_values"] if row[0] not in key]
    rows.pop("audit_marks", None)
    return rows


def test_a_whole_community_comes_back_as_it_was_in_a_new_generation(
    community: Flask, new_installation: Make, tmp_path: Path
) -> None:
    file = tmp_path / "a.zip"
    made = run(community, "backup", file)
    assert made.exit_code == 0, made.output
    assert re.search(r"^  members +\d+$", made.output, re.MULTILINE)
    assert hashlib.sha256(file.read_bytes()).hexdigest() in made.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.zip"]
    elsewhere = new_installation("elsewhere")
    restored = run(elsewhere, "restore", file)
    assert restored.exit_code == 0, restored.output
    before, after = everything(community), without_what_restore_adds(everything(elsewhere))
    before.pop("audit_marks")
    assert after == before
    with community.app_context():
        old = generation.current()
    with elsewhere.app_context():
        assert generation.current() != old
        assert is_current()
        assert audit_verify.verify().faults == []
        db.session.remove()
    clock.freeze(NOON)
    assert Browser(elsewhere).post("/login", {"phone": "13800000008", "password": PASSWORD}).status == 303


def test_the_demo_community_moves_from_one_database_to_the_other_and_back(
    new_installation: Make, tmp_path: Path
) -> None:
    first, second, third = (new_installation(name, kind=name.partition("_")[0]) for name in MOVES)
    with first.app_context():
        upgrade()
        load()
        db.session.remove()
    assert run(first, "backup", tmp_path / "a.zip").exit_code == 0
    assert run(second, "restore", tmp_path / "a.zip").exit_code == 0
    assert run(second, "backup", tmp_path / "b.zip").exit_code == 0
    assert run(third, "restore", tmp_path / "b.zip").exit_code == 0
    assert run(third, "audit", "verify").exit_code == 0
    before, moved, back = everything(first), everything(second), everything(third)
    assert without_what_restore_adds(without_what_restore_adds(back)) == without_what_restore_adds(moved)
    before.pop("audit_marks")
    assert moved == before


def test_no_key_is_in_a_backup_and_what_was_sealed_stays_so(whole: Path) -> None:
    with zipfile.ZipFile(whole) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
        events = archive.read("tables/events.jsonl")
    assert SECRET.encode() not in content
    assert b"PRIVATE KEY" not in content
    assert b'"v1.' in events


def test_a_backup_goes_nowhere_but_onto_an_empty_installation(community: Flask, whole: Path) -> None:
    before = everything(community)
    refused = run(community, "restore", whole)
    assert refused.exit_code == 1
    assert "empty installation only" in refused.output
    assert everything(community) == before


def test_an_installation_that_nobody_used_yet_counts_as_empty(whole: Path, new_installation: Make) -> None:
    started = new_installation("started")
    with started.app_context():
        upgrade()
    assert Browser(started).post("/login", {"phone": "13800000008", "password": "wrong"}).status != 303
    assert run(started, "restore", whole).exit_code == 0


def test_a_backup_under_another_key_is_refused_unless_wanted(whole: Path, new_installation: Make) -> None:
    elsewhere = new_installation("elsewhere", secret=OTHER)
    refused = run(elsewhere, "restore", whole)
    assert (refused.exit_code, "another secret_key" in refused.output) == (1, True)
    assert run(elsewhere, "restore", "--other-key", whole).exit_code == 0
    said = run(elsewhere, "audit", "verify").output
    assert "was not signed by this installation's key" in said
    assert run(elsewhere, "audit", "sign").exit_code == 0
    assert run(elsewhere, "audit", "verify").exit_code == 0


def test_who_was_logged_out_since_stays_so_when_sessions_are_ended(whole: Path, new_installation: Make) -> None:
    sessions = select(func.count()).select_from(LoginSession)
    for name, options, left in (("kept", [], 1), ("ended", ["--end-sessions"], 0)):
        elsewhere = new_installation(name)
        assert run(elsewhere, "restore", *options, whole).exit_code == 0
        with elsewhere.app_context():
            assert db.session.scalar(sessions) == left
            db.session.remove()


def rewrite(source: Path, target: Path, **members: bytes | None) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = members.get(name.rpartition("/")[2].partition(".jsonl")[0], old.read(name))
            if content is not None:
                new.writestr(name, content)


def test_a_file_that_is_cut_changed_or_something_else_is_refused_before_anything_happens(
    whole: Path, new_installation: Make, tmp_path: Path
) -> None:
    content = whole.read_bytes()
    with zipfile.ZipFile(whole) as archive:
        members = archive.read("tables/members.jsonl")
        manifest = json.loads(archive.read("manifest.json"))
    kinds = ("cut", "flipped", "other", "rows", "gone", "manifest", "unsigned")
    bad = {name: tmp_path / f"{name}.zip" for name in kinds}
    bad["cut"].write_bytes(content[: len(content) // 2])
    middle = len(content) // 2
    bad["flipped"].write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    bad["other"].write_bytes(b"nothing of ours")
    rewrite(whole, bad["rows"], members=members.replace(b"1380000000", b"1390000000"))
    rewrite(whole, bad["gone"], members=None)
    rewrite(whole, bad["manifest"], **{"manifest.json": b"{}"})
    manifest["release"] = "0"
    written = json.dumps(manifest).encode()
    rewrite(
        whole,
        bad["unsigned"],
        **{"manifest.json": written, "manifest.sha256": hashlib.sha256(written).hexdigest().encode()},
    )
    elsewhere = new_installation("elsewhere")
    for name, path in bad.items():
        assert run(elsewhere, "check-backup", path).exit_code == 1, name
        refused = run(elsewhere, "restore", path)
        assert (refused.exit_code, "not restored" in refused.output) == (1, True), name
    with elsewhere.app_context():
        assert inspect(db.engine).get_table_names() == []
    assert run(elsewhere, "check-backup", whole).exit_code == 0
    assert run(elsewhere, "restore", whole).exit_code == 0


def test_a_folder_keeps_the_last_days_and_what_is_not_ours(community: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "huiyou-20200101T000000Z.zip").write_text("old")
    (folder / "letters.zip").write_text("somebody's")
    clock.freeze(NOON)
    for _ in range(3):
        said = run(community, "backup", folder, "--keep-days", 2)
        assert said.exit_code == 0, said.output
        clock.advance(days=1, seconds=1)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["huiyou-20261122T020001Z.zip", "huiyou-20261123T020002Z.zip", "letters.zip"]
    assert run(community, "backup", tmp_path / "b.zip", "--keep-days", 2).exit_code == 2


def test_a_file_that_is_there_is_not_written_over(community: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("precious")
    assert run(community, "backup", tmp_path / "a.zip").exit_code == 1
    assert (tmp_path / "a.zip").read_text() == "precious"
    (tmp_path / "as mktemp makes it").touch()
    assert run(community, "backup", tmp_path / "as mktemp makes it").exit_code == 0
    assert run(community, "check-backup", tmp_path / "as mktemp makes it").exit_code == 0


def test_a_disk_that_is_full_leaves_no_half_backup(community: Flask, whole: Path, tmp_path: Path) -> None:
    """The limit on a file's size stands for the end of the disk: the last of the backup finds no room."""
    settings = community.extensions["settings"]
    room = whole.stat().st_size - 4_000
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}));"
        "sys.argv = ['flask', '--app', 'app', 'backup', sys.argv[1]];"
        "from flask.cli import main; main()"
    )
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": SECRET,
        "HUIYOU_INSTANCE": str(settings.instance),
    }
    command = [sys.executable, "-c", code, str(tmp_path / "a.zip")]
    ran = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 1
    assert "no backup was made" in ran.stderr
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


@pytest.mark.skipif(os.environ.get("TEST_DATABASE") == "postgresql", reason="damages SQLite's file")
def test_a_damaged_database_is_said_to_be_so(whole: Path, new_installation: Make, tmp_path: Path) -> None:
    damaged = new_installation("damaged")
    assert run(damaged, "restore", whole).exit_code == 0
    with damaged.app_context():
        path = Path(db.engine.url.database or "")
        db.session.remove()
        db.engine.dispose()
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    for page in range(20, 40):
        content[page * 4096 : page * 4096 + 4096] = bytes(4096)
    path.write_bytes(content)
    assert run(damaged, "backup", tmp_path / "a.zip").exit_code == 1
    assert not (tmp_path / "a.zip").exists()


def test_what_is_written_during_a_backup_neither_waits_nor_tears_it(
    whole: Path, new_installation: Make, tmp_path: Path
) -> None:
    """Between one table and the next all issues are changed: none of that is in the backup."""
    app = new_installation("busy")
    assert run(app, "restore", whole).exit_code == 0
    before = everything(app)["briefings"]
    with app.app_context():
        original = backup._write_table

        def interrupted(archive: Any, connection: Any, table: Any) -> Any:
            if table.name == "members":
                with db.engine.begin() as other:
                    other.execute(text("UPDATE briefings SET title = 'changed'"))
            return original(archive, connection, table)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(backup, "_write_table", interrupted)
            manifest = backup.write(tmp_path / "a.zip")
        kept = next(table for table in manifest.tables if table.name == "briefings")
        with zipfile.ZipFile(tmp_path / "a.zip") as archive:
            titles = [row["title"] for rows in backup.rows_of(archive, kept) for row in rows]
        assert "changed" not in titles
        assert len(titles) == len(before)
        assert db.session.scalars(select(Briefing.title).distinct()).all() == ["changed"]
        db.session.remove()
