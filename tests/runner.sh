#!/bin/sh
# The test runner itself: what it counts, and that nothing passes by accident.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

tree=$work/tree
mkdir -p "$tree/tests/room/part" "$tree/tests/tools" "$tree/build/tests/room"
cp "$repository/tests/run_all.sh" "$tree/tests/"
: >"$tree/tests/lib.sh"

# scenario NAME: a scenario of the made-up tree, from standard input; folders may come before the name.
scenario() { cat >"$tree/tests/$1.sh"; }

last_line() { [ "$(tail -n 1 "$work/out")" = "$1" ]; }
says() { grep -qF -- "$1" "$work/out"; }
runner() { env BUILD="$tree/build" TMPDIR="$work" "$tree/tests/run_all.sh" "$@"; }

run 1 runner
check "no tests at all is a failure" last_line "0 passed, 1 failed"

scenario good <<'END'
echo "noise of the good one"
echo "3 passed, 0 failed"
END
: >"$tree/tests/room/test_unit.c"
run 1 runner
check "a unit test that is not built is a failure" last_line "3 passed, 1 failed"
printf '#!/bin/sh\necho "4 passed, 0 failed"\n' >"$tree/build/tests/room/test_unit"
chmod +x "$tree/build/tests/room/test_unit"
# Left from another time, without a source.
cp "$tree/build/tests/room/test_unit" "$tree/build/tests/test_gone"
run 0 runner
check "scenarios and unit tests are summed" last_line "7 passed, 0 failed"
refute "the output of a good test is not shown" says "noise of the good one"

scenario room/part/deep <<'END'
echo "5 passed, 0 failed"
END
scenario tools/helper <<'END'
echo "0 passed, 1 failed"
END
run 0 runner
check "scenarios in folders are found, but not what tests use" last_line "12 passed, 0 failed"
for name in deep deep.sh tests/room/part/deep.sh; do
	run 0 runner "$name" test_unit
	check "$name is enough of a name" last_line "9 passed, 0 failed"
done
run 0 runner --list
check "the names are listed, unit tests first" test "$(tr '\n' ' ' <"$work/out")" = 'test_unit deep good '
scenario room/good <<'END'
echo "1 passed, 0 failed"
END
run 1 runner
check "two of a name are a failure" last_line "9 passed, 1 failed"
check "both are told" says "FAILED good: that is the name of tests/good.sh tests/room/good.sh"
rm "$tree/tests/room/good.sh" "$tree/tests/room/part/deep.sh"

scenario skipping <<'END'
echo "SKIPPED skipping: one thing: no reason"
echo "1 passed, 0 failed, 1 skipped"
END
run 0 runner good skipping
check "what was skipped is in the totals" last_line "4 passed, 0 failed, 1 skipped"
check "what was skipped is shown" says "SKIPPED skipping: one thing"

scenario bad <<'END'
echo "noise of the bad one"
echo "2 passed, 1 failed"
exit 1
END
run 1 runner
check "a failure is in the totals" last_line "10 passed, 1 failed, 1 skipped"
check "the output of a bad test is shown whole" says "noise of the bad one"
run 0 runner good.sh
check "only the named ones run" last_line "3 passed, 0 failed"
run 1 runner good nobody
check "a name without a test is a failure" last_line "3 passed, 1 failed"

scenario lying <<'END'
echo "2 passed, 1 failed"
END
run 1 runner lying
check "failed totals fail in spite of exit status 0" last_line "2 passed, 1 failed"

scenario dying <<'END'
echo "2 passed, 0 failed"
exit 23
END
run 1 runner dying
check "an exit status fails in spite of good totals" last_line "2 passed, 1 failed"

scenario silent <<'END'
echo "all is well"
END
run 1 runner silent
check "no totals is a failure" last_line "0 passed, 1 failed"

scenario hanging <<'END'
exec sleep 1000
END
run 1 env TEST_TIMEOUT=1 BUILD="$tree/build" TMPDIR="$work" "$tree/tests/run_all.sh" hanging
check "a test that hangs is ended, and a failure" last_line "0 passed, 1 failed"

# The line that asks for it is no line of this script, which need not be alone.
printf '# Runs alone: it looks for others.\n' >"$tree/tests/alone.sh"
cat >>"$tree/tests/alone.sh" <<'END'
if [ -e "$BUILD/here" ]; then echo "0 passed, 1 failed"; else echo "1 passed, 0 failed"; fi
END
for name in guest1 guest2; do
	scenario "$name" <<'END'
echo >"$BUILD/here"; sleep 0.3; rm -f "$BUILD/here"
echo "1 passed, 0 failed"
END
done
run 0 runner alone guest1 guest2
check "who asks for it runs alone" last_line "3 passed, 0 failed"

# Ended from outside: nothing it started stays.
scenario sleeper <<'END'
echo $$ >"$BUILD/sleeper.pid"
trap 'exit 1' TERM
while :; do sleep 0.1; done
END
spawn interrupted env BUILD="$tree/build" TMPDIR="$work" "$tree/tests/run_all.sh" sleeper
check "the sleeper starts" await 30 test -s "$tree/build/sleeper.pid"
stop "$SPAWNED"
refute "a test ends with the runner" kill -0 "$(cat "$tree/build/sleeper.pid")"
check "no directory of the runner is left" sh -c "! ls -d '$work'/arbwatch-run.*"

finish
