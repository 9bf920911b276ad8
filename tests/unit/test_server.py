"""A worker goes only when its successor listens."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from deploy import server


@dataclass
class Worker:
    """A worker as granian knows it; `alive` until it is told to go."""

    pid: int = 0
    alive: bool = True
    told: list[str] = field(default_factory=list)

    @property
    def inner(self) -> Any:
        return SimpleNamespace(pid=self.pid)

    def is_alive(self) -> bool:
        return self.alive

    def start(self) -> None:
        self.told.append("start")

    def join(self, _seconds: float | None = None) -> None:
        self.told.append("join")

    def terminate(self) -> None:
        self.told.append("terminate")
        self.alive = False

    def kill(self) -> None:
        self.told.append("kill")
        self.alive = False


def granian(old: Worker, new: Worker, port: int) -> Any:
    return SimpleNamespace(
        wrks=[old],
        respawned_wrks={},
        interrupt_children=[],
        workers_kill_timeout=1,
        bind_port=port,
        _spawn_worker=lambda **_: new,
    )


def test_a_process_that_listens_is_known_by_its_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port = opened.getsockname()[1]
        assert server.listens(os.getpid(), port)
        assert not server.listens(os.getppid(), port)
    assert not server.listens(os.getpid(), port)


def test_the_old_worker_goes_when_the_new_one_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        old, new = Worker(), Worker(os.getpid())
        held = granian(old, new, opened.getsockname()[1])
        server.respawn(held, [0], None, None)
    assert held.wrks == [new]
    assert (old.told, new.told) == (["terminate", "join"], ["start"])


@pytest.mark.parametrize("dies", [True, False])
def test_the_old_worker_stays_when_the_new_one_does_not_start(dies: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "READY_WITHIN_SECONDS", 0.2)
    old, new = Worker(), Worker(os.getpid(), alive=not dies)
    held = granian(old, new, 1)
    held.interrupt_children = [0] if dies else []
    server.respawn(held, [0], None, None)
    assert held.wrks == [old]
    assert (old.alive, new.alive, held.interrupt_children) == (True, False, [])


def test_the_successor_of_a_dead_worker_takes_its_place_at_once() -> None:
    old, new = Worker(alive=False), Worker()
    held = granian(old, new, 1)
    server.respawn(held, [0], None, None)
    assert held.wrks == [new]
