#!/bin/sh
# run.sh: each fuzz target of BUILD for FUZZ_SECONDS (default 20), beginning with the
# files of tests/fuzz/corpus/NAME (for fuzz_NAME) or, without that, of tests/corpus.
# What it finds goes to $BUILD/fuzz, the repository stays as it is.  Ends with
# "N passed, N failed".

set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${FUZZ_SECONDS:-20}
passed=0 failed=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/arbwatch-fuzz.XXXXXX")
running=''
# The shell would otherwise wait for the target to end by itself.
trap '[ -z "$running" ] || kill "$running" 2>/dev/null; rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP

for source in tests/fuzz/fuzz_*.c; do
	[ -f "$source" ] || continue
	name=$(basename "$source" .c)
	target=${BUILD:-build}/fuzz/$name
	# The first directory is the one libFuzzer writes to.
	mkdir "$scratch/$name"
	corpus=tests/fuzz/corpus/${name#fuzz_}
	[ -d "$corpus" ] || corpus=tests/corpus
	"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
		-artifact_prefix="${BUILD:-build}/fuzz/$name-" -print_final_stats=1 \
		"$scratch/$name" "$corpus" >"$scratch/log" 2>&1 </dev/null &
	running=$!
	if wait "$running"; then
		passed=$((passed + 1))
		printf 'ok     %s: %s runs\n' "$name" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/log")"
	else
		failed=$((failed + 1))
		printf 'FAILED %s\n' "$name"
		tail -n 60 "$scratch/log" | sed 's/^/    /'
	fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
