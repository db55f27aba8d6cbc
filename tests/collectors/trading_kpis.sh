#!/bin/sh
# trading_kpis, against a real database: what is known, what is left out, what is wrong with a view; and all KPIs against those
# that tests/collectors/trading_kpis.py computes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

secret=s3cret-arbwatch
export HOME="$work" PGPASSFILE="$work/none"
# The program's clock is set, and stands still: edges of windows can be hit to the microsecond.
FAKETIME_LIBRARY=$(find /usr/lib -name libfaketime.so.1 2>/dev/null | head -n 1)
export FAKETIME_LIBRARY
[ -n "$FAKETIME_LIBRARY" ] || { echo "libfaketime is missing: packaging/install-dependencies.sh test"; exit 1; }
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
now="2026-06-17 12:00:00"

start_postgres
sql "create role bot_watch login password '$secret'" >"$work/sql.log"
dsn="postgresql://bot_watch:$secret@127.0.0.1:$POSTGRES_PORT/postgres"
admin="postgresql://arbwatch:$secret@127.0.0.1:$POSTGRES_PORT/postgres"

# measure STATUS [FLAG...]: a run at $now, and its file.
measure() {
	measure_status=$1
	shift
	run "$measure_status" env TZ=UTC LD_PRELOAD="$FAKETIME_LIBRARY" FAKETIME="$now" FAKETIME_DONT_FAKE_MONOTONIC=1 \
		"$BUILD/trading_kpis" --engine.postgres "$dsn" --timeout 30s --fail-on-down --log.level debug "$@"
	read_prom "$textfiles/trading_kpis.prom"
}
said() { grep -qF -- "$1" "$work/err"; }
# kpi NAME LABELS VALUE: as published; an empty value: it is left out.
kpi() { in_prom "arbitrage_kpi_$1{engine=\"main\",$2,env=\"paper\"}" "$3"; }
total() { kpi "$1" "scope=\"total\",name=\"\",window=\"$2\",currency=\"$3\"" "$4"; }
equity() { kpi "$1" "window=\"$2\",currency=\"USDT\"" "$3"; }
readable() { kpi view_readable "view=\"$1\"" "$2"; }
rejected() { kpi rejected_rows "view=\"$1\",reason=\"$2\"" "$3"; }

### Settings

bad() {
	run 2 "$BUILD/trading_kpis" --engine.postgres "$dsn" "$2" "$3"
	check "$1: $4" said "$4"
	check "$1: without the secret" not grep -qF s3cr "$work/err"
}
run 2 "$BUILD/trading_kpis"
check "a database is needed" said "--engine.postgres is missing"
bad "a name" --engine.name 'a b' "is not a valid name"
bad "a schema" --engine.schema "a'b" "--engine.schema: "
bad "a time zone" --time-zone "Mars'" "--time-zone: "
bad "names" --names.max 1001 "is not a whole number from 0 to 1000"
bad "a rate's age" --rate.max-age 0s "must be above 0"
bad "a currency" --currency "" "is not a currency"
bad "a DSN" --engine.postgres "postgresql://s3cret@@" "--engine.postgres: "

### Views

measure 3
check "no schema: trades are not readable" readable trades 0
check "no schema: it is named" said "arbwatch"

cat >"$work/tables.sql" <<'SQL'
create table public.trades (id text, symbol text, route text, currency text, opened_at timestamptz, closed_at timestamptz, pnl numeric,
	fees numeric, funding numeric, leg_gap numeric, slippage numeric);
create table public.equity (at timestamptz, currency text, equity numeric);
create table public.cash_flows (at timestamptz, currency text, amount numeric);
create table public.rates (currency text, to_currency text, rate numeric, updated_at timestamptz);
SQL
PGPASSWORD=$secret run 0 "$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$POSTGRES_PORT" -U arbwatch -d postgres \
	-f "$work/tables.sql" -f "$repository/sql/trading.sql"
measure 3
check "no grant: it is named" said "permission denied"
check "no grant: trades are not readable" readable trades 0
sql "grant arbwatch_reader to bot_watch" >"$work/sql.log"

### No trades, and one

measure 0
check "no trades: there are 0" total trades all "" 0
check "no trades: and 0 today" total trades today "" 0
check "no trades: nothing else of them" test "$(grep -c '^arbitrage_kpi_.*scope="total"' "$textfiles/trading_kpis.prom")" -eq 5
check "no trades: no time of a last one" not grep -q '^arbitrage_kpi_last_trade' "$textfiles/trading_kpis.prom"
for view in trades equity cash_flows rates; do
	check "$view is readable" readable "$view" 1
done

sql "insert into public.trades values ('a', 'BTC/USDT', 'binance>okx', 'USDT', '2026-06-10 00:00+0', '2026-06-10 00:00:02.5+0', 0.30, 0.1,
	null, 0.25, 0.0001)" >"$work/sql.log"
measure 0
check "one trade: all" total trades all USDT 1
check "one trade: none this week" total trades 7d USDT 0
check "one trade: no ratio of none" total win_ratio 7d USDT ""
check "one trade: profit" total pnl 30d USDT 0.3
check "one trade: no profit this week" total pnl 7d USDT 0
check "one trade: without a loss the factor is infinite" total profit_factor all USDT +Inf
check "one trade: fees" total fees all USDT 0.1
check "one trade: funding is not known" total funding all USDT ""
check "one trade: duration" total trade_duration_average_seconds all USDT 2.5
check "one trade: leg gap" total leg_gap_average_seconds all USDT 0.25
check "one trade: slippage" total slippage_average_ratio all USDT 0.0001
check "one trade: when" in_prom 'arbitrage_kpi_last_trade_timestamp_seconds{engine="main",env="paper"}' 1781049602.5
check "one trade: its route" kpi win_ratio 'scope="route",name="binance>okx",window="30d",currency="USDT"' 1
check "one trade: a name without a trade in the window is left out" \
	kpi trades 'scope="symbol",name="BTC/USDT",window="7d",currency="USDT"' ""
check "no currency is given: nothing is converted" not grep -q '^arbitrage_kpi_\(converted\|rate\)' "$textfiles/trading_kpis.prom"

sql "update public.trades set pnl = -1" >"$work/sql.log"
measure 0 --names.max 0
check "all losses: the factor is 0" total profit_factor all USDT 0
check "all losses: so is the win ratio" total win_ratio all USDT 0
check "names.max 0: no symbol" kpi names_dropped 'scope="symbol"' 1
check "names.max 0: none is published" not grep -q 'scope="\(symbol\|route\)",name' "$textfiles/trading_kpis.prom"

sql "update public.trades set pnl = 0" >"$work/sql.log"
measure 0
check "neither profit nor loss: no factor" total profit_factor all USDT ""
check "neither profit nor loss: a win ratio of 0" total win_ratio all USDT 0

### Rows that do not count

sql "insert into public.trades (id, symbol, currency, opened_at, closed_at, pnl) values
	('half', 'X', 'USDT', null, '2026-06-16', null), ('nan', 'X', 'USDT', null, '2026-06-16', 'NaN'),
	('late', 'X', 'USDT', null, '2026-06-17 12:02+0', 1), ('back', 'X', 'USDT', '2026-06-17', '2026-06-16', 1),
	('open', 'X', 'USDT', '2026-06-16', null, null), ('never', 'X', 'USDT', null, 'infinity', 5),
	('soon', 'Y', 'USDT', null, '2026-06-17 12:00:59+0', 5)" >"$work/sql.log"
sql "insert into public.trades select * from public.trades where id = 'a'" >"$work/sql.log"
measure 0
for reason in incomplete not_finite order duplicate; do
	check "1 row is rejected: $reason" rejected trades "$reason" 1
done
check "2 rows are rejected: future" rejected trades future 2
check "the log names a row" said half
check "the others count: with a clock that is a little ahead, too" total trades all USDT 2
check "rows do no harm to each other" total pnl all USDT 5

### Rates

measure 0 --currency EUR
check "a missing rate is published" kpi rate_missing 'currency="USDT",to="EUR"' 1
check "without it nothing is converted" total converted_pnl all EUR ""
check "but no trades are worth nothing" kpi converted_pnl 'scope="symbol",name="X",window="all",currency="EUR"' ""
sql "insert into public.rates values ('USDT', 'EUR', 0.87, '2026-06-17 11:00+0')" >"$work/sql.log"
measure 0 --currency EUR
check "at a rate profit is converted" total converted_pnl all EUR 4.35
check "the rate is published" kpi rate 'currency="USDT",to="EUR"' 0.87
check "and that it is not missing" kpi rate_missing 'currency="USDT",to="EUR"' 0
measure 0 --currency EUR --rate.max-age 59m
check "a rate that is too old is missing" kpi rate_missing 'currency="USDT",to="EUR"' 1
check "and not told" kpi rate 'currency="USDT",to="EUR"' ""
check "but its time is" kpi rate_timestamp_seconds 'currency="USDT",to="EUR"' 1781694000
check "then nothing is converted" total converted_pnl all EUR ""

### Equity

sql "insert into public.equity select day, 'USDT', 100 from generate_series('2026-06-01 06:00+0', '2026-06-17 06:00+0',
	interval '1 day') day" >"$work/sql.log"
measure 0
check "flat days: they count" equity return_observations 30d 15
check "flat days: of a week 7" equity return_observations 7d 7
check "flat days: no return" equity return_ratio all 0
check "flat days: no drawdown" equity max_drawdown_ratio all 0
for ratio in sharpe sortino calmar; do
	check "flat days: no $ratio ratio" equity "${ratio}_ratio" all ""
done
sql "insert into public.cash_flows values ('2026-06-17 08:00+0', 'USDT', 50);
	insert into public.equity values ('2026-06-17 09:00+0', 'USDT', 112.5)" >"$work/sql.log"
measure 0
check "a deposit is no profit" equity return_ratio today -0.375
check "the drawdown now" equity drawdown_ratio 24h 0.375
check "and in currency" equity max_drawdown 24h 37.5
check "equity" kpi equity 'currency="USDT"' 112.5
check "and its time" kpi equity_timestamp_seconds 'currency="USDT"' 1781686800

sql "revoke select on arbwatch.cash_flows from arbwatch_reader" >"$work/sql.log"
measure 3
check "cash flows cannot be read" readable cash_flows 0
check "then equity has no return" equity return_ratio today ""
check "but a value" kpi equity 'currency="USDT"' 112.5
check "and trades are there" total trades all USDT 2
sql "grant select on arbwatch.cash_flows to arbwatch_reader; drop view arbwatch.equity;
	create view arbwatch.equity as select at, currency, equity::float8 as equity from public.equity;
	grant select on arbwatch.equity to arbwatch_reader" >"$work/sql.log"
measure 3
check "a view with a column of another type is not read" readable equity 0
check "which is named" said "equity is double precision"
check "what it said in the last run is gone" kpi equity 'currency="USDT"' ""
sql "drop view arbwatch.equity, arbwatch.cash_flows, arbwatch.rates" >"$work/sql.log"
measure 0
check "optional views may be missing" readable equity ""
check "without them trades are there" total trades all USDT 2
check "they are not published" rejected rates negative ""

### Tuning

# tuned NUMBER PERIOD VALUE: the score of a set without known parameters.
tuned() {
	tuned_labels="engine=\"main\",set=\"$1\",min_profit=\"\",size=\"\",cooldown=\"\",weight=\"\",period=\"$2\",env=\"paper\""
	in_prom "arbitrage_tuning_score{$tuned_labels}" "$3"
}
sets() { in_prom 'arbitrage_tuning_sets{engine="main",env="paper"}' "$1"; }
began() { in_prom "arbitrage_tuning_run_timestamp_seconds{engine=\"main\",run=\"$1\",env=\"paper\"}" "$2"; }
scores() { grep -c '^arbitrage_tuning_score' "$textfiles/trading_kpis.prom"; }
# tuning_view COLUMN TYPE: as it is in sql/paper_engine.sql, but this column is of another type, or missing.
tuning_view() {
	columns=
	for column in run started_at number min_profit size cooldown weight train_score validate_score train_pnl validate_pnl; do
		[ "$column:" = "$1:${2:-}" ] && continue
		columns="$columns${columns:+, }$column"
		[ "$column" != "$1" ] || columns="$columns::$2 AS $column"
	done
	sql "drop view if exists arbwatch.tuning; create view arbwatch.tuning as select $columns, text 'USDT' as currency from public.tuned;
		grant select on arbwatch.tuning to arbwatch_reader" >"$work/sql.log"
}

check "no view of tuning: it is not published" readable tuning ""
PGPASSWORD=$secret run 0 "$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 --single-transaction -h 127.0.0.1 -p "$POSTGRES_PORT" -U arbwatch \
	-d postgres -f "$repository/sql/paper_engine.sql"
measure 0
check "no tuning: the view is readable" readable tuning 1
check "no tuning: no sets" sets 0
check "no tuning: no run" not grep -q '^arbitrage_tuning_run' "$textfiles/trading_kpis.prom"
sql "insert into public.tuning_results
	select 'first', 4, 'random', fold, '2026-06-17 10:00+0', 1, 2, 0.00040, 1000.0, 20, 0, '2026-06-01', '2026-06-08', '2026-06-11',
		9, 12.5, 1.5 + fold, 4, 3.25, 0.75 + fold, 'paper_engine tune' from generate_series(0, 1) fold" >"$work/sql.log"
measure 0
labels='engine="main",set="4",min_profit="0.0004",size="1000",cooldown="20",weight="0"'
check "a set: its score in training" in_prom "arbitrage_tuning_score{$labels,period=\"train\",env=\"paper\"}" 1.5
check "a set: its score in validation" in_prom "arbitrage_tuning_score{$labels,period=\"validate\",env=\"paper\"}" 0.75
check "a set: its profit in training" in_prom "arbitrage_tuning_pnl{$labels,period=\"train\",currency=\"USDT\",env=\"paper\"}" 12.5
check "a set: its profit in validation" \
	in_prom "arbitrage_tuning_pnl{$labels,period=\"validate\",currency=\"USDT\",env=\"paper\"}" 3.25
check "a set: it is one" sets 1
check "a set: a fold alone does not count" test "$(scores)" -eq 2
check "a set: when its run began" began first 1781690400

# Of a bot that does not know everything, and makes mistakes.
sql "create table public.tuned (run text, started_at timestamptz, number integer, min_profit numeric, size numeric, cooldown numeric,
	weight numeric, train_score double precision, validate_score double precision, train_pnl numeric, validate_pnl numeric);
	insert into public.tuned (run, started_at, number, validate_score) select 'old', '2026-06-17 09:00+0', i, i
		from generate_series(1, 5) i;
	insert into public.tuned (run, started_at, number, validate_score) select 'new', '2026-06-17 09:30+0', i, i / 8.0
		from generate_series(1, 10000) i;
	insert into public.tuned (run, started_at, number, validate_score, train_pnl) values
		(null, '2026-06-17 11:00+0', 1, 1, 0), ('', '2026-06-17 11:00+0', 1, 1, 0), ('x', null, 1, 1, 0),
		('x', '2026-06-17 11:00+0', null, 1, 0), ('x', '2026-06-17 11:00+0', 1, null, 0), ('x', '2026-06-17 11:00+0', 7, 'NaN', 0),
		('x', '2026-06-17 11:00+0', 7, 'Infinity', 0), ('x', '2026-06-17 11:00+0', 7, 1, 'NaN'),
		('x', '2026-06-17 11:00+0', 7, 1, 1e18), ('x', '2026-06-17 11:00+0', 7, 1, ('1e' || 2000)::numeric),
		(repeat('x', 65), '2026-06-17 11:00+0', 7, 1, 1),
		('x', '2026-06-17 12:02+0', 7, 1, 1), ('new', '2026-06-17 09:30+0', 7, 9, 1);
	insert into public.tuned (run, started_at, number, validate_score, size) values ('x', '2026-06-17 11:00+0', 8, 1, 'NaN'),
		('x', '2026-06-17 11:00+0', 8, 1, 1::numeric / 3 / ('1e' || 30)::numeric)" >"$work/sql.log"
tuning_view all as
measure 0
check "10,000 sets: all are counted" sets 10000
check "10,000 sets: the 100 best are published" test "$(scores)" -eq 100
check "10,000 sets: such as the best" tuned 10000 validate 1250
check "10,000 sets: and the hundredth" tuned 9901 validate 1237.625
check "10,000 sets: not the next" tuned 9900 validate ""
check "10,000 sets: what is not known is left out" tuned 10000 train ""
check "10,000 sets: no profit is known" not grep -q '^arbitrage_tuning_pnl' "$textfiles/trading_kpis.prom"
check "a newer run: it is named" began new 1781688600
check "a newer run: the older one is gone" began old ""
while read -r reason count; do
	check "sets that do not count: $reason" rejected tuning "$reason" "$count"
done <<-'END'
	incomplete 5
	not_finite 4
	too_large 4
	future 1
	duplicate 1
END
check "sets that do not count: the log names one" said "such as new 7"

tuning_view validate_score text
measure 3
check "tuning of another type is not read" readable tuning 0
check "which is named, with its column" said "arbwatch.tuning: column validate_score is text, and must be numeric"
check "then there is no figure of it" test "$(scores)" -eq 0
check "and trades are there" total trades all USDT 2
tuning_view number numeric
measure 3
check "a set's number is whole" said "arbwatch.tuning: column number is numeric, and must be integer"
tuning_view started_at ""
measure 3
check "a column that is needed is named" said "there is no column started_at, which must be timestamp with time zone"
tuning_view weight ""
measure 0
check "a column that is not needed may be missing" tuned 10000 validate 1250
sql "drop view arbwatch.tuning" >"$work/sql.log"

measure 3 --time-zone Mars/Olympus
check "a time zone that the server does not know" said "Mars/Olympus"
check "then no figure of trades is published" total trades all USDT ""

### All KPIs of random trades

PGPASSWORD=$secret run 0 "$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$POSTGRES_PORT" -U arbwatch -d postgres \
	-f "$repository/sql/trading.sql"
"$PYTHON" "$repository/tests/collectors/trading_kpis.py" "$admin" "$BUILD/trading_kpis" "$dsn" >"$work/oracle.log" 2>&1 || :
for case in "a day of 23 hours" "the last second of a day" "the first second of a day" "a day of 25 hours" \
	"a day that begins on the half hour"; do
	check "all KPIs on $case" grep -qxF "$case: ok" "$work/oracle.log"
done
grep -vx '.*: ok' "$work/oracle.log"

# resident: what a run takes, of which a sanitizer would take most.
resident() {
	"$PYTHON" -c '
import resource, subprocess, sys
subprocess.check_call(sys.argv[1:], stdout=subprocess.DEVNULL)
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("resident:", most, "KiB")
sys.exit(most > 12 * 1024)' "$@"
}
sql "update public.tuned set min_profit = number / 1e8, size = number, cooldown = 20, weight = number / 1e5, train_score = 1,
	train_pnl = 1, validate_pnl = 1 where run = 'new'" >"$work/sql.log"
tuning_view all as
if grep -q __asan_init "$BUILD/trading_kpis"; then
	skip "it takes at most 12 MB" "built with a sanitizer"
else
	check "it takes at most 12 MB" resident "$BUILD/trading_kpis" --engine.postgres "$dsn" --timeout 30s
fi

### A loop remembers the database, and learns when it has changed

# With the clock of the machine, because a loop waits for its next second.
equity_view() {
	sql "drop view arbwatch.equity; create view arbwatch.equity as select now() as at, text 'USDT' as currency, $1 as equity;
		grant select on arbwatch.equity to arbwatch_reader" >"$work/sql.log"
}
equity_view "numeric '7'"
sql "truncate public.trades" >"$work/sql.log"
rm "$textfiles"/*.prom
spawn loop "$BUILD/trading_kpis" --engine.postgres "$dsn" --interval 1s --timeout 900ms
loop=$SPAWNED
# published COMMAND...: the file says so now.
published() { prom_text='' && read_prom "$textfiles/trading_kpis.prom" && "$@"; }
check "a loop reads equity" await 60 published kpi equity 'currency="USDT"' 7
equity_view "text '7'"
check "a view that is changed meanwhile is not readable" await 60 published readable equity 0
check "its values are gone" not grep -q '^arbitrage_kpi_equity{' "$textfiles/trading_kpis.prom"
check "the others are there" published readable trades 1
equity_view "numeric '8'"
check "and is read again when it is repaired" await 60 published readable equity 1
check "with its values" published kpi equity 'currency="USDT"' 8

stop "$POSTGRES_PID"
check "the server goes: the loop says so" await 60 grep -q "connection to server" "$work/loop.log"
check "the server goes: a view that was there is not readable" await 20 published readable equity 0
check "the server goes: its values are gone" not grep -q '^arbitrage_kpi_equity{' "$textfiles/trading_kpis.prom"
stop "$loop"
rm "$textfiles"/*.prom
measure 3
check "the server is gone: trades are not readable" readable trades 0
check "the server is gone: no old figure is published" test "$(grep -c '^arbitrage_kpi' "$textfiles/trading_kpis.prom")" -eq 1

finish
