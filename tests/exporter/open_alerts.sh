#!/bin/sh
# The open alerts on the status page: from a real Alertmanager and a real alert_relay, with what a person does about them, and
# from servers that are neither.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

get() { curl -sS --noproxy '*' --max-time 30 "$@"; }

# start_exporter NAME FLAG...: sets PORT, PID and log.
start_exporter() {
	exporter_name=$1
	shift
	log=$work/$exporter_name.log
	spawn "$exporter_name" "$BUILD/arbwatch_exporter" --web.listen-address 127.0.0.1:0 --textfile.directory "$textfiles" "$@"
	PID=$SPAWNED
	await 30 grep -q msg=started "$log" || { cat "$log"; exit 1; }
	PORT=$(sed -n 's/.*msg=listening address=127.0.0.1:\([0-9]*\).*/\1/p' "$log" | head -n 1)
}
# says PORT FILTER TEXT: jq's filter of the alerts in /health gives TEXT.
says() { test "$(get "http://127.0.0.1:$1/health" | jq -c ".alerts | $2")" = "$3"; }
page_has() { get "http://127.0.0.1:$1/" | grep -qF -- "$2"; }

# --- Settings ----------------------------------------------------------------------------------------------------
# refused STATUS TEXT FLAG...: with a text that has no password.
refused() {
	run "$1" timeout 30 "$BUILD/arbwatch_exporter" --web.listen-address 127.0.0.1:0 --textfile.directory "$textfiles" \
		"$3" "$4" ${5:+"$5" "$6"}
	check "$4 is refused: $2" grep -qF -- "$2" "$work/err"
	refute "without its password" grep -q hunter2 "$work/err"
}
refused 2 'leave user and password out' --alerts.url http://ann:hunter2@127.0.0.1:9110
refused 2 'is not a URL like http://host:port' --alerts.url 127.0.0.1:9110
refused 2 'is not a URL like http://host:port' --alerts.url 'ftp://127.0.0.1/?x=y'
refused 1 "$work/nothing.pem" --alerts.url https://127.0.0.1:1 --alerts.ca-file "$work/nothing.pem"

# --- Servers that are neither -------------------------------------------------------------------------------------
# All are started first: each is asked at once, and answers, or does not, while the others are looked at.
peer() {  # peer NAME MODE...: a server, and an exporter that asks it, at the port in $work/NAME.port
	peer_name=$1
	shift
	spawn "peer_$peer_name" "$TOOLS/faulty_peer" "$@"
	await 30 grep -q '^[0-9]' "$work/peer_$peer_name.log"
	start_exporter "$peer_name" --alerts.url "http://127.0.0.1:$(head -n 1 "$work/peer_$peer_name.log")"
	echo "$PORT $PID" >"$work/$peer_name.port"
}
answer() { printf 'HTTP/1.1 %s\\r\\nContent-Length: %d\\r\\n%s\\r\\n%s' "$1" "${#2}" "${3-}" "$2"; }  # answer STATUS BODY [HEADERS]
peer hang hang
peer refuse refuse
peer close close
peer garbage garbage
peer slow drip 200 "$(answer '200 OK' '[]')"
peer flood flood "$(printf 'HTTP/1.1 200 OK\\r\\n\\r\\n[')"
peer html reply "$(answer '200 OK' '<html>404</html>')"
peer broken reply "$(answer '200 OK' '[{"labels":{"alertname":"A"}},')"
peer stranger reply "$(answer '401 Unauthorized' 'no')"
peer moved reply "$(answer '302 Found' '' 'Location: http://127.0.0.1:1/\r\n')"
peer object reply "$(answer '200 OK' '{"alerts":[]}')"
for name in hang refuse close garbage slow flood html broken stranger moved object; do
	read -r PORT PID <"$work/$name.port"
	check "$name: the page does not wait" curl -sS --noproxy '*' --max-time 2 -o /dev/null "http://127.0.0.1:$PORT/"
	check "$name: the reason is said" await 30 says "$PORT" '.open == null and .time == null and (.reason | length) > 10' true
	check "$name: on the page too" page_has "$PORT" '<p>The alerts have not been read yet: http://127.0.0.1:'
	check "$name: the log has it" grep -q 'msg="the open alerts cannot be read" reason="http://127.0.0.1:' "$work/$name.log"
	check "$name: it lives" get -f -o /dev/null "http://127.0.0.1:$PORT/health/live"
done
check "of another status the page says what to do" says "$(cut -d ' ' -f 1 "$work/stranger.port")" \
	'.reason | test("answers with status 401: --alerts.url must name alert_relay or Alertmanager, and one that asks for no user")' true
read -r PORT PID <"$work/flood.port"
check "what is endless is not kept" test "$(awk '/VmHWM/ { print $2 }' "/proc/$PID/status")" -lt 100000
read -r PORT PID <"$work/hang.port"
kill -TERM "$PID"
wait "$PID"
check "it ends while it waits for an answer" test $? -eq 0

# --- The real ones -----------------------------------------------------------------------------------------------
# shellcheck disable=SC2046 # one port per word
set -- $("$TOOLS/free_port" 2)
alertmanager=http://127.0.0.1:$1 relay=http://127.0.0.1:$2
cat >"$work/alertmanager.yml" <<END
route: {receiver: relay, group_by: ['...'], group_wait: 0s, group_interval: 1s}
receivers: [{name: relay, webhook_configs: [{url: "$relay/webhook/all"}]}]
inhibit_rules: [{source_matchers: [alertname="Cause"], target_matchers: [alertname="Effect"]}]
END
spawn alertmanager prometheus-alertmanager --config.file="$work/alertmanager.yml" --storage.path="$work/alertmanager" \
	--web.listen-address="${alertmanager#http://}" --cluster.listen-address=
mkdir "$work/relay"
start_relay() {
	spawn relay "$BUILD/alert_relay" --relay.directory "$work/relay" --web.listen-address "${relay#http://}" \
		--alertmanager.url "$alertmanager" --alertmanager.interval 200ms
	RELAY=$SPAWNED
	await 30 get -f -o /dev/null "$relay/-/ready" 2>"$work/curl" || { cat "$work/relay.log"; exit 1; }
}
start_relay
await 60 get -f -o /dev/null "$alertmanager/-/ready" 2>"$work/curl"
printf 'arbwatch_exporter: {alerts: {url: "%s/"}}\n' "$relay" >"$work/arbwatch.yml"
start_exporter by_relay --config.file "$work/arbwatch.yml"
by_relay=$PORT by_relay_pid=$PID
start_exporter by_alertmanager --alerts.url "$alertmanager"
by_alertmanager=$PORT
for port in "$by_relay" "$by_alertmanager"; do
	check "nothing is open at first" await 30 says "$port" '[.open, .more, .reason]' '[[],0,""]'
	check "and the page says so" page_has "$port" '<p>No alert is open.</p>'
done

add() { amtool --alertmanager.url="$alertmanager" alert add "$@" >"$work/amtool" 2>&1; }
check "alerts begin" add RedisDown severity=P0 env=live target=main --annotation=summary='Redis <main> does not answer'
add Cause severity=P1 env=live --annotation=summary='The cause'
add Effect severity=P1 env=live exchange=upbit
add Watchdog severity=none
names='[.open[] | [.severity, .alert, .env, .state]]'
check "Alertmanager's are shown, the worst first" await 30 says "$by_alertmanager" "$names" \
	'[["P0","RedisDown","live","firing"],["P1","Cause","live","firing"],["P1","Effect","live","inhibited"]]'
check "what an alert is about is its summary" says "$by_alertmanager" '.open[0].what' '"Redis <main> does not answer"'
check "or its labels" says "$by_alertmanager" '.open[2].what' '"exchange=upbit"'
check "the page has it as text" page_has "$by_alertmanager" 'Redis &lt;main&gt; does not answer'
check "what alert_relay was sent is shown" await 30 says "$by_relay" "$names" \
	'[["P0","RedisDown","live","firing"],["P1","Cause","live","firing"]]'
check "since when it fires" says "$by_relay" '.open[0].since == "'"$(get "$relay/api/v2/alerts" | jq -r '.[0].startsAt[:19] + "Z"')"'"' true

id=$(get "$relay/" | grep -o 'incident/[0-9a-f]*-[0-9a-f]*' | head -n 1)
check "somebody takes it" get -f -o /dev/null -H 'Content-Type: application/json' -d '{"who": "Ann"}' "$relay/api/v1/alerts/${id#*/}/ack"
check "alert_relay's list says who" await 30 says "$by_relay" '.open[0] | [.alert, .state, .acknowledged_by]' \
	'["RedisDown","acknowledged","Ann"]'
check "and so does the page" page_has "$by_relay" '<b>acknowledged by Ann</b>'
check "in Alertmanager it is a silence" await 30 says "$by_alertmanager" '.open[0] | [.alert, .state]' '["RedisDown","silenced"]'
check "amtool can ask alert_relay" test \
	"$(amtool --alertmanager.url="$relay" alert query --output=simple 2>/dev/null | awk 'NR > 1 { print $1 }')" = Cause
check "also for what is silenced" await 10 sh -c "amtool --alertmanager.url='$relay' alert query --silenced RedisDown | grep -q RedisDown"

before=$(get "http://127.0.0.1:$by_relay/health" | jq -c 'del(.alerts, .time)')
stop "$RELAY"
check "when alert_relay is gone, the page lists no open alert" await 30 says "$by_relay" '.open == null and .time != null' true
check "and the page says since when" page_has "$by_relay" '<p>The alerts cannot be read since '
check "the verdict is as before" test "$(get "http://127.0.0.1:$by_relay/health" | jq -c 'del(.alerts, .time)')" = "$before"
start_relay
check "when it is back, so are they" await 30 says "$by_relay" '.open | length' 2
check "the log has both, once" test "$(grep -c 'msg="the open alerts can' "$work/by_relay.log")" -eq 2

# Over TLS, from a second one: its certificate must be of somebody who may sign it.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=relay -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$work/relay.key" -out "$work/relay.pem" 2>"$work/openssl"
printf 'tls_server_config: {cert_file: relay.pem, key_file: relay.key}\n' >"$work/web.yml"
mkdir "$work/relay_tls"
spawn relay_tls "$BUILD/alert_relay" --relay.directory "$work/relay_tls" --web.listen-address 127.0.0.1:0 --web.config.file "$work/web.yml"
await 30 grep -q msg=started "$work/relay_tls.log" || { cat "$work/relay_tls.log"; exit 1; }
tls=https://127.0.0.1:$(sed -n 's/.*msg=listening address=127.0.0.1:\([0-9]*\).*/\1/p' "$work/relay_tls.log")
start_exporter by_tls --alerts.url "$tls" --alerts.ca-file "$work/relay.pem"
check "over TLS nothing is open" await 30 says "$PORT" '[.open, .reason]' '[[],""]'
start_exporter by_stranger --alerts.url "$tls"
check "a certificate of a stranger is refused" await 30 says "$PORT" '.open == null and (.reason | test("certificate"))' true

sed -i "s|$relay|$alertmanager|" "$work/arbwatch.yml"
kill -HUP "$by_relay_pid"
check "another server takes a restart" await 30 grep -q 'alerts.* changed: that takes a restart' "$work/by_relay.log"
finish
