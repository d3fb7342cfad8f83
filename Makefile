# Everything a newcomer needs: `make up` on a machine with Python 3.11+ and make.

PYTHON ?= $(shell for found in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$found" && break; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --quiet --prefer-binary --constraint constraints.txt

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start some hundred processes: what one of them has compiled the others need not.
export PYTHONDONTWRITEBYTECODE :=

TALLY_SOURCES ?= $(wildcard ../shared/seeds)
ifeq ($(strip $(TALLY_SOURCES)),)
unexport TALLY_SOURCES
else
export TALLY_SOURCES
endif

.PHONY: up test deep check quick lint read bench pictures catalogues clean help
.DEFAULT_GOAL := help

help:
	@echo 'make up        install what is missing, start everything on this machine, stop with Ctrl-C'
	@echo 'make test      lint, types, import contracts and every test'
	@echo 'make deep      the drawn lives, examples and faults again, many more of them: for a night'
	@echo 'make check     the same without the slow tests: half a minute'
	@echo 'make bench     measure a day of work on a large register'
	@echo 'make pictures  take the pictures of the documentation anew'
	@echo 'make catalogues  bring the translations in step with what is said; names what is missing'
	@echo 'make clean     remove caches and built files; the register in .tally and the installation stay'

up: $(VENV)/runtime.stamp
	@$(BIN)/tally up --examples examples

# What fails while four tests run at once must pass three times in a row alone, before everyone's eyes: a test that
# only a busy machine breaks is named by the first run and judged by the others; what is broken fails again. Of what is
# asked the second time at most three may fail before it gives up: a whole suite that is red is not run four times.
TESTS = $(BIN)/python -m pytest
SPREAD = --numprocesses 4 --dist loadfile --no-loadscope-reorder
AGAIN = .pytest_cache/again
# Style, types and imports are judged beside the tests, which leave a processor idle while they wait for a server; what
# is found is said at once, and again at the end.
LINTED = .pytest_cache/linted
test: $(VENV)/dev.stamp
	@mkdir -p .pytest_cache; \
	{ $(MAKE) --no-print-directory lint >$(LINTED) 2>&1 || { cat $(LINTED); exit 1; }; } & lint=$$!; \
	$(MAKE) --no-print-directory read spread; tests=$$?; \
	wait $$lint || { cat $(LINTED); exit 1; }; exit $$tests

.PHONY: spread
spread: $(VENV)/dev.stamp
	@$(TESTS) $(SPREAD) || { test $$? = 1 && for time in 1 2 3; do \
	rm -rf $(AGAIN) && mkdir -p $(AGAIN) && cp -r .pytest_cache/v $(AGAIN) && \
	echo "Once more, one at a time, $$time of 3: what failed above" && \
	$(TESTS) --override-ini cache_dir=$(AGAIN) --last-failed --last-failed-no-failures none --maxfail 3 || exit 1; done; }

# What the four processes would each put into bytes on a fresh checkout, put there once, while the types are checked.
read: $(VENV)/dev.stamp
	@$(TESTS) --collect-only >/dev/null 2>&1 || true

deep: $(VENV)/dev.stamp
	@TEST_EFFORT=deep FAULT_ROUNDS=10 $(TESTS) $(SPREAD) $(foreach place,rules stories faults,tests/$(place))

# Side by side on two processors: the first check of types takes as long as the tests.
check: $(VENV)/dev.stamp
	@$(MAKE) --no-print-directory --jobs=2 --output-sync lint quick

quick: $(VENV)/dev.stamp
	@TEST_EFFORT=quick $(BIN)/python -m pytest -m "not slow" $(foreach place,faults flows portal,--ignore tests/$(place))

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/dev.stamp
	@$(BIN)/python -m benchmarks

pictures: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.pictures.make_pictures
	@$(BIN)/python -m tests.portal.make_pictures docs/pictures
	@$(BIN)/python -m tests.flows.pictures docs/pictures

catalogues: $(VENV)/dev.stamp
	@$(BIN)/python -m notifications.catalogue

clean:
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer was not found; name it: make PYTHON=/path/to/python3' >&2; exit 1; }
	@echo 'making $(VENV) with $(PYTHON)'
	@$(PYTHON) -m venv $(VENV)

# A stamp says that the installation is as new as what it is made from.
$(VENV)/runtime.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo 'installing Tallystick and what it stands on (about a minute, this once)'
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	@echo 'installing Tallystick with the tools for its tests (about two minutes, this once)'
	@$(INSTALL) --editable '.[dev]'
	@touch $(VENV)/runtime.stamp $@
