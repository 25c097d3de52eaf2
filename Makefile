# The commands of this repository. Each sets up what it needs; `make help` lists them.
# Written for GNU make 3.81 (macOS) and later.

PY := .venv/bin/python
SOURCES := -p chalicelib -p fintegrate -p local
MADE := .venv .local .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .chalice/deployments

.DEFAULT_GOAL := help
.PHONY: help setup local up down demo consumer deploy-local undeploy-local invoke logs \
	test unit check documents chaos bench bench-deploy bench-peers deploy destroy clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## virtualenv, packages and servers, as far as they are missing
	@./local/setup

local: setup ## serve on http://127.0.0.1:8000 until Ctrl-C (PORT=…)
	@$(PY) -m local local

up: setup ## the same in the background; returns when /health answers 200
	@$(PY) -m local up

down: ## stop everything of this checkout
	@if [ -x $(PY) ]; then $(PY) -m local down; fi

demo: setup ## watch a bank being served, to the last confirmation
	@$(PY) -m local demo

consumer: setup ## the reference consumer of one bank (NAME=…, ARGS=…)
	@$(if $(NAME)$(ARGS),,$(error say whose queue: make consumer NAME=first_bank))
	@$(PY) -m local consumer $(NAME) $(ARGS)

deploy-local: setup ## the packaged artifact as in AWS, on http://127.0.0.1:8080 (PORT=…, HOT=1)
	@$(PY) -m local deploy-local $(if $(HOT),--hot)

undeploy-local: ## stop what deploy-local started
	@if [ -x $(PY) ]; then $(PY) -m local undeploy-local; fi

invoke: setup ## call a deployed function (FUNCTION=resend or banking/resend, EVENT='{}' or EVENT=@file.json)
	@$(if $(FUNCTION),,$(error say which: make invoke FUNCTION=resend))
	@$(PY) -m local invoke $(FUNCTION) $(if $(EVENT),'$(EVENT)')

logs: setup ## follow the logs of the deployed functions (FUNCTION=… for one)
	@$(PY) -m local logs $(FUNCTION)

test: setup ## everything that must hold (ARGS=… goes to pytest)
	@$(PY) -m local test $(ARGS)

unit: setup ## only the tests that need no servers (ARGS=… goes to pytest)
	@$(PY) -m pytest tests/unit tests/architecture $(ARGS)

chaos: setup ## kill and cut everything under load (SEED=… SEEDS=10 SECONDS=40; JSON in .local/chaos.json)
	@$(PY) -m local chaos $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(SABOTAGE),--sabotage $(SABOTAGE) --no-kill-points)

bench: setup ## measure, each figure beside its floor (ONLY=drain,create for some; PLOT=1 draws)
	@$(PY) -m local bench

bench-deploy: setup ## measure the packaged artifact (JSON in .local/bench-deploy.json)
	@$(PY) -m local bench-deploy

bench-peers: setup ## measure other relays beside ours (JSON in .local/bench-peers.json)
	@$(PY) -m local bench-peers

check: setup ## ruff, mypy and the templates' linter
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(SOURCES)
	$(PY) -m local.aws lint

deploy: setup ## to AWS (STAGE=dev|prod); safe to run again (docs/deploy.md)
	@$(PY) -m local.aws deploy $(STAGE)

destroy: setup ## take a stage away from AWS (STAGE=…), after asking
	@$(PY) -m local.aws destroy $(STAGE)

documents: setup ## write the API documents and data models anew from the code
	@$(PY) -m local documents

clean: ## leave a fresh clone
	@if [ -x $(PY) ]; then $(PY) -m local clean; fi
	@rm -rf $(MADE)
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
