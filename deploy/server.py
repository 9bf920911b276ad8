"""granian, with a reload that turns nobody away: a worker goes only when its successor listens.

granian waits a fixed time for the successor, which on a busy or small machine is too short. Here the
old worker stays until the new one has opened its socket, and stays for good where the new code does
not start: the log says so, and the next reload tries again.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from granian.cli import entrypoint
from granian.server.common import AbstractServer

log = logging.getLogger("_granian")
READY_WITHIN_SECONDS = 120.0
LISTENS = "0A"


def listens(pid: int, port: int) -> bool:
    """Whether a process has a socket that listens on `port` (proc(5): `net/tcp`)."""
    inodes = set()
    for name in ("tcp", "tcp6"):
        path = Path(f"/proc/{pid}/net/{name}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] == LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    held = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.add(str(descriptor.readlink()))
        except OSError:
            continue
    return bool(inodes & held)


def is_ready(worker: Any, port: int) -> bool:
    """Wait until a new worker listens; `False` where it died first, or took too long."""
    until = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < until and worker.is_alive():
        try:
            if listens(worker.inner.pid, port):
                return True
        except OSError:
            return False
        time.sleep(0.05)
    return False


def respawn(self: Any, workers: list[int], spawn_target: Any, target_loader: Any, delay: float = 0) -> None:  # noqa: ARG001
    """Start each worker's successor, and end the worker when that listens; stands in for granian's own."""
    for number in workers:
        self.respawned_wrks[number] = time.monotonic()
        old = self.wrks[number]
        new = self._spawn_worker(idx=number, target=spawn_target, callback_loader=target_loader)
        new.start()
        if old.is_alive() and not is_ready(new, self.bind_port):
            log.error("a new worker did not start: the old one goes on")
            new.kill()
            new.join()
            self.interrupt_children[:] = [each for each in self.interrupt_children if each != number]
            continue
        self.wrks[number] = new
        old.terminate()
        old.join(self.workers_kill_timeout)
        if old.is_alive():
            old.kill()
            old.join()


if __name__ == "__main__":
    AbstractServer._respawn_workers = respawn  # noqa: SLF001 - what it stands in for
    entrypoint()
