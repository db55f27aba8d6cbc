#!/bin/sh
# The dashboards: their JSON keeps the rules, every query of every panel has data in what `make run` starts, and
# the panels that should change when an exchange, a position, Redis or a collector fails, do.  So has the PromQL of
# the documentation.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_docs.sh
. "$repository/tests/lib_docs.sh"

dashboards=$repository/tests/dashboards/dashboards.py

check "the JSON keeps the rules" "$PYTHON" "$dashboards" --rules "$BUILD/redis_latency" "$BUILD/postgres_latency" \
	"$BUILD/exchange_health" "$BUILD/open_positions" "$BUILD/preflight"

# The oracle can fail: it finds what is broken on purpose in a copy.  A line: what it is, a script of sed, the board, what
# the oracle says of it.
cat >"$work/broken" <<'END'
two boards of one uid|s/"uid": "arbwatch-exchanges"/"uid": "arbwatch-overview"/|exchanges|uids are unique
a metric that nobody writes|s/arbitrage_redis_up/arbitrage_redis_upp/g|overview|arbitrage_redis_upp exists
a label that a metric does not have|s/env=\\"$env\\", exchange=/env=\\"$env\\", venue=/g|exchanges|has a label venue
an expression that does not parse|s/histogram_quantile(0.95, /histogram_quantile(0.95 /|overview|every expression parses
a counter that is no rate|s/increase(\(arbitrage_collector_failures_total[^[]*\)\[[^]]*\]/(\1/|system_health|is a rate
a count of preflight over a time that is not said why|s/"title": "Runs of 24 h"/"title": "Runs"/|preflight|target-rate-interval
a verdict that is too good|s,) / 100),) / 1000),|overview|what preflight said
exchanges that are not chosen and count|s/exchange=~\\"$exchange.\\"/exchange=~\\".*\\"/|overview|what preflight said
an old verdict that looks new|s/\* 0 + 3600/* 0 + 86400/|preflight|what preflight said
a bar without a name|s/__field.labels.check/x/|preflight|a single bar has its name
panels that overlap|0,/"y": 11/s//"y": 10/|overview|overlaps nothing
a panel that does not say why it is empty|s/"noValue": "N[^"]*"/"noValue": ""/|positions|says why it is empty
a timeline of numbers|s/"mode": "palette-classic"/"mode": "thresholds"/|exchanges|a timeline shows words
a legend of means|s/"max"$/"mean"/|exchanges|the legend has last
failures in blue|s/"fixedColor": "red"/"fixedColor": "blue"/|exchanges|stacked, in red
good news in red|s/"color": "green"/"color": "red"/|preflight|good news is not red
two rows of links|s/"asDropdown": true/"asDropdown": false/|overview|links to the others
a data source in the header|s/"hide": 2/"hide": 0/|services|one datasource
a link that forgets the time|s/&${__url_time_range}//|overview|keeps the time
a status page on this machine alone|s,"url": "${status_page}","url": "http://127.0.0.1:9109/",|overview|one machine
restarts that are not annotated|s/"name": "Restarts"/"name": "x"/|positions|restarts are annotated
a verdict NO that is not annotated|s/"expr": "changes(arbwatch.* and \(arbwatch:verdict.*\)"/"expr": "\1"/|preflight|is never 0
no values in green|s/"#5f6b7a"/"green"/|overview|nothing known is not green
an empty table without words|s/"groupBy"/"reduce"/|positions|an empty table shows its words
weeks|s/"unit": "suffix: days"/"unit": "s"/|exchanges|days are called days
an event after a gap|s/"expr": "max by (check)/"expr": "up unless up offset 1h or max by (check)/|preflight|a gap makes no event
a fixed line beside a limit|s/"mode": "off"/"mode": "dashed"/|services|no fixed line where there is a limit
a limit not drawn|s/arbwatch:limit:exchange_error_ratio/arbwatch:limit:http_error_ratio/g|exchanges|draws its limit exchange_error_ratio
a limit of every env|s/seconds{env=\\"$env\\", exchange/seconds{exchange/|exchanges|its limits are of one env
a line for each exchange at one limit|s/ or on () max by (exchange)/ or max by (exchange)/|exchanges|the boards draw limits and list alerts
an alert that only might fire|s/alertstate=\\"firing\\"/alertstate!=\\"\\"/|overview|the boards draw limits and list alerts
a limit that is no dashed line|s/"fill": "dash"/"fill": "solid"/|positions|its limits are dashed lines
alerts of another env|s/\(severity=\\"P.\\"\), env=~\\"[^"]*"/\1/|system_health|the begin of P0 and P1
a table that the history does not have|s/FROM arbwatch_history.alert_event/&s/|alerts|alert_events is a table of the history
a history of every env|s/ AND env IN ('$env', 'all', '')//|alerts|of one env, or of all
a history without an end|s/\\nLIMIT 25"/"/|alerts|a list has an end
a query that writes|s/"SELECT\\n  service/"DELETE\\n  service/|alerts|only reads
a link to nowhere|s,/d/arbwatch-positions,/d/arbwatch-position,|overview|a link leads to
END
check "it finds what is broken on purpose" "$PYTHON" "$dashboards" --broken "$work/broken" "$BUILD/redis_latency" \
	"$BUILD/postgres_latency" "$BUILD/exchange_health" "$BUILD/open_positions" "$BUILD/preflight"

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

# Rates over less than in earnest, since scrapes are a second apart.
rate_interval=15s
ask() {
	"$PYTHON" "$dashboards" --prometheus "$prometheus" --history "$postgres_uri" --rate-interval "$rate_interval" "$@"
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
check "every query of every panel has data" ask --without history --has exporters --has services $(cat "$work/parts")
comes "all is well: we can trade" overview 'Can we trade?' 'A reasons=0 2'
comes "nothing stands in the way" overview 'What stands in the way' ''
comes "preflight says so too" overview 'Preflight: last verdict' 'A 6'
comes "none of its checks failed" preflight 'Checks that failed most in 24 h' ''
all_come "the panels show that all is well" 120

# The alerts that faults of this stack make, at their receiver: in the same stack, because another start of it costs more than they do.
mkdir "$work/alerts"
run 0 sh -c 'cd "$1" && shift && exec "$@"' sh "$repository" "$PYTHON" tests/alerts/stack.py "$demo" "$prometheus" "$paper" "$work/alerts"
cat "$work/out" "$work/err"
count=$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$work/out")
passed=$((passed + ${count:-0} - 1))

# Everything goes wrong at once, each on an exchange of its own.
fault() { check "fault $1" curl -sSf -o "$work/fault.out" --noproxy '*' -X POST "$paper/control/$1"; }
pid_of() { pgrep -f -- "^[^ ]*$1 --config.file $demo/"; }
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
# preflight runs once a minute.
comes "preflight: the verdict" preflight 'Last verdict' 'A 0'
comes "preflight: the check that fails" preflight 'Checks that failed most in 24 h' 'A check=exchange_health [1-9].*'
comes "preflight: the check that warns" preflight 'Checks that warn, by hour' 'A check=open_positions [1-9].*'
comes "preflight: its share" preflight 'Checks of 24 h by outcome' 'A status=fail [0-9.e-]*[1-9][0-9.e-]*'
comes "preflight: on the overview" overview 'Preflight: last verdict' 'A 0'
comes "preflight: which check fails now" preflight 'Checks: which fail, and since when' 'A check=exchange_health 2'
reason preflight 'does not say that the bot is ready' 1
all_come "the panels show what is wrong" 180
# The history, where the faults of before have ended and those of now go on.  One of them is acknowledged.
comes "the history: what is open" alerts 'Open incidents' 'A alert=ExchangeFrozen channels=telegram:paper .*severity=P0 .*1'
comes "the history: what is over, and how long it lasted" alerts 'Latest incidents' 'A alert=RedisDown .*severity=P0 status=resolved .*1'
all_come "the alerts are in the history" 120
acknowledged() {
	id=$(curl -sSf --noproxy '*' "$relay/api/v1/alerts?status=open&severity=P0&text=frozen" | jq -r '.alerts[0].id') &&
		curl -sSf --noproxy '*' -H 'Content-Type: application/json' -d '{"who": "a test"}' "$relay/api/v1/alerts/$id/ack"
}
check "an alert is acknowledged" acknowledged
comes "the history: who acknowledged it" alerts 'Open incidents' 'A acknowledged=a test, api alert=ExchangeFrozen .*1'
all_come "the acknowledgement is in the history" 60
check "every query of the history has data" ask --only alerts --has acknowledged
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
kill -CONT "$stuck"

stuck=$(pid_of exchange_health)
kill -STOP "$stuck"
echo "$stuck" >>"$work/pids"
redis_pid=$(pgrep -f -- "^[^ ]*redis-server [^ ]*:${redis_uri##*:}\$")
check "Redis hangs" kill -STOP "$redis_pid"
echo "$redis_pid" >>"$work/pids"
comes "Redis down" overview Redis 'A target=main 0'
comes "Redis down: failures" system_health 'Redis and Postgres: failures by kind' 'A kind=timeout target=main .*'
comes "what a stopped exchange_health said last is grey" overview Exchanges 'A exchange=binance 1[0-9]'
reason 'Redis main' 'does not answer' 2
all_come "the panels show that Redis is down" 120
kill -CONT "$redis_pid" "$stuck"
comes "Redis up again" overview Redis 'A target=main 1'
all_come "the panels show that Redis is up" 120

# A part that dies is told, and ends the rest.
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
