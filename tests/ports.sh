#!/bin/sh
# How tests get their ports: no other program can take one between its choice and the start of the server.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

### listening

spawn peer "$TOOLS/faulty_peer" hang
peer=$SPAWNED
check "the port of a server with port 0 is found" test -n "$(port_of "$peer")"
check "it is the one that the server tells" test "$(port_of "$peer")" = "$(cat "$work/peer.log")"
# One of IPv6 where that exists, one to which a connection is open, and one that is bound and does not listen.
cat >"$work/sockets.py" <<'END_PYTHON'
import signal, socket
try:
    servers = [socket.create_server(("::1", 0), family=socket.AF_INET6)]
except OSError:
    servers = [socket.create_server(("127.0.0.1", 0))]
bound = socket.socket()
bound.bind(("127.0.0.1", 0))
servers.append(socket.create_server(("127.0.0.1", 0)))
client = socket.create_connection(servers[1].getsockname())
print(*[each.getsockname()[1] for each in servers], sep="\n", flush=True)
signal.pause()
END_PYTHON
spawn sockets "$PYTHON" "$work/sockets.py"
check "it has two" await 30 test -s "$work/sockets.log"
port_of "$SPAWNED" >"$work/ports"
check "of several, all are found, in their order, and nothing else" cmp "$work/sockets.log" "$work/ports"
run 1 "$TOOLS/listening" $$
check "a process that does not listen has no port" test ! -s "$work/out"
stop "$peer"
run 1 "$TOOLS/listening" "$peer"
check "neither has one that has ended" test ! -s "$work/out"
run 2 "$TOOLS/listening" nobody

### free_port

# between FIRST LAST [COMMAND...]: 64 ports, no two alike.
between() {
	first=$1 last=$2
	shift 2
	"$@" "$TOOLS/free_port" 64 >"$work/ports" || return 1
	sort -nu "$work/ports" | awk -v first="$first" -v last="$last" '
		{ print; if ($1 < first || $1 > last) wrong = 1 } END { exit wrong || NR != 64 }'
}
# A file of the kernel that sh cannot read byte by byte.
read -r low high <<END
$(cat /proc/sys/net/ipv4/ip_local_port_range)
END
if [ "$low" -ge 11000 ]; then
	check "ports are below the kernel's" between 10000 $((low - 1)) env
elif [ "$high" -le 64535 ]; then
	check "ports are above the kernel's" between $((high + 1)) 65535 env
else
	skip "ports are outside the kernel's" "$low to $high leaves none"
fi
# of_kernel LOW HIGH COMMAND...: where the kernel has other ones.
of_kernel() {
	unshare -n sh -c 'echo "$1 $2" >/proc/sys/net/ipv4/ip_local_port_range && shift 2 && exec "$@"' - "$@"
}
if of_kernel 15000 30000 true 2>/dev/null; then
	check "below them, if there are enough" between 10000 14999 of_kernel 15000 30000
	check "otherwise above" between 60001 65535 of_kernel 10500 60000
	check "otherwise of them" between 10500 65000 of_kernel 10500 65000
else
	skip "other ranges of the kernel" "no network of its own may be made here"
fi

### What is taken

closed_port
run 7 curl -s --noproxy '*' "http://127.0.0.1:$CLOSED_PORT/"
run 1 "$TOOLS/faulty_peer" --port "$CLOSED_PORT" hang
check "at a closed port nobody else can listen" grep -q 'Address already in use' "$work/err"

start_redis
first=$REDIS_PORT
free_port() {  # the first one is taken
	if [ -e "$work/taken" ]; then cat "$work/taken" && rm "$work/taken"; else "$TOOLS/free_port"; fi
}
echo "$first" >"$work/taken"
start_redis
check "the taken port was tried" test ! -e "$work/taken"
check "Redis starts at another port if one is taken" test "$REDIS_PORT" -ne "$first"
check "where it answers" test "$(redis-cli -p "$REDIS_PORT" info server | tr -d '\r' | sed -n 's/^process_id://p')" = "$REDIS_PID"
echo "$first" >"$work/taken"
start_postgres
check "so does Postgres" test "$POSTGRES_PORT" -ne "$first"
check "and answers" test "$(sql 'SHOW port')" = "$POSTGRES_PORT"
rm -rf "$work"/redis-*
no_redis() { (start_redis --no-such-setting 1); }
refute "a server that cannot start fails the scenario" no_redis
check "and was not tried again" test "$(find "$work" -name 'redis-*.log' | wc -l)" -eq 1
finish
