# The commands of this project. `make run` and `make test` set up everything they need below build/.
PYTHON := build/venv/bin/python
export PYTHONPATH := tools

PAGE := build/packages/page/versions

.PHONY: help page run test bench lint docs roots image flash deploy provision update format clean

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

IMAGE = build/image/$(or $(BOARD),wican_pro).bin

## make image    one file for BOARD's flash, with the official MICROPYTHON=file.bin in it; KEY, FLASH_MB, IMAGE (the file)
image: $(PAGE)
	@$(PYTHON) -m image $(or $(BOARD),wican_pro) '$(or $(MICROPYTHON),$(error give MICROPYTHON=file.bin))' \
		--out '$(IMAGE)' $(if $(KEY),--key '$(KEY)') $(if $(FLASH_MB),--flash-mb $(FLASH_MB))

## make flash    writes IMAGE (or that of BOARD) to the device at PORT, with passwords of its own, and shows them
flash: build/ready
	@$(PYTHON) -m flash '$(or $(PORT),$(error give PORT=/dev/tty…))' '$(IMAGE)'

## make deploy   for development: brings BOARD's device at PORT in line with these sources; writes what differs
deploy: $(PAGE)
	@$(PYTHON) -m deploy '$(or $(PORT),$(error give PORT=/dev/tty…))' $(or $(BOARD),wican_pro)

## make provision  writes the devices of CSV, one after the other at PORT (check: none); SETTINGS for all, OUT, IMAGE
provision: build/ready
	@$(PYTHON) -m provision '$(or $(PORT),$(error give PORT=/dev/tty…))' '$(or $(CSV),$(error give CSV=file))' \
		'$(IMAGE)' $(if $(SETTINGS),--settings '$(SETTINGS)') $(if $(OUT),--out '$(OUT)')

## make update   signs the firmware and installs it on HOST, or makes a file for BOARD; KEY, FILE, OUT; asks for PASSWORD
update: build/ready $(PAGE)
	@$(PYTHON) -m update $(BOARD) $(if $(HOST),--host $(HOST)) $(if $(KEY),--key $(KEY)) \
		$(if $(FILE),--file $(FILE)) $(if $(OUT),--out $(OUT))

## make format   rewrites the sources the way `make lint` wants them
format: build/ready
	@build/venv/bin/ruff format .
	@build/venv/bin/ruff check --fix .

## make clean    removes everything that was built, but for the key that signs updates
clean:
	rm -rf .hypothesis
	[ ! -d build ] || find build/ -mindepth 1 -maxdepth 1 ! -name 'update.key' ! -name 'update.pub' -exec rm -rf {} +
