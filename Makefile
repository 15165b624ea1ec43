# Every target sets up what it needs. Pass options to a command in ARGS: make dense-ae ARGS="--code-size 16"

VENV := .venv
PYTHON := $(VENV)/bin/python
PW13 := $(VENV)/bin/pw13
PYTEST := $(PYTHON) -m pytest
JOBS ?= 2  # processes that run the fast tests
READY := $(VENV)/.ready
TESTS_READY := $(VENV)/.ready-tests
ARGS :=

# uv installs several times faster than pip; either works. Tried by running it, like each python below: a command on PATH
# may be a shim that fails.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
ifeq ($(UV),)
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
else
INSTALL := uv pip install --quiet --python $(PYTHON) --compile-bytecode --constraint constraints.txt
endif

# The real data, if they are beside the checkout, in ../shared/data; PW13_DATA_DIR takes precedence.
ifeq ($(PW13_DATA_DIR),)
ifneq ($(wildcard ../shared/data),)
export PW13_DATA_DIR := $(abspath ../shared/data)
endif
endif

.PHONY: help setup run full dense-ae conv-dae svm charrnn names report bench test test-all test-slow test-faults test-gpu coverage lint clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F'\t' '{printf "  %-12s %s\n", $$1, $$2}'

setup: $(READY)  ## create .venv and install pw13

$(PYTHON):
ifeq ($(UV),)
	@for python in python3 python python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "pw13 needs Python 3.11, 3.12 or 3.13 with venv (Debian, Ubuntu: apt install python3-venv), or uv; found none" >&2; exit 1; fi; \
	$$found -m venv --clear $(VENV)
else
	@uv venv --quiet --clear --seed --python "$${UV_PYTHON:->=3.11,<3.14}" $(VENV)
endif

$(READY): pyproject.toml constraints.txt | $(PYTHON)
	$(INSTALL) --editable .
	@$(PYTHON) -m compileall -q pw13  # so that the first command starts as fast as the next
	@touch $(READY)

$(TESTS_READY): $(READY)
	$(INSTALL) --editable '.[dev,cluster,tensorboard]'
	@touch $(TESTS_READY)

run: $(READY)  ## run every experiment with quick settings and write the report
	$(PW13) all --config quick $(ARGS)

full: $(READY)  ## the same with full settings
	$(PW13) all --config full --seeds 5 $(ARGS)

dense-ae: $(READY)  ## train the dense autoencoder
	$(PW13) train-dense-ae $(ARGS)

conv-dae: $(READY)  ## train the convolutional denoising autoencoder
	$(PW13) train-conv-dae $(ARGS)

svm: $(READY)  ## compare SVMs on codes and on pixels
	$(PW13) svm-eval $(ARGS)

charrnn: $(READY)  ## train the character RNN
	$(PW13) train-charrnn $(ARGS)

names: $(READY)  ## generate ten names
	@$(PW13) generate $(ARGS)

report: $(READY)  ## write the report from the runs
	$(PW13) report $(ARGS)

bench: $(READY)  ## compare with Keras and PyTorch (PyTorch: .venv/bin/python -m pip install -c constraints.txt -e '.[bench]')
	$(PYTHON) -m bench $(ARGS)

test: $(TESTS_READY)  ## run the fast tests
	$(PYTEST) -n $(JOBS) --dist loadfile -m "not slow and not faults and not gpu" $(ARGS)

test-slow: $(TESTS_READY)  ## run the tests on real data
	$(PYTEST) -m "slow and not faults and not gpu" $(ARGS)

test-all: $(TESTS_READY)  ## run all tests except test-faults
	$(PYTEST) -m "not faults and not gpu" $(ARGS)

test-faults: $(TESTS_READY)  ## kill processes and inject faults at random, count what was lost
	$(PYTEST) -m faults -s $(ARGS)

test-gpu: $(TESTS_READY)  ## run the tests that need an NVIDIA GPU
	$(PYTEST) -m gpu -rs $(ARGS)

coverage: $(TESTS_READY)  ## measure the branch coverage of the fast tests
	$(PYTHON) -m coverage erase
	$(PYTHON) -m coverage run -m pytest -n $(JOBS) --dist loadfile -m "not slow and not faults and not gpu" $(ARGS)
	$(PYTHON) -m coverage combine --quiet
	$(PYTHON) -m coverage report

lint: $(TESTS_READY)  ## check style, types and dependencies
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/deptry .

clean:  ## remove the environment and caches, not the runs
	rm -rf $(VENV) build dist .coverage .coverage.* .pytest_cache .ruff_cache .mypy_cache .hypothesis *.egg-info
