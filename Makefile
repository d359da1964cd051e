# Stele: one flat Makefile. `make help` lists what can be made.
#
# libstele (src/x86, src/a64, src/tr) is built twice: for this machine, where the unit tests run, and for ARM64.
# build/stele is the ARM64 runtime: freestanding, static-PIE, relocated by its own start code.
# Sources are found by pattern, so a new file in one of these directories needs no edit here.

MAKEFLAGS += --no-builtin-rules
SHELL     := /bin/bash
B         := build
ARCH      := $(shell uname -m)
VERSION   := $(shell cat VERSION)

# The machine's own tools are called HOST here, as the build directory is; ARM64's may be the same ones.
ifeq ($(ARCH),aarch64)
  CROSS  ?=
  X86    ?= x86_64-linux-gnu-
  RUNARM :=
else
  CROSS  ?= aarch64-linux-gnu-
  X86    ?=
  RUNARM ?= $(B)/qemu10/qemu-aarch64 -cpu max
endif
HOSTCC := gcc
A64CC  := $(CROSS)gcc
A64AR  := $(CROSS)ar
X86CC  := $(X86)gcc

WARN    := -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wstrict-prototypes -Wvla
COMMON  := -std=gnu11 -O2 -g -iquote src -iquote $(B) -iquote $(B)/gen -MMD -MP $(WARN) $(EXTRA_CFLAGS)
HOSTCF  := $(COMMON)
# -fbuiltin after -ffreestanding: small fixed-size memcpy calls become loads and stores, the rest goes to
# src/rt/string.c. No vector registers: they are the guest's. ARMv8.0 and no libgcc atomics: any CPU runs it.
A64CF   := $(COMMON) -ffreestanding -fbuiltin -fPIE -fvisibility=hidden -march=armv8-a -mgeneral-regs-only \
           -mno-outline-atomics -fno-stack-protector -fno-asynchronous-unwind-tables -fno-exceptions
A64LD   := -static-pie -nostdlib -Wl,--no-dynamic-linker -Wl,-z,max-page-size=65536 -Wl,-z,noexecstack \
           -Wl,-z,norelro -Wl,-z,text -Wl,--build-id -Wl,--gc-sections

LIB_SRC := $(sort $(wildcard src/x86/*.c src/a64/*.c src/tr/*.c))
RT_SRC  := $(sort $(wildcard src/rt/*.c src/sys/*.c src/cache/*.c src/dbg/*.c))
RT_ASM  := $(sort $(wildcard src/rt/*.S))
LIB_HOST := $(LIB_SRC:%.c=$(B)/host/%.o)
LIB_A64  := $(LIB_SRC:%.c=$(B)/a64/%.o)
RT_A64   := $(RT_SRC:%.c=$(B)/a64/%.o) $(RT_ASM:%.S=$(B)/a64/%.o)
# stelectl is an ordinary program with a C library: of libstele it takes what the host CPU is called.
CTL_SRC  := $(sort $(wildcard src/ctl/*.c)) src/a64/host.c
CTL_HOST := $(CTL_SRC:%.c=$(B)/host/ctl/%.o)
CTL_A64  := $(CTL_SRC:%.c=$(B)/a64/ctl/%.o)
# JSON, static in both builds: a machine needs nothing installed to run stelectl.
CTL_LIB   := -l:libjansson.a
ifneq ($(ARCH),aarch64)
  A64_INC := -isystem $(B)/arm64-lib/usr/include
  A64_LIB := -L$(B)/arm64-lib/usr/lib/aarch64-linux-gnu
else
  X86_INC := -isystem $(B)/amd64-lib/usr/include
  X86_LIB := -L$(B)/amd64-lib/usr/lib/x86_64-linux-gnu
endif
GEN      := $(B)/gen/version.h $(B)/gen/guest.h $(if $(wildcard tool/mkdecode.c),$(B)/gen/decode.h)

# Tests: cmocka programs (test/NAME_test.c), shell scripts (test/*.t), x86-64 test programs (test/guest/*.c),
# static ARM64 ones (test/arm/*.c).
UNIT  := $(patsubst test/%.c,$(B)/host/test/%,$(sort $(wildcard test/*_test.c)))
TOOLS := $(patsubst tool/%.c,$(B)/host/%,$(filter-out tool/mkdecode.c,$(sort $(wildcard tool/*.c))))
GUEST := $(patsubst test/guest/%.c,$(B)/guest/%,$(sort $(wildcard test/guest/*.c)))
ARM   := $(patsubst test/arm/%.c,$(B)/arm/%,$(sort $(wildcard test/arm/*.c)))

.PHONY: all help lib tools unit guest clean setup
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/stele $(B)/stelectl $(B)/host/stelectl

help:
	@sed -n 's/^## //p' Makefile

## make                    build/stele and build/stelectl for ARM64, build/host/stelectl for this machine
## make lib                libstele for this machine and for ARM64
# The translator is worth a third level: what it costs is what starting a program costs.
$(LIB_A64): CF_lib := -O3
lib: $(B)/host/libstele.a $(B)/libstele.a
tools: $(TOOLS)
guest: $(GUEST) $(ARM) $(B)/host/execwatch

$(B)/stele: $(RT_A64) $(B)/libstele.a
	$(A64CC) $(A64LD) -o $@.new $(RT_A64) $(B)/libstele.a
	@if $(CROSS)readelf -rW $@.new | grep R_AARCH64 | grep -v R_AARCH64_RELATIVE; then \
		echo "$@: relocations that its start code does not know"; exit 1; fi
	@mv $@.new $@

$(B)/stelectl: $(CTL_A64)
	$(A64CC) -static -o $@ $^ $(A64_LIB) $(CTL_LIB)
$(B)/host/stelectl: $(CTL_HOST)
	$(HOSTCC) -o $@ $^ $(CTL_LIB)

$(B)/libstele.a: $(LIB_A64)
	@mkdir -p $(@D); rm -f $@
	$(A64AR) rcs $@ $^
$(B)/host/libstele.a: $(LIB_HOST)
	@mkdir -p $(@D); rm -f $@
	ar rcs $@ $^

$(B)/host/src/%.o: src/%.c | $(GEN)
	@mkdir -p $(@D)
	$(HOSTCC) $(HOSTCF) -c -o $@ $<
$(B)/host/ctl/%.o: %.c | $(GEN)
	@mkdir -p $(@D)
	$(HOSTCC) $(HOSTCF) -D_GNU_SOURCE -c -o $@ $<
$(B)/a64/ctl/%.o: %.c | $(GEN)
	@mkdir -p $(@D)
	$(A64CC) $(COMMON) $(A64_INC) -D_GNU_SOURCE -c -o $@ $<
$(B)/a64/src/%.o: src/%.c | $(GEN)
	@mkdir -p $(@D)
	$(A64CC) $(A64CF) $(CF_lib) $(CF_$(*F)) -ffunction-sections -c -o $@ $<
$(B)/a64/src/%.o: src/%.S | $(GEN)
	@mkdir -p $(@D)
	$(A64CC) $(A64CF) -c -o $@ $<
CF_string := -fno-tree-loop-distribute-patterns        # or memcpy's loop becomes a call of memcpy

# ---- generated ------------------------------------------------------------------------------------------
$(B)/gen/version.h: VERSION
	@mkdir -p $(@D)
	echo '#define STELE_VERSION "$(VERSION)"' > $@
$(B)/gen/guest.h: $(wildcard guest/*.in)
	@mkdir -p $(@D)
	for f in $^; do n=$${f##*/}; n=$${n%.in}; echo "const char guest_$${n//[.-]/_}[] ="; \
		sed 's/[\\"]/\\&/g; s/.*/\t"&\\n"/; $$s/$$/;/' $$f; done > $@
$(B)/host/mkdecode: tool/mkdecode.c $(wildcard src/x86/*.def)
	@mkdir -p $(@D)
	$(HOSTCC) $(HOSTCF) -MT $@ -o $@ $<
$(B)/gen/decode.h: $(B)/host/mkdecode
	@mkdir -p $(@D)
	$< > $@.$$$$ && mv $@.$$$$ $@

# ---- programs of this machine ---------------------------------------------------------------------------
$(B)/host/test/%: test/%.c $(B)/host/libstele.a | $(GEN)
	@mkdir -p $(@D)
	$(HOSTCC) $(HOSTCF) -iquote test -MT $@ -MF $@.d -o $@ $< $(B)/host/libstele.a -Wl,--as-needed -lcmocka -lZydis -lm -lpthread
$(B)/host/mktest: tool/mktest.c $(wildcard test/diff/*.[ch]) $(B)/host/libstele.a | $(GEN)
	@mkdir -p $(@D)
	$(HOSTCC) $(filter-out -MMD -MP,$(HOSTCF)) -Itest -o $@ $(filter %.c %.a,$^) -lm
$(B)/host/execwatch: test/execwatch.c
	@mkdir -p $(@D)
	$(HOSTCC) $(HOSTCF) -o $@ $<
$(B)/host/%: tool/%.c $(B)/host/libstele.a | $(GEN)
	@mkdir -p $(@D)
	$(HOSTCC) $(HOSTCF) -MT $@ -MF $@.d -o $@ $< $(B)/host/libstele.a -Wl,--as-needed -lZydis -lm -lpthread

# x86-64 test programs; a line "cflags: ..." in the source adds options.
$(B)/guest/%: test/guest/%.c
	@mkdir -p $(@D)
	$(X86CC) -std=gnu11 -O1 -g -Wall -MMD -MF $@.d -Itest/guest -o $@ $< $(shell sed -n 's,.*cflags: *\([^*]*\).*,\1,p' $< | head -1)

$(B)/arm/%: test/arm/%.c
	@mkdir -p $(@D)
	$(A64CC) -std=gnu11 -O1 -g -Wall -static -MMD -MF $@.d -o $@ $< $(shell sed -n 's,.*cflags: *\([^*]*\).*,\1,p' $< | head -1)

-include $(LIB_HOST:.o=.d) $(LIB_A64:.o=.d) $(RT_A64:.o=.d) $(CTL_HOST:.o=.d) $(CTL_A64:.o=.d) $(UNIT:=.d) $(TOOLS:=.d) $(GUEST:=.d) $(ARM:=.d) $(B)/host/mkdecode.d $(B)/host/execwatch.d

# ---- tests and measurements -----------------------------------------------------------------------------
# prove runs everything: cmocka speaks TAP, and so do the scripts.
JOBS   ?= 2
PROVE   = CMOCKA_MESSAGE_OUTPUT=TAP nice -n 5 prove -j$(JOBS) --timer -e ''
GROUPS_ := $(patsubst test/programs/%/,%,$(sort $(filter-out test/programs/truth/,$(wildcard test/programs/*/))))

## make unit               the unit tests alone; one alone: make build/host/test/NAME && build/host/test/NAME
unit: $(UNIT)
	$(PROVE) $(UNIT)

## make test               sets up what is missing, builds, and passes every quick test (15 minutes)
.PHONY: test test-run test-programs
test:
	tool/setup base host vm
	$(MAKE) test-run
test-run: all lib tools guest deb $(UNIT)
	$(PROVE) $(wildcard test/programs/quick/*.t) $(wildcard test/*.t) $(UNIT)

## make test-random        random sequences against this machine's CPU: COUNT=1000000 SEED=... (half an hour); SET="-c NAME=VALUE" settings
.PHONY: test-random
COUNT ?= 1000000
test-random: all tools guest
	nice -n 10 $(B)/host/mktest -e -n $(COUNT) $(if $(SEED),-s $(SEED)) $(SET) random

## make test-hosts         the instruction tests on every kind of ARM64 host (40 minutes); one kind: make test-hosts-GROUP, groups: test/hosts/host.sh
.PHONY: test-hosts
HOSTS := $(shell test/hosts/host.sh)
test-hosts: all tools guest
	ALL=1 $(PROVE) test/masked.t
	nice -n 5 prove -j$(JOBS) --timer --exec test/hosts/host.sh $(HOSTS)
$(HOSTS:%=test-hosts-%): test-hosts-%: all tools guest
	nice -n 5 prove --timer --exec test/hosts/host.sh $*

## make golden             writes test/golden.txt anew: see test/golden_test.c
.PHONY: golden
golden: $(B)/host/test/golden_test
	AS86=$(X86)as $< --write

## make test-programs      the long program tests; one group: make test-programs-GROUP, quick slice: -quick
test-programs: $(filter-out %-quick,$(GROUPS_:%=test-programs-%))
test-programs-%: all guest
	tool/setup programs $(filter more simd jit,$*)
	$(PROVE) test/programs/$*/*.t

## make truth              stores what the program tests do natively, for machines without an x86-64 CPU
## make test-arm64         the ARM64 way: set-up, native build, ./run and a slice of the tests in an ARM64 Debian, under QEMU
.PHONY: truth test-arm64
truth: guest
	tool/setup base programs more simd jit
	STORE=1 $(PROVE) test/programs/*/*.t
test-arm64: $(B)/host/execwatch
	tool/setup arm64
	nice -n 5 test/arm64

## make test-threads       programs with threads, RUNS times each (100)
.PHONY: test-threads
test-threads: all guest
	RUNS=$(RUNS) $(PROVE) -v test/threads/often.t

## make test-vm-core       what only a real ARM64 kernel shows: boots one under QEMU (about 10 minutes)
.PHONY: test-vm-core
test-vm-core: all guest
	tool/setup vm
	$(PROVE) test/vm/core.t

## make test-vm-share      a directory shared by stelectl with such a machine, by both virtiofsd programs (a minute)
.PHONY: test-vm-share
test-vm-share: all guest
	tool/setup vm host
	$(PROVE) test/vm/share.t

## make test-vm-efi        stelectl vm in earnest: a machine with every device boots by EFI, twice (3 minutes)
.PHONY: test-vm-efi
test-vm-efi: all
	tool/setup efi
	$(PROVE) -v test/vm/efi.t

## make test-vm            into a machine and back: share, register, programs, containers; pages of 4 and of 16 KiB (an hour)
.PHONY: test-vm
test-vm: all guest
	tool/setup guest
	$(PROVE) -j1 -v $(foreach t,start pages4 pages16 flags flags_9p wrong,test/vm/$t.t)

## make test-vm-systemd    the package and stelectl register --persist in a Debian machine with systemd, over restarts
.PHONY: test-vm-systemd
test-vm-systemd: all guest deb
	tool/setup guest
	$(PROVE) -v test/vm/systemd.t

## make deb                Debian packages in build/deb: stele (arm64), stelectl (amd64, arm64)
.PHONY: deb
deb: $(B)/stele $(B)/stelectl $(B)/stelectl-amd64
	rm -rf $(B)/deb
	export A64STRIP=$(CROSS)strip X86STRIP=$(X86)strip && tool/mkdeb stele arm64 $(B)/stele $(B)/deb && \
		tool/mkdeb stelectl arm64 $(B)/stelectl $(B)/deb && tool/mkdeb stelectl amd64 $(B)/stelectl-amd64 $(B)/deb
## make test-deb           what lintian says of the packages
.PHONY: test-deb
test-deb: deb
	tool/setup deb
	lintian --fail-on error,warning --suppress-tags bogus-mail-host,bogus-mail-host-in-debian-changelog $(B)/deb/*.deb
$(B)/stelectl-amd64: $(CTL_SRC) $(wildcard src/ctl/*.h) | $(GEN)
	$(X86CC) $(filter-out -MMD -MP,$(COMMON)) $(X86_INC) -D_GNU_SOURCE -static -o $@ $(CTL_SRC) $(X86_LIB) $(CTL_LIB)

## make bench              instructions and modelled cycles over native, beside the peers' (bench/table.py says how)
## make bench-startup      what starting and translating costs
.PHONY: bench bench-startup bench-programs
bench-programs: $(B)/bench/a64cost.so
	tool/setup bench
	@[ -f $(B)/bench/built ] && [ -z "$$(find bench/build bench/src -newer $(B)/bench/built)" ] || \
		{ X86CC=$(X86CC) A64CC=$(A64CC) bench/build $(B)/bench/out $(B)/src && touch $(B)/bench/built; }
bench: all bench-programs
	nice -n 5 bench/run.py --plugin $(B)/bench/a64cost.so --out $(B)/bench/out --list bench/programs.list \
		--csv $(B)/bench/programs.csv --jobs $(JOBS) --who 'stele | | $(CURDIR)/$(B)/stele' \
		--who 'stele-tso | STELE_ORDER=tso | $(CURDIR)/$(B)/stele' \
		--who 'stele-scalar | STELE_ORDER=tso-scalar | $(CURDIR)/$(B)/stele' $(if $(ONLY),--only $(ONLY))
	bench/table.py $(B)/bench/programs.csv bench/peers.tsv
bench-startup: all bench-programs $(B)/host/execwatch
	nice -n 5 bench/startup.py $(B)/bench/a64cost.so $(B)/bench/out $(B)/stele $(B)/host/execwatch
$(B)/bench/a64cost.so: bench/a64cost.c
	@mkdir -p $(@D)
	$(HOSTCC) -O2 -Wall -shared -fPIC -o $@ $< -lpthread -Wl,--unresolved-symbols=ignore-all

## make codegen            ARM64 instructions for x86 ones, beside FEX's: bench/codegen.tsv; the rows: build/codegen.txt
.PHONY: codegen
codegen: $(B)/host/codegen
	$< bench/codegen.tsv bench/codegen-reasons.tsv $(B)/codegen.txt

clean:
	rm -rf $(B)/a64 $(B)/host $(B)/gen $(B)/guest $(B)/arm $(B)/stele $(B)/stelectl $(B)/stelectl-amd64 $(B)/libstele.a $(B)/deb

setup:
	tool/setup
