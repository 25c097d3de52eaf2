# The commands of this repository. Each sets up what it needs; `make help` lists them.
# Written for GNU make 3.81 (macOS) and later.

PY := .venv/bin/python
SOURCES := -p chalicelib -p fintegrate -p local
# Some shells export a NAME of their own (WSL: the machine's), so only that of the command line counts.
BANK = $(if $(filter command,$(origin NAME)),$(NAME))
# A shell's USER is who is logged in.
APP_USER = $(if $(filter command,$(origin USER)),$(USER))
# Some machines' environment has this. Then each process of a run compiles all modules anew, and tests start many.
unexport PYTHONDONTWRITEBYTECODE
MADE := .venv .local console/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .chalice/deployments

.DEFAULT_GOAL := help
.PHONY: help setup local up down monitor monitor-down demo relay-demo app-demo consumer deploy-local undeploy-local invoke logs \
	test nights unit check documents requirements console chaos bench bench-deploy bench-peers deploy rollback \
	admin-key rotate-feed-keys recover find destroy clean token health migrate

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install the virtualenv, packages and servers that are missing
	@./local/setup

local: setup ## serve on http://127.0.0.1:8000 until Ctrl-C (PORT=…)
	@$(PY) -m local local

up: setup ## serve in the background; returns when /health answers 200
	@$(PY) -m local up

down: ## stop every process of this checkout
	@if [ -x $(PY) ]; then $(PY) -m local down; fi

monitor: setup ## watch what `make up` serves: Prometheus, its alerts, and Grafana where Docker answers
	@$(PY) -m local monitor

monitor-down: ## stop what monitor started
	@if [ -x $(PY) ]; then $(PY) -m local monitor-down; fi

demo: setup ## show a bank's events from creation to confirmation (DELIVERY=webhook; others: relay-demo, app-demo)
	@$(PY) -m local demo

relay-demo: setup ## show three shops' events on their way to every platform
	@$(PY) -m local relay-demo

app-demo: setup ## show two users of the app, from an upload to its comments
	@$(PY) -m local app-demo

consumer: setup ## run the reference consumer of one bank (NAME=…, DELIVERY=webhook, ARGS=…)
	@$(if $(BANK)$(ARGS),,$(error say whose queue: make consumer NAME=first_bank))
	@$(PY) -m local consumer $(BANK) $(if $(DELIVERY),--delivery $(DELIVERY)) $(ARGS)

deploy-local: setup ## run the packaged artifact as in AWS, on http://127.0.0.1:8080 (PORT=…, HOT=1)
	@$(PY) -m local deploy-local $(if $(HOT),--hot)

rollback: setup ## deploy an earlier commit again (STAGE=dev|prod|local, TO=<commit>)
	@$(if $(and $(STAGE),$(TO)),,$(error say where and what: make rollback STAGE=dev TO=<commit>))
	@$(PY) -m local rollback $(STAGE) $(TO)

undeploy-local: ## stop what deploy-local started
	@if [ -x $(PY) ]; then $(PY) -m local undeploy-local; fi

invoke: setup ## call a deployed function (FUNCTION=resend or banking/resend, EVENT='{}' or EVENT=@file.json)
	@$(if $(FUNCTION),,$(error say which: make invoke FUNCTION=resend))
	@$(PY) -m local invoke $(FUNCTION) $(if $(EVENT),'$(EVENT)')

logs: setup ## follow the logs of the deployed functions (FUNCTION=… for one)
	@$(PY) -m local logs $(FUNCTION)

token: setup ## print a token of a user of the app (USER=<uuid>, HOURS=8)
	@$(PY) -m local token $(if $(APP_USER),--user "$(APP_USER)") $(if $(HOURS),--hours "$(HOURS)")

health: setup ## look at everything that is served; adds JSON lines to infra-health.log
	@$(PY) -m local health

migrate: setup ## migrate one database (SERVICE=video, DOWN=1; CONFIRM=<database> beyond this machine)
	@$(if $(SERVICE),,$(error say which: make migrate SERVICE=video))
	@CONFIRM="$(CONFIRM)" $(PY) -m local migrate "$(SERVICE)" $(if $(DOWN),--down)

test: setup ## run all tests (ARGS=… goes to pytest)
	@$(PY) -m local test $(ARGS)

nights: setup ## run the tests that take minutes each (ARGS=… goes to pytest)
	@$(PY) -m local test -m night_long $(ARGS)

unit: setup ## run the tests that need no servers (ARGS=… goes to pytest)
	@$(PY) -m pytest tests/unit tests/architecture $(ARGS)

chaos: setup ## inject faults under load (SYSTEM=relay SEED=… SEEDS=10 SECONDS=40; JSON in .local/)
	@$(PY) -m local chaos $(if $(SYSTEM),--system $(SYSTEM)) $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(SABOTAGE),--sabotage $(SABOTAGE) --no-kill-points)

bench: setup ## measure against floors (ONLY=drain,relay_meta for some; PLOT=1 draws plots)
	@$(PY) -m local bench

bench-deploy: setup ## measure the packaged artifacts (ONLY=banking or appevents; JSON in .local/)
	@$(PY) -m local bench-deploy

bench-peers: setup ## compare other relays with ours (ONLY=banking or relay; JSON in .local/bench-peers.json)
	@$(PY) -m local bench-peers

check: setup ## run ruff, mypy and the linter of the templates
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(SOURCES)
	$(PY) -m local.aws lint

deploy: setup ## deploy to AWS (STAGE=dev|prod); safe to run again (docs/deploy.md)
	@$(PY) -m local.aws deploy $(STAGE)

admin-key: setup ## make a key for the admin and print it, this once (STAGE=… for a stage in AWS)
	@$(PY) -m $(if $(STAGE),local.aws admin-key $(STAGE),local admin-key)

rotate-feed-keys: setup ## have a new key sign access to feeds (app.events); the former verifies a day more
	@$(PY) -m local rotate-feed-keys

recover: setup ## after a backup was restored, before writes come back (BACKUP_TIME=…, REASON=…)
	@$(if $(and $(BACKUP_TIME),$(REASON)),,$(error say which backup and why: make recover \
		BACKUP_TIME=2026-11-26T10:00:00Z REASON="disk lost"))
	@$(PY) -m local recover "$(BACKUP_TIME)" "$(REASON)"

find: export TEXT = $(BANK)
find: setup ## show every table, queue, object, key, log and file here that still holds a text (NAME=…)
	@$(if $(BANK),,$(error say what to look for: make find NAME="Ada Lovelace"))
	@$(PY) -m local find -- "$$TEXT"

destroy: setup ## delete a stage in AWS (STAGE=…), after asking
	@$(PY) -m local.aws destroy $(STAGE)

requirements: ## pin all packages anew, with their hashes (needs uv; ARGS=--upgrade)
	@for name in requirements requirements-dev requirements-ffmpeg; do uv pip compile $$name.in --output-file $$name.txt \
		--quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-package pip --custom-compile-command "make requirements" $(ARGS); done

documents: setup ## write the API documents and data models from the code
	@$(PY) -m local documents

console: ## bundle the console's page into browser/console (needs Node)
	@cd console && npm ci --silent && npm run --silent build

clean: ## remove everything that the other commands made
	@if [ -x $(PY) ]; then $(PY) -m local clean; fi
	@rm -rf $(MADE)
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
