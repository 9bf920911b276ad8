"""Flask-Migrate and Alembic, imported when a database is migrated and never to serve: they load slowly."""

from __future__ import annotations

from typing import Any

import click
from flask import Flask

from core.database import db
from core.search import is_ours
from core.settings import ROOT


class Migrations:
    """Stands in `app.extensions["migrate"]` until somebody asks it for something."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        folder = str(ROOT / "migrations")
        Migrate(self._app, db, directory=folder, render_as_batch=True, compare_type=True, include_name=is_ours)
        return getattr(self._app.extensions["migrate"], name)


class MigrationCommands(click.Command):
    """`flask db …`: hands over to Flask-Migrate's own commands."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        from flask_migrate.cli import db as commands

        context: click.Context = commands.make_context(info_name, args, parent, **extra)
        return context


def init_app(app: Flask) -> None:
    """Give the app its migrations, and the command line that runs them."""
    app.extensions["migrate"] = Migrations(app)
    app.cli.add_command(MigrationCommands("db", help="Perform database migrations."))
