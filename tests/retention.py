"""A night's run of what forgets, and how tests look at what it left."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from core.database import db
from core.retention import forget_what_is_due


def forget(app: Flask) -> dict[str, int]:
    """One night's run, and a second that has nothing left to do; what the first forgot."""
    with app.app_context():
        done = forget_what_is_due()
        again = forget_what_is_due()
    assert not any(again.values()), again
    return {name: count for name, count in done.items() if count}


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def everything(app: Flask) -> str:
    """Every value of every row of the database, except the stamps of pages that there were."""
    with app.app_context():
        tables = [table for table in db.metadata.sorted_tables if table.name != "stamps"]
        rows = [db.session.execute(table.select()).all() for table in tables]
        return repr(rows)


def keep(app: Flask, *rows: object) -> None:
    with app.app_context():
        db.session.add_all(rows)
        db.session.commit()
