# Two commands do everything: `make run` and `make test`.  Each makes its own .venv first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUN := runs/$(shell date +%Y-%m-%d-%H%M%S)
JOBS ?= 2

.PHONY: help setup run check lint types test fuzz slow sanitize bench results clean
.DEFAULT_GOAL := help

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY)  ## make .venv and install the project into it

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

run: $(READY)  ## evolve a cell from LSTM and GRU on a small task, in about two minutes
	mkdir -p $(RUN)
	$(BIN)/fenasc evolve cells/LSTM.fen cells/GRU.fen --task digits --nodes 9 --population 20 --sample 5 \
		--cycles 240 --workers 2 --baselines 3 --store $(RUN)/run.db --out $(RUN)
	$(BIN)/fenasc report $(RUN)/run.db -o $(RUN)/report.html

check: test fuzz  ## all that CI runs

lint: $(READY)  ## linter and formatter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## strict type checker
	$(BIN)/mypy -p fenas_lang

# One thread a process: pytest-xdist already uses every core.
test fuzz slow: export OMP_NUM_THREADS := 1

test: $(READY)  ## linter, types and tests, in at most ten minutes on two cores
	$(MAKE) --no-print-directory lint types
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not fuzz and not slow" tests

fuzz: $(READY)  ## 100,000 hostile inputs
	$(BIN)/python -m pytest -n $(JOBS) -m fuzz --timeout 3600 tests

slow: $(READY)  ## longer tests: 2,000 random cells of each space, 10,000 calls
	$(BIN)/python -m pytest -n $(JOBS) -m slow --timeout 3600 tests

sanitize: $(READY)  ## random layers in the kernel built with sanitizers, in about four minutes
	$(BIN)/python tests/engine/sanitize.py

bench: $(READY)  ## rates and ratios, for reading and not for testing
	for script in $(filter-out benchmarks/results.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$script || exit 1; done
	$(BIN)/fenasc bench LSTM GRU --shapes ABE

results: $(READY)  ## all targets of the engine into benchmarks/RESULTS.md, on an idle machine
	$(BIN)/python benchmarks/results.py

clean:  ## remove what make made, but for runs/
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
