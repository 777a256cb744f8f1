# `make` lists the commands. `make demo` and `make test` set up all they need by themselves.

VENV ?= .venv
DEMO_DATA ?= demo-data
WORKERS ?= 2
SEEDS ?= all

PY = $(VENV)/bin/python
# Tests that share a server name their group, and one worker runs all of it.
PARALLEL = -n $(WORKERS) --dist loadgroup
# Rooms whose branches are covered whole.
GATED = journeys projections analysis

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_USER = 0
# Neither the demo nor a test may touch the data of a Polku in use on this machine.
unexport POLKU_DATA POLKU_DATABASE POLKU_DATABASE_FILE POLKU_SERVICES
unexport POLKU_PSEUDONYM_KEY POLKU_PSEUDONYM_KEY_FILE
unexport $(filter-out POLKU_KAFKA_JARS,$(filter POLKU_KAFKA_%,$(.VARIABLES)))
unexport PYTHONHOME PYTHONPATH
# Else each of the hundreds of processes that the tests start would compile all of Polku again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt bench slow faults parts schemas messages tour lock run-setup dev-setup

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: run-setup ## A city in a minute: its six services and where they lose people
	@POLKU_DATA="$(DEMO_DATA)" "$(VENV)/bin/polku" demo

test: dev-setup ## All tests but slow ones and faults, and the coverage gate
	@"$(PY)" -m pytest -m "not slow and not faults" $(PARALLEL) $(GATED:%=--cov=%) --cov-report=
	@"$(PY)" -m coverage report --skip-covered --show-missing --fail-under=100

check: dev-setup ## Format, lint, types and the import rule, without changing a file
	@"$(PY)" -m ruff format --check --quiet .
	@"$(PY)" -m ruff check --quiet .
	@"$(PY)" -m mypy
	@"$(VENV)/bin/lint-imports"

fmt: dev-setup ## Format the code and mend what the linter can mend
	@"$(PY)" -m ruff check --fix-only --quiet .
	@"$(PY)" -m ruff format .

bench: dev-setup ## Run every benchmark: ratios within one run, as table and JSON
	@set -e; for script in benchmarks/[a-z]*.py; do \
	  if [ -f "$$script" ]; then echo "== $$script"; "$(PY)" "$$script"; fi; \
	done

slow: dev-setup ## The tests that take minutes: calibration and kills
	@"$(PY)" -m pytest -m "slow and not faults" $(PARALLEL)

faults: dev-setup ## Every fault of the matrix with all its seeds (SEEDS=20: fewer): up to an hour
	@POLKU_FAULT_SEEDS="$(SEEDS)" "$(PY)" -m pytest tests/faults $(PARALLEL)

parts: dev-setup ## Fetch what the tests need beside Python packages: Apache Kafka, schemas
	@"$(PY)" -m tests.parts

schemas: dev-setup ## Write the schemas in docs/ from the types
	@"$(PY)" -m delivery.documents docs

messages: dev-setup ## Bring delivery/locale up to date with the sentences in the code
	@"$(PY)" -m tests.catalogues

tour: dev-setup ## Take the pictures of docs/tour.md anew
	@"$(PY)" -m tests.tour

lock: ## Write requirements.lock anew, with the newest versions pyproject.toml allows
	@sh .ci/lock

run-setup:
	@sh .ci/setup "$(VENV)" run

dev-setup:
	@sh .ci/setup "$(VENV)" dev
