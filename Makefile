# The only makefile.  A program is a file with a main or a collector, and everything
# else is in one library, from which a program takes what it uses: a new file, a
# new collector or a new test needs no edit here.

# All rules are here: looking for make's own takes longer than all the rest of a start with nothing to do.
MAKEFLAGS += --no-builtin-rules

# hiredis speaks TLS from 1.0 on (Debian 13); 0.14 (Debian 12) does not.
REDIS_TLS := $(shell pkg-config --exists hiredis_ssl 2>/dev/null && echo yes)
packages  := hiredis $(if $(REDIS_TLS),hiredis_ssl) libpq libcurl jansson openssl libmicrohttpd gnutls zlib libcrypt \
             sqlite3

VERSION  := $(shell cat VERSION)
REVISION ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

prefix  ?= /usr/local
bindir  ?= $(prefix)/bin
mandir  ?= $(prefix)/share/man
datadir ?= $(prefix)/share
INSTALL ?= install
CFLAGS  ?= -O2 -g
BUILD   ?= build

# What a user may override is above; what the code insists on is here.
STRICT := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
          -Wwrite-strings -Wvla -Wformat=2 -Wconversion -Wno-sign-conversion -Werror
HARDEN := -fPIE -fstack-protector-strong
HARDEN_LINK := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ifdef SANITIZE
STRICT  += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=$(SANITIZE)
# The sanitizers' own crypt_r() hides from the linker that somebody needs the real one.
LDLIBS  += -Wl,--no-as-needed -lcrypt -Wl,--as-needed
else
HARDEN  += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

# Where the profiles of exchanges are looked for, unless told otherwise.
profiles   = $(datadir)/arbwatch/exchanges
# bash loads the file that is called as the program.
completions = $(datadir)/bash-completion/completions
completed   = $(collectors) arbwatch_exporter alert_relay paper_exchange paper_chat paper_engine
object     = $(patsubst %.c,$(BUILD)/%.o,$(1))
rooms     := common textfile contract json probes web exchange engine positions collectors exporter relay
mains     := $(wildcard collectors/*.c) exporter/main.c relay/main.c
library   := $(BUILD)/libarbwatch.a
collectors := $(patsubst collectors/%.c,%,$(wildcard collectors/*.c))
sections  := $(collectors) arbwatch_exporter alert_relay
tests     := $(patsubst %.c,%,$(shell find tests -name 'test_*.c' | sort))
tools     := $(patsubst tests/tools/%.c,%,$(wildcard tests/tools/*.c))
fuzzers   := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
programs  := $(collectors:%=$(BUILD)/%) $(BUILD)/textfile_lint $(BUILD)/arbwatch_exporter $(BUILD)/alert_relay \
             $(BUILD)/paper_exchange $(BUILD)/paper_chat $(BUILD)/paper_engine
# --as-needed: a program loads the libraries that it uses.  A one-shot run is over in a millisecond, and loading is a good
# part of that: libyaml, needed only where there is a config file, is linked in.
includes  := -I. $(shell pkg-config --cflags libpq 2>/dev/null)
libraries := $(shell pkg-config --libs $(packages) 2>/dev/null) -l:libyaml.a -lm -pthread
link       = $(CC) $(LDFLAGS) $(HARDEN_LINK) -o $@ $^ $(libraries) $(LDLIBS)

all: $(programs)

# Two files of a name are both in it; two functions of a name are a mistake that the linker would not see.
$(library): $(call object,$(filter-out $(mains),$(shell find $(rooms) -name '*.c' | sort)))
	@rm -f $@
	$(AR) qcs $@ $^
	@twice=$$(nm --defined-only --extern-only $@ | awk 'NF == 3 { print $$3 }' | sort | uniq -d); \
	    [ -z "$$twice" ] || { echo "$@: defined twice: $$twice" >&2; rm -f $@; exit 1; }

$(collectors:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/collectors/%.o $(library)
	$(link)
$(BUILD)/arbwatch_exporter: $(BUILD)/exporter/main.o $(library)
	$(link)
$(BUILD)/alert_relay: $(BUILD)/relay/main.o $(library)
	$(link)
$(BUILD)/textfile_lint: $(BUILD)/lint/textfile_lint.o $(library)
	$(link)
# The exchange of the demo and the tests shares nothing but common/ with what is measured on it.
$(BUILD)/paper_exchange: $(call object,$(shell find demo/paper_exchange demo/market -name '*.c' | sort)) $(library)
	$(link)
engine_sources := $(shell find demo/paper_engine demo/market -name '*.c' | sort) $(wildcard examples/tell.c)
$(BUILD)/paper_engine: $(call object,$(engine_sources)) $(library)
	$(link)
$(BUILD)/paper_chat: $(call object,$(shell find demo/paper_chat -name '*.c' | sort)) $(library)
	$(link)

# What a program of the demo has to itself is in no library.
chat_tests := $(filter tests/demo/paper_chat/%,$(tests))
$(chat_tests:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/suite.o \
    $(call object,$(wildcard demo/paper_chat/markup*.c)) $(library)
	$(link) $$(pkg-config --libs check) -lm
market_tests := $(filter tests/demo/market/%,$(tests))
$(market_tests:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/suite.o \
    $(call object,$(wildcard demo/market/*.c)) $(library)
	$(link) $$(pkg-config --libs check) -lm
engine_tests := $(filter tests/demo/paper_engine/%,$(tests))
$(engine_tests:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/suite.o $(BUILD)/tests/demo/paper_engine/fixture.o \
    $(call object,$(filter-out demo/paper_engine/main.c,$(engine_sources))) $(library)
	$(link) $$(pkg-config --libs check) -lm
$(patsubst %,$(BUILD)/%,$(filter-out $(chat_tests) $(market_tests) $(engine_tests),$(tests))): \
    $(BUILD)/%: $(BUILD)/%.o $(BUILD)/tests/suite.o $(library)
	$(link) $$(pkg-config --libs check) -lm
$(BUILD)/tests/tools/%: $(BUILD)/tests/tools/%.o $(library)
	$(link)
$(BUILD)/tests/tools/tell_loops: $(call object,tests/tools/tell_loops.c examples/tell.c) $(library)
	$(link)
# libFuzzer is clang's; `make fuzzers` builds a tree of its own for it.
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(library)
	$(link) -fsanitize=fuzzer

# Without the libraries the compiler would only name the first header it misses.
$(BUILD)/libraries: packaging/install-dependencies.sh
	@mkdir -p $(@D)
	@pkg-config --print-errors --short-errors --exists $(packages) yaml-0.1 && \
	    command -v $(firstword $(CC)) >/dev/null || { \
	    echo "arbwatch cannot be built yet: a library, pkg-config or $(CC) is missing.  Run: sudo packaging/install-dependencies.sh build" >&2; \
	    exit 1; }
	@touch $@

$(BUILD)/%.o: %.c | $(BUILD)/libraries
	@mkdir -p $(@D)
	$(CC) $(includes) $(CPPFLAGS) $(STRICT) $(HARDEN) $(CFLAGS) $(DEFINES) -MMD -MP -c -o $@ $<

# What is compiled in is kept in a file, so that a change of it rebuilds the object.
$(BUILD)/common/config/options.o: DEFINES = -DPROGRAMS='"$(sections)"'
$(BUILD)/common/config/options.o: $(BUILD)/programs.list
$(BUILD)/programs.list: contents = $(sections)
$(BUILD)/common/version.o: DEFINES = -DVERSION='"$(VERSION)"' -DREVISION='"$(REVISION)"'
$(BUILD)/common/version.o: $(BUILD)/version.list
$(BUILD)/version.list: contents = $(VERSION) $(REVISION)
$(BUILD)/exchange/options.o: DEFINES = -DPROFILES='"$(profiles)"'
$(BUILD)/exchange/options.o: $(BUILD)/profiles.list
$(BUILD)/profiles.list: contents = $(profiles)
$(BUILD)/probes/redis/target.o: DEFINES = $(if $(REDIS_TLS),-DHAVE_HIREDIS_SSL)
# The history's tables and statements are compiled in.
$(BUILD)/relay/history/sql.o: $(wildcard sql/history/*.sql relay/history/*.sql)
$(BUILD)/engine/trades/sql.o: $(wildcard engine/trades/*.sql)
$(BUILD)/programs.list $(BUILD)/version.list $(BUILD)/profiles.list: FORCE
	@mkdir -p $(@D)
	@echo '$(contents)' | cmp -s - $@ || echo '$(contents)' >$@

install: all
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(profiles)
	$(INSTALL) -m 644 exchanges/*.yaml $(DESTDIR)$(profiles)
	$(INSTALL) -m 755 $(programs) $(DESTDIR)$(bindir)
	$(INSTALL) -m 644 packaging/man/*.1 $(DESTDIR)$(mandir)/man1
	$(INSTALL) -d $(DESTDIR)$(completions)
	$(INSTALL) -m 644 packaging/completions/arbwatch $(DESTDIR)$(completions)
	for program in $(completed); do ln -sf arbwatch $(DESTDIR)$(completions)/$$program || exit 1; done

uninstall:
	rm -f $(patsubst %,$(DESTDIR)$(profiles)/%,$(notdir $(wildcard exchanges/*.yaml)))
	rm -f $(programs:$(BUILD)/%=$(DESTDIR)$(bindir)/%) $(programs:$(BUILD)/%=$(DESTDIR)$(mandir)/man1/%.1)
	rm -f $(patsubst %,$(DESTDIR)$(completions)/%,arbwatch $(completed))

clean:
	rm -rf $(BUILD)

# What a target needs is installed first; then make starts again, to see it.  All processors, unless told otherwise.
ALL_CPUS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

# Everything on this machine, on private ports, until Ctrl-C.
run:
	@exec env BUILD=$(BUILD) demo/run.sh

check:
	@packaging/install-dependencies.sh build test
	@$(MAKE) -s --no-print-directory $(ALL_CPUS) test-programs
	@exec env BUILD=$(BUILD) tests/run_all.sh $(TESTS)

# The same checks, built with the sanitizers into a tree of their own.
check-sanitized: export ASAN_OPTIONS ?= detect_leaks=1
check-sanitized: export UBSAN_OPTIONS ?= print_stacktrace=1
check-sanitized: export TEST_TIMEOUT ?= 1800
check-sanitized: export JOBS ?= 2
check-sanitized:
	@exec $(MAKE) --no-print-directory BUILD=$(BUILD)/sanitized SANITIZE=address,undefined check

lint:
	@packaging/install-dependencies.sh build lint
	@exec packaging/lint.sh

# The parts of the documentation that the programs know themselves: tables of metrics, flags, completions.
docs: all
	@exec env BUILD=$(BUILD) packaging/docs.sh

# The size of the code, in figures.
figures: all
	@exec env BUILD=$(BUILD) packaging/figures.sh

# Incidents in whole stacks, each with its messages; minutes.  One: make incidents NAMES='"redis lost"' (FLAGS=--hold: stay in it).
incidents:
	@packaging/install-dependencies.sh build test
	@$(MAKE) -s --no-print-directory $(ALL_CPUS) test-programs
	@exec tests/incidents/run.py $(BUILD) $(FLAGS) $(NAMES)

# 24 hours on paper, in MINUTES (60).
day:
	@packaging/install-dependencies.sh build test
	@$(MAKE) -s --no-print-directory $(ALL_CPUS) test-programs
	@exec tests/incidents/day.py $(BUILD) --minutes $(or $(MINUTES),60) $(FLAGS)

# The stack of compose.yaml under a Docker engine; some minutes, and more the first time.
e2e:
	@packaging/install-dependencies.sh e2e || echo "make e2e: going on with what there is"
	@exec env BUILD=$(BUILD) tests/e2e/run.sh

# The commands of the README on fresh minimal Debian 12 and 13; half an hour, as root.
bare:
	@packaging/install-dependencies.sh bare || echo "make bare: going on with what there is"
	@exec env BUILD=$(BUILD) tests/bare/run.sh

# Each fuzz target for FUZZ_SECONDS (20), on its corpus; findings go to $(BUILD)/fuzz.
fuzz:
	@packaging/install-dependencies.sh build lint
	@$(MAKE) -s --no-print-directory $(ALL_CPUS) fuzzers
	@exec env BUILD=$(BUILD) tests/fuzz/run.sh

bench:
	@packaging/install-dependencies.sh build bench
	@$(MAKE) -s --no-print-directory $(ALL_CPUS) test-programs
	@exec env BUILD=$(BUILD) tests/bench/bench.sh

# Whether the tests of a folder notice when its code is wrong: make mutate FOLDER=textfile COUNT=10 SEED=1
mutate:
	@packaging/install-dependencies.sh build test
	@$(MAKE) -s --no-print-directory $(ALL_CPUS) test-programs
	@exec env BUILD=$(BUILD) tests/mutate.py $(FOLDER) --count $(or $(COUNT),10) --seed $(or $(SEED),1) \
	    $(if $(TESTS),--tests $(TESTS))

# Whether the promtool tests notice when a rule is wrong: make mutate-rules FILES="redis p0"; without FILES all that have alerts.
mutate-rules:
	@packaging/install-dependencies.sh test
	@exec /usr/bin/python3 tests/alerts/mutate.py $(FILES)

test-programs: $(programs) $(tests:%=$(BUILD)/%) $(tools:%=$(BUILD)/tests/tools/%)

fuzzers:
	@exec $(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-g -O1' \
	    SANITIZE=fuzzer-no-link,address,undefined $(fuzzers:%=$(BUILD)/fuzz/%)

.PHONY: all install uninstall clean run docs figures check check-sanitized incidents day e2e bare lint fuzz bench mutate mutate-rules test-programs fuzzers FORCE
.DELETE_ON_ERROR:
.SECONDARY:
# Not those of whole systems, which e2e and bare keep in the same tree.
-include $(shell find $(BUILD) \( -path $(BUILD)/e2e -o -path $(BUILD)/debian -o -path $(BUILD)/bare -o -path $(BUILD)/mutate \) -prune -o -type f -name '*.d' -print 2>/dev/null)
