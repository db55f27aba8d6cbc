# shellcheck shell=sh
# shellcheck disable=SC2154  # what bench.sh, which sources this, sets
# --- preflight ------------------------------------------------------------------------------------------------------
# All eight checks against local servers and six exchanges on paper: the whole run beside its slowest check, both as
# the evidence has them; and its start-up.

PREFLIGHT_RUNS=${BENCH_PREFLIGHT_RUNS:-40}

# shellcheck source=tests/lib_preflight.sh
. "$repository/tests/lib_preflight.sh"
start_all
before_failures=$failed
for each in $(seq "$PREFLIGHT_RUNS"); do
	began=$(now_ns)
	gate 0 paper --secrets.processes yes --no-metrics
	[ "$failed" -eq "$before_failures" ] || die "preflight failed"
	echo "$((($(now_ns) - began) / 1000)) $(evidence \
		'run["duration_seconds"] * 1e6, max(each["duration_seconds"] for each in run["checks"]) * 1e6' | tr -d '(),')"
done >"$work/preflight.runs"
preflight_us() { column "$1" <"$work/preflight.runs" | spread; }
compare "preflight, eight checks, us" "$(preflight_us 2)" "its slowest check" "$(preflight_us 3)" le 1.5
"$TOOLS/race" "$PREFLIGHT_RUNS" -- "$preflight" --version -- /bin/true >"$work/race" || die "race failed"
compare "preflight's start-up, us" "$(race_wall 1)" "the limit" 15000/15000/15000 le 1
