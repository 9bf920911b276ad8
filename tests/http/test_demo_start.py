"""What `make run` prepares before it serves."""

import logging
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.settings import ROOT, Settings
from deploy.start import is_ready, prepare, serve_command
from tests.conftest import NOON, SECRET

pytestmark = pytest.mark.thorough


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        database_url=f"sqlite:///{tmp_path / 'huiyou.db'}",
        secret_key=SECRET,
        testing=True,
        frozen_at=NOON,
        instance=tmp_path,
    )


def test_a_new_database_is_migrated_and_gets_the_community_once(settings: Settings) -> None:
    assert not is_ready(settings)
    lines = prepare(settings)
    assert "13800000001" in "\n".join(lines)
    assert is_ready(settings)
    assert prepare(settings) == []


def test_what_is_read_on_the_screen_is_who_can_log_in_and_not_the_trail_of_a_made_up_past(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "huiyou")
    prepare(settings)
    assert not [record for record in caplog.records if record.name == "huiyou.audit"]
    assert logging.getLogger("huiyou.audit").isEnabledFor(logging.INFO)


def test_without_the_demo_it_says_how_to_make_the_first_admin(settings: Settings) -> None:
    settings = replace(settings, demo=False)
    assert "create-admin" in "\n".join(prepare(settings))
    assert not is_ready(settings)


def test_on_another_database_than_sqlite_nothing_is_taken_as_ready(settings: Settings) -> None:
    assert not is_ready(replace(settings, database_url="postgresql+psycopg://huiyou@127.0.0.1/huiyou"))


def test_the_server_listens_where_the_settings_say(settings: Settings) -> None:
    command = serve_command(replace(settings, host="0.0.0.0", port=8080, workers=3))
    assert command[command.index("--host") + 1] == "0.0.0.0"
    assert command[command.index("--port") + 1] == "8080"
    assert command[command.index("--workers") + 1] == "3"


@pytest.mark.parametrize(
    ("host", "port", "why"),
    [("127.0.0.1", None, "is in use"), ("192.0.2.1", 1118, "cannot be"), ("no.such.host.invalid", 1118, "cannot be")],
)
def test_where_it_cannot_listen_it_does_not_start_and_says_so(host: str, port: int | None, why: str) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        place = {"HUIYOU_HOST": host, "HUIYOU_PORT": str(port or other.getsockname()[1])}
        command = [sys.executable, "-m", "deploy.start"]
        ran = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **place}
        )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert f"Huiyou does not start: {host}:{place['HUIYOU_PORT']} {why}" in ran.stderr
