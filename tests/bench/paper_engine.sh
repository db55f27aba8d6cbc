# shellcheck shell=sh
# shellcheck disable=SC2154 # what bench.sh sets, which this is a part of
# Measures the paper engine's loop with 20, 100 and 500 symbols, and how soon it has books again when a stream was cut.
# A loop is all the work of its thread since the one before: what the exchanges send, decisions, and telling Redis.

# shellcheck source=tests/lib_paper_engine.sh
. "$repository/tests/lib_paper_engine.sh"
SECONDS_OF_100=${BENCH_ENGINE_SECONDS:-60}  # the limits are meant for 600
start_exchange --symbols 500

# engine_with COUNT: an engine that has begun, with that many symbols.
engine_with() {
	redis-cli -p "$REDIS_PORT" FLUSHALL >/dev/null
	# When this window has passed, snapshots have their size; the default is five minutes.
	start_engine --universe.mode top_n --universe.top "$1" --limit.volatility-window 20s
	await 60 tells universe symbols "$1" || die "the engine has not $1 symbols"
	sleep 3  # the start is no loop like the others
}
loops() { redis-cli -p "$REDIS_PORT" HGETALL arbwatch:loop | paste - -; }
# loop_figures BEFORE AFTER: average and 99th percentile of the loops between, in ms; within a bucket it is interpolated.
loop_figures() {
	awk -v before="$1" '
		FILENAME == before { had[$1] = $2; next }
		$1 == "sum_us" { sum = $2 - had[$1]; next }
		{ to = substr($1, 4); count[to == "inf" ? 99 : to + 0] = $2 - had[$1]; all += $2 - had[$1] }
		END {
			bounds = "0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 99"
			count_of_bounds = split(bounds, bound, " ")
			for (i = 1; i <= count_of_bounds; i++) {
				here = count[bound[i] + 0]
				if (seen + here >= 0.99 * all)
					break
				seen += here
			}
			part = here > 0 ? (0.99 * all - seen) / here : 1
			printf "%.4g %.4g\n", sum / all / 1000, 1000 * (bound[i - 1] + (bound[i] - bound[i - 1]) * part)
		}' "$1" "$2"
}
# measure SECONDS: of the running engine; average and 99th percentile are lines of $work/engine.average and engine.p99.
measure() {
	loops >"$work/loops.before"
	sleep "$1"
	loops >"$work/loops.after"
	set -- "$(loop_figures "$work/loops.before" "$work/loops.after")"
	echo "${1% *}" >>"$work/engine.average"
	echo "${1#* }" >>"$work/engine.p99"
}
# kept_kb: the least of half a minute; each snapshot takes memory for a moment.
kept_kb() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		resident_kb "$ENGINE_PID"
		sleep 1.5
	done | sort -n | head -n 1
}
engine_figures() { rm -f "$work/engine.average" "$work/engine.p99"; }

engine_figures
engine_with 20
for _ in 1 2; do measure 20; done
compare "paper engine, 20 symbols: loop, average ms" "$(spread <"$work/engine.average")" "the limit" 1/1/1 le 1
compare "paper engine, 20 symbols: loop, p99 ms" "$(spread <"$work/engine.p99")" "the limit" 5/5/5 le 1
stop "$ENGINE_PID"

engine_figures
engine_with 100
sleep 60  # until its tables and queues have their size
memory_before=$(kept_kb)
for _ in 1 2 3 4 5 6; do
	cpu_before=$(cpu_us "$ENGINE_PID")
	measure_began=$(now_ns)
	measure $((SECONDS_OF_100 / 6))
	echo "$cpu_before $(cpu_us "$ENGINE_PID") $measure_began $(now_ns)"
done | awk '{ print 100 * ($2 - $1) / (($4 - $3) / 1000) }' >"$work/engine.cpu"
memory_after=$(kept_kb)
compare "paper engine, 100 symbols: % of a core" "$(spread <"$work/engine.cpu")" "the limit" 10/10/10 le 1
compare "paper engine, 100 symbols: loop, p99 ms" "$(spread <"$work/engine.p99")" "the limit" 10/10/10 le 1
drift=$(awk -v a="$memory_before" -v b="$memory_after" 'BEGIN { printf "%.3g", 100 * (b > a ? b - a : 0) / a }')
compare "paper engine, 100 symbols: memory grew by %" "$drift/$drift/$drift" "the limit" 1/1/1 le 1

# Cut every second; the log says when the first new book was there.  Afterwards every symbol has its books.
control POST 'reconnects?value=1000' || die "the engine's control refuses"
sleep 20
control DELETE reconnects
sleep 2
sed -n 's/.*is open" after=\([0-9.]*\)s/\1/p' "$work/engine.log" | tail -n +3 | awk '{ print $1 * 1000 }' >"$work/engine.away"
compare "paper engine: from a cut to the first book, ms" "$(spread <"$work/engine.away")" "the limit" 1000/1000/1000 le 1
now=$(date +%s)
missing=0
for key in $(redis-cli -p "$REDIS_PORT" KEYS 'arbwatch:symbol:*'); do
	redis-cli -p "$REDIS_PORT" HGET "$key" updated_at | awk -v now="$now" '{ exit !($1 > now - 3) }' || missing=$((missing + 1))
done
row "paper engine: symbols without books then" "$missing" "" "" "" "at most 0 $([ "$missing" -eq 0 ] && echo reached || echo MISSED)"
stop "$ENGINE_PID"

engine_figures
engine_with 500
for _ in 1 2; do measure 20; done
compare "paper engine, 500 symbols: loop, p99 ms" "$(spread <"$work/engine.p99")" "the limit" 25/25/25 le 1
stop "$ENGINE_PID"
stop "$EXCHANGE_PID"
