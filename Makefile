# Thin on purpose: each target is a line or two; the work is in scripts and packages.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
VENV := .venv
BIN := $(VENV)/bin
UV_COMPILE := $(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: demo test check worker bench lock clean

demo: $(VENV)/.ready
	@$(BIN)/python -m config.demo $(if $(ONCE),--once)

test: $(VENV)/.ready
	@$(BIN)/python -m pytest -q $(ARGS)

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

worker: $(VENV)/.ready
	$(BIN)/python manage.py worker

bench: $(VENV)/.ready
	@$(BIN)/python -m tests.bench $(if $(JSON),--json)

# The lock names every package with its hashes; --no-deps keeps pip from adding what the overrides leave out.
$(VENV)/.ready: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	    { echo "Python 3.11 is missing: install it, or name it with make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) (about a minute the first time) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv is missing: install it (Debian: python3.11-venv)"; exit 1; }
	@$(BIN)/pip install --disable-pip-version-check --no-deps --require-hashes --progress-bar off -qq -r requirements/dev.txt
	@touch $@

lock:
	$(UV_COMPILE) -o requirements/base.txt
	$(UV_COMPILE) --extra dev -o requirements/dev.txt -c requirements/base.txt

clean:
	rm -rf $(VENV) var staticfiles
