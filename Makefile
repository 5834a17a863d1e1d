# `make demo` and `make test` need only Python 3.11 or newer and make; the rest serves development.
#
# Everything is installed into .venv, editable, at the versions in constraints.txt, and again only when
# pyproject.toml or constraints.txt has changed. For PyTorch without CUDA:
#     make demo PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP ?= $(BIN)/python -m pip
EXTRAS := completion,dev,docs,frames,graph,images,nb301,onnx,parquet,postgres,ray,rl,sb3,tracking
WORKERS ?= 2
DIST ?= dist

# One thread a process: the tests are spread over processes.
export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test lint types imports unit docs package fuzz chaos benchmarks format install constraints clean

help: ## say what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## train an agent, compare it, write a report
	$(BIN)/archwalk demo

test: install lint types imports unit ## everything that must pass: style, types, import rules, tests

lint: $(VENV)/.test ## style
	@echo '== lint'
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test ## types
	@echo '== types'
	$(BIN)/mypy

imports: $(VENV)/.test ## which room may import which
	@echo '== imports'
	$(BIN)/lint-imports

unit: $(VENV)/.test ## tests
	@echo '== unit'
	$(BIN)/pytest -n $(WORKERS)

docs: $(VENV)/.test ## the documentation: site/index.html
	@echo '== docs'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

fuzz: $(VENV)/.test ## 10,000 damaged inputs, and what every reader and command makes of them
	$(BIN)/python tests/fuzz/fuzzing.py 10000

chaos: $(VENV)/.test ## kill everything 20 times, and see what is lost: an hour
	$(BIN)/python tests/chaos/chaos.py --kills 20

package: $(VENV)/.test ## wheel and source distribution
	$(BIN)/python -m build --outdir $(DIST) .
	$(BIN)/twine check --strict $(DIST)/*

benchmarks: $(VENV)/.test ## measure speed and how it grows, in some fifteen minutes (benchmarks/README.md)
	$(BIN)/python benchmarks/speed.py --page docs/speed.md $(if $(BEFORE),--before $(BEFORE))
	$(BIN)/python benchmarks/growth.py --page docs/speed.md

format: $(VENV)/.test ## write the code in our style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(VENV)/.test ## all that development needs

constraints: $(VENV)/.test ## write constraints.txt anew, from what is installed
	{ sed -n '/^#/p' constraints.txt; $(PIP) freeze --all --exclude-editable --exclude pip | sed 's/+.*//'; } > $(VENV)/pins
	mv $(VENV)/pins constraints.txt

clean: ## delete .venv and the caches of tools; runs/ stays
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit("archwalk needs Python 3.11 or newer; try: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/.made
	@echo '== install'
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/.made
	@echo '== install'
	$(PIP) install -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@
