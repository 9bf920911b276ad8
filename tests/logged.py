"""Whatever is logged while tests run, in this process or by a server of theirs, names nobody."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
from collections.abc import Iterator
from pathlib import Path

from core.logs import PERSONAL, JsonLines
from demo.community import read_community


class Listener(logging.Handler):
    """Keeps each line as the operator would read it, and the message before anything is struck out of it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [self.format(record), record.getMessage()]


@functools.cache
def community() -> frozenset[str]:
    """Each name, phone and number of the demo community's people and companies."""
    read = read_community()
    records = [*read.members, *read.applicants, *read.companies]
    keys = ("real_name", "name", "company_name", "phone", "uscc", "id_number")
    said = {str(record[key]) for record in records for key in keys if record.get(key)}
    return frozenset(said)


def named(lines: list[str]) -> list[str]:
    """The lines in which a person may be recognised: Chinese text, a phone, an identity number, a credit code."""
    said = [json.dumps(json.loads(line), ensure_ascii=False) if line.startswith('{"at"') else line for line in lines]
    return [line for line in said if PERSONAL.search(line)]


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Nothing that is logged meanwhile names anybody."""
    listener, ours = Listener(), logging.getLogger("huiyou")
    level = ours.level
    ours.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(listener)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(listener)
        ours.setLevel(level)
    assert named(listener.lines) == []


def check_file(path: Path) -> None:
    """The log of a server of its own names nobody."""
    assert named(path.read_text("utf-8", errors="replace").splitlines()) == []
