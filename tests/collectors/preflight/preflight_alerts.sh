#!/bin/sh
# preflight's alerts in a real Alertmanager: they fire, group, reach a receiver, and are resolved; and what happens
# when nobody takes them.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_preflight.sh
. "$repository/tests/lib_preflight.sh"

start_all
flatten
prom=$textfiles/preflight.prom

# Alertmanager, and the receiver of what it sends ---------------------

spawn hook "$PYTHON" "$helpers/hook.py" 0 "$work/sent"
hook_port=$(port_of "$SPAWNED")
start_alertmanager() {
	spawn "alertmanager-$am_port" prometheus-alertmanager --config.file="$work/alertmanager.yml" \
		--storage.path="$work/alertmanager-$am_port" --web.listen-address="127.0.0.1:$am_port" --cluster.listen-address=
	am=$SPAWNED
	await 60 curl -sf "http://127.0.0.1:$am_port/-/ready" || { cat "$work/alertmanager-$am_port.log"; exit 1; }
}
cat >"$work/alertmanager.yml" <<-END
	route:
	  receiver: hook
	  group_by: [service]
	  group_wait: 0s
	  group_interval: 500ms
	  repeat_interval: 1h
	  routes:
	    - matchers: [severity="P0"]
	      group_by: [alertname, service]
	      group_wait: 0s
	      group_interval: 500ms
	receivers:
	  - name: hook
	    webhook_configs: [{url: "http://127.0.0.1:$hook_port/", send_resolved: true}]
END
: >"$work/sent"
am_port=$(free_port)  # it is started again there
start_alertmanager
url=http://127.0.0.1:$am_port

# alerts EXPRESSION: of python, about `alerts`, those that Alertmanager has, by name.
asked() {
	curl -sS -f "$url/api/v2/alerts" >"$work/alerts" && oracle alerts "$work/alerts" "$1"
}
sent() { oracle sent "$work/sent" "$1"; }

gate 0 paper --alertmanager.url "$url"
check "a pass fires nothing" asked 'not alerts'
check "it was told" evidence "run['alerts'][0]['accepted'] or 1/0"

# Fires ---------------------------------------------------------------

gone=redis://127.0.0.1:1
gate 1 paper --alertmanager.url "$url/" --redis.target "$gone" --postgres.schema-version 9999
check "a failure fires" await 60 asked '"PreflightFailed" in alerts'
check "as P0, of paper, of preflight" asked \
	'alerts["PreflightFailed"]["labels"] == dict(alertname="PreflightFailed", severity="P0", env="paper", service="preflight")'
check "with what failed" asked 'alerts["PreflightFailed"]["annotations"]["failed_checks"] == "redis, postgres"'
check "the counts" asked 'alerts["PreflightFailed"]["annotations"]["counts"] == "6/8 pass, 2 fail"'
check "what to do" asked '"migrate the schema" in alerts["PreflightFailed"]["annotations"]["actions"]'
check "under the name that all alerts have, too" asked \
	'alerts["PreflightFailed"]["annotations"]["action"] == alerts["PreflightFailed"]["annotations"]["actions"]'
check "and why" asked '"9999" in alerts["PreflightFailed"]["annotations"]["description"]'
check "it stays for half an hour" asked '1700 < seconds(alerts["PreflightFailed"]["endsAt"]) < 1900'
check "no warning" asked '"PreflightWarning" not in alerts'
check "the receiver gets it" await 60 sent '("firing", "PreflightFailed") in sent'

# The same again is the same alert.
began=$(asked 'print(alerts["PreflightFailed"]["startsAt"]) or True')
gate 1 paper --alertmanager.url "$url" --redis.target "$gone" --redis.latency.warn 0s
check "the same failure is the same alert" test "$(asked 'print(alerts["PreflightFailed"]["startsAt"]) or True')" = "$began"
check "now with one check" await 60 asked 'alerts["PreflightFailed"]["annotations"]["failed_checks"] == "redis"'

# Groups: failed and warned together, of one service.
gate 1 paper --alertmanager.url "$url" --redis.target "$gone" --postgres.latency.warn 0s
check "a warning fires too" await 60 asked '"PreflightWarning" in alerts'
check "as P1" asked 'alerts["PreflightWarning"]["labels"]["severity"] == "P1"'
check "with what it is about" asked 'alerts["PreflightWarning"]["annotations"]["failed_checks"] == "postgres"'
groups() {
	curl -sS -f "$url/api/v2/alerts/groups" | "$PYTHON" -c '
import json, sys
found = sorted((tuple(sorted(group["labels"].items())), len(group["alerts"])) for group in json.load(sys.stdin))
print(found)
sys.exit(found != [((("alertname", "PreflightFailed"), ("service", "preflight")), 1), ((("service", "preflight"),), 1)])'
}
check "each in its group" await 60 groups
check "the receiver gets it" await 60 sent '("firing", "PreflightWarning") in sent'

# One check alone says nothing about the whole.
gate 0 paper --alertmanager.url "$url" --check redis
check "a check alone resolves nothing" asked '"PreflightFailed" in alerts'
gate 0 paper --alertmanager.url "$url" --no-alerts
check "nor does a run without alerts" asked '"PreflightFailed" in alerts'
check "and the count of its failures goes on" \
	sample "arbitrage_preflight_alert_failures_total{alertmanager=\"${url#*://}\",env=\"paper\"}" 0 "$prom"
gate 2 paper --alertmanager.url "$url" --alertmanager.ca-file "$work/nowhere.pem" --no-alerts
check "a wrong setting is an error all the same" grep -q 'nowhere.pem' "$work/err"

# Resolved ------------------------------------------------------------

gate 0 paper --alertmanager.url "$url" --postgres.latency.warn 0s
check "what does not fail any more is resolved" await 60 asked '"PreflightFailed" not in alerts'
check "what still warns is not" asked '"PreflightWarning" in alerts'
gate 0 paper --alertmanager.url "$url"
check "all pass" said '8/8 pass'
check "a pass resolves all" await 60 asked 'not alerts'
check "the receiver hears of it" await 60 sent '("resolved", "PreflightFailed") in sent'
check "of both" await 60 sent '("resolved", "PreflightWarning") in sent'
gate 1 paper --alertmanager.url "$url" --postgres.latency.warn 0s --strict
check "strict makes a warning a P0" await 60 asked '"PreflightFailed" in alerts and "PreflightWarning" not in alerts'
gate 0 paper --alertmanager.url "$url"

# Not ready is an alert, also where no check failed.
all='--skip environment --skip secrets --skip live_guard --skip redis --skip postgres --skip exchange_health
	--skip open_positions --skip git_safety'
# shellcheck disable=SC2086
gate 1 paper --alertmanager.url "$url" $all
check "nothing that was checked is an alert" await 60 asked '"PreflightFailed" in alerts'
check "about all" asked 'len(alerts["PreflightFailed"]["annotations"]["failed_checks"].split(", ")) == 8'
gate 0 paper --alertmanager.url "$url"
check "it is resolved" await 60 asked 'not alerts'
gate 1 live --alertmanager.url "$url" --skip live_guard
check "so is what live needs and was left out" await 60 asked '"PreflightFailed" in alerts'
check "by its name" asked 'alerts["PreflightFailed"]["annotations"]["failed_checks"] == "live_guard"'
check "in its summary" asked '"NOT READY for live: live_guard was left out" in alerts["PreflightFailed"]["annotations"]["summary"]'
gate 0 live --alertmanager.url "$url"
check "that is resolved, too" await 60 asked 'not alerts'

# In a loop the alert lasts three intervals, and at least a minute.
spawn loop "$preflight" --env paper --interval 30s --redis.target "$gone" --skip git_safety --alertmanager.url "$url"
check "a loop's alert lasts as its interval says" await 60 asked '80 < seconds(alerts["PreflightFailed"]["endsAt"]) <= 91'
stop "$SPAWNED"
gate 1 paper --alertmanager.url "$url" --alertmanager.hold 5m --redis.target "$gone"
check "or as is said" asked '280 < seconds(alerts["PreflightFailed"]["endsAt"]) <= 301'
check "no secret is in it" sh -c "! grep -qF -e '$secret' -e s3cret-arbwatch '$work/alerts' '$work/sent'"

# Nobody takes them ---------------------------------------------------

dead=$(free_port)  # until somebody listens there
rm -f "$prom"
failures() { value "arbitrage_preflight_alert_failures_total{alertmanager=\"127.0.0.1:$1\",env=\"paper\"}" "$prom"; }
gate 0 paper --alertmanager.url "http://127.0.0.1:$dead" --alertmanager.url "$url" --timeout 8s
check "the verdict stands" said 'READY for paper'
check "it is said who did not take them" grep -q "could not be sent.*target=127.0.0.1:$dead" "$work/err"
check "and counted" test "$(failures "$dead")" = 1
check "the other one took them" test "$(failures "$am_port")" = 0
check "the evidence tells both" evidence "[a['accepted'] for a in run['alerts']] == [False, True] or 1/0"
gate 1 paper --alertmanager.url "http://127.0.0.1:$dead" --timeout 1s --redis.target "$gone"
check "not ready stays not ready" said 'NOT READY'
check "counted again" test "$(failures "$dead")" = 2

# Several at one address are told apart, and not by their paths.
gate 0 paper --alertmanager.url "http://127.0.0.1:$dead/a-token" --alertmanager.url "http://127.0.0.1:$dead/b" \
	--alertmanager.url "http://127.0.0.1:$dead" --timeout 8s
for each in "$dead#2" "$dead#3"; do
	check "$each has a count of its own" test "$(failures "$each")" = 1
done
check "so has the first" test "$(failures "$dead")" = 3
refute "nothing of their paths is in a label" grep -q a-token "$prom"

# One that comes back within the deadline gets them, while another hangs.
stop "$am"
spawn hole "$PYTHON" -c "
import socket
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', 0)); s.listen(200)
kept = []
while True: kept.append(s.accept())
"
hole=$(port_of "$SPAWNED")
check "one hangs" await 60 sh -c "curl -s --max-time 0.2 http://127.0.0.1:$hole/; test \$? -eq 28"
(
	await 60 test -s "$work/out"
	exec prometheus-alertmanager --config.file="$work/alertmanager.yml" --storage.path="$work/alertmanager-$am_port" \
		--web.listen-address="127.0.0.1:$am_port" --cluster.listen-address= >"$work/late.log" 2>&1
) &
echo "$!" >>"$work/pids"
gate 1 paper --alertmanager.url "http://127.0.0.1:$hole" --alertmanager.url "$url" --timeout 20s --redis.target "$gone"
check "it is tried again until it is there" evidence "[a['accepted'] for a in run['alerts']] == [False, True] or 1/0"
check "and the alert fires" await 60 asked '"PreflightFailed" in alerts'

# One that refuses is not asked again.
spawn refuse "$PYTHON" "$helpers/hook.py" "$dead" "$work/refused" 400
await 60 curl -s -o "$work/check.out" "http://127.0.0.1:$dead/" -d '{"alerts": []}'
gate 0 paper --alertmanager.url "http://127.0.0.1:$dead" --timeout 10s
check "what it says is told" grep -q 'status 400' "$work/err"
check "it was asked once" test "$(wc -l <"$work/refused")" -eq 2
gate 0 paper --alertmanager.url "http://127.0.0.1:$dead/a-token/" --timeout 10s
check "what it says is told without its path" grep -qF 'as you say at ***' "$work/err"
check "in the evidence, too" evidence "run['alerts'][0]['reason'].endswith('as you say at ***') or 1/0"
finish
