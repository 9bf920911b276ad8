"""A small chamber: the real application on a database file of its own, which can be backed up and restored."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import uuid
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from app import create_app
from blueprints.door.tickets import ticket_text
from blueprints.events.models import Event, Signup
from core import crypto, generation, registries
from core.clock import now
from core.database import db, new_id
from core.operations import registry
from core.settings import Settings
from tests.conftest import NOON, SECRET
from tests.offline.phones import Phones
from tests.people import People
from tests.world import World, event_fields


class Chamber:
    """The server and its database, and who lives there."""

    def __init__(self, folder: Path) -> None:
        crypto.passwords = crypto.Passwords(memory_kib=8, time_cost=1)
        self.file = folder / "huiyou.db"
        self.template = folder / "template.db"
        self.app: Flask = create_app(
            Settings(
                database_url=f"sqlite:///{self.file}",
                secret_key=SECRET,
                testing=True,
                demo=False,
                frozen_at=NOON,
                instance=folder,
            )
        )
        self.phones = Phones()
        self.people = People(self.app)
        self.who: dict[str, str] = {}
        self.events: dict[str, str] = {}
        self.tickets: list[str] = []
        self.signup_ids: list[str] = []
        # A phone keeps few and small pages here: each run opens many phones, and what they show is asked elsewhere.
        self._all_pages = dict(registries.offline_pages)
        for feature in set(registries.offline_pages) - {"offline", "deeds"}:
            del registries.offline_pages[feature]
        self._settle()
        self._copy(self.file, self.template)
        self._registered = dict(registry)
        self.start()

    def _settle(self) -> None:
        with self.app.app_context():
            db.create_all()
            db.session.remove()
        world = World(self.app, self.people)
        for role, name, roles in (
            ("ann", "崔广田", ()),
            ("bob", "苗德顺", ()),
            ("eve", "谷长河", ()),
            ("organizer", "隋立勋", ("organizer",)),
        ):
            world.who[role] = self.people.member(name, *roles)
        self.who = {role: str(key) for role, key in world.who.items()}
        soon = now() + timedelta(days=3)
        for name, capacity in (("small", 1), ("large", 60)):
            fields = event_fields(soon, title=f"活动 {name}", capacity=capacity)
            self.events[name] = world.made("organizer", "event.create", **fields)
        tonight = event_fields(now() + timedelta(minutes=30), title="今晚", capacity=20)
        self.events["door"] = world.made("organizer", "event.create", **tonight)
        for role in ("ann", "bob", "eve"):
            world.do(role, "event.signup", self.events["door"])
        with self.app.app_context():
            event = db.session.get_one(Event, uuid.UUID(self.events["door"]))
            rows = db.session.scalars(select(Signup).where(Signup.event_id == event.id).order_by(Signup.id)).all()
            self.tickets = [ticket_text(row, event) for row in rows]
            self.signup_ids = [str(row.id) for row in rows]
            db.session.remove()
        need = world.made(
            "eve", "need.create", kind="need", title="找一台二手磨床", body="七成新就行。", category="procurement"
        )
        self.need = need

    # ——— the server's database ———

    def _let_go(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def _copy(self, source: Path, target: Path) -> None:
        self._let_go()
        with contextlib.closing(sqlite3.connect(source)) as from_, contextlib.closing(sqlite3.connect(target)) as to:
            from_.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            from_.backup(to)

    def _put_back(self, source: Path) -> None:
        self._let_go()
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        shutil.copyfile(source, self.file)
        self.app.extensions.pop("chamber", None)

    def back_up(self, name: str = "backup") -> None:
        """Copy the database as it is now."""
        self._copy(self.file, self.file.with_name(f"{name}.db"))

    def restore(self, name: str = "backup") -> None:
        """Put a copy back, as `restore` does: with a new generation."""
        self._put_back(self.file.with_name(f"{name}.db"))
        with self.app.app_context():
            new_generation()

    def people_id(self, role: str) -> uuid.UUID:
        return uuid.UUID(self.who[role])

    @staticmethod
    def new_id() -> uuid.UUID:
        return new_id()

    def close(self) -> None:
        registries.offline_pages.update(self._all_pages)
        registry.update(self._registered)
        self.phones.close()
        self._let_go()


def new_generation() -> None:
    """What `restore` does: the phones are to offer their receipts again."""
    generation.renew()
    db.session.commit()
