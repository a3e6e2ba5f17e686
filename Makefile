# make run    start everything (http://127.0.0.1:8000); Ctrl-C ends it
# make test   every test; installs Chromium for the browser tests when root may
# make lint   style, types, layers, templates, migrations
# make format put the code into its form

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: run test lint format browser clean model-card

VENV := .venv
BIN := $(VENV)/bin
# The newest Python that will do, unless PYTHON names one.
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3; do \
	command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LINTED := src tests $(wildcard bench)
# The linters load the settings; they need no running system.
BUILD := AMENDS_BUILD=1 PYTHONPATH=src DJANGO_SETTINGS_MODULE=amends.config.settings

run: $(VENV)/runtime.stamp
	@exec $(BIN)/amends run

# DATABASE_URL, or an embedded server of the tests' own, which is thrown away afterwards.
test: $(VENV)/development.stamp browser
	@data=$$(mktemp -d); chmod 711 "$$data"; trap 'rm -rf "$$data"' EXIT; \
		AMENDS_DATA="$$data/d" $(BIN)/amends exec $(BIN)/pytest $(PYTEST_OPTIONS)

lint: $(VENV)/development.stamp
	$(BIN)/ruff format --check --quiet $(LINTED)
	$(BIN)/ruff check --quiet $(LINTED)
	$(BUILD) $(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint src
	$(BUILD) AMENDS_DATA=$(VENV)/lint-data $(BIN)/amends exec $(BIN)/python -m django makemigrations --check --dry-run
	$(BIN)/amends --help >/dev/null

format: $(VENV)/development.stamp
	$(BIN)/ruff check --fix-only --quiet $(LINTED)
	$(BIN)/ruff format --quiet $(LINTED)

# The model card from the public data: trains anew (minutes), then writes the page. Without the data only the page.
model-card: $(VENV)/development.stamp
	@data="$${AMENDS_SHARED_DATA:-../shared/data}"; if [ -d "$$data" ]; then $(BIN)/amends model train --data "$$data"; \
		else echo "The public data is not at $$data (name it in AMENDS_SHARED_DATA): the model stays as it is."; fi
	@$(BIN)/amends model card

clean:
	rm -rf $(VENV)

# -- the virtual environment: made once, installed again when the requirements change ----------------------------------

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "Amends needs Python 3.11 or newer: install it (on Debian: apt install python3 python3-venv), or name one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: install it (on Debian: apt install python3-venv)." >&2; exit 1; }
	@mkdir -p $(VENV) 2>/dev/null && [ -w $(VENV) ] || { echo "This folder cannot be written: change its owner, or copy it to a folder of yours." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@[ -e $@ ] || echo "Installing what Amends needs into $(VENV) (once, a minute or two)."
	@$(PIP) install --require-hashes --requirement requirements/runtime.txt
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/development.stamp: requirements/development.txt $(VENV)/runtime.stamp
	@$(PIP) install --require-hashes --requirement requirements/development.txt
	@touch $@

# Browser tests use the system's Chromium. Without it they skip with a reason, except where CI=true.
browser:
	@if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing Chromium for the browser tests."; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; } >/dev/null 2>&1 \
			|| echo "Chromium could not be installed; the browser tests will say so." >&2; \
		else echo "Chromium is missing and this user may not install it; the browser tests will say so." >&2; fi; fi
