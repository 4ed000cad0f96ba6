# Two commands matter: `make up` and `make test`. `make help` lists the rest.
# Everything below is POSIX sh; the files in scripts/ do what takes more than a line.

.POSIX:
.SUFFIXES:
.PHONY: help up test test-fast check migration bench faults soak web web-dev types lock wheel clean dev system

DEMO = 1
BIN = .venv/bin

help: ## List these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

up: ## Set up, then run the hub with demo data on http://localhost:8000 (DEMO=0: empty; HUB_PORT=8001: elsewhere)
	@sh scripts/setup.sh run
	@sh scripts/setup.sh web
	@if [ "$(DEMO)" = 0 ]; then exec $(BIN)/hub up; else exec $(BIN)/hub up --demo; fi

test: dev system check ## Install what the tests need, then run everything

check: ## Exactly what CI runs (expects what `make test` installs)
	@sh scripts/check.sh

test-fast: dev ## Lint, types and the tests that need no server: under a minute
	@sh scripts/test_fast.sh

migration: dev ## Write the migration that the models need: make migration m="what changes"
	@$(BIN)/python scripts/new_migration.py "$(m)"

bench: dev ## Measure, each figure beside the limit of this machine
	@$(BIN)/python -m bench

faults: dev system ## The fault campaigns at full size
	@HUB_FAULTS=full $(BIN)/pytest -p no:randomly tests/faults

soak: dev system ## Mixed load for 30 minutes (SOAK=4h: longer)
	@$(BIN)/python -m bench.soak $(SOAK)

web: ## Build the web app and the widget, if their sources changed
	@sh scripts/setup.sh web

web-dev: ## Serve the web app on http://localhost:5173 with hot reload, against a running hub (HUB_URL=http://localhost:8001: another one)
	@sh scripts/setup.sh npm run dev

types: dev ## Write openapi.json and the web app's types from it
	@$(BIN)/hub openapi > openapi.json
	@sh scripts/setup.sh npm run types

lock: dev ## Resolve pyproject.toml into the lock files
	@sh scripts/lock.sh

wheel: dev web ## Build dist/hub-*.whl, web files included
	@$(BIN)/uv build --quiet --wheel --no-build-isolation && ls dist/*.whl

dev: ## Create the environment for development
	@sh scripts/setup.sh dev

system: ## Install the system packages the tests use
	@sh scripts/setup.sh system

clean: ## Remove everything that was built (data stay)
	rm -rf .venv .stamps dist build hub/static web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
