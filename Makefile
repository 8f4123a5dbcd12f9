# The developer's commands, in one place. The build itself is CMakeLists.txt; what the commands do is in
# scripts/. `make help` lists them.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.PHONY: help setup build demo demo-stop check check-unit check-regress check-differential check-tap fuzz pgregress bench format lint clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## install the Debian packages that are missing
	@scripts/setup

build: setup ## build the extension and the unit tests into build/
	@scripts/build

demo: ## build, start a coordinator and two workers, run the tutorial on them, leave them running
	@demo/run

demo-stop: ## stop and remove the demo's servers
	@demo/stop

check: ## run every test
	@scripts/check

check-unit: ## run the unit tests of src/core
	@scripts/check unit

check-regress: ## run the pg_regress suites
	@scripts/check regress

check-differential: ## run the same statements on plain and on distributed tables and compare
	@scripts/check differential

check-tap: ## run the crash tests
	@scripts/check tap

fuzz: build ## random statements on plain and distributed tables until stopped; FUZZ_ARGS="--seed 7 --count 20"
	@scripts/fuzz $(FUZZ_ARGS)

pgregress: build ## PostgreSQL's own suite: with the library but nothing distributed, then with every table distributed
	@test/pgregress/run
	@scripts/fuzz --pgregress

bench: build ## compare with one plain PostgreSQL; BENCH_ARGS="--rounds 3 --seconds 5" changes the length
	@bench/run $(BENCH_ARGS)

format: ## format the C++ sources in place
	@scripts/lint --fix

lint: build ## check format and run clang-tidy
	@scripts/lint

clean: ## remove what builds and tests wrote into the repository
	rm -rf build log tmp_check test/regress/results test/regress/regression.*
	find src -name '*.o' -delete
	rm -f citus.so
