# SPDX-License-Identifier: GPL-3.0-or-later
#
# The front door. Every target first installs what it needs and what is missing from Debian (the
# list is packaging/debian-packages.txt); the building itself is meson's.

PREFIX ?= /usr/local
DESTDIR ?=
RELEASE := build/release

.PHONY: all build demo check check-long bench install ui clean help
.NOTPARALLEL:

all: build

help:
	@echo 'make              build into $(RELEASE)'
	@echo 'make demo         build, run the small telephony study, write its report (minutes)'
	@echo 'make check        every test that runs within minutes, and the checks of the sources'
	@echo '                  (ONLY=STEP,... for some of its steps: tools/run-tests check --list)'
	@echo 'make check-long   the longer tests, and a bare Debian 12 from nothing'
	@echo 'make bench        our speed against other tools and against the limit of the machine'
	@echo '                  (ALL=1: with what takes long; perf/run $(RELEASE) ROW... for some rows)'
	@echo 'make install      into PREFIX ($(PREFIX)), honours DESTDIR'
	@echo 'make ui           rebuild the browser side of the report (needs npm and its network)'
	@echo 'make clean        remove everything that was built'

build:
	@tools/install-packages build
	@tools/configure $(RELEASE) -Dtests=disabled
	@ninja -C $(RELEASE)

demo: build
	@tools/install-packages run guest
	@tools/guest-user
	@tools/demo $(RELEASE)/src/vaperf

check:
	@tools/install-packages build run guest check
	@tools/guest-user
	@tools/run-tests check $(if $(ONLY),--only $(ONLY))

check-long:
	@tools/install-packages build run guest check check-long
	@tools/guest-user
	@tools/run-tests long

bench: build
	@tools/install-packages run guest bench
	@tools/guest-user
	@ninja -C $(RELEASE) programs
	@perf/run $(RELEASE) $(if $(ALL),--all)

install: build
	@meson configure $(RELEASE) -Dprefix=$(PREFIX)
	@DESTDIR=$(DESTDIR) meson install -C $(RELEASE) --no-rebuild

ui:
	@tools/install-packages build ui
	@cd ui && npm ci && npm run build

clean:
	rm -rf build
