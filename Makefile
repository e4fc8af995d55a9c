# The commands of this project. `make run` and `make test` set up everything they need below build/.
PYTHON := build/venv/bin/python
export PYTHONPATH := tools

PAGE := build/packages/page/versions

.PHONY: help page run test bench lint docs roots format clean

help:
	@sed -n 's/^## //p' Makefile

build/ready: $(wildcard requirements*.txt) tools/setup tools/debian tools/micropython tools/roots.py
	@tools/setup

$(PAGE): build/ready tools/page.py $(wildcard lib/web/static/* lib/web/static/*/*.js)
	@$(PYTHON) -m page

## make page     the device's page, from lib/web/static
page: $(PAGE)

## make run      simulated car -> firmware -> HTTPS collector; WEB_PORT, COLLECTOR_PORT, DURATION, STATE_DIR, ELM, CAR
run: $(PAGE)
	@$(PYTHON) -m run

## make test     every test
test: $(PAGE)
	@$(PYTHON) -m pytest tests $(PYTEST_ARGS)

## make bench    speed and memory against named peers; writes build/bench.json
bench: $(PAGE)
	@$(PYTHON) -m bench

## make lint     formatter, linter, type checker
lint: build/ready
	@build/venv/bin/ruff format --check .
	@build/venv/bin/ruff check .
	@build/venv/bin/mypy
	@build/venv/bin/mypy --config-file mypy-device.ini

## make docs     docs/settings.md and docs/messages.md from the sources
docs: build/ready
	@$(PYTHON) -m settings_reference >docs/settings.md
	@$(PYTHON) -m messages_reference >docs/messages.md

## make roots    build/roots.bin, the default bundle of public authorities, from the certifi package
roots: build/ready
	@$(PYTHON) -m roots build/roots.bin

## make format   rewrites the sources the way `make lint` wants them
format: build/ready
	@build/venv/bin/ruff format .
	@build/venv/bin/ruff check --fix .

## make clean    removes everything that was built
clean:
	rm -rf build .hypothesis
