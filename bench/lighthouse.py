"""What Lighthouse says of the pages on a phone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from bench.harness import Site
from bench.report import Line, Result

TITLE = "Lighthouse, mobile"
VERSION = "12.8.2"
FOLDER = Path(__file__).parent / "node_modules"
RUNS = 3
ATTEMPTS = 3
"""The browser now and then records no trace (`NO_NAVSTART`): the run is then made again."""
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROME = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"


def measure(site: Site) -> Result:
    """The middle of three runs for each page; search engines matter on the public ones alone."""
    if (missing := unavailable()) is not None:
        return Result([], {"not_measured": missing})
    event = f"/events/{site.public_event()}"
    (cookie,) = site.cookies(site.members())
    pages = [("home", "/", ""), ("event", event, ""), ("register", "/register", "")]
    pages += [("needs", "/needs", cookie), ("briefing", _newest_briefing(site, cookie), cookie), ("me", "/me", cookie)]
    lines: list[Line] = []
    lost: dict[str, list[str]] = {}
    for name, path, as_whom in pages:
        reports = [run(site.url + path, as_whom) for _ in range(RUNS)]
        for category in CATEGORIES if not as_whom else CATEGORIES[:3]:
            score = round(100 * median(report["categories"][category]["score"] or 0 for report in reports))
            peers = {"performance": (87, 54), "accessibility": (100, 85), "best-practices": (100, 93), "seo": (91, 83)}
            pretix, indico = peers[category] if name == "event" else (None, None)
            least = 98 if category == "performance" else 100
            lines.append(Line(f"{name}: {category}", score, "", pretix, indico, at_least=least))
        lost[name] = sorted({fault for report in reports for fault in faults(report)})
    return Result(lines, {"lighthouse": VERSION, "runs": RUNS, "audits_below_full_marks": lost})


def unavailable() -> str | None:
    """Installs Lighthouse where that may be done; otherwise says what is missing."""
    if (FOLDER / "lighthouse" / "package.json").exists():
        return None
    if not shutil.which("npm"):
        return "npm is not installed: apt-get install npm"
    install = ["npm", "install", "--no-save", "--no-audit", "--no-fund", f"lighthouse@{VERSION}"]
    done = subprocess.run(
        install,
        cwd=FOLDER.parent,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "npm_config_prefix": ""},
    )
    return None if done.returncode == 0 else f"npm could not install lighthouse@{VERSION}: {done.stderr[-300:]}"


def run(url: str, cookie: str) -> dict[str, Any]:
    """One report."""
    command = ["node", str(FOLDER / "lighthouse" / "cli" / "index.js"), url, "--output=json", "--quiet"]
    command += [f"--chrome-flags={CHROME}", f"--only-categories={','.join(CATEGORIES)}"]
    if cookie:
        command.append(f"--extra-headers={json.dumps({'Cookie': cookie})}")
    chrome = {"CHROME_PATH": os.environ.get("CHROMIUM", "/usr/bin/chromium")}
    for _ in range(ATTEMPTS):
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env={**os.environ, **chrome}, timeout=180
        )
        if done.returncode == 0:
            return dict(json.loads(done.stdout))
    raise RuntimeError(f"lighthouse on {url}: {done.stderr[-500:]}")


def faults(report: dict[str, Any]) -> list[str]:
    """The audits that cost points."""
    found = []
    for category in report["categories"].values():
        for reference in category["auditRefs"]:
            audit = report["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                found.append(f"{audit['id']} {audit.get('displayValue', '')}".strip())
    return found


def _newest_briefing(site: Site, cookie: str) -> str:
    import re

    from bench.client import Phone

    phone = Phone(site, cookie)
    found = re.search(r'href="(/briefings/\d+)"', phone.get("/briefings").body.decode())
    phone.close()
    return found[1] if found else "/briefings"
