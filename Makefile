# Two commands matter: `make run` and `make test`. Everything else they need, they make, once.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Extras stay: pip takes a name with an extra for another requirement, and would look for a newer one without hash.
LOCK := $(BIN)/uv pip compile --quiet --universal --no-strip-extras --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# The texts in the code are Chinese; these are translations of them.
LANGUAGES := en
NPM_QUIET := --no-audit --no-fund --no-update-notifier --loglevel=error

# Stamps: a file says that a step is done; make compares it with what the step is made from.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
NODE_MODULES := node_modules/.installed
MANIFEST := alliance/static/dist/manifest.json
ASSETS := $(shell find alliance/assets ! -name '.*')
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard alliance/translations/*/LC_MESSAGES/*.po))
BUILT := $(MANIFEST) $(CATALOGUES)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- running -----------------------------------------------------------------------------------------

.PHONY: run
run: $(INSTALLED) $(BUILT) ## Install what is needed and start on http://localhost:8000 (PORT, DATABASE_URL)
	@exec $(BIN)/alliance serve

.PHONY: run-lan
run-lan: $(INSTALLED) $(BUILT) ## The same for phones in this network: self-signed HTTPS on every interface
	@exec $(BIN)/alliance serve --lan

.PHONY: dev
dev: $(INSTALLED_DEV) $(BUILT) ## The same, starting again at every change of code or assets
	@node alliance/assets/build.mjs --watch & watcher=$$!; $(BIN)/alliance serve --reload & server=$$!; \
	trap 'kill $$server $$watcher 2>/dev/null' INT TERM HUP; \
	wait $$server; status=$$?; kill $$watcher 2>/dev/null; wait $$server 2>/dev/null; exit $$status

# --- checking ----------------------------------------------------------------------------------------

.PHONY: test
test: $(INSTALLED_DEV) $(BUILT) ## Lint, types, import contracts, and every test on both databases and a browser
	@scripts/ensure-postgres >/dev/null
	@scripts/ensure-chromium >/dev/null
	@$(MAKE) lint
	@echo "→ tests"
	@$(BIN)/pytest -n 2

.PHONY: bench
bench: $(INSTALLED_DEV) $(BUILT) ## Measure redemptions, and figures of ten million (ONLY=redemption|circulation, QUICK=1, DOCS=1)
	@scripts/ensure-postgres >/dev/null
	@$(if $(filter circulation,$(ONLY)),:,$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(DOCS),--docs))
	@$(if $(filter redemption,$(ONLY)),:,$(BIN)/python -m bench.circulation $(if $(QUICK),--facts 200000) \
		$(if $(DOCS),--docs))

.PHONY: torture
torture: $(INSTALLED_DEV) $(BUILT) ## The faults to survive, at length (file=cut_connections: one of them; report=path: the table)
	@scripts/ensure-postgres >/dev/null
	@ALLIANCE_TORTURE=long $(BIN)/pytest $(if $(file),,-n 2 --dist worksteal) -q \
		$(if $(file),tests/torture/test_$(file).py,tests/torture tests/web/test_api_schema.py) --torture-report $(or $(report),test-results/torture.md)

.PHONY: lint
lint: $(INSTALLED_DEV) ## Style, types and import contracts, changing nothing
	@echo "→ style"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted; run: make fmt"; $(BIN)/ruff format --check .; }
	@echo "→ types"
	@$(BIN)/mypy --no-error-summary
	@echo "→ import contracts"
	@$(BIN)/lint-imports --no-logo

.PHONY: fmt
fmt: $(INSTALLED_DEV) ## Format the code and repair what can be repaired mechanically
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

# --- changing ----------------------------------------------------------------------------------------

.PHONY: migration
migration: $(INSTALLED_DEV) ## Write a migration from the models: make migration m="what it does"
	@test -n "$(m)" || { echo 'say what it does: make migration m="add a column"'; exit 1; }
	@$(BIN)/python scripts/migration.py "$(m)"

.PHONY: messages
messages: $(INSTALLED_DEV) ## Collect the texts of the code into the translation catalogues
	@mkdir -p alliance/translations
	@$(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --keywords "_l lazy_gettext" \
		--add-comments "Translators:" --no-location --sort-output --project alliance \
		--output-file alliance/translations/messages.pot alliance
	@for language in $(LANGUAGES); do $(BIN)/pybabel --quiet update --init-missing --ignore-obsolete \
		--no-fuzzy-matching --ignore-pot-creation-date --locale $$language \
		--input-file alliance/translations/messages.pot --output-dir alliance/translations; done

.PHONY: lock
lock: $(INSTALLED_DEV) ## Pin again what pyproject.toml, requirements*.in and package.json ask for (UPGRADE=1: newest)
	@$(LOCK) $(if $(UPGRADE),--upgrade) pyproject.toml requirements.in --output-file requirements.txt
	@$(LOCK) $(if $(UPGRADE),--upgrade) requirements-dev.in --output-file requirements-dev.txt
	@npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved $(NPM_QUIET) >/dev/null

.PHONY: clean
clean: ## Remove what make made (instance/ with its data stays)
	@rm -rf $(VENV) node_modules alliance/static/dist build dist test-results
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find alliance bench tests -name '__pycache__' -prune -exec rm -rf {} + -o -name '*.mo' -exec rm -f {} +

# --- steps -------------------------------------------------------------------------------------------

$(VENV)/.made:
	@python=$$(scripts/find-python) && echo "→ making $(VENV) with $$($$python --version)" && \
		rm -rf $(VENV) && $$python -m venv $(VENV)
	@touch $@

$(INSTALLED): requirements.txt pyproject.toml hatch_build.py $(VENV)/.made
	@echo "→ installing Python packages"
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	@echo "→ installing Python packages for development"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(NODE_MODULES): package-lock.json
	@scripts/check-node
	@echo "→ installing JavaScript packages"
	@npm ci --ignore-scripts $(NPM_QUIET) >/dev/null
	@touch $@

$(MANIFEST): $(NODE_MODULES) $(ASSETS)
	@echo "→ building assets"
	@node alliance/assets/build.mjs
	@touch $@

%.mo: %.po $(INSTALLED)
	@echo "→ compiling $<"
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
