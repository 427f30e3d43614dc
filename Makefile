# With only Python 3.11+, make and the package registry: `make run` and `make test`.

PYTHON ?= python3
BIN := .venv/bin
# `make test COVERAGE=--cov` also measures which lines run, and fails below the floor of pyproject.toml; it costs half as much time again.
COVERAGE ?=

.PHONY: run test fuzz bench docs docs-links plugin release-check sbom sizes clean

run: .venv/ready
	$(BIN)/geoaccess run configs/iceland.toml

test: .venv/dev node_modules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder --durations=25 $(COVERAGE)
	$(BIN)/python -m benchmarks.run --once

# Changed files for every reader: a few minutes; `make fuzz MINUTES=600` for a night, `TARGETS="pbf gtfs"` for some readers. What is found goes to
# tests/fuzz_cases, which `make test` reads.
MINUTES ?= 4
TARGETS ?=
fuzz: .venv/dev
	PYTHONPATH=tests:. $(BIN)/python -m fuzzing --minutes $(MINUTES) $(TARGETS)

# The linter of the pages' scripts, where npm is; without it the tests of the scripts skip and say so.
node_modules: package.json package-lock.json
	@if ! command -v npm >/dev/null 2>&1; then echo "no npm: the pages' scripts are not linted"; \
	elif npm ci --silent; then touch $@; else echo "npm could not install eslint: the pages' scripts are not linted"; fi

# The programs we are measured beside; one that does not install is reported as missing.
bench: .venv/bench
	$(BIN)/python -m benchmarks.run

.venv/bench: .venv/dev benchmarks/install_peers.py
	$(BIN)/python -m benchmarks.install_peers
	touch $@

# The documentation, in docs/_build/html: a warning is an error, and no page loads anything from elsewhere.
docs: .venv/docs
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/python docs/offline.py docs/_build/html

# Every link within the documentation; `make docs-links EXTERNAL=1` also follows those that lead elsewhere, with a network.
docs-links: docs
	$(BIN)/python docs/links.py docs/_build/html
	$(if $(EXTERNAL),$(BIN)/sphinx-build -q -b linkcheck docs docs/_build/links)

.venv/docs: .venv/ready docs/requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r docs/requirements.lock
	touch $@

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# What tests and linters need beside what users need.
.venv/dev: .venv/ready requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

# The QGIS plugin as a zip, in dist/: QGIS installs it from Plugins, Install from ZIP.
plugin:
	$(PYTHON) release/plugin.py

# What a release still lacks. `make release-check INSTALL=--install` also installs the wheel into an empty environment.
release-check: .venv/dev
	$(BIN)/python release/check.py $(INSTALL)

# What users install, as a bill of materials (CycloneDX), from the lock file.
sbom:
	$(PYTHON) release/sbom.py requirements.lock dist/sbom.json

# How many MB users install, by extra.
sizes: .venv/ready
	$(BIN)/python release/sizes.py

clean:
	rm -rf .venv .cache build dist node_modules docs/_build docs/reference/api
