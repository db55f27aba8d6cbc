#!/bin/sh
# make bench: speed and size beside peers, in one run, as ratios.
#
# Prints one row per figure: ours and the peer's as min/median/max, the ratio of
# the medians, and the ratio to reach.  What competes takes turns, so that a
# noisy machine is equally noisy for all.  It measures; it does not judge: the
# exit status is 0 unless something could not be measured.
#
# Files are published into a tmpfs where there is one: it is the programs that are
# compared, not the disk.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

ROUNDS=${BENCH_ROUNDS:-60}
LOOP_RUNS=${BENCH_LOOP_RUNS:-300}
SCRAPES=${BENCH_SCRAPES:-100}

die() {
	echo "bench: $*" >&2
	exit 1
}

# spread: "min/median/max" of the numbers on standard input, with three significant digits.
spread() {
	sort -g | awk '
		function short(x) { return sprintf(x >= 100 ? "%.0f" : x >= 10 ? "%.1f" : "%.3g", x) }
		{ v[NR] = $1 }
		END { if (NR == 0) exit 1; printf "%s/%s/%s\n", short(v[1]), short(v[int((NR + 1) / 2)]), short(v[NR]) }'
}
median() { echo "$1" | cut -d/ -f2; }

row() {  # row WHAT OURS PEER-NAME PEER RATIO GOAL
	printf '%-46s %-22s %-34s %-22s %8s  %s\n' "$@"
}

# compare WHAT OURS PEER-NAME PEER OP GOAL: the ratio of the medians, ours to the peer's (OP le) or the peer's to
# ours (OP ge: how many times faster).
compare() {
	ratio=$(awk -v a="$(median "$2")" -v b="$(median "$4")" -v op="$5" 'BEGIN { printf "%.3g", op == "le" ? a / b : b / a }')
	verdict=$(awk -v r="$ratio" -v op="$5" -v goal="$6" 'BEGIN { print ((op == "le" ? r <= goal : r >= goal) ? "reached" : "MISSED") }')
	row "$1" "$2" "$3" "$4" "$ratio" "$([ "$5" = le ] && echo "at most" || echo "at least") $6 $verdict"
}

# beside WHAT OURS PEER-NAME PEER: the ratio alone, for what has no goal.
beside() {
	row "$1" "$2" "$3" "$4" "$(awk -v a="$(median "$2")" -v b="$(median "$4")" 'BEGIN { printf "%.3g", a / b }')" "-"
}

column() { awk -v n="$1" '{ print $n }'; }

cpu_us() { "$TOOLS/cpu_of" "$1"; }
resident_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

row "" "ours min/median/max" "peer" "peer min/median/max" "ratio" "to reach"

# --- The text format ------------------------------------------------------------------------------------------------
mkdir "$work/files"
for samples in 10000 100000 1000000; do
	"$TOOLS/bench_textfile" "$samples" 7 "$work/files" >"$work/textfile.$samples" || die "bench_textfile failed"
	if [ "$samples" = 100000 ]; then
		cp "$work/files/bench.prom" "$work/same.prom"
		"$PYTHON" "$repository/tests/bench/python_textfile.py" "$work/same.prom" 5 "$work" >"$work/python" || die "python failed"
		"$TOOLS/bench_textfile" "$samples" 7 "$work/files" >>"$work/textfile.$samples"
	fi
done
write_of() { awk '{ print $1 + $2 + $3 }' "$work/textfile.$1" | spread; }
compare "encode+validate+publish 100,000, ns/sample" "$(write_of 100000)" \
	"python3-prometheus-client write" "$(column 1 <"$work/python" | spread)" ge 15
compare "parse 100,000, ns/sample" "$(column 4 <"$work/textfile.100000" | spread)" \
	"python3-prometheus-client parse" "$(column 2 <"$work/python" | spread)" ge 15
compare "write 1,000,000 against 10,000, ns/sample" "$(write_of 1000000)" "ours, 10,000 samples" "$(write_of 10000)" le 1.25
compare "parse 1,000,000 against 10,000, ns/sample" "$(column 4 <"$work/textfile.1000000" | spread)" \
	"ours, 10,000 samples" "$(column 4 <"$work/textfile.10000" | spread)" le 1.25

# --- Redis ----------------------------------------------------------------------------------------------------------
start_redis
redis_url=redis://127.0.0.1:$REDIS_PORT
for _ in $(seq 15); do
	"$TOOLS/bare_redis" 127.0.0.1 "$REDIS_PORT" 400 --print >>"$work/bare.us" || die "bare_redis failed"
	"$TOOLS/probe_redis" "$redis_url" 400 >>"$work/probe.us" || die "probe_redis failed"
done
in_us() { awk '{ print $1 * 1e6 }' "$1" | spread; }
compare "redis_latency's reading of a PING, us" "$(in_us "$work/probe.us")" "bare hiredis loop" "$(in_us "$work/bare.us")" \
	le 1.1

"$TOOLS/race" "$ROUNDS" -- "$BUILD/redis_latency" --target "$redis_url" \
	-- "$TOOLS/bare_redis" 127.0.0.1 "$REDIS_PORT" 10 >"$work/race" || die "race failed"
race_wall() { awk -v n="$1" 'NR == n { print $1 "/" $2 "/" $3 }' "$work/race"; }
compare "one-shot process, 10 PINGs, us" "$(race_wall 1)" "bare hiredis program" "$(race_wall 2)" le 1.3

# loop PROGRAM TARGET [FLAG...]: sets LOOP_CPU (us per run) and LOOP_KB after LOOP_RUNS runs.
loop() {
	name=$(basename "$1")
	program=$1
	target=$2
	shift 2
	rm -f "$textfiles/$name.prom"
	spawn "$name" "$program" --target "$target" --interval 20ms --log.level error "$@"
	pid=$SPAWNED
	await 30 test -e "$textfiles/$name.prom" || die "$name publishes nothing"
	for _ in 1 2 3 4 5; do
		runs_before=$(runs_of "$name")
		cpu_before=$(cpu_us "$pid")
		await 60 enough_runs "$name" $((runs_before + LOOP_RUNS / 5))
		runs_after=$(runs_of "$name")
		echo "$cpu_before $(cpu_us "$pid") $runs_before $runs_after"
	done | awk '{ print ($2 - $1) / ($4 - $3) }' >"$work/loop"
	LOOP_CPU=$(spread <"$work/loop")
	LOOP_KB=$(resident_kb "$pid")
	stop "$pid"
}
runs_of() { value "arbitrage_collector_runs_total{collector=\"$1\",env=\"paper\"}" "$textfiles/$1.prom"; }
enough_runs() {
	now=$(runs_of "$1")
	[ "${now:-0}" -ge "$2" ]
}

# scrape PORT PID: sets SCRAPE_CPU (us per scrape) and SCRAPE_KB.
scrape() {
	for _ in 1 2 3 4 5; do
		cpu_before=$(cpu_us "$2")
		for _ in $(seq $((SCRAPES / 5))); do
			curl -sf "http://127.0.0.1:$1/metrics" >/dev/null || die "no answer from the exporter"
		done
		echo "$cpu_before $(cpu_us "$2")"
	done | awk -v n=$((SCRAPES / 5)) '{ print ($2 - $1) / n }' >"$work/scrapes"
	SCRAPE_CPU=$(spread <"$work/scrapes")
	SCRAPE_KB=$(resident_kb "$2")
}

# sizes PROGRAM LIMIT-KB PEER: resident memory after the loop, against the limit and the peer.
sizes() {
	compare "$1 loop, resident kB" "$LOOP_KB/$LOOP_KB/$LOOP_KB" "the limit" "$2/$2/$2" le 1
	compare "$1 loop, resident kB" "$LOOP_KB/$LOOP_KB/$LOOP_KB" "$3" "$SCRAPE_KB/$SCRAPE_KB/$SCRAPE_KB" le 1
}

# The exporter sends one PING a scrape (--ping-on-connect), we send ten by default: both are shown.
loop "$BUILD/redis_latency" "$redis_url"
ten_pings=$LOOP_CPU
loop "$BUILD/redis_latency" "$redis_url" --samples 1
bare_cpu=$("$TOOLS/bare_redis" 127.0.0.1 "$REDIS_PORT" 10 --again 300 | spread)
spawn redis_exporter prometheus-redis-exporter --web.listen-address 127.0.0.1:0 --redis.addr "$redis_url" --ping-on-connect
exporter=$SPAWNED port=$(port_of "$SPAWNED")
await 20 curl -sf "http://127.0.0.1:$port/metrics" || die "prometheus-redis-exporter does not start"
scrape "$port" "$exporter"
compare "redis_latency loop, CPU us/run" "$ten_pings" "a bare hiredis program that does the same" "$bare_cpu" le 2
beside "redis_latency loop, CPU us/run" "$ten_pings" "prometheus-redis-exporter, per scrape" "$SCRAPE_CPU"
beside "redis_latency loop --samples 1, CPU us/run" "$LOOP_CPU" "prometheus-redis-exporter, per scrape" "$SCRAPE_CPU"
sizes redis_latency 4096 prometheus-redis-exporter
for _ in $(seq 60); do
	curl -sf "http://127.0.0.1:$port/metrics" | awk '/^redis_exporter_last_scrape_ping_time_seconds/ { print $2 }'
done >"$work/exporter-ping"
compare "redis_latency's reading of a PING, us" "$(in_us "$work/probe.us")" "prometheus-redis-exporter's reading" \
	"$(in_us "$work/exporter-ping")" le 1
stop "$exporter"

# --- PostgreSQL -----------------------------------------------------------------------------------------------------
start_postgres
export PGPASSWORD=s3cret-arbwatch
dsn="host=127.0.0.1 port=$POSTGRES_PORT user=arbwatch dbname=postgres"
"$TOOLS/race" "$ROUNDS" -- "$BUILD/postgres_latency" --target "$dsn" -- "$TOOLS/bare_postgres" "$dsn" 10 >"$work/race" ||
	die "race failed"
compare "one-shot process, 10 SELECT 1, us" "$(race_wall 1)" "bare libpq program" "$(race_wall 2)" le 1.3

# SCRAM makes every client hash its password 4096 times for each connection, and each of our runs is a new one, as
# it is for the bot; the exporter keeps its connection.  So both are measured: what we do, and what SCRAM adds.
sed -i '1i host all bench 127.0.0.1/32 trust' "$POSTGRES_DATA/pg_hba.conf"
sql "CREATE ROLE bench LOGIN" || die "cannot make the role"
sql "SELECT pg_reload_conf()" >/dev/null || die "cannot reload pg_hba.conf"
trusted="host=127.0.0.1 port=$POSTGRES_PORT user=bench dbname=postgres"
await 20 "$TOOLS/bare_postgres" "$trusted" 1 || die "the role cannot log in"
loop "$BUILD/postgres_latency" "$dsn"
scram_cpu=$LOOP_CPU
loop "$BUILD/postgres_latency" "$trusted"
DATA_SOURCE_NAME="postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/postgres?sslmode=disable"
export DATA_SOURCE_NAME
spawn postgres_exporter prometheus-postgres-exporter --web.listen-address 127.0.0.1:0
exporter=$SPAWNED port=$(port_of "$SPAWNED")
await 20 curl -sf "http://127.0.0.1:$port/metrics" || die "prometheus-postgres-exporter does not start"
scrape "$port" "$exporter"
compare "postgres_latency loop, CPU us/run" "$LOOP_CPU" "prometheus-postgres-exporter, per scrape" "$SCRAPE_CPU" le 0.25
beside "postgres_latency loop with SCRAM, CPU us/run" "$scram_cpu" "prometheus-postgres-exporter, per scrape" "$SCRAPE_CPU"
sizes postgres_latency 12288 prometheus-postgres-exporter
stop "$exporter"

# shellcheck source=tests/bench/exchange.sh
. "$repository/tests/bench/exchange.sh"

# shellcheck source=tests/bench/positions.sh
. "$repository/tests/bench/positions.sh"

# shellcheck source=tests/bench/engine.sh
. "$repository/tests/bench/engine.sh"

# shellcheck source=tests/bench/bot.sh
. "$repository/tests/bench/bot.sh"

# shellcheck source=tests/bench/paper_engine.sh
. "$repository/tests/bench/paper_engine.sh"

# shellcheck source=tests/bench/tuning.sh
. "$repository/tests/bench/tuning.sh"

# shellcheck source=tests/bench/exporter.sh
. "$repository/tests/bench/exporter.sh"

# shellcheck source=tests/bench/alerts.sh
. "$repository/tests/bench/alerts.sh"

# Last: they start servers of their own.
# shellcheck source=tests/bench/preflight.sh
. "$repository/tests/bench/preflight.sh"

# shellcheck source=tests/bench/trades.sh
. "$repository/tests/bench/trades.sh"

# shellcheck source=tests/bench/relay.sh
. "$repository/tests/bench/relay.sh"

# shellcheck source=tests/bench/relay_history.sh
. "$repository/tests/bench/relay_history.sh"
