#!/bin/sh
# paper_chat: published clients take it for Telegram and for Slack, a browser can press its buttons, and nobody else can.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_npm.sh
. "$repository/tests/lib_npm.sh"

# start NAME [FLAG...]: sets URL.
start() {
	start_name=$1
	shift
	spawn "$start_name" "$BUILD/paper_chat" "$@"
	await 30 grep -q '^listening on ' "$work/$start_name.log" || { cat "$work/$start_name.log"; exit 1; }
	URL=$(sed -n 's/^listening on //p' "$work/$start_name.log")
}

# get PATH [CURL-ARGUMENT...]: status in $work/status, body in $work/body.
get() {
	get_path=$1
	shift
	curl -sS -g --max-time 20 -o "$work/body" -w '%{http_code}' "$@" "$URL$get_path" >"$work/status" 2>"$work/err"
}
# gets STATUS TEXT PATH [CURL-ARGUMENT...]: that status, and a body that holds the text.
gets() {
	gets_status=$1 gets_text=$2
	shift 2
	get "$@"
	test "$(cat "$work/status")" = "$gets_status" && grep -qF -- "$gets_text" "$work/body"
}

# node_says SCRIPT: one check per line that it prints.
node_says() {
	start "${1%.js}"
	node "$repository/tests/demo/paper_chat/$1" "$URL" >"$work/node.out" 2>&1
	node_status=$?
	while read -r verdict what; do
		case $verdict in
		ok) check "$1: $what" true ;;
		*) check "$1: $verdict $what" false ;;
		esac
	done <"$work/node.out"
	check "$1 ends well" test "$node_status" -eq 0
	check "$1 has checked something" test -s "$work/node.out"
}

if have_chat_clients; then
	node_says telegram.js
	node_says slack.js
else
	skip "grammY and Slack's clients" "$why_no_packages"
fi

bot=/bot110201543:paper-chat-token

# Forms, as curl sends them, and what is no form.
start plain --chat -1001 --chat C0OPS
check "a form is a message" gets 200 '"text":"a&b 한"' "$bot/sendMessage" -d chat_id=-1001 -d 'text=a%26b+한'
check "and so is a query" gets 200 '"text":"query"' "$bot/sendMessage?chat_id=-1001&text=query"
check "a chat that --chat does not name is not found" gets 400 'chat not found' "$bot/sendMessage" -d chat_id=5 -d text=x
check "nor is a channel" gets 200 '"channel_not_found"' /api/chat.postMessage \
	-H 'Authorization: Bearer xoxb-paper-chat-token' -d channel=C0DEV -d text=x
check "broken JSON is refused" gets 400 'neither JSON nor a form' "$bot/sendMessage" \
	-H 'Content-Type: application/json' -d '{"chat_id":'
check "and so is text that is no UTF-8" gets 400 'neither JSON nor a form' "$bot/sendMessage" -d chat_id=-1001 -d text=%ff
check "a webhook says that it does not understand" gets 400 'invalid_payload' /services/T0/B0OPS/x -d '{"text":"x"}'
check "a webhook takes its JSON in a form" gets 200 ok /services/T0/B0OPS/x --data-urlencode 'payload={"text":"form"}'
head -c 300000 /dev/zero | tr '\0' x >"$work/large"
check "a body of 300 kB is refused" gets 413 'Too Large' "$bot/sendMessage" -d @"$work/large"
check "an unknown path is none" gets 404 'Not Found' /nothing

# The page: what a message holds is shown, not obeyed.
get "$bot/sendMessage" -d chat_id=-1001 -d parse_mode=HTML --data-urlencode 'text=<b>bold</b> &lt;script&gt;' \
	--data-urlencode 'reply_markup={"inline_keyboard":[[{"text":"<Take it>","callback_data":"\"ack\""}]]}'
id=$(sed 's/.*"message_id":\([0-9]*\).*/\1/' "$work/body")
check "the page shows markup, and text as text" gets 200 '<b>bold</b> &lt;script&gt;' /
check "and the button" gets 200 '<button name=data value="&quot;ack&quot;">&lt;Take it&gt;</button>' /
check "and nothing of the sender's own" not grep -qi '<script\|<take' "$work/body"
check "a foreign page presses nothing" gets 403 'another site' /press -H 'Origin: http://evil.example' -d "message=$id"
check "nor turns a fault on" gets 403 'another site' /control/fail -H 'Origin: http://evil.example' -X POST
check "nor reads by a name of its own" gets 403 'this machine' / -H 'Host: evil.example'
check "the page's own form does" gets 303 pressed /press -H "Origin: $URL" -d "message=$id&user=1002" --data-urlencode 'data="ack"'
check "and the bot hears of it" gets 200 '"from":{"id":1002,"is_bot":false,"first_name":"Jun"}' "$bot/getUpdates"
check "a button that is not there cannot be pressed" gets 400 'no such button' /press -d "message=$id&data=other"

# Faults: what they say of themselves, and their end.
check "a fault that does not exist" gets 404 'no such' /control/flood -X POST
check "a value out of range" gets 400 'out of range' '/control/fail?status=99' -X POST
get '/control/hang?count=1' -X POST
check "the faults that are on" gets 200 '"hang":' /control
check "the page says so" gets 200 'Faults are on' /
curl -s --max-time 30 -o "$work/hung" "$URL$bot/getMe" &
hung=$!
echo "$hung" >>"$work/pids"
check "it strikes" await 20 gets 200 '{}' /control
get /control -X DELETE
wait "$hung"
check "a request that hangs ends without an answer when faults are turned off" test "$?" -eq 52
check "no fault is left" gets 200 '{}' /control
check "what is kept can be forgotten" gets 200 forgotten /control/messages -X DELETE
check "and is" gets 200 '"messages":[]' /control/messages

# No more than 1024 messages are kept, and the requests hold no token.
start many --limit 0
seq 1 1100 | sed "s|.*|url = \"$URL$bot/sendMessage?chat_id=1\&text=&\"|" >"$work/urls"
curl -s -K "$work/urls" >"$work/many"
check "1100 messages are taken" test "$(grep -o '"ok":true' "$work/many" | wc -l)" -eq 1100
get /control/messages
check "the last 1024 are kept" test "$(grep -o '"received_ms"' "$work/body" | wc -l)" -eq 1024
check "and all are counted" grep -q '"total":1100' "$work/body"
get /control/requests
check "no token is in the list of requests" not grep -q 'paper-chat-token' "$work/body"

# It does not wait for those who poll.
curl -s --max-time 60 -o /dev/null -w '%{time_total}' "$URL$bot/getUpdates?timeout=50" >"$work/polled" &
poll=$!
echo "$poll" >>"$work/pids"
kill "$SPAWNED"
wait "$SPAWNED"
check "a signal ends it with status 0" test "$?" -eq 0
wait "$poll"
check "a long poll ends with the server" test "$(cut -d. -f1 "$work/polled")" -lt 40
run 2 "$BUILD/paper_chat" --limit many
run 1 "$BUILD/paper_chat" --listen 127.0.0.1:http:1

finish
