# shellcheck shell=sh
# shellcheck disable=SC2154  # what bench.sh, which sources this, sets
# --- trading_kpis ---------------------------------------------------------------------------------------------------
# A year of trades of 50 symbols and 100 routes, and a snapshot of equity a minute.  The peer is a bare libpq program that
# sends the same statements.  BENCH_TRADES is for a first try with fewer.

TRADES=${BENCH_TRADES:-10000000}
TRADES_KB=12288
TRADES_S=1

start_postgres shared_buffers=128MB max_wal_size=4GB wal_level=minimal max_wal_senders=0
trades_dsn="host=127.0.0.1 port=$POSTGRES_PORT user=arbwatch dbname=postgres"
for file in example_trading trading; do
	sql "$(cat "$repository/sql/$file.sql")" 2>/dev/null || die "cannot make the tables of $file.sql"
done
sql "INSERT INTO public.trades (symbol, route, currency, opened_at, closed_at, pnl, fees, funding, leg_gap, slippage)
	SELECT 'S' || i % 50 || '/USDT', 'a' || h % 100 || '>b', 'USDT', at - make_interval(secs => h % 86400 / 1000.0 * (h % 7) ^ 3),
		at, trunc((h % 20011 - 8000) / 10000.0, 4), trunc(h % 97 / 1000.0, 3),
		CASE WHEN h % 3 = 0 THEN trunc((h % 31 - 15) / 10000.0, 4) END, h % 1000 / 1000.0, trunc((h % 2003 - 900) / 1000000.0, 6)
	FROM (SELECT i, i * 2654435761 % 4294967296 AS h, now() - (i - 1) * (interval '365 days' / $TRADES) AS at
		FROM generate_series(1, $TRADES::bigint) i) x" || die "cannot fill the table of trades"
sql "INSERT INTO public.equity SELECT now() - i * interval '1 min', 'USDT', trunc(100000 + i * 7919 % 1009 / 7.0 - i / 100.0, 4)
	FROM generate_series(0, 525600::bigint) i" || die "cannot fill the table of equity"
sql "ANALYZE public.trades, public.equity"

# trades_runs RUNS: seconds of each into $work/trades, the most memory in TRADES_PEAK.
trades_runs() {
	"$TOOLS/read_trades" "$trades_dsn" arbwatch UTC "$trades_now" "$1" 600000 2>"$work/trades.err" >/dev/null ||
		die "read_trades failed"
	awk '$1 == "seconds" { print $2 }' "$work/trades.err" >"$work/trades"
	TRADES_PEAK=$(awk '$1 == "kB" { print $2 }' "$work/trades.err")
}
in_s() { sort -g | awk '{ v[NR] = $1 } END { printf "%.3g/%.3g/%.3g\n", v[1], v[int((NR + 1) / 2)], v[NR] }'; }

trades_now=$(date +%s)
trades_runs 2
row "$TRADES trades without the rollups, s/run" "$(in_s <"$work/trades")" "" "" "" "-"
started=$(now_ns)
sql "BEGIN; $(cat "$repository/sql/trading_rollup.sql") COMMIT" 2>/dev/null || die "cannot make the rollups"
took=$(awk -v ns=$(($(now_ns) - started)) 'BEGIN { printf "%.3g", ns / 1e9 }')
row "making the rollups, once, s" "$took/$took/$took" "" "" "" "-"

sql "ALTER SYSTEM SET log_statement = 'all'"
sql "SELECT pg_reload_conf()" >/dev/null
trades_runs 3
sql "ALTER SYSTEM SET log_statement = 'none'"
sql "SELECT pg_reload_conf()" >/dev/null
# The last message with all statements: of a line, and lines that a tab begins.
awk '/statement: BEGIN TRANSACTION ISOLATION/ { sub(/.*statement: /, ""); text = $0; on = 1; next }
	on && /^\t/ { text = text "\n" substr($0, 2); next }
	{ on = 0 }
	END { print text }' "$work/postgres-$POSTGRES_PORT.log" >"$work/trades.sql"
for _ in 1 2 3 4 5; do
	trades_runs 3
	# The first run of a process asks for the catalogue and the ends of the rollups first.
	tail -n +2 "$work/trades" >>"$work/trades.ours"
	"$TOOLS/bare_statements" "$trades_dsn" "$work/trades.sql" 2 >"$work/trades.bare" || die "bare_statements failed"
	awk '{ print $2 }' "$work/trades.bare" >>"$work/trades.theirs"
done
ours=$(in_s <"$work/trades.ours")
compare "$TRADES trades, s/run" "$ours" "the limit" "$TRADES_S/$TRADES_S/$TRADES_S" le 1
compare "$TRADES trades, s/run" "$ours" "the same statements by libpq" "$(in_s <"$work/trades.theirs")" le 1.25
compare "$TRADES trades, reader's peak kB" "$TRADES_PEAK/$TRADES_PEAK/$TRADES_PEAK" "the limit" \
	"$TRADES_KB/$TRADES_KB/$TRADES_KB" le 1
if [ -x "$BUILD/trading_kpis" ]; then
	spawn trading_kpis "$BUILD/trading_kpis" --engine.postgres "$trades_dsn" --interval 5s --timeout 4s --log.level error
	await 60 enough_runs trading_kpis 3 || die "trading_kpis publishes nothing"
	peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$SPAWNED/status")
	stop "$SPAWNED"
	compare "trading_kpis in a loop, peak kB" "$peak/$peak/$peak" "the limit" "$TRADES_KB/$TRADES_KB/$TRADES_KB" le 1
fi
stop "$POSTGRES_PID"
