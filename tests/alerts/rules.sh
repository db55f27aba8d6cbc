#!/bin/sh
# The rules: promtool takes them, their tests pass, each alert has all kinds of tests, and labels, annotations, links and limits
# keep the rules (rules.py).

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$repository" || exit 1
# promtool would take all processors from the tests that measure time beside it.
export GOMAXPROCS=1
renice -n 10 -p $$ >/dev/null

run 0 promtool check rules prometheus/rules/*.yml
[ "$got" = 0 ] || cat "$work/out" "$work/err"
run 0 "$PYTHON" tests/alerts/rules.py "$BUILD/redis_latency" "$BUILD/postgres_latency" "$BUILD/exchange_health" \
	"$BUILD/open_positions" "$BUILD/preflight" "$BUILD/engine_state" "$BUILD/trading_kpis" "$BUILD/queue_depth"
cat "$work/out" "$work/err"
count=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$work/out")
passed=$((passed + ${count:-0} - 1))
run 0 promtool test rules prometheus/tests/*.yml
[ "$got" = 0 ] || cat "$work/out" "$work/err"
finish
