# Every target sets up what it needs; the second time it is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A file stays on one worker: what its tests share is made once. Three for two cores: where one waits
# for a screen or a socket, another works. Files come in the order of tests/conftest.py.
WORKERS := -n 3 --dist loadfile --no-loadscope-reorder
# Where compiled files may not be kept, every process of every test compiles all of us again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo seeds test long package check fuzz bench calibrate claims world faults edge edge-checks soak day storm restarts winnings strangers trio picture clean

help:
	@echo "make demo    trade against a simulated venue (ARGS='--speed 5')"
	@echo "make test    the test suite"
	@echo "make long    journeys of a minute and more: every breaker, the kill switch through a restart"
	@echo "make package wheel and sdist, built and tried in a fresh environment from an empty folder"
	@echo "make check   format, lint, types, walls between the floors"
	@echo "make bench   latencies, memory, processor time; writes bench.json (NAUTILUS_PYTHON=python that has it)"
	@echo "make calibrate  how good the forecast is on recorded days, what to set; writes calibrate.json"
	@echo "make claims  what each strategy claims a share and what that realises, before its record counts and after"
	@echo "make world   the simulated market beside the recorded one, figure by figure; writes world.json"
	@echo "make faults  every kind of trouble over a living demo, and what became of it"
	@echo "make edge    what each strategy earns after fees in four simulated worlds, and how sure that is"
	@echo "make edge-checks  whether verdicts are right: an edge that was planted is found, a fair market has none (twenty seeds of each)"
	@echo "make fuzz    many more examples of the property tests, 100,000 bad frames on the local socket"
	@echo "make soak    a long demo at high speed, replayed and reconciled"
	@echo "make day     a simulated day of four assets, its journal verified in bounded memory (ARGS='--hours 4')"
	@echo "make storm N=1000  so many orders through faults at random: none lost, none doubled, money equal, each kind of fault counted (ARGS='--seed 7')"
	@echo "make restarts N=100  kill -9 of a trading demo at random moments and named points, and right after an acknowledged kill: all of it is there again"
	@echo "make winnings  forty rounds with the four kinds of wallet in turn: winners redeemed once, pairs merged, calls counted, cash held against the venue's; then kill -9 at each step of a merge and of a redemption"
	@echo "make strangers  official clients, each in an environment of its own, method by method at the simulated venue (STRANGERS_PYTHON=python3.12)"
	@echo "make trio    our bot, py-clob-client-v2 and polymarket-client in one book for twenty rounds: everybody's trades agree (ARGS='--rounds 4 --seed 7')"
	@echo "make seeds   what the demo shows in its first rounds, seed by seed"
	@echo "make picture the README's picture and docs/screens.md, drawn by the terminal itself"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "this Python makes no environments: install the package python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(READY)
	$(BIN)/polytui demo $(ARGS)

test: $(READY)
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest $(WORKERS)
endif

long: $(READY)
	POLYTUI_TESTS_COLD=1 $(BIN)/python -m pytest -m long tests/journeys tests/runtime tests/execution tests/store tests/properties tests/benchmarks $(ARGS)

package: $(READY)
	$(BIN)/python -m pytest -m package tests/installed $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check polytui tests benchmarks docs
	$(BIN)/ruff check polytui tests benchmarks docs
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fuzz: $(READY)
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest $(WORKERS) tests/properties tests/desk/test_checkpoint.py tests/desk/test_graph.py tests/remote/test_local_fuzz.py $(ARGS)
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -m long tests/journeys/test_fuzzed_engine.py

seeds: $(READY)
	$(BIN)/python -m benchmarks.seeds $(ARGS)

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

calibrate: $(READY)
	$(BIN)/python -m benchmarks.fair_value

claims: $(READY)
	$(BIN)/python -m benchmarks.claims $(ARGS)

world: $(READY)
	$(BIN)/python -m benchmarks.world

faults: $(READY)
	$(BIN)/python -m benchmarks.faults

edge-checks: $(READY)
	$(BIN)/python -m benchmarks.edge_checks $(ARGS)

edge: $(READY)
	$(BIN)/python -m benchmarks.edge $(ARGS)

soak: $(READY)
	$(BIN)/python -m benchmarks.soak $(ARGS)

day: $(READY)
	$(BIN)/python -m benchmarks.day $(ARGS)

storm: $(READY)
	PYTHONPATH=tests $(BIN)/python -m benchmarks.order_storm $(or $(N),1000) $(ARGS)

restarts: $(READY)
	$(BIN)/python -m benchmarks.live_restarts $(or $(N),100) $(ARGS)
	$(BIN)/python -m benchmarks.restarts $(or $(N),100) $(ARGS)
	$(BIN)/python -m benchmarks.storm $(or $(N),50) $(ARGS)

# Named environments (docs/venue.md) are taken as they are, the others are made in .strangers/.
STRANGERS_PYTHON ?= $(PYTHON)
winnings: $(READY)
	$(BIN)/python -m benchmarks.winnings $(ARGS)
	$(BIN)/python -m benchmarks.winnings --pairs --rounds 16 --speed 20
	$(BIN)/python -m benchmarks.winnings_killed

strangers: $(READY)
	$(BIN)/python -m benchmarks.strangers --make --python $(STRANGERS_PYTHON) $(ARGS)

trio: $(READY)
	$(BIN)/python -m benchmarks.three_traders --make --python $(STRANGERS_PYTHON) $(ARGS)

picture: $(READY)
	$(BIN)/python -m docs.make_picture

clean:
	rm -rf $(VENV) .strangers build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
