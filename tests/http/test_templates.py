"""Templates are compiled once for all workers and all starts; a broken disk costs time, and nothing else."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from jinja2 import DictLoader, Environment

from core.templates import Compiled
from tests.client import Browser


def compiled(app: Flask) -> Path:
    return Path(app.instance_path) / "templates"


def test_a_template_that_was_shown_lies_compiled_where_the_next_start_finds_it(app: Flask, client: Browser) -> None:
    assert client.get("/").status == 200
    assert len(list(compiled(app).iterdir())) > 3
    assert compiled(app).stat().st_mode & 0o077 == 0


def test_another_text_is_compiled_anew_and_replaces_the_old(tmp_path: Path) -> None:
    def shown(text: str) -> str:
        kept = Environment(loader=DictLoader({"page": text}), bytecode_cache=Compiled(str(tmp_path)), autoescape=True)
        return kept.get_template("page").render()

    assert shown("早") == "早"
    assert shown("早") == "早"
    assert shown("晚") == "晚"
    assert len(list(tmp_path.iterdir())) == 1


def test_where_nothing_can_be_written_pages_open_all_the_same(tmp_path: Path) -> None:
    nowhere = tmp_path / "gone"
    kept = Environment(loader=DictLoader({"page": "早"}), bytecode_cache=Compiled(str(nowhere)), autoescape=True)
    assert kept.get_template("page").render() == "早"
