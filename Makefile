# Forbear: everything is started from here. `make` alone lists the targets.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Python 3.13 gave up a name that durable-rules calls by.
export CPPFLAGS := -DPyEval_CallObject=PyObject_CallObject $(CPPFLAGS)

# Tests start hundreds of commands: each would compile all of Forbear anew where this is set, as it is in many images.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-browser explore laws check format bench bench-day bench-desk bench-engines bench-fair bench-load bench-proof bench-whatif drill chaos simulate mutants pack-mutants screenshots lock sbom advisories clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the locked dependencies and Forbear itself

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Forbear needs Python 3.11, 3.12 or 3.13: install one, or name it with make PYTHON=/path/to/python3.11 …"; exit 1; }
	@$(PYTHON) -c 'import os, sys, sysconfig as s; sys.exit(not os.path.exists(s.get_path("include") + "/Python.h"))' || \
		{ echo "durable-rules is built from source and needs Python's headers: on Debian install python3-dev."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a virtual environment: on Debian install python3-venv."; exit 1; }
	@echo "Installing the locked dependencies into $(VENV) (once, about a minute) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY) ## triage samples/cases.csv and serve the desk until Ctrl-C (ONCE=1: stop after the summary)
	@$(BIN)/forbear demo $(if $(ONCE),--once)

test: $(READY) ## every test but the browser's, on real PostgreSQL, Redis and Celery workers (T=path for one)
	@$(BIN)/python -m pytest --numprocesses 3 --dist worksteal $(T)

explore: $(READY) ## the property tests with inputs nobody has seen, ten times as many (T=path for some)
	@$(BIN)/python -m pytest --numprocesses 2 --hypothesis-profile=explore -m hypothesis $(T)

laws: $(READY) ## the laws of the whole policy pack over 320,000 random cases (make test takes an eighth)
	@FORBEAR_TEST_CASES=40000 $(BIN)/python -m pytest --numprocesses 2 tests/policy/law/test_laws.py

# Where there are some: every process would look through all the others for them.
BROWSER = $$(grep -rl --include='test_*.py' 'mark\.browser' tests)
test-browser: $(READY) ## the pages in real Chromium, and PDF (needs chromium, Pango and a Chinese font)
	@$(BIN)/python -m pytest -m browser --numprocesses 2 --dist worksteal $(or $(T),$(BROWSER))

check: $(READY) ## lint, types, import contracts, rule checks and rule tests
	$(BIN)/mypy & types=$$!; \
	$(BIN)/ruff format --check && $(BIN)/ruff check && $(BIN)/lint-imports && \
	$(BIN)/forbear rules check && $(BIN)/forbear rules test; others=$$?; \
	wait $$types && exit $$others

format: $(READY) ## rewrite the code in the house layout
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(READY) ## measure the pipeline against the plain way, side by side; writes bench/results.json
	@$(BIN)/python -m bench

bench-desk: $(READY) ## measure the desk's pages with a million cases; writes bench/desk.json
	@$(BIN)/python -m bench.desk.pages

bench-engines: $(READY) ## our engines and those of others on one table of rules; writes bench/engines/results.json (OTHERS=python that has them)
	@$(BIN)/python -m bench.engines $(if $(OTHERS),--others $(OTHERS))

bench-day: $(READY) ## fifty counsellors for ten minutes on 10,000 cases, some in Chromium; writes bench/desk/day.json (SECONDS=600 PACE="75 20" PROCESSES=1)
	@$(BIN)/python -m bench.desk.day --seconds $(or $(SECONDS),600) --pace $(or $(PACE),75 20) --processes $(or $(PROCESSES),1)

bench-fair: $(READY) ## measure a crisis behind single cases and a large file; writes bench/pipeline/fair.json
	@$(BIN)/python -m bench.pipeline.fair

bench-proof: $(READY) ## verify a ledger of a million entries, a million forged receipts, 100,000 proofs; writes bench/pipeline/proof.json
	@$(BIN)/python -m bench.pipeline.proof

bench-whatif: $(READY) ## measure another policy over a million cases, and replay; writes bench/whatif.json
	@$(BIN)/python -m bench.pipeline.what_if --invented 10000 100000 1000000

chaos: $(READY) ## kill and stop real processes by a seed; writes bench/chaos/results.json (SEED=1 ROUNDS=2 CASES=500 CHUNK=50)
	@$(BIN)/python -m bench.chaos --seed $(or $(SEED),1) --rounds $(or $(ROUNDS),2) --cases $(or $(CASES),500) --chunk $(or $(CHUNK),50)

simulate: $(READY) ## the protocol under faults between any two steps (N=steps BUGS=1: plant faults and find each)
	@$(BIN)/python -m bench.simulation --steps $(or $(N),3e6) --processes 2 $(if $(BUGS),--bugs)

drill: $(READY) ## dump, restore, verify and replay a record of so many decisions; writes bench/drill.json (N=100000)
	@$(BIN)/python -m bench.pipeline.drill --decisions $(or $(N),100000)

bench-load: $(READY) ## measure the pages under 200 clients at once, some of them reading nothing; writes bench/desk/load.json (PROCESSES=1)
	@$(BIN)/python -m bench.desk.load --processes $(or $(PROCESSES),1)

mutants: $(READY) ## put small faults into the code and see whether tests notice (M=module N=how many)
	@$(BIN)/python -m bench.mutants $(M) $(if $(N),--sample $(N))

pack-mutants: $(READY) ## put small faults into the policy pack and see whether its own tests notice (N=how many)
	@$(BIN)/python -m bench.pack_mutants $(if $(N),--sample $(N))

screenshots: $(READY) ## the pictures of every page in docs/screenshots, anew (needs chromium on the PATH)
	@$(BIN)/python -m tests.screenshots

LOCK = uv pip compile --quiet pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header
lock: ## compile the lock files anew (needs uv): all, the two parts of a server with the same versions, development
	$(LOCK) --all-extras -o requirements.lock
	$(LOCK) --constraints requirements.lock -o deploy/locks/worker.lock
	$(LOCK) --constraints requirements.lock --extra web --extra pdf --extra parquet --extra flower -o deploy/locks/web.lock
	$(LOCK) --all-extras --group dev -o requirements-dev.lock

sbom: $(READY) ## list every locked package with its hashes, as CycloneDX; writes forbear.cdx.json
	@$(BIN)/python tools/sbom.py > forbear.cdx.json

advisories: $(READY) ## ask PyPI whether a fault is known of any locked package (needs the network; fails where it cannot ask)
	@$(BIN)/pip-audit --strict --progress-spinner off --require-hashes --disable-pip -r requirements-dev.lock

clean: ## remove .venv, caches and the embedded servers' data
	rm -rf $(VENV) .forbear .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
