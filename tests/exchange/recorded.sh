#!/bin/sh
# Answers in the form that real exchanges gave them: each profile, read by the real collectors, concludes what it should.
# tests/exchange/replay.py says what a case looks like.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$repository" || exit 1
"$PYTHON" tests/exchange/replay.py "$BUILD" "$work" tests/fixtures/recorded/*/*.txt
