#!/bin/sh
# Trades, equity, cash flows and rates, read from a real PostgreSQL.  trades.py computes the same from the single rows.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

reader=$TOOLS/read_trades
export HOME="$work" PGPASSFILE="$work/none"
start_postgres
dsn="host=127.0.0.1 port=$POSTGRES_PORT user=arbwatch password=s3cret-arbwatch dbname=postgres"
psql_file() {
	PGPASSWORD=s3cret-arbwatch "$POSTGRES_BIN/psql" -qAtX -v ON_ERROR_STOP=1 --single-transaction -h 127.0.0.1 -p "$POSTGRES_PORT" \
		-U arbwatch -d postgres -f "$repository/sql/$1" 2>"$work/psql.err"
}
utc() { date -u -d "$1" +%s; }

# read_at TIME [ZONE [MILLISECONDS]]
read_at() { run 0 "$reader" "$dsn" arbwatch "${2:-UTC}" "$(utc "$1").25" 1 "${3:-20000}"; }
line() { grep -qxF -- "$1" "$work/out"; }
said() { grep -qF -- "$1" "$work/out" "$work/err"; }

# rows: every row, for trades.py.
rows() {
	sql "SELECT 'trades', coalesce(id, '~'), coalesce(symbol, '~'), coalesce(route, '~'), coalesce(currency, '~'),
			$(us opened_at), $(us closed_at), coalesce(pnl::text, '~'), coalesce(fees::text, '~'), coalesce(funding::text, '~'),
			coalesce(leg_gap::text, '~'), coalesce(slippage::text, '~') FROM arbwatch.trades"
	sql "SELECT 'equity', $(us at), coalesce(currency, '~'), coalesce(equity::text, '~') FROM arbwatch.equity"
	sql "SELECT 'flows', $(us at), currency, amount FROM arbwatch.cash_flows"
}
us() { echo "CASE WHEN isfinite($1) THEN (extract(epoch FROM $1) * 1000000)::bigint::text ELSE coalesce($1::text, '~') END"; }

# as_computed TIME ZONE: what was read last is what trades.py computes.
as_computed() {
	"$PYTHON" "$repository/tests/engine/trades.py" "$2" "$(utc "$1").25" <"$work/rows" >"$work/computed" || return 1
	{
		head -n 1 "$work/out"
		grep -E '^(cell|slippage|piece|rejected) ' "$work/out" | LC_ALL=C sort
	} | diff "$work/computed" -
}

# --- Nothing there --------------------------------------------------------------------------------------------------
run 1 "$reader" "$dsn" arbwatch UTC 1760000000
check "a schema that is missing is named" said "rejected: arbwatch: there is no such schema in database postgres: create it"
check "the example tables can be made" psql_file example_trading.sql
check "the views can be made" psql_file trading.sql
check "and again" psql_file trading.sql
read_at '2025-03-30T10:00Z'
check "empty tables are read" line 'view trades read'
check "and hold no trade" line 'view equity read'
check "which publishes nothing" test "$(grep -c '^cell\|^piece\|^rejected' "$work/out")" -eq 0

# --- Against another computation ------------------------------------------------------------------------------------
# A view over one table of each, in which everything may be wrong.
sql "CREATE TABLE public.wild (id text, symbol text, route text, currency text, opened_at timestamptz, closed_at timestamptz,
		pnl numeric, fees numeric, funding numeric, leg_gap numeric, slippage numeric);
	CREATE INDEX ON public.wild (closed_at);
	CREATE OR REPLACE VIEW arbwatch.trades AS SELECT id, symbol, route, currency, opened_at, closed_at, pnl, fees, funding,
		leg_gap::double precision AS leg_gap, slippage FROM public.wild;
	CREATE TABLE public.snapshots (at timestamptz, currency text, equity numeric);
	CREATE INDEX ON public.snapshots (at);
	CREATE OR REPLACE VIEW arbwatch.equity AS SELECT at, currency, equity FROM public.snapshots;"

# fill FROM TO: trades, one in ten without a flaw missing, and equity, from time to time.
fill() {
	sql "SELECT setseed(0.25);
		INSERT INTO public.wild
		SELECT CASE WHEN random() < 0.01 THEN NULL WHEN random() < 0.02 THEN 'again' ELSE 't' || extract(epoch FROM at)::bigint END,
			'S' || n % 7, CASE WHEN n % 5 > 0 THEN 'r' || n % 3 END, CASE WHEN n % 4 = 0 THEN 'KRW' ELSE 'USDT' END,
			CASE WHEN random() < 0.9 THEN at - make_interval(secs => trunc((random() ^ 8 * 90000)::numeric, 3)::float8) END,
			CASE WHEN random() < 0.98 THEN at END, trunc(((random() - 0.4) * 100)::numeric, 8),
			CASE WHEN random() < 0.8 THEN trunc(random()::numeric, 12) END,
			CASE WHEN random() < 0.2 THEN trunc((random() - 0.5)::numeric, 6) END,
			CASE WHEN random() < 0.5 THEN trunc(random()::numeric, 3) END,
			CASE WHEN random() < 0.5 THEN trunc(((random() - 0.5) / 50)::numeric, 4) END
		FROM (SELECT n, at + make_interval(secs => trunc((random() * 900)::numeric, 6)::float8) AS at
			FROM generate_series(timestamptz '$1', timestamptz '$2', interval '16 min') WITH ORDINALITY x(at, n)) y;
		INSERT INTO public.snapshots SELECT at, c, 10000 + trunc(((random() - 0.5) * 900)::numeric, 4)
		FROM generate_series(timestamptz '$1', timestamptz '$2', interval '6 min 13 s') at, unnest(ARRAY['USDT', 'KRW']) c
		WHERE random() < 0.7;" >/dev/null
}
# Some of all that can be wrong, in the days that a rollup holds and in those that it does not.
spoil() {
	sql "INSERT INTO public.wild (id, symbol, route, currency, opened_at, closed_at, pnl, leg_gap)
		SELECT 'bad' || n || what, CASE WHEN what = 'symbol' THEN '' WHEN what = 'long' THEN repeat('x', 65) ELSE 'S1' END,
			CASE WHEN what = 'route' THEN '' ELSE 'r1' END, CASE WHEN what <> 'currency' THEN 'USDT' END,
			CASE what WHEN 'order' THEN at + interval '1 s' WHEN 'ancient' THEN '-infinity' ELSE at - interval '1 s' END,
			CASE WHEN what = 'never' THEN '-infinity' WHEN what = 'ever' THEN 'infinity' ELSE at END,
			CASE what WHEN 'nan' THEN 'NaN' WHEN 'inf' THEN '-Infinity' WHEN 'huge' THEN 1e18 WHEN 'null' THEN NULL ELSE 1 END,
			CASE what WHEN 'gap' THEN -1 WHEN 'gapnan' THEN 'NaN' ELSE 0.5 END
		FROM generate_series(timestamptz '$1', timestamptz '$2', interval '3 days 7 hours') WITH ORDINALITY x(at, n),
			unnest(ARRAY['symbol', 'long', 'route', 'currency', 'order', 'ancient', 'never', 'ever', 'nan', 'inf', 'huge',
				'null', 'gap', 'gapnan', 'good']) what;
		INSERT INTO public.wild SELECT * FROM public.wild WHERE closed_at BETWEEN '$1' AND '$2'
			AND (id LIKE 'bad%good' OR id LIKE 't%55');
		INSERT INTO public.snapshots SELECT at, c, e FROM generate_series(timestamptz '$1', timestamptz '$2',
			interval '2 days 5 hours') at, (VALUES ('USDT', 'NaN'::numeric), ('USDT', NULL), (NULL, 1), ('', 2)) x(c, e);
		INSERT INTO public.snapshots SELECT at, currency, equity - 1 FROM public.snapshots
			WHERE equity::text LIKE '%7' AND at BETWEEN '$1' AND '$2'"
}
fill '2025-02-20T00:00Z' '2025-03-22T23:50Z'
spoil '2025-02-21T01:00Z' '2025-03-20T00:00Z'
sql "INSERT INTO public.cash_flows VALUES ('2025-02-24 10:07:00Z', 'USDT', 500), ('2025-03-01 10:20:00.5Z', 'USDT', -250.5),
	('2025-03-01 10:21:00Z', 'USDT', 100), ('2025-03-20 03:33:00Z', 'KRW', 1000), ('2025-03-30 09:31:00Z', 'USDT', 7),
	('2024-01-01 00:00:00Z', 'USDT', 10000)"
check "rollups can be made of a part" psql_file trading_rollup.sql
fill '2025-03-23T00:00Z' '2025-04-01T00:30Z'
spoil '2025-03-23T05:00Z' '2025-03-31T00:00Z'
sql "INSERT INTO public.snapshots VALUES (NULL, 'USDT', 1)"
rows >"$work/rows"

# On the days when clocks change, at midnight (Havana: the hour after it comes twice), between months, and long after.
while read -r at zone; do
	read_at "$at" "$zone"
	check "with old rollups, $at in $zone: as computed" as_computed "$at" "$zone"
	check "with old rollups, $at in $zone: they are used" not said 'is not used'
	cp "$work/out" "$work/rolled"
	[ "$at" != '2025-03-30T10:00Z' ] || LC_ALL=C sort "$work/out" >"$work/with"
done <<-'END'
	2025-03-30T10:00Z Europe/Berlin
	2025-03-31T21:59Z Europe/Berlin
	2025-03-31T22:00Z Europe/Berlin
	2025-03-09T04:30Z America/Havana
	2025-03-01T00:10Z Asia/Kathmandu
	2025-04-01T00:29Z UTC
	2025-11-02T04:30Z America/Havana
	2025-11-02T05:30Z America/Havana
	2025-10-26T22:30Z Europe/Berlin
END
check "rollups can be made anew" psql_file trading_rollup.sql
read_at '2025-03-30T10:00Z' Europe/Berlin
check "with new rollups: as computed" as_computed '2025-03-30T10:00Z' Europe/Berlin
sql "REFRESH MATERIALIZED VIEW CONCURRENTLY arbwatch.trade_days"
sql "REFRESH MATERIALIZED VIEW CONCURRENTLY arbwatch.equity_bins"
sql "DROP MATERIALIZED VIEW arbwatch.trade_days, arbwatch.equity_bins"
read_at '2025-03-30T10:00Z' Europe/Berlin
check "without rollups: as computed" as_computed '2025-03-30T10:00Z' Europe/Berlin
LC_ALL=C sort "$work/out" >"$work/without"
check "without rollups: the same as with" diff "$work/with" "$work/without"

# --- Rollups that are of no use -------------------------------------------------------------------------------------
sql "CREATE TABLE arbwatch.trade_days (day date)"
sql "INSERT INTO arbwatch.trade_days VALUES ('2025-03-01')"
read_at '2025-03-30T10:00Z' Europe/Berlin
check "a rollup of another shape is said" said 'rollup rejected: arbwatch.trade_days is not used (run sql/trading_rollup.sql, or drop it)'
check "and the trades are read without it" as_computed '2025-03-30T10:00Z' Europe/Berlin
for times in 2 3; do
	run 0 "$reader" "$dsn" arbwatch Europe/Berlin "$(utc '2025-03-30T10:00Z').25" "$times" 20000
	check "a rollup of another shape is said by run $times, too" said 'arbwatch.trade_days is not used'
done
sql "DROP TABLE arbwatch.trade_days"

# --- One view at a time ---------------------------------------------------------------------------------------------
# fault VIEW TEXT: it says so, and the others are read.
fault() {
	read_at '2025-03-30T10:00Z'
	check "$1: $2" said "$2"
	check "$1 is not read" line "view $1 unreadable"
	for each in trades equity cash_flows rates; do
		[ "$each" = "$1" ] || check "$1 at fault: $each is read" line "view $each read"
	done
}
view() { sql "DROP VIEW IF EXISTS arbwatch.$1; CREATE VIEW arbwatch.$1 AS SELECT $2"; }
columns_of() {
	case $1 in
	trades) echo "id symbol currency closed_at pnl route opened_at fees funding leg_gap slippage" ;;
	equity) echo "at currency equity" ;;
	cash_flows) echo "at currency amount" ;;
	rates) echo "currency to_currency rate updated_at" ;;
	esac
}
typed() {
	case $1 in
	*_at | at) echo "now() AS $1" ;;
	pnl | fees | funding | equity | amount | rate | leg_gap | slippage) echo "1::numeric AS $1" ;;
	*) echo "'x'::text AS $1" ;;
	esac
}
for name in trades equity cash_flows rates; do
	for wrong in $(columns_of "$name"); do
		missing='' other=''
		for each in $(columns_of "$name"); do
			[ "$each" = "$wrong" ] || missing="$missing${missing:+, }$(typed "$each")"
			other="$other${other:+, }$(if [ "$each" = "$wrong" ]; then echo "true AS $each"; else typed "$each"; fi)"
		done
		view "$name" "$other"
		fault "$name" "arbwatch.$name: column $wrong is boolean, and must be"
		case $wrong in
		route | opened_at | fees | funding | leg_gap | slippage)
			view "$name" "$missing"
			read_at '2025-03-30T10:00Z'
			check "$name without $wrong is read" line "view $name read"
			;;
		*)
			view "$name" "$missing"
			fault "$name" "arbwatch.$name: there is no column $wrong, which must be"
			;;
		esac
	done
	psql_file trading.sql || sql "DROP VIEW arbwatch.$name" && psql_file trading.sql
done
view trades "'1'::text AS id, 'S'::text AS symbol, 'U'::text AS currency, now() - interval '1 s' AS closed_at, 1 / 0::numeric AS pnl"
fault trades 'arbwatch.trades: the server answered with an error: division by zero'
view trades "'1'::text AS id, 'S'::text AS symbol, 'U'::text AS currency, timestamptz '2025-01-01' AS closed_at, 1e-37 AS pnl"
fault trades 'a sum has more than 38 digits: round the numbers in the view'
view trades "n::text AS id, 'S' || n AS symbol, 'U'::text AS currency, timestamptz '2025-01-01' AS closed_at, 1.5 AS pnl
	FROM generate_series(1, 30001) n"
fault trades 'more symbols, routes, rates or days than can be read'
view trades "n::text AS id, 'S'::text AS symbol, 'U'::text AS currency, timestamptz '2025-01-01' AS closed_at, 1.5 AS pnl,
	pg_sleep(60) IS NULL AS x FROM generate_series(1, 2) n OFFSET 0"
read_at '2025-03-30T10:00Z' UTC 1500
check "a view that takes too long" line 'view trades unreadable'
check "a view that takes too long: why" said 'failure timeout: arbwatch.trades: '
check "a view that takes too long: the others are read" line 'view equity read'

view trades "gen_random_uuid() AS id, 'S'::varchar AS symbol, 'U'::name AS currency, timestamptz '2025-03-29' AS closed_at,
	5::bigint AS pnl, 1 AS fees, 2::bigint AS funding, 3 AS leg_gap, 0 AS slippage"
read_at '2025-03-30T10:00Z'
check "whole numbers are numbers, too" line 'cell total - U 2 n 1 1 0 known 1 1 0 1 1 5 5 0 1 2 0 3 0'
view trades "$(typed id), $(typed symbol), NULL::text AS route, $(typed currency), NULL::timestamptz AS opened_at, $(typed closed_at),
	1 AS pnl, NULL::bigint AS fees, NULL::bigint AS funding, 3 AS leg_gap, NULL::integer AS slippage"
check "a rollup of whole numbers can be made" psql_file trading_rollup.sql
sql "DROP MATERIALIZED VIEW arbwatch.trade_days, arbwatch.equity_bins"

# An example of a wrong row is cut: no row may make all others unreadable.
view trades "repeat('비', 64) AS id, 'S' AS symbol, 'U' AS currency, now() AS closed_at, 1 / 3::numeric AS pnl"
view rates "repeat('x', 300) AS currency, 'U' AS to_currency, 1::numeric AS rate, timestamptz '2025-01-01' AS updated_at"
read_at '2025-03-30T10:00Z'
check "a long id in another script does not count" said "rejected trades too_large 1 $(printf '비%.0s' $(seq 64))"
check "a long id: the trades are read" line 'view trades read'
check "a long currency does not count" said 'rejected rates too_large 1 xxx'
check "a long currency: the rates are read" line 'view rates read'
sql "DROP VIEW arbwatch.trades, arbwatch.rates"
psql_file trading.sql

# locked TABLE: another session holds it.
locked() { [ "$(sql "SELECT count(*) FROM pg_locks WHERE relation = '$1'::regclass AND mode = 'AccessExclusiveLock' AND granted")" = 1 ]; }
PGPASSWORD=s3cret-arbwatch spawn lock "$POSTGRES_BIN/psql" -qX -h 127.0.0.1 -p "$POSTGRES_PORT" -U arbwatch -d postgres \
	-c "BEGIN; LOCK TABLE public.rates; SELECT pg_sleep(60)"
await 30 locked public.rates
fault rates 'arbwatch.rates: the server gave up: canceling statement due to lock timeout'
sql "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'public.rates'::regclass" >/dev/null

# The view goes while it is read, and a rollup is there that was of use before.
check "rollups over the example tables" psql_file trading_rollup.sql
sql "INSERT INTO public.trades (symbol, currency, opened_at, closed_at, pnl) VALUES ('S', 'U', '2024-03-30', '2024-03-30', 1);
	REFRESH MATERIALIZED VIEW arbwatch.trade_days" >/dev/null
PGPASSWORD=s3cret-arbwatch spawn gone "$POSTGRES_BIN/psql" -qX -h 127.0.0.1 -p "$POSTGRES_PORT" -U arbwatch -d postgres \
	-c "BEGIN; ALTER VIEW arbwatch.trades RENAME TO gone; SELECT pg_sleep(1.5); COMMIT"
await 30 locked arbwatch.trades
read_at '2025-03-30T10:00Z'
check "a view that goes while it is read is missing" line 'view trades missing'
check "a view that goes while it is read: the others are read" line 'view equity read'
sql "ALTER VIEW arbwatch.gone RENAME TO trades; DROP MATERIALIZED VIEW arbwatch.trade_days, arbwatch.equity_bins; TRUNCATE public.trades"

sql "DROP VIEW arbwatch.trades"
read_at '2025-03-30T10:00Z'
check "without trades: what to do" said 'arbwatch.trades: there is no such view in database postgres: create it'
check "without trades: the others are read" line 'view equity read'
psql_file trading.sql
for name in equity cash_flows rates; do
	sql "DROP VIEW arbwatch.$name"
	read_at '2025-03-30T10:00Z'
	check "$name may be missing" line "view $name missing"
	check "$name may be missing without a word" test "$(grep -c '^failure' "$work/out")" -eq 0
done
psql_file trading.sql

# --- Rights ---------------------------------------------------------------------------------------------------------
sql "CREATE ROLE looker LOGIN PASSWORD 's3cret-looker'"
looker="host=127.0.0.1 port=$POSTGRES_PORT user=looker password=s3cret-looker dbname=postgres"
run 0 "$reader" "$looker" arbwatch UTC 1760000000
check "without rights: what to grant" said 'GRANT USAGE ON SCHEMA "arbwatch" TO "looker"; GRANT SELECT ON "arbwatch"."trades" TO "looker"'
sql "GRANT arbwatch_reader TO looker"
run 0 "$reader" "$looker" arbwatch UTC 1760000000
check "a reader reads" line 'view trades read'
sql "REVOKE SELECT ON arbwatch.equity FROM arbwatch_reader"
run 0 "$reader" "$looker" arbwatch UTC 1760000000
check "without a right to one view: it is named" said 'GRANT SELECT ON "arbwatch"."equity" TO "looker"'
check "without a right to one view: the others are read" line 'view trades read'

# --- Time zone, schema ----------------------------------------------------------------------------------------------
run 1 "$reader" "$dsn" arbwatch Mars/Olympus 1760000000
check "a time zone that Postgres does not know" said "time zone 'Mars/Olympus': write a name of pg_timezone_names"
run 1 "$reader" "$dsn" arbwatch UTC+3 1760000000
check "a time zone with its sign turned around" said "time zone 'UTC+3': write a name as in UTC"
run 1 "$reader" "$dsn" "arb'watch" UTC 1760000000
check "a schema that is no name" said "write a name as in arbwatch"

# --- Currencies, rates, and who comes while it is read --------------------------------------------------------------
sql "INSERT INTO public.rates VALUES ('KRW', 'USDT', 0.00072, '2025-03-30T09:00Z'), ('BTC', 'USDT', 'NaN', now()),
	('ETH', 'USDT', 0, '2025-03-30T09:00Z')"
read_at '2025-03-30T10:00Z'
check "a rate is read to its last digit" line 'rate KRW USDT 0.00072 1743325200.000000'
check "a rate that is no number" line 'rejected rates not_finite 1 BTC'
check "a rate of 0" line 'rejected rates negative 1 ETH'
sql "INSERT INTO public.trades (symbol, currency, opened_at, closed_at, pnl) VALUES ('S', 'USDT', '2025-03-30', '2025-03-30', 1)"
read_at '2025-03-30T10:00Z'
check "the next run sees what was committed since" line 'cell total - USDT 4 n 1 1 0 known 0 0 1 0 0 1 1 0 0 0 0 0 0 0:1'

# --- A server that says nothing -------------------------------------------------------------------------------------
spawn hung "$TOOLS/faulty_peer" hang
await 30 test -s "$work/hung.log"
run 1 "$reader" "host=127.0.0.1 port=$(head -n 1 "$work/hung.log") user=x dbname=x" arbwatch UTC 1760000000 1 300
check "a server that hangs ends in time" said 'timeout: '
finish
