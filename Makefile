# make up      install into .venv, load the samples, run everything until Ctrl-C     ARGS="--port 8001"
# make test    the test suite                                                        ARGS="tests/core -k cold"
# make bench   beside AWS's Runtime Interface Emulator
# make lint    ruff, mypy, import-linter
# make clean   remove .venv and caches; data (./var) stays
#
# Every target installs what it needs first, and again when the requirements have changed: the stamp's name is their
# hash, so neither a fresh clone nor another branch is mistaken for an installed one.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := up
.PHONY: up test bench lint clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

hash = $(shell cat $(1) | sha256sum | cut -c 1-12)
RUNTIME := $(VENV)/installed-$(call hash,requirements.txt)
DEV := $(VENV)/installed-dev-$(call hash,requirements.txt requirements-dev.txt)

up: $(RUNTIME)
	@exec $(BIN)/python manage.py up $(ARGS)

test: $(DEV)
	@$(BIN)/python -m pytest $(ARGS)

bench: $(DEV)
	@$(BIN)/python -m tests.benchmarks.bench $(ARGS)

lint: $(DEV)
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(BIN)/pip:
	@command -v $(PYTHON) >/dev/null || { echo "lambdasim needs Python 3.11 or later: apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "lambdasim needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) -V). Name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV): | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	@touch $@ $(RUNTIME)
