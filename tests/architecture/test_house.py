"""The walls of the house that no other tool holds."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import brotli

ROOT = Path(__file__).resolve().parents[2]


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_nothing_of_the_product_imports_the_application() -> None:
    files = [*ROOT.glob("core/**/*.py"), *ROOT.glob("blueprints/**/*.py")]
    assert [path for path in files if "app" in _imports(path)] == []


def test_a_rule_of_the_business_knows_no_flask_no_session_and_no_clock() -> None:
    for path in ROOT.glob("blueprints/*/rules.py"):
        foreign = {name for name in _imports(path) if name.split(".")[0] in ("flask", "flask_sqlalchemy")}
        foreign |= _imports(path) & {"core.clock", "core.database", "core.operations", "core.pages"}
        assert not foreign, path


def test_no_service_commits() -> None:
    for path in ROOT.glob("blueprints/**/*.py"):
        if "service" in path.parts or path.name in ("service.py", "acts.py", "seats.py"):
            assert "session.commit()" not in path.read_text("utf-8"), path


def test_what_keeps_and_sends_on_the_phone_weighs_at_most_12_kilobytes() -> None:
    static = ROOT / "static"
    parts = json.loads((static / "assets.json").read_text("utf-8"))["engine.js"]
    served = (b"\n".join((static / part).read_bytes() for part in parts), (static / "sw/worker.js").read_bytes())
    assert sum(len(brotli.compress(script, quality=11)) for script in served) <= 12 * 1024
