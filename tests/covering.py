"""A plugin of pytest that notes which lines of the product were run: `pytest -p tests.covering`.

Each process writes what it saw to the folder that `HUIYOU_COVERAGE` names;
`python -m tests.coverage_floor` adds it up.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import slipcover
from slipcover.importer import SlipcoverMetaPathFinder

COVERED = ("core", "blueprints")


class ProductFinder(SlipcoverMetaPathFinder):
    """Watches the product's modules alone; tests are imported as ever."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As any finder, for modules of the product."""
        if fullname.partition(".")[0] not in COVERED:
            return None
        return super().find_spec(fullname, path, target)


lines = slipcover.Slipcover(immediate=True, source=list(COVERED), exclude_also=["raise AssertionError"])
sys.meta_path.insert(0, ProductFinder(lines, slipcover.FileMatcher(sources=COVERED)))


def pytest_sessionfinish() -> None:
    """Write down what this process ran."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    (Path(os.environ["HUIYOU_COVERAGE"]) / f"{worker}.json").write_text(json.dumps(lines.get_coverage()))
