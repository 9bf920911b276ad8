#!/usr/bin/env bash
# What `make test`, `test-fast`, `test-long` and `lint` run, in this order, stopping at the first failure.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
# A run starts hundreds of processes: what one has compiled, the next does not compile again.
export PYTHONDONTWRITEBYTECODE=
# Where there is memory, databases that last for one test do not wait for the disk.
[ ! -w /dev/shm ] || export PYTEST_DEBUG_TEMPROOT=/dev/shm
step() { printf '\n== %s\n' "$1"; }

lint() {
  step "style"; $bin/ruff check .; $bin/ruff format --check .
  beside scripts script_rules
  step "security"; $bin/bandit --quiet --configfile pyproject.toml --recursive app.py core blueprints deploy
  step "types"; $bin/mypy
  step "import rules"; $bin/lint-imports
  joined scripts
}
script_rules() {
  step "scripts: style"; npm --prefix tests/js run --silent lint
  step "scripts: types"; npm --prefix tests/js run --silent types
}
# What needs one core runs beside what needs the other: `beside NAME COMMAND…`, and later `joined NAME`.
said="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || :; rm -rf "$said"' EXIT
beside() { name="$1"; shift; "$@" >"$said/$name" 2>&1 & eval "pid_$name=$!"; }
joined() { eval "pid=\$pid_$1"; wait "$pid" && failed=0 || failed=$?; cat "$said/$1"; return "$failed"; }
short="not race and not long and not browser and not invariant"
rules() {
  step "unit and http, SQLite"
  # The longest come first, so that at the end no core waits for the other.
  $bin/pytest -q -n 2 tests/architecture tests/contracts tests/http tests/unit "$@"
}

case "${1:-all}" in
  lint) lint ;;
  fast) rules -m "$short and not thorough and not unhurried" ;;
  all)
    lint
    export HUIYOU_COVERAGE="$said/lines"; mkdir "$HUIYOU_COVERAGE"
    PYTHONPATH=. rules -p tests.covering -m "$short"
    step "coverage of core, rules and services"; $bin/python -m tests.coverage_floor "$HUIYOU_COVERAGE"
    step "http, PostgreSQL"
    TEST_DATABASE=postgresql $bin/pytest -q -n 2 tests/migrations tests/http -m "$short and not thorough"
    step "migrations, SQLite; beside them the scripts"
    beside scripts npm --prefix tests/js run --silent test
    $bin/pytest -q tests/migrations
    joined scripts
    step "races; beside them, nothing lost, nothing twice: the engine and the server"
    beside invariant $bin/pytest -q -s tests/offline -m "invariant and not long"
    $bin/pytest -q --reruns 2 -r fER tests -m "race and not long"
    joined invariant
    step "nothing lost, nothing twice: three browsers"; $bin/pytest -q -n 2 --reruns 2 -r fER tests/offline -m "browser and not long"
    step "browser"; $bin/pytest -q -n 2 --reruns 2 -r fER tests/browser -m "not long"
    ;;
  long)
    step "http, PostgreSQL: the thorough ones, too"
    TEST_DATABASE=postgresql $bin/pytest -q -n 2 tests/http -m "$short and thorough"
    step "long"; CHROMIUM="${CHROMIUM:-/usr/bin/chromium}" $bin/pytest -q tests -m long
    ;;
  *) echo "usage: $0 [all|fast|long|lint]" >&2; exit 2 ;;
esac
