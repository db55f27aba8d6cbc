#!/bin/sh
# The relay's history with a real PostgreSQL: each event once and in order whatever ends in between, figures, retention.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_history.sh
. "$repository/tests/lib_history.sh"
start_history

# One incident each -----------------------------------------------------

history up 20 fill 0 8 wait 20 repeat 3 event sent telegram:ops 250 event failed slack:incidents 30 wait 20
check "the journal becomes empty" answered up empty empty
check "the log says that it works, once" test "$(grep -c '^good: ' "$work/err")" -eq 1
check "an incident is a row" is 8 'SELECT count(*) FROM arbwatch_history.alert_incident'
check "repeats are counted in it" is 24 'SELECT sum(repeats) FROM arbwatch_history.alert_incident'
check "and are events, in order" is 'fired,repeated,repeated,repeated,sent,failed' "
	SELECT DISTINCT string_agg(kind, ',' ORDER BY id) FROM arbwatch_history.alert_event GROUP BY incident_id"
check "the last repeat is when it was last seen" is '00:03:00' '
	SELECT DISTINCT last_seen - starts_at FROM arbwatch_history.alert_incident'
check "an event has its channel, attempt and latency" is 'telegram:ops|1|250' "
	SELECT DISTINCT channel, attempt, latency_ms FROM arbwatch_history.alert_event WHERE kind = 'sent'"
history close wait 20
check "the end is in the same row" is '8|resolved|00:01:00' '
	SELECT count(*), status, ends_at - starts_at FROM arbwatch_history.alert_incident GROUP BY 2, 3'
check "the flat table has them" is '8|Redis of paper does not answer|f' "
	SELECT count(*), title, acknowledged FROM arbwatch_history.alert_history
	WHERE source = metadata->'labels'->>'service' AND \"timestamp\" > now() - interval '1 hour' GROUP BY 2, 3"

history summary 1 7000000000000
check "figures by severity: began, open, acknowledged, repeats, medians" grep -qx 'P1  2 0 0 6 -1.000 60.000' "$work/out"
check "figures by alert" grep -qx 'P3 Alert7 1 0 0 3 -1.000 60.000' "$work/out"
check "messages" grep -qx 'sent 8 failed 8' "$work/out"
tr -d '\r' <"$work/out" | sed -n '/^id,/,$p' >"$work/table.csv"
check "the table is CSV with a row for each" "$PYTHON" -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
sys.exit(len(rows) != 8 or {row["repeats"] for row in rows} != {"3"})' "$work/table.csv"

# Events without a begin, and what PostgreSQL refuses --------------------------

history fill 20 2 stray 0123456789abcdef-19ad3c11c55 damage fill 22 2 wait 20 up 1
check "one event that is refused holds nothing up" answered empty up
check "the log names what is lost, and why" grep -q \
	'^bad: an event is lost to the history: PostgreSQL refuses sent of incident 0123456789abcdef-none: .*hexadecimal' "$work/err"
check "those before and behind it are there" is 4 "SELECT count(*) FROM arbwatch_history.alert_event
	JOIN arbwatch_history.alert_incident i ON i.id = incident_id WHERE alertname ~ '^Alert2[0-3]\$'"
check "of an incident whose begin is gone its id is known" is 'unknown|0123456789abcdef|2025-11-30 07:53:59.637+00|expired' "
	SET timezone = 'UTC'; SELECT alertname, fingerprint, starts_at, status FROM arbwatch_history.alert_incident
	WHERE key = '0123456789abcdef-19ad3c11c55'"

# Nothing twice ---------------------------------------------------------

# in_both TABLE-OF-SQLITE SQL: the same figure in the store and in the history.
in_store() { sqlite3 "$store/relay.db" "$1"; }
same() { is "$(in_store "$1")" "$2"; }

rm -rf "$store" && mkdir "$store"
sql 'SET client_min_messages = warning; TRUNCATE arbwatch_history.alert_incident CASCADE'
history fill 0 100
for moment in 0.05 0.1 0.15 0.2 0.25 0.3; do
	spawn killed "$TOOLS/relay_history" "$store" "$dsn" up 20 repeat 100 wait 60
	sleep "$moment" # an instant, whatever happens at it
	kill -KILL "$SPAWNED"
	wait "$SPAWNED" 2>/dev/null
done
history repeat 20 wait 60
check "after kills all is written" answered empty
check "every begin once" is 100 "SELECT count(*) FROM arbwatch_history.alert_event WHERE kind = 'fired'"
check "every repeat once" same 'SELECT sum(repeats) FROM incident' "
	SELECT count(*) FROM arbwatch_history.alert_event WHERE kind = 'repeated'"
check "and counted once" same 'SELECT sum(repeats) FROM incident' 'SELECT sum(repeats) FROM arbwatch_history.alert_incident'

written=$(sql 'SELECT count(*) FROM arbwatch_history.alert_event')
# PostgreSQL is ended and started while batches are on their way.
spawn restarted "$TOOLS/relay_history" "$store" "$dsn" up 20 repeat 100 wait 100
writer=$SPAWNED
await 30 is t "SELECT count(*) > $((written + 500)) FROM arbwatch_history.alert_event"
kill -QUIT "$POSTGRES_PID"
wait "$POSTGRES_PID" 2>/dev/null
launch_postgres
check "a restart of PostgreSQL is survived" wait "$writer"
check "the log says that it failed, and that it works again" test "$(grep -c '^good: ' "$work/restarted.log")" -ge 1
check "every repeat once after the restart" same 'SELECT sum(repeats) FROM incident' "
	SELECT count(*) FROM arbwatch_history.alert_event WHERE kind = 'repeated'"
check "and counted once after it" same 'SELECT sum(repeats) FROM incident' '
	SELECT sum(repeats) FROM arbwatch_history.alert_incident'

# A batch that is written, and whose end the relay did not hear of, is written again.
written=$(sql 'SELECT count(*) FROM arbwatch_history.alert_event')
in_store "INSERT INTO journal (seq, at_ms, id, kind, attempt, latency_ms) SELECT 1, 1, id, 1, 0, -1 FROM incident LIMIT 1"
history wait 30
check "an entry that is there already leaves the journal" answered empty
check "and adds nothing" is "$written" 'SELECT count(*) FROM arbwatch_history.alert_event'

# Retention -------------------------------------------------------------

history close fill 500 10 wait 30
sql "UPDATE arbwatch_history.alert_incident SET ends_at = now() - interval '3 days' WHERE status = 'resolved' AND severity = 'P0'"
spawn sweeping "$TOOLS/relay_history" "$store" "$dsn" retention 172800000 serve
check "what ended before the retention goes, with its events" await 20 is 0 "
	SELECT count(*) FROM arbwatch_history.alert_incident WHERE severity = 'P0' AND status = 'resolved'"
check "what is younger stays, and so does what is open" is '75|10' "
	SELECT count(*) FILTER (WHERE status = 'resolved'), count(*) FILTER (WHERE status = 'open') FROM arbwatch_history.alert_incident"
check "no event is left behind" is 85 'SELECT count(DISTINCT incident_id) FROM arbwatch_history.alert_event'
stop "$SPAWNED"
finish
