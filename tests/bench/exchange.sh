# shellcheck shell=sh
# shellcheck disable=SC2154  # what bench.sh, which sources this, sets
# --- HTTP -----------------------------------------------------------------------------------------------------------
# 100 endpoints, each of a host of its own, that answer after 50 ms.  The exporter is asked for all 100 at once, as
# Prometheus would at the worst; our figures are of the same 100 in one run, with the connections kept open, and
# (one-shot) with new ones and the start of the program.

HTTP_RUNS=${BENCH_HTTP_RUNS:-40}

spawn slow_http "$TOOLS/slow_http" 50 100
slow_http=$SPAWNED
await 20 sh -c "[ \"\$(wc -l <'$work/slow_http.log')\" -eq 100 ]" || die "slow_http does not start"
endpoints=$(sed 's|.*|http://127.0.0.1:&/|' "$work/slow_http.log")

# http_field NAME FILE: the values of a field of the lines about whole runs.
http_field() { sed -nE "s/^run=[0-9]+ (took=.* )?$1=([^ ]+).*/\\2/p" "$2"; }
http_us() { http_field "$1" "$2" | awk '{ print $1 * 1e6 }' | spread; }

# shellcheck disable=SC2086  # words are meant
"$TOOLS/get" --quiet --repeat "$HTTP_RUNS" --connections 200 $endpoints >"$work/http.loop" || die "get failed"
for _ in $(seq "$HTTP_RUNS"); do
	# shellcheck disable=SC2086  # words are meant
	"$TOOLS/get" --quiet --connections 200 $endpoints >>"$work/http.once" || die "get failed"
done
http_slowest() { http_us slowest "$1"; }
compare "100 endpoints in one run, us" "$(http_us took "$work/http.once")" "the slowest answer" \
	"$(http_slowest "$work/http.once")" le 1.5
compare "100 endpoints, kept connections, us" "$(http_us took "$work/http.loop")" "the slowest answer" \
	"$(http_slowest "$work/http.loop")" le 1.5

printf 'modules:\n  http_2xx:\n    prober: http\n    timeout: 5s\n' >"$work/blackbox.yml"
spawn blackbox prometheus-blackbox-exporter --config.file "$work/blackbox.yml" --web.listen-address 127.0.0.1:0
blackbox=$SPAWNED port=$(port_of "$SPAWNED")
await 20 curl -sf --noproxy '*' "http://127.0.0.1:$port/metrics" || die "prometheus-blackbox-exporter does not start"
probes=$(for each in $endpoints; do echo "http://127.0.0.1:$port/probe?module=http_2xx&target=$each"; done)
for _ in $(seq "$HTTP_RUNS"); do
	cpu_before=$(cpu_us "$blackbox")
	# shellcheck disable=SC2086  # words are meant
	"$TOOLS/get" --connections 200 --save "$work/probed" $probes >"$work/http.probes" || die "get failed"
	[ "$(grep -c 'status=200 kind=none' "$work/http.probes")" -eq 100 ] || die "the exporter did not answer all"
	grep -qx 'probe_success 1' "$work/probed" || die "the exporter's probe failed"
	echo "$cpu_before $(cpu_us "$blackbox")"
done | awk '{ print $2 - $1 }' >"$work/blackbox.cpu"
blackbox_cpu=$(spread <"$work/blackbox.cpu")
compare "100 endpoints in one run, CPU us" "$(http_us all_cpu "$work/http.once")" "prometheus-blackbox-exporter" \
	"$blackbox_cpu" le 0.5
compare "100 endpoints, kept connections, CPU us" "$(http_us cpu "$work/http.loop")" "prometheus-blackbox-exporter" \
	"$blackbox_cpu" le 0.5
http_kb=$(http_field resident_kb "$work/http.loop" | tail -n 1)
blackbox_kb=$(resident_kb "$blackbox")
compare "HTTP client after $HTTP_RUNS runs, resident kB" "$http_kb/$http_kb/$http_kb" "prometheus-blackbox-exporter" \
	"$blackbox_kb/$blackbox_kb/$blackbox_kb" le 1
stop "$blackbox"
stop "$slow_http"

# One host, many requests: the cost of each.
spawn slow_http "$TOOLS/slow_http" 0 1 500
slow_http=$SPAWNED
await 20 test -s "$work/slow_http.log" || die "slow_http does not start"
endpoint=http://127.0.0.1:$(cat "$work/slow_http.log")/
for each in 10 1000; do
	"$TOOLS/get" --quiet --repeat $((20000 / each)) --times "$each" --connections 64 "$endpoint" >"$work/http.$each" ||
		die "get failed"
	http_field cpu "$work/http.$each" | awk -v n="$each" '{ print $1 * 1e6 / n }' | spread >"$work/http.$each.cpu"
done
compare "1,000 requests to one host, CPU us each" "$(cat "$work/http.1000.cpu")" "ours, 10 requests" \
	"$(cat "$work/http.10.cpu")" le 1.25
stop "$slow_http"

# --- exchange_health ------------------------------------------------------------------------------------------------
# The paper exchange answers every symbol with the same book here: its profile asks for one, whatever the symbol, and
# knows of no limit.
spawn paper "$BUILD/paper_exchange" --listen 127.0.0.1:0
paper=$SPAWNED port=$(port_of "$SPAWNED")
await 20 curl -sf --noproxy '*' "http://127.0.0.1:$port/binance/api/v3/time" || die "paper_exchange does not start"
mkdir "$work/profiles"
sed -e 's/symbol={symbol}/symbol=BTCUSDT\&asked={symbol}/' -e 's/ceiling: .*/ceiling: 1000000000/' \
	-e '/^  symbols:/,/every_runs/d' -e '/^symbols:/,/tradable/d' "$repository/exchanges/binance.yaml" \
	>"$work/profiles/binance.yaml"

# health SYMBOLS: a loop; sets HEALTH_CPU (us per run and symbol) and HEALTH_KB.
health() {
	set -- "$1" --exchange "binance=http://127.0.0.1:$port/binance"
	count=$1
	shift
	for each in $(seq "$count"); do set -- "$@" --symbol "S$each/USDT"; done
	rm -f "$textfiles/exchange_health.prom"
	spawn exchange_health "$BUILD/exchange_health" --exchange.profiles "$work/profiles" "$@" --weight.limit 100000 \
		--interval 500ms --log.level error
	health=$SPAWNED
	await 30 enough_runs exchange_health 3 || die "exchange_health publishes nothing"
	for _ in 1 2 3 4 5; do
		cpu_before=$(cpu_us "$health")
		runs_before=$(runs_of exchange_health)
		await 30 enough_runs exchange_health $((runs_before + 2))
		runs_after=$(runs_of exchange_health)
		echo "$cpu_before $(cpu_us "$health") $runs_before $runs_after"
	done | awk -v n="$count" '{ print ($2 - $1) / ($4 - $3) / n }' >"$work/health"
	HEALTH_CPU=$(spread <"$work/health")
	HEALTH_KB=$(resident_kb "$health")
	stop "$health"
}
health 10
ten=$HEALTH_CPU
compare "exchange_health loop, resident kB" "$HEALTH_KB/$HEALTH_KB/$HEALTH_KB" "the limit" 16384/16384/16384 le 1
health 1000
compare "1,000 books of one exchange, CPU us each" "$HEALTH_CPU" "ours, 10 books" "$ten" le 1.25
stop "$paper"
