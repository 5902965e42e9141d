# Everything happens in .venv; the first call sets it up, the next ones start at once. `make help` lists the targets.
#
# A CUDA machine:        make clean run TORCH=torch CONSTRAINTS=
# A smaller torch:       make run TORCH_INDEX=<address of the CPU wheels, from PyTorch's installation page>
# Another interpreter:   make run PYTHON=/usr/local/bin/python3.12

TORCH ?= torch==2.13.0
CONSTRAINTS ?= .ci/constraints.txt
TORCH_INDEX ?=
PYTHON ?=
export TORCH CONSTRAINTS TORCH_INDEX PYTHON
export PYRIGHT_PYTHON_CACHE_DIR := $(CURDIR)/.venv/pyright

BIN := .venv/bin
SETTINGS := pyproject.toml .ci/setup $(CONSTRAINTS)

.PHONY: help run test lint docs bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/ready ## learn digits from sums, explain, prove, export; writes runs/<time>/report.html
	@$(BIN)/neurosym run

test: lint ## format, lint, types and all tests
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: .venv/ready-for-tests ## format, lint and types only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: .venv/ready-for-docs ## the documentation, every notebook executed; into build/docs/index.html
	@$(BIN)/python neurosym/docs/assembling.py build/pages
	@$(BIN)/sphinx-build -W --keep-going -q -b html build/pages build/docs

bench: .venv/ready ## the run of `make run` with three seeds, into runs/seed-0, -1 and -2
	@for seed in 0 1 2; do $(BIN)/neurosym run --seed $$seed --output runs/seed-$$seed || exit; done

clean: ## remove .venv and caches; results in runs/ stay
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis build dist

.venv/ready: $(SETTINGS)
	@.ci/setup run
	@touch $@

.venv/ready-for-tests: .venv/ready
	@.ci/setup test
	@touch $@

.venv/ready-for-docs: .venv/ready
	@.ci/setup docs
	@touch $@
