# Every target works from a fresh clone: it makes .venv first if that is missing or older than the requirements.

# Whichever python3 is there, or else one by its version; each is tried, because a version manager's stand-in may fail.
TRIED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c '$(TRIED)' 2>/dev/null && { echo $$name; exit; }; done; echo python3)
BIN := .venv/bin
STAMP := .venv/.installed
# What only developers need, the greater half, is added by the targets that need it.
DEV := .venv/.installed-dev

.PHONY: demo demo-engine test quick coverage test-faults test-python test-long public-tables bench bench-engine bench-peers check artefacts layer package lock load smoke screenshots install clean

demo: $(STAMP)
	@$(BIN)/vintner demo $(if $(KEEP),--keep)

# As many processes as tests/conftest.py says; a file's tests stay together, because they share what they start.
PYTEST := $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test: check
	$(PYTEST)

# In seconds, the tests of the rooms that changed since the last commit, or of those named: make quick ROOM="tables bucket".
quick: $(DEV)
	@tests=$$($(BIN)/python -m tests.support.rooms $(ROOM)) && $(BIN)/pytest --quiet $$tests

# How much of the program the tests of its rooms run; less than what pyproject.toml asks for is a failure.
ROOMS := $(addprefix tests/,chalicelib cli deploy engine functions local shared)

coverage: $(DEV)
	$(PYTEST) --cov --cov-report=term:skip-covered $(ROOMS)

# What another interpreter can change: numbers, bytes, imports, processes; without the browser and the long matrices.
test-python: $(DEV)
	$(BIN)/pytest --numprocesses auto --dist loadfile tests/shared tests/functions tests/chalicelib tests/local \
		tests/deploy tests/cli tests/engine tests/tables tests/test_architecture.py tests/test_package.py

test-faults: $(DEV)
	$(PYTEST) tests/faults

# Hours: the right column of docs/reliability.md.
test-long: $(DEV)
	VINTNER_LONG_TESTS=1 $(BIN)/pytest tests/faults

# A quarter of an hour. BENCH="--quick", "--only http", "--picture FILE.svg": python -m tests.bench --help.
bench: $(DEV)
	@$(BIN)/python -m tests.bench $(BENCH)

# BentoML and MLflow, each in an environment of its own, to be measured beside the gateway.
bench-peers:
	@for peer in bentoml mlflow; do \
		$(PYTHON) -m venv .vintner/peers/$$peer && .vintner/peers/$$peer/bin/pip install --quiet \
		--disable-pip-version-check -r tests/bench/peers/requirements-$$peer.txt || exit 1; done

# A million generated rows over the threshold, a job of the engine, its model in production: make demo-engine [ROWS=100000].
demo-engine: $(DEV)
	@$(BIN)/python -m cli.development.engine_demo $(if $(ROWS),--rows $(ROWS))

# The engine: one set of bytes on any cluster, memory, time, against XGBoost and scikit-learn. ENGINE="--rows 10000000 --slots 200".
bench-engine: $(DEV)
	@$(BIN)/python -m tests.bench.engine $(ENGINE)

# Public tables against the notebook way. TABLES="--seconds 60", TABLES=MASS/biopsy: python -m tests.tables.public --help.
# THRESHOLDS="--tables 30": F1 at 0.5 and at the threshold that is chosen. python -m tests.tables.thresholds --help.
public-tables: $(DEV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .vintner/tables \
		-r tests/tables/requirements-public.txt
	PYTHONPATH=.vintner/tables $(BIN)/python -m tests.tables.$(if $(THRESHOLDS),thresholds $(THRESHOLDS),public $(TABLES))

check: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# What is deployed, in dist/. The tests that run it are skipped without it, and with that of another Python.
# RUNTIME=3.12 and ARCHITECTURE=arm64 choose another one than .chalice/config.json does.
FOR = $(if $(RUNTIME),--python $(RUNTIME)) $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

# Made anew when another one is wished for than the last time.
WISH := dist/.for-$(or $(RUNTIME),stage)-$(or $(ARCHITECTURE),stage)
$(WISH):
	@mkdir -p dist && rm -f dist/.for-* && touch $@

artefacts: layer package

layer: dist/training-layer.zip

package: dist/deployment.zip

dist/training-layer.zip: $(STAMP) $(WISH) requirements-train.txt $(wildcard cli/building/*.py)
	$(BIN)/vintner layer $(FOR)

dist/deployment.zip: $(STAMP) $(WISH) requirements.txt app.py $(shell find chalicelib functions shared -type f -not -name '*.pyc')
	$(BIN)/vintner package $(FOR)

# One set of versions, with the hashes of all their wheels: what trains on a laptop is what trains on Lambda.
# Locked for the oldest Python: the later ones need nothing more, and the hashes are those of the wheels for all three.
LOCK := $(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform linux --generate-hashes

lock: $(STAMP)
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-train.in --constraint requirements.txt --output-file requirements-train.txt
	$(LOCK) requirements-run.in --constraint requirements-train.txt --output-file requirements-run.txt
	$(LOCK) requirements-engine.in --constraint requirements-run.txt --output-file requirements-engine.txt
	$(LOCK) requirements-dev.in --constraint requirements-run.txt --constraint requirements-engine.txt \
		--output-file requirements-dev.txt

load: $(DEV)
	@$(BIN)/python -m cli.development.load $(if $(URL),--url $(URL)) $(LOAD)

# Against a real AWS account, with your credentials: make smoke STAGE=dev [KEEP=1].
smoke: $(STAMP)
	@$(BIN)/python -m cli.development.smoke $(STAGE) $(if $(KEEP),--keep)

screenshots: $(DEV)
	@$(BIN)/python -m cli.development.screenshots

install: $(DEV)

# A lock is complete, so nothing is resolved. uv takes a tenth of pip's time: the one on the path, or else its locked
# wheel; where neither runs, pip installs. On a terminal the seconds are counted.
define INSTALL
@if [ -t 2 ]; then (s=0; while sleep 1; do s=$$((s + 1)); printf '\r%s s ' $$s >&2; done) & trap "kill $$!; printf '\r' >&2" EXIT; fi; \
	command -v uv >/dev/null || [ -x $(BIN)/uv ] || { sed -n '/^uv==/,/^    #/p' requirements-run.txt >.venv/uv.txt && \
		$(BIN)/pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes -r .venv/uv.txt; } || true; \
	VIRTUAL_ENV=$(CURDIR)/.venv PATH="$$PATH:$(CURDIR)/$(BIN)" uv pip install --quiet --no-deps --require-hashes -r $(1) || \
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(1)
endef

$(STAMP): requirements-run.txt pyproject.toml
	@$(PYTHON) -c '$(TRIED)' 2>/dev/null || { echo "Vintner needs Python 3.11, 3.12 or 3.13, the newest that it was tried on;" \
		"found $$($(PYTHON) --version 2>&1 || echo no $(PYTHON)). Install one, and name it: make PYTHON=python3.13" >&2; exit 1; }
	@echo "installing $$(grep -c '==' requirements-run.txt) packages into .venv, once: 450 MB"
	@$(PYTHON) -m venv .venv
	$(call INSTALL,requirements-run.txt)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(STAMP) requirements-dev.txt
	@echo "installing what checks, tests and benchmarks need into .venv, once: 400 MB more"
	$(call INSTALL,requirements-dev.txt)
	@touch $@

clean:
	rm -rf .venv .vintner dist .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
