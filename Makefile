# The only task list: people and CI call these and nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
DATA   ?= ../shared/data/open

.DEFAULT_GOAL := help
.PHONY: help setup run test check fmt lint types arch bench bench-robustness stream-eval fuzz train golden lock pictures clean browser broker

help: ## list the tasks
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.run: requirements/run.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "wanted Python 3.11 or newer, got $$($(PYTHON) -V); name another with PYTHON=..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/run.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.test: requirements/test.lock $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/test.lock
	@touch $@

setup: $(VENV)/.run ## virtual environment, locked install, pose model, text encoder
	$(BIN)/anymove setup

run: setup ## start everything; ARGS="--source clip.mp4 --headless" goes to `anymove run`
	$(BIN)/anymove run $(ARGS)

browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null; } \
		|| echo "no chromium here: the browser tests will be skipped (install the package chromium)"

broker:
	@command -v mosquitto >/dev/null || test -x /usr/sbin/mosquitto || { [ "$$(id -u)" = 0 ] \
		&& command -v apt-get >/dev/null && apt-get update -qq \
		&& apt-get install -qq -y --no-install-recommends mosquitto >/dev/null; } \
		|| echo "no mosquitto here: the tests with a broker will be skipped (install the package mosquitto)"

test: setup $(VENV)/.test browser broker ## the whole suite: no camera, GPU or internet needed beyond the set-up
	$(BIN)/python -m pytest $(ARGS)

fmt: $(VENV)/.test ## format and fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.test
	$(BIN)/pyright

arch: $(VENV)/.test
	$(BIN)/lint-imports

check: lint types arch ## what a commit must pass besides the tests

bench: setup $(VENV)/.test ## measure this machine; JSON to bench/results, tables to docs/results
	$(BIN)/python -m bench $(ARGS)

fuzz: $(VENV)/.test ## damage a million files of skeletons, or ARGS of them, and look what the readers make of it
	$(BIN)/python -m tests.streams.formats.fuzz $(ARGS)

eval: setup $(VENV)/.test ## recognition on the packed sets and clips at hand; ARGS="--look" for the evaluation sets
	$(BIN)/python -m bench recognition $(ARGS)
	$(BIN)/python -m bench clips

bench-robustness: setup $(VENV)/.test ## how captions hold out against yaw, distance, rate, unseen joints and jitter
	$(BIN)/python -m bench robustness $(ARGS)

pictures: setup $(VENV)/.test browser ## film the real page for the README: live.gif, inside.png
	$(BIN)/python -m docs.pictures

stream-eval: setup $(VENV)/.test ## banks on streams, with the shipped bundle and other encoders' features; ARGS="--features DIR"
	$(BIN)/python -m bench bank $(ARGS)

train: setup ## train the default model and export it; ARGS go to `anymove train`
	$(BIN)/anymove train $(ARGS)

lab: setup ## train and compare every method; DATA=FOLDER of the packed open sets, table to docs/results
	$(BIN)/anymove lab --data $(DATA) --results docs/results/lab.json --report docs/results/lab.md $(ARGS)

golden: setup $(VENV)/.test ## rewrite the replay goldens, then show what changed
	$(BIN)/python -m tests.golden
	git diff --stat -- tests/golden

lock: $(VENV)/.test ## pin every dependency again
	$(BIN)/python requirements/compile.py

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis
