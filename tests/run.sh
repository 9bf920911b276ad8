#!/usr/bin/env bash
# What `make test`, `test-fast`, `test-long` and `lint` run, in this order, stopping at the first failure.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
# Where there is memory, databases that last for one test do not wait for the disk.
[ ! -w /dev/shm ] || export PYTEST_DEBUG_TEMPROOT=/dev/shm
step() { printf '\n== %s\n' "$1"; }

lint() {
  step "style"; $bin/ruff check .; $bin/ruff format --check .
  step "security"; $bin/bandit --quiet --configfile pyproject.toml --recursive app.py core blueprints deploy
  step "types"; $bin/mypy
  step "import rules"; $bin/lint-imports
  step "scripts: style"; npm --prefix tests/js run --silent lint
  step "scripts: types"; npm --prefix tests/js run --silent types
}
short="not race and not long and not browser and not invariant"
rules() {
  step "unit and http, SQLite"
  $bin/pytest -q -n 2 tests/unit tests/http tests/architecture tests/contracts "$@"
}

case "${1:-all}" in
  lint) lint ;;
  fast) rules -m "$short and not thorough" ;;
  all)
    lint
    rules -m "$short" --ignore tests/http/test_naughty.py --ignore tests/http/test_naughty_pages.py --cov --cov-report=
    step "coverage of core, rules and services"; $bin/python -m tests.coverage_floor
    step "naughty strings"; $bin/pytest -q -n 2 tests/http/test_naughty.py tests/http/test_naughty_pages.py -m "$short"
    step "http, PostgreSQL"
    TEST_DATABASE=postgresql $bin/pytest -q -n 2 tests/http tests/migrations -m "$short and not thorough"
    step "migrations, SQLite"; $bin/pytest -q tests/migrations
    step "races"; $bin/pytest -q --reruns 2 tests -m "race and not long"
    step "scripts"; npm --prefix tests/js run --silent test
    step "nothing lost, nothing twice: the engine and the server"; $bin/pytest -q -s tests/offline -m "invariant and not long"
    step "nothing lost, nothing twice: three browsers"; $bin/pytest -q -n 2 --reruns 2 tests/offline -m "browser and not long"
    step "browser"; $bin/pytest -q -n 2 --reruns 2 tests/browser -m "not long"
    ;;
  long) step "long"; $bin/pytest -q tests -m long ;;
  *) echo "usage: $0 [all|fast|long|lint]" >&2; exit 2 ;;
esac
