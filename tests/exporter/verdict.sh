#!/bin/sh
# One table of reasons: the same faults in the textfiles lead to the same reasons and the same verdict, in /health and in
# Prometheus (prometheus/rules/verdict.yml).

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

textfiles=$work/textfiles
mkdir "$textfiles"
# start_exporter NAME [FLAG...]: sets PORT.
start_exporter() {
	name=$1
	shift
	spawn "$name" "$BUILD/arbwatch_exporter" --web.listen-address 127.0.0.1:0 --textfile.directory "$textfiles" "$@"
	await 30 grep -q msg=started "$work/$name.log" || { cat "$work/$name.log"; exit 1; }
	PORT=$(sed -n 's/.*msg=listening address=127.0.0.1:\([0-9]*\).*/\1/p' "$work/$name.log" | head -n 1)
}
start_exporter plain
plain=$PORT
start_exporter expecting --health.expect redis_latency,postgres_latency,exchange_health --health.expect open_positions,preflight
check "what is alone in Prometheus: a node_exporter that dies" promtool test rules "$repository/prometheus/tests/verdict.yml"
(cd "$repository" && "$PYTHON" tests/exporter/verdict.py "$textfiles" "$plain" "$PORT" "$work") >"$work/faults.out"
cat "$work/faults.out"
