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
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


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


@dataclass
class Postgres:
    """One server on its folder and port; it may be killed and started again on the same data."""

    folder: Path
    port: int
    durable: bool = False
    process: subprocess.Popen[bytes] | None = None
    running: ClassVar[dict[int, Postgres]] = {}

    @classmethod
    def of(cls, url: str) -> Postgres:
        """The server behind a URL that `postgres` gave."""
        return cls.running[int(url.rpartition(":")[2].partition("/")[0])]

    def start(self) -> None:
        settings = (
            f"fsync={'on' if self.durable else 'off'}",
            "max_connections=200",
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
        )
        options = [part for setting in settings for part in ("-c", setting)]
        command = [_binary("postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                _as_postgres(command), stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        _wait_until_it_answers(self.port, self.process)

    def kill(self) -> None:
        """End it and all its processes at once, in the midst of whatever they do."""
        if self.process:
            listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            for pid in (self.process.pid, *map(int, listed)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait(30)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[str]:
    """Start a server on a free port of 127.0.0.1; yields the URL of an empty database."""
    initdb = _binary("initdb")
    folder = Path(tempfile.mkdtemp(prefix="huiyou-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Postgres.running[port] = Postgres(folder, port, durable)
    try:
        data = str(folder / "data")
        subprocess.run(
            _as_postgres([initdb, "-D", data, "-A", "trust", "-U", "huiyou", "-E", "UTF8", "--no-sync"]),
            check=True,
            capture_output=True,
            cwd=folder,
        )
        server.start()
        yield f"postgresql+psycopg://huiyou@127.0.0.1:{port}/postgres"
    finally:
        if server.process:
            server.process.send_signal(signal.SIGINT)  # fast: open connections of the pool are cut
            server.process.wait(30)
        del Postgres.running[port]
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
