"""A backup of another release: an older one is brought up to date, a newer one refused."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import MetaData, column, select, text

from blueprints.accounts.models import Member
from core import audit_verify, backup, generation, restore
from core.clock import now
from core.database import Base, db, is_current
from tests.installations import Make, run

pytestmark = pytest.mark.thorough


def old_backup(app: Flask, path: Path, revision: str) -> None:
    """A backup as the release of `revision` would have written it, from a database at that revision."""
    with app.app_context():
        kept = []
        seen = MetaData()
        seen.reflect(db.engine)
        with zipfile.ZipFile(path, "w") as archive, db.engine.connect() as connection:
            for table in seen.sorted_tables:
                if table.name == "alembic_version" or table.name.startswith("briefing_words"):
                    continue
                known = Base.metadata.tables.get(table.name)
                kinds = {c.name: backup.kind_of(c, known) for c in known.columns} if known is not None else {}
                columns = tuple(
                    backup.ColumnKept(
                        c.name, kinds[c.name] if c.name in kinds else backup.kind_of(c, table), bool(c.nullable)
                    )
                    for c in table.columns
                )
                types = {c.name: restore._TYPES[c.kind] for c in columns}
                typed = [column(name, type_) for name, type_ in types.items()]
                rows = connection.execute(select(*typed).select_from(table)).all()
                writers = [backup._WRITTEN.get(c.kind, lambda value: value) for c in columns]
                lines = b"".join(
                    json.dumps([v if v is None else w(v) for v, w in zip(row, writers, strict=True)]).encode() + b"\n"
                    for row in rows
                )
                archive.writestr(f"tables/{table.name}.jsonl", lines)
                kept.append(backup.TableKept(table.name, columns, len(rows), hashlib.sha256(lines).hexdigest()))
            signer = backup.backup_signer()
            written = backup.Manifest("0.9", revision, now(), "sqlite", signer.key_id, tuple(kept)).written()
            archive.writestr("manifest.json", written)
            archive.writestr("manifest.sha256", hashlib.sha256(written).hexdigest())
            archive.writestr("manifest.signature", signer.sign(written))


@pytest.mark.parametrize("revision", ["0001", "0003"])
def test_a_backup_of_an_older_release_is_brought_up_to_date(
    revision: str, new_installation: Make, tmp_path: Path
) -> None:
    from tests.migrations.test_migrations import OF_THE_FIRST

    older, newer = new_installation("older"), new_installation("newer")
    with older.app_context():
        upgrade(revision=revision)
        for statement in OF_THE_FIRST.split(";"):
            db.session.execute(text(statement))
        db.session.commit()
        db.session.remove()
    old_backup(older, tmp_path / "old.zip", revision)
    restored = run(newer, "restore", tmp_path / "old.zip")
    assert restored.exit_code == 0, restored.output
    with newer.app_context():
        assert is_current()
        assert db.session.scalars(select(Member.real_name)).all() == ["张三"]
        assert generation.current() != "0"
        assert audit_verify.verify().faults == []
        db.session.remove()


def test_a_backup_of_a_newer_release_is_refused(new_installation: Make, tmp_path: Path) -> None:
    newer = new_installation("newer")
    with newer.app_context():
        upgrade()
    old_backup(newer, tmp_path / "new.zip", "9999")
    refused = run(new_installation("elsewhere"), "restore", tmp_path / "new.zip")
    assert (refused.exit_code, "newer than this release" in refused.output) == (1, True)


def test_a_database_that_is_behind_is_not_backed_up_as_if_it_were_not(new_installation: Make, tmp_path: Path) -> None:
    app = new_installation("behind")
    with app.app_context():
        upgrade(revision="0001")
    said = run(app, "backup", tmp_path / "a.zip")
    assert (said.exit_code, "flask db upgrade" in said.output) == (1, True)
    assert not [path for path in tmp_path.iterdir() if path.is_file()]
