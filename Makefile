PYTHON ?= python3
BIN := .venv/bin
export JAX_PLATFORMS ?= cpu

.PHONY: demo test test-slow check bench setup clean

setup: .venv/ready

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/empo solve key-door --out runs/key-door
	$(BIN)/empo train key-door --algorithm q --out runs/key-door-learned --overwrite
	$(BIN)/empo compare runs/key-door runs/key-door-learned --out runs/key-door-learned/compare.html

test: setup
	$(BIN)/pytest -m 'not slow' -n logical --dist loadfile

test-slow: setup
	$(BIN)/pytest -m slow -n logical

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	$(BIN)/python -m bench

clean:
	rm -rf .venv runs .pytest_cache .ruff_cache .hypothesis .import_linter_cache
