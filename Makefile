# Everything runs in .venv, which these targets create and keep up to date by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

.PHONY: demo test check format bench-startup bench-relevance clean

demo: $(VENV)/demo.installed  ## install and run the main job
	$(BIN)/toolweaver demo

test: $(VENV)/dev.installed  ## install what the tests need and run all of them
	$(BIN)/pytest

check: $(VENV)/dev.installed  ## format, lint, types, import rules, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/pytest

format: $(VENV)/dev.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-startup: $(VENV)/demo.installed  ## process start to handshake, and what is imported before it
	$(BIN)/python bench/startup.py

bench-relevance: $(VENV)/demo.installed  ## search quality on labelled sets: make bench-relevance DATA=folder
	$(BIN)/python bench/relevance.py $(DATA)

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[embeddings,demo]'
	touch $@

$(VENV)/dev.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[embeddings,demo,dev]'
	touch $@ $(VENV)/demo.installed
