"""What an installation needs before anybody comes: memory, seconds, disk."""

from __future__ import annotations

import sys
import tempfile
import threading
from importlib import metadata
from pathlib import Path
from statistics import median

from packaging.requirements import Requirement

from bench.client import Phone, together
from bench.harness import Site
from bench.report import Line, Result
from core.settings import ROOT

TITLE = "Memory, start, size"
STARTS = 5
OURS = ("app.py", "core", "blueprints", "templates", "static", "translations", "migrations", "demo", "deploy")


def measure(site: Site) -> Result:
    """PSS of the server's processes idle and under load; seconds to the first answer; megabytes of packages."""
    (member,) = site.cookies(site.members())
    paths = [("/", ""), (f"/events/{site.public_event()}", ""), ("/needs", member), ("/members", member)]
    site.stop()
    packages, ours = installed(site)
    serving, making = [], []
    for _ in range(STARTS):
        serving.append(site.serve())
        site.stop()
    for _ in range(STARTS):
        making.append(site.serve([sys.executable, "-m", "deploy.start"]))
        site.stop()
    site.serve()
    together(site, 2, paths[1:2] * 2, lambda phone, one: _open(phone, *one))
    idle = pss(site)
    under_load = _under_load(site, paths)
    lines = [
        Line(f"idle, {len(site.processes())} processes", idle, "MB", 1276, 1382, at_most=200),
        Line("under load, at most", under_load, "MB", 1386, 1421, at_most=300),
        Line(
            "start to first answer",
            round(median(making), 2),
            "s",
            11.8,
            12.0,
            at_most=2,
            note="with the check of the database",
        ),
        Line("  the server alone", round(median(serving), 2), "s"),
        Line("installed size", round(packages + ours, 1), "MB", 584, 564, at_most=150),
        Line("  of it packages", round(packages, 1), "MB"),
    ]
    return Result(lines, {"starts_s": [round(s, 2) for s in making], "packages_mb": biggest()})


def pss(site: Site) -> float:
    """Megabytes of the server's processes, what they share counted once."""
    return round(sum(_pss_of(pid) for pid in site.processes()) / 1024, 1)


def _pss_of(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _under_load(site: Site, paths: list[tuple[str, str]]) -> float:
    highest = 0.0
    load = threading.Thread(target=together, args=(site, 16, paths * 800, lambda phone, one: _open(phone, *one)))
    load.start()
    while load.is_alive():
        load.join(0.3)
        highest = max(highest, pss(site))
    return highest


def _open(phone: Phone, path: str, cookie: str) -> None:
    phone.cookie = cookie
    phone.get(path, Accept_Encoding="br")


def installed(site: Site) -> tuple[float, float]:
    """Megabytes of the packages that `requirements.txt` pins, and of the product's own files.

    As `make run` leaves them: pip compiles nothing, Python what a first start imports.
    """
    packages = sum(_package_sizes().values()) + _compiled(site)
    files = [path for name in OURS for path in [ROOT / name, *(ROOT / name).rglob("*")] if path.is_file()]
    ours = sum(path.stat().st_size for path in files if "__pycache__" not in path.parts)
    return packages, ours / 1e6


def _compiled(site: Site) -> float:
    """Megabytes that Python writes beside the packages when a new installation starts."""
    with tempfile.TemporaryDirectory() as folder:
        site.first_start(Path(folder) / "instance", PYTHONPYCACHEPREFIX=f"{folder}/compiled")
        written = Path(folder, "compiled").rglob("*.pyc")
        return sum(path.stat().st_size for path in written if "site-packages" in path.parts) / 1e6


def biggest(count: int = 8) -> dict[str, float]:
    """The packages that take most, in megabytes."""
    sizes = sorted(_package_sizes().items(), key=lambda item: -item[1])
    return {name: round(size, 1) for name, size in sizes[:count]}


def _package_sizes() -> dict[str, float]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if "==" in line and not line.startswith((" ", "#"))]
    names = [pin.name for pin in pins if not pin.marker or pin.marker.evaluate()]
    return {name: _size_of(metadata.distribution(name)) for name in names}


def _size_of(package: metadata.Distribution) -> float:
    files = {Path(str(file.locate())) for file in package.files or () if file.suffix != ".pyc"}
    return sum(path.stat().st_size for path in files if path.exists()) / 1e6
