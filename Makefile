# With only Python 3.11+, make and the package registry: `make run` and `make test`.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test bench lint clean

run: .venv/ready
	$(BIN)/geoaccess run configs/iceland.toml

test: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --dist loadfile
	$(BIN)/python benchmarks/run.py --once

bench: .venv/ready
	$(BIN)/python benchmarks/run.py

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv .cache build dist
