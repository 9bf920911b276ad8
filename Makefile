# `make help` lists what there is to do.
# A distribution's own Python is built with optimizations that others leave out, and serves a quarter more: where it
# is one of those that Huiyou runs on and can make a venv, it is taken.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && echo /usr/bin/)python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Python compiles what is imported, and keeps it; pip would compile everything, 30 MB for the most part never read.
PLAIN := --no-compile

.PHONY: help run test test-fast test-long bench lint browser-packages pins screenshots clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

.venv/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Huiyou needs Python 3.11 or newer; set PYTHON=…"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "no venv module: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet $(PLAIN) --requirement requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(BIN)/python -m pip install --quiet $(PLAIN) --requirement requirements-dev.txt
	@touch $@

# What checks the scripts; nothing of it is shipped. Node and npm come with the packages.
tests/js/node_modules/.installed: tests/js/package-lock.json | browser-packages
	npm --prefix tests/js ci --silent --no-audit --no-fund
	@touch $@

run: .venv/.installed ## Start Huiyou, with its demo community when the database is new
	@$(BIN)/python -m deploy.start

test: .venv/.installed-dev browser-packages tests/js/node_modules/.installed ## Everything that CI runs
	@tests/run.sh all

test-fast: .venv/.installed-dev ## Unit and HTTP tests on SQLite, under a minute
	@tests/run.sh fast

test-long: .venv/.installed-dev browser-packages tests/js/node_modules/.installed ## The long fuzz, chaos and crash runs
	@tests/run.sh long

lint: .venv/.installed-dev browser-packages tests/js/node_modules/.installed ## Style, types, import rules, of Python and scripts
	@tests/run.sh lint

bench: .venv/.installed-dev browser-packages ## Measure; prints tables, writes bench/results/*.json
	@$(BIN)/python -m bench.run

browser-packages: ## Debian's browsers, Node, fonts and PostgreSQL, which the tests drive
	@tests/packages.sh

pins: .venv/.installed-dev ## Write requirements*.txt anew from requirements*.in
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links requirements.in -o requirements.txt
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe requirements-dev.in -o requirements-dev.txt

screenshots: .venv/.installed-dev browser-packages ## Take the README's pictures anew
	@$(BIN)/python -m docs.screenshots

clean: ## Remove what `make` installed and built (not instance/)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
