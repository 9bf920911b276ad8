"""`make run`: migrate, load the demo into a new database, print the log-ins, serve.

The server is granian: one process a core, each with a few threads, as measured
best at the tail. This process is replaced by it.
"""

from __future__ import annotations

import errno
import os
import socket
import sqlite3
import sys
from pathlib import Path
from urllib.parse import quote

from core.settings import ROOT, Settings, UnsafeSettings

THREADS = 8


def is_ready(settings: Settings) -> bool:
    """Whether nothing is to be prepared: SQLite's file is at the newest migration and somebody is registered.

    Asked before anything large is imported, so that a second start takes half the time.
    """
    prefix, _, path = settings.database_url.partition("sqlite:///")
    if prefix or not path:
        return False
    try:
        connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)
        try:
            version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            anybody = connection.execute("SELECT 1 FROM members LIMIT 1").fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return False
    newest = (ROOT / "migrations" / "HEAD").read_text().strip()
    return bool(anybody) and version == (newest,)


def prepare(settings: Settings) -> list[str]:
    """Bring the database up to date; returns what to print about a new one."""
    from app import create_app
    from core.database import is_current, is_empty

    app = create_app(settings)
    with app.app_context():
        if not is_current():
            migrate()
        if not is_empty():
            return []
        if not settings.demo:
            return [
                "No member yet. Make the first admin:",
                '    .venv/bin/flask --app app create-admin --name "姓名" --phone 13800000000',
            ]
        from demo.load import load, log_ins

        load()
        return log_ins()


def migrate() -> None:
    """Bring the tables up to date. What only this needs, once a release, is not kept compiled: it would take 1.5 MB."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        from flask_migrate import upgrade

        upgrade()
    finally:
        sys.dont_write_bytecode = before


def serve_command(settings: Settings) -> list[str]:
    """The command line of the production server."""
    return [
        sys.executable,
        "-m",
        "deploy.server",
        "--interface",
        "wsgi",
        "--factory",
        "--host",
        settings.host,
        "--port",
        str(settings.port),
        "--workers",
        str(settings.workers),
        "--blocking-threads",
        str(THREADS),
        "--backlog",
        "1024",
        "--respawn-failed-workers",
        "--workers-kill-timeout",
        "10",
        "--no-ws",
        "--log-level",
        "error",
        "--log-config",
        str(ROOT / "deploy" / "logging.json"),
        "app:serve",
    ]


def refuse_a_place_that_cannot_be_had(host: str, port: int) -> None:
    """Exit with a sentence where nobody can listen, or somebody does.

    Our workers share one port, and so would a second server with the first, each with half of the requests.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(address)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "is in use; HUIYOU_PORT names another" if taken else f"cannot be listened on: {error.strerror}"
        sys.exit(f"Huiyou does not start: {host}:{port} {why}")


def remove_figures_of_the_dead(folder: Path) -> None:
    """Remove what processes counted that are no more (`core.metrics`)."""
    for path in folder.glob("*_*.db"):
        if not Path(f"/proc/{path.stem.rpartition('_')[2]}").exists():
            path.unlink(missing_ok=True)


def main() -> None:
    """Prepare and serve; a setting that is unsafe is named, and nothing starts."""
    os.chdir(ROOT)
    try:
        settings = Settings.from_environment()
        refuse_a_place_that_cannot_be_had(settings.host, settings.port)
        lines = [] if is_ready(settings) else prepare(settings)
    except UnsafeSettings as error:
        sys.exit(f"Huiyou does not start: {error}")
    except Exception as error:
        from core.faults import fault_of

        if fault := fault_of(error):
            sys.exit(f"Huiyou does not start: {fault}")
        raise
    print(*lines, f"Huiyou serves http://{settings.host}:{settings.port}", sep="\n", flush=True)
    remove_figures_of_the_dead(settings.instance / "metrics")
    command = serve_command(settings)
    os.execv(command[0], command)  # noqa: S606 - our own server, by its path


if __name__ == "__main__":
    main()
