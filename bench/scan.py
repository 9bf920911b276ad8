"""A crawl of the whole site by a scanner (wapiti) in each role, against a scratch instance on loopback.

`WAPITI=/path/to/wapiti .venv/bin/python -m bench.scan [minutes for each role] [roles]` prints what was found and writes
`bench/results/scan.json`; `docs/security.md` explains it. wapiti stands in a virtual environment of its own
(`pip install wapiti3`), for it needs other versions than ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from bench.harness import Site, site
from bench.report import RESULTS

ROLES = ("visitor", "member", "organizer", "editor", "admin")
MODULES = (
    *("backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "methods"),
    *("permanentxss", "redirect", "sql", "upload", "xss"),
)
"""Those that need no other machine; what guesses names of other programs' files is left out."""
LEFT_OUT = (
    "/logout",
    "/me/erase",
    "/me/password",
    "/me/sessions*",
    "/admin/members/*/suspend",
    "/admin/members/*/roles",
)
"""What would end the session of who scans, or take their role."""
MINUTES = 2.5
LONGEST_SECONDS = 1800
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def scan(scratch: Site, cookie: str | None, minutes: float) -> dict[str, Any]:
    """What wapiti reports: findings by category, and what is merely worth a look."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            os.environ.get("WAPITI", "wapiti"), "--url", f"{scratch.url}/", "--scope", "domain", "--flush-session",
            "--store-session", folder, "--store-config", folder, "--format", "json", "--output", str(report),
            "--no-bugreport", "--module", ",".join(MODULES), "--tasks", "4", "--depth", "6",
            "--max-files-per-dir", "20",
            "--max-scan-time", str(minutes * 30), "--max-attack-time", str(minutes * 60 / len(MODULES)),
            "--header", "Sec-Fetch-Site: same-origin",
        ]  # fmt: skip
        for path in LEFT_OUT:
            command += ["--exclude", f"{scratch.url}{path}"]
        if cookie:
            command += ["--cookie-value", cookie]
        with (scratch.settings.instance / "wapiti.log").open("ab") as log:
            subprocess.run(command, check=False, stdout=log, stderr=log, timeout=LONGEST_SECONDS)
        if not report.exists():
            raise RuntimeError(
                "wapiti made no report:\n" + (scratch.settings.instance / "wapiti.log").read_text()[-2000:]
            )
        return {**json.loads(report.read_text()), "asked": asked(Path(folder))}


def asked(folder: Path) -> list[tuple[str, str, int]]:
    """Method, address and status of each page that the crawl met, out of wapiti's own database."""
    (file,) = folder.glob("*.db")
    query = "SELECT method, url, status_code FROM paths JOIN responses USING (response_id) WHERE NOT evil"
    with contextlib.closing(sqlite3.connect(file)) as kept:
        return [(method, urlsplit(url).path, status) for method, url, status in kept.execute(query)]


def routes(scratch: Site, met: list[tuple[str, str, int]]) -> dict[str, int]:
    """How often the crawl met each of our routes and was let in."""
    adapter = scratch.app.url_map.bind(scratch.host)
    counted: Counter[str] = Counter()
    for method, path, status in met:
        if status in (200, 303, 422):
            with contextlib.suppress(HTTPException, RoutingException):
                rule, _ = adapter.match(path, method, return_rule=True)
                counted[f"{method} {rule.rule}"] += 1
    return dict(sorted(counted.items()))


def findings(report: dict[str, Any]) -> Counter[str]:
    """Each kind of finding, with the page, whichever of its kind, and what of it; how often."""
    return Counter(
        f"{kind}: {each['method']} {ID.sub('ID', each['path'])} {each.get('parameter') or ''} {each['info']}"
        for part in ("vulnerabilities", "anomalies")
        for kind, found in report.get(part, {}).items()
        for each in found
    )


def is_logged_in(scratch: Site, cookie: str) -> bool:
    """Whether the session still lives."""
    asked = urllib.request.Request(f"{scratch.url}/me", headers={"Cookie": cookie})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return bool(answer.headers["Account"])
    except urllib.error.HTTPError:
        return False


def answered(lines: list[str]) -> Counter[int]:
    """How often each status was answered: to what was written, and to what failed."""
    said = [json.loads(line) for line in lines if line.startswith("{")]
    return Counter(line["status"] for line in said if line.get("logger") == "huiyou.requests")


def main(minutes: float, roles: tuple[str, ...]) -> None:
    """Scan in each role."""
    if not shutil.which(os.environ.get("WAPITI", "wapiti")):
        sys.exit("wapiti is not here: install wapiti3 into a virtual environment of its own, and name it in WAPITI")
    kept = RESULTS / "scan.json"
    results: dict[str, Any] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    with site() as scratch:
        log = scratch.settings.instance / "server.log"
        for role in roles:
            before = len(log.read_text().splitlines())
            cookie = None
            if role != "visitor":
                cookie = scratch.cookies(scratch.members(*(() if role == "member" else (role,))))[0]
            report = scan(scratch, cookie, minutes)
            found, statuses = findings(report), answered(log.read_text().splitlines()[before:])
            results[role] = {
                "pages": report["infos"].get("crawled_pages_nbr", 0),
                "still logged in": is_logged_in(scratch, cookie) if cookie else None,
                "routes": routes(scratch, report["asked"]),
                "answers": {str(status): times for status, times in sorted(statuses.items())},
                "findings": dict(sorted(found.items())),
            }
            reached = f"{results[role]['pages']} pages of {len(results[role]['routes'])} routes"
            print(f"{role}: {reached}, {sum(found.values())} findings, {dict(statuses)}")
            print("".join(f"  {times}× {line}\n" for line, times in sorted(found.items())), end="", flush=True)
            kept.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(float((sys.argv[1:] or [MINUTES])[0]), tuple(sys.argv[2:]) or ROLES)
