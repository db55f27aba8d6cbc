#!/bin/sh
# Ten symbols, for five minutes (PAPER_ENGINE_SECONDS) beside whatever else runs: no error, no feed that is lost, no message
# that is missing, and all trades are in the ledger.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_paper_engine.sh
. "$repository/tests/lib_paper_engine.sh"

seconds=${PAPER_ENGINE_SECONDS:-300}
start_redis
start_postgres
export POSTGRES_DSN="postgresql://arbwatch@127.0.0.1:$POSTGRES_PORT/postgres" PGPASSWORD=s3cret-arbwatch
export POSTGRES_PASSWORD=s3cret-arbwatch
for file in example_positions open_positions example_trading trading paper_engine; do
	"$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 -f "$repository/sql/$file.sql" "$POSTGRES_DSN" >>"$work/sql.log" 2>&1 ||
		{ cat "$work/sql.log"; exit 1; }
done
start_exchange
start_engine --universe.top 10 --min-profit 0.0001 --cooldown 2s

check "it runs" await 30 tells engine state running
check "with ten symbols" await 10 tells universe symbols 10
loops=$(told loop sum_us)
end=$(($(date +%s) + seconds))
worst=0 # how often a second passed without a sign of life, of the engine or of a symbol
while [ "$(date +%s)" -lt "$end" ]; do
	sleep 5
	fresh engine heartbeat_at >/dev/null && fresh symbol:BTC/USDT >/dev/null || worst=$((worst + 1))
done
check "it goes on" above loop sum_us "$loops"
check "there was hardly a stop" test "$worst" -le 2
for exchange in binance upbit; do
	check "$exchange: connected" tells "feed:$exchange" connected 1
	check "$exchange: it was never connected again" tells "feed:$exchange" reconnects 0
	check "$exchange: no message was missing" tells "feed:$exchange" gaps 0
	# Ten books change four times a second; a machine that is busy may be late.
	check "$exchange: it got all messages" above "feed:$exchange" messages $((seconds * 10 * 4 * 8 / 10))
	check "$exchange: the guard lets trades pass" tells "guard:exchange:$exchange" state ok
done
check "no error is logged" not grep -E 'level=(warn|error|critical)' "$work/engine.log"
check "and none is counted" tells engine errors 0
kill "$ENGINE_PID"
wait "$ENGINE_PID"
check "SIGTERM ends it well" test $? -eq 0
check "it says that it has stopped" tells engine state stopped
check "it has traded" test "$(sql 'SELECT count(*) FROM arbwatch.trades')" -gt 0
check "nothing was wrong until the end" not grep -E 'level=(warn|error|critical)' "$work/engine.log"
finish
