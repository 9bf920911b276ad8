"""The operator's migration commands, loaded when they are asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.settings import ROOT

pytestmark = pytest.mark.thorough


def test_the_command_names_the_recorded_head() -> None:
    command = [sys.executable, "-m", "flask", "--app", "app", "db", "heads"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert (ROOT / "migrations" / "HEAD").read_text().strip() in result.stdout
