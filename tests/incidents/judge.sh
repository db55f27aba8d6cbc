#!/bin/sh
# What the incidents' tests say of a message or a row of the history that is wrong: each complaint can arise.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

run 0 "$PYTHON" "$repository/tests/incidents/judge.py"
cat "$work/out" "$work/err"
count=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$work/out")
passed=$((passed + ${count:-0} - 1))
finish
