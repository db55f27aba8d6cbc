#!/bin/sh
# What alert_relay is sent by those who mean it no good, and what it stands on: requests that nobody should send, strangers who press
# and post, a disk that is full or read-only, a database that is damaged, a PostgreSQL that hangs.  No good alert is lost, what cannot be
# kept is refused, and no secret is anywhere.  (A clock that is set back is in test_intake and test_limit.)
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

if [ "${ARBWATCH_NAMESPACES-}" != own ] && unshare --mount true 2>/dev/null; then
	ARBWATCH_NAMESPACES=own exec unshare --mount sh "$0"
fi
unset TELEGRAM_BOT_TOKEN TELEGRAM_CHAT_ID
get() { curl -sS --noproxy '*' --max-time 60 "$@"; }
code() { get -o "$work/body" -w '%{http_code}' "$@"; }
is_code() { # is_code CODE CURL-ARGUMENT...
	is_wanted=$1
	shift
	is_found=$(code "$@")
	echo "wanted $is_wanted, and found $is_found: $(head -c 300 "$work/body")"
	test "$is_found" = "$is_wanted"
}
spawn chat "$BUILD/paper_chat" --limit 0
await 30 grep -q '^listening on ' "$work/chat.log" || { cat "$work/chat.log"; exit 1; }
CHAT=$(sed -n 's/^listening on //p' "$work/chat.log")
said() { get "$CHAT/control/messages" | jq -e --arg name "$1" '[.messages[] | select(.text | contains($name))] | length > 0'; }
start_postgres
DISK=$work/relay
mkdir "$DISK"

telegram=110201543:paper-chat-token hook=h00k-s3cret slack=xoxb-paper-chat-token postgres=s3cret-arbwatch
cat >"$work/arbwatch.yml" <<END
log: {level: debug}
alert_relay:
  relay.directory: $DISK
  web.listen-address: 127.0.0.1:$(free_port)
  web.external-url: http://alerts.example
  history.postgres: postgresql://arbwatch:$postgres@127.0.0.1:$POSTGRES_PORT/postgres
  telegram: {url: "$CHAT", token: "$telegram", chat: "-1001", user: 1001}
  slack: {url: "$CHAT/api", token: $slack, channel: main=C0MAIN, webhook: ["hook=$CHAT/services/T0/B0HOOK/$hook"]}
  route:
    - 'env="nowhere" ->'
    - 'env="hook" -> slack:hook'
    - '-> telegram:main'
END
start_relay() {
	[ ! -e "$work/relay.log" ] || cat "$work/relay.log" >>"$work/relay.logs"
	spawn relay "$BUILD/alert_relay" --config.file "$work/arbwatch.yml"
	RELAY=$SPAWNED
	await 30 grep -q msg=started "$work/relay.log" || { cat "$work/relay.log"; exit 1; }
	URL=http://127.0.0.1:$(sed -n 's/.*msg=listening address=127.0.0.1:\([0-9]*\).*/\1/p' "$work/relay.log" | head -n 1)
}
start_relay
kill_relay() {
	kill -KILL "$RELAY"
	wait "$RELAY" 2>/dev/null
}
# sent CODE PLACE KIND [ARGUMENT]: a body of relay_abuse.py has this answer.
sent() {
	sent_code=$1 sent_place=$2
	shift 2
	"$PYTHON" "$repository/tests/relay/relay_abuse.py" "$@" >"$work/request" || return 1
	is_code "$sent_code" -H 'Content-Type: application/json' --data-binary "@$work/request" "$URL/$sent_place"
}
# The database is the relay's alone: a copy is read, again if it was changed meanwhile.
try_store() { rm -rf "$work/copy" && cp -r "$DISK" "$work/copy" && sqlite3 "$work/copy/relay.db" "$1" 2>/dev/null; }
in_store() { try_store "$1" || try_store "$1" || sqlite3 "$work/copy/relay.db" "$1"; }
incidents() { in_store "SELECT count(*) FROM incident WHERE json_extract(labels, '\$.alertname') = '$1'"; }
# has NAME COUNT: awaited, because a copy that is made while the log is put away shows what was before.
has() { test "$(incidents "$1")" -eq "$2"; }
push=api/v2/alerts
one() { printf '[{"labels": {"alertname": "%s", "severity": "P0", "env": "hook"}}]' "$1"; }

# --- Requests ----------------------------------------------------------------------------------------------------

for place in webhook/p0 $push observe/api/v2/alerts; do
	check "$place: no JSON" sent 400 "$place" no-json
	check "$place: in one line" test "$(wc -l <"$work/body")" -le 1
	head -c 100000000 /dev/zero >"$work/request"
	check "$place: 100 MB" is_code 413 --expect100-timeout 30 --data-binary "@$work/request" "$URL/$place"
	check "$place: 100 MB, of which the sender does not say the size" is_code 411 --expect100-timeout 30 \
		-H 'Transfer-Encoding: chunked' --data-binary "@$work/request" "$URL/$place"
	# Who does not wait for the answer may find the connection closed before that.
	refute "$place: 100 MB without asking before" is_code 200 -H 'Expect:' --data-binary "@$work/request" "$URL/$place"
done
rm "$work/request"
if grep -q __asan_init "$BUILD/alert_relay"; then
	skip "none of it comes into memory" "the address sanitizer keeps what is freed"
else
	check "none of it comes into memory" test "$(awk '/^VmHWM/ { print $2 }' "/proc/$RELAY/status")" -lt 40000
fi
check "another version" sent 400 webhook/p0 version
check "no list" sent 400 webhook/p0 no-alerts
check "only alerts without a name" sent 400 webhook/p0 only-bad
check "no good alert is lost beside bad ones" sent 200 webhook/p0 bad-beside-good
check "but said" await 20 said BesideBad
check "and the bad ones are counted" grep -q '^alert_relay_alerts_refused_total{feed="webhook"} [1-9]' \
	"$(get "$URL/metrics" >"$work/metrics"; echo "$work/metrics")"
check "bytes that are no UTF-8" sent 200 $push no-utf8
check "are said" await 20 said NoUtf8
check "markup of all kinds" sent 200 $push markup
check "is said" await 20 said 'Markup<b>&amp;'
check "as text: its only links and formats are ours" test "$(get "$CHAT/control/messages" |
	jq -r '[.messages[] | select(.text | contains("Markup<b>")) | .entities[] | .type + (.url // "")] | unique | join(" ")')" = bold
check "long annotations" sent 200 $push long
check "are said" await 20 said Long
check "in a message that Telegram takes" test "$(get "$CHAT/control/requests" | jq '[.requests[] | select(.status == 400)] | length')" -eq 0
check "the years 1 and 9999" sent 200 $push years
for name in YearOne Year9999 EndsLate; do
	check "$name is said" await 20 said "$name"
done
check "the same alert twice" sent 200 $push twice
check "is one" await 20 has Twice 1
check "10,000 alerts" sent 200 $push many
check "are all there" await 20 has Many 10000
check "10,001 are too many" sent 400 $push too-many
check "of which none is there" test "$(incidents TooMany)" -eq 0

# --- Strangers ---------------------------------------------------------------------------------------------------

ID=$(in_store "SELECT id FROM incident WHERE json_extract(labels, '\$.alertname') = 'Long'")
acknowledged() { test "$(in_store "SELECT acknowledged_ms FROM incident WHERE id = '$ID'")" -gt 0; }
message=$(get "$CHAT/control/messages" | jq -r '[.messages[] | select(.text | contains("Long"))][0].id')
answered() { get "$CHAT/control/messages" | jq -e --arg id "$message" '.messages[] | select(.id == $id) | .answers[-1].text'; }
check "a stranger presses the button" is_code 200 -X POST "$CHAT/control/press" -d "message=$message&user=6666&name=Mallory"
check "and is told so" await 20 answered
refute "which acknowledges nothing" acknowledged
key=$("$PYTHON" -c 'import hashlib, hmac, sys
key = bytes.fromhex(open(sys.argv[1]).read().strip())
print(hmac.new(key, ("ack" + sys.argv[2]).encode(), hashlib.sha256).hexdigest()[:32])' "$DISK/link.key" "$ID")
other=$(printf '%s' "$key" | tr '0-9a-f' '1-9a-f0')
evil='Origin: http://evil.example'
check "a forged link" is_code 403 "$URL/ack/$ID?k=$other"
check "a link of another alert" is_code 403 "$URL/ack/$(in_store "SELECT id FROM incident WHERE id != '$ID' LIMIT 1")?k=$key"
for form in "k=$other&who=Eve" 'k=&who=Eve' 'who=Eve'; do
	check "another site's form: $form" is_code 403 -H "$evil" -d "$form" "$URL/ack/$ID"
done
json='Content-Type: application/json'
foreign() { # foreign PATH BODY: what would be taken from a program is not taken from a page of another site, however it says so
	check "another site's page posts to $1" is_code 403 -H 'Sec-Fetch-Site: cross-site' -H 'Content-Type: text/plain' -d "$2" "$URL$1"
	check "an older browser's page posts to $1" is_code 403 -H "$evil" -H 'Content-Type: text/plain' -d "$2" "$URL$1"
	check "a name of another site leads to $1" is_code 421 -H 'Host: evil.example' -H "$json" -d "$2" "$URL$1"
}
foreign "/api/v1/alerts/$ID/ack" '{"who": "Eve"}'
foreign /api/v1/mute '{"service": "hook", "for": "1h", "who": "Eve", "reason": "r"}'
foreign "/$push" "$(one Foreign)"
foreign /webhook/p0 "{\"version\": \"4\", \"alerts\": $(one Foreign)}"
check "no foreign alert is there" test "$(incidents Foreign)" -eq 0
refute "all that acknowledged nothing" acknowledged
check "and muted nothing" test "$(in_store 'SELECT count(*) FROM mute')" -eq 0
check "the right user presses" is_code 200 -X POST "$CHAT/control/press" -d "message=$message&user=1001"
check "which counts" await 20 acknowledged

# --- PostgreSQL --------------------------------------------------------------------------------------------------

pending() { get "$URL/metrics" | awk '/^alert_relay_history_pending_events / { print $2 }'; }
written() { test "$(pending)" = 0; }
check "the history has all of it" await 30 written
check "each once" test "$(sql "SELECT count(*) FROM arbwatch_history.alert_incident WHERE alertname = 'Many'")" -eq 10000
server="$POSTGRES_PID $(ps -o pid= --ppid "$POSTGRES_PID")"
# shellcheck disable=SC2086 # one process a word
kill -STOP $server
check "PostgreSQL hangs: an alert is taken" is_code 200 -H "$json" -d "$(one Hanging)" "$URL/$push"
check "and said" await 20 said Hanging
check "it is ready" is_code 200 "$URL/-/ready"
check "its metrics say that the history waits" await 10 not written
# shellcheck disable=SC2086
kill -CONT $server
check "PostgreSQL goes on: the history has it" await 30 written
check "once" test "$(sql "SELECT count(*) FROM arbwatch_history.alert_incident i JOIN arbwatch_history.alert_event e ON incident_id = i.id
	WHERE alertname = 'Hanging' AND kind = 'fired'")" -eq 1

# --- The disk ----------------------------------------------------------------------------------------------------

kill_relay
dd if=/dev/urandom of="$DISK/relay.db" bs=4096 seek=1 count=200 conv=notrunc 2>/dev/null
rm -f "$DISK"/relay.db-*
start_relay
check "a damaged database is moved aside" test -n "$(find "$DISK" -name 'relay.db.damaged-*')"
check "which the log says loudly" grep -q 'level=\(error\|warn\).*was damaged' "$work/relay.log"
check "it goes on" is_code 200 -H "$json" -d "$(one Afterwards)" "$URL/$push"
check "and says what comes" await 20 said Afterwards
check "the history takes what is new" await 30 written
check "beside what it had" test "$(sql "SELECT count(DISTINCT alertname) FROM arbwatch_history.alert_incident
	WHERE alertname IN ('Afterwards', 'Hanging')")" -eq 2

if chattr +i "$DISK"/relay.db* 2>/dev/null; then
	check "a disk that may not be written is a 503" await 10 is_code 503 -H "$json" -d "$(one ReadOnly)" "$URL/$push"
	check "and it is not ready" is_code 503 "$URL/-/ready"
	chattr -i "$DISK"/relay.db*
	check "when it may be, alerts are taken" await 20 is_code 200 -H "$json" -d "$(one Writable)" "$URL/$push"
	check "and said" await 20 said Writable
	refute "what was refused is nowhere" said ReadOnly
else
	skip "a disk that may not be written" "that takes root, and a file system with flags"
fi

# As root: with a disk of its own, which ends with the script's name space.
if [ "${ARBWATCH_NAMESPACES-}" = own ]; then
	kill_relay
	DISK=$work/small
	mkdir "$DISK"
	mount -t tmpfs -o size=4m tmpfs "$DISK"
	trap 'umount -l "$work/small"; cleanup' EXIT
	sed -i "s|relay.directory: .*|relay.directory: $DISK|" "$work/arbwatch.yml"
	start_relay
	dd if=/dev/zero of="$DISK/other" bs=64k >/dev/null 2>&1
	taken=0 refused=''
	heartbeat='{"status": "firing", "labels": {"alertname": "Watchdog", "severity": "none"}, "startsAt": "2026-01-01T00:00:00Z"}'
	heartbeat="{\"version\": \"4\", \"alerts\": [$heartbeat]}"
	for n in $(seq 60); do
		"$PYTHON" "$repository/tests/relay/relay_abuse.py" filler "$n" >"$work/request"
		refused=$(code -H "$json" --data-binary "@$work/request" "$URL/$push")
		[ "$refused" = 200 ] || break
		taken=$((taken + 20))
	done
	check "a disk without room is a 503" test "$refused" = 503
	check "again and again" is_code 503 -H "$json" --data-binary "@$work/request" "$URL/$push"
	check "a heartbeat is heard" is_code 200 -H "$json" -d "$heartbeat" "$URL/webhook/heartbeat"
	check "it is not ready then" is_code 503 "$URL/-/ready"
	check "but alive" is_code 200 "$URL/-/healthy"
	check "nothing is half done" await 20 has Filler "$taken"
	rm "$DISK/other"
	check "with room it is taken" await 20 is_code 200 -H "$json" --data-binary "@$work/request" "$URL/$push"
	check "all of it" await 20 has Filler $((taken + 20))
	check "and it is ready" await 20 is_code 200 "$URL/-/ready"
else
	skip "a disk that is full" "that takes root, and a tmpfs"
fi

# --- Secrets -----------------------------------------------------------------------------------------------------

mkdir "$work/written"
for path in / /metrics /health /api/v1/alerts /api/v1/stats /api/v1/mutes "/incident/$ID" "/api/v1/alerts/$ID"; do
	get "$URL$path" >"$work/written/page$(echo "$path" | tr / _)"
done
tr '\0' ' ' <"/proc/$RELAY/cmdline" >"$work/written/cmdline"
get "$CHAT/control/messages" >"$work/written/messages"
for directory in "$work/relay" "$DISK"; do
	cp -r "$directory" "$work/written/disk$(basename "$directory")"
done
find "$work/written" -name link.key -delete
cat "$work/relay.logs" "$work/relay.log" >"$work/written/log"
sql "SELECT e.*, i.* FROM arbwatch_history.alert_event e JOIN arbwatch_history.alert_incident i ON i.id = incident_id" \
	>"$work/written/history"
for secret in "${telegram#*:}" "$hook" "$slack" "$postgres" "$(cat "$DISK/link.key")"; do
	check "no secret is in what it wrote" not grep -raqF -- "$secret" "$work/written"
done
refute "no link is in the log" grep -qF -- "$key" "$work/written/log"
finish
