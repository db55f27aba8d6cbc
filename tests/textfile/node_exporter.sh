#!/bin/sh
# What the collectors write, asked of those who read it: the real node_exporter
# serves every series of every file, promtool has nothing to say, and Debian's
# Python client reads the same values.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# For one-shot runs: a good target, one that refuses, one that is no such server.
redis_run() {
	"$BUILD/redis_latency" --timeout 5s --samples 5 --target "main=redis://127.0.0.1:$REDIS_PORT" \
		--target "gone=redis://127.0.0.1:$CLOSED_PORT" --target "other=redis://127.0.0.1:$POSTGRES_PORT" \
		--target "odd.na-me_1=redis://nobody:wrong@127.0.0.1:$REDIS_PORT" "$@"
}
postgres_run() {
	"$BUILD/postgres_latency" --timeout 5s --samples 5 \
		--target "main=postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/postgres" \
		--target "gone=postgresql://arbwatch@127.0.0.1:$CLOSED_PORT/postgres" \
		--target "other=host=127.0.0.1 port=$REDIS_PORT user=somebody password=something" \
		--target "denied=host=127.0.0.1 port=$POSTGRES_PORT user=arbwatch password=wrong" "$@"
}

start_node_exporter() {
	spawn node_exporter prometheus-node-exporter --web.listen-address=127.0.0.1:0 \
		--web.disable-exporter-metrics --collector.disable-defaults \
		--collector.textfile --collector.textfile.directory="$textfiles"
	NODE_PORT=$(port_of "$SPAWNED")
	await 30 served || { cat "$work/node_exporter.log"; exit 1; }
}

served() { curl -sS --fail --max-time 60 "http://127.0.0.1:$NODE_PORT/metrics" >"$work/served"; }
served_has() { served && grep -qxF -- "$1" "$work/served"; }
complaints() {
	grep -iE 'level=(error|warn)' "$work/node_exporter.log" | grep -v 'running as root' |
		cut -c 1-300 | grep .
}
promtool_clean() { promtool check metrics <"$1"; }
linted() { "$BUILD/textfile_lint" "$@"; }

# Every family and series of the files, as the Python client reads them, is in what is served: same
# type, same HELP, same labels, same value.  And nothing of ours is served that is in no file.
cat >"$work/compare.py" <<'END'
import glob, math, sys
from prometheus_client.parser import text_string_to_metric_families as parse

def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(parse(file.read()))

def series_of(families):
    series = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            if key in series:
                sys.exit(f"twice: {key}")
            series[key] = (family.type, family.documentation, sample.value)
    return series

def same(one, other):
    return one[:2] == other[:2] and (one[2] == other[2] or math.isnan(one[2]) and math.isnan(other[2]))

paths = sorted(glob.glob(sys.argv[2] + "/*.prom"))
written = {}
for path in paths:
    of_file = series_of(read(path))
    doubles = written.keys() & of_file.keys()
    if doubles:
        sys.exit(f"{path}: also in another file: {sorted(doubles)[:3]}")
    if not of_file:
        sys.exit(f"{path}: no series")
    written.update(of_file)
served = series_of(read(sys.argv[1]))
wrong = [f"{key}: written {value}, served {served.get(key)}" for key, value in written.items()
         if key not in served or not same(value, served[key])]
wrong += [f"{key}: served, but in no file" for key in served
          if key[0].startswith("arbitrage_") and key not in written]
times = {dict(key[1])["file"].split("/")[-1] for key in served if key[0] == "node_textfile_mtime_seconds"}
if times != {path.split("/")[-1] for path in paths}:
    wrong.append(f"files: {paths}, taken: {times}")
print("\n".join(wrong) or f"{len(written)} series of {len(paths)} files")
sys.exit(bool(wrong) or len(paths) != int(sys.argv[3]))
END
same_series() { served && "$PYTHON" "$work/compare.py" "$work/served" "$textfiles" "$1"; }

# accepted WHEN FILES: all readers agree on the directory as it is now, with that many files.
accepted() {
	check "$1: node_exporter serves every series, with the Python client's values" same_series "$2"
	check "$1: node_exporter has no complaint" served_has 'node_textfile_scrape_error 0'
	refute "$1: nor in its log" complaints
	check "$1: promtool is clean on all of it together" promtool_clean "$work/served"
	for file in "$textfiles"/*.prom; do
		check "$1: promtool is clean on $(basename "$file")" promtool_clean "$file"
	done
	check "$1: textfile_lint is clean on the directory" linted "$textfiles"
}

closed_port
start_redis
start_postgres
start_node_exporter

run 0 redis_run
accepted "one file" 1
run 0 postgres_run
accepted "first runs" 2
check "a target that failed is down, and served" served_has 'arbitrage_redis_up{env="paper",target="gone"} 0'
check "a target that answers is up, and served" \
	served_has 'arbitrage_postgres_up{env="paper",target="main"} 1'
run 0 redis_run
run 0 postgres_run
accepted "second runs" 2
check "the second run goes on counting" \
	served_has 'arbitrage_redis_latency_seconds_count{env="paper",target="main"} 10'
check "of Postgres too" \
	served_has 'arbitrage_postgres_latency_seconds_count{env="paper",target="main"} 10'

# The same collectors again under other names, as for a second bot.
run 0 redis_run --name redis_second --env live
run 0 postgres_run --name postgres_second --env live
accepted "two of each" 4

# Everything down: verdicts only.
stop "$REDIS_PID"
stop "$POSTGRES_PID"
run 0 redis_run
run 0 postgres_run
accepted "with both servers down" 4
check "Redis is down" served_has 'arbitrage_redis_up{env="paper",target="main"} 0'
check "Postgres is down" served_has 'arbitrage_postgres_up{env="paper",target="main"} 0'
check "what was counted stays" \
	served_has 'arbitrage_redis_latency_seconds_count{env="paper",target="main"} 10'

finish
