"""Installations side by side, each on an empty database of its own: what is backed up on one is restored on another."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask

from app import create_app
from core.clock import clock
from core.database import db
from core.settings import Settings
from tests.conftest import NOON, SECRET
from tests.postgres import postgres

Make = Callable[..., Flask]


@contextlib.contextmanager
def installations(folder: Path) -> Iterator[Make]:
    """Makes installations, each on an empty database of its own."""
    with contextlib.ExitStack() as stack:

        def make(name: str, *, secret: str = SECRET, kind: str = os.environ.get("TEST_DATABASE", "sqlite")) -> Flask:
            place = folder / name
            place.mkdir()
            url = f"sqlite:///{place / 'huiyou.db'}"
            if kind == "postgresql":
                url = stack.enter_context(postgres())
            app = create_app(
                Settings(database_url=url, secret_key=secret, testing=True, demo=False, frozen_at=NOON, instance=place)
            )

            def leave() -> None:
                with app.app_context():
                    db.session.remove()
                    db.engine.dispose()

            stack.callback(leave)
            return app

        yield make
    clock.freeze(NOON)


def run(app: Flask, *args: object) -> Any:
    """What a command of this installation came to."""
    return app.test_cli_runner().invoke(args=[str(arg) for arg in args])
