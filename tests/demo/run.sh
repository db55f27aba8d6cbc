#!/bin/sh
# `make run`: it comes up, Prometheus answers with our histograms growing, and
# nothing of it is left when it ends, however it ends, nor when make is ended.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

demo=$repository/demo/run.sh
unset MAKEFLAGS MAKELEVEL
export BUILD ARBWATCH_INTERVAL=1s TMPDIR="$work"
# What a user may have set must not be measured, nor written to.
export REDIS_URL='redis://user:hunter2@127.0.0.1:1/0' POSTGRES_DSN='host=127.0.0.1 port=1'
export ARBWATCH_TARGET=nobody

# start_demo NAME [COMMAND...]: a session of its own, so that all its processes can be found.
start_demo() {
	log=$work/$1.log
	name=$1
	shift
	[ $# -gt 0 ] || set -- "$demo"
	spawn "$name" setsid env --default-signal=INT "$@"
	demo_pid=$SPAWNED
}

# came_up: within the time that a slow machine needs to build.  Otherwise there is nothing more to test.
came_up() {
	await 300 said_or_ended
	grep -q '^It works' "$log" && return 0
	cat "$log"
	failed=$((failed + 1))
	finish
}
said_or_ended() { grep -q '^It works' "$log" || ended; }

# demo_directory: print it, once there is one.
demo_directory() { sed -n 's/^starting in //p' "$log" | grep .; }

prometheus_url() { sed -n 's/^ *Prometheus *\(http:.*\)/\1/p' "$log" | grep .; }

# The processes of the demo: by session, by argument, and by directory (the
# children of PostgreSQL have sessions of their own).
processes() {
	# shellcheck disable=SC2009 # pgrep does not tell zombies apart
	ps -s "$demo_pid" -o pid=,stat=,args= | grep -v '^ *[0-9]* Z'
	pgrep -a -f -- "$directory/"
	find /proc/[0-9]*/cwd -maxdepth 0 -lname "$directory*" 2>/dev/null
}
nothing_left() {
	[ ! -e "$directory" ] || { ls -d "$directory"; return 1; }
	left=$(processes)
	echo "$left"
	[ -z "$left" ]
}

ended() { ! kill -0 "$demo_pid" 2>/dev/null; }

# Ask Prometheus past all code of ours: the value of an expression's only series.
query() {
	curl -sS --fail --max-time 60 --data-urlencode "query=$1" "$(prometheus_url)/api/v1/query" |
		"$PYTHON" -c '
import json, sys
(series,) = json.load(sys.stdin)["data"]["result"]
print(series["value"][1])'
}
prometheus_has_at_least() { [ "$(query "$1")" -ge "$2" ]; }

# What the collectors wrote themselves.
file_count() { value "$1_count{target=\"main\",env=\"paper\"}" "$directory/textfiles/$2.prom"; }

file_reaches() { [ "$(file_count "$1" "$2")" -ge "$3" ]; }

shows_growth() { # shows_growth FAMILY COLLECTOR: file and Prometheus go on together
	count=$(file_count "$1" "$2")
	check "$2 has measured" test "${count:-0}" -gt 0
	check "$2 goes on measuring" await 30 file_reaches "$1" "$2" $((${count:-0} + 10))
	count=$(file_count "$1" "$2")
	check "Prometheus gets what $2 wrote" await 30 prometheus_has_at_least "$1_count" "${count:-1}"
}

no_secret_in_argv() {
	# shellcheck disable=SC2013 # one per word
	for secret in $(sed -n 's/.*:\([0-9a-f]\{32\}\)@.*/\1/p' "$directory/arbwatch.yml"); do
		! grep -l -a -F -- "$secret" /proc/[0-9]*/cmdline 2>/dev/null || return 1
		! grep -l -F -- "$secret" "$directory"/*.log "$directory"/textfiles/* "$log" || return 1
	done
	[ -n "$secret" ]
}

# Until Ctrl-C.
start_demo live
came_up
directory=$(demo_directory)
shows_growth arbitrage_redis_latency_seconds redis_latency
shows_growth arbitrage_postgres_latency_seconds postgres_latency
check "its own Redis is up" test "$(query arbitrage_redis_up)" = 1
check "its own Postgres is up" test "$(query arbitrage_postgres_up)" = 1
check "node_exporter takes every file" test "$(query node_textfile_scrape_error)" = 0
check "it prints ten figures of what the bot earns" test "$(sed -n '/^what the bot earns/,/^$/p' "$log" |
	grep -cE '^  [a-zA-Z ]+ +[+-]?[0-9.]+( [A-Z%a-z]+)?$')" -eq 10
check "and where the faults of the bot are" curl -sSf -o "$work/faults" --max-time 60 \
	"$(sed -n 's/^ *the paper engine *\(http:[^ ]*\).*/\1/p' "$log")"
check "the bot crashes" curl -sSf -o "$work/crash" --max-time 60 -X POST \
	"$(sed -n 's/^ *the paper engine *\(http:[^ ]*\).*/\1/p' "$log")/crash"
check "that ends nothing else: it is started again" await 30 grep -q '^paper_engine has ended; it is started again' "$log"
check "it prints the example's answer" grep -qE '^  = [0-9.e+-]+$' "$log"
check "no password in an argument, a log or a metric" no_secret_in_argv
check "it goes on until it is stopped" kill -0 "$demo_pid"
kill -INT "$demo_pid"
check "SIGINT ends it" await 30 ended
wait "$demo_pid"
check "stopping it is a good end" test $? -eq 0
check "after SIGINT nothing is left" await 30 nothing_left

# (A part that dies is told, and ends the rest: dashboards.sh ends its demo so.)

# Interrupted as soon as it has a directory.
start_demo early
await 300 grep -q '^starting in' "$log"
directory=$(demo_directory)
kill -INT "$demo_pid"
check "SIGINT as it starts ends it" await 30 ended
wait "$demo_pid"
check "SIGINT as it starts is no success" test $? -eq 130
check "after SIGINT as it starts nothing is left" await 30 nothing_left

# By way of make, once servers run: a kill of make alone, Ctrl-C, which the whole group gets, and a terminal that is closed.
end_make() {  # end_make SIGNAL make|group
	start_demo make make -s -C "$repository" run
	await 300 demo_directory
	directory=$(demo_directory)
	await 300 test -s "$directory/postgres.log"
	whom=$demo_pid
	[ "$2" = make ] || whom=-$demo_pid
	kill -s "$1" -- "$whom"
	check "SIG$1 to the $2 ends it" await 30 ended
	check "after SIG$1 to the $2 nothing is left" await 30 nothing_left
}
end_make TERM make
end_make INT group
end_make HUP group

# A question that cannot be asked is not put down to the part.
mkdir "$work/without"
for each in $(echo "$PATH" | tr : ' '); do
	[ ! -d "$each" ] || find "$each/" -maxdepth 1 -mindepth 1 ! -name redis-cli -exec ln -sf -t "$work/without" '{}' +
done
run 1 env PATH="$work/without" "$demo" --once
check "a command that is missing is named" grep -q '^demo: asking redis-server: .*redis-cli: not found' "$work/err"

# A part that does not come up.
mkdir "$work/bin"
printf '#!/bin/sh\necho "no room on this machine"\nexit 3\n' >"$work/bin/prometheus"
chmod +x "$work/bin/prometheus"
run 1 env PATH="$work/bin:$PATH" "$demo" --once
check "what does not start is named" grep -q '^demo: prometheus: ended' "$work/err"
check "with its own words" grep -q '^  | no room on this machine' "$work/err"

run 2 "$demo" --sideways
run 0 "$demo" --once
check "--once proves the same" grep -q '^It works' "$work/out"
check "with the example's answer" grep -qE '^  = [0-9.e+-]+$' "$work/out"
check "no directory of any demo is left" sh -c "! ls -d '$work'/arbwatch-demo.*"

finish
