#!/bin/sh
# engine_state and what goes wrong: more entries than are published, keys that vanish, and a Redis that refuses, moves,
# breaks off or hangs.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_engine.sh
. "$repository/tests/lib_engine.sh"

# More than is published ----------------------------------------------

forget
heart
{
	for each in 01 02 03 04 05 06 07 08 09 10 11 12; do
		echo "HSET arbwatch:guard:symbol:S$each updated_at $now state ok"
		echo "HSET arbwatch:route:R$each updated_at $now score $each decision trade"
		echo "HSET arbwatch:symbol:S$each updated_at $((now - 1${each#0}))"
		echo "HSET arbwatch:limit:exposure:symbol:S$each updated_at $now value $each limit 100"
		echo "HSET arbwatch:feed:F$each updated_at $now connected 1 message_at $((now - 1${each#0}))"
		echo "HSET arbwatch:orders:O$each sent 1"
	done
	echo "HSET arbwatch:guard:symbol:S07 state block"
	echo "HSET arbwatch:guard:symbol:S03 state cooldown"
	echo "HSET arbwatch:guard:symbol:S11 state degrade"
	echo "HSET arbwatch:route:R05 score 90"
	echo "HSET arbwatch:route:R12 score 0.5 decision skip"
	echo "HSET arbwatch:limit:exposure:symbol:S01 value 1 limit 1"
	echo "HSET arbwatch:feed:F02 connected 0"
} | bot
collect 0 --entries.max 3
names() { sed -n "s/^arbitrage_engine_$1{.*$2=\"\([^\"]*\)\".*/\1/p" "$textfiles/engine_state.prom" | sort | paste -sd ' '; }
worst() {  # worst METRIC LABEL NAMES WHAT
	check "$4: $(names "$1" "$2")" test "$(names "$1" "$2")" = "$3"
}
worst guard_state name 'S03 S07 S11' 'guards that are not ok'
worst route_score route 'R01 R02 R12' 'routes with the lowest scores'
worst symbol_updated_timestamp_seconds symbol 'S10 S11 S12' 'symbols that are the oldest'
worst exposure name 'S01 S11 S12' 'limits that are nearest'
worst feed_connected exchange 'F02 F11 F12' 'feeds that are down or oldest'
for kind in guard route symbol limit feed orders; do
	check "$kind: all are counted" entries "$kind" 12
	check "$kind: so are those that are left out" dropped "$kind" 9
done
check "guards are counted whether or not they are published" is 'guards{tier="symbol",state="ok"}' 9
check "those that block, too" is 'guards{tier="symbol",state="block"}' 1
check "so are routes" is 'routes{decision="trade"}' 11
check "and those that are skipped" is 'routes{decision="skip"}' 1
check "to leave out is no fault" warnings 0

# Keys that come and go while they are read ---------------------------

# Half of the time each of them is there, and some go away between the SCAN that finds them and their HMGET.
mkfifo "$work/flood"
spawn writer sh -c 'exec redis-cli -p "$1" <"$2" >/dev/null' writer "$REDIS_PORT" "$work/flood"
spawn flood sh -c 'exec awk -v now="$1" "BEGIN {
	for (;;) {
		for (i = 0; i < 300; i++)
			print \"HSET arbwatch:symbol:V\" i \" updated_at \" now
		for (i = 0; i < 300; i++)
			print \"DEL arbwatch:symbol:V\" i
	}
}" >"$2"' flood "$now" "$work/flood"
flood=$SPAWNED
sees_one() {
	"$collector" --engine.redis "$redis_url" --timeout 20s --engine.max-age 1h --entries.max 5000 2>/dev/null
	grep -q 'symbol="V' "$textfiles/engine_state.prom"
}
check "a key that comes and goes is seen at times" await 20 sees_one
for _ in 1 2 3 4 5 6 7 8 9 10; do
	collect 0
	check "and is no fault when it has gone" faulty symbol 0
done
stop "$flood"

# A Redis that refuses, moves, breaks off or hangs --------------------

# is_down KIND TEXT: nothing is known.
is_down() {
	echo "up 0" >"$work/nothing"
	check "$2: the bot is down, and nothing else is known" exactly <"$work/nothing"
	check "$2: that is kind $1" sample \
		"arbitrage_collector_failures_total{collector=\"engine_state\",kind=\"$1\",env=\"paper\"}" 1
	check "$2: the log says so" logged "$2"
	check "$2: in one line" warnings 1
}
forget
heart
bot <<-END
	ACL SETUSER scanless on >pass +hmget +exists ~arbwatch:*
	ACL SETUSER readless on >pass +scan +exists ~arbwatch:*
	ACL SETUSER keyless on >pass +scan +hmget +exists ~other:*
	ACL SETUSER enough on >pass +scan +hmget +exists ~arbwatch:*
END
collect 0 --engine.redis "redis://enough:pass@127.0.0.1:$REDIS_PORT"
check "+scan, +hmget and +exists are enough" is 'up{}' 1
# The command of the documentation.
acl=$(sed -n 's/^ACL SETUSER arbwatch on >PASSWORD +ping/+ping/p' "$repository/docs/engine.md")
check "the documentation names the rights" test -n "$acl"
echo "ACL SETUSER documented on >pass $acl" | bot
collect 0 --engine.redis "redis://documented:pass@127.0.0.1:$REDIS_PORT/0"
check "they are enough" is 'up{}' 1
collect 3 --engine.redis "redis://scanless:pass@127.0.0.1:$REDIS_PORT"
is_down auth +scan
collect 3 --engine.redis "redis://readless:pass@127.0.0.1:$REDIS_PORT"
is_down auth +hmget
collect 3 --engine.redis "redis://keyless:pass@127.0.0.1:$REDIS_PORT"
is_down auth arbwatch:
collect 3 --engine.redis "redis://enough:wrong-pass@127.0.0.1:$REDIS_PORT"
is_down auth WRONGPASS
check "a wrong password is not shown" not grep -q wrong-pass "$work/err"

# Two servers of a cluster; all keys belong to the one that is not asked.
start_redis --cluster-enabled yes
far=$REDIS_PORT
start_redis --cluster-enabled yes
redis-cli -p "$far" cluster addslotsrange 0 16383 >"$work/cluster"
redis-cli -p "$REDIS_PORT" cluster meet 127.0.0.1 "$far" >>"$work/cluster"
moves() { redis-cli -p "$REDIS_PORT" hget arbwatch:engine a | grep -q MOVED; }
check "the keys have moved" await 30 moves
collect 3 --engine.redis "redis://127.0.0.1:$REDIS_PORT"
is_down rejected "127.0.0.1:$far"

start_redis --requirepass hunter2
collect 3 --engine.redis "redis://127.0.0.1:$REDIS_PORT"
is_down auth 'the server wants a password'

closed_port
collect 3 --engine.redis "redis://127.0.0.1:$CLOSED_PORT"
is_down connect 'refused'

# peer MODE...: sets PEER_PORT.
peer() {
	spawn peer "$TOOLS/faulty_peer" "$@"
	await 30 test -s "$work/peer.log"
	PEER_PORT=$(head -n 1 "$work/peer.log")
}
peer hang
began=$(now_ns)
collect 3 --engine.redis "redis://127.0.0.1:$PEER_PORT" --timeout 500ms
is_down timeout 'in time'
took=$((($(now_ns) - began) / 1000000))
check "a Redis that hangs holds a run no longer than its timeout ($took ms)" test "$took" -lt "$late_ms"
peer flood
collect 3 --engine.redis "redis://127.0.0.1:$PEER_PORT"
is_down protocol 'Protocol error'
peer proxy 127.0.0.1 "${redis_url##*:}" --cut-after 20
collect 3 --engine.redis "redis://127.0.0.1:$PEER_PORT"
is_down protocol 'closed'
finish
