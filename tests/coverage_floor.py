"""Fails when a file of the core, or any feature's rules or service, has less than 95 % of its lines covered."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import slipcover

FLOOR = 95.0
ELSEWHERE = {
    "blueprints/accounts/service/passkeys.py": "a browser's authenticator signs: tests/browser/test_passkeys.py",
    "blueprints/reports/service.py": "the rest is held by the long run",
    "core/faults.py": "disks and databases fail under a server of its own: tests/http/test_faults.py, test_crash.py",
    "core/metrics.py": "two workers share one port: tests/http/test_serving.py",
    "core/migrating.py": "the command runs in a process of its own: tests/http/test_migrating.py",
    "core/search.py": "half of it speaks to PostgreSQL alone",
    "core/settings.py": "read by servers before any test's application is made",
}
HELD = re.compile(r"^(core/|blueprints/\w+/(rules|service|answers|common)\.py|blueprints/\w+/service/)")


def main() -> int:
    """Add up what the processes of the last run wrote to a folder; print what is below the floor."""
    first, *others = [json.loads(part.read_text()) for part in sorted(Path(sys.argv[1]).glob("*.json"))]
    for other in others:
        slipcover.merge_coverage(first, other)
    files = first["files"]
    shares = {
        name: file["summary"]["percent_covered"]
        for name, file in files.items()
        if HELD.match(name) and name not in ELSEWHERE
    }
    below = {name: share for name, share in shares.items() if share < FLOOR}
    for name, share in sorted(below.items()):
        print(f"{name}: {share:.1f} % of lines, missing {files[name]['missing_lines']}")
    print(f"{len(shares) - len(below)} of {len(shares)} files at {FLOOR:.0f} % or more")
    return 1 if below or not shares else 0


if __name__ == "__main__":
    sys.exit(main())
