# shellcheck shell=sh
# shellcheck disable=SC2154  # what bench.sh, which sources this, sets
# --- alert_relay ----------------------------------------------------------------------------------------------------
# From startsAt to the request at Telegram's server (paper_chat) with a real Prometheus and Alertmanager; what of that the relay takes;
# what it can take.  Its directory is on a disk, as what is durable has to be: BENCH_DISK.  As a bot of Telegram sends 10 messages a
# minute, the alerts take turns among 20 relays, each with a chat of its own.

RELAYS=20
RELAY_ALERTS=${BENCH_RELAY_ALERTS:-100}
relay_disk=$(mktemp -d "${BENCH_DISK:-/var/tmp}/arbwatch-bench.XXXXXX")
trap 'cleanup; rm -rf "$relay_disk"' EXIT
relay_py() { "$PYTHON" "$repository/tests/bench/relay.py" "$@"; }
percentile() { sort -g "$2" | awk -v p="$1" '{ v[NR] = $1 } END { i = int(NR * p / 100 + 0.999999); print v[i] }'; }
# relay_limit WHAT FILE LIMIT UNIT: p99 of the figures in the file, beside the limit.
relay_limit() {
	row "$1, $4" "$(spread <"$2")" "" "" "" "-"
	relay_p99=$(percentile 99 "$2")
	compare "  99 of 100" "$relay_p99/$relay_p99/$relay_p99" "the limit" "$3/$3/$3" le 1
}

spawn relay_chat "$BUILD/paper_chat" --limit 0
await 30 grep -q '^listening on ' "$work/relay_chat.log" || die "paper_chat does not start"
relay_chat=$(sed -n 's/^listening on //p' "$work/relay_chat.log")
start_postgres
relay_postgres=postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/postgres
relay_values=$(free_port) relay_prometheus=$(free_port) relay_manager=$(free_port) relay_sink=$(free_port)
relay_ports=$("$TOOLS/free_port" "$RELAYS")

# bench_relay NUMBER PORT POSTGRES [SETTING...]: sets SPAWNED.
bench_relay() {
	relay_directory=$(mktemp -d "$relay_disk/XXXXXX")
	cat >"$relay_directory/arbwatch.yml" <<END
alert_relay:
  relay.directory: $relay_directory
  web.listen-address: 127.0.0.1:$2
  history.postgres: $3
  telegram: {url: "$relay_chat", token: "110201543:paper-chat-token", chat: "-100$1"}
  webhook.url: sink=http://127.0.0.1:$relay_sink/
  route: '$4'
END
	spawn "relay-$2" "$BUILD/alert_relay" --config.file "$relay_directory/arbwatch.yml"
	await 30 grep -q msg=started "$work/relay-$2.log" || die "alert_relay does not start: $(tail -n 3 "$work/relay-$2.log")"
}
mkdir "$work/relay-rules"
for first in 0 1000 2000; do
	relay_py rules "$first" "$RELAY_ALERTS" "$RELAYS" >"$work/relay-rules/$first.yml"
	sed -i "s/name: bench/name: bench$first/" "$work/relay-rules/$first.yml"
done
{
	echo "route: {receiver: none, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 5m, routes: ["
	number=0
	for port in $relay_ports; do
		echo "{matchers: ['relay=\"$number\"'], receiver: '$number'},"
		number=$((number + 1))
	done
	echo ']}'
	echo 'receivers: [{name: none},'
	number=0
	for port in $relay_ports; do
		echo "{name: '$number', webhook_configs: [{url: 'http://127.0.0.1:$port/webhook/p0'}]},"
		number=$((number + 1))
	done
	echo ']'
} >"$work/relay-alertmanager.yml"
spawn relay_alertmanager prometheus-alertmanager --config.file="$work/relay-alertmanager.yml" --storage.path="$work/relay-am" \
	--web.listen-address="127.0.0.1:$relay_manager" --cluster.listen-address= --log.level=error
cat >"$work/relay-prometheus.yml" <<END
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: ['$work/relay-rules/*.yml']
scrape_configs: [{job_name: bench, static_configs: [{targets: ['127.0.0.1:$relay_values']}]}]
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:$relay_manager']}]}]}
END
spawn relay_prometheus prometheus --config.file="$work/relay-prometheus.yml" --storage.tsdb.path="$work/relay-tsdb" \
	--web.listen-address="127.0.0.1:$relay_prometheus"
await 60 curl -sf "http://127.0.0.1:$relay_prometheus/-/ready" || die "Prometheus does not start"

# p0 WHAT FIRST POSTGRES [P2-THAT-WAIT]: 100 alerts.
p0() {
	number=0 relay_pids=''
	for port in $relay_ports; do
		bench_relay "$number" "$port" "$3" '-> telegram:main'
		number=$((number + 1)) relay_pids="$relay_pids $SPAWNED"
	done
	# shellcheck disable=SC2046,SC2086 # a port is a word, and so is a URL
	[ $# -lt 4 ] || relay_py queue "$4" $(printf 'http://127.0.0.1:%s ' $relay_ports) || die "the queue is not taken"
	relay_py p0 "$2" "$RELAY_ALERTS" "$RELAYS" "$relay_values" "http://127.0.0.1:$relay_manager" "$relay_chat" >"$work/relay-p0" ||
		die "not every alert arrived"
	relay_limit "$RELAY_ALERTS P0 to Telegram$1" "$work/relay-p0" 1 s
	if [ $# -ge 4 ]; then
		for port in $relay_ports; do
			curl -sf "http://127.0.0.1:$port/metrics" | awk '/^alert_relay_outbox_tasks.*telegram/ { print $2 }'
		done >"$work/relay-waits"
		row "  P2 that still wait in each relay" "$(spread <"$work/relay-waits")" "" "" "" "-"
	fi
	for pid in $relay_pids; do stop "$pid"; done
}
p0 '' 0 "$relay_postgres"
p0 ', PostgreSQL down' 1000 "postgresql://arbwatch@127.0.0.1:$(free_port)/postgres"
p0 ', 2,000 P2 wait' 2000 "$relay_postgres" 2000

# The relay alone.
relay_port=$(free_port)
relay_url=http://127.0.0.1:$relay_port
relay_py sync 200 "$relay_disk" >"$work/relay-sync" || die "the disk does not work"
row "fsync of 4 KiB, ms" "$(spread <"$work/relay-sync")" "" "" "" "-"
bench_relay 1 "$relay_port" "$relay_postgres" '-> webhook:sink'
relay_pid=$SPAWNED
relay_py own 300 "$relay_url" "$relay_sink" >"$work/relay-own" || die "not every alert arrived"
relay_limit "webhook to channel" "$work/relay-own" 20 ms
spawn relay_sink "$PYTHON" "$repository/tests/bench/relay.py" sink "$relay_sink"
relay_py large 10 1000 "$relay_url" >"$work/relay-large" || die "a large request is not taken"
row "a webhook of 1,000 alerts, s" "$(spread <"$work/relay-large")" "" "" "" "-"
slowest=$(sort -g "$work/relay-large" | tail -n 1)
compare "  the slowest of 10" "$slowest/$slowest/$slowest" "the limit" 1/1/1 le 1
relay_quiet() {
	curl -sf "$relay_url/metrics" >"$work/relay-metrics" && grep -qx 'alert_relay_history_pending_events 0' "$work/relay-metrics" &&
		! grep -q '^alert_relay_outbox_tasks.* [1-9]' "$work/relay-metrics"
}
await 120 relay_quiet || die "alert_relay does not come to rest"
relay_open=$(awk '/^alert_relay_open_incidents/ { sum += $2 } END { print sum }' "$work/relay-metrics")
resident=$(resident_kb "$relay_pid")
compare "$relay_open open incidents, resident kB" "$resident/$resident/$resident" "the limit" 24576/24576/24576 le 1
resident=$(awk '/^VmHWM/ { print $2 }' "/proc/$relay_pid/status")
row "  the most that it had, kB" "$resident" "" "" "" "-"
relay_py rate 10 "$relay_url" >"$work/relay-rate" || die "alerts are not taken"
row "alerts a second, durable and answered, in 10 s" "$(spread <"$work/relay-rate")" "" "" "" "-"
compare "  us for each" "$(awk '{ print 1e6 / $1 }' "$work/relay-rate" | spread)" "the limit, 2,000 a second" 500/500/500 le 1
stop "$relay_pid"
rm -rf "$relay_disk"
