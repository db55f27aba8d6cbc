#!/bin/sh
# The dashboards and the alerts of what `make run` starts: every query of every panel has data, and the panels that should
# change when an exchange, a position, Redis, Postgres or a collector fails, do.  So has the PromQL of the documentation.  And
# the alerts of these faults come.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_docs.sh
. "$repository/tests/lib_docs.sh"

dashboards=$repository/tests/dashboards/dashboards.py

# All of make run, and what it does not start: exporters, and an HTTP service.
export BUILD ARBWATCH_INTERVAL=1s TMPDIR="$work"
spawn demo setsid env --default-signal=INT "$repository/demo/run.sh"
demo_pid=$SPAWNED
came_up() { grep -q '^It works' "$work/demo.log" || ! kill -0 "$demo_pid" 2>/dev/null; }
await 300 came_up
if ! grep -q '^It works' "$work/demo.log"; then
	cat "$work/demo.log"
	failed=$((failed + 1))
	finish
fi
demo=$(sed -n 's/^starting in //p' "$work/demo.log")
url_of() { sed -n "s|^ *$1 *\\(http://[0-9.:]*\\).*|\\1|p" "$work/demo.log"; }
prometheus=$(url_of Prometheus)
paper=$(url_of 'the paper exchange')

redis_uri=$(sed -n 's/^ *- main=\(redis:.*\)/\1/p' "$demo/arbwatch.yml")
postgres_uri=$(sed -n 's/^ *- main=\(postgresql:.*\)/\1/p' "$demo/arbwatch.yml")
spawn service "$PYTHON" "$dashboards" --service 0
set -- "$(port_of "$SPAWNED")"
spawn redis_exporter env REDIS_ADDR="$redis_uri" prometheus-redis-exporter -web.listen-address 127.0.0.1:0
set -- "$@" "$(port_of "$SPAWNED")"
spawn postgres_exporter env DATA_SOURCE_NAME="$postgres_uri?sslmode=disable" \
	prometheus-postgres-exporter --web.listen-address=127.0.0.1:0
set -- "$@" "$(port_of "$SPAWNED")"
printf -- "- targets: ['127.0.0.1:%s']\n  labels: {job: orders}\n" "$1" >"$demo/targets/services.yml"
printf -- "- targets: ['127.0.0.1:%s']\n" "$2" >"$demo/targets/redis.yml"
printf -- "- targets: ['127.0.0.1:%s']\n" "$3" >"$demo/targets/postgres.yml"

# A bot, with what it counts when something goes wrong, and queues: of Sidekiq, a list and a stream.
redis_port=${redis_uri##*:}
redis_password=${redis_uri#redis://:}
redis_password=${redis_password%@*}
redis() { REDISCLI_AUTH=$redis_password redis-cli -p "$redis_port" >>"$work/redis.log"; }
redis <<END
HINCRBY arbwatch:engine errors 0
HINCRBY arbwatch:engine log_warning 0
HINCRBY arbwatch:engine log_error 0
HINCRBY arbwatch:engine log_critical 0
HINCRBY arbwatch:feed:binance reconnects 0
HINCRBY arbwatch:inventory rebalances 0
HINCRBY arbwatch:inventory rebalance_failures 0
HINCRBY arbwatch:inventory sync_failures 0
HINCRBY arbwatch:snapshots failed 0
HINCRBY arbwatch:orders:binance rejected 0
HINCRBY arbwatch:orders:binance unknown 0
SADD queues mails
LPUSH queue:mails "{\"class\":\"Mail\",\"enqueued_at\":$(date +%s)}"
SADD processes worker:1
HSET worker:1 info "{\"queues\":[\"mails\"],\"concurrency\":5}" busy 1 beat 4000000000 quiet false
RPUSH signals a b
XGROUP CREATE fills risk 0 MKSTREAM
XADD fills * symbol BTC/USDT
XREADGROUP GROUP risk one COUNT 1 STREAMS fills >
XADD fills * symbol ETH/USDT
END
cat >"$work/queues.yml" <<END
env: paper
interval: 1s
target: [boards=$redis_uri]
queue: ["sidekiq:mails", "list:signals", "stream:fills"]
END
spawn queue_depth "$BUILD/queue_depth" --config.file "$work/queues.yml" --textfile.directory "$demo/textfiles"
queues=$SPAWNED

pid_of() { pgrep -f -- "^[^ ]*$1 --config.file $demo/"; }
pid_of_bot() { pgrep -P "$demo_pid" -f '^[^ ]*paper_engine '; }

# Rates over less than in earnest, since scrapes are a second apart.
rate_interval=15s
history=$postgres_uri
# The password is in no argument, where preflight would find it.
ask() {
	ARBWATCH_HISTORY=$history "$PYTHON" "$dashboards" --prometheus "$prometheus" ${history:+--history} \
		--rate-interval "$rate_interval" "$@"
}
relay=$(url_of 'the alerts')
# comes DESCRIPTION BOARD PANEL PATTERN [RATE-INTERVAL]: noted for all_come.
: >"$work/wanted"
comes() { (IFS='	' && echo "$*") >>"$work/wanted"; }
# all_come DESCRIPTION SECONDS: one process asks for all that is noted, until it has come.
all_come() {
	check "$1" ask --come "$work/wanted" --wait "$2"
	: >"$work/wanted"
}

# The alerts that the faults make, at their receiver.
mkdir "$work/alerts"
spawn alerts sh -c 'cd "$1" && shift && exec "$@"' sh "$repository" "$PYTHON" tests/alerts/stack.py --receive "$demo" "$work/alerts"
receiver=http://127.0.0.1:$(port_of "$SPAWNED")
alerts() {  # alerts STAGE
	run 0 "$PYTHON" "$repository/tests/alerts/stack.py" "$prometheus" "$receiver" "$1"
	cat "$work/out" "$work/err"
	count=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$work/out")
	passed=$((passed + ${count:-0} - 1))
}

# What this machine shows of itself is asked for, the rest is counted as skipped.
curl -sS --noproxy '*' "$(url_of node_exporter)/metrics" >"$work/node"
machine() {  # machine PART METRIC
	if grep -q "^$2" "$work/node"; then
		set -- --has "$1"
	else
		skip "the panels of $1" "node_exporter has no $2 here"
		set -- --without "$1"
	fi
	echo "$@" >>"$work/parts"
}
machine host node_cpu_seconds_total
machine disks 'node_filesystem_avail_bytes.*fstype="\(ext4\|xfs\|btrfs\|zfs\)"'
machine timex node_timex_sync_status
# shellcheck disable=SC2046 # words are meant
check "every query of every panel has data" ask --without history --without channels --has exporters --has services \
	--has queues $(cat "$work/parts")
comes "all is well: we can trade" overview 'Can we trade?' 'A reasons=0 2'
comes "nothing stands in the way" overview 'What stands in the way' ''
comes "preflight says so too" overview 'Preflight: last verdict' 'A 6'
comes "none of its checks failed" preflight 'Checks that failed most in 24 h' ''
comes "the bot runs" risk Bot 'A 3'
comes "the tuning has its sets" tuning 'Newest tuning' 'B 20'
comes "no guard is blocked" risk 'Global guard' 'A 0'
comes "every queue has a worker" services 'Queues without a worker' 'A 0'
all_come "the panels show that all is well" 120
alerts quiet

# Everything goes wrong at once, each on an exchange of its own.
fault() { check "fault $1" curl -sSf -o "$work/fault.out" --noproxy '*' -X POST "$paper/control/$1"; }
fault 'upbit/latency?value=700'
fault binance/frozen
# Time is what exchange_health alone asks for: it meets the ban before open_positions does.
fault 'kraken/418?value=300&path=/Time'
fault 'binanceusdm/drift?value=0.25'
fault okx/halted
fault 'bybit/skew?value=-3000'
stuck=$(pid_of redis_latency)
check "a collector hangs" kill -STOP "$stuck"
echo "$stuck" >>"$work/pids" # whatever happens, it is woken up

# The bot stands still, and something else tells its troubles.
bot=$(pid_of_bot)
check "the bot hangs" kill -STOP "$bot"
echo "$bot" >>"$work/pids"
echo 'DEL processes' | redis
redis <<'END'
HINCRBY arbwatch:engine errors 50
HINCRBY arbwatch:engine log_critical 1
HINCRBY arbwatch:inventory rebalance_failures 3
END
troubles() {
	while now=$(date +%s); do
		redis <<END
HSET arbwatch:engine heartbeat_at $now
HSET arbwatch:guard:global updated_at $now state block reason "lost too much"
HSET arbwatch:guard:symbol:BTC/USDT updated_at $now state degrade reason "spread too wide"
HSET arbwatch:limit:daily_loss:global updated_at $now value 250 limit 200
HSET arbwatch:limit:exposure:global updated_at $now value 17000 limit 20000
HSET arbwatch:feed:binance updated_at $now connected 0
HSET arbwatch:inventory updated_at $now rebalance_failures_in_a_row 3
HSET arbwatch:route:binance-upbit:BTC updated_at $now score 12.5 decision skip
END
		sleep 1
	done
}
spawn troubles troubles
troubles=$SPAWNED

comes "a slow exchange: its latency" exchanges 'Latency, p95' 'A exchange=upbit 0\.[5-9].*|A exchange=upbit [1-9].*'
comes "a slow exchange is degraded" exchanges State 'A exchange=upbit 1'
comes "a frozen exchange" exchanges State 'A exchange=binance 3'
comes "a frozen exchange: its books grow old" exchanges 'Age of order books' 'A exchange=binance ([5-9]|[1-9][0-9]).*'
comes "a ban" exchanges State 'A exchange=kraken 4'
comes "a ban: how long still" exchanges 'Ban or back-off: time left' 'A exchange=kraken 2[0-9][0-9].*'
# There is one refusal alone: it must not have left the window before it is asked for.
comes "a ban: refusals" exchanges 'Refusals by HTTP status' 'A code=418 exchange=kraken .*' 5m
comes "a halt: the symbols" exchanges 'Symbols that cannot be traded' 'A exchange=okx symbol=BTC/USDT 0'
comes "a clock that is off" exchanges 'Clock skew: theirs minus ours' 'A exchange=bybit -[23].*'
comes "a position the bot does not know: how much" positions Mismatches 'A exchange=binanceusdm symbol=BTC/USDT -0\.25'
comes "a position the bot does not know: since when" positions Mismatches 'B exchange=binanceusdm symbol=BTC/USDT [0-9.]+'
comes "a position the bot does not know: on the overview" overview 'Positions differ' 'A [1-9]'
comes "positions that cannot be read" positions 'Not readable' 'A [1-9].*'
comes "signed reads that fail, for the clock is off" positions 'Failures by kind' 'A exchange=bybit kind=rejected .*'
comes "a collector that hangs" overview "Freshness: 100% is too old" \
	'A collector=redis_latency [1-9].*'
comes "its values are old: the tile is grey" overview Redis 'A target=main 3'
comes "the verdict" overview 'Can we trade?' 'A reasons=([2-9]|1[0-9]) 0'
reason() { comes "why: $1" overview 'What stands in the way' "A .*what=$1 why=$2 $3[0-9][0-9]"; }
reason 'collector redis_latency' 'has not run for three intervals' 2
reason 'binanceusdm BTC/USDT' 'the bot believes .*' 2
reason upbit 'degraded: .*' 1
reason binance 'frozen: .*' 1
reason kraken 'banned: .*' 1
reason 'positions at kraken' 'cannot be read, .*' 1
reason 'clock of bybit' 'differs from ours .*' 1
comes "a guard that blocks all" risk 'Global guard' 'A 3'
comes "a guard that blocks all: since when" risk 'Guards: global and exchanges' 'A 3'
comes "a guard that blocks all: why" risk 'Guards that are not ok' 'C reason=lost too much tier=global 1'
comes "a guard of a symbol" risk 'Guards that are not ok' 'B name=BTC/USDT tier=symbol 1'
comes "guards by tier" risk 'Guards not ok' 'C 1'
comes "a daily loss over its limit" risk 'Daily loss of its limit' 'A 1\.25'
comes "a daily loss over its limit: which" risk 'Daily loss' 'A currency=USDT tier=global 1\.25'
comes "an exposure near its limit" risk 'Exposure of its limit' 'A 0\.85'
comes "a route that is bad" risk 'Routes and their scores' 'A route=binance-upbit:BTC 12\.5'
comes "rebalances that fail" risk 'Imbalance of the inventory' 'B 3'
# It is a step: over the whole phase.
comes "errors of the bot" risk 'Errors and log lines per minute' 'A [1-9].*' 5m
comes "a critical line of its log" risk 'Errors and log lines per minute' 'B level=critical [0-9.e-]*[1-9].*' 5m
comes "a feed that is down" risk Feeds 'A exchange=binance 0'
comes "a feed that is down: its silence" services 'Feeds: age of the last message' 'A exchange=binance [1-9][0-9].*'
comes "a queue without a worker" services 'Queues without a worker' 'A 1'
# preflight runs once a minute.
comes "preflight: the verdict" preflight 'Last verdict' 'A 0'
comes "preflight: the check that fails" preflight 'Checks that failed most in 24 h' 'A check=exchange_health [1-9].*'
comes "preflight: the check that warns" preflight 'Checks that warn, by hour' 'A check=open_positions [1-9].*'
comes "preflight: its share" preflight 'Checks of 24 h by outcome' 'A status=fail [0-9.e-]*[1-9][0-9.e-]*'
comes "preflight: on the overview" overview 'Preflight: last verdict' 'A 0'
comes "preflight: which check fails now" preflight 'Checks: which fail, and since when' 'A check=exchange_health 2'
reason 'bot main' 'its global guard blocks .*' 2
reason preflight 'does not say that the bot is ready' 1
all_come "the panels show what is wrong" 180
# Now no file has the bot any more.
kill "$troubles"
comes "a bot that hangs" risk Bot 'A 20'
# One of the alerts is acknowledged, which the history shows.
comes "the history: what is open" alerts 'Open incidents' 'A alert=ExchangeFrozen channels=telegram:paper .*severity=P0 .*1'
all_come "the alerts are in the history" 120
acknowledged() {
	id=$(curl -sSf --noproxy '*' "$relay/api/v1/alerts?status=open&severity=P0" |
		jq -er '[.alerts[] | select(.alertname == "ExchangeFrozen")][0].id') &&
		curl -sSf --noproxy '*' -H 'Content-Type: application/json' -d '{"who": "a test"}' "$relay/api/v1/alerts/$id/ack"
}
check "an alert is acknowledged" await 60 acknowledged
comes "the history: who acknowledged it" alerts 'Open incidents' 'A acknowledged=a test, api alert=ExchangeFrozen .*1'
comes "the overview: who acknowledged it" overview Alerts 'A alertname=ExchangeFrozen held=acknowledged by a test .*'
all_come "the acknowledgement is in the history, and on the overview" 60
worst_first() { ask --show overview 'What stands in the way' | head -n 1 | grep '	2[0-9][0-9]$'; }
check "the worst comes first" worst_first
# Now there is also what comes with a ban and a mismatch alone: the PromQL of the documentation, as it is written there.
# shellcheck disable=SC2046 # one page per word
(cd "$repository" && set -- $(pages) && expressions "$@") >"$work/documented"
check "the PromQL of the documentation has data" ask --documented "$work/documented"
# The check can fail.
printf 'a\tarbitrage_redis_up{target="nobody"} == 0\nb\tarbitrage_redis_up ==\n' >"$work/wrong"
found_wrong() {
	ask --documented "$work/wrong" --wait 0 >"$work/wrong.out"
	grep -q '^FAILED a: .*no data' "$work/wrong.out" && grep -q '^FAILED b: .*parse error' "$work/wrong.out"
}
check "PromQL without data, and PromQL that makes no sense, is found" found_wrong
alerts first
kill -CONT "$stuck"
check "the faults of the exchanges end" curl -sSf -o "$work/fault.out" --noproxy '*' -X DELETE "$paper/control"

stuck=$(pid_of exchange_health)
kill -STOP "$stuck"
echo "$stuck" >>"$work/pids"
redis_pid=$(pgrep -f -- "^[^ ]*redis-server [^ ]*:${redis_uri##*:}\$")
check "Redis hangs" kill -STOP "$redis_pid"
echo "$redis_pid" >>"$work/pids"
# All of its processes: those that serve a connection would go on.
postgres_pid=$(pgrep -f -- "^[^ ]*postgres -D $demo/")
postgres_pids="$postgres_pid $(pgrep -P "$postgres_pid" | tr '\n' ' ')"
# shellcheck disable=SC2086 # words are meant
check "Postgres hangs" kill -STOP $postgres_pids
echo "$postgres_pids" | tr ' ' '\n' | grep . >>"$work/pids"
history=''
comes "Redis down" overview Redis 'A target=main 0'
comes "Redis down: failures" system_health 'Redis and Postgres: failures by kind' 'A kind=timeout target=main .*'
comes "what a stopped exchange_health said last is grey" overview Exchanges 'A exchange=binance 1[0-9]'
reason 'Redis main' 'does not answer' 2
all_come "the panels show that Redis is down" 120
alerts second
# shellcheck disable=SC2086 # words are meant
kill -CONT "$redis_pid" "$stuck" "$bot" $postgres_pids
history=$postgres_uri
comes "Redis up again" overview Redis 'A target=main 1'
comes "the bot runs again" risk Bot 'A 3'
comes "the guard is ok again" risk 'Global guard' 'A 0'
all_come "the panels show that Redis is up" 120
alerts resolved
comes "the history: what is over, and how long it lasted" alerts 'Latest incidents' 'A alert=RedisDown .*severity=P0 status=resolved .*1'
all_come "what is over is in the history" 120
check "every query of the history has data" ask --only alerts --has acknowledged

# A part that dies is told, and ends the rest.
stop "$queues"
demo_ended() { ! kill -0 "$demo_pid" 2>/dev/null; }
kill -KILL "$(pgrep -f -- "--storage.tsdb.path=$demo/")"
check "the demo ends when a part does" await 30 demo_ended
wait "$demo_pid"
check "that is a failure" test $? -eq 1
check "the failure names the part" grep -q '^demo: prometheus: ended' "$work/demo.log"
check "and shows the end of its log" grep -q '^  | ' "$work/demo.log"
check "the demo took everything with it" test ! -e "$demo"
check "and no process of it is left" not pgrep -a -f -- "$demo/"
finish
