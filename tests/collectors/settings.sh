#!/bin/sh
# Flags, variables and the config file, as an operator gets them wrong and right.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

collector=$BUILD/redis_latency
closed_port
closed=redis://127.0.0.1:$CLOSED_PORT
cd "$work" || exit 1

# probe ARGUMENT...: a run that is refused by its only target.
probe() { "$collector" --timeout 20s --target "t=$closed" "$@"; }

says() { grep -qF -- "$1" "$work/err"; }
prints() { grep -qxF -- "$1" "$work/out"; }
nothing_written() { [ -z "$(ls -A "$textfiles")" ]; }
one_line() { [ "$(wc -l <"$work/err")" -eq 1 ]; }
clean() { rm -f "$textfiles"/* "$textfiles"/.[!.]*; }

# rejects TEXT COMMAND...: exit status 2, one line with the key and the reason; nothing written, no secret.
rejects() {
	text=$1
	shift
	run 2 "$@"
	check "$text: says so" says "redis_latency: $text"
	check "$text: in one line" one_line
	refute "$text: without a secret" says hunter2
	check "$text: nothing on standard output" test ! -s "$work/out"
	check "$text: nothing is written" nothing_written
}

# rejects_config TEXT CONFIG: the same of a file c.yml with that content.
rejects_config() {
	printf '%b' "$2" >c.yml
	rejects "$1" "$collector" --config.file c.yml
}

### Flags

rejects "--nosuch: unknown flag" "$collector" --nosuch
rejects "--pasword: unknown flag" "$collector" --pasword=hunter2
rejects "argument 2 is not a flag" "$collector" --fail-on-down redis://:hunter2@h
rejects "argument 1 is not a flag" "$collector" --redis://:hunter2@h
rejects "argument 1 is not a flag" "$collector" -target redis://:hunter2@h
rejects "--timeout: needs a value: DURATION" "$collector" --timeout
rejects "--stdout: takes no value" "$collector" --stdout=maybe
rejects "--timeout: '5' is not a duration like 250ms, 15s or 5m" "$collector" --timeout 5
rejects "--timeout: '1.5s' is not a duration" "$collector" --timeout=1.5s
rejects "--timeout: must be from 1ms" "$collector" --timeout 0s
rejects "--timeout: must be from 1ms" "$collector" --timeout 25h
rejects "--interval: must be from" "$collector" --interval 0s
rejects "--interval: must be from" "$collector" --interval 1ms
rejects "--interval: must be from" "$collector" --interval 2d
rejects "--interval: '-1s' is not a duration" "$collector" --interval=-1s
rejects "--timeout: '10s' is longer than the interval '5s'" "$collector" --interval 5s --timeout 10s
rejects "--env: 'staging' is neither paper nor live" "$collector" --env staging
rejects "--env: 'Live' is neither" "$collector" --env Live
rejects "--env: '' is neither" "$collector" --env ''
rejects "--name: '../x' is not a name" "$collector" --name ../x
rejects "--name: '.hidden' is not a name" "$collector" --name .hidden
rejects "--name: '' is not a name" "$collector" --name ''
rejects "--name: 'a?b' is not a name" "$collector" --name 'a
b'
rejects "--name: '$(printf '%065d' 0)' is not a name" "$collector" --name "$(printf '%065d' 0)"
rejects "--name: '-x' is not a name: it may have up to 64 letters, digits, '_', '.', '-', and not begin with '.' or '-'" \
	"$collector" --name -x
for flag in name env interval timeout samples log.level log.format; do
	rejects "--$flag: '(not shown: it may hold a secret)' is " "$collector" --$flag redis://:hunter2@h
done
rejects "--textfile.directory: must be a path" "$collector" --textfile.directory redis://:hunter2@h
rejects "--textfile.directory: must be a path" "$collector" --textfile.directory ''
rejects "--textfile.directory: must be a path" "$collector" --textfile.directory "$(printf '%04096d' 0)"
rejects "--log.level: 'loud' is not debug, info, warn or error" "$collector" --log.level loud
rejects "--log.format: 'xml' is not logfmt or json" "$collector" --log.format xml
rejects "--samples: '0' is not a whole number from 1 to 1000" "$collector" --samples 0
rejects "--samples: 'ten' is not a whole number" "$collector" --samples ten
rejects "--target: " "$collector" --target ''
rejects "--target: " "$collector" --target localhost:6379
rejects "--target: " "$collector" --target http://:hunter2@h
rejects "--target: " "$collector" --target redis://:hunter2@h:99999
rejects "--target: " "$collector" --target redis://:hunter2@h:6379/zero
rejects "--target: " "$collector" --target 'redis://:hunter2@h /0'
rejects "--target: " "$collector" --target 'redis://:hunter2%zz@h'
rejects "--target: another target is called 'a' too" "$collector" --target a=redis://h --target a=redis://i
for address in %ff %fe "$(printf 'a%.0s' $(seq 128))"; do
	rejects "--target: the address is no valid UTF-8 or longer than 128 bytes: give it a name" \
		"$collector" --target "unix:///$address"
done
run 0 "$collector" --config.check --target 'a=unix:///%ff' --target 'b=unix:///%fe' \
	--target "unix:///$(printf 'a%.0s' $(seq 127))"
rejects "cannot read config file 'none.yml': No such file" "$collector" --config.file none.yml
rejects "cannot read config file '.': not a regular file" "$collector" --config.file .
mkfifo fifo.yml
rejects "cannot read config file 'fifo.yml': not a regular file" \
	timeout 60 "$collector" --config.file fifo.yml

### Variables

rejects "ARBWATCH_TIMEOUT: 'soon' is not a duration" env ARBWATCH_TIMEOUT=soon "$collector"
rejects "ARBWATCH_ENV: 'prod' is neither" env ARBWATCH_ENV=prod "$collector"
rejects "ARBWATCH_FAIL_ON_DOWN: '2' must be true or false" env ARBWATCH_FAIL_ON_DOWN=2 "$collector"
rejects "ARBWATCH_FAIL_ON_DOWN: '(not shown: it may hold a secret)' must be" \
	env ARBWATCH_FAIL_ON_DOWN=redis://:hunter2@h "$collector"
rejects "ARBWATCH_TARGET: " env ARBWATCH_TARGET=http://:hunter2@h "$collector"
rejects "REDIS_URL: " env REDIS_URL=localhost "$collector"
rejects "REDIS_URL and REDIS_URL_FILE are both set" \
	env REDIS_URL=redis://:hunter2@h REDIS_URL_FILE=x "$collector"
rejects "ARBWATCH_TARGET_FILE: cannot read 'none': No such file" env ARBWATCH_TARGET_FILE=none "$collector"
rejects "REDIS_PASSWORD_FILE: secret file '.' is no regular file" env REDIS_PASSWORD_FILE=. "$collector"
: >empty
rejects "ARBWATCH_PASSWORD_FILE: secret file 'empty' is empty" env ARBWATCH_PASSWORD_FILE=empty "$collector"
printf 'a=redis://h\nb=http://:hunter2@h\n' >targets
rejects "ARBWATCH_TARGET_FILE: " env ARBWATCH_TARGET_FILE=targets "$collector"
run 0 env ARBWATCH_VERSION=1.2.3 ARBWATCH_HELP=yes "$collector" --config.check
check "a variable with the version of something is nobody's business" prints "redis_latency: configuration OK"

### The config file

rejects_config "c.yml:2: nosuch: unknown key" 'env: live\nnosuch: 1\n'
rejects_config "c.yml:3: redis_latency.nosuch: unknown key" 'redis_latency:\n  samples: 3\n  nosuch: 1\n'
rejects_config "c.yml:1: timeout: '5' is not a duration" 'timeout: 5\n'
rejects_config "c.yml:2: redis_latency.timeout: 'x' is not" 'redis_latency:\n  timeout: x\n'
rejects_config "c.yml:2: redis_latency.samples: '0' is not" 'redis_latency:\n  samples: 0\n'
rejects_config "c.yml:1: env: 'test' is neither" 'env: test\n'
rejects_config "c.yml:2: the key is there twice" 'env: live\nenv: paper\n'
rejects_config "c.yml:2: log.level: the key is there twice" 'log.level: info\nlog: {level: warn}\n'
rejects_config "c.yml:1: log.level: takes one value, not a list" 'log: {level: [info]}\n'
rejects_config "c.yml:1: fail-on-down: must be true or false" 'fail-on-down: maybe\n'
rejects_config "c.yml:1: target: has no value" 'target:\n'
rejects_config "c.yml:3: redis_latency.target: " 'redis_latency:\n  target:\n    - http://:hunter2@h\n'
rejects_config "c.yml:1: target: takes a value, not a mapping" 'target: {redis://:hunter2@h}\n'
rejects_config "c.yml:2: password: takes a value, not a mapping" 'password:\n  hunter2:\n'
rejects_config "c.yml:1: password: takes a value, not a mapping" 'password: {hunter2}\n'
rejects_config "c.yml:1: unknown key (not shown: it may hold a secret)" 'redis://:hunter2@h:\n'
rejects_config "c.yml:1: eu: unknown section (those of instances begin with the program's name" \
	'eu: {target: redis://:hunter2@h}\n'
rejects_config "c.yml:1: stdout: unknown key" 'stdout: true\n'
rejects_config "c.yml:2: not valid YAML: " 'env: live\n\ttimeout: 5s\n'
rejects_config "c.yml:2: not valid YAML: " 'env: "live\n'
rejects_config "c.yml: not valid YAML at byte 5: " 'env: \0377\n'
rejects_config "c.yml:1: 'key: value' lines are expected" 'hunter2\n'
rejects_config "c.yml:2: a second document begins" 'env: live\n---\nenv: paper\n'
head -c 300000 /dev/zero | tr '\0' '[' >c.yml
rejects "c.yml:1: " timeout 60 "$collector" --config.file c.yml

cat >arbwatch.yml <<END_OF_CONFIG
env: live
log: {level: warn}
redis_latency:
  target:
    - one=$closed
    - two=$closed/1
  fail-on-down: false
redis_latency_eu:
  target: eu=$closed
  env: paper
postgres_latency:
  target: nothing for us
  nosuch: {a: b}
END_OF_CONFIG
run 0 "$collector" --config.file arbwatch.yml
check "the top level and the program's section hold" \
	sample 'arbitrage_redis_up{target="one",env="live"}' 0
check "a list gives several targets" sample 'arbitrage_redis_up{target="two",env="live"}' 0
check "both failures are logged" test "$(grep -c level=warn "$work/err")" -eq 2
refute "log.level hides what is below it" says level=info
run 0 env ARBWATCH_ENV=paper "$collector" --config.file arbwatch.yml --name redis_latency_eu
check "an instance's section wins over the program's" \
	sample 'arbitrage_redis_up{target="eu",env="paper"}' 0 "$textfiles/redis_latency_eu.prom"
check "the name is the collector label" \
	sample 'arbitrage_collector_runs_total{collector="redis_latency_eu",env="paper"}' 1 \
	"$textfiles/redis_latency_eu.prom"
refute "the program's own targets are not measured" grep -q 'target="one"' "$textfiles/redis_latency_eu.prom"
check "two names are two files" test "$(find "$textfiles" -name '*.prom' | wc -l)" -eq 2
run 0 env ARBWATCH_CONFIG_FILE=arbwatch.yml ARBWATCH_LOG_LEVEL=error "$collector" --env paper
check "a flag wins over the file, and another env is another series" \
	sample 'arbitrage_redis_up{target="one",env="paper"}' 0 "$textfiles/redis_latency.prom"
check "a variable wins over the file" test ! -s "$work/err"
clean

run 0 env REDIS_URL="old=$closed" "$collector"
check "REDIS_URL is the target" sample 'arbitrage_redis_up{target="old",env="paper"}' 0
run 0 env REDIS_URL="old=$closed" ARBWATCH_TARGET="new=$closed" "$collector"
check "ARBWATCH_TARGET wins over REDIS_URL" sample 'arbitrage_redis_up{target="new",env="paper"}' 0
printf '%s\n\n%s\n' "first=$closed" "second=$closed/2" >targets
run 0 env ARBWATCH_TARGET_FILE=targets "$collector"
check "a file gives one target a line" sample 'arbitrage_redis_up{target="second",env="paper"}' 0
clean

### What only prints

run 0 "$collector" --help
check "--help names the exit statuses" \
	grep -q '^Exit status: 0 published, 1 could not publish, 2 wrong flags or configuration, 3 ' "$work/out"
check "--help begins with the usage" prints "usage: redis_latency [--FLAG VALUE]..."
for flag in config.file config.check textfile.directory name env interval timeout fail-on-down stdout \
	list-metrics log.level log.format version help target samples; do
	check "--help tells of --$flag" grep -q -- "^  --$flag\( \|\$\)" "$work/out"
done
cp "$work/out" help
for program in $(cat "$BUILD/programs.list") textfile_lint paper_exchange; do
	run 0 "$BUILD/$program" -h
	check "-h is --help of $program" grep -qi "^usage: $program " "$work/out"
done
run 0 "$collector" -h
check "word by word" cmp help "$work/out"
run 0 "$collector" --version
check "--version" grep -qE '^redis_latency, version [0-9]+\.[0-9]+\.[0-9]+ \(revision [^ ]+\)$' "$work/out"
run 0 "$collector" --config.check --target "t=$closed"
check "--config.check says OK" prints "redis_latency: configuration OK"
rejects "--timeout: 'x' is not" "$collector" --config.check --timeout x
rejects "--nosuch: unknown flag" "$collector" --help --nosuch
check "nothing that only prints writes a file" nothing_written
if [ -w /dev/full ]; then
	for flag in help version list-metrics config.check stdout; do
		run 1 sh -c "'$collector' --target 't=$closed' --$flag >/dev/full"
	done
else
	skip "output that cannot be written" "there is no /dev/full"
fi

run 0 probe --stdout
check "--stdout prints the file" grep -qxF 'arbitrage_redis_up{target="t",env="paper"} 0' "$work/out"
cp "$work/out" "$work/stdout.prom"
check "--stdout: promtool takes it" promtool check metrics <"$work/stdout.prom"
check "--stdout: textfile_lint takes it" "$BUILD/textfile_lint" "$work/stdout.prom"
check "--stdout writes nothing" nothing_written
run 0 env ARBWATCH_INTERVAL=5s "$collector" --stdout --target "t=$closed"
check "--stdout is one run, in a loop's settings too" \
	grep -qxF 'arbitrage_collector_interval_seconds{collector="redis_latency",env="paper"} 5' "$work/out"
run 0 probe
run 0 probe --stdout
check "--stdout goes on from no state" \
	grep -qxF 'arbitrage_collector_runs_total{collector="redis_latency",env="paper"} 1' "$work/out"
check "--stdout leaves the file alone" \
	sample 'arbitrage_collector_runs_total{collector="redis_latency",env="paper"}' 1
run 3 probe --fail-on-down --stdout
run 3 probe --fail-on-down
check "--fail-on-down publishes too" \
	sample 'arbitrage_collector_runs_total{collector="redis_latency",env="paper"}' 2
clean

start_redis
run 0 "$collector" --fail-on-down --target "main=redis://127.0.0.1:$REDIS_PORT"
run 0 "$collector" --list-metrics
cat >"$work/listed.py" <<'END_OF_PYTHON'
import sys
from prometheus_client.parser import text_string_to_metric_families

listed = {}
for line in open(sys.argv[1]):
    name, kind, labels, help = line.rstrip("\n").split("\t")
    listed[name] = (kind, frozenset(labels.split(",")), help)
written = {}
for family in text_string_to_metric_families(open(sys.argv[2]).read()):
    name = family.name + ("_total" if family.type == "counter" else "")
    labels = {frozenset(sample.labels) - {"le"} for sample in family.samples}
    assert len(labels) == 1, (name, labels)
    written[name] = (family.type, labels.pop(), family.documentation)
for name in sorted(listed.keys() | written.keys()):
    if listed.get(name) != written.get(name):
        sys.exit(f"{name}: listed {listed.get(name)}, written {written.get(name)}")
print(len(listed), "families")
END_OF_PYTHON
check "--list-metrics has what is written: names, types, labels, help" \
	"$PYTHON" "$work/listed.py" "$work/out" "$textfiles/redis_latency.prom"
clean

### The log

# Each line is an object with these keys; one has that message.
cat >"$work/read_log.py" <<'END_OF_PYTHON'
import datetime, json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
for line in lines:
    assert list(line)[:4] == ["ts", "level", "collector", "msg"], line
    assert line["level"] in ("debug", "info", "warn", "error") and line["collector"] == "redis_latency", line
    written = datetime.datetime.strptime(line["ts"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert abs((datetime.datetime.utcnow() - written).total_seconds()) < 60, line
assert any(sys.argv[2] in line["msg"] for line in lines), lines
END_OF_PYTHON
json_log() { "$PYTHON" "$work/read_log.py" "$work/err" "$1"; }

run 0 probe --log.format json --log.level debug
check "a JSON log is JSON" json_log "Connection refused"
check "each failure has its target and kind" \
	grep -q '"level":"warn",.*,"target":"t","kind":"connect"}$' "$work/err"
odd='no "such" \directory\ =업비트 '$(printf '\t\033[31m\377')
run 1 probe --log.format json --textfile.directory "$odd"
check "odd bytes are escaped" json_log 'no "such" \directory\ =업비트 ??[31m?'
run 1 probe --textfile.directory "$odd"
check "logfmt: one line for each event" test "$(grep -c '^ts=' "$work/err")" -eq "$(wc -l <"$work/err")"
check "logfmt: odd bytes are escaped" says 'no \"such\" \\directory\\ =업비트 ??[31m?'
run 0 probe --log.level debug
check "debug tells of the run" says 'level=debug collector=redis_latency msg="run ended"'
clean
run 0 probe --log.level warn
check "warn tells of the failure alone" one_line
check "with target and kind" grep -q 'level=warn .*target=t kind=connect' "$work/err"
run 0 probe --log.level error
check "error tells nothing of it" test ! -s "$work/err"

run 0 env REDIS_PASSWORD=main_secret1 "$collector" --target "main=$closed"
check "a password that begins like the target's name leaves the name alone" says 'target=main kind=connect'

# Whoever closes stderr must not find the log in a file of ours.
only_numbers() { [ -z "$(tr -d '0-9 \n' <"$textfiles/.redis_latency.lock")" ]; }
for streams in '2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
	clean
	run 0 sh -c "'$collector' --target 't=$closed' --log.level debug $streams"
	check "with $streams the file is whole" "$BUILD/textfile_lint" "$textfiles"
	check "with $streams the lock file holds numbers alone" only_numbers
done

finish
