#!/bin/sh
# A PostgreSQL that is down, silent, read-only, too new or without rights: alerts are taken all the same, the journal waits,
# the log says once what is wrong and what to do, and nothing shows the password.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_history.sh
. "$repository/tests/lib_history.sh"
secret=s3cret-arbwatch
database=postgres
# as ROLE SQL: in $database; and so does lib.sh's sql.
as() { PGPASSWORD=$secret "$POSTGRES_BIN/psql" -qAtX -h 127.0.0.1 -p "$POSTGRES_PORT" -U "$1" -d "$database" -c "$2"; }
sql() { as arbwatch "SET client_min_messages = warning; $1"; }
: >"$work/said"

# fails WHAT TEXT: the history is not written, for this reason; the journal waits.
waiting=0 next=0
fails() {
	waiting=$((waiting + 2)) next=$((next + 2))
	history fill "$next" 2 tried 20 wait 0
	check "$1: the reason is known" grep -qF -- "$2" "$work/out"
	check "$1: the log has it, once" test "$(grep -cF -- "$2" "$work/err")" -eq 1
	check "$1: the journal waits" grep -qx "$waiting wait" "$work/out"
	cat "$work/out" "$work/err" >>"$work/said"
}
works() {  # works WHAT COUNT-IN-ALL
	history wait 20
	check "$1: then all of it is written" is "$2" 'SELECT count(*) FROM arbwatch_history.alert_incident'
	cat "$work/err" >>"$work/said"
	waiting=0
}

# Where nobody listens, and with the wrong password.
closed_port
dsn="postgresql://relay:$secret@127.0.0.1:$CLOSED_PORT/postgres"
fails "down" 'refused'
start_postgres
as arbwatch 'CREATE DATABASE relay'
database=relay
sql "CREATE ROLE relay LOGIN PASSWORD '$secret'; CREATE ROLE other LOGIN PASSWORD 'another'"
dsn="postgresql://other:$secret@127.0.0.1:$POSTGRES_PORT/relay"
fails "wrong password" 'password authentication failed'

# Rights: the schema can be made by somebody else, and the reader too.
dsn="postgresql://relay:$secret@127.0.0.1:$POSTGRES_PORT/relay"
fails "no rights" 'CREATE SCHEMA arbwatch_history AUTHORIZATION "relay"'
said=$(sed -n 's/.*\(CREATE SCHEMA .*\)/\1/p' "$work/err")
check "the statement of the log can be run" sql "$said"
works "no rights" 6
for table in alert_incident alert_event journal_position schema_version; do
	check "$table belongs to the relay" is relay "
		SELECT tableowner FROM pg_tables WHERE schemaname = 'arbwatch_history' AND tablename = '$table'"
done

history reader grafana tried 20
check "no reader: the statement is in the log" says 'relay may not make one: CREATE ROLE "grafana"'
sql 'CREATE ROLE grafana LOGIN'
sql "ALTER ROLE grafana PASSWORD '$secret'"
spawn reader "$TOOLS/relay_history" "$store" "$dsn" reader grafana serve
reads() { as grafana 'SELECT count(*) FROM arbwatch_history.alert_history'; }
check "the reader can read" await 20 reads
stop "$SPAWNED"
refute "and not write" as grafana 'DELETE FROM arbwatch_history.alert_event'
sql 'ALTER ROLE relay CREATEROLE'
spawn reader "$TOOLS/relay_history" "$store" "$dsn" reader 'a "name' serve
check "a reader is made where that is allowed, whatever its name" await 20 is f \
	"SELECT rolcanlogin FROM pg_roles WHERE rolname = 'a \"name'"
stop "$SPAWNED"
cat "$work/reader.log" >>"$work/said"

# Newer tables are left alone.
sql "INSERT INTO arbwatch_history.schema_version (version) VALUES (999)"
fails "newer tables" 'version 999'
sql 'DELETE FROM arbwatch_history.schema_version WHERE version = 999'
works "newer tables" 8
check "what was done is not done again" is '1|1' 'SELECT count(*), max(version) FROM arbwatch_history.schema_version'

sql 'ALTER ROLE relay SET default_transaction_read_only = on'
fails "read-only" 'read-only transaction'
sql 'ALTER ROLE relay RESET default_transaction_read_only'
works "read-only" 10

sql 'REVOKE INSERT ON arbwatch_history.alert_event FROM relay'
fails "a table without rights" 'permission denied for table alert_event'
sql 'GRANT INSERT ON arbwatch_history.alert_event TO relay'
works "a table without rights" 12

# Two relays begin at once with empty tables.
sql 'DROP SCHEMA arbwatch_history CASCADE; CREATE SCHEMA arbwatch_history AUTHORIZATION relay'
mkdir "$work/second"
spawn second "$TOOLS/relay_history" "$work/second" "$dsn" fill 100 5 up 20 wait 20
second=$SPAWNED
history fill 200 5 up 20 wait 20
check "two that begin at once make the tables once" wait "$second"
check "and both write" is 10 'SELECT count(*) FROM arbwatch_history.alert_incident'

# A server that takes connections and says nothing costs a question its five seconds, and nothing else anything.
spawn silent "$TOOLS/faulty_peer" hang
await 30 test -s "$work/silent.log" || exit 1
spawn serve "$TOOLS/relay_history" "$store" "postgresql://relay:$secret@127.0.0.1:$(cat "$work/silent.log")/relay" serve
serve=$SPAWNED
await 30 grep -q '^[0-9]' "$work/serve.log" || exit 1
port=$(grep '^[0-9]' "$work/serve.log")
spawn asked curl -sS -m 60 -w '%{http_code}' "http://127.0.0.1:$port/api/v1/alerts"
asked=$SPAWNED
began=$(now_ns)
check "a question ends" wait "$asked"
took=$((($(now_ns) - began) / 1000000))
check "by its deadline ($took ms)" test "$took" -lt $((5500 + late_ms))
check "with a 503" test "$(tail -n 1 "$work/asked.log")" = 503
check "and the reason" grep -q '^{"error": "127.0.0.1:[0-9]* [a-z]' "$work/asked.log"
check "what is muted is known all the same" test "$(curl -sS "http://127.0.0.1:$port/api/v1/mutes")" = '{"mutes": []}'
began=$(now_ns)
stop "$serve"
took=$((($(now_ns) - began) / 1000000))
check "the end does not wait for longer than a deadline ($took ms)" test "$took" -lt $((5500 + late_ms))
cat "$work/asked.log" "$work/serve.log" "$work/second.log" >>"$work/said"

check "the texts are all there" test "$(wc -l <"$work/said")" -gt 20
refute "and none has the password" grep -q "$secret" "$work/said"
finish
