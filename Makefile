# SPDX-License-Identifier: Apache-2.0
# The everyday words. The build itself is CMake's (CMakeLists.txt, CMakePresets.json).

PREFIX  ?= /usr/local
DESTDIR ?=
# Under PREFIX: lib, or as distributions have it, lib/x86_64-linux-gnu
LIBDIR  ?=
# Tests of a name or a label alone: make check T=base
T       ?=
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)

MAKEFLAGS += --no-print-directory
CTEST = ctest --output-on-failure --no-tests=error -j$(JOBS) $(if $(T),-R '$(T)')
# What make check leaves out: clients of other houses, and what takes minutes.
QUICK = -LE 'interop|long'

.PHONY: all build demo check check-all interop long install bench lint format debug asan \
        tsan clang fuzz fresh-check clean help
.DEFAULT_GOAL := all

all: build

build:
	@tools/prerequisites build check
	@tools/deps --out build/deps.cmake
	@[ -f build/build.ninja ] || cmake --preset default --log-level=NOTICE >/dev/null
	@cmake --build build --parallel $(JOBS)

demo: build
	@tools/demo

check: build lint
	@cd build && $(CTEST) $(QUICK)

interop: build
	@tools/prerequisites interop
	@cd build && $(CTEST) -L interop

long: build
	@cd build && $(CTEST) -L long

# Everything in one run: what CI does.
check-all: build lint
	@tools/prerequisites interop
	@cd build && $(CTEST)

install: build
	@$(if $(LIBDIR),cmake build -DCMAKE_INSTALL_LIBDIR='$(LIBDIR)' >/dev/null,:)
	@cmake --install build --prefix "$(PREFIX)"

bench: build
	@tools/prerequisites bench
	@bench/run

lint:
	@tools/lint

format:
	@tools/lint --format

debug asan tsan clang:
	@tools/prerequisites build check $(if $(filter clang,$@),lint)
	@cmake --preset $@ --log-level=NOTICE >/dev/null
	@cmake --build --preset $@ --parallel $(JOBS)
	@ctest --preset $@ --no-tests=error -j$(JOBS) $(QUICK) $(if $(T),-R '$(T)')

fuzz:
	@tools/prerequisites build lint
	@cmake --preset fuzz --log-level=NOTICE >/dev/null
	@cmake --build --preset fuzz --parallel $(JOBS)

fresh-check:
	@tools/fresh-check

clean:
	@rm -rf build build-debug build-asan build-tsan build-clang build-fuzz

help:
	@echo 'make               what is missing is installed, then the module: build/libcraton_hsm.so'
	@echo 'make demo          a token, three keys, a signed file, and what the store holds on disk'
	@echo 'make check         build, lint, tests            (T=words: only the tests of that name)'
	@echo 'make interop       the tests with other clients: Java, OpenSSL, GnuTLS, NSS, ssh, ...'
	@echo 'make long          the tests that take minutes'
	@echo 'make check-all     check, interop and long in one run'
	@echo 'make install       PREFIX=/usr/local, DESTDIR=, LIBDIR=lib'
	@echo 'make bench         one table: this module, SoftHSM2, the bare libraries'
	@echo 'make lint format   check the style; put it right'
	@echo 'make debug asan tsan clang   build and test in build-NAME/'
	@echo 'make fuzz          the fuzz targets, in build-fuzz/'
	@echo 'make fresh-check   demo and check in new Debian 12 and 13 trees (root, minutes)'
	@echo 'make clean         remove the build directories (the crypto libraries stay cached)'
