#!/bin/sh
# A collector that is killed at any instant: no torn file, no lost state, nothing left behind.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_redis

# Many targets that refuse at once, so that the file is large and writing it takes a good part of each run.
set -- --target "main=redis://127.0.0.1:$REDIS_PORT"
for i in $(seq 40); do
	set -- "$@" --target "refusing$i=redis://127.0.0.1:1"
done

"$BUILD/redis_latency" "$@" 2>/dev/null
check "the first run counts one reset" \
	sample 'arbitrage_collector_state_resets_total{collector="redis_latency",env="paper"}' 1

check "80 kills of a loop" \
	"$TOOLS/kill_again" 80 "$textfiles/redis_latency.prom" "$BUILD/redis_latency" "$@" --interval 10ms --timeout 10ms
cat "$work/check.out"
check "80 kills of one-shot runs" \
	"$TOOLS/kill_again" 80 "$textfiles/redis_latency.prom" "$BUILD/redis_latency" "$@"
cat "$work/check.out"

"$BUILD/redis_latency" "$@" 2>/dev/null
check "the state was never lost" \
	sample 'arbitrage_collector_state_resets_total{collector="redis_latency",env="paper"}' 1
refute "no temporary file is left after the next run" test -e "$textfiles/.redis_latency.tmp"
check "nothing but the file and its lock is there" test "$(find "$textfiles" -type f | wc -l)" -eq 2
check "promtool takes the file" promtool check metrics <"$textfiles/redis_latency.prom"
finish
