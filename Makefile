# Thin on purpose: each target is a line or two; the work is in scripts and packages.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
VENV := .venv
BIN := $(VENV)/bin
UV_COMPILE := $(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header

# The environment of mmdet and mmpose, beside .venv because MediaPipe's packages and theirs do not agree.
GPU := .venv-gpu
# Kept for all checkouts of this user: building mmcv's wheel takes a quarter of an hour.
export MMCV_WHEELS ?= $(HOME)/.cache/white-lights/wheels
# And the two small networks that its tests teach: six minutes.
export MM_CACHE ?= $(HOME)/.cache/white-lights/taught

# The environment of gold/synth, which renders lifters: with torch, so apart from the site's.
SYNTH := .venv-synth
TORCH := torch==2.13.0

# And what throws made-up requests at a running site.
FUZZ := .venv-fuzz

.PHONY: fuzz replay-meets play-meet bench-meets demo test check worker bench lock clean classifier gpu-env test-gpu bench-engine bench-two-engines gate synth-env test-synth

demo: $(VENV)/.ready
	@$(BIN)/python -m config.demo $(if $(ONCE),--once)

test: $(VENV)/.ready
	@$(BIN)/python -m pytest -q -n $(or $(WORKERS),2) --dist worksteal $(ARGS)

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m inference.gate --check

# The gold gate: make gate TRUTH=folder [ENGINE=truth] [ARGS=--json]
gate: $(VENV)/.ready
	@$(BIN)/python -m inference.gate --engine $(or $(ENGINE),mediapipe) --truth $(or $(TRUTH),gold/check) $(ARGS)

# Real meets through import, database and export: make replay-meets DIR=folder [JSON=1]. In memory; nothing is kept.
replay-meets: $(VENV)/.ready
	@DATABASE_URL=sqlite://:memory: LOG_LEVEL=WARNING $(BIN)/python manage.py meets_replay $(or $(DIR),../shared/data/meets) $(if $(JSON),--json)

# A whole meet of sixty lifters through the public API, and the check of what came out.
play-meet: $(VENV)/.ready
	@$(BIN)/python -m tests.play $(if $(JSON),--json) $(ARGS)

# Pages and exports with 100,000 attempts, in a database of its own on the PostgreSQL server of DATABASE_URL.
bench-meets: $(VENV)/.ready
	@$(BIN)/python -m tests.bench.meets $(if $(JSON),--json)

# Made-up requests at a running site, with the key of every part in a meet: half an hour. ARGS="--roles reader --examples 5"
fuzz: $(VENV)/.ready $(FUZZ)/.ready
	@$(BIN)/python -m tests.fuzz $(if $(JSON),--json) $(ARGS)

worker: $(VENV)/.ready
	$(BIN)/python manage.py worker

bench: $(VENV)/.ready
	@$(BIN)/python -m tests.bench $(if $(JSON),--json)

gpu-env: $(GPU)/.ready

test-gpu: $(GPU)/.ready
	@REQUIRE_MM=1 $(GPU)/bin/python -m pytest -q -m gpu $(or $(ARGS),tests/mm tests/inference)

bench-engine: $(GPU)/.ready
	@$(GPU)/bin/python -m tests.bench.engine $(if $(JSON),--json)

bench-two-engines: $(VENV)/.ready $(GPU)/.ready
	@$(BIN)/python -m tests.bench.two_engines $(if $(JSON),--json)

synth-env: $(SYNTH)/.ready

# Teaches the shipped pose classifier from nothing: ten minutes on two cores.
classifier: $(SYNTH)/.ready
	@$(SYNTH)/bin/python -m inference.classify train pose $(ARGS)

test-synth: $(SYNTH)/.ready
	@REQUIRE_SYNTH=1 $(SYNTH)/bin/python -m pytest -q $(or $(ARGS),tests/gold/synth tests/inference/finder tests/inference/classify)

$(GPU)/.ready: requirements/gpu.txt requirements/gpu-build.txt requirements/test.txt docker/install/worker-gpu.sh
	@echo "Setting up $(GPU): 5 GB; three minutes with mmcv's wheel in $(MMCV_WHEELS), a quarter of an hour more without ..."
	@$(PYTHON) -m venv $(GPU)
	@docker/install/worker-gpu.sh $(abspath $(GPU))/bin/python
	@$(GPU)/bin/pip install --disable-pip-version-check --no-deps --require-hashes --progress-bar off -qq -r requirements/test.txt
	@touch $@

# torch first and by itself, from whichever index pip asks: its builds for the CPU and for CUDA have different hashes.
$(SYNTH)/.ready: requirements/synth.txt
	@echo "Setting up $(SYNTH): two to five minutes, 2 GB with torch's build for the CPU ..."
	@$(PYTHON) -m venv $(SYNTH)
	@$(SYNTH)/bin/pip install --disable-pip-version-check --progress-bar off -qq $(TORCH)
	@$(SYNTH)/bin/pip install --disable-pip-version-check --no-deps --require-hashes --progress-bar off -qq -r $<
	@touch $@

$(FUZZ)/.ready: requirements/fuzz.txt
	@echo "Setting up $(FUZZ) (half a minute the first time) ..."
	@$(PYTHON) -m venv $(FUZZ)
	@$(FUZZ)/bin/pip install --disable-pip-version-check --no-deps --require-hashes --progress-bar off -qq -r $<
	@touch $@

# The lock names every package with its hashes; --no-deps keeps pip from adding what the overrides leave out.
$(VENV)/.ready: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
	    { echo "Python 3.11 is missing: install it, or name it with make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) (about a minute the first time) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv is missing: install it (Debian: python3.11-venv)"; exit 1; }
	@$(BIN)/pip install --disable-pip-version-check --no-deps --require-hashes --progress-bar off -qq -r requirements/dev.txt
	@touch $@

lock:
	$(UV_COMPILE) -o requirements/web.txt
	$(UV_COMPILE) --extra cpu -o requirements/worker.txt -c requirements/web.txt
	$(UV_COMPILE) --extra gpu -o requirements/gpu.txt -c requirements/web.txt
	$(UV_COMPILE) --extra gpu --extra gpu-build -o requirements/gpu-build.txt -c requirements/gpu.txt
	$(UV_COMPILE) --extra cpu --extra test --extra dev -o requirements/dev.txt -c requirements/worker.txt
	$(UV_COMPILE) --extra test -o requirements/test.txt -c requirements/dev.txt
	$(UV_COMPILE) --extra fuzz -o requirements/fuzz.txt -c requirements/web.txt
	$(UV_COMPILE) --extra cpu --extra synth --extra test --no-emit-package torch -o requirements/synth.txt \
	    -c requirements/dev.txt

clean:
	rm -rf $(VENV) $(GPU) $(SYNTH) $(FUZZ) var staticfiles
