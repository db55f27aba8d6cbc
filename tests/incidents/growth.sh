#!/bin/sh
# What grows is found, and what does not is left alone: the judgement of the day on paper (make day) over made-up samples.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

run 0 "$PYTHON" "$repository/tests/incidents/growth.py"
cat "$work/out" "$work/err"
count=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$work/out")
passed=$((passed + ${count:-0} - 1))
finish
