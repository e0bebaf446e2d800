# Everything runs inside .venv, made from the hashed requirements.lock.
# Another interpreter: make book PYTHON=python3.13
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup book test check serve lab notebooks tangle exercises results bench lock clean

help: ## list these targets
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

setup: $(READY) ## install everything into .venv (the other targets do it by themselves)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This book needs Python 3.11 or newer; this is %s. Try: make book PYTHON=python3.13" % sys.version.split()[0])'
	@echo "Setting up $(VENV), once; this takes one to three minutes ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

book: $(READY) ## build the HTML book into _build/html
	$(BIN)/python -m bpbook build

test: $(READY) ## build the book and run all tests: code, equations, bugs, exercises, notebooks, site
	$(BIN)/python -m bpbook test

check: $(READY) ## run the fast checks (under a minute, no notebook is executed)
	$(BIN)/python -m bpbook check

serve: $(READY) ## build the book, show it at http://localhost:8000 and rebuild on every change
	$(BIN)/python -m bpbook serve

lab: $(READY) ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab chapters

notebooks: $(READY) ## execute all notebooks and normalise them
	$(BIN)/python -m bpbook normalise

tangle: $(READY) ## write bpkit/ from the chapters
	$(BIN)/python -m bpbook tangle

exercises: $(READY) ## write the exercise notebooks from their sources
	$(BIN)/python -m bpbook exercises

results: $(READY) ## repeat the long runs whose results the chapters read (minutes)
	$(BIN)/python -m bpbook results

# The peers are large and pin versions of their own, so they get an environment of their own.
BENCH := .venv-bench

bench: $(BENCH)/.ready ## time bpkit beside PyTorch, JAX and others (ten minutes; installs them into .venv-bench)
	$(BENCH)/bin/python -m bpbook bench

$(BENCH)/.ready: bpbook/bench/requirements.txt
	@echo "Setting up $(BENCH), once; PyTorch and JAX are large downloads ..."
	@$(PYTHON) -m venv --clear $(BENCH)
	@$(BENCH)/bin/python -m pip install -qq --disable-pip-version-check -r bpbook/bench/requirements.txt
	@touch $@

lock: ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-header --quiet -o requirements.lock

clean: ## delete what was built (not .venv)
	rm -rf _build
