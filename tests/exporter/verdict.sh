#!/bin/sh
# One table of reasons: the same faults in the textfiles lead to the same reasons and the same verdict, in /health and in
# Prometheus (prometheus/rules/verdict.yml).

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$repository" || exit 1

# start_exporter NAME [FLAG...]: sets PORT.
start_exporter() {
	name=$1
	shift
	spawn "$name" "$BUILD/arbwatch_exporter" --web.listen-address 127.0.0.1:0 --textfile.serve "$@"
	await 30 grep -q msg=started "$work/$name.log" || { cat "$work/$name.log"; exit 1; }
	PORT=$(sed -n 's/.*msg=listening address=127.0.0.1:\([0-9]*\).*/\1/p' "$work/$name.log" | head -n 1)
}
start_exporter plain
plain=$PORT
all=redis_latency,postgres_latency,exchange_health,open_positions,engine_state,preflight
start_exporter expecting --health.expect "${all%,open_positions*}" --health.expect open_positions,engine_state,preflight

# The shipped configuration at a quicker pace; the second exporter takes node_exporter's place, and has the fast lane.
mkdir "$work/targets"
printf -- "- targets: ['127.0.0.1:%s']\n  labels: {fast_lane: 'true'}\n" "$PORT" >"$work/targets/node.yml"
printf -- "- targets: ['127.0.0.1:%s']\n" "$PORT" >"$work/targets/fast.yml"
cp -r prometheus/rules "$work/"
sed -e 's/^\( *scrape_interval\):.*/\1: 1s/' -e 's/^\( *scrape_timeout\):.*/\1: 1s/' -e 's/^\( *evaluation_interval\):.*/\1: 1s/' \
	prometheus/prometheus.yml >"$work/prometheus.yml"
spawn prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:0
prometheus=$(port_of "$SPAWNED")

run 0 "$PYTHON" tests/exporter/verdict.py "$textfiles" "$plain" "$PORT" "$work" "$prometheus"
cat "$work/out" "$work/err"
count=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$work/out")
passed=$((passed + ${count:-0} - 1))

# All that must be written must be known; a list of nothing is as none.
for wrong in 'redis latency' ',redis_latency' 'a,,b' 'a,' "$(printf 'a\nb')"; do
	run 2 "$BUILD/arbwatch_exporter" --health.expect "$wrong" --config.check
	check "the error names the flag" grep -q -- '--health.expect: .*not a list of collectors' "$work/err"
done
run 0 env ARBWATCH_HEALTH_EXPECT= "$BUILD/arbwatch_exporter" --config.check
finish
