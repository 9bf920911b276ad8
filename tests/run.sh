#!/usr/bin/env bash
# What `make test`, `test-fast`, `test-long` and `lint` run, in this order, stopping at the first failure.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
step() { printf '\n== %s\n' "$1"; }

lint() {
  step "style"; $bin/ruff check .; $bin/ruff format --check .
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
    rules -m "$short and not thorough" --cov --cov-report=
    step "coverage of core, rules and services"; $bin/python -m tests.coverage_floor
    step "thorough"; $bin/pytest -q -n 2 tests/unit tests/http tests/architecture tests/contracts -m "$short and thorough"
    step "http, PostgreSQL"
    TEST_DATABASE=postgresql $bin/pytest -q -n 2 tests/http tests/migrations -m "$short and not thorough"
    step "migrations, SQLite"; $bin/pytest -q tests/migrations
    step "races"; $bin/pytest -q tests -m race
    step "scripts"; npm --prefix tests/js run --silent test
    step "nothing lost, nothing twice: the engine and the server"; $bin/pytest -q -s tests/offline -m "invariant and not long"
    step "nothing lost, nothing twice: three browsers"; $bin/pytest -q -n 2 tests/offline -m "browser and not long"
    step "browser"; $bin/pytest -q -n 2 tests/browser -m "not long"
    ;;
  long) step "long"; $bin/pytest -q tests -m long ;;
  *) echo "usage: $0 [all|fast|long|lint]" >&2; exit 2 ;;
esac
