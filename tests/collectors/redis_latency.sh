#!/bin/sh
# redis_latency against real Redis servers, and against peers that do not behave.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

system=redis
# shellcheck source=tests/lib_latency.sh
. "$repository/tests/lib_latency.sh"

# succeeds WHAT URL [FLAG...]: the target answers all PINGs.
succeeds() {
	what=$1 url=$2
	shift 2
	probe --target "t=$url" "$@"
	check "$what: up" up t 1
	check "$what: no failure" only_failure t none
}

### What a healthy server looks like

start_redis
main_port=$REDIS_PORT main_pid=$REDIS_PID
main=redis://127.0.0.1:$main_port

succeeds "healthy" "$main"
check "ten PINGs by default" answers t 10
check "resolve has a time" phase t resolve
check "connect has a time" phase t connect
refute "no TLS, so no time for it" phase t tls
refute "no login, so no time for it" phase t auth
check "the run is a success" sample 'arbitrage_collector_success{collector="redis_latency",env="paper"}' 1
promtool_is_content() { promtool check metrics <"$textfiles/redis_latency.prom"; }
check "promtool finds nothing" promtool_is_content
run 0 "$collector" --timeout 60s --target "t=$main" --samples 25
check "PINGs of later runs add up" answers t 35
run 0 "$collector" --timeout 60s --target "$main" --samples 1000
check "without a name the target is host:port" up "127.0.0.1:$main_port" 1
check "a thousand PINGs" answers "127.0.0.1:$main_port" 1000
refute "a target that is no longer configured disappears" up t 1
REDIS_URL=$main run 0 "$collector" --timeout 60s
check "REDIS_URL is the target" up "127.0.0.1:$main_port" 1
succeeds "a name from the hosts file" "redis://localhost:$main_port"

### Databases, Unix sockets, users and passwords

spawn monitor redis-cli -p "$main_port" monitor
check "the monitor is on" await 30 grep -q OK "$work/monitor.log"
succeeds "database 3" "$main/3"
check "PINGs are sent to database 3" await 30 grep -qi '\[3 127.0.0.1:[0-9]*\] "PING"' "$work/monitor.log"
check "select has a time" phase t auth
stop "$SPAWNED"
fails "a database that is not there" rejected "check the database's number" "$main/99"
fails "a password for a server without one" auth "no password set" "redis://:$secret@127.0.0.1:$main_port"
check "a wrong password is not repeated" no_secret_in "$work/err" "$textfiles"

start_redis --requirepass "$secret" --unixsocket "$work/redis.sock"
locked_port=$REDIS_PORT locked=127.0.0.1:$REDIS_PORT
as_admin() { redis-cli -p "$locked_port" --no-auth-warning -a "$secret" "$@"; }

succeeds "password" "redis://:$secret@$locked"
check "login has a time" phase t auth
succeeds "password and database" "redis://:$secret@$locked/7"
succeeds "unix socket" "unix://:$secret@$work/redis.sock"
refute "a Unix socket has no name to resolve" phase t resolve
succeeds "unix socket and database" "unix://:$secret@$work/redis.sock?db=4"
probe --target "unix://:$secret@$work/redis.sock"
check "without a name the target is the socket's path" up "$work/redis.sock" 1
fails "no password" auth "REDIS_PASSWORD_FILE" "redis://$locked"
fails "wrong password" auth "WRONGPASS" "redis://:$secret-wrong@$locked"
check "a wrong password is not repeated" no_secret_in "$work/err" "$textfiles"
as_admin acl setuser probe on '>user pass' +ping >"$work/acl.log"
as_admin acl setuser mute on '>user pass' +auth >>"$work/acl.log"
as_admin acl setuser free on nopass +ping >>"$work/acl.log"
succeeds "user with the right to PING" "redis://probe:user%20pass@$locked"
succeeds "user that needs no password" "redis://free@$locked"
fails "user with a wrong password" auth "WRONGPASS" "redis://probe:$secret@$locked"
fails "user without the right to PING" auth "+ping" "redis://mute:user%20pass@$locked"
succeeds "user without the right to SELECT, in database 0" "redis://probe:user%20pass@$locked/0"
fails "user without the right to SELECT" auth "+select" "redis://probe:user%20pass@$locked/2"

### Ways to give a secret, and that none of them shows it

umask_before=$(umask)
umask 077
printf '%s\n' "$secret" >"$work/password"
printf 'hidden=redis://:%s@%s\n' "$secret" "$locked" >"$work/target"
printf 'redis_latency:\n  target: ["hidden=redis://:%s@%s"]\n' "$secret" "$locked" >"$work/url.yml"
printf 'redis_latency:\n  target: ["hidden=redis://%s"]\n  password: "%s"\n' "$locked" "$secret" >"$work/password.yml"
umask "$umask_before"

hides "URL in a flag" "$collector" --target "hidden=redis://:$secret@$locked"
hides "URL in a flag with '='" "$collector" "--target=hidden=redis://:$secret@$locked"
hides "URL in ARBWATCH_TARGET" env ARBWATCH_TARGET="hidden=redis://:$secret@$locked" "$collector"
hides "URL in REDIS_URL" env REDIS_URL="hidden=redis://:$secret@$locked" "$collector"
hides "URL in a file" env ARBWATCH_TARGET_FILE="$work/target" "$collector"
hides "URL in a file of old" env REDIS_URL_FILE="$work/target" "$collector"
hides "URL in the config file" "$collector" --config.file "$work/url.yml"
hides "password in a flag" "$collector" --target "hidden=redis://$locked" --password "$secret"
hides "password in ARBWATCH_PASSWORD" env ARBWATCH_PASSWORD="$secret" "$collector" --target "hidden=redis://$locked"
hides "password in REDIS_PASSWORD" env REDIS_PASSWORD="$secret" "$collector" --target "hidden=redis://$locked"
hides "password in ARBWATCH_PASSWORD_FILE" env ARBWATCH_PASSWORD_FILE="$work/password" "$collector" \
	--target "hidden=redis://$locked"
hides "password in REDIS_PASSWORD_FILE" env REDIS_PASSWORD_FILE="$work/password" "$collector" \
	--target "hidden=redis://$locked"
hides "password in the config file" "$collector" --config.file "$work/password.yml"

# What a hostile peer makes of a secret it was sent, also where a text is cut.
peer reply "-ERR you said $secret $secret $secret $secret $secret $secret $secret $secret $secret $secret $secret\r\n"
fails "a peer that repeats the password" rejected "you said" "redis://:$secret@127.0.0.1:$PEER_PORT"
check "the repeated password is masked" no_secret_in "$work/err" "$textfiles"
check "no piece of it is left" not grep -qF s3cr "$work/err"

# The URL's spelling of a password, where the text is cut.
odd=s3cr%2fpass%3Fword
peer reply "-WRONGPASS $(printf '%0170d' 0)$odd\r\n"
fails "a peer that repeats the password as the URL spells it" auth "WRONGPASS" "redis://u:$odd@127.0.0.1:$PEER_PORT"
check "no piece of that spelling is left" not grep -qF s3cr "$work/err"
peer reply '-\r\n'
fails "an error without a text" rejected "PING: an error without a text" "redis://127.0.0.1:$PEER_PORT"

### Answers that are refusals

peer reply '-LOADING Redis is loading the dataset in memory\r\n'
fails "loading" rejected "LOADING" "redis://127.0.0.1:$PEER_PORT"
closed_port
start_redis --replicaof 127.0.0.1 "$CLOSED_PORT" --replica-serve-stale-data no
fails "a replica that lost its master" rejected "MASTERDOWN" "redis://127.0.0.1:$REDIS_PORT"
check "PINGs without PONG are no measurement" answers t 0

start_redis --maxclients 1 --unixsocket "$work/full.sock"
spawn holder redis-cli -p "$REDIS_PORT" subscribe channel
check "the only place is taken" await 30 grep -q channel "$work/holder.log"
fails "too many clients" rejected "maxclients" "redis://127.0.0.1:$REDIS_PORT"
fails "too many clients, Unix socket" rejected "maxclients" "unix://:$secret@$work/full.sock"
stop "$SPAWNED"

start_redis --lua-time-limit 50
says_busy() { redis-cli -p "$REDIS_PORT" ping | grep -q BUSY; }
spawn script redis-cli -p "$REDIS_PORT" eval 'while true do end' 0
check "a script runs for too long" await 30 says_busy
fails "busy" rejected "SCRIPT KILL" "redis://127.0.0.1:$REDIS_PORT"
redis-cli -p "$REDIS_PORT" script kill >"$work/kill.log"

### Peers that are no Redis, or one that breaks off

fails "nobody listens" connect "Connection refused" "redis://127.0.0.1:$CLOSED_PORT"
fails "no such socket" connect "No such file" "unix:///$work/none.sock"
peer reply 'HTTP/1.1 400 Bad Request\r\n\r\n'
fails "a web server" protocol "right port" "redis://127.0.0.1:$PEER_PORT"
peer garbage
fails "garbage" protocol "right port" "redis://127.0.0.1:$PEER_PORT"
peer close
fails "closes at once" protocol "PING" "redis://127.0.0.1:$PEER_PORT"
peer reset
probe --target "t=redis://127.0.0.1:$PEER_PORT"
check "resets at once: up is 0" up t 0
peer proxy 127.0.0.1 "$main_port" --cut-after 3
fails "closes in the middle of an answer" protocol "closed" "redis://127.0.0.1:$PEER_PORT"
check "half an answer is no measurement" answers t 0
peer proxy 127.0.0.1 "$main_port" --cut-after 17
fails "closes in the middle of the third answer" protocol "closed" "redis://127.0.0.1:$PEER_PORT"
check "the two answers before it count" answers t 2

# ends_within KIB COMMAND...: the largest resident size it had is no more than that.
ends_within() {
	"$PYTHON" -c '
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("resident:", most, "KiB")
sys.exit(status or most > int(sys.argv[1]))' "$@"
}

# shellcheck disable=SC2016  # a RESP length, no variable
for prefix in '' '+' '-' '$1073741824\r\n' '*1000000000\r\n' '+PONG\r\n'; do
	peer flood "$prefix"
	fails "a gigabyte behind '$prefix'" protocol "PING: " "redis://127.0.0.1:$PEER_PORT"
	# 64 MiB hold python's own start and a sanitizer's tables; the flood is 1024 MiB.
	check "a gigabyte behind '$prefix': is not kept" ends_within 65536 "$collector" \
		--target "t=redis://127.0.0.1:$PEER_PORT" --stdout
done

### Peers that never answer: one timeout each, and only their own

what="hangs"
peer hang
hanging=redis://127.0.0.1:$PEER_PORT
in_time 500 fails "hangs" timeout "no answer in time" "$hanging" --timeout 500ms
peer drip 50 '+'
in_time 500 fails "drips" timeout "no answer in time" "redis://127.0.0.1:$PEER_PORT" --timeout 500ms
peer proxy 127.0.0.1 "$main_port" --delay 60
succeeds "slow" "redis://127.0.0.1:$PEER_PORT" --samples 3
check "slow: three PINGs" answers t 3
check "slow: none was faster than the delay" \
	sample 'arbitrage_redis_latency_seconds_bucket{target="t",env="paper",le="0.1"}' 0

what="5 hung and 1 good"
in_time 4000 probe --timeout 4s --target "a=$hanging" --target "b=$hanging" --target "c=$hanging" \
	--target "good=$main" --target "d=$hanging" --target "e=$hanging"
check "the good one is up" up good 1
check "the good one is measured" answers good 10
for each in a b c d e; do
	check "hung target $each is down" up "$each" 0
	check "hung target $each timed out" only_failure "$each" timeout
done
check "such a run is no success" sample 'arbitrage_collector_success{collector="redis_latency",env="paper"}' 0
run 3 "$collector" --fail-on-down --timeout 300ms --target "a=$hanging" --target "good=$main"

# A server that stops, and comes back.
succeeds "before it stops" "$main"
since=$(value 'arbitrage_redis_last_success_timestamp_seconds{target="t",env="paper"}')
kill -STOP "$main_pid"
what="SIGSTOPped"
in_time 500 run 0 "$collector" --target "t=$main" --timeout 500ms
check "SIGSTOPped: down" up t 0
check "SIGSTOPped: a timeout is counted" failures t timeout 1
check "SIGSTOPped: the last success stays" \
	sample 'arbitrage_redis_last_success_timestamp_seconds{target="t",env="paper"}' "$since"
check "SIGSTOPped: earlier PINGs stay" answers t 10
refute "SIGSTOPped: no login time of yesterday" phase t auth
kill -CONT "$main_pid"
run 0 "$collector" --timeout 60s --target "t=$main"
check "continued: up again" up t 1
check "continued: the timeout stays counted" failures t timeout 1
check "continued: PINGs go on" answers t 20
stop "$main_pid"
run 0 "$collector" --timeout 60s --target "t=$main"
check "stopped: down" up t 0
check "stopped: counted as connect" failures t connect 1
refute "stopped: no connect time of yesterday" phase t connect

### A name server that never answers

# In a network of its own, where the only name server is a socket that nobody reads, and a Redis whose name is in
# the hosts file.
cat >"$work/silent.py" <<'END'
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
open(sys.argv[1], "w").close()
time.sleep(600)
END
cat >"$work/silent.sh" <<'END'
work=$1 python=$2
shift 2
ip link set lo up && printf 'nameserver 127.0.0.1\noptions timeout:30\n' >"$work/resolv.conf" || exit 90
mount --bind "$work/resolv.conf" "$(readlink -f /etc/resolv.conf)" || exit 90
"$python" "$work/silent.py" "$work/silent.ready" &
server=$!
redis-server --bind 127.0.0.1 --port 6379 --save '' --dir "$work" >"$work/silent-redis.log" &
redis=$!
trap 'kill "$server" "$redis"' EXIT
trap 'exit 90' INT TERM HUP
until [ -e "$work/silent.ready" ] && redis-cli -h 127.0.0.1 ping >"$work/silent-ping.log" 2>&1; do
	kill -0 "$server" && kill -0 "$redis" || exit 90
	sleep 0.05
done
started=$(date +%s%N)
"$@"
status=$?
echo $((($(date +%s%N) - started) / 1000000)) >"$work/silent.took"
exit "$status"
END
# A loop, until its file tells of four runs.
cat >"$work/four_runs.sh" <<'END'
file=$1 tries=0
shift
"$@" &
loop=$!
until grep -q '^arbitrage_collector_runs_total{.*} [4-9]$' "$file"; do
	tries=$((tries + 1))
	[ "$tries" -lt 600 ] || break
	sleep 0.1
done
kill "$loop"
wait "$loop"
END
if unshare -n -m true 2>"$work/unshare.log"; then
	in_silence() {
		rm -f "$work/silent.ready" "$textfiles"/*.prom
		run 0 unshare -n -m sh "$work/silent.sh" "$work" "$PYTHON" "$@"
	}
	probe_names() {
		in_silence "$collector" "$@"
		check "$what: ends by its timeout" test "$(cat "$work/silent.took")" -le $((4000 + late_ms))
	}
	what="silent name server"
	probe_names --timeout 4s --target t=redis://redis.example.org:6379 --target good=redis://localhost
	check "$what: down" up t 0
	check "$what: kind timeout" only_failure t timeout
	check "$what: the log says so" logged "no answer from the name server"
	check "$what: the good one is measured" answers good 10
	what="silent name server, 100 names"
	set --
	for each in $(seq 100); do
		set -- "$@" --target "t$each=redis://host$each.example.org"
	done
	probe_names --timeout 4s "$@" --target good=redis://localhost
	check "$what: the good one is measured" answers good 10
	check "$what: the first is a timeout" only_failure t1 timeout
	check "$what: the last is a timeout" only_failure t100 timeout
	# The resolver holds on to a name for half a minute and more: names must not add up from run to run.
	what="silent name server, 100 names, again and again"
	in_silence sh "$work/four_runs.sh" "$textfiles/redis_latency.prom" "$collector" --interval 2500ms --timeout 2400ms \
		"$@" --target good=redis://localhost
	check "$what: the good one is always measured" only_failure good none
	check "$what: the others never" test "$(value \
		'arbitrage_redis_failures_total{target="t100",kind="timeout",env="paper"}')" -ge 4
else
	skip "a name server that never answers" "needs root and network namespaces"
fi

### Settings that make no sense

# refuses WHAT TEXT FLAG...: status 2, one line that says why and holds no secret, nothing written.
refuses() {
	what=$1 text=$2
	shift 2
	rm -f "$textfiles"/*.prom
	run 2 "$collector" "$@"
	check "$what: says why" logged "$text"
	check "$what: in one line" test "$(wc -l <"$work/err")" -eq 1
	check "$what: without the secret" no_secret_in "$work/err" "$work/out"
	refute "$what: nothing is written" test -e "$textfiles/redis_latency.prom"
}

refuses "no URL" "scheme" --target "$secret"
refuses "unknown scheme" "redis://, rediss:// or unix://" --target "http://:$secret@h"
refuses "bad port" "port" --target "redis://:$secret@h:port"
refuses "password with a slash" "%2F" --target "redis://:$secret/x@h"
refuses "bad escape" "%25" --target "redis://:$secret%zz@h"
refuses "no host" "no host" --target "redis://:$secret@/1"
refuses "bad database" "database" --target "redis://:$secret@h/one"
refuses "query" "'?'" --target "redis://:$secret@h?db=1"
refuses "relative socket" "unix:///" --target "unix://:$secret@redis.sock"
refuses "the same target twice" "give each a name" --target "redis://:$secret@h" --target "redis://h/1"
refuses "the same name twice" "'main'" --target main=redis://a --target main=redis://b
refuses "no samples" "samples" --samples 0
refuses "too many samples" "samples" --samples 1001
refuses "samples that are no number" "samples" --samples ten
printf '\357\273\277%s\n' "$secret" >"$work/bom"
REDIS_PASSWORD_FILE=$work/bom refuses "a password file with a BOM" "without BOM"
refuses "a raw @" "write '@' as %40" --target "main=redis://:first@$secret@h"
REDIS_URL="redis://:first@$secret@h" refuses "a raw @ in REDIS_URL" "write '@' as %40"
refuses "a list of hosts" "one URL for each" --target "redis://:$secret@a:1,b:2"
refuses "Sentinel" "Sentinel" --target "redis+sentinel://:$secret@h:26379/mymaster"
REDIS_PASSWORD_FILE=$work/none refuses "a password file that is not there" "none"
set --
for each in $(seq 257); do
	set -- "$@" --target "t$each=redis://127.0.0.1:1"
done
refuses "257 targets" "more than 256" "$@"
shift 2
run 0 "$collector" --timeout 60s "$@"
check "256 targets are taken" up t257 0

### TLS, where hiredis has it

make_key() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" \
		-subj "/CN=$1.example" -batch
}

sign() {  # sign NAME EXTENSION WITH...
	name=$1
	printf '%s\n' "$2" >"$work/$name.ext"
	shift 2
	openssl x509 -req -in "$work/$name.csr" -days 2 -extfile "$work/$name.ext" -out "$work/$name.crt" "$@"
}

tls_tests() {
	{
		make_key ca
		make_key other
		make_key server
		make_key client
		sign ca 'basicConstraints=critical,CA:TRUE' -signkey "$work/ca.key"
		sign other 'basicConstraints=critical,CA:TRUE' -signkey "$work/other.key"
		sign server 'subjectAltName=DNS:localhost,DNS:redis.example.org,IP:127.0.0.1' \
			-CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial
		sign client 'basicConstraints=CA:FALSE' -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial
	} >"$work/openssl.log" 2>&1
	cat "$work/client.crt" "$work/client.key" >"$work/client.pem"

	tls_port=$(free_port)
	start_redis --tls-port "$tls_port" --tls-cert-file "$work/server.crt" --tls-key-file "$work/server.key" \
		--tls-ca-cert-file "$work/ca.crt" --tls-auth-clients no --requirepass "$secret"
	ca=$work/ca.crt
	succeeds "TLS by address" "rediss://:$secret@127.0.0.1:$tls_port" --tls.ca-file "$ca"
	check "TLS: the handshake has a time" phase t tls
	check "TLS: so has the login" phase t auth
	check "TLS: ten PINGs" answers t 10
	succeeds "TLS by name" "rediss://:$secret@localhost:$tls_port/3" --tls.ca-file "$ca"
	succeeds "TLS with a server name" "rediss://:$secret@127.0.0.1:$tls_port" --tls.ca-file "$ca" \
		--tls.server-name redis.example.org
	fails "TLS, wrong name" tls "mismatch" "rediss://:$secret@127.0.0.1:$tls_port" --tls.ca-file "$ca" \
		--tls.server-name else.example.org
	check "TLS, wrong name: the secret is not shown" no_secret_in "$work/err" "$textfiles"
	fails "TLS, wrong address" tls "mismatch" "rediss://:$secret@127.0.0.1:$tls_port" --tls.ca-file "$ca" \
		--tls.server-name 127.0.0.2
	fails "TLS, another CA" tls "certificate" "rediss://:$secret@127.0.0.1:$tls_port" --tls.ca-file "$work/other.crt"
	fails "TLS, the system's CAs" tls "certificate" "rediss://:$secret@127.0.0.1:$tls_port"
	fails "TLS, wrong password" auth "WRONGPASS" "rediss://:wrong@127.0.0.1:$tls_port" --tls.ca-file "$ca"
	# A handshake has no line break, so Redis waits for the rest of the command.
	fails "TLS to a plain port" timeout "does the server speak TLS" "rediss://:$secret@127.0.0.1:$REDIS_PORT" \
		--tls.ca-file "$ca" --timeout 2s
	fails "plain to a TLS port" protocol "AUTH" "redis://:$secret@127.0.0.1:$tls_port"

	tls_port=$(free_port)
	start_redis --tls-port "$tls_port" --tls-cert-file "$work/server.crt" --tls-key-file "$work/server.key" \
		--tls-ca-cert-file "$work/ca.crt" --tls-auth-clients yes
	fails "TLS without the certificate it asks for" tls "TLS" "rediss://127.0.0.1:$tls_port" --tls.ca-file "$ca"
	succeeds "TLS with a client certificate" "rediss://127.0.0.1:$tls_port" --tls.ca-file "$ca" \
		--tls.cert-file "$work/client.crt" --tls.key-file "$work/client.key"
	succeeds "TLS with certificate and key in one file" "rediss://127.0.0.1:$tls_port" --tls.ca-file "$ca" \
		--tls.cert-file "$work/client.pem"

	in_time 2000 fails "TLS, hangs" timeout "handshake" "rediss://127.0.0.1:${hanging##*:}" --timeout 2s
	peer drip 50 '\x16\x03\x03\x40\x00'
	in_time 2000 fails "TLS, drips" timeout "handshake" "rediss://127.0.0.1:$PEER_PORT" --timeout 2s
	peer garbage
	fails "TLS, garbage" tls "TLS" "rediss://127.0.0.1:$PEER_PORT"
	peer close
	fails "TLS, closes at once" tls "TLS" "rediss://127.0.0.1:$PEER_PORT"
	refuses "no such CA file" "none.crt" --target rediss://h --tls.ca-file "$work/none.crt"
	refuses "key of another certificate" "key" --target rediss://h --tls.cert-file "$work/client.crt" \
		--tls.key-file "$work/server.key"
	# Without a word to the terminal, which script(1) would give to OpenSSL's prompt.
	openssl ec -aes128 -passout "pass:$secret" -in "$work/client.key" -out "$work/locked.key" >>"$work/openssl.log" 2>&1
	cat "$work/client.crt" "$work/locked.key" >"$work/locked.pem"
	refuses "encrypted key" "the key is encrypted" --target rediss://h --tls.cert-file "$work/client.crt" \
		--tls.key-file "$work/locked.key"
	refuses "encrypted key in one file" "the key is encrypted" --target rediss://h --tls.cert-file "$work/locked.pem"
	refuses "key without certificate" "needs a tls.cert-file" --target rediss://h --tls.key-file "$work/client.key"
}

if "$collector" --config.check --target rediss://h >"$work/out" 2>"$work/err"; then
	tls_tests
else
	skip "Redis over TLS" "hiredis speaks TLS from version 1.0 on, and this is an older one"
	refuses "TLS without TLS" "rediss:// needs TLS" --target "rediss://:$secret@h"
fi

finish
