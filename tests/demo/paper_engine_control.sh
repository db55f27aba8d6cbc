#!/bin/sh
# Every fault of the paper engine is seen by the collectors within two of their intervals, and is gone within two after its end.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$repository" || exit 1
start_redis
start_postgres
export REDIS_URL="redis://127.0.0.1:$REDIS_PORT" PGPASSWORD=s3cret-arbwatch
export POSTGRES_DSN="postgresql://arbwatch@127.0.0.1:$POSTGRES_PORT/postgres"
"$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 --single-transaction -f sql/example_positions.sql -f sql/open_positions.sql \
	-f sql/paper_positions.sql -f sql/example_trading.sql -f sql/trading.sql -f sql/paper_engine.sql "$POSTGRES_DSN" \
	>"$work/sql.log" 2>&1 || { cat "$work/sql.log"; exit 1; }

spawn paper "$BUILD/paper_exchange" --listen 127.0.0.1:0
paper_port=$(port_of "$SPAWNED")
mkdir "$work/keys"
printf 'paper-key\n' >"$work/keys/binance.key"
printf 'paper-secret-0123456789abcdef0123456789abcdef\n' >"$work/keys/binance.secret"
chmod 0400 "$work/keys"/*

# Many small trades that cost nothing, and none of which an exchange rejects: so one leg only is seen at once.
start_engine() { # start_engine NAME
	spawn "$1" "$BUILD/paper_engine" run --exchange.binance "http://127.0.0.1:$paper_port/binance" \
		--exchange.upbit "http://127.0.0.1:$paper_port/upbit" --control.listen-address 127.0.0.1:0 --universe.top 10 \
		--min-profit 0 --fee.binance 0 --fee.upbit 0 --slippage 0 --size 50 --cooldown 100ms --reject-share 0 \
		--snapshot.every 200ms --equity.every 200ms --sync.every 1s
	engine=$SPAWNED control_port=$(port_of "$SPAWNED")
}
start_engine first
spawn engine_state "$BUILD/engine_state" --engine.redis "$REDIS_URL" --interval 1s --engine.max-age 3s
spawn trading_kpis "$BUILD/trading_kpis" --engine.postgres "$POSTGRES_DSN" --interval 1s
spawn open_positions env -u REDIS_URL "$BUILD/open_positions" --engine.postgres "$POSTGRES_DSN" --keys "$work/keys" \
	--exchange "binance=http://127.0.0.1:$paper_port/binance" --exchange.profiles exchanges --interval 1s --grace 0s

# What the collectors publish --------------------------------------------------

runs() { value "arbitrage_collector_runs_total{collector=\"$1\",env=\"paper\"}" "$textfiles/$1.prom"; }
has_run() { [ "$(runs "$1")" -ge "$2" ]; } # has_run COLLECTOR COUNT
# note_runs: from here on count their runs.
note_runs() { noted_state=$(runs engine_state) noted_kpis=$(runs trading_kpis) noted_positions=$(runs open_positions); }
# keep NAME COUNT: copies of their files, once each has run so often since.  The first run after note_runs may have begun before.
keep() {
	await 30 has_run engine_state $((noted_state + $2))
	await 30 has_run trading_kpis $((noted_kpis + $2))
	await 30 has_run open_positions $((noted_positions + $2))
	cat "$textfiles"/*.prom >"$work/$1"
}
# of FILE SERIES: the value, of a series without its last label env.
of() { value "$2env=\"paper\"}" "$work/$1"; }
bot() { of "$1" "arbitrage_engine_$2{engine=\"main\",${3-}"; } # bot FILE NAME [LABELS,]

# The figures: each prints one whole number or more for a file --------------------

snapshots_failed() { bot "$1" snapshots_total 'result="failed",'; }
rebalances_failed() { bot "$1" rebalances_total 'result="failed",'; }
syncs_failed() { bot "$1" inventory_syncs_total 'result="failed",'; }
errors_logged() { bot "$1" log_lines_total 'level="error",'; }
criticals_logged() { bot "$1" log_lines_total 'level="critical",'; }
reconnects() { bot "$1" feed_reconnects_total 'exchange="upbit",'; }
slow_loops() {
	awk '/^arbitrage_engine_loop_duration_seconds_bucket/ && /le="0.1"/ { fast = $NF }
		/^arbitrage_engine_loop_duration_seconds_count/ { print $NF - fast }' "$work/$1"
}
rejected() { awk '/^arbitrage_engine_orders_total.*status="rejected"/ { all += $NF } END { print all }' "$work/$1"; }
snapshot_time() { bot "$1" snapshot_saved_timestamp_seconds; }
equity_time() { of "$1" 'arbitrage_kpi_equity_timestamp_seconds{engine="main",currency="USDT",'; }
last_trade() { of "$1" 'arbitrage_kpi_last_trade_timestamp_seconds{engine="main",'; }

rises() { [ "$("$1" "$3")" != "$("$1" "$2")" ] && [ -n "$("$1" "$3")" ]; } # rises FIGURE FROM TO
stands() { [ "$("$1" "$3")" = "$("$1" "$2")" ] && [ -n "$("$1" "$3")" ]; } # stands FIGURE FROM TO
# is FILE CONDITION: of awk, over the figures of the bot as a whole.
is() {
	awk -v block="$(bot "$1" guard_state 'tier="global",name="",')" -v score="$(highest_score "$1")" \
		-v in_a_row="$(bot "$1" rebalance_failures_in_a_row)" -v up="$(bot "$1" up)" \
		-v drift="$(of "$1" 'arbitrage_position_mismatch{exchange="binance",symbol="BTC",')" \
		-v loss="$(used "$1" daily_loss)" -v exposure="$(used "$1" exposure)" "BEGIN { exit !($2) }"
}
used() { # used FILE daily_loss|exposure: percent of the limit of the bot as a whole
	awk -v figure="arbitrage_engine_$2" '/tier="global"/ { name = substr($1, 1, index($1, "{") - 1); of[name] = $NF }
		END { if (of[figure "_limit"] > 0) print 100 * of[figure] / of[figure "_limit"] }' "$work/$1"
}
highest_score() {
	awk '/^arbitrage_engine_route_score\{/ && (most == "" || $NF > most) { most = $NF } END { print most }' "$work/$1"
}

within() { # within RUNS CONDITION: as is, of one of so many runs
	for run_number in $(seq "$1"); do
		keep now "$run_number"
		! is now "$2" || return 0
	done
	return 1
}
failed_often() { cat "$textfiles/engine_state.prom" >"$work/often" && is often 'in_a_row >= 3'; }
loops() { bot "$1" loop_duration_seconds_count; }
mostly_slow() { [ $((2 * ($(slow_loops "$2") - $(slow_loops "$1")))) -gt $(($(loops "$2") - $(loops "$1"))) ]; } # FROM TO

# The control -----------------------------------------------------------------------

ask() { # ask METHOD PATH [curl ARGUMENT...]: the answer in $work/answer, its status printed
	ask_method=$1 ask_path=$2
	shift 2
	curl -s -o "$work/answer" -w '%{http_code}' -X "$ask_method" "$@" "http://127.0.0.1:$control_port/control$ask_path"
}
answers() { # answers STATUS METHOD PATH...
	answers_status=$1
	shift
	test "$(ask "$@")" = "$answers_status"
}
says() { grep -qF -- "$1" "$work/answer"; }
turn_on() { # turn_on FAULT[?value=V]...
	for fault in "$@"; do
		check "$fault is turned on" answers 200 POST "/$fault"
	done
	note_runs
}
turn_off() {
	check "all are turned off" answers 200 DELETE ''
	note_runs
}
is_on() { # is_on FAULT [VALUE]: GET says so
	ask GET '' >/dev/null
	"$PYTHON" -c 'import json, sys
fault = json.load(open(sys.argv[1]))[sys.argv[2]]
sys.exit(not fault["on"] or len(sys.argv) > 3 and fault["value"] != float(sys.argv[3]))' "$work/answer" "$@"
}

trades() { cat "$textfiles"/*.prom >"$work/now" && [ -n "$(last_trade now)" ]; }
await 30 test -s "$textfiles/engine_state.prom"
await 30 test -s "$textfiles/open_positions.prom"
await 60 trades || { echo "the engine does not trade"; cat "$work/first.log"; exit 1; }

# What it refuses --------------------------------------------------------------------

check "a page of a browser is refused" answers 403 POST /error-log -H 'Origin: http://127.0.0.1'
check "even to look" answers 403 GET '' -H 'Origin: null'
check "another method is refused" answers 405 PUT /error-log
check "and one that fits no path" answers 405 POST ''
check "an unknown fault is not found" answers 404 POST /explosion
check "and those that there are are listed" says '"slow-database"'
check "another path is not found" answers 404 GET s
for wrong in 'loop-latency?value=0' 'loop-latency?value=60001' 'loop-latency?value=200ms' 'loop-latency?value=nan' \
	'loop-latency?value=' 'loop-latency?value' 'loop-latency?value=1&value=2' 'loop-latency?ms=200' 'hang?value=1'; do
	check "400 for $wrong" answers 400 POST "/$wrong"
done
check "a wrong value is said with unit and limits" answers 400 POST '/exposure?value=-1'
check "in a sentence" says 'the value of exposure is a number of percent from 1 to 1000, like 85'
check "a body is refused, since nobody reads it" answers 400 POST /loop-latency -d value=200
refute "nothing was turned on" is_on loop-latency
run 1 "$BUILD/paper_engine" run --control.listen-address 0.0.0.0:0
check "it listens for this machine alone" grep -q 'can be reached from other machines' "$work/err"

# What it says of itself -----------------------------------------------------------------

cat >"$work/agree.py" <<'END'
import json, pathlib, re, sys

page, metrics = (pathlib.Path("docs", name).read_text() for name in ("paper_engine.md", "metrics.md"))
rules = "".join(path.read_text() for path in pathlib.Path("prometheus/rules").glob("*.yml"))
faults = json.load(open(sys.argv[1]))
rows = {}
for line in re.findall(r"^\| `[a-z-]+` \|.*$", page[page.index("## Control"):], re.MULTILINE):
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    rows[cells[0].strip("`")] = cells
assert list(rows) == list(faults), (list(rows), list(faults))
for name, fault in faults.items():
    _, value, _, _, alert = rows[name]
    assert value.startswith("%s (%.10g)" % (fault["unit"], fault["default"]) if "unit" in fault else ""), name
    for metric in re.findall(r"arbitrage_\w+", fault["expression"]):
        assert "| `%s` |" % metric.removesuffix("_bucket") in metrics, metric
    alerts = re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", fault["alert"] or "")
    assert alerts or fault["alert"] is None, name
    for each in alerts:
        assert "alert: %s\n" % each in rules and (each in alert or "above" in alert), each
END
check "GET is answered" answers 200 GET ''
check "the page has the same faults, values and alerts, and there are such metrics and rules" \
	"$PYTHON" "$work/agree.py" "$work/answer"

# Those that do not disturb each other ------------------------------------------------

note_runs
keep earlier 1
keep before 2
turn_on 'loop-latency?value=150' 'reconnects?value=1500' snapshot rebalance inventory-sync error-log critical-log daily-loss exposure \
	skip-routes 'position-drift?value=0.5'
check "GET says what is on, and its value" is_on loop-latency 150
keep middle 2
keep during 3
await 30 failed_often
check "failed rebalances: three in a row" failed_often
turn_off
keep after 3
keep later 5
refute "GET says what is off" is_on loop-latency

for figure in snapshots_failed rebalances_failed syncs_failed errors_logged criticals_logged reconnects; do
	check "$figure: stands before" stands "$figure" earlier before
	check "$figure: rises" rises "$figure" before during
	check "$figure: stands after" stands "$figure" after later
done
refute "loop-latency: fast before" mostly_slow earlier before
check "loop-latency: slow" mostly_slow middle during
refute "loop-latency: fast after" mostly_slow after later
for file in before after; do
	check "$file: the loss of the day is below its limit" is "$file" 'loss < 100'
	check "$file: the guard is open" is "$file" 'block == 0'
	check "$file: the exposure is below its limit" is "$file" 'exposure < 80'
	check "$file: routes have a score" is "$file" 'score > 0'
	check "$file: no rebalance has failed just now" is "$file" 'in_a_row == 0 || "'$file'" == "after"'
	check "$file: the positions agree" is "$file" 'drift == 0'
done
check "daily-loss: at the limit" is during 'loss >= 100 && loss < 101'
check "daily-loss: the guard blocks" is during 'block == 3'
check "exposure: as much as was asked for" is during 'exposure >= 84 && exposure < 95'
check "skip-routes: no route has a score" is during 'score == 0'
check "skip-routes: and none is traded" test "$(bot during routes 'decision="trade",')" = 0
check "position-drift: half a BTC too much" is during 'drift == 0.5'

# Those that need trades -------------------------------------------------------------

cp "$work/later" "$work/earlier"
keep before 7
turn_on one-leg 'slow-database?value=10000'
keep middle 2
keep during 3
turn_off
keep after 3
keep later 4
check "one-leg: no order is rejected before" stands rejected earlier before
check "one-leg: orders are rejected" rises rejected before during
check "one-leg: none is after" stands rejected after later
for figure in snapshot_time equity_time last_trade; do
	check "$figure: goes on before" rises "$figure" earlier before
	check "$figure: stands still" stands "$figure" middle during
	check "$figure: goes on after" rises "$figure" during after
done

# Hanging and crashing ---------------------------------------------------------------

# The heartbeat is old after three seconds: up to three runs more.
check "it is up" is later 'up == 1'
turn_on hang
check "hang: it counts as down" within 6 'up == 0'
turn_off
check "hang: it is up again" within 3 'up == 1'
turn_on crash
{ wait "$engine"; } 2>/dev/null
check "crash: it has aborted" test $? -eq 134
check "crash: and left no dump" not ls "$repository"/core*
check "crash: it counts as down" within 6 'up == 0'
start_engine second
note_runs
check "crash: it is up again" within 3 'up == 1'
check "crash: as a second start" test "$(bot now restarts_total)" = 2
check "crash: without a fault" answers 200 GET ''
refute "crash: its faults are forgotten" says '"on": true'

# It ends also while it hangs.
turn_on hang
stop "$engine"
check "it ends while it hangs" not kill -0 "$engine"

finish
