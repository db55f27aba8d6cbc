#!/usr/bin/env bash
# run_all.sh [NAME...]: run the unit tests (test_*.c) and the scenarios (*.sh) of
# tests/ and its folders, all of them or those named, and sum their totals.  A name
# is that of a file; its folder and its .c or .sh may be left out.
#
# run_all.sh --list: print all names, without folders, .c and .sh.
#
#	BUILD         the tree with the programs (default: build)
#	JOBS          how many run at once (default: two more than there are processors, for each waits now and then)
#	TEST_TIMEOUT  seconds until a test is ended (default: 900)
#
# Every test prints "N passed, N failed[, N skipped]" as its last line.  A test
# that does not, or whose exit status disagrees, is one failure more.  A scenario
# with a line "# Runs alone: WHY" gets the machine for itself, after the others.

set -u
cd "$(dirname "$0")/.." || exit 1

# files PATTERN: the paths of those called so, in the order of their names; not what tests use, nor what other runners start.
files() {
	find tests -regex 'tests/\(bare\|bench\|e2e\|fuzz\|tools\)' -prune -o -type f -name "$1" -printf '%f/%p\n' |
		grep -v '^lib.*\.sh/\|^run_all\.sh/' | LC_ALL=C sort | cut -d/ -f2-
}
# The longest ones, which run first, so that none of them is left alone at the end; then the others by their names.
longest='paper_engine_run run dashboards boards rules paper_engine_control preflight paper_engine_feeds paper_engine_universe
	toy_collector preflight_git preflight_output postgres_latency arbwatch_exporter status_page preflight_alerts preflight_hung
	open_positions_faults paper_exchange exchange_faults engine preflight_guard documented_commands open_positions redis_latency
	alert_relay trades http routes loop verdict textfile_lint node_exporter state directory'
found=()
declare -A source_of=() # name -> the file; more than one is a mistake
while read -r file; do
	name=${file##*/} name=${name%.*}
	[ -n "${source_of[$name]-}" ] || found+=("$name")
	source_of[$name]+="${source_of[$name]+ }$file"
done < <(files 'test_*.c'; files '*.sh')
names=() # in the order in which they run
for name in $longest "${found[@]}"; do
	[ -z "${source_of[$name]-}" ] || [[ " ${names[*]} " == *" $name "* ]] || names+=("$name")
done
if [ "${1-}" = --list ]; then
	printf '%s\n' "${names[@]}"
	exit
fi

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
export BUILD
jobs=${JOBS:-$(($(nproc) + 2))}
logs=$(mktemp -d "${TMPDIR:-/tmp}/arbwatch-run.XXXXXX")
export ARBWATCH_TEST_CLUSTERS=$logs # see make_cluster_template
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

declare -A program_of=() # name -> what to run
together=() alone=()

# add NAME: to what is to run.
add() {
	local program=${source_of[${1:--}]-} why=''

	case $program in
	'') why="no such test" ;;
	*' '*) why="that is the name of $program" ;;
	*.c)
		program=$BUILD/${program%.c}
		[ -x "$program" ] || why="it is not built"
		;;
	esac
	if [ -n "$why" ]; then
		echo "FAILED $1: $why"
		failed=$((failed + 1))
		return
	fi
	program_of[${program##*/}]=$program
	if runs_alone "$program"; then
		alone+=("${program##*/}")
	else
		together+=("${program##*/}")
	fi
}

runs_alone() {
	case $1 in
	*.sh) grep -q '^# Runs alone: ' "$1" ;;
	*) false ;;
	esac
}

# SIGINT would otherwise be ignored in all that a background job starts.
start() {
	local program=${program_of[$1]}

	echo "$EPOCHREALTIME" >"$logs/$1.began"
	case $program in
	*.sh) set -- "$1" sh "$program" ;;
	*) set -- "$1" "$program" ;;
	esac
	env --default-signal=INT timeout --kill-after=20 "${TEST_TIMEOUT:-900}" "${@:2}" \
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
		[ "$status" -ne 124 ] || why="took longer than ${TEST_TIMEOUT:-900} s"
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

wanted=("${@##*/}")
wanted=("${wanted[@]%.*}")
[ $# -gt 0 ] || wanted=("${names[@]}")
for name in "${wanted[@]}"; do
	add "$name"
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
