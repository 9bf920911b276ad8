"""The log: JSON lines with the request's id, and nobody in them."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from core import logs
from core.logs import PERSONAL, JsonLines
from core.settings import Settings
from tests.client import Browser
from tests.conftest import SECRET
from tests.logged import community, named
from tests.people import People
from tests.phones import SAME_SITE, Phone

ID = "0192f000-0000-7000-8000-000000000001"
NEED = {"kind": "need", "title": "求购钢材", "body": "六吨。", "category": "procurement"}


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.said: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines()
    logging.getLogger("huiyou").addHandler(handler)
    yield handler
    logging.getLogger("huiyou").removeHandler(handler)


def requests(lines: Lines) -> list[dict[str, object]]:
    return [line for line in lines.said if line["logger"] == "huiyou.requests" and line["level"] == "info"]


def test_what_was_written_is_a_line_with_the_request_and_what_was_read_is_none(
    app: Flask, people: People, lines: Lines
) -> None:
    member = people.logged_in("张三")[1]
    lines.said.clear()
    member.get("/needs")
    page = member.post("/needs", NEED)
    assert page.status == 303
    (line,) = requests(lines)
    assert line["request"] == page.headers["X-Request-Id"]
    assert (line["method"], line["endpoint"], line["status"]) == ("POST", "needs.create", 303)
    assert isinstance(line["milliseconds"], int)


def test_what_failed_is_a_line_without_its_address(client: Browser, lines: Lines) -> None:
    client.get("/link/a-secret-of-a-one-time-link")
    (line,) = requests(lines)
    assert line["status"] == 404
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (ID, True),
        (ID.upper(), True),
        ("a" * 32, True),
        ("13800000001", False),
        ("120101199001011234", False),
        ("x" * 32, False),
        (f"{ID}\t", False),
        ("张三", False),
        ("", False),
    ],
)
def test_a_proxys_id_is_taken_in_the_form_of_one(app: Flask, given: str, taken: bool) -> None:
    settings: Settings = app.extensions["settings"]
    app.extensions["settings"] = Settings(
        database_url=settings.database_url, secret_key=SECRET, testing=True, proxies=1
    )
    try:
        page = Browser(app).get("/healthz", X_Request_Id=given.encode().decode("latin-1"))
    finally:
        app.extensions["settings"] = settings
    assert (page.headers["X-Request-Id"] == given.lower()) == taken
    assert len(page.headers["X-Request-Id"]) >= 32


def test_an_answer_that_brings_a_page_keeps_the_number_of_its_request(app: Flask, people: People) -> None:
    member_id, browser = people.logged_in("张三")
    phone = Phone(browser, member_id)
    envelope = phone.envelope(phone.op("need.create", page="/needs", fields=NEED))
    settings: Settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, proxies=1)
    try:
        answer = browser.client.post("/ops", json=envelope, headers={**SAME_SITE, "X-Request-Id": ID})
    finally:
        app.extensions["settings"] = settings
    assert [page["url"] for page in answer.get_json()["pages"]] == ["/needs"]
    assert answer.headers["X-Request-Id"] == ID


def test_without_a_proxy_nobody_else_numbers_requests(client: Browser) -> None:
    assert client.get("/healthz", X_Request_Id=ID).headers["X-Request-Id"] != ID


def test_a_trace_tells_where_and_never_what(app: Flask) -> None:
    def fail() -> None:
        raise IntegrityError("INSERT … '张三'", {"phone": "13800000001"}, ValueError("Key (phone)=(13800000001)"))

    try:
        fail()
    except IntegrityError:
        record = logging.LogRecord("huiyou", logging.ERROR, __file__, 1, "fault", (), sys.exc_info())
    line = JsonLines().format(record)
    said = json.loads(line)
    assert (said["error"], said["cause"]) == ("IntegrityError", "ValueError")
    assert said["trace"][-1].endswith(" fail")
    assert "13800000001" not in line
    assert "张三" not in json.dumps(said, ensure_ascii=False)


def test_what_looks_like_a_person_is_struck_out_of_any_message() -> None:
    texts = [
        *community(),
        "120101199001011234",
        "11010519491231002X",
        "91120000MA0ABCDE1X",
        "a.b@example.org",
        "+8613800000001",
    ]
    assert len(texts) > 1000
    for text in texts:
        record = logging.LogRecord("other", logging.ERROR, __file__, 1, "no %s here", (text,), None)
        assert text not in json.dumps(json.loads(JsonLines().format(record)), ensure_ascii=False)
        assert PERSONAL.search(text)
        assert named([f"no {text} here"])
    kept = f"act 12 member.set_roles {'ab12' * 16} {ID}"
    assert not PERSONAL.search(kept)


def test_the_form_is_the_operators_choice(app: Flask) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], logging.getLogger("huiyou").level
    try:
        for form, kind in (("json", JsonLines), ("text", logging.Formatter)):
            logs.configure(Settings(database_url="", secret_key=SECRET, log=form))
            assert type(root.handlers[0].formatter) is kind
    finally:
        root.handlers[:] = handlers
        logging.getLogger("huiyou").setLevel(level)
