#!/bin/sh
# postgres_latency against real PostgreSQL servers, and against peers that do not behave.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

system=postgres
# shellcheck source=tests/lib_latency.sh
. "$repository/tests/lib_latency.sh"

# The caller's own certificates, password file and the like must not decide a test.
export HOME="$work" PGPASSFILE="$work/none"

counts() {  # counts NAME: whether connection counts are published
	test -n "$(value "arbitrage_postgres_connections{target=\"$1\",env=\"paper\"}")" &&
		test -n "$(value "arbitrage_postgres_connections_max{target=\"$1\",env=\"paper\"}")"
}

# succeeds WHAT DSN [FLAG...]: the target answers everything.
succeeds() {
	what=$1 dsn=$2
	shift 2
	probe --target "t=$dsn" "$@"
	check "$what: up" up t 1
	check "$what: no failure" only_failure t none
	check "$what: connection counts" counts t
}

sanitized() { grep -q __asan_init "$collector"; }

# error_reply SQLSTATE TEXT: an ErrorResponse, in C's escapes for a peer.
error_reply() {
	printf 'E\\000\\000\\000\\%03oSFATAL\\000VFATAL\\000C%s\\000M%s\\000\\000' $((28 + ${#2})) "$1" "$2"
}

# refuses WHAT TEXT FLAG...: status 2, one line that says why and holds no secret, nothing written.
refuses() {
	what=$1 text=$2
	shift 2
	rm -f "$textfiles"/*.prom
	run 2 "$collector" "$@"
	check "$what: says why" logged "$text"
	check "$what: in one line" test "$(wc -l <"$work/err")" -eq 1
	check "$what: without the secret" no_secret_in "$work/err" "$work/out"
	refute "$what: nothing is written" test -e "$textfiles/postgres_latency.prom"
}

### What a healthy server looks like

# TLS as most servers have it: a certificate by some authority, for one name.
certify() {  # certify NAME SUBJECT-ALTERNATIVE-NAME CA
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -batch -subj "/CN=$1" \
		-keyout "$work/$1.key" -out "$work/$1.csr" &&
		printf 'subjectAltName=%s\n' "$2" >"$work/$1.ext" &&
		openssl x509 -req -in "$work/$1.csr" -CA "$work/$3.crt" -CAkey "$work/$3.key" -CAcreateserial \
			-days 2 -extfile "$work/$1.ext" -out "$work/$1.crt"
}
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -batch -subj "/CN=$1" -days 2 \
		-keyout "$work/$1.key" -out "$work/$1.crt"
}
for step in "authority ca" "authority stranger" "certify server DNS:localhost ca" "certify client DNS:arbwatch ca"; do
	# shellcheck disable=SC2086  # a command and its words
	$step >>"$work/openssl.log" 2>&1 || { cat "$work/openssl.log"; exit 1; }
done
chmod 600 "$work/server.key"
[ "$(id -u)" -ne 0 ] || chown postgres "$work/server.key"

start_postgres ssl=on "ssl_cert_file='$work/server.crt'" "ssl_key_file='$work/server.key'" \
	"ssl_ca_file='$work/ca.crt'" log_connections=on log_statement=all "log_line_prefix='%a|'"
main_port=$POSTGRES_PORT main_pid=$POSTGRES_PID main_data=$POSTGRES_DATA
at=127.0.0.1:$main_port
main=postgresql://arbwatch:$secret@$at/postgres
words="host=127.0.0.1 port=$main_port user=arbwatch dbname=postgres"

succeeds "URI" "$main"
check "ten answers by default" answers t 10
for each in resolve connect tls auth; do
	check "$each has a time" phase t "$each"
done
check "the run is a success" sample 'arbitrage_collector_success{collector="postgres_latency",env="paper"}' 1
# shellcheck disable=SC2016
check "promtool finds nothing" sh -c 'promtool check metrics <"$1"' - "$textfiles/postgres_latency.prom"
check "the server knows us by name" grep -qx 'arbwatch_postgres_latency|LOG:  statement: SELECT 1' \
	"$work/postgres-$main_port.log"
run 0 "$collector" --timeout 60s --target "t=$main" --samples 25
check "answers of later runs add up" answers t 35
check "the limit is the server's" sample 'arbitrage_postgres_connections_max{target="t",env="paper"}' \
	"$(sql 'show max_connections')"
run 0 "$collector" --timeout 60s --target "$main" --samples 1000
check "without a name the target is host:port" up "$at" 1
check "a thousand answers" answers "$at" 1000
refute "a target that is no longer configured disappears" up t 1
POSTGRES_DSN=$main run 0 "$collector" --timeout 60s
check "POSTGRES_DSN is the target" up "$at" 1

succeeds "key=value" "$words password=$secret"
succeeds "a name from the hosts file" "host=localhost port=$main_port user=arbwatch dbname=postgres password=$secret"
succeeds "no TLS" "$words password=$secret sslmode=disable"
refute "no TLS, no time for it" phase t tls
succeeds "a name of its own for the session" "$words password=$secret application_name=mine"
check "the server knows us by that name" grep -qx 'mine|LOG:  statement: SELECT 1' "$work/postgres-$main_port.log"

printf '%s\n' "$secret" >"$work/pgpass.word"
printf '*:*:*:arbwatch:%s\n' "$secret" >"$work/pgpass"
chmod 600 "$work/pgpass"
PGPASSFILE=$work/pgpass succeeds "libpq's password file" "$words"
chmod 644 "$work/pgpass"
PGPASSFILE=$work/pgpass probe --target "t=$words" --log.format json
check "a password file that others can read is not used" only_failure t auth
check "libpq's warning is in the log, once" test "$(grep -c 'has group or world access' "$work/err")" -eq 1
check "all of the log is JSON" "$PYTHON" -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$work/err"
chmod 600 "$work/pgpass"
PGPASSWORD=$secret succeeds "libpq's environment" "$words"
printf '[desk]\nhost=127.0.0.1\nport=%s\nuser=arbwatch\ndbname=postgres\npassword=%s\n' "$main_port" "$secret" \
	>"$work/pg_service.conf"
PGSERVICEFILE=$work/pg_service.conf succeeds "libpq's service file" "service=desk"
PGSERVICEFILE=$work/pg_service.conf probe --target "service=desk"
check "a service has an address" up "$at" 1

succeeds "unix socket" "host=$main_data port=$main_port user=arbwatch dbname=postgres password=$secret"
refute "a unix socket has no name to resolve" phase t resolve
probe --target "postgresql:///postgres?host=$main_data&port=$main_port&user=arbwatch&password=$secret"
check "without a name the target is directory:port" up "$main_data:$main_port" 1

# Several hosts: the first that lets us in.
closed_port
succeeds "a second host" "host=127.0.0.1,localhost port=$CLOSED_PORT,$main_port user=arbwatch dbname=postgres password=$secret"
succeeds "a second name" "host=no-such-host.invalid,127.0.0.1 port=$main_port user=arbwatch dbname=postgres password=$secret"
succeeds "address beside the name" "hostaddr=127.0.0.1 $(echo "$words" | sed 's/host=127.0.0.1/host=db.example/') password=$secret"

### Connection counts

# hold NAME DSN: a session that stays until release().
hold() {
	spawn "$1" "$POSTGRES_BIN/psql" -X -d "$2" -c "select 'held'" -c 'select pg_sleep(600)'
	check "$1 is held" await 30 grep -q held "$work/$1.log"
}
release() {
	sql "select pg_terminate_backend(pid, 10000) from pg_stat_activity where query = 'select pg_sleep(600)'" \
		>"$work/sql.log"
}

hold another "$main"
connected() { sql 'select sum(numbackends) from pg_stat_database'; }
same_count() ( # in a shell of its own, where its runs do not count
	probe --target "t=$main"
	sample 'arbitrage_postgres_connections{target="t",env="paper"}' "$(connected)"
)
# psql is one connection as we are; one that is about to end may still be counted by either.
check "connections as psql counts them" await 30 same_count
check "that is the holder and the asker" test "$(connected)" -eq 2
release

### What the server is told, as another program reads it

cat >"$work/startup.py" <<'END'
import socket, struct
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
peer, _ = listener.accept()
length = struct.unpack(">I", peer.recv(4, socket.MSG_WAITALL))[0]
words = peer.recv(length - 4, socket.MSG_WAITALL)[4:].split(b"\0")
for name, value in zip(words[::2], words[1::2]):
    print(name.decode(), value.decode(), sep="=", flush=True)
END
startup() {  # startup WORDS...: what a server is sent, in $work/startup.log
	: >"$work/startup.log"
	spawn startup "$PYTHON" "$work/startup.py"
	await 30 test -s "$work/startup.log"
	probe --timeout 20s --target "t=host=127.0.0.1 port=$(head -n 1 "$work/startup.log") user=u password=p sslmode=disable $*"
	wait "$SPAWNED"
}
startup
check "application_name is told" grep -qx "application_name=arbwatch_postgres_latency" "$work/startup.log"
check "statement_timeout is what is left of the run" grep -qE "^options=-c statement_timeout=(1[0-9]{4}|20000)$" \
	"$work/startup.log"
startup "options='-c work_mem=64kB' application_name=mine"
check "the user's options stay" grep -qE "^options=-c work_mem=64kB -c statement_timeout=[0-9]+$" "$work/startup.log"
check "the user's application_name stays" grep -qx "application_name=mine" "$work/startup.log"

### Not let in

fails "wrong password" auth "password authentication failed" "postgresql://arbwatch:$secret-wrong@$at/postgres"
check "a wrong password is not repeated" no_secret_in "$work/err" "$textfiles"
fails "no password" auth "no password supplied" "$words"
fails "unknown user" auth "28P01" "postgresql://nobody:$secret@$at/postgres"
fails "unknown database" rejected "no such database" "postgresql://arbwatch:$secret@$at/nowhere"
fails "nobody listens" connect "Connection refused" "postgresql://arbwatch:$secret@127.0.0.1:$CLOSED_PORT/postgres"
fails "no such socket" connect "No such file" "host=$work port=$main_port user=arbwatch password=$secret"
fails "no such host" resolve "no-such-host.invalid" "postgresql://arbwatch:$secret@no-such-host.invalid/postgres"
fails "a host that is no name" local "network address" "hostaddr=nonsense user=arbwatch password=$secret"
fails "only a standby will do" rejected "target_session_attrs" "$main?target_session_attrs=standby"

sql "create role guest login password '$secret'" >"$work/sql.log"
sql "create database unconnectable" >"$work/sql.log"
sql "revoke connect on database unconnectable from public" >"$work/sql.log"
fails "no right to connect" auth "grant the user the right CONNECT" "postgresql://guest:$secret@$at/unconnectable"

### A pooler before the server

# pooler LINE...: PgBouncer before the main server, with those settings; sets POOLER.
pooler() {
	pooler_port=$(free_port) pooler_dir=$work/pooler-$pooler_port
	mkdir "$pooler_dir"
	printf '"%s" "%s"\n' arbwatch "$secret" guest "$secret" stranger "$secret" >"$pooler_dir/users"
	cat >"$pooler_dir/ini" <<-END
		[databases]
		* = host=127.0.0.1 port=$main_port
		narrow = host=127.0.0.1 port=$main_port dbname=postgres pool_size=1
		[pgbouncer]
		listen_addr = 127.0.0.1
		listen_port = $pooler_port
		unix_socket_dir =
		auth_type = scram-sha-256
		auth_file = $pooler_dir/users
		admin_users = arbwatch
		$(printf '%s\n' "$@")
	END
	if [ "$(id -u)" -eq 0 ]; then
		chown -R postgres "$pooler_dir"
		spawn "pooler-$pooler_port" setpriv --reuid postgres --regid postgres --init-groups pgbouncer "$pooler_dir/ini"
	else
		spawn "pooler-$pooler_port" pgbouncer "$pooler_dir/ini"
	fi
	POOLER=127.0.0.1:$pooler_port POOLER_PID=$SPAWNED
	await_unless_ended 30 "$SPAWNED" listens "$SPAWNED" "$pooler_port" || { cat "$work/pooler-$pooler_port.log"; exit 1; }
}
pooler
pooled=postgresql://arbwatch:$secret@$POOLER
succeeds "a pooler that refuses options" "$pooled/postgres"
refute "it is no trouble to the user" logged "ignore_startup_parameters"
fails "a pooler, and options of the user's own" rejected "ignore_startup_parameters" "$pooled/postgres?options=-cwork_mem%3D64kB"
fails "a pooler, wrong password" auth "SASL authentication failed" "postgresql://arbwatch:wrong@$POOLER/postgres"
refute "a wrong password is no matter of options" logged "ignore_startup_parameters"
fails "a pooler, unknown user" auth "auth_file" "postgresql://nobody:$secret@$POOLER/postgres"
fails "a pooler, unknown to the server" auth "password authentication failed" "postgresql://stranger:$secret@$POOLER/postgres"
# A newer PgBouncer answers as the server itself does.
fails "a pooler, no such database" rejected "no such database" "$pooled/nowhere"
fails "a pooler, no right to connect" auth "right CONNECT" "postgresql://guest:$secret@$POOLER/unconnectable"
fails "a pooler's admin console" rejected "the pooler's admin console" "$pooled/pgbouncer"
fails "its admin console refuses others" rejected "admin console refuses" "postgresql://guest:$secret@$POOLER/pgbouncer"
stop "$POOLER_PID"
pooler "ignore_startup_parameters = options" "query_wait_timeout = 1" "max_client_conn = 2" "server_login_retry = 1"
pooled=postgresql://arbwatch:$secret@$POOLER
succeeds "a pooler that passes over options" "$pooled/postgres"
spawn pooled "$POSTGRES_BIN/psql" -X -d "$pooled/narrow" -c "select 'held'" -c 'select pg_sleep(600)'
check "the pool's only connection is in use" await 30 grep -q held "$work/pooled.log"
fails "a pooler whose pool is full" rejected "had no connection to give" "$pooled/narrow"
spawn pooled_too "$POSTGRES_BIN/psql" -X -d "$pooled/postgres" -c "select 'held'" -c 'select pg_sleep(600)'
check "another client is in" await 30 grep -q held "$work/pooled_too.log"
fails "a pooler with all its clients" rejected "max_client_conn" "$pooled/postgres"
release
stop "$POOLER_PID"

### TLS

verified="host=localhost port=$main_port user=arbwatch dbname=postgres password=$secret"
succeeds "verify-full" "$verified sslmode=verify-full sslrootcert=$work/ca.crt"
check "verify-full: the handshake has a time" phase t tls
fails "another authority" tls "certificate" "$verified sslmode=verify-full sslrootcert=$work/stranger.crt"
fails "another name" tls "does not match host name" "$words password=$secret sslmode=verify-full sslrootcert=$work/ca.crt"
fails "no authority" tls "root certificate file" "$verified sslmode=verify-full sslrootcert=$work/none.crt"
succeeds "another name, authority alone" "$words password=$secret sslmode=verify-ca sslrootcert=$work/ca.crt"
succeeds "client certificate" "$verified sslmode=verify-full sslrootcert=$work/ca.crt sslcert=$work/client.crt sslkey=$work/client.key"
openssl ec -aes128 -passout "pass:$secret-key" -in "$work/client.key" -out "$work/locked.key" >>"$work/openssl.log" 2>&1
chmod 600 "$work/locked.key"
refuses "a client's key without its passphrase" "sslkey is encrypted" \
	--target "$verified sslmode=require sslcert=$work/client.crt sslkey=$work/locked.key"
succeeds "a client's key with its passphrase" \
	"$verified sslmode=require sslcert=$work/client.crt sslkey=$work/locked.key sslpassword=$secret-key"

### Ways to give a secret, and that none of them shows it

sql "create role odd login password 'a b''c\\d@e/f%20:$secret'" >"$work/sql.log"
umask_before=$(umask)
umask 077
odd_uri="postgresql://odd:a%20b%27c%5Cd%40e%2Ff%2520%3A$secret@$at/postgres"
odd_words="host=127.0.0.1 port=$main_port user=odd dbname=postgres password='a b\\'c\\\\d@e/f%20:$secret'"
printf '%s\n' "$secret" >"$work/password"
printf 'hidden=%s\n' "$main" >"$work/target"
printf 'postgres_latency:\n  target: ["hidden=%s"]\n' "$main" >"$work/dsn.yml"
printf 'postgres_latency:\n  target: ["hidden=%s"]\n  password: "%s"\n' "$words" "$secret" >"$work/password.yml"
umask "$umask_before"

hides "URI in a flag" "$collector" --target "hidden=$main"
hides "URI in a flag with '='" "$collector" "--target=hidden=$main"
hides "words in a flag" "$collector" --target "hidden=$words password=$secret"
hides "percent-encoded password" "$collector" --target "hidden=$odd_uri"
hides "quoted password" "$collector" --target "hidden=$odd_words"
hides "DSN in ARBWATCH_TARGET" env ARBWATCH_TARGET="hidden=$main" "$collector"
hides "DSN in POSTGRES_DSN" env POSTGRES_DSN="hidden=$main" "$collector"
hides "DSN in POSTGRES_DSN_FILE" env POSTGRES_DSN_FILE="$work/target" "$collector"
hides "DSN in ARBWATCH_TARGET_FILE" env ARBWATCH_TARGET_FILE="$work/target" "$collector"
hides "DSN in the config file" "$collector" --config.file "$work/dsn.yml"
hides "password in a flag" "$collector" --target "hidden=$words" --password "$secret"
hides "password in POSTGRES_PASSWORD" env POSTGRES_PASSWORD="$secret" "$collector" --target "hidden=$words"
hides "password in POSTGRES_PASSWORD_FILE" env POSTGRES_PASSWORD_FILE="$work/password" "$collector" \
	--target "hidden=$words"
hides "password in ARBWATCH_PASSWORD_FILE" env ARBWATCH_PASSWORD_FILE="$work/password" "$collector" \
	--target "hidden=$words"
hides "password in the config file" "$collector" --config.file "$work/password.yml"
POSTGRES_PASSWORD=wrong succeeds "a DSN's own password wins" "$main"

# What a hostile server makes of a secret it was sent.
peer reply "$(error_reply 28P01 "wrong: $secret, $secret, try $secret")"
fails "a server that repeats the password" auth "28P01" "postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x?sslmode=disable"
check "the repeated password is masked" no_secret_in "$work/err" "$textfiles"
PGPASSFILE=$work/pgpass fails "one from the password file" auth "28P01" \
	"postgresql://arbwatch@127.0.0.1:$PEER_PORT/x?sslmode=disable"
check "it is masked too" no_secret_in "$work/err" "$textfiles"

### Told apart: starting up, full, read-only

peer reply "$(error_reply 57P03 "the database system is starting up")"
fails "starting up" rejected "not ready" "postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x?sslmode=disable"
check "starting up: the server's words" logged "starting up"

start_postgres max_connections=6 superuser_reserved_connections=3 max_wal_senders=0
sql "create role guest login password '$secret'" >"$work/sql.log"
guest="postgresql://guest:$secret@127.0.0.1:$POSTGRES_PORT/postgres"
for each in first second third; do
	hold "$each" "$guest"
done
fails "full" rejected "too many connections" "$guest"
check "full: what to do" logged "raise max_connections"
succeeds "full, but for the superuser" "postgresql://arbwatch:$secret@127.0.0.1:$POSTGRES_PORT/postgres"
check "full: three of six and ours" sample 'arbitrage_postgres_connections{target="t",env="paper"}' 4
check "full: the limit" sample 'arbitrage_postgres_connections_max{target="t",env="paper"}' 6
release

sql "alter role guest set default_transaction_read_only = on" >"$work/sql.log"
free_place() { "$POSTGRES_BIN/psql" -qAtX -d "$guest" -c 'select 1'; }
check "there is room again" await 30 free_place
succeeds "read-only by setting" "$guest"
check "read-only by setting: the log says so" logged "read-only"
succeeds "not read-only" "postgresql://arbwatch:$secret@127.0.0.1:$POSTGRES_PORT/postgres"
refute "not read-only: the log does not say so" logged "read-only"
sql "revoke execute on function pg_catalog.current_setting(text) from public" >"$work/sql.log"
probe --target "t=$guest"
check "without the right to count: up all the same" up t 1
check "without the right to count: answers count" answers t 10
check "without the right to count: it is a failure" only_failure t rejected
check "without the right to count: the log says so" logged "connection counts: not permitted"
refute "without the right to count: no counts" counts t

# A standby: first one that takes no questions, then one that does.
stop "$POSTGRES_PID"
as_postgres touch "$POSTGRES_DATA/standby.signal"
echo "hot_standby = off" >>"$POSTGRES_DATA/postgresql.conf"
standby="postgresql://arbwatch:$secret@127.0.0.1:$POSTGRES_PORT/postgres"
as_postgres "$POSTGRES_BIN/pg_ctl" start -s -W -D "$POSTGRES_DATA" -l "$POSTGRES_DATA/standby.log"
check "a standby starts" await 30 grep -q 'entering standby mode' "$POSTGRES_DATA/standby.log"
head -n 1 "$POSTGRES_DATA/postmaster.pid" >>"$work/pids"
fails "a standby that takes no questions" rejected "not ready" "$standby"
as_postgres "$POSTGRES_BIN/pg_ctl" stop -s -m fast -D "$POSTGRES_DATA"
echo "hot_standby = on" >>"$POSTGRES_DATA/postgresql.conf"
launch_postgres
succeeds "a standby" "$standby"
check "a standby: the log says so" logged "a standby"
succeeds "a standby that is asked for" "$standby?target_session_attrs=standby"
stop "$POSTGRES_PID"

### Peers that are no PostgreSQL, or that break off

peer reply 'HTTP/1.1 400 Bad Request\r\n\r\n'
fails "a web server" protocol "is this PostgreSQL?" "postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x"
fails "a web server, no TLS" protocol "is this PostgreSQL?" "postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x?sslmode=disable"
peer garbage
fails "garbage" protocol "is this PostgreSQL?" "postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x?sslmode=disable"
peer close
fails "closes at once" protocol "closed" "postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x?sslmode=disable"
peer reset
probe --target "t=postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x"
check "resets at once: up is 0" up t 0
peer script 'N'
fails "no TLS there" tls "does not support SSL" "postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x?sslmode=require"

# The login takes some 550 bytes of answers without TLS; cut at several places behind and before it.
for cut in 5 100 300; do
	peer proxy 127.0.0.1 "$main_port" --cut-after "$cut"
	fails "cut after $cut bytes" protocol "closed" \
		"postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/postgres?sslmode=disable"
	check "cut after $cut bytes: no measurement" answers t 0
done
peer proxy 127.0.0.1 "$main_port" --cut-after 2000
fails "cut between answers" protocol "closed" \
	"postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/postgres?sslmode=disable" --samples 1000
answered=$(value 'arbitrage_postgres_latency_seconds_count{target="t",env="paper"}')
check "cut between answers: some of them count" test "$answered" -gt 0 -a "$answered" -lt 1000

# resident_below KIB COMMAND...: the largest resident size it had is no more than that.
resident_below() {
	"$PYTHON" -c '
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("resident:", most, "KiB")
sys.exit(status or most > int(sys.argv[1]))' "$@"
}
# shellcheck disable=SC2016  # message types and lengths, no variables
let_in='R\000\000\000\010\000\000\000\000Z\000\000\000\005I'
row='T\000\000\000\041\000\001?column?\000\000\000\000\000\000\000\000\000\000\027\000\004\377\377\377\377\000\000'
# 64 MiB hold python's own start.  libpq reserves what is announced, and a sanitizer's table for that is an eighth.
flood_kib=65536
! sanitized || flood_kib=262144
for flood in '' 'E' 'E\000\000\165\000' 'S' "${let_in}E\\077\\377\\377\\377" "${let_in}N\\077\\377\\377\\377" \
	"${let_in}${row}D\\077\\377\\377\\377\\000\\001\\077\\377\\377\\365"; do
	peer flood "$flood"
	flooding="postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x?sslmode=disable"
	fails "a gigabyte behind '$flood'" protocol "127.0.0.1" "$flooding"
	check "a gigabyte behind '$flood': is not kept" resident_below "$flood_kib" "$collector" --target "t=$flooding" --stdout
done

### Peers that never answer: one timeout each, and only their own

peer hang
hanging="postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x"
what="hangs"
in_time 2000 fails "hangs" timeout "did not answer in time" "$hanging" --timeout 2s
check "hangs: the connection has a time" phase t connect
peer drip 50 'E\000\000\001\000'
what="drips"
in_time 500 fails "drips" timeout "did not answer in time" \
	"postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/x?sslmode=disable" --timeout 500ms
peer proxy 127.0.0.1 "$main_port" --delay 60
slow="postgresql://arbwatch:$secret@127.0.0.1:$PEER_PORT/postgres"
succeeds "slow" "$slow" --samples 3
check "slow: three answers" answers t 3
check "slow: none was faster than the delay" \
	sample 'arbitrage_postgres_latency_seconds_bucket{target="t",env="paper",le="0.1"}' 0
what="too slow for all questions"
in_time 5000 fails "$what" timeout "did not answer in time (query)" "$slow" --samples 1000 --timeout 5s
answered=$(value 'arbitrage_postgres_latency_seconds_count{target="t",env="paper"}')
check "too slow for all questions: some answers count" test "$answered" -gt 0 -a "$answered" -lt 1000

what="5 hung and 1 good"
in_time 4000 probe --timeout 4s --target "a=$hanging" --target "b=$hanging" --target "c=$hanging" \
	--target "good=$main" --target "d=$hanging" --target "e=$hanging?sslmode=disable"
check "the good one is up" up good 1
check "the good one is measured" answers good 10
for each in a b c d e; do
	check "hung target $each is down" up "$each" 0
	check "hung target $each timed out" only_failure "$each" timeout
done
check "such a run is no success" sample 'arbitrage_collector_success{collector="postgres_latency",env="paper"}' 0
run 3 "$collector" --fail-on-down --timeout 300ms --target "a=$hanging" --target "good=$main"

# A server that asks for most of an hour of hashing.
cat >"$work/scram.py" <<'END'
import base64, socket, struct
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
kept = []
def ask(peer, code, data):
    peer.sendall(b"R" + struct.pack(">II", len(data) + 8, code) + data)
    return peer.recv(4096)
while True:
    peer, _ = listener.accept()
    kept.append(peer)
    peer.recv(4096)
    first = ask(peer, 10, b"SCRAM-SHA-256\0\0")
    nonce = first[first.index(b"r=") + 2:]
    peer.settimeout(0.001)
    try:
        ask(peer, 11, b"r=" + nonce + b"more,s=" + base64.b64encode(b"salt") + b",i=2000000000")
    except socket.timeout:
        pass
END
spawn scram "$PYTHON" "$work/scram.py"
await 30 test -s "$work/scram.log"
busy="postgresql://arbwatch:$secret@127.0.0.1:$(cat "$work/scram.log")/x?sslmode=disable"
what="endless hashing"
in_time 2000 fails "$what" timeout "more work than there is time for" "$busy" --timeout 2s
rm -f "$textfiles"/*.prom
spawn loop "$collector" --interval 300ms --timeout 200ms --target "t=$busy" --target "good=$main"
timeouts() { test "$(value 'arbitrage_postgres_failures_total{target="t",kind="timeout",env="paper"}')" -ge "$1"; }
check "$what: a loop goes on" await 120 timeouts 4
check "$what: the good one is up" await 120 up good 1
check "$what: one thread is left behind, not one in each run" grep -qE '^Threads:[[:space:]]+[1-5]$' \
	"/proc/$SPAWNED/status"
check "$what: the log says so" grep -q "keeps an earlier attempt busy" "$work/loop.log"
stop "$SPAWNED"

# A server that stops, and comes back.
succeeds "before it stops" "$main"
since=$(value 'arbitrage_postgres_last_success_timestamp_seconds{target="t",env="paper"}')
family() { echo "$main_pid"; pgrep -P "$main_pid"; }
# shellcheck disable=SC2046  # one word for each process
kill -STOP $(family)
what="SIGSTOPped"
in_time 500 run 0 "$collector" --target "t=$main" --timeout 500ms
check "SIGSTOPped: down" up t 0
check "SIGSTOPped: a timeout is counted" failures t timeout 1
check "SIGSTOPped: the last success stays" \
	sample 'arbitrage_postgres_last_success_timestamp_seconds{target="t",env="paper"}' "$since"
check "SIGSTOPped: earlier answers stay" answers t 10
refute "SIGSTOPped: no login time of yesterday" phase t auth
refute "SIGSTOPped: no counts of yesterday" counts t
# shellcheck disable=SC2046
kill -CONT $(family)
run 0 "$collector" --timeout 60s --target "t=$main"
check "continued: up again" up t 1
check "continued: the timeout stays counted" failures t timeout 1
check "continued: answers go on" answers t 20

# A loop, with its memory.
rm -f "$textfiles"/*.prom
spawn loop "$collector" --interval 100ms --target "t=$main"
runs() { test "$(value 'arbitrage_collector_runs_total{collector="postgres_latency",env="paper"}')" -ge "$1"; }
check "a loop runs" await 30 runs 20
resident() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$SPAWNED/status"; }
after_20=$(resident)
check "a loop goes on" await 60 runs 120
if sanitized; then
	skip "a loop does not grow" "a sanitizer keeps what is freed"
else
	check "a loop does not grow ($after_20 KiB, then $(resident) KiB)" test "$(resident)" -le $((after_20 + 1024))
fi
stop "$SPAWNED"

stop "$main_pid"
run 0 "$collector" --timeout 60s --target "t=$main"
check "stopped: down" up t 0
check "stopped: counted as connect" failures t connect 1
refute "stopped: no connect time of yesterday" phase t connect

### Settings that make no sense

refuses "no DSN" "not a connection string" --target "$secret"
# A raw '@' in a password, in every spelling and program that takes a connection string.
raw="postgresql://u:first@$secret@127.0.0.1/bot"
printf '%s\n' "$raw" >"$work/raw"
printf 'postgres_latency:\n  target: "main=%s"\n' "$raw" >"$work/raw.yml"
printf '[raw]\nhost=%s@127.0.0.1\n' "$secret" >"$work/raw_service.conf"
chmod 600 "$work/raw" "$work/raw.yml"
encode="write '@' as %40"
refuses "a raw @" "$encode" --target "$raw"
refuses "a raw @ behind a name" "$encode" --target "main=$raw"
refuses "a raw @ in words" "$encode" --target "host=$secret@127.0.0.1 user=u"
refuses "a raw @ in the config file" "$encode" --config.file "$work/raw.yml"
POSTGRES_DSN=$raw refuses "a raw @ in POSTGRES_DSN" "$encode"
ARBWATCH_TARGET_FILE=$work/raw refuses "a raw @ in a file" "$encode"
PGSERVICEFILE=$work/raw_service.conf refuses "a raw @ in a service" "$encode" --target service=raw
PGHOST=$secret@127.0.0.1 refuses "a raw @ in PGHOST" "$encode" --target "user=u"
# refused PROGRAM FLAG...: what its configuration check says.
refused() {
	what=$1
	shift
	run 2 "$BUILD/$what" "$@" --config.check
	check "$what: says what to write" logged "$encode"
	check "$what: without the secret" no_secret_in "$work/err" "$work/out"
}
refused preflight --postgres.target "$raw"
refused preflight --redis.target "redis://:first@$secret@h"
refuses "SQLAlchemy's string" "'postgresql+DRIVER://'" --target "postgresql+psycopg2://u:$secret@h/bot"
refuses "Prisma's string" "no parameter 'schema'" --target "postgresql://u:$secret@h/bot?schema=public"
refuses "Java's string" "'jdbc:' is Java's" --target "main=jdbc:postgresql://h/bot?user=u&password=$secret"
refuses "another scheme" "not a connection string" --target "mysql://u:$secret@h"
refuses "unknown word" "not a connection string" --target "host=h pasword=$secret"
refuses "open quote" "not a connection string" --target "host=h password='$secret"
refuses "broken escape" "not a connection string" --target "postgresql://u:$secret%zz@h/"
refuses "password with a slash" "%2F" --target "postgresql://u:1/$secret@h/"
refuses "password with a slash behind letters" "%2F" --target "postgresql://u:x/$secret@h/"
refuses "bad port" "port" --target "host=h port=$secret"
refuses "no such port" "port" --target "host=h port=70000"
refuses "bad sslmode" "invalid sslmode value" --target "host=h sslmode=$secret"
refuses "bad target_session_attrs" "target_session_attrs" --target "host=h target_session_attrs=$secret"
refuses "more ports than hosts" "port numbers" --target "host=h port=1,2 password=$secret"
refuses "more than 16 hosts" "16 hosts" --target "host=1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g,h"
refuses "no such service" "service (not shown) not found: see PGSERVICEFILE" --target "service=$secret"
refuses "the same target twice" "give each a name" --target "host=h password=$secret" --target "postgresql://h"
refuses "the same name twice" "'main'" --target main=postgresql://a --target main=postgresql://b
refuses "no samples" "samples" --samples 0
refuses "too many samples" "samples" --samples 1001
POSTGRES_PASSWORD_FILE=$work/missing refuses "a password file that is not there" "missing"
set --
for each in $(seq 257); do
	set -- "$@" --target "t$each=postgresql://127.0.0.1:1/"
done
refuses "257 targets" "more than 256" "$@"
shift 2
probe "$@"
check "256 targets are taken" up t257 0

finish
