# The words people type. Each makes what it needs first: .venv (tools/setup) and the engine (tools/pulumi/engine).
.DEFAULT_GOAL := help
.PHONY: help demo test engine servers check bench soak conformance lock clean
bin := .venv/bin
RECORDINGS ?= tests/recordings
ARGS ?=
SUBSCRIPTIONS ?= 60
SEED ?= 1
KILLS ?= 200

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## lose a simulated stamp, redeploy it and bring it back, in about two minutes (SUBSCRIPTIONS=200 makes it bigger)
	@tools/run restamp drill --subscriptions $(SUBSCRIPTIONS)

test: engine servers check ## everything that has to be right: check, then the tests (ARGS="-k gate -x" goes to pytest)
	@tools/run pytest -q -n 3 --dist worksteal $(ARGS)

engine: # first of all, as it may refuse at once
	@tools/pulumi/engine >/dev/null

servers: # what tests run beside Python's packages
	@tools/servers

check: ## format, lint, types, import contracts
	@tools/setup
	@$(bin)/ruff format --check --quiet .
	@$(bin)/ruff check --quiet .
	@MYPYPATH=$$(echo plugins/*/src | tr ' ' :) $(bin)/mypy
	@$(bin)/lint-imports

bench: ## speed and size, the figures of docs/performance.md; all four, whichever misses a bar
	@ended=0; for lane in benchmarks benchmarks.limiter benchmarks.backups benchmarks.drill; do \
		tools/run python -m tests.$$lane || ended=$$?; done; exit $$ended

soak: ## kill a recovery KILLS=200 times at random points; SEED=n plays the same again
	@tools/run python -m tests.soak $(SEED) $(KILLS)

conformance: ## replay RECORDINGS=<folder> of real stamps against the simulator (ARGS=-v shows each difference)
	@tools/setup
	@$(bin)/python -m tests.conformance $(RECORDINGS) $(ARGS)

lock: ## requirements.lock anew, after a change in pyproject.toml (needs uv; ARGS=--upgrade takes the newest of all)
	@uv export --quiet --all-packages --all-groups --all-extras --no-emit-workspace --no-header $(ARGS) -o requirements.lock

clean: ## take away the environment and all caches, but not the engine
	@rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
