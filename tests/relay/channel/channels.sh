#!/bin/sh
# What arrives at Telegram, Slack and webhooks, and what their answers mean.

. "$(dirname "$0")/../../lib.sh"

TOKEN=110201543:paper-chat-token SLACK_TOKEN=xoxb-paper-chat-token

spawn chat "$BUILD/paper_chat" --listen 127.0.0.1:0 --token "$TOKEN" --slack-token "$SLACK_TOKEN" --limit 0
CHAT=http://127.0.0.1:$(port_of "$SPAWNED") || { echo "paper_chat did not start"; exit 1; }
closed_port

TELEGRAM='"kind": 0, "token": "'$TOKEN'", "to": "-1001", "url": "'$CHAT'"'
SLACK='"kind": 1, "token": "'$SLACK_TOKEN'", "to": "C012", "url": "'$CHAT'/api"'
ITEM='{"id": "00aa-1", "labels": {"alertname": "Redis <b>Down</b>", "severity": "P0", "target": "a&b *x* _y_ <!channel>"},
	"annotations": {"summary": "</b> &amp; [x](http://evil.example)", "dashboard_url": "https://grafana.example/d?a=1&b=2"}}'

# send CHANNEL [MEMBERS]: one message, its result in $work/result; no secret may be in it.
send() {
	printf '{"channel": {%s}, "items": [%s]%s}' "$1" "$ITEM" "${2:+, $2}" |
		"$TOOLS/relay_send" >"$work/result" 2>"$work/err"
	! grep -q -e "$TOKEN" -e "$SLACK_TOKEN" -e B0secret "$work/result" "$work/err"
}
# is PYTHON: an expression about the result r, and the last message m that the chat got.
is() {
	curl -s "$CHAT/control/messages" >"$work/messages" || return 1
	"$PYTHON" - "$1" "$work" <<-'END'
		import json, sys
		r = json.loads(open(sys.argv[2] + "/result").read().strip().split("\n")[-1])
		m = (json.load(open(sys.argv[2] + "/messages"))["messages"] or [None])[-1]
		if not eval(sys.argv[1]):
		    sys.exit(f"{r}\n{m}")
	END
}
sent_id() { sed 's/.*"message_id":"\([^"]*\)".*/\1/' "$work/result"; }
fault() { curl -sf -o /dev/null -d "$2" "$CHAT/control/$1"; }
clear_faults() { curl -sf -o /dev/null -X DELETE "$CHAT/control/"; }

# Telegram

check "a message goes to Telegram" send "$TELEGRAM" '"ack_data": "00aa-1"'
check "it has an id" is 'r["outcome"] == "sent" and r["message_id"] == m["id"]'
check "values are text in it" is '"Redis <b>Down</b>" in m["text"] and "</b> &amp; [x](http://evil.example)" in m["text"]'
check "only its title is bold" is '[e["type"] for e in m["entities"]] == ["bold", "text_link"]'
check "a link leads where it should" is 'm["entities"][1]["url"] == "https://grafana.example/d?a=1&b=2"'
check "its button acknowledges" is 'm["buttons"] == [[{"text": "Acknowledge", "callback_data": "00aa-1"}]]'

ITEM_FIRED=$ITEM ITEM=$(printf '%s' "$ITEM" | sed 's/"id"/"kind": 4, "acknowledged_by": "@ann", "id"/')
check "it is edited" send "$TELEGRAM" '"edit": "1"'
check "the edit says who acknowledged, without the button" is \
	'r["outcome"] == "sent" and "Acknowledged by @ann" in m["text"] and not m["buttons"]'
check "the same edit again changes nothing, and is fine" send "$TELEGRAM" '"edit": "1"'
check "and is sent" is 'r["outcome"] == "sent" and r["message_id"] == "1"'
check "a message that is gone is edited" send "$TELEGRAM" '"edit": "99999"'
check "and counts as sent" is 'r["outcome"] == "sent"'
ITEM=$ITEM_FIRED

check "a reply goes out" send "$TELEGRAM" '"reply_to": "1"'
check "to its message" is 'str(m["reply_to"]) == "1"'

check "Telegram asks for time" fault 429 'retry_after=7&count=1'
check "a message is put off" send "$TELEGRAM"
check "for as long as Telegram says" is 'r["outcome"] == "retry" and r["status"] == 429 and r["retry_after_ms"] == 7000'
check "Telegram fails" fault fail 'status=502&count=1'
check "a message is put off then" send "$TELEGRAM"
check "a server's fault passes" is 'r["outcome"] == "retry" and r["status"] == 502'
check "Telegram refuses" fault fail 'status=403&count=1'
check "a message is refused" send "$TELEGRAM"
check "which does not pass" is 'r["outcome"] == "refused" and r["kind"] == "auth" and not r["content"]'
check "Telegram refuses the text" fault fail "status=400&count=1&error=Bad Request: can't parse entities"
check "a message that is wrong goes out" send "$TELEGRAM"
check "another may pass" is 'r["outcome"] == "refused" and r["content"] and "parse entities" in r["text"]'
check "there is no such chat" fault fail 'status=400&count=1&error=Bad Request: chat not found'
check "a message for nobody goes out" send "$TELEGRAM"
check "no other would pass" is 'r["outcome"] == "refused" and not r["content"]'
check "the answer repeats the token" fault fail "status=500&count=1&error=bot$TOKEN broke"
check "which is not shown" send "$TELEGRAM"
check "but the rest is" is '"broke" in r["text"]'
check "Telegram hangs" fault hang 'count=1'
check "a message does not hang with it" send "$TELEGRAM" '"timeout_ms": 300'
check "but is put off" is 'r["outcome"] == "retry" and r["kind"] == "timeout"'
clear_faults
TELEGRAM_DOWN=$(printf '%s' "$TELEGRAM" | sed "s|$CHAT|http://127.0.0.1:$CLOSED_PORT|")
check "nobody is there" send "$TELEGRAM_DOWN"
check "which may pass" is 'r["outcome"] == "retry" and r["kind"] == "connect" and r["status"] == 0'
TELEGRAM_OTHER=$(printf '%s' "$TELEGRAM" | sed "s|$TOKEN|110201543:another-token|")
check "the token is wrong" send "$TELEGRAM_OTHER"
check "which is said" is 'r["outcome"] == "refused" and r["kind"] == "auth"'

# refused CHANNEL TEXT: the settings are wrong, and the reason has this text.
refused() { send "$1" && grep -qF "$2" "$work/result"; }
check "a chat is a number or a name" refused '"kind": 0, "url": "'"$CHAT"'", "token": "'$TOKEN'", "to": "ops"' "begins with @"
check "a token has its form" refused '"kind": 0, "url": "'"$CHAT"'", "token": "x/../y", "to": "1"' "@BotFather"

# Slack

check "the chat forgets" curl -sf -o /dev/null -X DELETE "$CHAT/control/messages"
check "a message goes to Slack" send "$SLACK"
check "as rich text" is 'r["outcome"] == "sent" and r["message_id"] == m["id"] and m["blocks"][0]["type"] == "rich_text"'
check "with values as text" is '"a&b *x* _y_ <!channel>" in json.dumps(m["blocks"]) and "a&amp;b" in m["text"] and "<" not in m["text"]'
shows() { curl -s "$CHAT/" >"$work/page" && grep -qF "$1" "$work/page"; }
check "which paper_chat shows" shows 'critical: Redis &lt;b&gt;Down&lt;/b&gt;</b> is firing'
check "a thread goes on" send "$SLACK" '"reply_to": "'"$(sent_id)"'"'
check "in its thread" is 'm["thread"]'
check "Slack asks for time" fault 429 'retry_after=3&count=1'
check "a message to Slack is put off" send "$SLACK"
check "for as long as Slack says" is 'r["outcome"] == "retry" and r["retry_after_ms"] == 3000'
check "a token of Slack is wrong" send "$(printf '%s' "$SLACK" | sed "s|$SLACK_TOKEN|xoxb-other|")"
check "which Slack says" is 'r["outcome"] == "refused" and "invalid_auth" in r["text"]'
HOOK='"kind": 1, "url": "'$CHAT'/services/T0/B0/B0secret"'
check "a message goes to a webhook of Slack" send "$HOOK"
check "and has no id" is 'r["outcome"] == "sent" and r["message_id"] == "" and m["via"] == "webhook"'
check "Slack does not know the webhook" fault fail 'status=404&count=1&error=no_service'
check "a message there is refused" send "$HOOK"
check "in Slack's words" is 'r["outcome"] == "refused" and "no_service" in r["text"] and not r["content"]'
check "a URL without a host is said" refused '"kind": 1, "url": "https://"' "no host"

# Storms

ITEM=$("$PYTHON" -c 'import json
print(", ".join(json.dumps({"labels": {"alertname": "Down", "severity": "P2", "target": f"<host{i}>&"}}) for i in range(500)))')
check "a storm goes to Telegram" send "$TELEGRAM"
check "as many as fit" is 'r["outcome"] == "sent" and 80 < r["used"] < 500 and m["text"].count("<host") == r["used"]'
check "within its limit" is 'len(m["text"].encode("utf-16-le")) // 2 <= 4096'
check "a storm goes to Slack" send "$SLACK"
check "as many as fit there" is 'r["outcome"] == "sent" and 40 < r["used"] and len(json.dumps(m["blocks"], ensure_ascii=False)) < 13200'
ITEM=$ITEM_FIRED

# Buttons

# polled USERS TIMES: the presses that counted, in $work/presses.
polled() {
	printf '{"channel": {%s}, "users": [%s], "times": %s, "timeout_ms": 5300}' "$TELEGRAM" "$1" "$2" |
		"$TOOLS/relay_send" >"$work/presses"
}
press() { curl -sf -o /dev/null -d "message=$1&user=$2&name=$3" "$CHAT/control/press"; }
answers() { curl -s "$CHAT/control/messages" | grep -qF "$1"; }

send "$TELEGRAM" '"ack_data": "00aa-1"'
id=$(sent_id)
check "somebody presses" press "$id" 1001 Mina
check "the presses are fetched" polled 1001 1
check "with who it was" "$PYTHON" -c 'import json, sys
p = json.load(open(sys.argv[1])); assert p == {"data": "00aa-1", "channel": "test:main", "message_id": sys.argv[2],
    "user": p["user"]} and "Mina" in p["user"], p' "$work/presses" "$id"
check "who pressed is answered" answers 'You have acknowledged it.'
check "a stranger presses" press "$id" 1002 Eve
check "the presses are fetched again" polled 1001 1
check "a stranger's does not count" test ! -s "$work/presses"
check "the stranger is answered" answers 'You may not acknowledge alerts here.'
ITEM_CHAT=$TELEGRAM TELEGRAM=$(printf '%s' "$TELEGRAM" | sed 's/-1001/-1002/')
check "it is pressed in a chat of others" press "$id" 1001 Mina
check "the presses there are fetched" polled '' 1
check "and do not count" test ! -s "$work/presses"
TELEGRAM=$ITEM_CHAT
check "polling fails" fault fail 'status=409&count=1&error=Conflict: terminated by other getUpdates request'
check "which is told" polled 1001 1
check "in Telegram's words" grep -q 'Conflict: terminated' "$work/presses"

# A webhook of anybody

cat >"$work/hook.py" <<'END'
import http.server, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open(sys.argv[1], "wb").write(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(int(self.path.split("/")[1]))
        if self.path.startswith("/503"):
            self.send_header("Retry-After", "11")
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *a): pass
http.server.HTTPServer(("127.0.0.1", 0), Hook).serve_forever()
END
spawn hook "$PYTHON" "$work/hook.py" "$work/hooked"
HOOK_URL=http://127.0.0.1:$(port_of "$SPAWNED")
check "alerts go to a webhook" send '"kind": 3, "url": "'"$HOOK_URL"'/202/B0secret"'
check "which took them" is 'r["outcome"] == "sent" and r["status"] == 202'
check "as JSON" "$PYTHON" -c 'import json, sys
b = json.load(open(sys.argv[1])); a = b["alerts"][0]
assert b["version"] == "1" and a["kind"] == "fired" and a["status"] == "firing" and a["endsAt"] is None, b
assert a["startsAt"] == "2026-11-30T00:53:20.000Z" and a["labels"]["alertname"] == "Redis <b>Down</b>", b' "$work/hooked"
check "which has what docs/alerting.md says" "$PYTHON" -c 'import json, re, sys
b = json.load(open(sys.argv[1])); d = json.loads(re.search("```json\n(.*?)```", open("docs/alerting.md").read(), re.S)[1])
assert list(b) == list(d) and [list(a) for a in b["alerts"]][0] == list(d["alerts"][0]), (b, d)' "$work/hooked"
check "a webhook is busy" send '"kind": 3, "url": "'"$HOOK_URL"'/503/B0secret"'
check "and says for how long" is 'r["outcome"] == "retry" and r["retry_after_ms"] == 11000'
check "a webhook redirects" send '"kind": 3, "url": "'"$HOOK_URL"'/302/B0secret"'
check "which is a refusal" is 'r["outcome"] == "refused"'

finish
