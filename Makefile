# The only makefile.  One collector per collectors/*.c, one unit test per
# tests/test_*.c, one test peer per tests/tools/*.c, one fuzz target per
# tests/fuzz/*.c: adding any of them needs no edit here, except a <name>_PKGS
# line for a new library.

# hiredis speaks TLS from 1.0 on (Debian 13); 0.14 (Debian 12) does not.
REDIS_TLS := $(shell pkg-config --exists hiredis_ssl 2>/dev/null && echo yes)

redis_latency_PKGS    := hiredis $(if $(REDIS_TLS),hiredis_ssl openssl)
postgres_latency_PKGS := libpq
test_redis_PKGS       := $(redis_latency_PKGS)
test_postgres_PKGS    := $(postgres_latency_PKGS)
bare_redis_PKGS       := hiredis
probe_redis_PKGS      := $(redis_latency_PKGS)
read_engine_PKGS      := libpq $(redis_latency_PKGS)
bare_postgres_PKGS    := libpq
exchange_health_PKGS  := libcurl jansson openssl
open_positions_PKGS   := libcurl jansson openssl libpq $(redis_latency_PKGS)
preflight_PKGS        := $(open_positions_PKGS)
test_http_PKGS        := libcurl openssl
test_profile_PKGS     := jansson
test_exchange_PKGS    := jansson
test_symbol_PKGS      := jansson
test_account_key_PKGS := jansson openssl
test_account_PKGS     := jansson openssl
test_account_read_PKGS := jansson openssl
test_policy_PKGS      := jansson
test_belief_PKGS      := jansson
test_keys_PKGS        := jansson openssl
test_stock_PKGS       := libcurl jansson openssl
sign_PKGS             := jansson openssl
test_news_PKGS        := jansson
fuzz_exchange_PKGS    := jansson
fuzz_account_PKGS     := jansson openssl
test_page_PKGS        := libcrypto
get_PKGS              := libcurl openssl
paper_exchange_PKGS   := libmicrohttpd gnutls jansson libcrypto
arbwatch_exporter_PKGS := libmicrohttpd gnutls zlib
test_exposition_PKGS  := zlib
test_web_config_PKGS  := gnutls
test_request_head_PKGS := gnutls
test_web_PKGS         := libmicrohttpd gnutls zlib libcrypt

# The gate measures with what the collectors measure with.
open_positions_SOURCES := collectors/exchange_health/options.c
preflight_SOURCES     := $(addprefix collectors/exchange_health/,budget.c families.c judge.c memory.c news.c options.c venues.c) \
    $(addprefix collectors/open_positions/,accounts.c belief.c families.c holding.c holdings.c keys.c memory.c \
    options.c policy.c rates.c reconcile.c sources.c stock.c)
test_exposition_SOURCES := $(addprefix exporter/,about_files.c body.c bounds.c content.c digest.c \
    exposition.c joined.c joined_conflicts.c joined_pack.c notices.c store.c store_entry.c telemetry.c)
test_store_SOURCES    := $(addprefix exporter/,bounds.c content.c digest.c store.c store_entry.c)
test_web_config_SOURCES := $(wildcard exporter/web_config*.c) exporter/tls.c
test_request_head_SOURCES := exporter/request_head.c
test_web_SOURCES      := $(filter-out %/arbwatch_exporter.c,$(wildcard exporter/*.c))
test_write_SOURCES    := collectors/harness/write.c
test_judge_SOURCES    := $(addprefix collectors/exchange_health/,families.c judge.c memory.c)
test_preflight_SOURCES := $(addprefix collectors/preflight/,check.c placeholder.c tracked.c verdict.c when.c)
test_apart_SOURCES    := collectors/preflight/apart.c
test_reconcile_SOURCES := $(addprefix collectors/open_positions/,holding.c reconcile.c)
test_policy_SOURCES   := $(addprefix collectors/open_positions/,holding.c holdings.c policy.c)
test_belief_SOURCES   := $(addprefix collectors/open_positions/,belief.c holding.c holdings.c policy.c)
test_keys_SOURCES     := collectors/open_positions/keys.c
test_stock_SOURCES    := $(addprefix collectors/open_positions/,accounts.c holding.c holdings.c keys.c policy.c rates.c \
                         stock.c)
test_exposure_SOURCES := $(addprefix collectors/open_positions/,exposure.c holding.c rates.c)
test_news_SOURCES     := $(addprefix collectors/exchange_health/,judge.c news.c)
test_health_SOURCES   := $(wildcard exporter/health*.c) exporter/words.c
test_page_SOURCES     := $(test_health_SOURCES) $(wildcard exporter/page*.c)
status_page_SOURCES   := $(test_page_SOURCES) $(test_store_SOURCES)

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
else
HARDEN  += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

# Where the profiles of exchanges are looked for, unless told otherwise.
profiles   = $(datadir)/arbwatch/exchanges
object     = $(patsubst %.c,$(BUILD)/%.o,$(1))
library   := $(BUILD)/libarbwatch.a
harness   := $(call object,$(wildcard collectors/harness/*.c))
collectors := $(patsubst collectors/%.c,%,$(wildcard collectors/*.c))
sections  := $(collectors) arbwatch_exporter
tests     := $(patsubst tests/%.c,%,$(wildcard tests/test_*.c))
tools     := $(patsubst tests/tools/%.c,%,$(wildcard tests/tools/*.c))
fuzzers   := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
programs  := $(collectors:%=$(BUILD)/%) $(BUILD)/textfile_lint $(BUILD)/arbwatch_exporter $(BUILD)/paper_exchange
# A one-shot run is over in a millisecond, and loading a library is a good part of that: libyaml, needed only where
# there is a config file, is linked in, and libm is not needed at all (the tests use it).
libraries  = $(if $($(1)_PKGS),$$(pkg-config --libs $($(1)_PKGS))) -l:libyaml.a -pthread $(LDLIBS)

all: $(programs)

$(library): $(call object,$(wildcard common/*.c textfile/*.c probes/*.c))
	rm -f $@
	$(AR) rcs $@ $^

# A collector's own pieces are in collectors/<name>/; a unit test may need some (its <test>_SOURCES).
.SECONDEXPANSION:
$(collectors:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/collectors/%.o $$(call object,$$(wildcard collectors/$$*/*.c)) \
    $$(call object,$$($$*_SOURCES)) $(harness) $(library)
	$(CC) $(LDFLAGS) $(HARDEN_LINK) -o $@ $^ $(call libraries,$*)

$(BUILD)/textfile_lint: $(BUILD)/lint/textfile_lint.o $(library)
	$(CC) $(LDFLAGS) $(HARDEN_LINK) -o $@ $^ $(call libraries,textfile_lint)

# The sanitizers' own crypt_r() hides from the linker that somebody needs the real one.
$(BUILD)/arbwatch_exporter: $(call object,$(wildcard exporter/*.c)) $(library)
	$(CC) $(LDFLAGS) $(HARDEN_LINK) -o $@ $^ -Wl,--no-as-needed -lcrypt -Wl,--as-needed $(call libraries,arbwatch_exporter)

# The exchange of the demo and the tests shares no code with what is measured on it.
$(BUILD)/paper_exchange: $(call object,$(wildcard demo/paper_exchange/*.c common/*.c))
	$(CC) $(LDFLAGS) $(HARDEN_LINK) -o $@ $^ $(call libraries,paper_exchange)

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(BUILD)/tests/suite.o $$(call object,$$(test_$$*_SOURCES)) $(library)
	$(CC) $(LDFLAGS) $(HARDEN_LINK) -o $@ $^ $$(pkg-config --libs check) $(call libraries,test_$*) -lm

$(BUILD)/tests/tools/%: $(BUILD)/tests/tools/%.o $$(call object,$$($$*_SOURCES)) $(library)
	$(CC) $(LDFLAGS) $(HARDEN_LINK) -o $@ $^ $(call libraries,$*)

# libFuzzer is clang's.
$(BUILD)/fuzz/%: tests/fuzz/%.c $(wildcard common/*.c textfile/*.c)
	@mkdir -p $(@D)
	clang -I. $(STRICT) -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    -DPROGRAMS='"$(collectors)"' -DVERSION='"$(VERSION)"' -DREVISION='"fuzz"' -o $@ $^ \
	    $(if $($*_PKGS),$$(pkg-config --libs $($*_PKGS))) -lyaml -pthread

$(BUILD)/fuzz/fuzz_exchange: probes/address.c probes/json_pointer.c $(wildcard probes/profile*.c probes/exchange_*.c)
$(BUILD)/fuzz/fuzz_account: probes/address.c $(wildcard probes/profile*.c probes/exchange_*.c probes/json_*.c probes/symbol*.c) \
    $(wildcard probes/account_*.c)

# Without the libraries the compiler would only name the first header it misses.
$(BUILD)/libraries: packaging/install-dependencies.sh
	@mkdir -p $(@D)
	@pkg-config --print-errors --short-errors --exists hiredis libpq yaml-0.1 libcurl openssl jansson libmicrohttpd gnutls zlib libcrypt && \
	    command -v $(firstword $(CC)) >/dev/null || { \
	    echo "arbwatch cannot be built yet: a library, pkg-config or $(CC) is missing.  Run: sudo packaging/install-dependencies.sh build" >&2; \
	    exit 1; }
	@touch $@

$(BUILD)/%.o: %.c | $(BUILD)/libraries
	@mkdir -p $(@D)
	$(CC) -I. $(CPPFLAGS) $(STRICT) $(HARDEN) $(CFLAGS) $(DEFINES) -MMD -MP -c -o $@ $<

# What a config file may have sections for; kept in a file so that a new program rebuilds the object.
$(BUILD)/common/options.o: DEFINES = -DPROGRAMS='"$(sections)"'
$(BUILD)/common/options.o: $(BUILD)/programs.list
$(BUILD)/common/version.o: DEFINES = -DVERSION='"$(VERSION)"' -DREVISION='"$(REVISION)"'
$(BUILD)/common/version.o: $(BUILD)/version.list
$(BUILD)/probes/redis_tls.o: DEFINES = $(if $(REDIS_TLS),-DHAVE_HIREDIS_SSL)
$(call object,$(wildcard probes/postgres*.c) probes/engine_postgres.c): DEFINES = $$(pkg-config --cflags libpq)
$(BUILD)/tests/tools/bare_postgres.o: DEFINES = $$(pkg-config --cflags libpq)
profiled  := $(call object,collectors/exchange_health/options.c)
$(profiled): DEFINES = -DPROFILES='"$(profiles)"'
$(profiled): $(BUILD)/profiles.list
$(BUILD)/profiles.list: contents = $(profiles)
$(BUILD)/programs.list: contents = $(sections)
$(BUILD)/version.list: contents = $(VERSION) $(REVISION)
$(BUILD)/programs.list $(BUILD)/version.list $(BUILD)/profiles.list: FORCE
	@mkdir -p $(@D)
	@echo '$(contents)' | cmp -s - $@ || echo '$(contents)' >$@

install: all
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(profiles)
	$(INSTALL) -m 644 exchanges/*.yaml $(DESTDIR)$(profiles)
	$(INSTALL) -m 755 $(programs) $(DESTDIR)$(bindir)
	$(INSTALL) -m 644 packaging/man/*.1 $(DESTDIR)$(mandir)/man1

uninstall:
	rm -f $(patsubst %,$(DESTDIR)$(profiles)/%,$(notdir $(wildcard exchanges/*.yaml)))
	rm -f $(programs:$(BUILD)/%=$(DESTDIR)$(bindir)/%) $(programs:$(BUILD)/%=$(DESTDIR)$(mandir)/man1/%.1)

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
check-sanitized:
	@exec $(MAKE) --no-print-directory BUILD=$(BUILD)/sanitized SANITIZE=address,undefined check

lint:
	@packaging/install-dependencies.sh build lint
	@exec packaging/lint.sh

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

test-programs: $(programs) $(tests:%=$(BUILD)/tests/%) $(tools:%=$(BUILD)/tests/tools/%)

fuzzers: $(fuzzers:%=$(BUILD)/fuzz/%)

.PHONY: all install uninstall clean run check check-sanitized e2e bare lint fuzz bench test-programs fuzzers FORCE
.DELETE_ON_ERROR:
.SECONDARY:
# Not those of whole systems, which e2e and bare keep in the same tree.
-include $(shell find $(BUILD) \( -path $(BUILD)/e2e -o -path $(BUILD)/debian -o -path $(BUILD)/bare \) -prune -o -type f -name '*.d' -print 2>/dev/null)
