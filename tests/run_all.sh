#!/usr/bin/env bash
# run_all.sh [NAME...]: run the unit tests (BUILD/tests/test_*) and the scenarios
# (tests/*.sh), all of them or those named, and sum their totals.
#
#	BUILD         the tree with the programs (default: build)
#	JOBS          how many run at once (default: 2)
#	TEST_TIMEOUT  seconds until a test is ended (default: 400)
#
# Every test prints "N passed, N failed[, N skipped]" as its last line.  A test
# that does not, or whose exit status disagrees, is one failure more.  A scenario
# with a line "# Runs alone: WHY" gets the machine for itself, after the others.

set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
export BUILD
jobs=${JOBS:-2}
logs=$(mktemp -d "${TMPDIR:-/tmp}/arbwatch-run.XXXXXX")
passed=0 failed=0 skipped=0
declare -A running=() # process id -> name

finish() {
	trap - EXIT
	if [ ${#running[@]} -gt 0 ]; then
		kill "${!running[@]}" 2>/dev/null # each is a timeout(1), which passes it on
		wait
	fi
	rm -rf "$logs"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

all_tests() {
	local file

	for file in "$BUILD"/tests/test_*; do
		[ ! -x "$file" ] || [ -d "$file" ] || basename "$file"
	done
	for file in tests/*.sh; do
		case ${file##*/} in
		lib*.sh | run_all.sh) ;;
		*) basename "$file" ;;
		esac
	done
}

# What to run for a name; nothing if there is no such test.
program_of() {
	local file

	for file in "$BUILD/tests/$1" "tests/$1" "tests/$1.sh"; do
		[ -f "$file" ] && [ -x "$file" ] && echo "$file" && return
		case $file in
		*.sh) [ -f "$file" ] && echo "$file" && return ;;
		esac
	done
}

runs_alone() {
	case $1 in
	*.sh) grep -q '^# Runs alone: ' "$1" ;;
	*) false ;;
	esac
}

# SIGINT would otherwise be ignored in all that a background job starts.
start() {
	local program

	program=$(program_of "$1")
	echo "$EPOCHREALTIME" >"$logs/$1.began"
	case $program in
	*.sh) set -- "$1" sh "$program" ;;
	*) set -- "$1" "$program" ;;
	esac
	env --default-signal=INT timeout --kill-after=20 "${TEST_TIMEOUT:-400}" "${@:2}" \
		</dev/null >"$logs/$1.log" 2>&1 &
	running[$!]=$1
}

seconds_since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'; }

# The totals of one test: "PASSED FAILED SKIPPED", or nothing.
totals_of() {
	tail -n 1 "$1" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 0\4/p'
}

report() { # report NAME STATUS
	local name=$1 status=$2 log=$logs/$1.log p=0 f=0 s=0 why='' verdict=ok

	read -r p f s <<<"$(totals_of "$log")"
	if [ -z "$p" ]; then
		p=0 f=1 s=0 why="no totals, exit status $status"
		[ "$status" -ne 124 ] || why="took longer than ${TEST_TIMEOUT:-400} s"
	elif [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1 why="exit status $status"
	elif [ "$status" -eq 0 ] && [ "$f" -ne 0 ]; then
		why="exit status 0 in spite of failures"
	fi
	s=$((10#$s))
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$f" -eq 0 ] || verdict=FAILED
	printf '%-6s %-32s %5d passed, %d failed, %d skipped  %6s s%s\n' "$verdict" \
		"$name" "$p" "$f" "$s" "$(seconds_since "$(<"$logs/$name.began")")" "${why:+  ($why)}"
	if [ "$f" -eq 0 ]; then
		grep '^SKIPPED' "$log" | sed 's/^/       /'
	else
		sed 's/^/    /' "$log"
	fi
}

collect_one() {
	local pid status=0

	wait -n -p pid "${!running[@]}" || status=$?
	report "${running[$pid]}" "$status"
	unset "running[$pid]"
}

# run_tests JOBS NAME...
run_tests() {
	local most=$1 name

	shift
	for name in "$@"; do
		[ ${#running[@]} -lt "$most" ] || collect_one
		start "$name"
	done
	while [ ${#running[@]} -gt 0 ]; do
		collect_one
	done
}

together=() alone=()
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(all_tests)
for name in "${names[@]}"; do
	program=$(program_of "$(basename "$name")")
	if [ -z "$program" ]; then
		echo "FAILED $name: no such test"
		failed=$((failed + 1))
	elif runs_alone "$program"; then
		alone+=("$(basename "$program")")
	else
		together+=("$(basename "$program")")
	fi
done
run_tests "$jobs" "${together[@]}"
run_tests 1 "${alone[@]}"

if [ $((passed + failed + skipped)) -eq 0 ]; then
	echo "no test ran"
	failed=1
fi
if [ "$skipped" -gt 0 ]; then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
