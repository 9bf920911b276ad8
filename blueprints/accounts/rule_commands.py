"""`flask export-rules` and `publish-rules`: the community's rules as Markdown files that are edited and published.

A file is called after its rule (`community-rules.md`), and its first line is the title.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from blueprints.accounts.models import Rule
from blueprints.accounts.service.community_rules import rule, rules_in_force
from core import audit
from core.clock import now
from core.database import db, in_transaction
from core.settings import ROOT

DRAFTS = ROOT / "demo" / "data" / "rules.jsonl"
_SLUG = re.compile(r"[a-z0-9-]{1,40}")
_TITLE = re.compile(r"# +(\S.{0,79})\n")
Folder = click.Path(path_type=Path, file_okay=False)


@click.command("export-rules")
@click.argument("folder", type=Folder)
@with_appcontext
def export_rules(folder: Path) -> None:
    """Write the rules in force to FOLDER; for those that there are not yet, drafts to begin with."""
    texts = {draft["slug"]: draft["body"] for draft in map(json.loads, DRAFTS.read_text("utf-8").splitlines())}
    texts |= {each.slug: rule(each.slug).body for each in rules_in_force()}
    folder.mkdir(parents=True, exist_ok=True)
    for slug, text in sorted(texts.items()):
        path = folder / f"{slug}.md"
        path.write_text(f"{text.strip()}\n", "utf-8")
        click.echo(path)


@click.command("publish-rules")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@with_appcontext
def publish_rules(folder: Path) -> None:
    """Publish what in FOLDER differs from the rules in force; every member is asked to accept the new versions."""
    texts = {path.stem: _checked(path) for path in sorted(folder.glob("*.md"))}
    published = in_transaction(lambda: publish(texts))
    click.echo("\n".join(published) if published else "没有变化 · nothing changed")


def publish(texts: dict[str, tuple[str, str]]) -> list[str]:
    """Make new versions of the rules whose title and text differ, by slug; the caller commits."""
    in_force = {each.slug: each for each in rules_in_force()}
    published = []
    for slug, (title, body) in texts.items():
        old = in_force.get(slug)
        if old and rule(slug).body.strip() == body.strip():
            continue
        version = old.version + 1 if old else 1
        db.session.add(Rule(slug=slug, version=version, title=title, body=body, published_at=now()))
        before = {"version": old.version, "title": old.title} if old else None
        audit.record(None, "rule.publish", "rule", slug, before=before, after={"version": version, "title": title})
        published.append(f"{slug}: {title} 第 {version} 版")
    return published


def _checked(path: Path) -> tuple[str, str]:
    """Title and text of a file; a `ClickException` says what is wrong with it."""
    try:
        body = path.read_text("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} 不是 UTF-8 · is not UTF-8") from error
    title = _TITLE.match(body)
    if not _SLUG.fullmatch(path.stem):
        raise click.ClickException(f"{path}: 文件名只用小写字母、数字和连字符 · name it in a-z, 0-9 and -")
    if not title or not body[title.end() :].strip():
        raise click.ClickException(f"{path}: 第一行写“# 标题”，下面写正文 · begin with “# Title”, then the text")
    return title[1].strip(), body


def init_app(app: Flask) -> None:
    """Put the commands on `flask --app app`."""
    app.cli.add_command(export_rules)
    app.cli.add_command(publish_rules)
