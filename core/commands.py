"""What commands of `flask --app app` share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from flask.cli import with_appcontext
from sqlalchemy import inspect

from core.database import db

Given = ParamSpec("Given")
Result = TypeVar("Result")


def on_its_tables(command: Callable[Given, Result]) -> Callable[Given, Result]:
    """Run a command with the application, or say what to do first where the database has no tables yet."""

    @with_appcontext
    @wraps(command)
    def run(*args: Given.args, **given: Given.kwargs) -> Result:
        if not inspect(db.engine).has_table("members"):
            raise click.ClickException("the database has no tables yet: `flask --app app db upgrade` makes them")
        return command(*args, **given)

    return run
