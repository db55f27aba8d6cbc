# shellcheck shell=sh
# shellcheck disable=SC2154  # what bench.sh, which sources this, sets
# --- arbwatch_exporter ----------------------------------------------------------------------------------------------
# 50 files with 2,000 series each, histograms as the collectors write them, served by us and by node_exporter.

SERVED=$work/served
EXPORTER_SECONDS=${BENCH_EXPORTER_SECONDS:-10}
mkdir "$SERVED"

# served_files ROUND: all of them anew, with other counts.
served_files() {
	awk -v round="$1" -v directory="$SERVED" 'BEGIN {
		split("0.00005 0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 +Inf", bound, " ")
		for (file = 1; file <= 50; file++) {
			path = directory "/bench_" file ".tmp"
			series = 0
			for (family = 1; family <= 4; family++) {
				name = "bench_" (family < 4 ? file "_" : "shared_") family "_seconds"
				print "# HELP " name " Time of a request.\n# TYPE " name " histogram" >path
				for (target = 1; target <= 28 - (family == 4); target++) {
					labels = "file=\"" file "\",target=\"target-" target "\",env=\"paper\""
					count = 0
					for (i = 1; i <= 16; i++) {
						count += (file * 7 + family * 13 + target * 29 + i * i + round) % 97
						print name "_bucket{" labels ",le=\"" bound[i] "\"} " count >path
					}
					print name "_sum{" labels "} " count * 0.000123 >path
					print name "_count{" labels "} " count >path
					series += 18
				}
			}
			print "# HELP bench_" file "_value A value.\n# TYPE bench_" file "_value gauge" >path
			for (; series < 2000; series++)
				print "bench_" file "_value{number=\"" series "\"} " series + round >path
			close(path)
		}
	}' || die "cannot write the files"
	for file in "$SERVED"/*.tmp; do mv "$file" "${file%.tmp}.prom"; done
}

# packed PORT: one scrape, as Prometheus does it.
packed() { curl -sf --noproxy '*' -H 'Accept-Encoding: gzip' -o "$work/packed" "http://127.0.0.1:$1/metrics"; }

# one_file ROUND: one of them anew, with other values.
one_file() {
	sed "s/^\(bench_7_value{.*\) [0-9]*\$/\1 $1/" "$SERVED/bench_7.prom" >"$SERVED/one.tmp"
	mv "$SERVED/one.tmp" "$SERVED/bench_7.prom"
}

# cpu_per_scrape PORT PID [COMMAND]: us, spread; the command, with a number, runs before each.
cpu_per_scrape() {
	for round in $(seq 5); do
		[ "${3-}" = '' ] || "$3" "$round"
		cpu_before=$(cpu_us "$2")
		packed "$1" || die "no answer from the exporter"
		echo "$cpu_before $(cpu_us "$2")"
	done | awk '{ print $2 - $1 }' | spread
}

served_files 0
spawn arbwatch_exporter "$BUILD/arbwatch_exporter" --web.listen-address 127.0.0.1:0 --textfile.serve \
	--textfile.directory "$SERVED" --log.level error
exporter=$SPAWNED port=$(port_of "$SPAWNED")
await 20 packed "$port" || die "arbwatch_exporter does not start"
spawn node_exporter prometheus-node-exporter --web.listen-address=127.0.0.1:0 --collector.disable-defaults \
	--collector.textfile --collector.textfile.directory="$SERVED"
node=$SPAWNED node_port=$(port_of "$SPAWNED")
await 20 packed "$node_port" || die "node_exporter does not start"
packed "$node_port"
node_series=$(gzip -dc "$work/packed" | grep -c '^bench_')
packed "$port"
our_series=$(gzip -dc "$work/packed" | grep -c '^bench_')
[ "$node_series $our_series" = "100000 100000" ] ||
	die "not the same is served: $our_series series, node_exporter $node_series"

node_cpu=$(cpu_per_scrape "$node_port" "$node")
compare "a scrape of 50 x 2,000 series, CPU us" "$(cpu_per_scrape "$port" "$exporter")" "node_exporter" "$node_cpu" \
	le 0.333
compare "the same, one file written anew, CPU us" "$(cpu_per_scrape "$port" "$exporter" one_file)" "node_exporter" \
	"$(cpu_per_scrape "$node_port" "$node" one_file)" le 0.333
compare "the same, all files written anew, CPU us" "$(cpu_per_scrape "$port" "$exporter" served_files)" "node_exporter" \
	"$(cpu_per_scrape "$node_port" "$node" served_files)" le 0.333
node_kb=$(resident_kb "$node")
stop "$node"

# load SECONDS CLIENTS URL [WRK-OPTION...]: sets LOAD_P99 (us) and LOAD_COUNT; an error ends the bench.
load() {
	load_seconds=$1 load_clients=$2 load_url=$3
	shift 3
	wrk -t1 -c"$load_clients" -d"$load_seconds" --timeout 30s --latency -H 'Accept-Encoding: gzip' "$@" "$load_url" >"$work/wrk" ||
		die "wrk failed"
	! grep -E 'Socket errors|Non-2xx' "$work/wrk" || die "answers with errors"
	LOAD_P99=$(awk '$1 == "99%" { v = $2; u = v; gsub(/[0-9.]/, "", u); sub(/[a-z]+$/, "", v)
		print v * (u == "us" ? 1 : u == "ms" ? 1000 : 1000000) }' "$work/wrk")
	LOAD_COUNT=$(awk '/requests in/ { print $1 }' "$work/wrk")
}

# As scrapers do it: each client asks about once a second.
echo 'function delay() return math.random(500, 1500) end' >"$work/scrapers.lua"
load "$EXPORTER_SECONDS" 50 "http://127.0.0.1:$port/metrics" --script "$work/scrapers.lua"
compare "50 clients, each once a second, p99 us" "$LOAD_P99/$LOAD_P99/$LOAD_P99" "the limit" 20000/20000/20000 le 1
load "$EXPORTER_SECONDS" 50 "http://127.0.0.1:$port/health" --script "$work/scrapers.lua"
compare "50 clients, /health, p99 us" "$LOAD_P99/$LOAD_P99/$LOAD_P99" "the limit" 20000/20000/20000 le 1

# Growth: 1,000,000 requests of the kind that is made anew each time; past a minute fewer, and then it says how many.
before_kb=$(resident_kb "$exporter")
count=0
until_s=$(($(date +%s) + 55))
while [ "$count" -lt 1000000 ] && [ "$(date +%s)" -lt "$until_s" ]; do
	load 5 20 "http://127.0.0.1:$port/health/live"
	count=$((count + LOAD_COUNT))
	load 1 20 "http://127.0.0.1:$port/metrics"
	count=$((count + LOAD_COUNT))
done
after_kb=$(resident_kb "$exporter")
compare "resident kB after $count requests" "$after_kb/$after_kb/$after_kb" "ours, before them" \
	"$before_kb/$before_kb/$before_kb" le 1.02
compare "arbwatch_exporter, resident kB" "$after_kb/$after_kb/$after_kb" "node_exporter" "$node_kb/$node_kb/$node_kb" le 1
stop "$exporter"
