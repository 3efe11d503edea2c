# SPDX-License-Identifier: GPL-2.0-or-later
#
# The entry points.  `make help` explains them; each is a script that can be
# run by itself.

PREFIX ?= /usr/local
ENGINE ?= stock
DEBUG ?=
# What the hypervisor with that engine is called: see tests/system/engines.py.
HYPERVISOR := $(ENGINE)$(if $(filter y,$(DEBUG)),-debug)
# What makes it, and payloads for it.
PAYLOADS := $(if $(filter stock,$(ENGINE)),payloads,hypervisor)
ifdef XEN_TREE
export XEN_TREE
endif
export PREFIX DESTDIR

.DEFAULT_GOAL := help
# Here to be run in two lanes at once: one compiles while the other waits for
# the network and the disk.
LANES := $(MAKE) --no-print-directory -j2

##@ Try it

# Debian's Xen is shown as soon as can be; what shows a security fix, from
# source to host, is made after that.
.PHONY: demo
demo: ## boot the stock Debian Xen, or ours, and patch it: [ENGINE=stock|own]
	@$(LANES) toolstack $(PAYLOADS) guests $(if $(filter stock,$(HYPERVISOR)),machine,deps-demo builder)
	@scripts/demo $(HYPERVISOR)
ifeq ($(HYPERVISOR),stock)
	@$(LANES) xsa182
	@scripts/demo xsa182
endif
	@echo "Try it yourself: make shell"

.PHONY: demo-fleet
demo-fleet: deb payloads guests ## roll a fix out to three hosts, by a package, apt and Ansible
	@scripts/deps demo deb fleet
	@scripts/demo-fleet

# A machine that has booted is kept, and needs none of our files until then.
.PHONY: machine
machine: deps-build deps-demo fetch-host
	@scripts/step machine "booting Debian's Xen in QEMU, once" scripts/xen-host run -- true

.PHONY: shell
shell: toolstack $(PAYLOADS) guests deps-demo ## an interactive dom0, files in /extra: [ENGINE=stock|own|upstream] [DEBUG=y]
	@rm -rf build/extra && mkdir build/extra
	@cp -r build/payloads$(patsubst -stock,,-$(HYPERVISOR))/. build/guests/. build/extra
	@scripts/xen-host shell --engine $(HYPERVISOR) --toolstack build/dist --extra build/extra

##@ Build

.PHONY: deps deps-build deps-demo
deps: ## install the Debian packages that are missing
	@scripts/deps
deps-build:
	@scripts/deps build
deps-demo: deps-build
	@scripts/deps demo

.PHONY: fetch fetch-host fetch-source
fetch: fetch-host fetch-source ## fetch Debian's Xen, source and binaries, and a kernel into build/
fetch-host:
	@scripts/fetch-xen host
fetch-source: deps-build fetch-host
	@scripts/fetch-xen source

.PHONY: integrate
integrate: ## put our files into a Xen source tree: XEN_TREE=DIR [ENGINE=stock|own]
	@test -n "$(XEN_TREE)" || { echo "make integrate: name the tree: make integrate XEN_TREE=DIR" >&2; exit 1; }
	@scripts/integrate "$(XEN_TREE)" $(ENGINE)

.PHONY: series
series: fetch-source ## our change to Xen as a git-format patch series, in build/series: [XEN_TREE=DIR]
	@scripts/series $(if $(XEN_TREE),--tree "$(XEN_TREE)")

.PHONY: builder
builder: deps-build ## build livepatch-build, which makes payloads of source patches, and livepatch-sign
	@scripts/step builder "building livepatch-build" \
		sh -c 'make -j2 -C tools/livepatch-build && make -j2 -C tools/livepatch-sign'

.PHONY: toolstack
toolstack: fetch-source ## build libxenlight and xl: [XEN_TREE=DIR] [PREFIX=/usr/local]
	@scripts/build-toolstack
	@DESTDIR=build/dist scripts/install toolstack

.PHONY: hypervisor
hypervisor: fetch-source ## build Xen and payloads for it: [ENGINE=own|upstream] [DEBUG=y] [XEN_TREE=DIR]
	@scripts/build-hypervisor $(patsubst stock%,own%,$(HYPERVISOR))

.PHONY: payloads
payloads: fetch ## build the regression payloads for the stock Debian Xen
	@scripts/step payloads "building the regression payloads" \
		make -C tests/payloads SETS=stock XEN_TREE=$(CURDIR)/build/xen-src

# The hypervisor of the demo's second part; it is never built from XEN_TREE.
.PHONY: xsa182
xsa182: fetch-source builder
	@env -u XEN_TREE scripts/build-hypervisor xsa182

.PHONY: guests
guests: fetch-source ## build the tiny guests
	@scripts/step guests "building the guests" make -C tests/guests

##@ Install

.PHONY: install
install: ## install xl beside the distribution's, and livepatch-build: [PREFIX=/usr/local] [DESTDIR=DIR]
	@scripts/install

.PHONY: uninstall
uninstall: ## remove exactly what install put there
	@scripts/install --uninstall

.PHONY: deb
deb: $(if $(XEN_TREE),,fetch-source) builder ## Debian packages that stand beside Debian's Xen, in build/deb: [VERSION=0.1] [XEN_TREE=DIR]
	@scripts/build-deb

##@ Test

.PHONY: check
check: ## everything that CI runs
	@scripts/check

.PHONY: unit
unit: toolstack ## the unit tests alone
	@$(MAKE) --no-print-directory -C tests/unit check XEN_TREE=$(CURDIR)/build/toolstack-src

.PHONY: fuzz
fuzz: toolstack payloads ## any bytes before the judge, for TIME=20 seconds a target
	@$(MAKE) --no-print-directory -C tests/fuzz check XEN_TREE=$(CURDIR)/build/toolstack-src

.PHONY: hosted
hosted: fetch-source ## the engine's unit tests, in userspace
	@$(MAKE) --no-print-directory -C tests/hosted check

.PHONY: fuzz-engine
fuzz-engine: fetch-source ## any file and any operations before the engine: [TIME=20] [RUNS=N]
	@$(MAKE) --no-print-directory -C tests/hosted fuzz

.PHONY: fuzz-report
fuzz-report: fetch-source ## what the engine's fuzzers did: executions, coverage, corpus
	@$(MAKE) --no-print-directory -C tests/hosted fuzz-report

.PHONY: fuzz-builder
fuzz-builder: deps-build ## any bytes as object files before livepatch-build: [TIME=20]
	@$(MAKE) --no-print-directory -s -C tests/builder fuzz

.PHONY: bench
bench: deps-demo toolstack payloads guests builder ## our tools and engine against Xen's, and a payload against building Xen
	@scripts/bench-builder
	@scripts/bench
	@scripts/build-hypervisor upstream
	@scripts/build-hypervisor own
	@scripts/bench-engines

.PHONY: soak
soak: deps-demo toolstack payloads hypervisor guests builder ## what takes too long for check: every kill, planted faults, fuzzing, cycles
	@scripts/soak

.PHONY: tidy
tidy: toolstack ## clang-tidy over our C sources
	@scripts/tidy

##@ Clean up

.PHONY: clean
clean: ## remove what was built; what was fetched stays
	@cd build 2>/dev/null && ls -A | \
		grep -vxE 'apt|apt-newer|debs|dsc|(xen-src|stock|stock-newer|kernel)(\.version)?' | \
		xargs -r rm -rf || true

.PHONY: distclean
distclean: ## remove everything below build/
	@rm -rf build

.PHONY: help
help: ## this text
	@awk 'BEGIN { FS = ":.*## " } \
	     /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	     /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
