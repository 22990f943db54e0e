# The commands of this house. Each does all the set-up it needs, and does nothing twice.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test coverage check format bench parity wheel services lock set-up viewer clean

VENV := .venv
BIN := $(VENV)/bin
VIEWER := src/isotherm/app/static/viewer/niivue.umd.js
PIP := $(BIN)/python -m pip --disable-pip-version-check

# The first Python that is new enough and can make virtual environments; `make PYTHON=... demo` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; \
	done)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name says; do \
	printf '%-16s %s\n' "$$name" "$$says"; done

demo: $(VENV)/.package $(VIEWER) ## set up, then the bundled CT: from masks to report
	$(BIN)/isotherm demo

TESTS := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test: $(VENV)/.dev $(VIEWER) ## everything that should stay true
	$(TESTS)

coverage: $(VENV)/.dev ## which lines and branches of the pure rooms their own tests reach
	$(TESTS) --cov --cov-report=term-missing:skip-covered --ignore=tests/app --ignore=tests/registry --ignore=tests/house

check: $(VENV)/.dev ## format, lint, types, direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: $(VENV)/.dev ## put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## accuracy and seconds beside the reference programs
	$(BIN)/python -m bench

parity: $(VENV)/.dev ## the study engine beside R: largest difference of every family, and its limit
	$(BIN)/python -m bench.parity

wheel: $(VENV)/.package $(VIEWER) ## build the wheel, install it into an empty environment, run the demo from there
	rm -rf dist
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	scripts/try-wheel $(BIN)/python dist/*.whl

services: ## install what some tests need beside Python: Chromium, dciodvfy, Orthanc, PostgreSQL
	@scripts/services

lock: $(VENV)/.python ## newest versions within the bounds, with hashes and without any address
	scripts/lock $(BIN)/python

set-up: $(VENV)/.dev $(VIEWER) ## the environment of a developer, without running anything

viewer: $(VIEWER) ## fetch the interactive viewer (NiiVue) into the package

clean: ## remove everything that the other commands made
	rm -rf $(VENV) dist web/node_modules src/isotherm/app/static/viewer src/isotherm/app/static/web/vendor .coverage .hypothesis .pytest_cache .ruff_cache \
		.import_linter_cache

# A stamp in .venv says which step of the set-up is done. A set-up that was interrupted, or a checkout that was moved
# (a virtual environment holds its own path), starts over.
ifneq ($(shell test -x $(BIN)/python -a ! -e $(VENV)/.unfinished && cat $(VENV)/.python 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.python
endif

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "isotherm needs Python 3.11 or newer with venv, and found none." \
		"On Debian or Ubuntu: apt install python3-venv. Elsewhere: make PYTHON=/path/to/python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	@echo "$(CURDIR)" > $@

# --no-deps: the lock files are complete, and pip would otherwise look at versions released since they were written.
install = @touch $(VENV)/.unfinished; \
	echo "$(PIP) install $(1)"; \
	if $(PIP) install --quiet $(1); then rm $(VENV)/.unfinished && touch $@; else rm $(VENV)/.unfinished; exit 1; fi

$(VENV)/.locked: requirements.lock $(VENV)/.python
	$(call install,--no-deps --require-hashes -r requirements.lock)

$(VENV)/.package: pyproject.toml src/isotherm/__init__.py $(VENV)/.locked
	$(call install,--no-deps --no-build-isolation --editable .)

$(VENV)/.dev: requirements-dev.lock $(VENV)/.package
	$(call install,--no-deps --require-hashes -r requirements-dev.lock)

$(VIEWER): web/build.py web/package.json web/package-lock.json web/niivue.LICENSE | $(VENV)/.python
	$(BIN)/python web/build.py
