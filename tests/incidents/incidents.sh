#!/bin/sh
# Incidents, end to end: the scenarios that are marked `core`, in whole stacks (`make incidents` runs all of them), and that the
# runner notices what is wrong.
#
# Runs alone: an answer that comes a second late is an incident to these stacks.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$repository" || exit 1
incidents=$repository/tests/incidents

# count_in FILE: what another program has counted.
count_in() {
	read -r p f s <<-END
		$(tail -n 1 "$1" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$/\1 \2 0\4/p')
	END
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-1})) skipped=$((skipped + ${s:-0}))
	grep -E '^(FAILED|SKIPPED|  the first time)' "$1"
}

spawn can_fail "$PYTHON" "$incidents/can_fail.py" "$BUILD" "$work/can_fail"
can_fail=$SPAWNED
# A machine that has other things to do is later, and now and then it is too late for what a scenario says.
INCIDENTS_LATE=${INCIDENTS_LATE:-20} run 0 "$PYTHON" "$incidents/run.py" "$BUILD" --core --stacks 4 --twice
cat "$work/out" "$work/err"
count_in "$work/out"
wait "$can_fail"
check "the runner's own test ended well" test $? = 0
count_in "$work/can_fail.log"
finish
