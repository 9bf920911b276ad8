"""The rules as files: written out, edited, published."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import Rule
from core.audit import AuditEntry
from core.database import db
from tests.client import Browser
from tests.people import People

SLUGS = {"community-rules", "posting-donts", "sharing-hour", "red-packets", "integrity-pledge", "privacy-policy"}


def run(app: Flask, command: str, folder: Path, *options: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=[command, str(folder), *options])
    return result.exit_code, result.output


def versions(app: Flask) -> dict[str, list[int]]:
    with app.app_context():
        rows = db.session.execute(select(Rule.slug, Rule.version).order_by(Rule.slug, Rule.version)).all()
    found: dict[str, list[int]] = {}
    for slug, version in rows:
        found.setdefault(slug, []).append(version)
    return found


def test_a_new_installation_begins_with_drafts_of_every_rule(app: Flask, client: Browser, tmp_path: Path) -> None:
    assert run(app, "export-rules", tmp_path)[0] == 0
    assert {path.stem for path in tmp_path.glob("*.md")} == SLUGS
    assert run(app, "publish-rules", tmp_path)[0] == 0
    assert versions(app) == {slug: [1] for slug in SLUGS}
    assert "隐私说明" in client.get("/rules")
    assert client.get("/rules/privacy-policy").status == 200


def test_only_what_was_edited_is_published_and_asked_again(app: Flask, people: People, tmp_path: Path) -> None:
    run(app, "export-rules", tmp_path)
    run(app, "publish-rules", tmp_path)
    _, browser = people.logged_in()
    browser.post("/rules/accept")
    assert run(app, "export-rules", tmp_path / "again")[0] == 0
    assert run(app, "publish-rules", tmp_path / "again") == (0, "没有变化 · nothing changed\n")
    edited = tmp_path / "again" / "red-packets.md"
    edited.write_text("\ufeff# 红包四不要\r\n\r\n不要讨。\r\n", "utf-8")
    at_once = run(app, "publish-rules", tmp_path / "again", "--on", "2026-11-21")
    assert at_once == (0, "red-packets: 红包四不要 第 2 版\n")
    assert versions(app)["red-packets"] == [1, 2]
    assert versions(app)["privacy-policy"] == [1]
    page = browser.get("/rules")
    assert "有 1 份规则改过" in page
    assert "红包四不要 第 2 版" in page
    with app.app_context():
        act = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert act
        assert (act.act, act.subject_id, act.after) == (
            "rule.publish",
            "red-packets",
            {"version": 2, "title": "红包四不要"},
        )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("privacy-policy.md", "没有标题。\n".encode()),
        ("privacy-policy.md", "# 只有标题\n".encode()),
        ("privacy-policy.md", ("# " + "长" * 81 + "\n\n正文\n").encode()),
        ("privacy-policy.md", "# 标题\n\n正文\n".encode("gb18030")),
        ("隐私.md", "# 标题\n\n正文\n".encode()),
    ],
)
def test_a_file_that_cannot_be_a_rule_publishes_nothing(app: Flask, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "community-rules.md").write_text("# 群规\n\n守时。\n", "utf-8")
    (tmp_path / name).write_bytes(content)
    code, said = run(app, "publish-rules", tmp_path)
    assert code == 1
    assert name in said
    assert versions(app) == {}
