"""Whatever is logged while these tests run names nobody: each test ends with a look at it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from core.logs import PERSONAL, JsonLines


class Listener(logging.Handler):
    """Keeps each line as the operator would read it, and the message before anything is struck out of it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [self.format(record), record.getMessage()]


def named(lines: list[str]) -> list[str]:
    """The lines in which a person may be recognised: Chinese text, a phone, an identity number, a credit code."""
    said = [json.dumps(json.loads(line), ensure_ascii=False) if line.startswith('{"at"') else line for line in lines]
    return [line for line in said if PERSONAL.search(line)]


@pytest.fixture(autouse=True)
def _the_log_names_nobody(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    listener, ours = Listener(), logging.getLogger("huiyou")
    caplog.handler.setLevel(logging.WARNING)
    level = ours.level
    ours.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(listener)
    yield
    logging.getLogger().removeHandler(listener)
    ours.setLevel(level)
    assert named(listener.lines) == []
