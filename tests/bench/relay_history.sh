# shellcheck shell=sh
# shellcheck disable=SC2154  # what bench.sh, which sources this, sets
# --- alert_relay's history ------------------------------------------------------------------------------------------
# A day of 50 alerts that are told again every minute, through the journal into PostgreSQL; beside tables of alertsnitch's
# shape, with a row for each label of each repeat.

start_postgres
history_dsn="postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/postgres"
mkdir "$work/history"
# history COMMAND...: tests/tools/relay_history.
history() { "$TOOLS/relay_history" "$work/history" "$history_dsn" "$@" 2>"$work/history.log" >"$work/history.out"; }
size_of() {
	sql "SELECT sum(pg_total_relation_size(c.oid)) / 1024 FROM pg_class c WHERE relkind = 'r' AND relnamespace = '$1'::regnamespace"
}

history fill 0 50 repeat 1440
began=$(now_ns)
history wait 120
drained=$(awk -v ns="$(($(now_ns) - began))" 'BEGIN { printf "%.0f", 72050 / (ns / 1e9) }')
[ "$(cat "$work/history.out")" = empty ] || die "the history was not written"
[ "$(sql "SELECT sum(repeats) FROM arbwatch_history.alert_incident")" = 72000 ] || die "the history has not all repeats"
sql "$(cat "$repository/tests/bench/alertsnitch.sql")" || die "cannot write what alertsnitch would"
ours=$(size_of arbwatch_history | cut -d. -f1) theirs=$(size_of alertsnitch | cut -d. -f1)
row "history: a day of 50 alerts every minute (kB)" "$ours" "alertsnitch's tables" "$theirs" \
	"$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.3g", a / b }')" "<= 0.1"
row "history: events written per second" "$drained" - - - ">= 2000"
