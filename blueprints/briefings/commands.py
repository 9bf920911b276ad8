"""`flask --app app import-briefings`: newsletters of earlier years into the archive."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from blueprints.briefings import search_index
from blueprints.briefings.importing.taking_in import candidate, keep_file
from core.database import in_transaction
from core.errors import Refusal


@click.command("import-briefings")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be recognised; keep nothing.")
@with_appcontext
def import_briefings(files: tuple[Path, ...], *, dry_run: bool) -> None:
    """Read .txt and .docx newsletters into the archive, and say of each what was found and what was not."""
    failed = 0
    for path in files:
        found = candidate(path.name, path.read_bytes())
        click.echo(f"\n{path.name}")
        if found.reason:
            failed += 1
            click.echo(f"  ✕ {found.reason}")
            continue
        for name, value in found.report():
            click.echo(f"  {name}：{value or '—'}")
        for remark in found.remarks():
            click.echo(f"  · {remark}")
        if dry_run:
            continue
        try:
            place = in_transaction(lambda found=found: keep_file(found).place)  # type: ignore[misc]
        except Refusal as refusal:
            failed += 1
            click.echo(f"  ✕ {refusal.message}")
        else:
            click.echo(f"  ✓ {place}")
    if failed:
        raise click.ClickException(f"{failed} of {len(files)} not imported.")


@click.command("index-briefings")
@with_appcontext
def index_briefings() -> None:
    """Make the search index of the briefings anew, for instance after a restore from another database."""
    click.echo(f"{in_transaction(search_index.rebuild)} issues indexed.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(import_briefings)
    app.cli.add_command(index_briefings)
