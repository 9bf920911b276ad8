"""`flask --app app forget`: what the privacy text promises to forget, forgotten; for a daily timer.

Each feature declares in its `retention.py` what it forgets and how long after
(`core.registries.forgets`); here stands what belongs to no feature.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

import click
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from core import audit_verify
from core.clock import now
from core.database import execute_count, in_transaction, rate_limits
from core.operations import LedgerRow
from core.registries import forgets, forgettings

log = logging.getLogger("huiyou.retention")


@forgets("core.audit", months=36)
def audit_entries(before: datetime) -> int:
    """What admins did, after three years; a signed mark tells where the chain begins since."""
    return audit_verify.begin_after(before)


@forgets("core.ledger", days=400)
def ledger_rows(before: datetime) -> int:
    """What operations came to: a phone that was away so long is told anew (offline protocol, "Deciding")."""
    return execute_count(delete(LedgerRow).where(LedgerRow.received_at < before))


@forgets("core.rate_limits")
def counters(before: datetime) -> int:
    """Counters whose time is over."""
    return execute_count(delete(rate_limits).where(rate_limits.c.expires_at <= before.timestamp()))


def forget_what_is_due() -> dict[str, int | None]:
    """Forget all that is old enough, each kind in a transaction of its own.

    Returns how many rows of each kind; `None` where it failed, which the log tells and the
    other kinds do not suffer from.
    """
    done: dict[str, int | None] = {}
    for name, forgetting in forgettings.items():
        try:
            done[name] = in_transaction(partial(forgetting, now()))
        except SQLAlchemyError as error:
            log.error("%s was not forgotten: %s", name, type(error).__name__)  # noqa: TRY400 - a trace tells values
            done[name] = None
        else:
            log.info("%s: %d forgotten", name, done[name])
    return done


@click.command("forget")
@with_appcontext
def forget() -> None:
    """Forget what the privacy text promises to forget; once a day is enough, twice does no harm."""
    done = forget_what_is_due()
    for name, count in done.items():
        click.echo(f"{name}: {'failed, see the log' if count is None else count}")
    if None in done.values():
        raise click.ClickException("not everything was forgotten")


def init_app(app: Flask) -> None:
    """Put the command on `flask --app app`."""
    app.cli.add_command(forget)
