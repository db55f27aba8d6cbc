#!/bin/sh
# queue_depth, on keys that the test writes itself: lists and streams, and all that can be wrong with the keys of others.
# queue_depth_frameworks.sh has the frameworks themselves.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_redis
main=redis://127.0.0.1:$REDIS_PORT
main_port=$REDIS_PORT
cli() { redis-cli -p "$main_port" "$@" >>"$work/cli.log" 2>&1; }

# measured FLAG...: read the test's Redis; measured_in URL FLAG...: read another one.
measured_in() {
	url=$1
	shift
	rm -f "$textfiles/queue_depth.prom"
	run 0 "$BUILD/queue_depth" --target "t=$url" "$@"
	read_prom "$textfiles/queue_depth.prom"
}
measured() { measured_in "$main" "$@"; }

# has METRIC LABELS VALUE: with an empty VALUE it is left out.
has() { in_prom "arbitrage_queue_$1{target=\"t\",${2:+$2,}env=\"paper\"}" "$3"; }
length() { has length "type=\"$1\",queue=\"$2\"" "$3"; }
consumers() { has consumers "type=\"$1\",queue=\"$2\"" "$3"; }
# since TYPE QUEUE UNIXTIME: the oldest waits since then.
since() {
	age=$(value "arbitrage_queue_oldest_task_age_seconds{target=\"t\",type=\"$1\",queue=\"$2\",env=\"paper\"}")
	now=$(value 'arbitrage_queue_last_success_timestamp_seconds{target="t",env="paper"}')
	echo "age '$age' at $now"
	awk -v age="${age:-none}" -v now="$now" -v at="$3" \
		'BEGIN { off = now - age - at; exit !(age != "none" && off < 0.01 && off > -0.01) }'
}
no_age() { has oldest_task_age_seconds "type=\"$1\",queue=\"$2\"" ''; }
says() { grep -qF -- "$1" "$work/err" || { cat "$work/err"; return 1; }; }

### Lists

cli rpush jobs:a 1 2 3
cli rpush jobs:b 1
cli set jobs:text no
measured --queue list:jobs:a --queue list:none
check "a list has its length" length list jobs:a 3
check "a list that does not exist is empty" length list none 0
check "that is a success" has up '' 1
check "a list does not tell of age" no_age list jobs:a
check "nor of workers" consumers list jobs:a ''
check "all kinds of failure are there from the first run on" has failures_total 'kind="timeout"' 0
check "textfile_lint finds nothing" "$BUILD/textfile_lint" "$textfiles"

measured --queue 'list:jobs:*' --queue list:jobs:b
check "a pattern finds lists" length list jobs:a 3
check "a queue that two settings name counts once" length list jobs:b 1
check "and nothing else" length list jobs:text ''
check "nothing is dropped" has dropped '' 0
measured --queue 'list:jobs:[ab]' --queue 'list:?obs:b'
check "patterns are those of Redis" length list jobs:a 3

measured --queue list:jobs:text --queue list:jobs:a
check "a key of another type" says "LLEN jobs:text: WRONGTYPE"
check "is a failure" has up '' 0
check "of its kind" has failures_total 'kind="rejected"' 1
check "and has no length" length list jobs:text ''
check "the other is read all the same" length list jobs:a 3

### Which ones are kept

cli eval 'for i = 1, 2000 do for n = 1, i % 7 + 1 do redis.call("rpush", "many:" .. i, n) end end
	for n = 1, 50 do redis.call("rpush", "many:longest", n) end return 1' 0
cli eval 'redis.call("rpush", "many:" .. string.rep("x", 200), "x") redis.call("rpush", "many:\255\254", "x") return 1' 0
cli config resetstat
measured --queue 'list:many:*' --queues.max 2
check "the longest is kept" length list many:longest 50
check "as many as the setting says" test "$(grep -c '^arbitrage_queue_length{' "$textfiles/queue_depth.prom")" -eq 2
check "the other one is as long as any" grep -q '^arbitrage_queue_length{.*} 7$' "$textfiles/queue_depth.prom"
check "the others are counted, and names that are no label, too" has dropped '' 2001
check "that is a success all the same" has up '' 1
redis-cli -p "$main_port" info commandstats >"$work/commands"
check "only the commands that it needs" test "$(grep -o 'cmdstat_[a-z|]*' "$work/commands" | grep -cvE \
	'_(scan|llen|info|config.*)$')" -eq 0
# Redis serves no other client during a command.
check "no page takes long" awk -F 'usec_per_call=' '/scan/ { split($2, usec, ","); exit usec[1] > 2000 }' "$work/commands"

### Streams

cli xadd free 1700000000000-0 a 1
cli xadd orders 1700000001000-0 a 1
cli xadd orders 1700000002000-5 a 2
cli xadd orders 1700000003000-0 a 3
cli xadd orders 1700000004000-0 a 4
cli xgroup create orders behind 0
cli xgroup create orders ahead '$'
cli xgroup create orders at-work 0
cli xreadgroup group at-work one count 3 streams orders '>'
cli xreadgroup group at-work two count 1 streams orders '>'
cli xack orders at-work 1700000001000-0
cli xgroup createconsumer orders ahead three
group() { has "group_$1" "queue=\"orders\",group=\"$2\"" "$3"; }
measured --queue 'stream:*'
check "a stream has entries" length stream orders 4
check "a group that has read nothing lags" group lag behind 4
check "it has no consumers" group consumers behind 0
check "a group at the end has no lag" group lag ahead 0
check "a group that reads has pending entries" group pending at-work 3
check "and consumers" group consumers at-work 2
check "who are not idle" group consumers_idle at-work 0
check "consumers of all groups work on the stream" consumers stream orders 3
check "the oldest that is not read is the oldest" since stream orders 1700000001
check "without groups the age is not known" no_age stream free
check "nor who reads" consumers stream free ''
cli xgroup destroy orders behind
measured --queue stream:orders --idle 0ms
check "the oldest that is pending is the oldest" since stream orders 1700000002.000
check "who has not asked for so long is idle" group consumers_idle at-work 2
cli xgroup setid orders ahead 1700000000000-0
cli xack orders at-work 1700000002000-5 1700000003000-0 1700000004000-0
cli xgroup setid orders ahead 1700000002000-4
measured --queue stream:orders
check "Redis lost count of a lag, and the age is known" since stream orders 1700000002
check "a lag that is not known is left out" group lag ahead ''
cli xgroup setid orders ahead 1700000004000-0
measured --queue stream:orders
check "when all is read and acknowledged, nothing waits" no_age stream orders
cli xadd odd 5-1 a 1
cli xgroup create odd g 0
cli eval 'redis.call("xgroup", "create", "odd", string.rep("g", 200), "0") return 1' 0
measured --queue stream:odd
check "ids that are no times tell of no age" no_age stream odd
check "a group whose name is no label is dropped" has dropped '' 1
check "the other is there" has group_lag 'queue="odd",group="g"' 1
for i in 1 2 3; do
	cli xgroup create odd "g$i" 0
done
measured --queue stream:odd --queues.max 2
check "groups are capped, too" has dropped '' 3

### What others may write

# sidekiq QUEUE JSON: the only job of the queue.
sidekiq() {
	cli sadd queues "$1"
	cli del "queue:$1"
	cli lpush "queue:$1" "$2"
}
sidekiq seconds '{"enqueued_at": 1700000001.25}'
sidekiq milliseconds '{"enqueued_at": 1700000001250}'
sidekiq created '{"created_at": 1700000001250, "enqueued_at": null}'
sidekiq text '{"enqueued_at": "1700000001.25"}'
sidekiq twice '{"enqueued_at": 1700000001, "enqueued_at": 1700000002}'
sidekiq huge '{"enqueued_at": 1e999}'
sidekiq broken '{"enqueued_at": 17000'
sidekiq "$(printf 'new\nline"')" '{"enqueued_at": 1700000001.25}'
cli sadd processes new old quiet dead garbage
cli hset new info '{"capsules": {"a": {"concurrency": 5, "weights": {"seconds": 0, "text": 3}},
	"b": {"concurrency": 1, "weights": {"seconds": 1}}}, "queues": ["seconds", "text"]}' busy 4 quiet false
cli hset old info '{"concurrency": 10, "queues": ["seconds", "nothing"]}' busy 1
cli hset quiet info '{"concurrency": 100, "queues": ["seconds"]}' busy 1 quiet true
cli hset garbage info '{"concurrency": -1e300, "queues": {"seconds": []}}' busy x
measured --queue 'sidekiq:*'
check "the time of a job may be seconds" since sidekiq seconds 1700000001.25
check "since Sidekiq 8 milliseconds" since sidekiq milliseconds 1700000001.25
check "or when it was created" since sidekiq created 1700000001.25
for each in text twice huge broken; do
	check "a job whose time is $each has no age" no_age sidekiq "$each"
	check "but counts" length sidekiq "$each" 1
done
check "a name may have a line break" length sidekiq 'new\nline\"' 1
check "threads of all capsules and processes that fetch" consumers sidekiq seconds 16
check "a queue of one capsule" consumers sidekiq text 5
check "a queue without a worker" consumers sidekiq twice 0
check "busy threads are tasks under way" has tasks 'type="sidekiq",queue="*",state="active"' 6
check "all that is a success" has up '' 1

head -c 200000 /dev/zero | tr '\0' x >"$work/large"
printf '{"enqueued_at": 1700000001.25, "args": ["%s"]}' "$(cat "$work/large")" >"$work/job"
cli -x lpush queue:large <"$work/job"
cli -x xadd large 1700000002000-0 body <"$work/large"
cli xgroup create large g 0
measured --queue sidekiq:large --queue stream:large
check "a job of 200,000 bytes has its age" since sidekiq large 1700000001.25
check "so has an entry" since stream large 1700000002
check "and both are read" has up '' 1

cli sadd rq:queues rq:queue:a rq:queue:b rq:queue:c rq:queue:d other
for each in a b c d; do
	cli rpush "rq:queue:$each" "job$each"
done
cli hset rq:job:joba enqueued_at 2023-11-14T22:13:21.250000Z
cli hset rq:job:jobb created_at 2023-11-14T22:13:21Z
cli hset rq:job:jobc enqueued_at 2023-11-14T22:13:21.250+02:00
cli set rq:job:jobd text
measured --queue 'rq:[abc]'
check "RQ: when it was enqueued" since rq a 1700000001.25
check "RQ: or created" since rq b 1700000001
check "RQ: another zone is another text" no_age rq c
check "RQ: no worker" consumers rq a 0
measured --queue 'rq:*'
check "RQ: a job of another type" says 'HMGET d: WRONGTYPE'
check "RQ: the rest is read" length rq a 1

for each in a b; do
	cli set "bull:$each:id" 1
	cli lpush "bull:$each:wait" 7 6
done
cli hset bull:a:7 timestamp 1700000001250
cli hset bull:b:7 timestamp none
measured --queue 'bullmq:*'
check "BullMQ: when it was added" since bullmq a 1700000001.25
check "BullMQ: a time that is not a number" no_age bullmq b

cli sadd _kombu.binding.mail "$(printf 'mail\006\026\006\026mail')" garbage "$(printf 'x\006\026')"
cli lpush "$(printf 'mail\006\0267')" x y
cli lpush mail x
cli zadd unacked_index 1700000001.25 tag
cli hset unacked tag x
measured --queue 'celery:m*'
check "Celery: priorities count" length celery mail 3
check "Celery: what a worker has taken" has tasks 'type="celery",queue="*",state="active"' 1
check "Celery: since when" since celery '*' 1700000001.25
measured --queue 'celery:x*'
check "Celery: the pattern holds" length celery mail ''
cli set retry text
cli set processes text
measured --queue 'sidekiq:seconds'
check "sets of another type are errors" says 'the first of 2 errors'
check "and nothing is known of what is in them" has tasks 'type="sidekiq",queue="*",state="retry"' ''
check "nor of workers" consumers sidekiq seconds ''
check "the others are read" has tasks 'type="sidekiq",queue="*",state="delayed"' 0
cli del retry processes

# Streams and lists that come and go meanwhile.
spawn churn redis-cli -p "$main_port" -r -1 eval 'for i = 1, 200 do local key = "churn:" .. i
	if redis.call("exists", key) == 1 then redis.call("del", key) else
	redis.call("xadd", key, "*", "a", "1") redis.call("xgroup", "create", key, "g", "0") end end return 1' 0
check "keys come and go" await 30 grep -q 1 "$work/churn.log"
for _ in 1 2 3 4 5; do
	measured --queue 'stream:churn:*'
	check "a key that vanishes is not an error" has up '' 1
done
stop "$SPAWNED"

### Rights

# The command of the documentation.
acl=$(sed -n 's/^ACL SETUSER arbwatch on >PASSWORD //p' "$repository/docs/queues.md")
check "the documentation names the rights" test -n "$acl"
# shellcheck disable=SC2086 # words are meant
cli acl setuser arbwatch on '>PASSWORD' $acl
user=redis://arbwatch:PASSWORD@127.0.0.1:$main_port
set -- --queue 'list:jobs:a' --queue 'list:many:longes*' --queue 'celery:*' --queue 'rq:[abc]' --queue 'sidekiq:*' \
	--queue 'bullmq:*' --queue 'stream:o*' --queue stream:free
measured_in "$user" "$@"
check "the rights of the documentation suffice" has up '' 1
for each in llen scan sscan lindex zcard hlen hmget zrange xlen xinfo; do
	cli acl setuser arbwatch "-$each"
	measured_in "$user" "$@"
	check "without the right to $each" has up '' 0
	check "the error names $each" grep -qiE "$each [^ ]*( [^ ]*)?: NOPERM.*ACL SETUSER name" "$work/err"
	cli acl setuser arbwatch "+$each"
done
measured_in redis://arbwatch:wrong@127.0.0.1:"$main_port" --queue list:jobs:a
check "a wrong password" has failures_total 'kind="auth"' 1
check "no length is known then" length list jobs:a ''

### Several targets

spawn hanging "$TOOLS/faulty_peer" hang
check "the hanging one hangs" await 30 test -s "$work/hanging.log"
closed_port
rm "$textfiles/queue_depth.prom"
started=$(now_ns)
run 0 "$BUILD/queue_depth" --timeout 2s --target "h1=redis://127.0.0.1:$(cat "$work/hanging.log")" --target "t=$main" \
	--target "h2=redis://127.0.0.1:$(cat "$work/hanging.log")" --target "gone=redis://127.0.0.1:$CLOSED_PORT" \
	--queue list:jobs:a
check "two that hang cost one timeout" test $((($(now_ns) - started) / 1000000)) -lt $((2000 + late_ms))
read_prom "$textfiles/queue_depth.prom"
check "they are down" in_prom 'arbitrage_queue_up{target="h2",env="paper"}' 0
check "by a timeout" in_prom 'arbitrage_queue_failures_total{target="h2",kind="timeout",env="paper"}' 1
check "so is the one that is gone" in_prom 'arbitrage_queue_failures_total{target="gone",kind="connect",env="paper"}' 1
check "the one in good health is read" length list jobs:a 3
check "what is dropped is not known of one that is down" in_prom 'arbitrage_queue_dropped{target="h1",env="paper"}' ''

# peer TEXT: a server that answers everything so.
peer() {
	spawn peer "$TOOLS/faulty_peer" reply "$1"
	check "the peer listens" await 30 test -s "$work/peer.log"
	measured_in "redis://127.0.0.1:$(cat "$work/peer.log")" --queue 'list:*' --timeout 2s
	check "a server that answers $1 is down" has up '' 0
	check "its answer makes no sense" has failures_total 'kind="protocol"' 1
	stop "$SPAWNED"
}
peer '*2\r\n:1\r\n*0\r\n'
peer '*2\r\n$1\r\n0\r\n*1\r\n:1\r\n'
peer '+OK\r\n'
peer '*1\r\n$40\r\n0000000000000000000000000000000000000000\r\n'

### Settings that make no sense

refuses() {
	text=$1
	shift
	run 2 "$BUILD/queue_depth" "$@"
	check "refused: $text" says "$text"
}
refuses 'there is no queue to read' --target "$main"
refuses "'jobs' is not of the form TYPE:NAME" --queue jobs
refuses "'lists:a' must begin with" --queue lists:a
refuses 'valid UTF-8 of 1 to 128 bytes' --queue list:
refuses 'valid UTF-8 of 1 to 128 bytes' --queue "list:$(printf '%0200d' 0)"
refuses '--queues.max' --queue list:a --queues.max 0
refuses 'for 2 targets it can be 2500 at most' --queue list:a --queues.max 3000 --target redis://a --target redis://b
refuses '--idle' --queue list:a --idle 5
refuses 'must begin with' --queue redis://:hunter2@127.0.0.1
check "a URL in the wrong place is not shown" not grep -q hunter2 "$work/err"
set --
for each in $(seq 101); do
	set -- "$@" --queue "list:$each"
done
refuses 'more than 100 queues' "$@"
finish
