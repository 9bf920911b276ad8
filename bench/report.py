"""What was measured, beside its peers and its budget: as a table, and as `bench/results/<name>.json`."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

RESULTS = Path(__file__).parent / "results"
HEADINGS = ("what", "ours", "pretix", "Indico", "budget", "verdict")


@dataclass(frozen=True)
class Line:
    """One figure. `at_most` or `at_least` is its budget, in the same unit; without either it is shown for itself."""

    what: str
    ours: float
    unit: str = ""
    pretix: float | None = None
    indico: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def within(self) -> bool | None:
        """Whether the figure keeps its budget; `None` without one."""
        if self.at_most is not None:
            return self.ours <= self.at_most
        return None if self.at_least is None else self.ours >= self.at_least

    @property
    def verdict(self) -> str:
        """`within` or `over` in words, with the ratio to the better peer where there is one."""
        words = {True: "within", False: "over", None: ""}[self.within]
        bound = self.at_least if self.at_least is not None else self.at_most
        share = f" ({self.ours / bound:.2f} of the budget)" if bound and words else ""
        return " ".join(filter(None, (words + share, self.note)))

    def cells(self) -> tuple[str, ...]:
        budget = "-"
        if self.at_most is not None:
            budget = f"≤ {_shown(self.at_most)}"
        elif self.at_least is not None:
            budget = f"≥ {_shown(self.at_least)}"
        ours = f"{_shown(self.ours)} {self.unit}".strip()
        return (self.what, ours, self._peer(self.pretix), self._peer(self.indico), budget, self.verdict)

    def _peer(self, figure: float | None) -> str:
        if figure is None:
            return "-"
        if not self.ours or not figure:
            return _shown(figure)
        times = self.ours / figure if self.at_least is not None else figure / self.ours
        return f"{_shown(figure)} ({times:.1f} x)"


def _shown(figure: float) -> str:
    if float(figure).is_integer():
        return f"{int(figure):,}"
    return f"{figure:,.3f}" if abs(figure) < 1 else f"{figure:,.1f}" if abs(figure) >= 10 else f"{figure:,.2f}"


def table(title: str, lines: Iterable[Line]) -> str:
    """The lines as a person reads them. A ratio beside a peer's figure says how many times better ours is."""
    rows = [HEADINGS, *(line.cells() for line in lines)]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(HEADINGS))]
    printed = [
        "  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join((f"\n== {title}", printed[0], "-" * _width(printed[0]), *printed[1:]))


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def yardstick() -> float:
    """How many milliseconds five million additions take just now: what a shared machine can do changes by the hour."""
    begun, number = time.perf_counter(), 0
    while number < 5_000_000:
        number += 1
    return round(1000 * (time.perf_counter() - begun))


def machine(database: str) -> dict[str, Any]:
    """What the figures depend on; neither host names nor paths."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "database": database,
        "load_average_1m": round(os.getloadavg()[0], 2),
    }


def write(name: str, title: str, lines: Iterable[Line], facts: dict[str, Any], more: dict[str, Any]) -> None:
    """Keep a benchmark's last result."""
    RESULTS.mkdir(exist_ok=True)
    result = {
        "benchmark": title,
        "measured_on": datetime.now(UTC).date().isoformat(),
        "machine": facts,
        "lines": [{**asdict(line), "within": line.within} for line in lines],
        **({"more": more} if more else {}),
    }
    text = json.dumps(result, ensure_ascii=False, indent=1, default=str)
    (RESULTS / f"{name}.json").write_text(text + "\n", "utf-8")


@dataclass(frozen=True)
class Result:
    """What one benchmark hands back: its lines, and details for the file."""

    lines: list[Line]
    more: dict[str, Any]
