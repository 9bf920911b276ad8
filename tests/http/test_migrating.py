"""The operator's migration commands, loaded when they are asked for."""

from __future__ import annotations

from flask import Flask

from core.settings import ROOT


def test_the_command_names_the_recorded_head(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["db", "heads"])
    assert result.exit_code == 0, result.output
    assert (ROOT / "migrations" / "HEAD").read_text().strip() in result.output
