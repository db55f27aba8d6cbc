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

# cpu_per_scrape PORT PID [anew]: us, spread; with "anew" all files are written again before each.
cpu_per_scrape() {
	for round in $(seq 5); do
		[ "${3-}" = '' ] || served_files "$round"
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
compare "the same, all files written anew, CPU us" "$(cpu_per_scrape "$port" "$exporter" anew)" "node_exporter" \
	"$(cpu_per_scrape "$node_port" "$node" anew)" le 0.333
node_kb=$(resident_kb "$node")
stop "$node"

# load SECONDS CLIENTS URL [WRK-OPTION...]: sets LOAD_P99 (us) and LOAD_COUNT; an error ends the bench.
load() {
	load_seconds=$1 load_clients=$2 load_url=$3
	shift 3
	wrk -t1 -c"$load_clients" -d"$load_seconds" --latency -H 'Accept-Encoding: gzip' "$@" "$load_url" >"$work/wrk" ||
		die "wrk failed"
	! grep -E 'Socket errors|Non-2xx' "$work/wrk" || die "answers with errors"
	LOAD_P99=$(awk '$1 == "99%" { v = $2; u = v; gsub(/[0-9.]/, "", u); sub(/[a-z]+$/, "", v)
		print v * (u == "us" ? 1 : u == "ms" ? 1000 : 1000000) }' "$work/wrk")
	LOAD_COUNT=$(awk '/requests in/ { print $1 }' "$work/wrk")
}

# Clients that ask again at once keep both of us busy, and how long they wait is how long 50 answers take to send: so
# nginx takes turns, which has nothing to do but to send the same bytes from the page cache.
mkdir "$work/nginx"
packed "$port"
mv "$work/packed" "$work/nginx/metrics.gz"
chmod -R a+rX "$work/nginx"
nginx_port=$(free_port)  # it takes no port 0
cat >"$work/nginx.conf" <<END
daemon off; worker_processes 1; pid $work/nginx.pid; error_log stderr;
events { worker_connections 512; }
http {
	access_log off; keepalive_requests 1000000; sendfile on; tcp_nopush on; open_file_cache max=16;
	client_body_temp_path $work/nginx.b; proxy_temp_path $work/nginx.p; fastcgi_temp_path $work/nginx.f;
	uwsgi_temp_path $work/nginx.u; scgi_temp_path $work/nginx.s;
	server { listen 127.0.0.1:$nginx_port; location = /metrics { root $work/nginx; gzip_static always; } }
}
END
spawn nginx nginx -p "$work" -e stderr -c "$work/nginx.conf"
nginx=$SPAWNED
await 20 packed "$nginx_port" || die "nginx does not start"
cmp -s "$work/packed" "$work/nginx/metrics.gz" || die "nginx serves something else"
served=0
for _ in 1 2 3 4 5; do
	load $((EXPORTER_SECONDS / 5)) 50 "http://127.0.0.1:$port/metrics"
	echo "$LOAD_P99" >>"$work/p99"
	served=$((served + LOAD_COUNT))
	load $((EXPORTER_SECONDS / 5)) 50 "http://127.0.0.1:$nginx_port/metrics"
	echo "$LOAD_P99" >>"$work/p99.nginx"
done
stop "$nginx"
p99=$(spread <"$work/p99")
compare "50 clients, 50 x 2,000 series, p99 us" "$p99" "the limit" 20000/20000/20000 le 1
beside "50 clients, 50 x 2,000 series, p99 us" "$p99" "nginx, the same bytes" "$(spread <"$work/p99.nginx")"
# And as scrapers do it: each about once a second.
echo 'function delay() return math.random(500, 1500) end' >"$work/scrapers.lua"
load "$EXPORTER_SECONDS" 50 "http://127.0.0.1:$port/metrics" --script "$work/scrapers.lua"
compare "the same, each client once a second, p99 us" "$LOAD_P99/$LOAD_P99/$LOAD_P99" "the limit" 20000/20000/20000 le 1
load 3 50 "http://127.0.0.1:$port/health"
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
highest_kb=$(awk '/^VmHWM/ { print $2 }' "/proc/$exporter/status")
compare "arbwatch_exporter, highest resident kB" "$highest_kb/$highest_kb/$highest_kb" "the limit" 30720/30720/30720 le 1
compare "arbwatch_exporter, resident kB" "$after_kb/$after_kb/$after_kb" "node_exporter" "$node_kb/$node_kb/$node_kb" le 1
echo "  ($served scrapes of 50 x 2,000 series in $EXPORTER_SECONDS s)"
stop "$exporter"
