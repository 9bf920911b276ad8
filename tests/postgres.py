"""A private PostgreSQL for the tests: made in a temporary folder, gone with the run.

Debian's binaries are used as they are; PostgreSQL refuses to run as root, so that
root starts it as the user `postgres`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


class NoPostgres(RuntimeError):
    """PostgreSQL's server is not installed (`apt-get install postgresql`)."""


def _binary(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = str(places[0]) if places else shutil.which(name)
    if not found:
        raise NoPostgres(f"{name} not found: apt-get install postgresql")
    return found


def _as_postgres(command: list[str]) -> list[str]:
    if os.geteuid() == 0:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
    return command


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Start a server on a free port of 127.0.0.1; yields the URL of an empty database."""
    initdb, server = _binary("initdb"), _binary("postgres")
    folder = Path(tempfile.mkdtemp(prefix="huiyou-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = None
    try:
        subprocess.run(
            _as_postgres([initdb, "-D", str(data), "-A", "trust", "-U", "huiyou", "-E", "UTF8", "--no-sync"]),
            check=True,
            capture_output=True,
            cwd=folder,
        )
        settings = ("fsync=off", "max_connections=200", f"port={port}", "listen_addresses=127.0.0.1")
        options = [part for setting in settings for part in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                _as_postgres([server, "-D", str(data), "-k", str(folder), *options]),
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        _wait_until_it_answers(port, process)
        yield f"postgresql+psycopg://huiyou@127.0.0.1:{port}/postgres"
    finally:
        if process:
            process.send_signal(signal.SIGINT)  # fast: open connections of the pool are cut
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_it_answers(port: int, process: subprocess.Popen[bytes]) -> None:
    import time

    import psycopg

    for _ in range(300):
        if process.poll() is not None:
            raise NoPostgres("the PostgreSQL server stopped at once")
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=port, user="huiyou", dbname="postgres").close()
            return
        time.sleep(0.1)
    raise NoPostgres("the PostgreSQL server does not answer")
