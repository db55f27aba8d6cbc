#!/bin/sh
# Counters and histograms go on across one-shot runs, alone, four at a time, and after damage.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

prom=$textfiles/redis_latency.prom
resets='arbitrage_collector_state_resets_total{collector="redis_latency",env="paper"}'
runs='arbitrage_collector_runs_total{collector="redis_latency",env="paper"}'
pings='arbitrage_redis_latency_seconds_count{target="main",env="paper"}'

start_redis
# shellcheck disable=SC2120  # damage() and the last lines call it through run, with arguments
measure() { "$BUILD/redis_latency" --target "main=redis://127.0.0.1:$REDIS_PORT" --samples 3 "$@" 2>>"$work/err"; }

# Every counter and histogram line of the old file is in the new one, and no lower.  prometheus_client reads both.
cat >"$work/never_down.py" <<'PYTHON'
import sys
from prometheus_client.parser import text_string_to_metric_families

def counts(path):
    found = {}
    for family in text_string_to_metric_families(open(path).read()):
        if family.type in ("counter", "histogram"):
            for s in family.samples:
                found[s.name, tuple(sorted(s.labels.items()))] = s.value
    return found

old, new = counts(sys.argv[1]), counts(sys.argv[2])
down = [k for k in old if new.get(k, -1) < old[k]]
print(down)
sys.exit(bool(down) or not old)
PYTHON
never_down() { "$PYTHON" "$work/never_down.py" "$1" "$2"; }

measure
check "the first run starts from nothing, and counts that" sample "$resets" 1
cp "$prom" "$work/before"
down=0
for i in $(seq 199); do
	measure || down=$((down + 1))
	# The oracle is slow: it looks at every tenth run, and so at every change between them.
	if [ $((i % 10)) -eq 0 ]; then
		never_down "$work/before" "$prom" >>"$work/downs" || down=$((down + 1))
		cp "$prom" "$work/before"
	fi
done
check "no run failed and no count went down over 200 runs" test "$down" -eq 0
check "200 runs are counted" sample "$runs" 200
check "600 PINGs are counted" sample "$pings" 600
check "the +Inf bucket says the same" \
	sample 'arbitrage_redis_latency_seconds_bucket{target="main",env="paper",le="+Inf"}' 600

for i in $(seq 50); do
	measure & a=$!
	measure & b=$!
	measure & c=$!
	measure || down=$((down + 1))
	for pid in $a $b $c; do wait "$pid" || down=$((down + 1)); done
done
check "no run failed of 50 times 4 at once" test "$down" -eq 0
check "none of 200 simultaneous runs is lost" sample "$runs" 400
check "none of their 600 PINGs is lost" sample "$pings" 1200
check "the state was never lost" sample "$resets" 1
never_down "$work/before" "$prom"
check "no count went down" never_down "$work/before" "$prom"

# damage NAME COMMAND...: the next run succeeds, starts afresh and says so.
expected=1
damage() {
	name=$1
	shift
	"$@"
	expected=$((expected + 1))
	run 0 measure
	check "$name: counted as a reset" sample "$resets" "$expected"
	check "$name: counting starts afresh" sample "$runs" 1
	check "$name: the file is good again" promtool check metrics <"$prom"
	run 0 measure
	check "$name: and goes on" sample "$runs" 2
	check "$name: no further reset" sample "$resets" "$expected"
}
cut_half() { head -c "$(($(wc -c <"$prom") / 2))" "$prom" >"$work/cut" && cp "$work/cut" "$prom"; }
cut_at_line() { head -n 20 "$prom" >"$work/cut" && cp "$work/cut" "$prom"; }
garble() { head -c 5000 /dev/urandom >"$prom"; }
change_digit() { sed -i 's/^\(arbitrage_collector_runs_total.*\) 2$/\1 9/' "$prom"; }
make_fifo() { rm "$prom" && mkfifo "$prom"; }
# Whole, but with other buckets: as an older version could have written it.
other_version() {
	sed -e '/le="0.25"/d' -e '/^# sum/d' "$prom" >"$work/other"
	"$TOOLS/checksum" <"$work/other" >"$work/other.prom"
	mv "$work/other.prom" "$prom"
}
damage "cut in the middle" cut_half
damage "cut at the end of a line" cut_at_line
damage "emptied" truncate -s 0 "$prom"
damage "garbled" garble
damage "one digit changed" change_digit
damage "removed" rm "$prom"
damage "replaced by a FIFO" make_fifo

# Another version: what has another shape starts afresh, the rest goes on.
other_version
run 0 measure
check "another version: counted as a reset" sample "$resets" $((expected + 1))
check "another version: the histogram starts afresh" sample "$pings" 3
check "another version: what has the same shape goes on" sample "$runs" 3

# The count of resets is in the lock file and in the .prom file: it survives the loss of either.
before=$(value "$resets")
rm "$textfiles/.redis_latency.lock"
run 0 measure
check "without the lock file the count of resets does not go down" sample "$resets" "$before"

# A file that is there but cannot be read may be good: nothing is replaced.
if [ "$(id -u)" -eq 0 ]; then
	chmod 777 "$textfiles"
	chmod 600 "$prom"
	rm "$textfiles/.redis_latency.lock"
	cp "$prom" "$work/good"
	run 1 setpriv --reuid nobody --regid nogroup --clear-groups "$(for_all_users redis_latency)" \
		--target "main=redis://127.0.0.1:$REDIS_PORT"
	check "a file without read permission is left alone" cmp "$prom" "$work/good"
	check "and that is said" grep -q "cannot read.*redis_latency.prom.*Permission denied" "$work/err"
	rm -f "$textfiles/.redis_latency.lock"
else
	skip "a file without read permission" "only root can become another user"
fi

# A loop knows what it published, but others may write the same file.
above() { [ "$(value "$1")" -gt "$2" ]; }
start_loop() {
	spawn loop "$BUILD/redis_latency" --target "main=redis://127.0.0.1:$REDIS_PORT" --samples 3 --interval "$1"
	loop=$SPAWNED
	first=$(value "$runs")
	await 30 above "$runs" "$((first + 1))"
}
stands() { grep -q 'State:.*T' "/proc/$loop/status"; }
between_runs() { flock -n "$textfiles/.redis_latency.lock" true; }
hold_loop() {  # between two runs, so that it has not read already what a test is about to change
	until kill -STOP "$loop" && await 30 stands && between_runs; do
		kill -CONT "$loop"
		sleep 0.02
	done
}
start_loop 100ms
lost=$(value "$resets")
rm "$prom"
await 30 test -s "$prom"
check "a loop writes a lost file anew from memory, and counts no reset" sample "$resets" "$lost"
check "and loses no count" above "$runs" "$((first + 1))"

# As of an older program that runs beside the loop: bounded by what can have been counted since, a held run and late ones too.
hold_loop
before=$(value "$runs")
lost=$(value "$resets")
other_version
began=$(now_ns)
kill -CONT "$loop"
await 30 above "$runs" "$before"
more=$(($(value "$runs") - before)) most=$((($(now_ns) - began) / 100000000 + 4))
check "a loop that finds another version of its file counts nothing twice ($more runs, at most $most)" test "$more" -le "$most"
check "and counts the reset" sample "$resets" $((lost + 1))
stop "$loop"

start_loop 2s
lost=$(value "$resets")
hold_loop
for i in $(seq 5); do measure; done
rm "$prom"
kill -CONT "$loop"
await 30 test -s "$prom"
check "a loop that was not the last to write knows that state was lost" sample "$resets" $((lost + 1))
stop "$loop"

# Which env a count belongs to is part of it.
lost=$(value "$resets")
run 0 measure --env live
check "another env is another series, and no reset" \
	sample 'arbitrage_collector_state_resets_total{collector="redis_latency",env="live"}' "$lost"
check "its counts start at zero" sample 'arbitrage_collector_runs_total{collector="redis_latency",env="live"}' 1
finish
