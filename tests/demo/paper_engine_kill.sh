#!/bin/sh
# paper_engine is killed twenty times while it trades, also while PostgreSQL stands still or is away: no closed trade is lost,
# none is there twice, the engine goes on with what the ledger sums up to, and its guards stay as they were.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_paper_engine.sh
. "$repository/tests/lib_paper_engine.sh"

start_redis
start_postgres
export POSTGRES_DSN="postgresql://arbwatch@127.0.0.1:$POSTGRES_PORT/postgres" PGPASSWORD=s3cret-arbwatch
export POSTGRES_PASSWORD=s3cret-arbwatch
"$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 --single-transaction -f "$repository/sql/example_trading.sql" \
	-f "$repository/sql/paper_engine.sql" "$POSTGRES_DSN" || exit 1
start_exchange
unwritten=$work/unwritten

# Without costs and rests there are dozens of trades and movements a second.
trade() {
	start_engine --min-profit 0 --fee.binance 0 --fee.upbit 0 --slippage 0 --rebalance.fee 0 --size 500 --cooldown 1ms \
		--leg-gap 20ms --rebalance.every 1s --rebalance.above 0.05 --limit.losses 0 --limit.score 0 --universe.top 30 \
		--loop 20ms --snapshot.every 300ms --sync.every 300ms --equity.every 100ms --journal.file "$unwritten" "$@"
}
kill_engine() {
	kill -KILL "$ENGINE_PID"
	wait "$ENGINE_PID" 2>/dev/null
	cat "$work/engine.log" >>"$work/engines.log"
}
last_id() { sql "SELECT greatest(0, (SELECT max(id) FROM public.trades), (SELECT max(id) FROM public.paper_movements))"; }
more_than() { [ "$(last_id)" -gt "$1" ]; }
number_at() { od -A n -t "$1" -j "$2" -N "$3" "$unwritten" | tr -d ' '; } # number_at TYPE OFFSET BYTES
# unwritten_last: the id of the last record in the file, which says at its begin how large records are; or 0.
unwritten_last() {
	size=$(stat -c %s "$unwritten")
	[ "$size" -gt 0 ] || { echo 0; return; }
	entry=$(number_at u4 8 4)
	number_at d8 $((size / entry * entry - entry + 16)) 8
}
unwritten_more() { [ "$(unwritten_last)" -gt "$1" ]; }
# ledger_until ID: all of it up to there.
ledger_until() {
	sql "SELECT t::text FROM public.trades t WHERE id <= $1 ORDER BY id;
		SELECT f::text FROM public.paper_fills f WHERE trade_id <= $1 ORDER BY trade_id, number;
		SELECT m::text FROM public.paper_movements m WHERE id <= $1 ORDER BY id"
}
# note: what is in the ledger, or on its way there, now that the engine is dead.
noted=0 closed=0
: >"$work/noted"
note() {
	noted=$(last_id) closed=$(unwritten_last)
	[ "$closed" -ge "$noted" ] || closed=$noted
	ledger_until "$noted" >"$work/noted"
}
restored() { logged "the engine begins"; } # the ledger is read before
# nothing_lost: what was noted is there after the next start, and as it was.
nothing_lost() {
	await 20 restored || { cat "$work/engine.log"; return 1; }
	[ "$(last_id)" -ge "$closed" ] || { echo "the last record is $(last_id), and $closed was closed"; return 1; }
	ledger_until "$noted" | cmp - "$work/noted"
}
a_moment() { sleep "$(od -A n -t u1 -N 1 /dev/urandom | awk '{ print $1 / 600 }')"; }

# hold: PostgreSQL does not answer the engine any more.
hold() {
	held=$(sql "SELECT pid FROM pg_stat_activity WHERE application_name = 'paper_engine' AND backend_type = 'client backend'")
	kill -STOP "$held"
	closed=$(last_id)
}
kills=0
kill_while() { # kill_while trading|held|away
	kills=$((kills + 1))
	trade
	check "kill $kills: the last kill lost nothing" nothing_lost
	check "kill $kills: it trades" await 20 more_than "$closed"
	case $1 in
	held)
		hold
		check "kill $kills: it closes trades meanwhile" await 20 unwritten_more $((closed + 10))
		;;
	away)
		closed=$(last_id)
		kill -INT "$POSTGRES_PID"
		wait "$POSTGRES_PID"
		check "kill $kills: it closes trades without PostgreSQL" await 20 unwritten_more $((closed + 10))
		;;
	*) a_moment ;;
	esac
	kill_engine
	case $1 in
	held) kill -CONT "$held" ;;
	away) launch_postgres ;;
	esac
	note
}
for _ in 1 2 3 4; do
	kill_while trading
	kill_while trading
	kill_while held
	kill_while trading
	kill_while trading
done
kill_while away

trade
check "the last kill lost nothing either" nothing_lost
check "it trades after all that" await 20 more_than "$closed"
kill "$ENGINE_PID"
wait "$ENGINE_PID"
redis-cli -p "$REDIS_PORT" HGETALL arbwatch:paper_engine | paste -d ' ' - - >"$work/state"
check "the ledger is whole, and the engine's state is what it sums up to" \
	"$PYTHON" "$repository/tests/demo/recompute.py" --fee-binance 0 --fee-upbit 0 --snapshot "$work/state"
check "each start is counted once" tells engine restarts $((kills + 1))
check "all but the first one found a snapshot" tells snapshots restored "$kills"
check "it never had other coins than the ledger sums up to" not grep -F "the ledger sums up to" "$work/engines.log"
check "and it has compared them" above inventory syncs 0
filled=$(($(told orders:binance filled) + $(told orders:upbit filled)))
fills=$(sql "SELECT count(*) FROM public.paper_fills")
# A trade that was under way begins anew.  What was counted in the second before a kill is not told.
check "orders are counted" test "$filled" -gt 0
check "and none twice" test "$filled" -le $((fills + kills * 30))

# The first trade that loses money stops all trades for good; half of the second legs are rejected, so that it comes soon.
trade --limit.drawdown 0.00000001 --reject-share 0.5 --snapshot.every 100ms
check "the guard blocks" await 20 tells guard:global state block
saved=$(told snapshots saved)
check "and that is in a snapshot" await 20 above snapshots saved $((saved + 2))
kill_engine
redis-cli -p "$REDIS_PORT" DEL arbwatch:guard:global arbwatch:guard:symbol:BTC/USDT >/dev/null
trade --limit.drawdown 0.00000001
check "it blocks after a kill, too" await 20 tells guard:global state block
check "as before, and not once more" tells guard:global triggers 0
check "a symbol of the snapshot has its counter before it counts" tells guard:symbol:BTC/USDT triggers 0
finish
