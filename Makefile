# `make run` serves Handraise, `make test` runs every test; `make help` lists the rest.
# Variables of the environment reach the server: `PORT=9000 make run`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Compiled tests are kept where the environment forbids it too: half of what a second run reads.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

# A stamp is newer than the lock it was installed from, so that nothing is installed twice.
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
BAML_CLIENT := bot/adapters/planner/baml_client/__init__.py
BENCH_VENV := build/bench-venv
BENCH := $(BENCH_VENV)/.installed

INSTALL := -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
FAULT_TESTS = $(wildcard tests/faults/test_*.py)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test faults fuzz lint format bench lock clean baml

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

run: $(RUNTIME) $(BAML_CLIENT) $(BIN)/handraise ## Install what is missing, migrate the database and serve
	@exec $(BIN)/python -m web

test: $(DEV) $(BAML_CLIENT) $(BIN)/handraise ## Run all tests but those that kill servers, which are `make faults`
	$(PYTEST) -n auto --ignore=tests/faults

faults: $(DEV) $(BAML_CLIENT) ## Run the tests that kill, pause and starve real servers
	$(if $(FAULT_TESTS),TMPDIR=$${TMPDIR:-/tmp} $(PYTEST) -n 2 tests/faults,@echo "tests/faults has no tests.")

fuzz: $(DEV) $(BAML_CLIENT) ## Try every endpoint with what schemathesis makes of its description, for a minute
	$(BIN)/python -m tests.fuzz

pictures: $(DEV) $(BAML_CLIENT) ## Take the README's pictures anew, of a real server in a real browser
	$(BIN)/python -m tests.browser.pictures

lint: $(DEV) $(BAML_CLIENT) ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict bot web
	$(BIN)/lint-imports

format: $(DEV) ## Format the code and sort its imports
	$(BIN)/ruff check --fix-only --select I .
	$(BIN)/ruff format .

baml: $(BAML_CLIENT) ## Generate the client of the LLM functions when they changed

# `make bench SWEEP="--many 100000"` is content with fewer pending questions than a million, and
# `make bench POSTGRES=1` sweeps PostgreSQL too, with what `make test` installs.
bench: $(BENCH) $(BAML_CLIENT) ## Measure cycles beside LangGraph, old sessions beside young ones, the start, Slack's intake, chat, prompts and sweeps
	$(BENCH_VENV)/bin/python -m bench.cycles
	$(BENCH_VENV)/bin/python -m bench.growth
	$(BENCH_VENV)/bin/python -m bench.start
	$(BENCH_VENV)/bin/python -m bench.slack_intake
	$(BENCH_VENV)/bin/python -m bench.chat
	$(BENCH_VENV)/bin/python -m bench.prompt
	$(BENCH_VENV)/bin/python -m bench.sweep $(SWEEP)
	$(if $(POSTGRES),$(BIN)/python -m bench.sweep --postgres $(SWEEP))

# The directory is a prerequisite too: a function that is removed leaves no newer file behind.
$(BAML_CLIENT): baml_src $(wildcard baml_src/*.baml) | $(VENV)/.any
	@test -x $(BIN)/baml-cli || $(MAKE) --no-print-directory $(RUNTIME)
	@echo "Generating the BAML client ..."
	@$(BIN)/baml-cli generate --from baml_src
	@touch $@

$(RUNTIME): requirements.lock | $(VENV)/.any
	@echo "Installing requirements.lock (the first time takes a minute) ..."
	@$(BIN)/python $(INSTALL) -r requirements.lock
	@touch $@

# What development adds is locked on top of the runtime's own lock, so it serves for both.
$(DEV): requirements-dev.lock requirements.lock | $(VENV)/.any
	@echo "Installing requirements-dev.lock (the first time takes a minute) ..."
	@$(BIN)/python $(INSTALL) -r requirements-dev.lock
	@touch $(RUNTIME) $@

$(BENCH): requirements-bench.lock
	$(call check_python)
	@$(PYTHON) -m venv $(BENCH_VENV)
	@echo "Installing requirements-bench.lock ..."
	@$(BENCH_VENV)/bin/python $(INSTALL) -r requirements-bench.lock
	@touch $@

# The operator's command, without installing the project itself: what runs is what stands here.
$(BIN)/handraise: Makefile | $(VENV)/.any
	@printf '%s\n' '#!/bin/sh' 'PYTHONPATH="$(CURDIR)$${PYTHONPATH:+:$$PYTHONPATH}" \' \
		'    exec "$(CURDIR)/$(BIN)/python" -m web.cli "$$@"' >$@
	@chmod +x $@

$(VENV)/.any:
	$(call check_python)
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

define check_python
@command -v $(PYTHON) >/dev/null || { \
	echo "Handraise needs Python 3.11 or newer, but there is no $(PYTHON): install it, or name one as in 'make run PYTHON=/path/to/python3.11'." >&2; exit 1; }
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Handraise needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1): name another as in 'make run PYTHON=python3.11'." >&2; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	echo "This Python cannot make virtual environments: on Debian or Ubuntu, install the package python3-venv first." >&2; exit 1; }
endef

# uv lives in a folder that is thrown away: it is needed for nothing else. What is measured has the
# versions that run, except uuid-utils, of which LangGraph wants an older one.
LOCK := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml
lock: ## Lock the newest versions that pyproject.toml allows (UPGRADE= keeps the ones locked now)
	$(call check_python)
	@set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; \
	"$$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv; \
	"$$tools/bin/uv" $(LOCK) $(UPGRADE) -o requirements.lock; \
	"$$tools/bin/uv" $(LOCK) $(UPGRADE) --extra test --extra lint -c requirements.lock -o requirements-dev.lock; \
	grep -v '^uuid-utils' requirements.lock | grep -E '^[a-z].*==' | sed 's/ *\\$$//' >"$$tools/runtime"; \
	"$$tools/bin/uv" $(LOCK) $(UPGRADE) --no-annotate --extra bench -c "$$tools/runtime" -o requirements-bench.lock
UPGRADE ?= --upgrade

clean: ## Remove everything that was built or installed; data and .env stay
	rm -rf $(VENV) build dist bot/adapters/planner/baml_client
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
