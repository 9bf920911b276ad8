"""`flask export-rules` and `publish-rules`: the community's rules as Markdown files that are edited and published.

A file is called after its rule (`community-rules.md`), and its first line is the title.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from blueprints.accounts.rules import NOTICE_DAYS, title_of
from blueprints.accounts.service.community_rules import rules_in_force
from blueprints.accounts.service.rule_changes import newest, publish
from core.clock import today
from core.database import in_transaction
from core.settings import ROOT

DRAFTS = ROOT / "demo" / "data" / "rules.jsonl"
_SLUG = re.compile(r"[a-z0-9-]{1,40}")
Folder = click.Path(path_type=Path, file_okay=False)


@click.command("export-rules")
@click.argument("folder", type=Folder)
@with_appcontext
def export_rules(folder: Path) -> None:
    """Write the rules to FOLDER as they are in force, or announced; for those that there are not yet, drafts."""
    texts = {draft["slug"]: draft["body"] for draft in map(json.loads, DRAFTS.read_text("utf-8").splitlines())}
    texts |= {each.slug: newest(each).body for each in rules_in_force()}
    folder.mkdir(parents=True, exist_ok=True)
    for slug, text in sorted(texts.items()):
        path = folder / f"{slug}.md"
        path.write_text(f"{text.strip()}\n", "utf-8")
        click.echo(path)


@click.command("publish-rules")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="The day from which it is in force, YYYY-MM-DD; in seven days."
)
@with_appcontext
def publish_rules(folder: Path, on: datetime | None) -> None:
    """Announce what in FOLDER differs from the rules; the old version is in force until the day comes."""
    day = on.date() if on else today() + timedelta(days=NOTICE_DAYS)
    if day < today():
        raise click.BadParameter("这一天已经过去了 · this day is past", param_hint="--on")
    texts = {path.stem: _checked(path) for path in sorted(folder.glob("*.md"))}
    published = in_transaction(lambda: publish(texts, day))
    click.echo("\n".join(published) if published else "没有变化 · nothing changed")


def _checked(path: Path) -> tuple[str, str]:
    """Title and text of a file; a `ClickException` says what is wrong with it."""
    try:
        body = path.read_text("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} 不是 UTF-8 · is not UTF-8") from error
    title = title_of(body)
    if not _SLUG.fullmatch(path.stem):
        raise click.ClickException(f"{path}: 文件名只用小写字母、数字和连字符 · name it in a-z, 0-9 and -")
    if title is None:
        raise click.ClickException(f"{path}: 第一行写“# 标题”，下面写正文 · begin with “# Title”, then the text")
    return title, body


def init_app(app: Flask) -> None:
    """Put the commands on `flask --app app`."""
    app.cli.add_command(export_rules)
    app.cli.add_command(publish_rules)
