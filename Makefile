# The two commands a newcomer needs are `make demo` and `make test`. `make packages` installs what a fresh Debian lacks.
.DEFAULT_GOAL := help
CARGO ?= cargo
export CARGO
export CARGO_TERM_COLOR ?= auto

.PHONY: help
help: ## Say what there is.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Take a practice fleet from bought to enrolled, named and released.
	$(CARGO) run --quiet --bin muster -- demo $(ARGS)

.PHONY: check
check: ## Format, lints and the quick tests: the inner loop, under two minutes.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings
	$(CARGO) test --workspace --lib --quiet

.PHONY: test
test: ## Everything: lints, all tests on both databases, outside judges, the demo itself.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings
	scripts/tools
	scripts/with-postgres scripts/run-tests
	$(CARGO) test --workspace --doc --quiet
	$(CARGO) run --quiet --bin muster -- demo

.PHONY: bench
bench: ## Measure speed and memory of the release build on both databases; ARGS="--work idle-tls --engine sqlite" for one.
	$(CARGO) build --release --quiet --package muster --package muster-bench
	scripts/with-postgres --durable target/release/muster-bench $(ARGS)

.PHONY: soak
soak: ## Kill the server KILLS times (1000) under load, go on where it was interrupted, and say what was hit.
	$(CARGO) build --quiet -p muster-tests --bins
	scripts/with-postgres target/debug/soak $(or $(KILLS),1000) target/soak

.PHONY: schemathesis
schemathesis: ## Let schemathesis loose on the API for some minutes: EXAMPLES=50 an operation.
	scripts/tools
	MUSTER_SCHEMATHESIS_MODE=all MUSTER_SCHEMATHESIS_PHASES=examples,coverage,fuzzing MUSTER_SCHEMATHESIS_EXAMPLES=$(or $(EXAMPLES),50) \
		$(CARGO) test -p muster-tests --test graph schemathesis -- --nocapture

.PHONY: fuzz
fuzz: ## Let libFuzzer look for inputs that break a reader: SECONDS=60 a target, TARGETS= some of them.
	scripts/fuzz $(or $(SECONDS),60) $(TARGETS)

.PHONY: docs
docs: ## Write the generated pages of docs/ anew.
	MUSTER_BLESS=1 $(CARGO) test --quiet -p muster --test marks
	MUSTER_BLESS=1 $(CARGO) test --quiet -p muster-tests --test kills the_page_of_points
	MUSTER_BLESS=1 $(CARGO) test --quiet -p muster-tests --test recovery
	MUSTER_BLESS=1 $(CARGO) test --quiet -p muster-server --lib the_page_of_routes

.PHONY: packages
packages: ## Install the Debian packages that building and testing need (as root).
	scripts/install-packages
