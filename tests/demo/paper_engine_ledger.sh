#!/bin/sh
# The ledger of paper_engine is right to the last digit: recompute.py, which shares no code with it, computes cash, coins,
# profit, fees, equity and exposure from fills and movements alone.  The same seed gives the same ledger, and so does a run
# that was stopped in the middle.

. "$(dirname "$0")/../lib.sh"

# oracle DATABASE [ARGUMENT...]
oracle() {
	name=$1
	shift
	POSTGRES_DSN=$(dsn "$name") "$PYTHON" "$repository/tests/demo/recompute.py" "--snapshot=$work/$name" "$@" >"$work/oracle.out"
	oracle_status=$?
	cat "$work/oracle.out"
	return "$oracle_status"
}
dsn() { echo "postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/$1"; }

# database NAME: with the tables of the ledger.
database() {
	sql "CREATE DATABASE $1 TEMPLATE ledger"
}

# trade DATABASE FROM UNTIL STEP [FLAG VALUE]...: a backtest, which leaves its state in $work/DATABASE.
trade() {
	database=$1 from=$2 until=$3 step=$4
	shift 4
	POSTGRES_DSN=$(dsn "$database") run 0 "$BUILD/paper_engine" backtest --from "$from" --until "$until" --step "$step" \
		--snapshot "$work/$database" "$@"
}

# rows DATABASE: the whole ledger, as text.
rows() {
	for table in trades paper_fills paper_movements equity; do
		PGPASSWORD=s3cret-arbwatch "$POSTGRES_BIN/psql" -qAtX "$(dsn "$1")" \
			-c "SELECT t::text FROM public.$table t ORDER BY t::text COLLATE \"C\"" || return
	done
}
same_rows() {
	rows "$1" >"$work/rows.1" && rows "$2" >"$work/rows.2" && test -s "$work/rows.1" && cmp "$work/rows.1" "$work/rows.2"
}
# figures LEAST: what the oracle printed last has so many trades at least.
figures() { jq -e ".trades >= $1" "$work/oracle.out"; }

start_postgres
sql "CREATE DATABASE ledger"
PGPASSWORD=s3cret-arbwatch "$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 -d "$(dsn ledger)" -f "$repository/sql/example_trading.sql" \
	-f "$repository/sql/example_positions.sql" -f "$repository/sql/paper_engine.sql" || exit 1
for name in hour again other halves day free guarded drawdown; do
	database "$name"
done

begin=2026-03-01T00:00:00Z middle=2026-03-01T00:30:00Z end=2026-03-01T01:00:00Z
trade hour "$begin" "$end" 1s
check "an hour: recomputed from the ledger, everything is equal" oracle hour
check "an hour has trades" figures 50
trade day 2026-02-28T12:00:00Z 2026-03-01T12:00:00Z 10s --symbols 30
check "a day, over midnight: recomputed from the ledger, everything is equal" oracle day
check "a day has trades" figures 1000

trade again "$begin" "$end" 1s
check "the same seed gives the same ledger" same_rows hour again
check "and the same state" cmp "$work/hour" "$work/again"
trade other "$begin" "$end" 1s --seed 2
check "another seed gives another ledger, which is right too" oracle other
refute "another seed gives other trades" same_rows hour other

trade halves "$begin" "$middle" 1s
cp "$work/halves" "$work/half"
trade halves "$middle" "$end" 1s --resume "$work/half"
check "stopped in the middle, it gives the same ledger" same_rows hour halves
check "and the same state at the end" cmp "$work/hour" "$work/halves"

# Guards, seen from the ledger: none of its trades was opened when a guard should have kept the engine from it.  Many orders are
# rejected, so that there are losses, and the time between the legs is long.
risky() {
	database=$1
	shift
	trade "$database" 2026-02-28T23:00:00Z 2026-03-01T01:00:00Z 1s --leg-gap 20s --slippage 0 --reject-share 0.6 \
		--cash 100000 --inventory 4000 "$@"
}
limits='losses=2 daily-loss=20 daily-loss-exchange=15 exposure=9000 exposure-symbol=0.005 imbalance=0.25'
risky free
refute "without limits, trades are opened that guards would prevent" oracle free --cash=100000 "--rules=$limits drawdown=0.0001 cooldown=21"
cp "$work/check.out" "$work/free.out"
for guard in losses daily-loss daily-loss-exchange exposure exposure-symbol imbalance drawdown cooldown; do
	check "there the oracle misses the guard: $guard" grep -q "in spite of $guard$" "$work/free.out"
done
set -- --limit.drawdown 0 --rebalance.above 0.2
for limit in $limits; do
	set -- "$@" "--limit.${limit%=*}" "${limit#*=}"
done
risky guarded "$@"
check "with limits the guards prevent them all" oracle guarded --cash=100000 "--rules=$limits cooldown=20"
check "they ended the trading of a day, and let go at midnight" test "$(PGPASSWORD=s3cret-arbwatch \
	"$POSTGRES_BIN/psql" -qAtX "$(dsn guarded)" -c "SELECT count(*), (array_agg(pnl ORDER BY day))[1] <= -15 FROM
		(SELECT (closed_at AT TIME ZONE 'UTC')::date AS day, sum(pnl) AS pnl FROM trades GROUP BY 1) AS days")" = "2|t"
risky drawdown --limit.drawdown 0.0001
check "nor one behind a drawdown" oracle drawdown --cash=100000 --rules=drawdown=0.0001

# The oracle is worth something: a wrong last digit anywhere is found.
moved="(SELECT max(id) FROM paper_movements WHERE kind = 'rebalance')"
first="(SELECT min(id) FROM trades)" last="(SELECT max(id) FROM trades)"
while IFS='|' read -r what damage; do
	refute "found: a wrong $what" oracle hour "--damage=$damage"
done <<END
profit|UPDATE trades SET pnl = pnl + 0.00000001 WHERE id = $last
sum of fees|UPDATE trades SET fees = fees - 0.00000001 WHERE id = $last
quantity|UPDATE paper_fills SET quantity = quantity + 0.00000001 WHERE trade_id = $last AND number = 1
quantity of both legs|UPDATE paper_fills SET quantity = quantity + 0.00000001 WHERE trade_id = $last
value|UPDATE paper_fills SET value = value + 0.00000001 WHERE trade_id = $last AND exchange = 'binance'
fee of a fill|UPDATE paper_fills SET fee = fee + 0.00000001 WHERE trade_id = $last AND number = 2
exchange of a fill|UPDATE paper_fills SET exchange = 'upbit', rate = 1 WHERE trade_id = $last
stock of coins|UPDATE paper_movements SET coins_upbit = coins_upbit + 0.00000001 WHERE id = 2
cash of the start|UPDATE paper_movements SET cash_upbit = cash_upbit - 0.00000001 WHERE id = 1
cash of a rebalance|UPDATE paper_movements SET cash_binance = cash_binance - 0.00000001, fee = fee + 0.00000001 WHERE id = $moved
fee of a rebalance|UPDATE paper_movements SET fee = fee - 0.00000001 WHERE id = $moved
row of equity|UPDATE equity SET equity = equity + 0.00000001 WHERE at = (SELECT max(at) FROM equity)
ledger, without its last trade|DELETE FROM trades WHERE id = $last
ledger, with fills that are in it twice|UPDATE paper_fills SET trade_id = $last, number = number + 10 WHERE trade_id = $first
END

finish
