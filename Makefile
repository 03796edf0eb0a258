# Everything works without Docker. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := libs/contracts libs/runtime services/gateway services/credentials services/orders \
           services/results-publisher sandbox engines/reference deploy/local
SECRETS := $(BIN)/detect-secrets-hook --no-verify --baseline $(VENV)/secrets.baseline
UV := $(shell sed -n 's/^uv==\([^ ]*\).*/uv==\1/p' requirements.lock)

.DEFAULT_GOAL := help

help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*##  *\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

init: $(VENV)/installed  ## install everything from requirements.lock into .venv

$(VENV)/installed: requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.x")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing from requirements.lock (the first time takes a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check $(UV)
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation $(addprefix -e ,$(MEMBERS))
	@touch $@

lock:  ## resolve the dependencies again and write requirements.lock
	$(BIN)/uv export --quiet --all-packages --all-groups --no-emit-workspace --no-header --no-annotate \
	  --format requirements-txt --output-file requirements.lock


run: init  ## the whole stack and SmartRecruiters' workflow through it, until Ctrl-C (ONCE=1: only the workflow)
	@$(BIN)/python -m local_stack run $(if $(ONCE),--once)

clean:  ## remove what runs left in .data
	@$(if $(wildcard $(BIN)/python),$(BIN)/python -m local_stack clean,rm -rf .data)

schemas: init  ## write the events' JSON Schemas; refuses to change what a published version means
	$(BIN)/python -m contracts.schemas libs/contracts/schemas

lint: init  ## types, style and architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(addsuffix /src,$(MEMBERS)) tests
	$(BIN)/lint-imports

audit: init  ## what is known against our dependencies, our code, and secrets in the tree
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml libs services sandbox engines deploy
	@# A copy, for it is written to (and 3 said) where a known line has moved. Tests' made-up passwords are ruff's matter.
	@cp .secrets.baseline $(VENV)/secrets.baseline
	$(SECRETS) $$(git ls-files -- ':!tests') || [ $$? -eq 3 ]
	$(SECRETS) --disable-plugin KeywordDetector $$(git ls-files -- tests) || [ $$? -eq 3 ]
	@VIRTUAL_ENV=$(VENV) deploy/audit/dependencies $(BIN)/pip-audit $(BIN)/uv

fmt: init  ## put every file into its form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

test: init curl  ## the suite on real Kafka and PostgreSQL (containers where Docker answers, else local processes)
	$(BIN)/pytest -n 3 --dist loadfile -m "not e2e and not browser"

test-vault: init  ## keys wrapped by a real OpenBao (part of `make test`, too)
	$(BIN)/pytest tests/credentials/test_openbao.py

test-e2e: init  ## the whole stack, killed and restarted in the middle of the flow
	$(BIN)/pytest tests/e2e -m e2e

test-browser: init chromium  ## consent and hand-off in Chromium
	$(BIN)/pytest tests/browser -m browser

test-containers: init  ## the images and docker compose: the workflow, kill -9 of each container, replicas
	@PYTHON=$(BIN)/python tests/containers/run

env:  ## .env and secrets for docker compose, made once
	@$(PYTHON) deploy/compose/make-env

curl:
	@command -v curl >/dev/null || { echo "installing Debian's curl"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends curl >/dev/null; }

chromium:
	@command -v chromium >/dev/null || { echo "installing Debian's chromium"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

bench: init  ## intake and delivery against the bare limit of aiohttp and aiokafka
	$(BIN)/python -m tests.bench

.PHONY: help init lock run clean lint audit fmt test test-vault test-e2e test-browser test-containers env curl chromium bench schemas
