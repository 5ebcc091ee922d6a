# raspc: everything a checkout can do.  `make` alone lists it.
#
# PYTHON=python3.12        the interpreter that the environment is made from (3.11 or later)
# TORCH_INDEX=URL          where pip finds torch as well, for instance PyTorch's index of CPU-only builds
#                          (a fraction of the size of the CUDA ones; pytorch.org/get-started names it)
# SEED=1                   which random programs `make fuzz` takes
# TESTS="tests/cli -x"     what `make test` hands to pytest

PYTHON ?= python3
TORCH_INDEX ?=
TESTS ?=
SEED ?= 20261121
OUT := out
BIN := .venv/bin
RASP := programs rasp_grammar/prelude.rasp cli/starter.rasp

.DEFAULT_GOAL := help
.PHONY: help install run test lint types unit map bench fuzz fmt clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/installed ## create .venv with raspc (editable) and the pinned development set

# The link .venv/src/raspc gives the package its name, whatever the checkout's folder is called: mypy reads it.
.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "raspc needs Python 3.11 or later: make PYTHON=...")'
	@echo 'Installing raspc and what it needs (PyTorch, NumPy, tools for tests) into .venv: a minute or more, once.'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(addprefix --extra-index-url=,$(TORCH_INDEX)) \
		--constraint constraints.txt --editable '.[dev]'
	mkdir -p .venv/src && ln -sfn ../.. .venv/src/raspc
	@touch $@

run: install ## compile programs/paper/sort.rasp into a transformer and let it sort
	@mkdir -p $(OUT)
	$(BIN)/raspc compile programs/paper/sort.rasp -o $(OUT)/sort.safetensors
	$(BIN)/raspc run $(OUT)/sort.safetensors 3 1 4 1 5 9 2 6
	@ls -l $(OUT)/sort.safetensors $(OUT)/sort.manifest.json
	@printf '%s\n' '' 'Next, from this folder:' \
		'  $(BIN)/raspc verify $(OUT)/sort.safetensors --samples 500' \
		'  $(BIN)/raspc trace $(OUT)/sort.safetensors 3 1 2 1' \
		'  $(BIN)/raspc report $(OUT)/sort.safetensors 3 1 2 1' \
		'After `source .venv/bin/activate` the command is `raspc`, as in README.md.'

test: lint types unit ## everything that must pass: ruff, mypy (strict), pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/raspc fmt --check $(RASP)

types: install
	$(BIN)/mypy

unit: install
	$(BIN)/pytest -n 2 --dist worksteal $(TESTS)

map: install ## folders, their entries, and the imports between them, as tests/test_layers.py reads them
	$(BIN)/python -m raspc.tests.support.imports

bench: install ## measure sizes, lengths, speed and start-up; writes benchmarks/RESULTS.md
	$(BIN)/python -m raspc.benchmarks.run_all
	$(BIN)/python benchmarks/startup.py

fuzz: install ## 20,000 random programs against the interpreter (SEED=...); the summary goes to benchmarks/fuzz.json
	$(BIN)/raspc fuzz --programs 20000 --seed $(SEED) --jobs 2 --json > benchmarks/fuzz.json.new
	mv benchmarks/fuzz.json.new benchmarks/fuzz.json

fmt: install ## format the code and fix what ruff can fix
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/raspc fmt $(RASP)

clean: ## remove what the other targets made
	rm -rf .venv $(OUT) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
