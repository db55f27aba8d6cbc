#!/bin/sh
# alert_relay as a whole: its settings, a real Alertmanager on one side and Telegram (paper_chat) on the other, acknowledgements and
# their silences, and what a kill or a full disk does.  Judges: amtool, promtool, curl, Python's hmac.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

unset TELEGRAM_BOT_TOKEN TELEGRAM_CHAT_ID
relay=$BUILD/alert_relay
directory=$work/relay
mkdir "$directory"
secret='110201543:paper-chat-token'

get() { curl -sS --noproxy '*' --max-time 30 "$@"; }
has() { grep -qF -- "$1" "$2"; }

# --- Settings ----------------------------------------------------------------------------------------------------

# wrong TEXT FLAG...: refused with one line that has the text, and none of the secrets.
wrong() {
	wrong_text=$1
	shift
	check "$* is refused: $wrong_text" is_refused "$@"
}
is_refused() {
	"$relay" --config.check "$@" >"$work/out" 2>"$work/err"
	test $? -eq 2 || return 1
	refusal=$(cat "$work/err")
	case $refusal in
	*"$newline"* | *hunter2* | *s3cr3t*) return 1 ;;
	*"$wrong_text"*) return 0 ;;
	esac
	return 1
}
run 0 "$relay" --version
run 0 "$relay" --help
check "each flag has a line of help" test "$(grep -c '^  --' "$work/out")" -ge 45
wrong 'unknown flag' --telegram.tokn x
wrong 'is empty' --relay.directory ''
wrong '--telegram.token is not given' --telegram.chat -100
wrong '--telegram.chat is not given' --telegram.token 1:hunter2
wrong "is not a user's number" --telegram.token 1:hunter2 --telegram.chat -100 --telegram.user ann
wrong 'two channels telegram:main' --telegram.token 1:hunter2hunter2hunter2hunter2hunter2h --telegram.chat -100 --telegram.chat main=-101
wrong '--slack.token is not given' --slack.channel C0OPS
wrong 'slack' --slack.webhook ftp://hooks.slack.example/s3cr3t
wrong '--mail.from is not given' --mail.server smtp://mail.example:587 --mail.to ops@example.org
wrong '--mail.server is not given' --mail.to ops@example.org
wrong 'are given together' --mail.server smtp://mail.example:587 --mail.from a@example.org --mail.to ops@example.org --mail.password hunter2
wrong 'not a time of the day' --mail.server smtp://mail.example:587 --mail.from a@example.org --mail.to ops@example.org --mail.summary 24:00
wrong 'no channel mail:main' --mail.summary 07:30
wrong 'webhook.url' --webhook.url pager=nothing
wrong 'leave user and password out' --alertmanager.url http://ann:hunter2@127.0.0.1:9093
wrong 'is not a URL like' --web.external-url ftp://alerts.example
wrong 'is not a URL like http://host:port' --alertmanager.url 127.0.0.1:9093
wrong 'write it as smtp://HOST:587' --mail.server mail.example --mail.from a@example.org --mail.to ops@example.org
wrong 'history.postgres' --history.postgres 'postgres//s3cr3t'
wrong 'no --history.postgres' --history.password hunter2
wrong 'must be from 1d' --history.retention 5m
wrong 'language' --language xx
wrong 'time-zone' --time-zone Nowhere/City
wrong 'templates' --templates "$work/nothing"
wrong 'route' --route 'severity=P0 -> telegram:main'
wrong 'telegram:none' --route '-> telegram:none'
wrong 'log.level' --log.level loud
wrong 'web.listen-address' --web.listen-address 127.0.0.1

run 1 "$relay" --relay.directory "$work/none/there" --web.listen-address 127.0.0.1:0
check "a directory that cannot be made is told with the setting" has 'another one with --relay.directory' "$work/err"

# --- A chat, an Alertmanager and the relay -----------------------------------------------------------------------

spawn chat "$BUILD/paper_chat" --chat -1001 --limit 0
await 30 grep -q '^listening on ' "$work/chat.log" || { cat "$work/chat.log"; exit 1; }
CHAT=$(sed -n 's/^listening on //p' "$work/chat.log")
# said NAME [TIMES]: in a message that fires; without a number at least once.
said() {
	said_times=$(get "$CHAT/control/messages" |
		jq --arg name "$1" '[.messages[].text | select(contains($name) and contains("firing"))] | length')
	if [ $# -eq 2 ]; then test "$said_times" -eq "$2"; else test "$said_times" -gt 0; fi
}
messages() { get "$CHAT/control/messages" | jq .total; }

cat >"$work/arbwatch.yml" <<END
log: {level: info}
telegram: {url: "$CHAT", chat: ["-1001"]}
# No limit of Telegram's holds up what is tested with it.
slack: {webhook: ["hook=$CHAT/services/T0/B0OPS/hunter2"]}
route: ['env="hook" -> slack:hook', 'severity="P0" -> telegram:main']
alert_relay:
  relay: {directory: "$directory"}
  web: {listen-address: ["127.0.0.1:0"], external-url: "http://127.0.0.1:9110"}
  alertmanager: {interval: 200ms}
END
export TELEGRAM_BOT_TOKEN="$secret"
run 0 "$relay" --config.check --config.file "$work/arbwatch.yml"
check "the table says who gets a P0" grep -q 'P0.*telegram:main' "$work/out"
check "it says where the channel is" has -1001 "$work/out"
refute "and has no secret" grep -qE "$secret|hunter2" "$work/out"
run 0 "$relay" --send-test telegram:main --config.file "$work/arbwatch.yml"
check "a test message says that it arrived" test "$(wc -l <"$work/out")" -eq 1
check "and it did" test "$(messages)" -eq 1
run 2 "$relay" --send-test telegram:none --config.file "$work/arbwatch.yml"
run 1 env TELEGRAM_BOT_TOKEN=110201543:wrong-token-wrong-token-wrong-to "$relay" --send-test telegram:main \
	--config.file "$work/arbwatch.yml"
check "a wrong token is told in words" test "$(wc -l <"$work/err")" -eq 1
check "with what to do" has BotFather "$work/err"
refute "and not shown" has wrong-token "$work/err"

# start_relay [FLAG...]: sets RELAY and URL.
start_relay() {
	spawn relay "$relay" --config.file "$work/arbwatch.yml" "$@"
	RELAY=$SPAWNED
	await 30 grep -q msg=started "$work/relay.log" || { cat "$work/relay.log"; exit 1; }
	URL=http://127.0.0.1:$(sed -n 's/.*msg=listening address=127.0.0.1:\([0-9]*\).*/\1/p' "$work/relay.log" | head -n 1)
}
code() { get -o "$work/body" -w '%{http_code}' "$@"; }
is_code() {  # is_code CODE CURL-ARGUMENT...
	is_wanted=$1
	shift
	test "$(code "$@")" = "$is_wanted"
}
# push NAME [LABEL]: as a bot does.
push() {
	code -H 'Content-Type: application/json' "$URL/api/v2/alerts" \
		-d "[{\"labels\":{\"alertname\":\"$1\",\"severity\":\"P0\",\"env\":\"hook\"},\"annotations\":{\"summary\":\"s\"}}]"
}
scrape() { get "$URL/metrics" >"$work/metrics"; }
metric() { scrape && grep -qxF -- "$1" "$work/metrics"; }
# incident LABELS: an open one has these in its metric, which begin with severity.
incident() { scrape && grep -q "^alert_relay_incident_begin_timestamp_seconds{incident=\"[0-9a-f-]*\",$1} 1[0-9.]*\$" "$work/metrics"; }

# Alertmanager takes a port that is free, and the relay one of its own: each must know the other's.
RELAY_PORT=$(free_port)
sed -i "s/127.0.0.1:0/127.0.0.1:$RELAY_PORT/" "$work/arbwatch.yml"
export ARBWATCH_ALERT_SECRETS="$work/none" ARBWATCH_ALERT_WEBHOOK="http://127.0.0.1:$RELAY_PORT/webhook"
sh "$repository/alertmanager/render.sh" <"$repository/alertmanager/alertmanager.yml" >"$work/alertmanager.yml"
start_alertmanager() {  # start_alertmanager [PORT]: sets AM, AM_PORT, ALERTMANAGER
	AM_PORT=${1:-$(free_port)}
	spawn alertmanager prometheus-alertmanager --config.file="$work/alertmanager.yml" --storage.path="$work/am" \
		--web.listen-address="127.0.0.1:$AM_PORT" --cluster.listen-address= --log.level=warn
	ALERTMANAGER=$SPAWNED AM=http://127.0.0.1:$AM_PORT
	await_unless_ended 30 "$SPAWNED" get -f "$AM/-/ready"
}
start_alertmanager || start_alertmanager || { cat "$work/alertmanager.log"; exit 1; }
start_relay --alertmanager.url "$AM"
am() { amtool --alertmanager.url="$AM" "$@"; }
silences() { get "$AM/api/v2/silences" | grep -o '"state":"active"' | wc -l; }
no_silence() { test "$(silences)" -eq 0; }
one_silence() { test "$(silences)" -eq 1; }
id_of() { get "$URL/" | grep -oE 'incident/[0-9a-f]{16}-[0-9a-f]+' | head -n 1 | cut -d / -f 2; }

check "a P0 is given to Alertmanager" am alert add Fire severity=P0 env=live service=bot shard=7 --annotation=summary=burns
check "and arrives at the chat" await 20 said Fire
check "once" said Fire 1
ID=$(id_of)
check "the page shows it" test -n "$ID"
check "Alertmanager answers" await 10 metric 'alert_relay_alertmanager_up 1'
check "one is open" metric 'alert_relay_open_incidents{severity="P0"} 1'

fire='severity="P0",alertname="Fire",env="live",service="bot",what="shard=7"'
check "and has a metric" incident "$fire,state=\"open\""

# The link that mails have: signed, and of no use for another.
token=$("$PYTHON" -c 'import hashlib, hmac, sys
key = bytes.fromhex(open(sys.argv[1]).read().strip())
print(hmac.new(key, ("ack" + sys.argv[2]).encode(), hashlib.sha256).hexdigest()[:32])' "$directory/link.key" "$ID")
check "a link shows its alert" is_code 200 "$URL/ack/$ID?k=$token"
forged=$(printf '%s' "$token" | tr '0-9a-f' '1-9a-f0')
refute "a forged one does not" is_code 200 "$URL/ack/$ID?k=$forged"
refute "nor does its form" is_code 200 -d "k=$forged&who=Eve" "$URL/ack/$ID"
check "opening the link acknowledges nothing" no_silence

acknowledge() { code -X POST -H 'Content-Type: application/json' -d "{\"who\":\"$1\"}" "$URL/api/v1/alerts/$ID/$2"; }
check "it is acknowledged by the API" test "$(acknowledge Ann ack)" = 200
check "a silence for it is in Alertmanager" await 20 one_silence
am silence query -o json >"$work/silences.json"
jq -r '.[0].matchers[] | "\(.name)=\(.value) \(.isRegex)"' "$work/silences.json" | sort | paste -sd ' ' >"$work/matchers"
check "of exactly its labels" has \
	'alertname=Fire false env=live false service=bot false severity=P0 false shard=7 false' "$work/matchers"
check "the metric says by whom" incident "$fire,state=\"acknowledged\",by=\"Ann\""
check "by whom" test "$(jq -r '.[0].createdBy' "$work/silences.json")" = Ann
check "it is taken back" test "$(acknowledge Ann unack)" = 200
check "which the metric says" await 20 incident "$fire,state=\"open\""
check "then the silence ends" await 20 no_silence
check "it is acknowledged again" test "$(acknowledge Ann ack)" = 200
check "and silenced again" await 20 one_silence
# The webhook does not tell the end of what is silenced.
check "it resolves" am alert add Fire severity=P0 env=live service=bot shard=7 --end="$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)"
check "the relay learns of it nevertheless" await 30 metric 'alert_relay_open_incidents{severity="P0"} 0'
check "and the silence ends with it" await 20 no_silence
refute "and its metric" incident "$fire.*"

# Alertmanager itself would say nothing for 5 minutes: it was not silent about the end alone.
check "when it fires again, that is a new incident" \
	am alert add Fire severity=P0 env=live service=bot shard=7 --annotation=summary=rekindled
check "which is said" await 20 said rekindled
check "and not silenced" no_silence
# The same, when the relay is started anew in between.
ID=$(id_of)
check "it is acknowledged, too" test "$(acknowledge Ann ack)" = 200
check "and silenced, too" await 20 one_silence
end=$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)
check "it resolves, too" am alert add Fire severity=P0 env=live service=bot shard=7 --end="$end"
check "which the relay observes" \
	amtool --alertmanager.url="$URL/observe" alert add Fire severity=P0 env=live service=bot shard=7 --end="$end"
check "and it is over" await 30 metric 'alert_relay_open_incidents{severity="P0"} 0'
check "and ends the silence" await 20 no_silence
kill "$RELAY"
wait "$RELAY"
start_relay --alertmanager.url "$AM"
check "it fires after the start" am alert add Fire severity=P0 env=live service=bot shard=7 --annotation=summary=reignited
check "and is said, too" await 20 said reignited
check "it ends" am alert add Fire severity=P0 env=live service=bot shard=7 --end="$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)"
check "and so does the incident" await 30 metric 'alert_relay_open_incidents{severity="P0"} 0'

# What a person silences in Alertmanager, the page shows.
page_says() { get "$URL/" | grep -qi -- "$1"; }
check "another P0 comes" am alert add Smoke severity=P0 env=live
check "and arrives" await 20 said Smoke
check "somebody silences it" sh -c "amtool --alertmanager.url='$AM' silence add alertname=Smoke -a Bob -c quiet >'$work/silence'"
check "the page shows that" await 20 page_says silenced
check "and the metric" incident '.*alertname="Smoke",env="live",what="",state="silenced"'
check "until it is expired" am silence expire "$(cat "$work/silence")"
check "which the page shows, too" await 20 not page_says silenced

# Without Alertmanager an acknowledgement holds, and its silence follows.
stop "$ALERTMANAGER"
check "that Alertmanager is down is seen" await 20 metric 'alert_relay_alertmanager_up 0'
ID=$(id_of)
check "an acknowledgement is taken nevertheless" test "$(acknowledge Ann ack)" = 200
check "the page shows it" page_says Ann
start_alertmanager "$AM_PORT"
check "when Alertmanager is back, it has the silence" await 30 one_silence
check "it was told once that it is down" test "$(grep -c 'Alertmanager does not answer' "$work/relay.log")" -eq 1
check "but as it has just started, it is not believed that all is over" metric 'alert_relay_open_incidents{severity="P0"} 1'
check "that it is later" await 30 metric 'alert_relay_open_incidents{severity="P0"} 0'

# The button in the chat; amtool takes the relay for an Alertmanager.
check "amtool sends to the relay itself" amtool --alertmanager.url="$URL" alert add Button severity=P0 env=live
check "it arrives" await 20 said Button
message=$(get "$CHAT/control/messages" | jq -r '.messages[] | select(.text | contains("Button")) | .id')
check "somebody presses the button" is_code 200 -X POST "$CHAT/control/press" -d "message=$message" -d name=Mina
check "then it is acknowledged" await 20 page_says Mina
edited() { get "$CHAT/control/messages" | jq -e --arg id "$message" '.messages[] | select(.id == $id) | .edits | length > 0'; }
check "and the message says so" await 20 edited
check "it resolves" amtool --alertmanager.url="$URL" alert add Button severity=P0 env=live --end="$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)"
check "and that is said" await 20 sh -c "curl -s '$CHAT/control/messages' | grep -q 'Button.*resolved'"
check "Telegram is asked for presses every few seconds, not without end" test "$(get "$CHAT/control/requests" | jq .total)" -lt 1000

run 1 "$relay" --config.file "$work/arbwatch.yml" --web.listen-address 127.0.0.1:0
check "a second one on the same directory says why not" has 'another process uses' "$work/err"
run 1 "$relay" --config.file "$work/arbwatch.yml" --relay.directory "$work/none/such"
check "nor without a directory" has "$work/none/such" "$work/err"
run 1 "$relay" --config.file "$work/arbwatch.yml" --relay.directory "$work/other" --web.listen-address "127.0.0.1:$RELAY_PORT"
check "nor on a port that is taken" has 'Address already in use' "$work/err"

# --- Killed, and a disk that is full -----------------------------------------------------------------------------

check "the channel fails" is_code 200 -X POST "$CHAT/control/fail"
for name in One Two Three; do
	check "$name is taken" test "$(push "$name")" = 200
done
check "which the relay sees" await 10 metric 'alert_relay_channel_up{channel="slack:hook"} 0'
kill -KILL "$RELAY"
wait "$RELAY" 2>/dev/null
check "it works again" is_code 200 -X DELETE "$CHAT/control"
start_relay --alertmanager.url "$AM"
for name in One Two Three; do
	check "$name is said after the kill" await 20 said "$name"
	check "once" said "$name" 1
done
check "and nothing else is open" metric 'alert_relay_open_incidents{severity="P0"} 3'

# A file may not grow: as a full disk.
prlimit --pid "$RELAY" --fsize=1024:unlimited
check "a full disk is a 503" await 10 sh -c "test \"\$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' \
	'$URL/api/v2/alerts' -d '[{\"labels\":{\"alertname\":\"Full\",\"severity\":\"P0\",\"env\":\"hook\"}}]')\" = 503"
check "it is not ready then" is_code 503 "$URL/-/ready"
check "but alive" is_code 200 "$URL/-/healthy"
check "and says so" has 'unhealthy' "$(get "$URL/health" >"$work/health"; echo "$work/health")"
prlimit --pid "$RELAY" --fsize=unlimited:unlimited
check "with room it takes alerts again" test "$(push Room)" = 200
check "and is ready" await 10 is_code 200 "$URL/-/ready"
check "and says what came after" await 20 said Room
refute "what was not taken is nowhere" said Full

# --- Reload, metrics, secrets ------------------------------------------------------------------------------------

reloads() { test "$(grep -c "$1" "$work/relay.log")" -ge "$2"; }
sed -i 's/level: info/level: debug/' "$work/arbwatch.yml"
kill -HUP "$RELAY"
check "a log level is reloaded" await 10 reloads 'configuration reloaded' 1
sed -i 's/-1001/-1002/' "$work/arbwatch.yml"
kill -HUP "$RELAY"
check "another chat takes a restart" await 10 reloads 'takes a restart' 1
check "and that is a metric" metric 'alert_relay_config_last_reload_successful 0'
sed -i 's/-1002/-1001/' "$work/arbwatch.yml"
jq -nc '[range(120) | {labels: {alertname: "Many \u1100\"\\\n", severity: "P3", number: "\(.)", device: ("\u1100" * 99)}}]' >"$work/many"
check "a storm is taken" is_code 200 -H 'Content-Type: application/json' --data-binary "@$work/many" "$URL/api/v2/alerts"
scrape
check "promtool takes the metrics" sh -c "promtool check metrics <'$work/metrics' >'$work/promtool' 2>&1"
check "and finds nothing to say" test ! -s "$work/promtool"
grep '^alert_relay_incident_begin_timestamp_seconds' "$work/metrics" >"$work/incidents"
check "no more than 100 incidents have a metric" test "$(wc -l <"$work/incidents")" -eq 100
check "the P0 are among them" test "$(grep -c 'severity="P0"' "$work/incidents")" -eq 4
check "their texts are cut between characters" test "$(grep -c ',what="\(ᄀ\)\{42\}… number=[0-9]*",' "$work/incidents")" -eq 96
jq -nc '("z" * 16000) as $z | [range(40) | {labels: {alertname: "Fat", severity: "P3", number: "\(.)"},
	annotations: ([range(20) | {key: "a\(.)", value: $z}] | from_entries)}]' >"$work/fat"
check "a storm of long alerts is taken" is_code 200 -H 'Content-Type: application/json' --data-binary "@$work/fat" "$URL/api/v2/alerts"
check "as many are listed as 8 MB have room for" sh -c "curl -sS --noproxy '*' '$URL/api/v2/alerts' >'$work/open'
	test \$(wc -c <'$work/open') -lt 8388608 && test \$(jq '[.[] | select(.labels.alertname == \"Fat\")] | length' '$work/open') -eq 24"
for family in build_info alerts_received_total alerts_refused_total open_incidents outbox_tasks outbox_oldest_seconds deliveries_total \
	merged_alerts_total throttled_total delivery_latency_seconds history_configured store_failures_total alertmanager_configured \
	alertmanager_up channel_up http_requests_total; do
	check "there is alert_relay_$family" grep -q "^# HELP alert_relay_$family " "$work/metrics"
done
check "without a history it says so" metric 'alert_relay_history_configured 0'
get "$URL/" >"$work/page"
tr '\0' ' ' <"/proc/$RELAY/cmdline" >"$work/cmdline"
for place in relay.log metrics page health cmdline; do
	refute "the token is not in $place" has "$secret" "$work/$place"
	refute "nor is its secret part" has "${secret#*:}" "$work/$place"
	refute "nor the address of the webhook" has hunter2 "$work/$place"
done
kill "$RELAY"
wait "$RELAY"
check "it ends with 0" test $? -eq 0
check "and says so" has msg=stopping "$work/relay.log"
finish
