#!/bin/sh
# preflight beside a file system that does not answer: each check that meets it fails alone, and the verdict is shown,
# published and sent in time.  The process itself ends when the file system answers, with the right status.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_preflight.sh
. "$repository/tests/lib_preflight.sh"

hung=$work/hung
prom=$textfiles/preflight.prom
mkdir "$hung"
"$TOOLS/hung_fs" "$hung" 10 true 2>"$work/hung_fs" || {
	skip "a file system that does not answer" "$(cat "$work/hung_fs")"
	finish
}
# Whoever waits there cannot be killed.
check "it hangs" not "$TOOLS/hung_fs" "$hung" 1 sh -c "stat '$hung/file'"

make_keys
find "$keys" -type f ! -name 'okx.*' -delete
make_repository
start_paper
start_redis
flatten
spawn hook "$PYTHON" "$helpers/hook.py" 0 "$work/sent"
hook_port=$(port_of "$SPAWNED")
await 60 curl -s -o "$work/hook" -d '{}' "http://127.0.0.1:$hook_port/"

# beside STATUS [FLAG...]: a run where $hung does not answer, within its timeout of 10 s.  It may hang until $hung is
# taken away: as soon as preflight has published everything, or after $hangs s, which is too late.
hangs=40
told() {
	said READY && sample 'arbitrage_preflight_runs_total{env="paper"}' $((runs + 1)) "$prom" || return 1
	case $beside_status in
	1) test -s "$work/evidence.json" && sent '"PreflightFailed"' ;;
	3) grep -q 'was not written in time' "$work/err" ;;
	esac
}
beside() {
	beside_status=$1
	shift
	: >"$work/sent"
	rm -f "$work/evidence.json" "$work/told"
	: >"$work/out"
	: >"$work/err"
	(await "$hangs" told && : >"$work/told") &
	telling=$!
	began=$(now_ns)
	run "$beside_status" env HUNG_UNTIL="$work/told" "$TOOLS/hung_fs" "$hung" "$hangs" "$preflight" --env paper \
		--exchange.profiles "$repository/exchanges" --exchange "okx=http://127.0.0.1:$paper_port/okx" \
		--redis.target "redis://127.0.0.1:$REDIS_PORT" \
		--secrets.processes no --degraded.latency 5s --frozen.age 30s --frozen.runs 1000 --redis.latency.warn 1s \
		--redis.latency.fail 2s --timeout 10s --check.timeout 3s --output "$work/evidence.json" --git.directory "$bot" \
		--alertmanager.url "http://127.0.0.1:$hook_port" "$@"
	[ "$got" -eq "$beside_status" ] || sed 's/^/  list | /' "$work/out"
	kill "$telling" 2>/dev/null
	wait "$telling"
	published=$((($(stat -c %.9Y "$prom" | tr -d .) - began) / 1000000))
}
sent() { cat "$work/sent"; grep -qF -- "$1" "$work/sent"; }
runs=0
all_told() {  # all_told VERDICT: as after any other run
	runs=$((runs + 1))
	check "$what: the verdict is shown" said "$1"
	check "$what: it is published" sample 'arbitrage_preflight_runs_total{env="paper"}' "$runs" "$prom"
	check "$what: in time ($published ms)" test "$published" -lt $((10000 + late_ms))
}
unanswered() {  # unanswered CHECK...: these, and no others
	for each in environment secrets live_guard redis exchange_health open_positions git_safety; do
		case " $* " in
		*" $each "*) check "$what: $each fails" is "$each" fail 'did not answer in time' ;;
		*) check "$what: $each is not held up" evidence "checks['$each']['status'] in ('pass', 'skip') or 1/0" ;;
		esac
	done
	check "$what: what to do" hinted "$1" 'file system that does not answer'
	check "$what: an alert is sent" sent '"PreflightFailed"'
	check "$what: that is a timeout" evidence "checks['$1']['kind'] == 'timeout' or 1/0"
}

what="nothing"
beside 0 --keys "$keys"
all_told 'READY for paper: 7/8 pass, 1 skip'
what="a file of the environment"
beside 1 --keys "$keys" --environment.file "$hung/file"
all_told 'NOT READY for paper: 6/8 pass, 1 fail, 1 skip'
unanswered environment
what="a secret's file"
beside 1 --keys "$keys" --secrets.file "$hung/file"
all_told 'NOT READY for paper: 6/8 pass, 1 fail, 1 skip'
unanswered secrets
what="the keys"
beside 1 --keys "$hung"
all_told 'NOT READY for paper: 4/8 pass, 3 fail, 1 skip'
unanswered secrets live_guard open_positions

what="the working tree"
beside 1 --keys "$keys" --git.directory "$hung"
all_told 'NOT READY for paper: 6/8 pass, 1 fail, 1 skip'
unanswered git_safety
what="the evidence"
beside 3 --keys "$keys" --output "$hung/evidence.json"
all_told 'READY for paper: 7/8 pass, 1 skip'
check "why it is not there" grep -qF "'$hung/evidence.json' was not written in time" "$work/err"

# A loop goes on, and starts no second thread of a check that hangs.
rm -f "$prom"
spawn loop "$TOOLS/hung_fs" "$hung" 60 "$preflight" --env paper --interval 500ms --check environment --check secrets \
	--environment.file "$hung/file" --secrets.file "$hung/file" --check.timeout 100ms --output "$work/evidence.json"
loop=$SPAWNED
looped() { test "$(value 'arbitrage_preflight_runs_total{env="paper"}' "$prom")" -ge 6; }
check "a loop goes on" await 30 looped
check "it says what hangs" is environment fail 'has not answered since an earlier run'
threads() { set -- /proc/"$(pgrep -P "$loop")"/task/*; echo "$# threads" >"$work/check.out"; test "$#" -eq 3; }
check "it has one thread for each check that hangs" threads
stop "$loop"
finish
