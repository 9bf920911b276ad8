"""Where several machines serve one community, its limits are counted in Redis."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine

from core.database import rate_limits
from core.limits import DatabaseStorage, Limits, storage_for

RULE = "3 per 15 minutes"


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    for _ in range(100):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    client.close()
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)


def test_two_machines_share_their_counts(redis_url: str) -> None:
    engine = create_engine("sqlite://")
    first, second = (
        Limits(storage_for(redis_url, engine, rate_limits), hashed=lambda key: f"hidden {len(key)}") for _ in range(2)
    )
    for machine in (first, second, first):
        assert machine.hit(RULE, "13800000001") == 0
    assert second.blocked(RULE, "13800000001") > 0


def test_one_machine_counts_in_its_own_database() -> None:
    assert isinstance(storage_for(None, create_engine("sqlite://"), rate_limits), DatabaseStorage)
