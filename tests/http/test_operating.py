"""The guide for operators is carried out: every command of ours in it runs, and the units are sound."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from core.clock import clock
from core.database import db
from core.settings import ROOT, Settings
from tests.architecture.test_docs import BLOCK
from tests.conftest import NOON

GUIDE = (ROOT / "docs" / "operator.en.md").read_text("utf-8")
BACKUP = "/var/backups/huiyou/huiyou-20261121T031000Z.zip"
PROGRAMS = "apt-get cd curl docker editor git install journalctl make mv runuser sed sysctl systemctl useradd"
OTHERS = set(re.findall(r"\S+", PROGRAMS))
UNITS = sorted((ROOT / "deploy").glob("*.service"))


def lines() -> list[list[str]]:
    """Each command of the guide, in order."""
    blocks = [block for language, block in BLOCK.findall(GUIDE) if language == ""]
    return [shlex.split(line) for block in blocks for line in block.splitlines() if not re.match(r"[A-Z_]+=", line)]


def ours() -> list[list[str]]:
    return [words[1:] for words in lines() if words[0] == "deploy/command"]


@contextlib.contextmanager
def installation(folder: Path) -> Iterator[Flask]:
    """An installation in a folder, with the secret that lies there."""
    environment = {"HUIYOU_INSTANCE": str(folder), "HUIYOU_DEMO": "0", "HUIYOU_SMS": "console"}
    app = create_app(replace(Settings.from_environment(environment), testing=True))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    clock.freeze(NOON)


def run(app: Flask, *words: str, said: str = "") -> str:
    if words[0] == "db":
        with app.app_context():
            upgrade()
        return ""
    ran = app.test_cli_runner().invoke(args=list(words), input=said)
    assert ran.exit_code == 0, (words, ran.output)
    return ran.output


@pytest.mark.thorough
def test_every_command_of_ours_in_the_guide_runs(tmp_path: Path) -> None:
    """In an order that an operator might take: begin, back up, lose everything, restore."""
    place, backups, rules = (tmp_path / name for name in ("place", "backups", "rules"))
    for folder in (place, backups, rules):
        folder.mkdir()
    wanted = {tuple(words) for words in ours()}
    begun = [["db", "upgrade"], ["create-admin", "--name", "姓名", "--phone", "13800000000"]]
    later = ("restore", "check-backup", "audit")
    middle = [w for w in ours() if w[0] not in later and w not in begun and w != ["backup", "/var/backups/huiyou"]]
    done = set()
    with installation(place) as app:
        for words in [*begun, *middle]:
            if tuple(words) not in done:
                here = [word.replace("/var/lib/huiyou/rules", str(rules)) for word in words]
                here = [word.replace("/var/backups/huiyou", str(backups)) for word in here]
                run(app, *here, said="long-enough-1\nlong-enough-1\n")
                done.add(tuple(words))
        (made,) = backups.iterdir()
        assert "the backup is whole" in run(app, "check-backup", str(made))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(place / "secret_key", elsewhere)
    with installation(elsewhere) as app:
        assert "restored" in run(app, "restore", str(made))
        assert "the audit trail is whole" in run(app, "audit", "verify")
        run(app, "backup", str(tmp_path))
    done |= {("check-backup", BACKUP), ("restore", BACKUP), ("audit", "verify"), ("backup", "/var/backups/huiyou")}
    assert wanted <= done


def test_what_is_not_ours_in_the_guide_is_a_known_program() -> None:
    assert {words[0] for words in lines()} - {"deploy/command"} <= OTHERS


def test_every_file_that_the_guide_installs_is_there() -> None:
    installed = {word for words in lines() if words[0] == "install" for word in words if word.startswith("deploy/")}
    assert {f"deploy/{unit.name}" for unit in UNITS} <= installed
    assert all((ROOT / path).is_file() for path in installed)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", [path.name for path in UNITS])
def test_a_unit_is_sound_and_hardened(unit: str, tmp_path: Path) -> None:
    """`verify` knows every key; the exposure stays below 2 of 10 (`security`)."""
    for path in (ROOT / "deploy").glob("huiyou*.*"):
        text = re.sub(r"/srv/huiyou/\.venv/bin/\w+", "/bin/true", path.read_text("utf-8"))
        (tmp_path / path.name).write_text(text, "utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)], capture_output=True, text=True, check=False
    )
    assert [line for line in checked.stderr.splitlines() if unit.partition(".")[0] in line] == []
    scored = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(tmp_path / unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert scored.returncode == 0, scored.stdout[-300:]


def test_each_timer_starts_a_service_of_ours() -> None:
    timers = sorted((ROOT / "deploy").glob("*.timer"))
    assert len(timers) == 2
    assert all(timer.with_suffix(".service").exists() for timer in timers)


@pytest.mark.skipif(not shutil.which("docker"), reason="needs docker's client")
def test_the_compose_file_is_understood() -> None:
    environment = {**os.environ, "SITE": "huiyou.example.org", "POSTGRES_PASSWORD": "x" * 20}
    command = ["docker", "compose", "--file", "deploy/compose.yaml", "config", "--services"]
    asked = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if "is not a docker command" in asked.stderr or "unknown flag" in asked.stderr:
        pytest.skip("docker's client has no compose")
    assert set(asked.stdout.split()) == {"app", "forget", "backup", "database", "proxy"}, asked.stderr
