"""The guide for operators is carried out: every command of ours in it runs, and the units are sound."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import ANY

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from bench.harness import free_port
from blueprints.briefings.importing.documents import LARGEST_FILE
from blueprints.briefings.routes.importing import MOST_FILES
from core.clock import clock
from core.database import db
from core.settings import ROOT, Settings
from tests.architecture.test_docs import BLOCK
from tests.conftest import NOON

pytestmark = pytest.mark.unhurried

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


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_the_timers_are_sound(tmp_path: Path) -> None:
    for path in (ROOT / "deploy").glob("huiyou*.*"):
        text = re.sub(r"/srv/huiyou/\.venv/bin/\w+", "/bin/true", path.read_text("utf-8"))
        (tmp_path / path.name).write_text(text, "utf-8")
    timers = sorted(map(str, tmp_path.glob("*.timer")))
    command = ["systemd-analyze", "verify", "--man=no", *timers]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert [line for line in checked.stderr.splitlines() if "huiyou" in line] == []


def test_each_timer_starts_a_service_of_ours() -> None:
    timers = sorted((ROOT / "deploy").glob("*.timer"))
    assert len(timers) == 2
    assert all(timer.with_suffix(".service").exists() for timer in timers)


COMPOSE = ROOT / "deploy" / "compose.yaml"


def composing() -> tuple[list[str], bool]:
    """The program that reads compose files, and whether it is the old one, which knows no project's name in a file."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            said = subprocess.run([*command, "version"], capture_output=True, text=True, check=False)
            if said.returncode == 0 and "version" in said.stdout:
                return command, "version 1." in said.stdout
    pytest.skip("needs docker's compose, or docker-compose")


def test_the_compose_file_is_understood(tmp_path: Path) -> None:
    command, old = composing()
    file = COMPOSE
    if old:
        (tmp_path / "deploy").mkdir()
        file = tmp_path / "deploy" / COMPOSE.name
        file.write_text(COMPOSE.read_text("utf-8").replace("\nname: huiyou\n", "\n"), "utf-8")
    environment = {**os.environ, "SITE": "huiyou.example.org", "POSTGRES_PASSWORD": "x" * 20}
    asked = subprocess.run(
        [*command, "--file", str(file), "config", "--services"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert set(asked.stdout.split()) == {"app", "forget", "backup", "database", "proxy"}, asked.stderr
    del environment["POSTGRES_PASSWORD"]
    refused = subprocess.run(
        [*command, "--file", str(file), "config"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode
    assert "set it in deploy/.env" in refused.stderr


@pytest.mark.skipif(not shutil.which("check-jsonschema"), reason="needs check-jsonschema (PyPI)")
def test_the_compose_file_is_valid_by_its_specification() -> None:
    command = ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


needs_caddy = pytest.mark.skipif(not shutil.which("caddy"), reason="needs caddy")
CADDY = ["--config", str(ROOT / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]


@needs_caddy
def test_the_proxy_s_file_is_valid_and_asks_for_certificates(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    checked = subprocess.run(
        ["caddy", "validate", *CADDY], env=environment, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert "enabling automatic HTTP->HTTPS redirects" in checked.stderr
    assert '"warn' not in checked.stderr


class Behind(BaseHTTPRequestHandler):
    """What stands for the application behind the proxy: says who asked, by what the proxy adds."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the address and protocol of the visitor."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = f"{self.headers['X-Forwarded-For']} {self.headers['X-Forwarded-Proto']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing."""


def asked_of(port: int, method: str, size: int = 0, path: str = "/link/a-secret", **headers: str) -> tuple[int, str]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, b"x" * size, named)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@contextlib.contextmanager
def proxied(folder: Path) -> Iterator[tuple[int, int]]:
    """The proxy on loopback, without TLS: its port, and the one on which it looks for the application."""
    outside, inside = free_port(), free_port()
    site = {"SITE": f"http://127.0.0.1:{outside}", "UPSTREAM": f"127.0.0.1:{inside}"}
    environment = {**os.environ, **site, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    log = folder / "log"
    with log.open("wb") as file:
        proxy = subprocess.Popen(["caddy", "run", *CADDY], env=environment, stdout=file, stderr=file)
    try:
        while "serving initial configuration" not in log.read_text():
            assert proxy.poll() is None, log.read_text()
            time.sleep(0.05)
        yield outside, inside
    finally:
        proxy.terminate()
        proxy.wait(30)


@needs_caddy
def test_while_the_application_starts_the_proxy_lets_pages_wait_and_says_of_forms_to_send_them_again(
    tmp_path: Path,
) -> None:
    got: dict[str, tuple[int, str]] = {}
    with proxied(tmp_path) as (outside, inside):

        def ask(method: str) -> None:
            got[method] = asked_of(outside, method, 10 if method == "POST" else 0)

        waiting = [threading.Thread(target=ask, args=(method,)) for method in ("GET", "POST")]
        for thread in waiting:
            thread.start()
        time.sleep(1)
        upstream = ThreadingHTTPServer(("127.0.0.1", inside), Behind)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        for thread in waiting:
            thread.join()
        upstream.shutdown()
        upstream.server_close()
    assert got["GET"] == (200, "127.0.0.1 http")
    status, page = got["POST"]
    assert status == 200 or (status == 503 and "不会重复" in page)


@needs_caddy
def test_through_the_proxy_nobody_forges_an_address_and_all_comes_that_the_application_takes(
    app: Flask, tmp_path: Path
) -> None:
    limit = app.config["MAX_CONTENT_LENGTH"] + 1
    with proxied(tmp_path) as (outside, inside):
        upstream = ThreadingHTTPServer(("127.0.0.1", inside), Behind)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        assert asked_of(outside, "POST", 10, X_Forwarded_For="8.8.8.8") == (200, "127.0.0.1 http")
        assert asked_of(outside, "GET", X_Forwarded_Proto="https") == (200, "127.0.0.1 http")
        assert asked_of(outside, "POST", limit)[0] == 200
        assert asked_of(outside, "POST", 3_000_000) == (413, ANY)
        assert asked_of(outside, "POST", MOST_FILES * LARGEST_FILE, path="/desk/import/read")[0] == 200
        upstream.shutdown()
        upstream.server_close()
    assert "a-secret" not in (tmp_path / "log").read_text()
