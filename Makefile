# Every target works from a fresh clone: it makes .venv first if that is missing or older than the requirements.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: demo test test-faults test-long check load screenshots install clean

demo: $(STAMP)
	@$(BIN)/vintner demo $(if $(KEEP),--keep)

# One process for each processor; a file's tests stay together, because they share what they start.
test: check
	$(BIN)/pytest --numprocesses auto --dist loadfile

test-faults: $(STAMP)
	$(BIN)/pytest --numprocesses auto --dist loadfile tests/faults

# Hours: the right column of docs/reliability.md.
test-long: $(STAMP)
	VINTNER_LONG_TESTS=1 $(BIN)/pytest tests/faults

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
