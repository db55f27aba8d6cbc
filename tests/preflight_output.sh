#!/bin/sh
# preflight's output: the list on a terminal and off it, the evidence and its schema, metrics that go on, exit
# statuses, two at once, and everything hung at once.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lib_preflight.sh
. "$(dirname "$0")/lib_preflight.sh"

start_all
flatten
prom=$textfiles/preflight.prom
valid() { "$PYTHON" "$here/tests/preflight/valid.py" "$here/docs/preflight.schema.json" "$work/evidence.json"; }

# Evidence ------------------------------------------------------------

gate 0 paper
check "evidence of a pass is valid" valid
check "for its owner alone" test "$(stat -c %a "$work/evidence.json")" = 600
check "nothing is left beside it" test -z "$(find "$work" -maxdepth 1 -name '.evidence*')"
gate 0 live
check "ready for live" evidence "run['ready_for_live'] or 1/0"
gate 1 live --live.armed no --redis.target redis://127.0.0.1:1 --skip git_safety
check "evidence of failures is valid" valid
check "what was left out is in it" is git_safety skip 'left out'
check "no secret is in it" sh -c "! grep -qF -e '$secret' -e s3cret-arbwatch -e paper-passphrase '$work/evidence.json'"
check "counts on the terminal" said 'NOT READY for live: 5/8 pass, 2 fail, 1 skip'
check "hints follow" said '  redis: start Redis'
gate 0 paper --check redis
check "of one check alone too" valid
check "that is no verdict" evidence "run['partial'] and len(checks) == 1 or 1/0"
check "it is numbered so" said '[1/1] redis ... ok'

# Exit statuses -------------------------------------------------------

gate 3 paper --output "$work/nowhere/evidence.json"
check "evidence that cannot be written is said" grep -q 'nowhere' "$work/err"
check "and the verdict stands" said 'READY for paper'
gate 3 paper --textfile.directory "$work/nowhere"
check "metrics that cannot be written are said" grep -q 'nowhere' "$work/err"
gate 0 paper --textfile.directory "$work/nowhere" --no-metrics
gate 3 paper --output "$work"
gate 0 paper --redis.latency.warn 0s
gate 1 paper --redis.latency.warn 0s --strict
check "strict says why" said 'strict: warnings count'
for wrong in --check=nothing --skip=nothing --live.armed=perhaps --check.timeout=0s --alertmanager.url=nothing --env=Paper \
	--redis.latency.fail=1ms --live.verified=gate --exchange=nowhere --unknown; do
	gate 2 paper "$wrong"
done
before=$(cat "$work/evidence.json")
gate 3 paper --output /dev/full/evidence
check "the old evidence stays" test "$(cat "$work/evidence.json")" = "$before"

# Terminal ------------------------------------------------------------

simple() {
	"$PYTHON" "$here/tests/preflight/on_terminal.py" "$preflight" --env paper --no-metrics --check environment --check redis \
		--redis.target "$redis_url"
}
TERM=xterm simple </dev/null >"$work/tty"
check "on a terminal there are colours" grep -q "$(printf '\033')\\[32mok" "$work/tty"
TERM=xterm NO_COLOR=1 simple </dev/null >"$work/tty"
check "not with NO_COLOR" not grep -q "$(printf '\033')" "$work/tty"
TERM=dumb simple </dev/null >"$work/tty"
check "nor on a dumb one" not grep -q "$(printf '\033')" "$work/tty"
check "the list is the same" grep -q '^\[2/2\] redis \.\.\. ok [0-9.]* ms' "$work/tty"
run 0 "$preflight" --env paper --no-metrics --check environment
check "off a terminal there are none" not grep -q "$(printf '\033')" "$work/out"

# Hostile texts do not reach it.
sql "UPDATE alembic_version SET version_num = E'\\033[31mx\\n\\302\\233y'"
gate 1 paper --check postgres
check "nothing a server says moves the cursor" not grep -q "$(printf '\033')" "$work/out"
check "the evidence stays valid" valid
sql "UPDATE alembic_version SET version_num = '7f3c'"

# Metrics -------------------------------------------------------------

rm -f "$textfiles"/*.prom
gate 0 paper
gate 0 paper
for each in 'arbitrage_preflight_runs_total{env="paper"} 2' 'arbitrage_preflight_last_success{env="paper"} 1' \
	'arbitrage_preflight_duration_seconds_count{env="paper"} 2' \
	'arbitrage_preflight_checks_total{check="redis",status="pass",env="paper"} 2' \
	'arbitrage_preflight_checks_total{check="redis",status="fail",env="paper"} 0' \
	'arbitrage_preflight_realcheck_redis_latency_seconds_count{env="paper"} 10' \
	'arbitrage_preflight_realcheck_postgres_latency_seconds_count{env="paper"} 6' \
	'arbitrage_preflight_ready_for_live{env="paper"} 0'; do
	check "$each" grep -qxF "$each" "$prom"
done
gate 1 paper --redis.target redis://127.0.0.1:1
check "a failure is counted" sample 'arbitrage_preflight_checks_total{check="redis",status="fail",env="paper"}' 1 "$prom"
check "the rest goes on" sample 'arbitrage_preflight_checks_total{check="redis",status="pass",env="paper"}' 2 "$prom"
check "not ready" sample 'arbitrage_preflight_last_success{env="paper"}' 0 "$prom"
check "what could not be measured is no success" sample 'arbitrage_collector_success{collector="preflight",env="paper"}' 0 "$prom"
gate 0 paper --check redis
check "one check alone is counted" sample 'arbitrage_preflight_checks_total{check="redis",status="pass",env="paper"}' 3 "$prom"
check "and leaves the verdict" sample 'arbitrage_preflight_last_success{env="paper"}' 0 "$prom"
gate 0 paper --no-metrics
check "without metrics nothing changes" sample 'arbitrage_preflight_runs_total{env="paper"}' 4 "$prom"
check "promtool has nothing to say" sh -c "promtool check metrics <'$prom'"
check "textfile_lint has nothing to say" "$BUILD/textfile_lint" "$textfiles"
rm -f "$prom"
gate 0 live
check "ready for live" sample 'arbitrage_preflight_ready_for_live{env="live"}' 1 "$prom"
gate 0 live --skip open_positions
check "not when what live needs is left out" sample 'arbitrage_preflight_ready_for_live{env="live"}' 0 "$prom"
run 0 "$preflight" --env paper --check environment --stdout
check "printed metrics are alone on standard output" sh -c "promtool check metrics <'$work/out'"
check "the list is elsewhere" grep -q 'READY for paper' "$work/err"

# Two at once ---------------------------------------------------------

rm -f "$textfiles"/*.prom "$textfiles"/.preflight*
common="--env paper --check redis --check environment --redis.target $redis_url --output $work/evidence.json"
for _ in 1 2 3 4 5; do
	# shellcheck disable=SC2086
	"$preflight" $common >"$work/one" 2>&1 &
	one=$!
	# shellcheck disable=SC2086
	"$preflight" $common >"$work/two" 2>&1 &
	two=$!
	check "the one" wait "$one"
	check "the other" wait "$two"
	check "the evidence is whole" valid
done
check "no run is lost" sample 'arbitrage_preflight_runs_total{env="paper"}' 10 "$prom"

# A loop --------------------------------------------------------------

rm -f "$prom"
spawn loop "$preflight" --env paper --interval 100ms --redis.target "$redis_url" --check redis --check environment
loop=$SPAWNED
looped() { test "$(value 'arbitrage_preflight_runs_total{env="paper"}' "$prom")" -ge "$1"; }
check "it repeats" await 20 looped 5
kill -HUP "$loop"
check "and after a SIGHUP" await 20 looped "$(($(value 'arbitrage_preflight_runs_total{env="paper"}' "$prom") + 5))"
stop "$loop"
check "without a list in its log" not grep -q 'redis \.\.\.' "$work/loop.log"

# Everything hung -----------------------------------------------------

mkdir "$work/bin"
printf '#!/bin/sh\nexec sleep 4243\n' >"$work/bin/git"
chmod 755 "$work/bin/git"
hole=$(free_port)
spawn hole "$PYTHON" -c "
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', $hole)); s.listen(200)
kept = []
while True: kept.append(s.accept())
"
await 20 sh -c "curl -s --max-time 0.2 http://127.0.0.1:$hole/; test \$? -eq 28"
began=$(now_ns)
PATH=$work/bin:$PATH run 1 "$preflight" --env paper --exchange.profiles "$here/exchanges" --keys "$keys" \
	--exchange "okx=http://127.0.0.1:$hole/okx" --exchange "kraken=http://127.0.0.1:$hole/kraken" \
	--redis.target "redis://127.0.0.1:$hole" --postgres.target "host=127.0.0.1 port=$hole user=x" \
	--engine.redis "redis://127.0.0.1:$hole" --engine.postgres "host=127.0.0.1 port=$hole user=x" \
	--alertmanager.url "http://127.0.0.1:$hole" --git.directory "$bot" --output "$work/evidence.json" --timeout 1s
took=$((($(now_ns) - began) / 1000000))
echo "$took ms" >"$work/check.out"
check "it ends by its deadline and 0.2 s ($took ms)" test "$took" -lt 1300
check "its evidence is there" valid
for each in redis postgres exchange_health; do
	check "$each failed with a reason" is "$each" fail
done
check "in time" evidence "checks['redis']['kind'] == 'timeout' or 1/0"
check "positions are not readable" is open_positions warn okx
check "git was ended" is git_safety warn 'in time'
check "the alert's failure is in the evidence" evidence "run['alerts'][0]['accepted'] is False or 1/0"
check "the metrics are there" sample "arbitrage_preflight_alert_failures_total{alertmanager=\"127.0.0.1:$hole\",env=\"paper\"}" 1 "$prom"
refute "and no git" pgrep -f 'sleep 4243'

# The time of each check is its own.
run 1 "$preflight" --env paper --redis.target "redis://127.0.0.1:$hole" --check.timeout 200ms --output "$work/evidence.json" \
	--skip git_safety
check "a check has a budget of its own" evidence "0.15 < checks['redis']['duration_seconds'] < 0.6 or 1/0"
finish
