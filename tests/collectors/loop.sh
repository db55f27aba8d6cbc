#!/bin/sh
# A collector in a loop: its ticks, its signals, its config file read again; what stays when a target goes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

collector=$BUILD/redis_latency
prom=$textfiles/redis_latency.prom
collector_success='arbitrage_collector_last_success_timestamp_seconds{collector="redis_latency",env="paper"}'
runs='arbitrage_collector_runs_total{collector="redis_latency",env="paper"}'
loops=0

# loop ARGUMENT...: start a collector; its process id in $LOOP, its log in $log.
loop() {
	loops=$((loops + 1))
	rm -f "$prom" "$textfiles/.redis_latency.lock"
	spawn "loop-$loops" "$collector" "$@"
	LOOP=$SPAWNED log=$work/loop-$loops.log
}

# number SERIES: its value, 0 while there is none.
number() {
	found=$(value "$1" "$prom" 2>/dev/null)
	echo "${found:-0}"
}
at_least() { awk -v is="$(number "$1")" -v least="$2" 'BEGIN { exit !(is >= least) }'; }
count_of() { number "arbitrage_redis_latency_seconds_count{target=\"$1\",env=\"paper\"}"; }
up() { sample "arbitrage_redis_up{target=\"$1\",env=\"paper\"}" "$2" "$prom"; }
lines_with() { grep -cF -- "$1" "$log"; }
has_lines() { [ "$(lines_with "$1")" -eq "$2" ]; }
no_temporary_file() { [ -z "$(find "$textfiles" -name '*.tmp')" ]; }

# ends_at_once WHAT SIGNAL: status 0, without waiting for the next tick.
ends_at_once() {
	began=$(now_ns) status=0
	kill -"$2" "$LOOP"
	wait "$LOOP" || status=$?
	took=$((($(now_ns) - began) / 1000000))
	check "$1: exit status 0 after SIG$2" test "$status" -eq 0
	check "$1: at once ($took ms)" test "$took" -lt "$late_ms"
	check "$1: no temporary file is left" no_temporary_file
}

start_redis
main=redis://127.0.0.1:$REDIS_PORT main_pid=$REDIS_PID main_port=$REDIS_PORT

### Ticks

# Each run takes at least 400 ms (the proxy holds what goes either way for 200), so that a loop that slept
# 600 ms between runs would do 60% of them.  A machine that stands still for a moment holds up some runs of this one,
# too, but never any eight in a row for ever.
spawn proxy "$TOOLS/faulty_peer" proxy 127.0.0.1 "$main_port" --delay 200
await 30 test -s "$work/proxy.log"
loop --target "slow=redis://127.0.0.1:$(head -n 1 "$work/proxy.log")" --samples 1 --interval 600ms
check "the first run begins at once" await 30 at_least "$runs" 1
eight_runs_in_step() {
	at_least "$runs" $((before + 8)) || return 1
	passed_ms=$((($(now_ns) - began) / 1000000)) done=$(($(number "$runs") - before))
	[ $((done * 600 * 100)) -lt $((passed_ms * 80)) ] || return 0
	began=$(now_ns) before=$(number "$runs")
	return 1
}
began=$(now_ns) before=$(number "$runs")
check "no drift: at least 80% of the runs of some seconds" await 120 eight_runs_in_step
check "a run takes a good part of the interval" at_least \
	'arbitrage_collector_duration_seconds{collector="redis_latency",env="paper"}' 0.4
check "nor too many: $done runs in $passed_ms ms" test $((done * 600)) -le $((passed_ms + 1200))
check "the interval is told" sample \
	'arbitrage_collector_interval_seconds{collector="redis_latency",env="paper"}' 0.6 "$prom"
ends_at_once "between runs or in one" TERM

# A target that hangs takes the whole timeout of each run, and no tick may be lost by that: by default a run ends
# before the next tick, and one whose timeout is the interval ends just after it.
start_redis
kill -STOP "$REDIS_PID"
for timeout in default 600ms; do
	set --
	[ "$timeout" = default ] || set -- --timeout "$timeout"
	loop --target "main=$main" --target "hung=redis://127.0.0.1:$REDIS_PORT" --interval 600ms "$@"
	check "timeout $timeout: the first run" await 30 at_least "$runs" 1
	began=$(now_ns) before=$(number "$runs")
	check "timeout $timeout: a target that hangs costs no runs" await 120 eight_runs_in_step
	check "timeout $timeout: it does hang" up hung 0
	ends_at_once "timeout $timeout" TERM
done
stop "$REDIS_PID"

loop --target "main=$main" --interval 100ms
check "runs every 100 ms" await 30 at_least "$runs" 3
kill -STOP "$LOOP"
before=$(number "$runs")
sleep 2 # nothing to wait for: these are 20 ticks
began=$(now_ns)
kill -CONT "$LOOP"
# More of them than the slack below allows for, had the missed ones been made up for at once.
check "it goes on" await 30 at_least "$runs" $((before + 10))
done=$(($(number "$runs") - before)) passed_ms=$((($(now_ns) - began) / 1000000))
check "missed ticks are left out: $done runs in $passed_ms ms" test $((done * 100)) -le $((passed_ms + 300))
ends_at_once "while it sleeps" INT

### What grows

resident_kib() { awk '/^VmRSS:/ { print $2 }' "/proc/$LOOP/status"; }
open_files() { find "/proc/$LOOP/fd" -mindepth 1 | wc -l; }
closed_port
loop --target "main=$main" --target "gone=redis://127.0.0.1:$CLOSED_PORT" --samples 2 --interval 10ms
check "100 runs" await 30 at_least "$runs" 100
kib=$(resident_kib)
kill -STOP "$LOOP"
files=$(open_files)
kill -CONT "$LOOP"
check "600 runs" await 30 at_least "$runs" 600
more=$(($(resident_kib) - kib))
if grep -q __asan_init "$collector"; then
	skip "memory after 600 runs" "the address sanitizer keeps what is freed"
else
	check "memory does not grow ($more KiB more after 600 runs than after 100)" test "$more" -le 128
fi
fewer_files() { [ "$(open_files)" -le "$files" ]; }
check "nor do open files" await 30 fewer_files
ends_at_once "in quick runs" TERM

### The end, in the middle of a run that hangs

in_a_run() { find "/proc/$LOOP/fd" -lname 'socket:*' | grep -q .; }
loop --target "main=$main" --interval 1m --timeout 50s
check "one good run" await 30 at_least "$runs" 1
cp "$prom" "$work/kept"
ends_at_once "in a long sleep" TERM
for signal in TERM INT; do
	kill -STOP "$main_pid"
	loop --target "main=$main" --interval 1m --timeout 50s
	cp "$work/kept" "$prom"
	check "it hangs in a run" await 30 in_a_run
	ends_at_once "in a run that hangs" "$signal"
	check "the old file stays after SIG$signal" cmp "$work/kept" "$prom"
	kill -CONT "$main_pid"
done

# In the middle of writing: python looks without pause for the temporary file, large enough to be seen.
cat >"$work/end_while_writing.py" <<'END_OF_PYTHON'
import os, signal, sys, time
until = time.monotonic() + 60
while not os.path.exists(sys.argv[2]):
    if time.monotonic() > until:
        sys.exit("not seen")
os.kill(int(sys.argv[1]), signal.SIGTERM)
END_OF_PYTHON
set --
for i in $(seq 200); do
	set -- "$@" --target "gone$i=redis://127.0.0.1:$CLOSED_PORT"
done
for try in 1 2 3 4 5; do
	loop "$@" --interval 200ms --log.level error
	check "ended while it writes, time $try" \
		"$PYTHON" "$work/end_while_writing.py" "$LOOP" "$textfiles/.redis_latency.tmp"
	status=0
	wait "$LOOP" || status=$?
	check "time $try: exit status 0" test "$status" -eq 0
	check "time $try: no temporary file is left" no_temporary_file
done

### What is stale

start_redis
loop --target "main=redis://127.0.0.1:$REDIS_PORT" --interval 100ms
check "up" await 30 up main 1
check "with a time to connect" grep -q 'phase="connect"' "$prom"
stop "$REDIS_PID"
check "down when Redis stops" await 30 up main 0
kill -STOP "$LOOP"
success=$(number 'arbitrage_redis_last_success_timestamp_seconds{target="main",env="paper"}')
of_run=$(number "$collector_success")
count=$(count_of main) before=$(number "$runs")
kill -CONT "$LOOP"
check "the loop goes on" await 30 at_least "$runs" $((before + 3))
refute "yesterday's time to connect is not today's" grep -q 'phase="connect"' "$prom"
check "the last success stays" test \
	"$(number 'arbitrage_redis_last_success_timestamp_seconds{target="main",env="paper"}')" = "$success"
check "also that of the collector" test "$(number "$collector_success")" = "$of_run"
check "it is a time" test "${success%.*}" -gt 1700000000
check "what was counted stays" test "$(count_of main)" = "$count"
check "failures are counted" at_least \
	'arbitrage_redis_failures_total{target="main",kind="connect",env="paper"}' 3
ends_at_once "while the target is down" TERM

### The config file, read again

# config FIRST SECOND INTERVAL: two targets by name, on the same server.
config() {
	printf 'interval: %s\nredis_latency:\n  target: ["%s", "%s"]\n' "$3" "$1=$main" "$2=$main/1" \
		>"$work/new.yml"
	mv "$work/new.yml" "$work/c.yml"
}
config a b 100ms
loop --config.file "$work/c.yml"
check "both targets are measured" await 30 at_least \
	'arbitrage_redis_latency_seconds_count{target="b",env="paper"}' 30
config b c 100ms
kill -STOP "$LOOP"
before=$(count_of b) runs_before=$(number "$runs")
kill -HUP "$LOOP"
kill -CONT "$LOOP"
check "SIGHUP is logged" await 30 has_lines 'msg="configuration reloaded"' 1
check "the new target appears" await 30 up c 1
refute "the old target's series disappear" grep -q 'target="a"' "$prom"
check "the counts of the one that stays go on" at_least \
	'arbitrage_redis_latency_seconds_count{target="b",env="paper"}' "$before"
check "those of the collector too" at_least "$runs" $((runs_before + 1))
check "and none was lost" sample \
	'arbitrage_collector_state_resets_total{collector="redis_latency",env="paper"}' 1 "$prom"

# refused TEXT: SIGHUP; one line in the log says so, and the old settings stay in use.
refusals=0
refused() {
	refusals=$((refusals + 1))
	kill -HUP "$LOOP"
	check "$1: refused" await 30 has_lines "configuration not reloaded, the old one stays" "$refusals"
	check "$1: with the reason" grep -qF -- "$1" "$log"
	before=$(count_of c)
	check "$1: the old one stays in use" await 30 at_least \
		'arbitrage_redis_latency_seconds_count{target="c",env="paper"}' $((before + 30))
	check "$1: and that is all that is logged" has_lines "configuration not reloaded" "$refusals"
}
printf 'interval: 100ms\nnosuch: 1\n' >"$work/c.yml"
refused "c.yml:2: nosuch: unknown key"
printf 'interval: 100ms\ntarget: http://:hunter2@h\n' >"$work/c.yml"
refused "c.yml:2: target: "
printf 'target: %s\n' "$main" >"$work/c.yml"
refused "the interval is gone"
printf 'interval: [\n' >"$work/c.yml"
refused "not valid YAML"
rm "$work/c.yml"
refused "No such file"
refute "no secret is in the log" grep -q hunter2 "$log"
check "no bad file reset anything" sample \
	'arbitrage_collector_state_resets_total{collector="redis_latency",env="paper"}' 1 "$prom"

config c d 1h
kill -HUP "$LOOP"
check "a good file is taken again" await 30 has_lines 'msg="configuration reloaded"' 2
check "its targets are measured" await 30 up d 1
config c e 100ms
kill -HUP "$LOOP"
check "an hour's interval need not end for a shorter one" await 30 up e 1
sed -i 's/^interval.*/&\nenv: live/' "$work/c.yml"
kill -HUP "$LOOP"
check "the new env is published" await 30 sample 'arbitrage_redis_up{target="e",env="live"}' 1 "$prom"
refute "and nothing of the old one" grep -q 'env="paper"' "$prom"
ends_at_once "after all that" TERM

finish
