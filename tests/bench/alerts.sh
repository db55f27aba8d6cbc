# shellcheck shell=sh
# shellcheck disable=SC2154  # what bench.sh, which sources this, sets
# --- Alerts ---------------------------------------------------------------------------------------------------------
# From a Redis that is killed to the P0 at Alertmanager's receiver: collector, arbwatch_exporter, Prometheus with the shipped
# configuration and rules, Alertmanager; and what the rules cost.  Besides the Redis there are the series of 50 targets, 10
# exchanges, 200 symbols (each with a book and a position at two exchanges), and a day of what ten machines have served, which
# Prometheus looks back to.

ALERTS=$work/alerts
FAULTS=${BENCH_FAULTS:-50}
mkdir -p "$ALERTS/textfiles" "$ALERTS/targets" "$ALERTS/hosts"
series=$("$PYTHON" "$repository/tests/bench/alerts.py" load "$BUILD" "$ALERTS/textfiles") || die "cannot write the series"
"$PYTHON" "$repository/tests/bench/alerts.py" history 10 >"$ALERTS/history" || die "cannot write the history"
promtool tsdb create-blocks-from openmetrics -q "$ALERTS/history" "$ALERTS/tsdb" >"$work/blocks" 2>&1 || die "cannot make blocks"
rm "$ALERTS/history"

alerts_redis=$(free_port) alerts_prometheus=$(free_port) alerts_manager=$(free_port)
spawn alerts_faults "$PYTHON" "$repository/tests/bench/alerts.py" faults "$FAULTS" "$alerts_redis" "$alerts_prometheus" "$ALERTS/port"
alerts_faults=$SPAWNED
spawn alerts_redis_latency "$BUILD/redis_latency" --interval 1s --textfile.directory "$ALERTS/textfiles" \
	--target "main=redis://127.0.0.1:$alerts_redis"
spawn alerts_exporter "$BUILD/arbwatch_exporter" --web.listen-address 127.0.0.1:0 --textfile.directory "$ALERTS/textfiles" --log.level error
printf -- "- targets: ['127.0.0.1:%s']\n" "$(port_of "$SPAWNED")" | tee "$ALERTS/targets/arbwatch.yml" >"$ALERTS/targets/fast.yml"
spawn alerts_node prometheus-node-exporter --web.listen-address=127.0.0.1:0 --collector.disable-defaults \
	--collector.textfile --collector.textfile.directory="$ALERTS/textfiles"
printf -- "- targets: ['127.0.0.1:%s']\n  labels: {fast_lane: 'true'}\n" "$(port_of "$SPAWNED")" >"$ALERTS/targets/node.yml"

# Alertmanager sends a P0 at once and by itself.  That it is over follows after a second, and the next fault is another incident.
await 30 test -s "$ALERTS/port" || die "the receiver does not start"
cat >"$ALERTS/alertmanager.yml" <<END
route: {receiver: bench, group_by: ['...'], group_wait: 0s, group_interval: 1s}
receivers: [{name: bench, webhook_configs: [{url: 'http://127.0.0.1:$(cat "$ALERTS/port")/'}]}]
END
spawn alertmanager prometheus-alertmanager --config.file="$ALERTS/alertmanager.yml" --storage.path="$ALERTS/alertmanager" \
	--web.listen-address="127.0.0.1:$alerts_manager" --cluster.listen-address=

# An alert that fires for another 30 s after its fault is over would make this take half an hour.
cp -r "$repository/prometheus/rules" "$ALERTS/"
sed -i '/keep_firing_for:/d' "$ALERTS/rules/p0.yml"
{
	sed -e '/^alerting:/,/^[a-z]/{/^alerting:/d;/^[ #]/d;/^$/d}' -e "s/127\.0\.0\.1:9090/127.0.0.1:$alerts_prometheus/" \
		"$repository/prometheus/prometheus.yml"
	printf "alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:%s']}]}]}\n" "$alerts_manager"
} >"$ALERTS/prometheus.yml"
spawn alerts_prometheus prometheus --config.file="$ALERTS/prometheus.yml" --storage.tsdb.path="$ALERTS/tsdb" \
	--storage.tsdb.retention.time=30d --web.listen-address="127.0.0.1:$alerts_prometheus"

wait "$alerts_faults" || die "not every fault had its alert: $(tail -n 3 "$work/alerts_faults.log")"
until_p0=$(spread <"$work/alerts_faults.log")
row "$FAULTS faults, s until the P0 is there" "$until_p0" "" "" "" "-"
slowest=$(sort -g "$work/alerts_faults.log" | tail -n 1)
compare "the slowest of them, s" "$slowest/$slowest/$slowest" "the limit, interval + 3 s" 4/4/4 le 1

"$PYTHON" "$repository/tests/bench/alerts.py" cost 5 "$alerts_prometheus" >"$ALERTS/cost" ||
	die "Prometheus does not say what its rules cost"
for group in $(column 1 <"$ALERTS/cost" | sort -u); do
	cost=$(awk -v group="$group" '$1 == group { print $2 * 1000 }' "$ALERTS/cost" | spread)
	row "rule group $group, ms" "$cost" "" "" "" "-"
	median "$cost"
done >"$ALERTS/rows"
grep -v '^[0-9.]*$' "$ALERTS/rows"
sum=$(awk '/^[0-9.]+$/ { sum += $1 } END { print sum }' "$ALERTS/rows")
compare "all rules over $series series, ms" "$sum/$sum/$sum" "the limit" 100/100/100 le 1
fast_series=$(curl -sf "http://127.0.0.1:$alerts_prometheus/api/v1/query?query=count(%7Bjob=%22fast%22%7D)" |
	sed -n 's/.*"value":\[[^,]*,"\([0-9]*\)".*/\1/p')
row "series of the fast lane" "$fast_series" "" "" "" "-"
