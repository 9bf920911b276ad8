"""`flask demo`: the fictional community in an empty database, as large as wanted."""

from __future__ import annotations

import click

from core.commands import on_its_tables


@click.command("demo")
@click.option("--members", default=331, show_default=True, type=click.IntRange(min=331), help="How many members.")
@click.option("--seed", default=1118, show_default=True, help="Another number, another community.")
@on_its_tables
def demo(members: int, seed: int) -> None:
    """Load the fictional community into an empty database."""
    from demo.load import NotEmpty, load, log_ins

    try:
        load(members, seed)
    except NotEmpty as error:
        raise click.ClickException("The database has members already; nothing was loaded.") from error
    click.echo("\n".join(log_ins()))
