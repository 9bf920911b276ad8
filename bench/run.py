"""`python -m bench.run [names…] [--postgres]`: print what was measured beside its budgets, and keep it."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from importlib import import_module

from bench import report
from bench.harness import site

NAMES = (
    "bytes",
    "sync",
    "paint",
    "tap",
    "throughput",
    "signups",
    "door",
    "race",
    "queries",
    "memory",
    "offline",
    "archive",
    "faults",
    "lighthouse",
)
"""In the order in which they run: what counts the demo's bytes comes before what signs up, plans and posts."""


def main() -> int:
    """Run the named benchmarks, by default all. A figure over its budget is said, not an error."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--postgres", action="store_true", help="on a private PostgreSQL instead of SQLite")
    parser.add_argument("--long", action="store_true", help="also what takes minutes: 10,000 members' phones")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    failed = []
    with site(postgres=given.postgres) as served:
        print(f"{os.cpu_count()} cores, {served.database}; load average before: {os.getloadavg()[0]:.2f}")
        for name in sorted(given.names or NAMES, key=NAMES.index):
            module = import_module(f"bench.{name}")
            facts = report.machine(served.database)
            before = report.yardstick()
            try:
                result = module.measure(served)
            except Exception:
                traceback.print_exc()
                failed.append(name)
                continue
            facts["yardstick_ms"] = [before, report.yardstick()]
            print(report.table(module.TITLE, result.lines), flush=True)
            print(f"the yardstick of this machine: {before:.0f} ms before, {facts['yardstick_ms'][1]:.0f} ms after")
            if missing := result.more.get("not_measured"):
                print(f"not measured: {missing}")
            suffix = "-postgresql" if given.postgres else ""
            report.write(name + suffix, module.TITLE, result.lines, facts, result.more)
    if failed:
        print(f"\nnot measured: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
