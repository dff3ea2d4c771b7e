# A short front for meson and tools/. `make demo` and `make check` are all that a bare Debian 12 needs.
PREFIX ?= /usr/local

.PHONY: build demo check services-check bench asan fuzz kernel oracle metamorphic mutants tidy fresh install clean

# How much the long runs do, and from which seed on.
PACKETS ?= 1000000
CASES ?= 1000000
MUTANTS ?= 500
SEED ?= 1

build:
	@tools/setup run
	@tools/build build portolan --

demo: build
	@PORTOLAN=$(CURDIR)/build/portolan demo/run

check:
	@tools/setup check
	@tools/check

services-check:
	@tools/setup services
	@tools/build build portolan --
	@PORTOLAN=$(CURDIR)/build/portolan python3 tests/services/run.py $(NAMES)

bench: build
	@tools/setup bench
	@PORTOLAN=$(CURDIR)/build/portolan tests/bench/run $(NAMES)

asan:
	@tools/setup check
	@CC=gcc tools/build build-asan -Dtests=enabled -Db_sanitize=address,undefined
	@meson test -C build-asan --no-rebuild --print-errorlogs --timeout-multiplier 4

fuzz:
	@tools/setup check
	@tools/fuzz $(TARGETS)

kernel:
	@tools/setup check
	@tools/build build -Dtests=enabled
	@for mode in nftables iptables iptables-legacy; do \
		build/tests/kernel/kernel_random $$mode $(PACKETS) $(SEED) || exit; done

oracle metamorphic:
	@tools/setup check
	@tools/build build -Dtests=enabled
	@build/tests/property/$@ $(CASES) $(SEED)

mutants:
	@tools/setup check
	@tools/build build -Dtests=enabled
	@for site in east-lab three-vendors; do for dialect in nftables iptables; do \
		build/tests/rehearse/rehearse_mutants $$(($(MUTANTS) / 4)) $(SEED) examples/$$site.yaml $$dialect || exit; \
	done; done

tidy:
	@tools/setup tidy
	@tools/tidy

fresh:
	@tools/fresh

install: build
	@meson configure build -Dprefix=$(PREFIX)
	@meson install -C build

clean:
	@rm -rf build build-asan build-clang build-fuzz
