"""What tests of `/ops` ask of the database, and what they send again and again."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from core.clock import now
from core.database import db
from core.operations import LedgerRow
from tests.events import make_event
from tests.people import People

NEED = {"kind": "need", "title": "求购边角料", "body": "六吨。", "category": "procurement"}


def an_event(app: Flask, people: People, organizer_id: uuid.UUID | None = None) -> uuid.UUID:
    """An event in two hours."""
    return make_event(app, organizer_id or people.member("", "organizer"), starts_at=now() + timedelta(hours=2))


def count(app: Flask, model: Any) -> int:
    """How many rows a model has."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def ledger(app: Flask, op_id: str) -> LedgerRow:
    """The ledger's row of an operation."""
    with app.app_context():
        return db.session.scalars(select(LedgerRow).where(LedgerRow.op_id == op_id)).one()
