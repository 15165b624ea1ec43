# Every target sets up the environment by itself when it has to. Options for a command: make dense-ae ARGS="--code-size 16"

VENV := .venv
PW13 := $(VENV)/bin/pw13
PYTEST := $(VENV)/bin/python -m pytest
READY := $(VENV)/.ready
ARGS :=

# The real data, where they lie beside the checkout; a PW13_DATA_DIR of the user's own comes first.
ifeq ($(PW13_DATA_DIR),)
ifneq ($(wildcard ../shared/data),)
export PW13_DATA_DIR := $(abspath ../shared/data)
endif
endif

.PHONY: help setup run full dense-ae conv-dae svm charrnn names report bench test test-all test-slow test-faults lint clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F'\t' '{printf "  %-12s %s\n", $$1, $$2}'

setup: $(READY)  ## make .venv and install pw13 into it

# A python on PATH may be a shim that fails, or one without venv: each is tried by running it.
$(READY): pyproject.toml constraints.txt
	@for python in python3.13 python3.12 python3.11 python3 python; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "pw13 needs Python 3.11, 3.12 or 3.13 with venv (Debian, Ubuntu: apt install python3-venv); found none" >&2; exit 1; fi; \
	if [ ! -x $(VENV)/bin/python ]; then $$found -m venv --clear $(VENV); fi
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,cluster,tensorboard]'
	$(VENV)/bin/python -m compileall -q pw13  # so that the first command starts as fast as the next
	@touch $(READY)

run: $(READY)  ## the whole practical work with quick settings, report included
	$(PW13) all --config quick $(ARGS)

full: $(READY)  ## the same with full settings
	$(PW13) all --config full $(ARGS)

dense-ae: $(READY)  ## train the dense autoencoder
	$(PW13) train-dense-ae $(ARGS)

conv-dae: $(READY)  ## train the convolutional denoising autoencoder
	$(PW13) train-conv-dae $(ARGS)

svm: $(READY)  ## compare SVMs on codes and on pixels
	$(PW13) svm-eval $(ARGS)

charrnn: $(READY)  ## train the character RNN
	$(PW13) train-charrnn $(ARGS)

names: $(READY)  ## ten invented names
	@$(PW13) generate $(ARGS)

report: $(READY)  ## write the hand-in from the runs
	$(PW13) report $(ARGS)

bench: $(READY)  ## pw13 beside Keras and PyTorch (PyTorch: pip install -c constraints.txt -e '.[bench]')
	$(VENV)/bin/python -m bench $(ARGS)

test: $(READY)  ## the fast tests
	$(PYTEST) -m "not slow and not faults" $(ARGS)

test-slow: $(READY)  ## the tests on real data
	$(PYTEST) -m "slow and not faults" $(ARGS)

test-all: $(READY)  ## all tests but those that kill and break
	$(PYTEST) -m "not faults" $(ARGS)

test-faults: $(READY)  ## kill and break at random and count what was lost
	$(PYTEST) -m faults -s $(ARGS)

lint: $(READY)  ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy pw13

clean:  ## remove the environment and caches, not the runs
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis *.egg-info
