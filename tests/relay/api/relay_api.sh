#!/bin/sh
# The relay's API: every answer is as docs/alert_relay.openapi.yaml describes it, whatever is asked; paging leaves nothing out;
# texts from outside come back as they were.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_history.sh
. "$repository/tests/lib_history.sh"
cd "$repository" || exit 1
start_history

# serve NAME DSN COMMAND...: sets PORT.
serve() {
	serve_name=$1 serve_dsn=$2
	shift 2
	mkdir -p "$store/$serve_name"
	spawn "$serve_name" "$TOOLS/relay_history" "$store/$serve_name" "$serve_dsn" "$@" serve
	await 30 grep -q '^[0-9]*$' "$work/$serve_name.log" || { cat "$work/$serve_name.log"; exit 1; }
	PORT=$(grep '^[0-9]*$' "$work/$serve_name.log")
}

"$PYTHON" tests/relay/api/relay_api.py hostile >"$work/hostile.json"
serve api "$dsn" fill 0 40 repeat 2 event sent telegram:ops 250 event retried slack:ops 30 event failed slack:ops 30 \
	take webhook "$work/hostile.json" wait 20
api=$PORT
serve none ''
none=$PORT
closed_port
serve down "postgresql://relay:s3cret-arbwatch@127.0.0.1:$CLOSED_PORT/postgres" fill 0 1
run 0 "$PYTHON" tests/relay/api/relay_api.py check docs/alert_relay.openapi.yaml "$api" "$none" "$PORT" \
	"host=127.0.0.1 port=$POSTGRES_PORT user=arbwatch password=s3cret-arbwatch dbname=postgres"
cat "$work/out" "$work/err"
count=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$work/out")
passed=$((passed + ${count:-0} - 1))
finish
