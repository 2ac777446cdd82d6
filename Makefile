# The two commands a newcomer needs are `make demo` and `make test`. `make packages` installs what a fresh Debian lacks.
.DEFAULT_GOAL := help
CARGO ?= cargo
export CARGO_TERM_COLOR ?= auto

# nextest where present: it runs test binaries side by side. Plain cargo otherwise.
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)
ifeq ($(NEXTEST),yes)
RUN_TESTS = $(CARGO) nextest run --workspace --no-fail-fast
else
RUN_TESTS = $(CARGO) test --workspace --no-fail-fast
endif

.PHONY: help
help: ## Say what there is.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | column -t -s "$$(printf '\t')"

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
	scripts/with-postgres $(RUN_TESTS)
	$(CARGO) test --workspace --doc --quiet
	$(CARGO) run --quiet --bin muster -- demo

.PHONY: docs
docs: ## Write the generated pages of docs/ anew.
	MUSTER_BLESS=1 $(CARGO) test --quiet -p muster --test requirements

.PHONY: packages
packages: ## Install the Debian packages that building and testing need (as root).
	scripts/install-packages
