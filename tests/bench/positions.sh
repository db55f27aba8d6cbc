# shellcheck shell=sh
# shellcheck disable=SC2154  # what bench.sh, which sources this, sets
# --- open_positions -------------------------------------------------------------------------------------------------
# One exchange with so many positions, and the bot's view of the same ones in Postgres: read, compared and published.
# The peer reads and publishes the same body, and compares nothing.

# The bounds of a run with 10,000 positions: CPU, and memory at its peak.
POSITIONS_MS=150
POSITIONS_KB=49152

spawn paper "$BUILD/paper_exchange" --listen 127.0.0.1:0
paper=$SPAWNED port=$(port_of "$SPAWNED")
await 20 curl -sf --noproxy '*' "http://127.0.0.1:$port/binance/api/v3/time" || die "paper_exchange does not start"
mkdir "$work/keys"
printf 'paper-key\n' >"$work/keys/binanceusdm.key"
printf 'paper-secret-0123456789abcdef0123456789abcdef\n' >"$work/keys/binanceusdm.secret"
chmod 0400 "$work/keys"/*
sql "$(cat "$repository/sql/example_positions.sql")" || die "cannot make the table"
sql "$(cat "$repository/sql/open_positions.sql")" || die "cannot make the view"

positions_prom=$textfiles/open_positions.prom
# positions COMMAND...: with the flags of every run.
positions() {
	"$@" --exchange.profiles "$repository/exchanges" --keys "$work/keys" --log.level error \
		--exchange "binanceusdm=http://127.0.0.1:$port/binanceusdm" --engine.postgres "$dsn"
}

# positions_are COUNT: at the exchange, in the bot's tables, and nowhere else.
positions_are() {
	curl -sf --noproxy '*' -X POST "http://127.0.0.1:$port/control/binanceusdm/positions?value=$1" >/dev/null ||
		die "paper_exchange refuses $1 positions"
	sql "TRUNCATE public.positions" || die "cannot empty the table"
	sql "INSERT INTO public.positions (exchange, symbol, side, quantity, market) SELECT 'binanceusdm',
		'P' || lpad(n::text, 5, '0') || 'USDT', CASE WHEN n % 2 = 1 THEN 'long' ELSE 'short' END, n + n / 100000.0,
		'derivative' FROM generate_series(1, $1) n" || die "cannot fill the table"
	rm -f "$positions_prom"
}

# positions_agree COUNT: what was published is of a run that read all of them from both, and no run failed.
positions_agree() {
	[ "$(grep -c '^arbitrage_position_mismatch{.* 0$' "$positions_prom")" -eq "$1" ] || die "not all $1 positions agree"
	! grep -q '^arbitrage_collector_failures_total{.* [^0]' "$positions_prom" || die "a run failed"
}

# positions_loop COUNT: CPU per run, in us, in $work/positions; sets POSITIONS_PEAK (kB).
positions_loop() {
	positions_are "$1"
	positions spawn open_positions "$BUILD/open_positions" --interval 2s --timeout 2s
	loop=$SPAWNED
	await 30 enough_runs open_positions 2 || die "open_positions publishes nothing"
	for _ in 1 2 3 4 5; do
		cpu_before=$(cpu_us "$loop")
		runs_before=$(runs_of open_positions)
		await 30 enough_runs open_positions $((runs_before + 1))
		runs_after=$(runs_of open_positions)
		echo "$cpu_before $(cpu_us "$loop") $runs_before $runs_after"
	done | awk '{ print ($2 - $1) / ($4 - $3) }' >"$work/positions"
	POSITIONS_PEAK=$(awk '/^VmHWM/ { print $2 }' "/proc/$loop/status")
	stop "$loop"
	positions_agree "$1"
}

per_position() { awk -v n="$1" '{ print $1 / n }' "$work/positions" | spread; }
in_ms() { awk '{ print $1 / 1000 }' | spread; }
largest() { sort -g | tail -n 1 | awk '{ print $1 "/" $1 "/" $1 }'; }

# each_more COUNT LESS: what each of the positions that there are more costs, by the medians.
each_more() {
	awk -v n="$1" -v more="$(spread <"$work/positions.$1")" -v less="$(spread <"$work/positions.$2")" -v of="$2" '
		BEGIN { split(more, a, "/"); split(less, b, "/"); x = (a[2] - b[2]) / (n - of); printf "%.3g/%.3g/%.3g", x, x, x }'
}

for each in 100 1000 10000; do
	positions_loop "$each"
	cp "$work/positions" "$work/positions.$each"
	[ "$each" -ne 100 ] || hundred=$(per_position 100)
done
compare "10,000 positions in a loop, CPU ms/run" "$(in_ms <"$work/positions")" "the limit" \
	"$POSITIONS_MS/$POSITIONS_MS/$POSITIONS_MS" le 1
compare "10,000 positions of one exchange, CPU us each" "$(per_position 10000)" "ours, 100 positions" "$hundred" le 1.25
compare "from 1,000 to 10,000 positions, CPU us each" "$(each_more 10000 1000)" "ours, from 100 to 1,000" \
	"$(each_more 1000 100)" le 1.25

# The first one-shot run has no last file to go on from; it is no figure.
for each in 0 1 2 3 4 5 6 7; do
	positions "$TOOLS/used" "$BUILD/open_positions" --timeout 20s 2>"$work/used" || die "open_positions failed"
	[ "$each" -eq 0 ] || cat "$work/used" >>"$work/positions.once"
	"$TOOLS/used" "$PYTHON" "$repository/tests/bench/python_positions.py" "http://127.0.0.1:$port/binanceusdm" "$work/keys" \
		"$work/python.prom" >/dev/null 2>>"$work/positions.python" || die "python failed"
done
positions_agree 10000
once=$(column 1 <"$work/positions.once" | in_ms)
compare "10,000 positions one-shot, CPU ms" "$once" "the limit" "$POSITIONS_MS/$POSITIONS_MS/$POSITIONS_MS" le 1
compare "10,000 positions one-shot, CPU ms" "$once" "python json, prometheus-client" \
	"$(column 1 <"$work/positions.python" | in_ms)" le 0.5

limit=$POSITIONS_KB
compare "10,000 positions in a loop, peak kB" "$POSITIONS_PEAK/$POSITIONS_PEAK/$POSITIONS_PEAK" \
	"the limit" "$limit/$limit/$limit" le 1
once=$(column 2 <"$work/positions.once" | largest)
compare "10,000 positions one-shot, peak kB" "$once" "the limit" "$limit/$limit/$limit" le 1
compare "10,000 positions one-shot, peak kB" "$once" "python json, prometheus-client" \
	"$(column 2 <"$work/positions.python" | largest)" le 1
stop "$paper"
