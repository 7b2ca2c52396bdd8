# `make run` and `make test` do all the set-up on a fresh machine; everything else is a part of them.
PORT ?= 8000
DATA ?= .data
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint types audit unit web-test pyodide-test e2e sim bench screens messages lock clean build

run: build
	$(BIN)/shouwen demo --data $(DATA)
	$(BIN)/shouwen serve --data $(DATA) --port $(PORT)

test: build lint types audit web-test unit pyodide-test e2e

build: $(VENV)/.installed node_modules/.installed
	@$(BIN)/python tools/messages.py compile
	@npm run --silent build

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed
	$(BIN)/mypy

# Published weaknesses of what is pinned; fails when nobody could be asked and no review stands in (tools/audit.py).
audit: $(VENV)/.installed node_modules/.installed
	$(BIN)/python tools/audit.py

unit: build
	@tools/ensure-postgresql.sh
	$(BIN)/pytest tests -n auto --maxprocesses 4 --dist worksteal

web-test: build
	npm test --silent

pyodide-test: build
	npm run --silent test:pyodide

e2e: build chromium
	$(BIN)/pytest e2e

# The long run of the simulation: make sim SEEDS=200000 FROM=1000
SEEDS ?= 5000
FROM ?= 0
sim: $(VENV)/.installed
	$(BIN)/python -m tests.sim --seeds $(SEEDS) --from $(FROM)

# One line a figure; ONLY=core runs one alone.
bench: build
	$(BIN)/python -m bench.run $(ONLY)

# Screenshots of every page for people who look (not committed); README=1 also renews the README's pictures in docs/,
# ONLY="case do-" takes the pages whose names begin so, VIEW="en wide dark" these languages and widths.
screens: build chromium
	README=$(README) PART="$(PART)" VIEW="$(VIEW)" $(BIN)/python -m e2e.screens $(ONLY)

.PHONY: chromium
chromium:
	@tools/ensure-chromium.sh

# Extracts new message ids into the catalogue of py_core/locale.
messages: $(VENV)/.installed
	$(BIN)/python tools/messages.py update

# Pins the dependencies anew (with hashes); commit the result.
lock: $(VENV)/.installed
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --extra dev --generate-hashes --no-emit-index-url --no-header \
		--python-version 3.11 --allow-unsafe pyproject.toml -o requirements.lock

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Shouwen needs Python 3.11 or newer; $(PYTHON) is older. Set PYTHON=/path/to/python3.11."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

node_modules/.installed: package-lock.json
	@command -v npm >/dev/null || { echo "Shouwen needs Node.js 20 or newer with npm to build its browser part; install it first."; exit 1; }
	npm ci --silent --no-audit --no-fund
	@touch $@

clean:
	rm -rf web/dist build *.egg-info
