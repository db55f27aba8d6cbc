#!/bin/sh
# preflight's output: the list on a terminal and off it, the evidence and its schema, metrics that go on, exit
# statuses, two at once, and everything hung at once.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_preflight.sh
. "$repository/tests/lib_preflight.sh"

start_all
flatten
prom=$textfiles/preflight.prom

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
check "that is no verdict" evidence "run['partial'] and not run['ready'] and len(checks) == 1 or 1/0"
check "and is not called one" not grep -q READY "$work/out"
check "but that it passed" said '1/1 pass for paper; some checks alone give no verdict'
check "it is numbered so" said '[1/1] redis ... ok'
gate 1 live --check redis --redis.target redis://127.0.0.1:1
check "nor when it fails" not grep -q READY "$work/out"
check "its evidence is valid" valid
gate 0 live --check live_guard
check "of live neither" evidence "not run['ready'] and not run['ready_for_live'] or 1/0"
check "its evidence is valid too" valid
export ARBWATCH_CHECK=environment
gate 0 paper
unset ARBWATCH_CHECK
check "no variable makes a run one of some checks" said 'READY for paper: 8/8 pass'
printf 'preflight:\n  check: [redis]\n' >"$work/check.yml"
gate 2 paper --config.file "$work/check.yml"

# Left out -------------------------------------------------------------

gate 0 live --skip environment --skip redis --skip postgres --skip git_safety
check "what live can do without may be left out" said 'READY for live: 4/8 pass, 4 skip'
check "that is ready for live" evidence "run['ready'] and run['ready_for_live'] or 1/0"
for each in secrets live_guard exchange_health open_positions; do
	gate 1 live --skip "$each"
	check "$each may not" said "NOT READY for live: $each was left out; 7/8 pass, 1 skip"
	check "the evidence says so" evidence "not run['ready'] and not run['ready_for_live'] or 1/0"
	check "and is valid" valid
done
export ARBWATCH_SKIP=live_guard
gate 1 live
unset ARBWATCH_SKIP
check "nor by a variable" said 'NOT READY for live: live_guard was left out'
gate 1 live --skip secrets --skip live_guard --redis.target redis://127.0.0.1:1
check "failures are told with it" said 'NOT READY for live: secrets, live_guard were left out; 5/8 pass, 1 fail, 2 skip'

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
	printf '{"ready": true}\n' >"$work/evidence.json"
	gate 2 paper "$wrong"
	check "$wrong: an earlier run's evidence is gone" test ! -e "$work/evidence.json"
done
gate 0 paper
check "ready" grep -q '^arbitrage_preflight_last_success{env="paper"} 1' "$prom"
gate 2 paper --exchange=nowhere --no-metrics
check "without metrics the verdict stays" grep -q '^arbitrage_preflight_last_success{env="paper"} 1' "$prom"
gate 2 paper --exchange=nowhere
check "a verdict of before refused settings is taken back" grep -q '^arbitrage_preflight_last_success{env="paper"} 0' "$prom"
check "counters go on" test "$(sed -n 's/^arbitrage_preflight_runs_total{env="paper"} //p' "$prom")" -gt 1
gate 0 paper
before=$(cat "$work/evidence.json")
gate 3 paper --output /dev/full/evidence
check "the old evidence stays" test "$(cat "$work/evidence.json")" = "$before"

# What is there and is no file is left alone.
mkfifo "$work/fifo"
ln -s evidence.json "$work/link"
for each in fifo link; do
	gate 3 paper --output "$work/$each"
	check "a $each is not replaced: why" grep -q "$work/$each' is there and no regular file" "$work/err"
done
check "the pipe is one still" test -p "$work/fifo"
check "the link too" test -L "$work/link"
ln -s /nowhere "$work/.evidence.json.tmp"
gate 0 paper
check "what was in the way of the draft is gone" test -z "$(find "$work" -maxdepth 1 -name '.evidence*')"
# Whoever may look into the directory can lock it.
spawn locked flock --no-fork "$work" sleep 60
check "the directory is locked" await 60 not flock -n "$work" true
gate 0 paper
stop "$SPAWNED"

# Files that have no end are no settings.
for each in "--tls.ca-file $work/fifo --exchange okx=http://127.0.0.1:$paper_port/okx" \
	"--alertmanager.ca-file $work/fifo --alertmanager.url http://127.0.0.1:1" \
	"--postgres.target service=bot"; do
	# shellcheck disable=SC2086  # flags and their values
	PGSERVICEFILE=$work/fifo run 2 timeout 60 "$preflight" --env paper --exchange.profiles "$repository/exchanges" $each
	check "why" grep -q "fifo': is no regular file" "$work/err"
done

# Terminal ------------------------------------------------------------

calm='--redis.latency.warn 5s --redis.latency.fail 5s' # a busy machine is no reason for a warning
simple() {
	# shellcheck disable=SC2086 # flags and their values
	"$PYTHON" "$helpers/on_terminal.py" "$preflight" --env paper --no-metrics --check environment --check redis \
		--redis.target "$redis_url" $calm
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
sql "UPDATE alembic_version SET version_num = E'a\\342\\200\\256b\\342\\201\\246c'"
gate 1 paper --check postgres
check "nor turns a line's direction" sh -c "! grep -qF -e '$(printf '\342\200\256')' -e '$(printf '\342\201\246')' '$work/out'"
check "what it says is shown" is postgres fail "'a???b???c'"
sql "UPDATE alembic_version SET version_num = '7f3c'"

# A secret that a server repeats --------------------------------------

# Wherever its message is cut, which is within 200 bytes.
echo 0 >"$work/dots"
spawn echo "$PYTHON" "$helpers/echo.py" 0 "$work/dots"
echo_port=$(port_of "$SPAWNED")
check "a server refuses" await 60 curl -s -o "$work/check.out" "http://127.0.0.1:$echo_port/"
mkdir -m 755 "$work/echoed"
printf 'paper-key\n' >"$work/echoed/okx.key"
printf '%s\n' "$secret" >"$work/echoed/okx.secret"
printf 'Zq8fK+pa55phr4se+Xw\n' >"$work/echoed/okx.passphrase"
chmod 0400 "$work/echoed"/*
dots=170 whole=0 leaks=0
while [ "$dots" -lt 205 ]; do
	echo "$dots" >"$work/dots"
	run 0 "$preflight" --env paper --exchange.profiles "$repository/exchanges" --exchange "okx=http://127.0.0.1:$echo_port" \
		--keys "$work/echoed" --check open_positions --output "$work/evidence.json" --textfile.directory "$work/echoed"
	if grep -qF 'Zq8fK' "$work/out" "$work/err" "$work/evidence.json"; then leaks=$((leaks + 1)); fi
	if grep -qF '.*** ' "$work/out"; then whole=$((whole + 1)); fi
	rm -f "$work/echoed"/.exchange_bans* "$work/echoed"/*.prom
	dots=$((dots + 1))
done
check "it does repeat it ($whole times as a whole)" test "$whole" -gt 0
check "and cuts it ($whole times as a whole)" test "$whole" -lt 35
check "nothing of it is shown ($leaks times)" test "$leaks" -eq 0

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
	'arbitrage_preflight_check_state{check="redis",env="paper"} 0' \
	'arbitrage_preflight_ready_for_live{env="paper"} 0'; do
	check "$each" grep -qxF "$each" "$prom"
done
gate 1 paper --redis.target redis://127.0.0.1:1
check "a failure is counted" sample 'arbitrage_preflight_checks_total{check="redis",status="fail",env="paper"}' 1 "$prom"
check "the rest goes on" sample 'arbitrage_preflight_checks_total{check="redis",status="pass",env="paper"}' 2 "$prom"
check "it is known which check fails" sample 'arbitrage_preflight_check_state{check="redis",env="paper"}' 2 "$prom"
check "and which does not" sample 'arbitrage_preflight_check_state{check="postgres",env="paper"}' 0 "$prom"
check "not ready" sample 'arbitrage_preflight_last_success{env="paper"}' 0 "$prom"
check "what could not be measured is no success" sample 'arbitrage_collector_success{collector="preflight",env="paper"}' 0 "$prom"
gate 0 paper --check redis
check "one check alone is counted" sample 'arbitrage_preflight_checks_total{check="redis",status="pass",env="paper"}' 3 "$prom"
check "and leaves the verdict" sample 'arbitrage_preflight_last_success{env="paper"}' 0 "$prom"
gate 0 paper --no-metrics
check "and the states that led to it" sample 'arbitrage_preflight_check_state{check="redis",env="paper"}' 2 "$prom"
check "without metrics nothing changes" sample 'arbitrage_preflight_runs_total{env="paper"}' 4 "$prom"
check "promtool has nothing to say" sh -c "promtool check metrics <'$prom'"
check "textfile_lint has nothing to say" "$BUILD/textfile_lint" "$textfiles"
rm -f "$prom"
gate 0 live
check "ready for live" sample 'arbitrage_preflight_ready_for_live{env="live"}' 1 "$prom"
gate 1 live --skip open_positions
check "not when what live needs is left out" sample 'arbitrage_preflight_ready_for_live{env="live"}' 0 "$prom"
check "the check that was left out is a skip" sample 'arbitrage_preflight_check_state{check="open_positions",env="live"}' 3 "$prom"
check "it is not ready at all" sample 'arbitrage_preflight_last_success{env="live"}' 0 "$prom"
run 0 "$preflight" --env paper --check environment --stdout
check "printed metrics are alone on standard output" sh -c "promtool check metrics <'$work/out'"
check "the list is elsewhere" grep -q '1/1 pass for paper' "$work/err"

# Two at once ---------------------------------------------------------

rm -f "$textfiles"/*.prom "$textfiles"/.preflight*
common="--env paper --check redis --check environment --redis.target $redis_url $calm --output $work/evidence.json"
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

# Nobody reads --------------------------------------------------------

spawn hook "$PYTHON" "$helpers/hook.py" 0 "$work/sent"
hook_port=$(port_of "$SPAWNED")
check "a receiver is there" await 60 curl -s -o "$work/check.out" -d '{}' "http://127.0.0.1:$hook_port/"
rm -f "$prom"
runs=0
for each in pipe both terminal background; do
	for target in "$redis_url" redis://127.0.0.1:1; do
		runs=$((runs + 1))
		rm -f "$work/evidence.json"
		: >"$work/sent"
		[ "$target" = "$redis_url" ] && status=0 || status=1
		run "$status" timeout 90 "$PYTHON" "$helpers/unread.py" "$each" "$preflight" --env paper \
			--skip git_safety --secrets.processes no --redis.target "$target" --redis.latency.warn 1s \
			--redis.latency.fail 2s --timeout 4s --output "$work/evidence.json" \
			--alertmanager.url "http://127.0.0.1:$hook_port" --alertmanager.url http://127.0.0.1:1
		check "$each: the evidence is there" valid
		check "$each: alerts are sent" grep -q PreflightFailed "$work/sent"
		check "$each: metrics are published" sample 'arbitrage_preflight_runs_total{env="paper"}' "$runs" "$prom"
	done
done
run 0 timeout 90 "$PYTHON" "$helpers/unread.py" pipe "$preflight" --env paper --check environment --timeout 3s
check "what nobody read is said" grep -q 'nobody read the list in time' "$work/err"

# A loop --------------------------------------------------------------

rm -f "$prom"
spawn loop "$preflight" --env paper --interval 100ms --redis.target "$redis_url" --check redis --check environment
loop=$SPAWNED
looped() { test "$(value 'arbitrage_preflight_runs_total{env="paper"}' "$prom")" -ge "$1"; }
check "it repeats" await 60 looped 5
kill -HUP "$loop"
check "and after a SIGHUP" await 60 looped "$(($(value 'arbitrage_preflight_runs_total{env="paper"}' "$prom") + 5))"
stop "$loop"
check "without a list in its log" not grep -q 'redis \.\.\.' "$work/loop.log"

# Everything hung -----------------------------------------------------

mkdir "$work/bin"
printf '#!/bin/sh\nexec sleep 4243\n' >"$work/bin/git"
chmod 755 "$work/bin/git"
spawn hole "$PYTHON" -c "
import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', 0)); s.listen(200)
kept = []
while True: kept.append(s.accept())
"
hole=$(port_of "$SPAWNED")
await 60 sh -c "curl -s --max-time 0.2 http://127.0.0.1:$hole/; test \$? -eq 28"
began=$(now_ns)
PATH=$work/bin:$PATH run 1 "$preflight" --env paper --exchange.profiles "$repository/exchanges" --keys "$keys" \
	--exchange "okx=http://127.0.0.1:$hole/okx" --exchange "kraken=http://127.0.0.1:$hole/kraken" \
	--redis.target "redis://127.0.0.1:$hole" --postgres.target "host=127.0.0.1 port=$hole user=x" \
	--engine.redis "redis://127.0.0.1:$hole" --engine.postgres "host=127.0.0.1 port=$hole user=x" \
	--alertmanager.url "http://127.0.0.1:$hole" --git.directory "$bot" --output "$work/evidence.json" --timeout 1s
took=$((($(now_ns) - began) / 1000000))
echo "$took ms" >"$work/check.out"
check "it ends by its deadline ($took ms)" test "$took" -lt $((1000 + late_ms))
check "its evidence is there" valid
for each in redis postgres exchange_health; do
	check "$each failed with a reason" is "$each" fail
done
check "in time" evidence "checks['redis']['kind'] == 'timeout' or 1/0"
# Its own word comes a little before the deadline of the run, if the machine has time for it.
unreadable() { is open_positions warn okx || is open_positions fail 'in time'; }
check "positions are not readable" unreadable
check "git was ended" is git_safety warn 'in time'
check "the alert's failure is in the evidence" evidence "run['alerts'][0]['accepted'] is False or 1/0"
check "the metrics are there" sample "arbitrage_preflight_alert_failures_total{alertmanager=\"127.0.0.1:$hole\",env=\"paper\"}" 1 "$prom"
refute "and no git" pgrep -f 'sleep 4243'

# The time of each check is its own.
run 1 "$preflight" --env paper --redis.target "redis://127.0.0.1:$hole" --check.timeout 200ms --output "$work/evidence.json" \
	--skip git_safety
check "a check has a budget of its own" evidence "0.15 < checks['redis']['duration_seconds'] < 10 or 1/0"

# A server that starts a moment later does not keep the verdict down for a whole interval.
spawn soon "$preflight" --env paper --redis.target redis://127.0.0.1:1 --interval 10m --name soon
check "a run that failed is soon repeated" await 60 grep -q '^arbitrage_preflight_runs_total{env="paper"} 2' "$textfiles/soon.prom"
stop "$SPAWNED"
finish
