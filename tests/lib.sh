# shellcheck shell=sh
# What the scenario scripts share.  A scenario sources this file, calls `check`
# for each thing it shows, and ends with `finish`:
#
#	. "$(dirname "$0")/../lib.sh"
#	start_redis
#	run 0 "$BUILD/redis_latency" --target "main=redis://127.0.0.1:$REDIS_PORT"
#	check "up is 1" sample 'arbitrage_redis_up{target="main",env="paper"}' 1
#	finish
#
# BUILD is the tree with the programs, $repository the root of the sources.
# Everything that is started ends with the script, by its process id; $work is a
# directory of its own, removed too.

set -u
# The root of the repository, above the script.  $0 may lead nowhere from where a script has gone before it sources this.
repository=$(
	cd "$(dirname "$0")" 2>/dev/null || :
	until [ -f VERSION ] || [ "$PWD" = / ]; do
		cd .. || exit
	done
	pwd
)
[ -f "$repository/VERSION" ] || { echo "$0 is in no repository" >&2; exit 1; }
: "${BUILD:=build}"
BUILD=$(cd "$BUILD" && pwd) || exit 1
TOOLS=$BUILD/tests/tools
PYTHON=/usr/bin/python3  # Debian's, which has Debian's prometheus_client
work=$(mktemp -d "${TMPDIR:-/tmp}/arbwatch-test.XXXXXX")
chmod 755 "$work"
textfiles=$work/textfiles
mkdir "$textfiles"
passed=0 failed=0 skipped=0
# How late a busy machine may be with what has a timeout; what hangs in spite of one hangs for longer.
late_ms=10000
: >"$work/pids"

# Nothing from the caller's environment may decide a test.
unset REDIS_URL POSTGRES_DSN REDIS_PASSWORD POSTGRES_PASSWORD PGPASSWORD PGHOST PGPORT PGUSER PGDATABASE
export ARBWATCH_TEXTFILE_DIRECTORY="$textfiles"
export NO_PROXY='*' no_proxy='*'
export ARBWATCH_CORE_DUMPS=yes # tests look into /proc/PID, and a sanitizer traces

cleanup() {
	while read -r pid; do
		kill -CONT "$pid" 2>/dev/null
		kill "$pid" 2>/dev/null
	done <"$work/pids"
	while read -r pid; do
		tries=0
		while kill -0 "$pid" 2>/dev/null; do
			tries=$((tries + 1))
			[ "$tries" -lt 100 ] || kill -KILL "$pid" 2>/dev/null
			sleep 0.05
		done
	done <"$work/pids"
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# check DESCRIPTION COMMAND...: the command must succeed.
check() {
	description=$1
	shift
	if "$@" >"$work/check.out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED %s: %s\n  command: %s\n' "$(basename "$0")" "$description" "$*"
		sed 's/^/  | /' "$work/check.out" | head -n 20
		[ ! -s "$work/err" ] || sed 's/^/  stderr | /' "$work/err" | head -n 10
	fi
}

# refute DESCRIPTION COMMAND...: the command must fail.
refute() {
	description=$1
	shift
	check "$description" not "$@"
}
not() { ! "$@"; }

# skip DESCRIPTION WHY: counted and printed, never silent.
skip() {
	skipped=$((skipped + 1))
	printf 'SKIPPED %s: %s: %s\n' "$(basename "$0")" "$1" "$2"
}

finish() {
	if [ "$skipped" -gt 0 ]; then
		printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	else
		printf '%d passed, %d failed\n' "$passed" "$failed"
	fi
	[ "$failed" -eq 0 ]
	exit
}

# await SECONDS COMMAND...: until it succeeds.
# Asked ten times a second for a second, then three times, without a clock: processes are what the tests' time goes into.
await() {
	await_left=$(($1 * 10)) await_asked=0
	shift
	until prom_text='' && "$@" >/dev/null 2>&1; do
		[ "$await_left" -gt 0 ] || return 1
		await_asked=$((await_asked + 1))
		if [ "$await_asked" -le 10 ]; then
			await_left=$((await_left - 1))
			sleep 0.1
		else
			await_left=$((await_left - 3))
			sleep 0.3
		fi
	done
}

# run STATUS COMMAND...: output in $work/out and $work/err; the exit status is checked.
run() {
	want=$1
	shift
	got=0 prom_text=''
	"$@" >"$work/out" 2>"$work/err" || got=$?
	check "exit status $want of: ${1##*/}" test "$got" -eq "$want"
}

# seconds_since NANOSECONDS-TEXT: with now_ns, for bounds on a whole run.
now_ns() { date +%s%N; }

# spawn NAME COMMAND...: in the background; its process id in $SPAWNED, its output in $work/NAME.log.
spawn() {
	spawn_name=$1 prom_text=''
	shift
	: >"$work/$spawn_name.log" # now, so that nobody takes the last one's output for its own
	"$@" >>"$work/$spawn_name.log" 2>&1 &
	SPAWNED=$!
	echo "$SPAWNED" >>"$work/pids"
}

stop() {  # stop PID: ask, and wait until it is gone
	kill -CONT "$1" 2>/dev/null
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	prom_text=''
}

# port_of PID: print the port that a server listens on, as soon as it does.  A server is started with port 0 if it
# takes that, since a port that is chosen before may be somebody else's by then.
port_of() { await 30 "$TOOLS/listening" "$1" && "$TOOLS/listening" "$1"; }

# free_port: a port that nobody uses now, for a server that takes no port 0 or is started again on the same port.
free_port() { "$TOOLS/free_port"; }

# for_all_users PROGRAM: print a copy of it that other users can run, also where the build tree is below a directory that
# is closed to them (root's home).
for_all_users() {
	install -m 755 "$BUILD/$1" "$work/$1" && printf '%s\n' "$work/$1"
}

# closed_port: sets CLOSED_PORT, of 127.0.0.1, where nobody listens, nor can while the scenario lasts.
closed_port() {
	spawn closed "$TOOLS/faulty_peer" refuse
	await 30 test -s "$work/closed.log" || { echo "faulty_peer did not start"; exit 1; }
	CLOSED_PORT=$(cat "$work/closed.log")
}

# await_unless_ended SECONDS PID COMMAND...: until the command succeeds, but no longer than the process lives.
await_unless_ended() {
	await_seconds=$1
	shift
	await "$await_seconds" ended_or "$@" && kill -0 "$1" 2>/dev/null
}
ended_or() {
	kill -0 "$1" 2>/dev/null || return 0
	shift
	"$@"
}
listens() { "$TOOLS/listening" "$1" | grep -qx "$2"; }  # listens PID PORT

# port_was_taken NAME: why the server of that name ended; then another port is tried.
port_was_taken() { grep -q 'Address already in use' "$work/$1.log"; }

# sample SERIES VALUE [FILE]: the line is in the file (default: the only .prom file), to the letter.
sample() {
	[ $# -eq 3 ] || set -- "$1" "$2" "$textfiles"/*.prom
	[ $# -eq 3 ] && grep -qxF -- "$1 $2" "$3"
}

# read_prom FILE: keep its text, so that in_prom, which starts no process as sample does, can be asked often.  It is read again
# after whatever may have changed it: run, spawn, stop and await forget it.
read_prom() { [ -n "$prom_text" ] || prom_text=$newline$(cat "$1")$newline; }
prom_text=''
newline='
'
# in_prom SERIES VALUE: the text has this line, to the letter; with an empty VALUE: it has no such series.
in_prom() {
	case ${2:+$prom_text} in
	*"$newline$1 $2$newline"*) return 0 ;;
	esac
	case $prom_text in
	*"$newline$1 "*) ;;
	*) [ -n "$2" ] || return 0 ;;
	esac
	echo "wanted: $1 '$2', and found:"
	echo "$prom_text" | grep -F -- "$1 "
	return 1
}

# value SERIES [FILE]: print the value of a series.
value() {
	awk -v series="$1" 'index($0, series " ") == 1 { print substr($0, length(series) + 2) }' "${2:-$(only_prom)}"
}

only_prom() { echo "$textfiles"/*.prom; }

start_redis() {  # start_redis [redis-server ARGUMENT...]: sets REDIS_PORT, REDIS_PID
	for _ in 1 2 3 4 5; do
		try_redis "$@" && return
		port_was_taken "redis-$REDIS_PORT" || break
	done
	cat "$work/redis-$REDIS_PORT.log"
	echo "redis-server did not start"
	exit 1
}
try_redis() {
	REDIS_PORT=$(free_port)
	mkdir -p "$work/redis-$REDIS_PORT"
	spawn "redis-$REDIS_PORT" redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --save '' --appendonly no \
		--dir "$work/redis-$REDIS_PORT" "$@"
	REDIS_PID=$SPAWNED
	# Another server may answer there.  An error reply (NOAUTH) is an answer too.
	await_unless_ended 30 "$REDIS_PID" listens "$REDIS_PID" "$REDIS_PORT" && await 30 redis-cli -p "$REDIS_PORT" ping
}

POSTGRES_BIN=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)

# PostgreSQL refuses to run as root.
as_postgres() {
	if [ "$(id -u)" -eq 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

# start_postgres [NAME=VALUE...]: a fresh cluster with those settings; user "arbwatch", password "s3cret-arbwatch",
# SCRAM over TCP and over the unix socket in $POSTGRES_DATA.  Sets POSTGRES_PORT, POSTGRES_DATA, POSTGRES_PID.
start_postgres() {
	for _ in 1 2 3 4 5; do
		make_cluster "$@"
		try_postgres && return
		port_was_taken "postgres-$POSTGRES_PORT" || break
	done
	cat "$work/postgres-$POSTGRES_PORT.log"
	exit 1
}
make_cluster() {
	POSTGRES_PORT=$(free_port)
	POSTGRES_DATA=$work/postgres-$POSTGRES_PORT
	make_cluster_template || { cat "$work/initdb.log"; exit 1; }
	cp -a "$clusters/template" "$POSTGRES_DATA"
	for setting in "listen_addresses='127.0.0.1'" "unix_socket_directories='$POSTGRES_DATA'" "port=$POSTGRES_PORT" \
		fsync=off autovacuum=off shared_buffers=16MB "$@"; do
		echo "$setting" >>"$POSTGRES_DATA/postgresql.conf"
	done
}
# make_cluster_template: a copy costs a tenth of what initdb does.  run_all.sh names a directory for all its scenarios.
clusters=${ARBWATCH_TEST_CLUSTERS:-$work}
make_cluster_template() {
	(
		flock 9
		[ ! -e "$clusters/template" ] || exit 0
		mkdir "$work/cluster"
		[ "$(id -u)" -ne 0 ] || chown postgres "$work/cluster"
		printf 's3cret-arbwatch\n' >"$work/postgres-password"
		chmod 644 "$work/postgres-password"
		as_postgres "$POSTGRES_BIN/initdb" -D "$work/cluster" -U arbwatch --pwfile="$work/postgres-password" \
			--auth=scram-sha-256 --encoding=UTF8 --locale=C --wal-segsize=1 --no-sync >"$work/initdb.log" 2>&1 &&
			mv "$work/cluster" "$clusters/template"
	) 9>"$clusters/template.lock"
}

# launch_postgres: again, on the same cluster.
launch_postgres() {
	try_postgres || {
		cat "$work/postgres-$POSTGRES_PORT.log"
		exit 1
	}
}
try_postgres() {
	if [ "$(id -u)" -eq 0 ]; then
		spawn "postgres-$POSTGRES_PORT" setpriv --reuid postgres --regid postgres --init-groups \
			"$POSTGRES_BIN/postgres" -D "$POSTGRES_DATA"
	else
		spawn "postgres-$POSTGRES_PORT" "$POSTGRES_BIN/postgres" -D "$POSTGRES_DATA"
	fi
	POSTGRES_PID=$SPAWNED
	# Through the socket in its own directory: at the port another server may answer.  It listens there last.
	await_unless_ended 30 "$POSTGRES_PID" "$POSTGRES_BIN/pg_isready" -q -h "$POSTGRES_DATA" -p "$POSTGRES_PORT"
}

# sql TEXT: as the superuser of the last cluster started.
sql() {
	PGPASSWORD=s3cret-arbwatch "$POSTGRES_BIN/psql" -qAtX -h 127.0.0.1 -p "$POSTGRES_PORT" -U arbwatch -d postgres -c "$1"
}
