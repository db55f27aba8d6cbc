#!/bin/sh
# The example bots keep the contract of docs/engine.md: what they write comes out as metrics, to the last digit.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$repository" || exit 1
start_redis
start_postgres
dsn=postgresql://arbwatch@127.0.0.1:$POSTGRES_PORT
export REDIS_URL="redis://127.0.0.1:$REDIS_PORT" PGPASSWORD=s3cret-arbwatch PYTHONDONTWRITEBYTECODE=1

# database NAME: a new one, with the tables and views that the bot's author is given; POSTGRES_DSN is that one.
database() {
	sql "CREATE DATABASE $1"
	export POSTGRES_DSN="$dsn/$1"
	"$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 --single-transaction -f sql/example_trading.sql -f sql/trading.sql "$POSTGRES_DSN"
	redis-cli -p "$REDIS_PORT" FLUSHALL >/dev/null
}
as_written() { # as_written state|trades COLLECTOR
	"$PYTHON" tests/examples/expected.py "$1" "$textfiles/$2.prom" >"$work/differences" 2>&1
	cat "$work/differences"
	test ! -s "$work/differences"
}
ask() { "$POSTGRES_BIN/psql" -qAtX "$POSTGRES_DSN" -c "$1"; }
redis_has() { test "$(redis-cli -p "$REDIS_PORT" HGET "arbwatch:$1" "$2")" = "$3"; } # redis_has KEY FIELD VALUE
sample_at_least() { # sample_at_least SAMPLE NUMBER: of the bot's state
	awk -v found="$(value "$1" "$textfiles/engine_state.prom")" -v least="$2" 'BEGIN { exit !(found + 0 >= least) }'
}
comes_out() {
	run 0 "$BUILD/engine_state" --engine.redis "$REDIS_URL" --fail-on-down
	check "$1: what is in Redis comes out exactly, and nothing else" as_written state engine_state
	check "$1: without a warning" not grep -E "level=(warn|error)" "$work/err"
	run 0 "$BUILD/trading_kpis" --engine.postgres "$POSTGRES_DSN" --fail-on-down
	check "$1: what is in Postgres comes out exactly" as_written trades trading_kpis
	check "$1: without a warning" not grep -E "level=(warn|error)" "$work/err"
}

database python
run 0 "$PYTHON" examples/bot.py --loops 300 --period 0.002 --seed 7
check "each loop is in the histogram" test "$(redis-cli -p "$REDIS_PORT" HVALS arbwatch:feed:binance | wc -l)" -gt 5
comes_out python
check "300 loops" sample 'arbitrage_engine_loop_duration_seconds_count{engine="main",env="paper"}' 300 "$textfiles/engine_state.prom"
check "900 messages" sample 'arbitrage_engine_feed_messages_total{engine="main",exchange="binance",env="paper"}' 900 \
	"$textfiles/engine_state.prom"
check "15 snapshots, and as many rows of equity" test "$(ask 'SELECT count(*) FROM equity')" = 15
check "two orders for each trade" redis_has orders:upbit sent "$(ask 'SELECT count(*) FROM trades')"
check "a cooldown for each loss" redis_has guard:route:binance-upbit:BTC triggers \
	"$(ask 'SELECT count(*) FROM trades WHERE pnl < 0')"
check "a line of the log" redis_has engine log_info 1
check "that it has ended" redis_has engine state stopped

# The loop goes on without Redis, and sends what it has counted meanwhile when Redis is back.
redis-cli -p "$REDIS_PORT" FLUSHALL >/dev/null
spawn bot.py "$PYTHON" examples/bot.py --period 0.01
bot=$SPAWNED
await 20 redis_has engine restarts 1
stop "$REDIS_PID"
check "a bot without Redis says so" await 20 grep -q 'cannot tell Redis' "$work/bot.py.log"
spawn redis-again redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --save '' --appendonly no --dir "$work"
check "and goes on" await 20 redis_has engine state running
check "and says what it has counted" sh -c "redis-cli -p $REDIS_PORT HGET arbwatch:engine log_error | grep -q '^[1-9]'"
kill "$bot"
check "it ends when it is asked to" await 20 redis_has engine state stopped

# The bot in C: at an exchange on paper, after three days of a backtest, and with no more rights than it has in the stack.
database c
"$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 --single-transaction -f sql/example_positions.sql -f sql/paper_engine.sql "$POSTGRES_DSN"
spawn paper "$BUILD/paper_exchange" --listen 127.0.0.1:0
paper=http://127.0.0.1:$(port_of "$SPAWNED")
sql "CREATE ROLE bot LOGIN PASSWORD 'of-the-bot'"
grep '^GRANT .* TO bot;$' compose/postgres/30-trading.sql >"$work/grants.sql"
check "its rights in Postgres" "$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 -f "$work/grants.sql" "$POSTGRES_DSN"
sed -n 's/^\tbot=".* -@all \(.*\)"$/\1/p; s/^\tbot="$bot \(.*\)"$/\1/p' compose/setup.sh | xargs >"$work/rights"
# shellcheck disable=SC2046 # words are meant
check "its rights in Redis" redis-cli -e -p "$REDIS_PORT" ACL SETUSER bot on '>of-the-bot' $(cat "$work/rights")
engine() { # engine STATUS [FLAG...]
	engine_status=$1
	shift
	run "$engine_status" env REDIS_URL="redis://bot@127.0.0.1:$REDIS_PORT" REDIS_PASSWORD=of-the-bot \
		POSTGRES_DSN="postgresql://bot@127.0.0.1:$POSTGRES_PORT/c" POSTGRES_PASSWORD=of-the-bot "$BUILD/paper_engine" run \
		--exchange.binance "$paper/binance" --exchange.upbit "$paper/upbit" \
		--universe.top 3 --symbols 3 --history.days 3 --loop 20ms --equity.every 500ms --sync.every 1s \
		--control.listen-address '' "$@"
}
# Without costs something is to be earned at any time.
engine 0 --loops 300 --min-profit 0.00001 --cooldown 200ms --fee.binance 0 --fee.upbit 0 --slippage 0
check "each start is counted" redis_has engine restarts 1
check "that it has ended, too" redis_has engine state stopped
comes_out c
check "its loops" sample_at_least 'arbitrage_engine_loop_duration_seconds_count{engine="main",env="paper"}' 250
check "messages of its feeds" sample_at_least 'arbitrage_engine_feed_messages_total{engine="main",exchange="upbit",env="paper"}' 10
check "three days of trades" test "$(ask "SELECT count(*) FROM trades WHERE closed_at < now() - interval '1 minute'")" -ge 100
check "and some of now" test "$(ask "SELECT count(*) FROM trades WHERE closed_at > now() - interval '1 minute'")" -ge 1
trades_of_before() { ask "SELECT count(*) FROM trades WHERE closed_at < '$began'::timestamptz - interval '1 minute'"; }
began=$(ask "SELECT now()")
trades=$(trades_of_before)
# A trade that is under way goes on; no other one begins.
engine 0 --loops 100 --min-profit 1
check "it goes on with the equity of before" test "$(ask "SELECT equity FROM equity ORDER BY at DESC LIMIT 1")" = \
	"$(ask "SELECT 500000 + (SELECT sum(pnl) FROM trades) - (SELECT sum(fee) FROM paper_movements)")"
check "and makes no second history" test "$(trades_of_before)" = "$trades"
check "a second start is counted" redis_has engine restarts 2
check "it has all rights that it needs" not grep -iE 'NOPERM|denied' "$work/out" "$work/err"

finish
