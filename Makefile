# Every target works from a fresh clone: it makes .venv first if that is missing or older than the requirements.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo test check load screenshots install clean

demo: $(STAMP)
	@$(BIN)/vintner demo $(if $(KEEP),--keep)

test: check
	$(BIN)/pytest

check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

load: $(STAMP)
	@$(BIN)/python -m cli.load $(if $(URL),--url $(URL)) $(LOAD)

screenshots: $(STAMP)
	@$(BIN)/python -m cli.screenshots

install: $(STAMP)

$(STAMP): requirements.txt requirements-train.txt requirements-dev.txt pyproject.toml
	@echo "installing into .venv: a minute or two, once"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

clean:
	rm -rf .venv .vintner .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
