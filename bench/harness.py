"""The production server on a scratch instance with the demo community."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from app import create_app
from bench.community import Community
from core.settings import ROOT, Settings
from deploy import start

WORKERS = 2


class Site(Community):
    """A scratch instance: its server while it runs, and its database through `app`."""

    def __init__(self, settings: Settings, environment: dict[str, str]) -> None:
        self.settings = settings
        self.host, self.port = settings.host, settings.port
        self.url = f"http://{self.host}:{self.port}"
        self._environment = environment
        self.server: subprocess.Popen[bytes] | None = None
        start.prepare(settings)
        super().__init__(create_app(settings))

    @property
    def database(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.settings.database_url.partition(":")[0].partition("+")[0]

    def serve(self, command: list[str] | None = None) -> float:
        """Start the server; returns the seconds until its first answer."""
        log = (self.settings.instance / "server.log").open("ab")
        begun = time.perf_counter()
        self.server = subprocess.Popen(
            command or start.serve_command(self.settings),
            cwd=ROOT,
            env=self._environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        while not self._answers():
            if self.server.poll() is not None or time.perf_counter() - begun > 60:
                raise RuntimeError(
                    "the server did not start:\n" + (self.settings.instance / "server.log").read_text()[-1500:]
                )
            time.sleep(0.01)
        return time.perf_counter() - begun

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request("GET", "/events")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def first_start(self, instance: Path, **more: str) -> None:
        """Go once from no database to a first answer, as a new installation does, with `more` in the environment."""
        kept, database = self._environment, f"sqlite:///{instance / 'huiyou.db'}"
        self._environment = {**kept, "HUIYOU_INSTANCE": str(instance), "DATABASE_URL": database, **more}
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        try:
            self.serve([sys.executable, "-m", "deploy.start"])
            self.stop()
        finally:
            self._environment = kept

    def stop(self) -> None:
        """Stop the server and its workers."""
        if self.server is None:
            return
        self.server.terminate()
        try:
            self.server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
        self.server = None

    def cpu_seconds(self) -> float:
        """What the server's processes used of the cores so far: unlike a rate it hardly depends on who else works."""
        ticks = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def processes(self) -> list[int]:
        """The server and everything below it."""
        assert self.server
        parents = {int(p.name): _parent(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
        found = [self.server.pid]
        for pid in found:
            found.extend(child for child, parent in parents.items() if parent == pid)
        return found


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def site(*, postgres: bool = False) -> Iterator[Site]:
    """A scratch instance with the demo community, its server running; gone afterwards."""
    with contextlib.ExitStack() as kept:
        folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="huiyou-bench-")))
        url = f"sqlite:///{folder / 'huiyou.db'}"
        if postgres:
            from tests.postgres import postgres as private_server

            url = kept.enter_context(private_server())
        settings_of = {
            "HUIYOU_INSTANCE": str(folder),
            "DATABASE_URL": url,
            "HUIYOU_PORT": str(free_port()),
            "HUIYOU_WORKERS": str(WORKERS),
            "HUIYOU_DEMO": "1",
        }
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("HUIYOU_", "REDIS_", "SECRET_KEY"))}
        settings = Settings.from_environment(settings_of)
        made = Site(settings, {**inherited, **settings_of, "PYTHONPATH": str(ROOT)})
        kept.callback(made.stop)
        made.serve()
        yield made
