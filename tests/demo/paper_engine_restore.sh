#!/bin/sh
# paper_engine goes on where it ended: from a snapshot and what the ledger has behind it, from the ledger alone, or not at all,
# if the two do not belong together.  While Redis or PostgreSQL is away it trades on, waits for neither, and loses nothing.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_paper_engine.sh
. "$repository/tests/lib_paper_engine.sh"

start_redis
start_postgres
sql "CREATE DATABASE empty"
export POSTGRES_DSN="postgresql://arbwatch@127.0.0.1:$POSTGRES_PORT/postgres"
export POSTGRES_PASSWORD=s3cret-arbwatch
PGPASSWORD=s3cret-arbwatch "$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 --single-transaction \
	-f "$repository/sql/example_trading.sql" -f "$repository/sql/paper_engine.sql" "$POSTGRES_DSN" || exit 1
start_exchange

# flags: without costs and rests there are dozens of trades a second.
flags="--min-profit 0 --fee.binance 0 --fee.upbit 0 --slippage 0 --size 500 --cooldown 1ms --leg-gap 20ms --rebalance.every 1s
	--rebalance.above 0.05 --limit.losses 0 --limit.score 0 --universe.top 15 --loop 20ms --snapshot.every 200ms
	--sync.every 500ms --equity.every 100ms --control.listen-address 127.0.0.1:0"
# shellcheck disable=SC2086 # words are meant
trade() { start_engine $flags; }
# refuses WORDS: a start ends with status 1 and says so.
refuses() {
	words=$1
	shift
	# shellcheck disable=SC2086 # words are meant
	run 1 env "$@" "$BUILD/paper_engine" run $flags --redis "redis://127.0.0.1:$REDIS_PORT"
	check "and it says why: $words" grep -F "$words" "$work/err"
}
end_engine() { # end_engine SIGNAL
	kill "-$1" "$ENGINE_PID"
	wait "$ENGINE_PID" 2>/dev/null
}
last_id() { sql "SELECT greatest(0, (SELECT max(id) FROM public.trades), (SELECT max(id) FROM public.paper_movements))"; }
more_than() { [ "$(last_id)" -gt "$1" ]; }
snapshot_id() { redis-cli -p "$REDIS_PORT" HGET arbwatch:paper_engine engine | jq .last_id; }
replayed() { logged "the state of before is restored" | grep -q " replayed=$1\$"; }
restores() { await 20 replayed "$1" || { cat "$work/engine.log"; return 1; }; }
recomputed() {
	redis-cli -p "$REDIS_PORT" HGETALL arbwatch:paper_engine | paste -d ' ' - - >"$work/state"
	POSTGRES_DSN=$POSTGRES_DSN PGPASSWORD=$POSTGRES_PASSWORD "$PYTHON" "$repository/tests/demo/recompute.py" \
		--fee-binance 0 --fee-upbit 0 --snapshot "$work/state"
}

trade
check "the first start begins" await 20 logged "the engine begins"
refute "it has nothing to restore" logged "the state of before is restored"
check "it trades" await 20 more_than 50
end_engine TERM
check "the last snapshot is of the end" test "$(snapshot_id)" = "$(last_id)"
trade
check "after an end nothing is replayed" restores 0
check "it has found the snapshot" await 20 tells snapshots restored 1

control POST snapshot
check "a snapshot fails" await 20 above snapshots failed 0
check "that is an error" await 20 logged "the snapshot is not saved"
snapshot=$(snapshot_id)
check "it trades on" await 20 more_than $((snapshot + 20))
end_engine KILL
# What it had sent is committed by then: the next one has to wait for that.
trade
check "what is behind the snapshot is replayed" await 20 logged "the state of before is restored"
check "all of it" replayed $(($(sql "SELECT count(*) FROM (SELECT id FROM public.trades UNION ALL SELECT id FROM public.paper_movements) i
	WHERE id > $snapshot AND id <= $(logged "the state of before is restored" | sed "s/.*replayed=//") + $snapshot")))
end_engine TERM
check "the state is what the ledger sums up to" recomputed

redis-cli -p "$REDIS_PORT" DEL arbwatch:paper_engine >/dev/null
last=$(last_id)
trade
check "without a snapshot the whole ledger is replayed" restores "$last"
check "and that is no error" not grep -E 'level=(warn|error)' "$work/engine.log"
end_engine TERM
check "from the ledger alone the state is the same" recomputed

redis-cli -p "$REDIS_PORT" HSET arbwatch:paper_engine engine '{"version":1,"last_id":' >/dev/null
last=$(last_id)
trade
check "with a damaged snapshot the whole ledger is replayed" restores "$last"
check "which is an error" await 20 logged "the whole ledger is replayed, because"
check "and it trades on" await 20 more_than "$last"
end_engine TERM
check "the state is right again" recomputed

trade
check "it runs" await 20 tells engine state running
# Another one on the same ledger has to wait for this one, in vain; meanwhile the test goes on.
# shellcheck disable=SC2086 # words are meant
spawn other "$BUILD/paper_engine" run $flags --redis "redis://127.0.0.1:$REDIS_PORT"
other=$SPAWNED

# Without Redis.  The loop writes ten rows of equity a second, each with the time at which it was queued.
kill -STOP "$REDIS_PID"
began=$(sql "SELECT now()")
sleep 2.5 # so long Redis stands still
ended=$(sql "SELECT now()")
kill -CONT "$REDIS_PID"
check "Redis answers again" await 20 fresh engine heartbeat_at
later() { [ "$(sql "SELECT max(at) > '$ended' FROM public.equity")" = t ]; }
check "the ledger has what was queued" await 20 later
check "while Redis stood still no loop waited for it" test 15 -le \
	"$(sql "SELECT count(*) FROM public.equity WHERE at > '$began' AND at < '$ended'")"
stop "$REDIS_PID"
last=$(last_id)
check "without Redis it trades" await 20 more_than $((last + 10))
check "a snapshot that is not saved is an error" await 20 logged "the snapshot is not saved: Redis at "
spawn redis-again redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --save '' --appendonly no --dir "$work"
REDIS_PID=$SPAWNED
check "when Redis is back, it tells again" await 20 tells engine state running
check "and saves snapshots" await 20 above snapshots saved 0

wait "$other"
check "the other one fails" test $? -eq 1
check "and says why" grep -F "another paper_engine may still write this ledger: end it, or take another database" "$work/other.log"

# Without PostgreSQL.
loops() { redis-cli -p "$REDIS_PORT" HGETALL arbwatch:loop | awk '/^le_/ { getline n; sum += n } END { print sum + 0 }'; }
kill -INT "$POSTGRES_PID"
wait "$POSTGRES_PID"
before=$(loops) errors=$(told engine errors)
check "without PostgreSQL there is an error" await 20 above engine errors "$errors"
check "which says what is wrong" await 20 logged 'msg="PostgreSQL: '
more_loops() { [ "$(loops)" -ge $((before + 100)) ]; }
check "the loop goes on" await 20 more_loops
saved=$(told snapshots saved)
sleep 1 # some snapshots would be due
check "no snapshot is saved that is ahead of the ledger" tells snapshots saved "$saved"
launch_postgres
check "when PostgreSQL is back, what was queued is written" await 20 more_than $((last + 20))
check "and snapshots are saved again" await 20 above snapshots saved "$saved"

end_engine TERM
check "after all that nothing is lost, and nothing twice" recomputed

# What does not belong together.
refuses "the tables of the ledger are missing" "POSTGRES_DSN=postgresql://arbwatch@127.0.0.1:$POSTGRES_PORT/empty"
refuses "PostgreSQL: " POSTGRES_PASSWORD=wrong-password
check "the password is in no message" not grep -F wrong-password "$work/err"
sql "CREATE TABLE kept AS SELECT * FROM public.paper_fills WHERE trade_id = (SELECT max(id) FROM public.trades);
	DELETE FROM public.paper_fills f USING kept k WHERE f.trade_id = k.trade_id"
redis-cli -p "$REDIS_PORT" RENAME arbwatch:paper_engine kept >/dev/null
refuses "was not written by paper_engine"
sql "DELETE FROM public.trades t USING kept k WHERE t.id = k.trade_id AND k.number = 1"
sql "DELETE FROM public.trades WHERE id > (SELECT min(id) FROM public.trades)"
refuses "the ledger has no record"
redis-cli -p "$REDIS_PORT" RENAME kept arbwatch:paper_engine >/dev/null
sql "TRUNCATE public.trades, public.paper_fills, public.paper_movements"
refuses "the snapshot goes to record"
stop "$REDIS_PID"
refuses "Redis at 127.0.0.1:"
finish
