"""The production server: figures of all workers on one port, a reload that nobody notices, a graceful stop."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from core.clock import clock
from core.database import db
from tests.conftest import NOON
from tests.crashing import Killable
from tests.logged import check_file
from tests.people import People
from tests.racing import HOST, Phone, new_app, phones, settings_for

pytestmark = pytest.mark.race


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_figures_of_all_workers_a_reload_and_a_graceful_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_for(f"sqlite:///{tmp_path / 'huiyou.db'}", tmp_path)
    port = settings_for("", tmp_path).port
    app = new_app(replace(settings, log="text"))
    people = People(app)
    member_id = people.member("张三")
    (phone,) = phones(app, settings.port, [member_id])
    monkeypatch.setenv("HUIYOU_METRICS", f"{HOST}:{port}")
    server = Killable(settings)
    seen: Counter[str] = Counter()
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            try:
                seen[str(ask(settings.port, "/login")[0])] += 1
            except (OSError, http.client.HTTPException) as error:
                seen[type(error).__name__] += 1

    try:
        server.start()
        assert server.process
        workers = set(children(server.process.pid))
        assert len(workers) == 2
        for number in range(20):
            assert press(phone, number) == 303
        status, text = ask(port, "/metrics")
        assert status == 200
        assert figure(text, "huiyou_operations_total", operation="need.create", outcome="accepted", way="form") == 20
        assert figure(text, "huiyou_requests_total", endpoint="needs.create", method="POST", status="303") == 20
        assert re.search(r"^huiyou_sms_waiting 0", text, re.MULTILINE)
        assert 'huiyou_info{release="' in text
        assert "张" not in text
        assert ask(port, "/other")[0] == 404
        asking = [threading.Thread(target=keep_asking) for _ in range(2)]
        for thread in asking:
            thread.start()
        os.kill(server.process.pid, signal.SIGHUP)
        until = time.monotonic() + 90
        while workers & set(children(server.process.pid)):
            assert time.monotonic() < until, "the old workers are still there"
            time.sleep(0.2)
        answered = seen["200"]
        while seen["200"] < answered + 4:
            assert time.monotonic() < until, "nobody answers any more"
            time.sleep(0.1)
        stop.set()
        for thread in asking:
            thread.join()
        assert set(seen) == {"200"}, seen
        assert figure(ask(port, "/metrics")[1], "huiyou_operations_total", operation="need.create") == 20
        process = server.process
        process.terminate()
        assert process.wait(30) == 0
        server.process = None
    finally:
        stop.set()
        server.kill()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        clock.freeze(NOON)
    lines = server.log().splitlines()
    assert [json.loads(line)["message"] for line in lines].count("POST needs.create 303") == 20
    check_file(settings.instance / "server.log")


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed if b"app:serve" in Path(f"/proc/{child}/cmdline").read_bytes()]


def press(phone: Phone, number: int) -> int:
    body = f"kind=need&title=n{number}&body=b&category=procurement"
    status = phone._post("/needs", body, 1).status
    phone.hang_up()
    return status


def figure(text: str, name: str, **labels: str) -> float:
    total = 0.0
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}\{{(.*)\}} (\S+)", line)
        if found and all(f'{key}="{value}"' in found[1] for key, value in labels.items()):
            total += float(found[2])
    return total
