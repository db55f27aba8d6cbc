#!/bin/sh
# alert_relay is killed at random instants while alerts come from Alertmanager and from a bot, PostgreSQL and Alertmanager are ended and
# started again, and the channels fail half of their answers and lose some.  Afterwards each alert is in the history once, and in a
# message at least once; twice only where the answer to the first message was lost, or the relay killed before it was recorded.
#
#	ARBWATCH_CHAOS_ROUNDS   kills (default: 5, for make check)
#	ARBWATCH_CHAOS_SEED     of the instants; the seed of a run is printed
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

unset TELEGRAM_BOT_TOKEN TELEGRAM_CHAT_ID
rounds=${ARBWATCH_CHAOS_ROUNDS:-5}
seed=${ARBWATCH_CHAOS_SEED:-$(date +%s)}
echo "seed $seed, $rounds rounds"
mkdir "$work/relay" "$work/chaos"
: >"$work/chaos/kills"
get() { curl -sS --noproxy '*' --max-time 30 "$@"; }

spawn chat "$BUILD/paper_chat" --limit 0
await 30 grep -q '^listening on ' "$work/chat.log" || { cat "$work/chat.log"; exit 1; }
CHAT=$(sed -n 's/^listening on //p' "$work/chat.log")
start_postgres
RELAY=http://127.0.0.1:$(free_port)
AM=http://127.0.0.1:$(free_port)
cat >"$work/arbwatch.yml" <<END
alert_relay:
  relay.directory: $work/relay
  web.listen-address: ${RELAY#http://}
  alertmanager.url: $AM
  history.postgres: postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/postgres
  telegram.url: $CHAT
  telegram.token: 110201543:paper-chat-token
  telegram.chat: "-1001"
  slack.webhook:
$(for name in spare 0 1 2 3 4 5; do echo "    - $name=$CHAT/services/T0/B0$name/s3cret"; done)
  route:
    - 'alertname=~"AlertRelay.*" ->'
    - 'shard="" -> telegram:main | slack:spare'
$(for name in 0 1 2 3 4 5; do echo "    - 'shard=\"$name\" -> slack:$name'"; done)
  retry.slow: 500ms
  alertmanager.interval: 500ms
END
cat >"$work/alertmanager.yml" <<END
route: {receiver: relay, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: relay, webhook_configs: [{url: '$RELAY/webhook/relay'}]}]
END
start_alertmanager() {
	spawn alertmanager prometheus-alertmanager --config.file="$work/alertmanager.yml" --storage.path="$work/am" \
		--web.listen-address="${AM#http://}" --cluster.listen-address= --log.level=error
	ALERTMANAGER=$SPAWNED
}
start_relay() {
	[ ! -e "$work/relay.log" ] || cat "$work/relay.log" >>"$work/relay.logs"
	spawn relay "$BUILD/alert_relay" --config.file "$work/arbwatch.yml"
	KILLED=$SPAWNED
}
killed() { # killed SIGNAL PID
	kill -s "$1" "$2"
	wait "$2" 2>/dev/null
}
fault() { get -o /dev/null -X POST "$CHAT/control/$1"; }

# --- Chaos -------------------------------------------------------------------------------------------------------

start_alertmanager
spawn sender "$PYTHON" "$repository/tests/relay/relay_chaos.py" send "$work/chaos" "$RELAY" "$AM" "$seed"
fault 'slow?ms=200&share=50'
fault 'fail?share=50'
fault 'drop?share=15'
awk -v seed="$seed" -v n="$rounds" 'BEGIN { srand(seed); for (; n > 0; n--) printf "%.3f\n", 0.1 + 1.2 * rand() }' >"$work/instants"
round=0
while read -r instant; do
	round=$((round + 1))
	start_relay
	case $((round % 4)) in
	1) killed QUIT "$POSTGRES_PID" ;;
	2) launch_postgres ;;
	3) killed KILL "$ALERTMANAGER" ;;
	0) start_alertmanager ;;
	esac
	sleep "$instant"
	killed KILL "$KILLED"
	date +%s%3N >>"$work/chaos/kills"
done <"$work/instants"
[ $((round % 4)) -ne 1 ] || launch_postgres
[ $((round % 4)) -ne 3 ] || start_alertmanager
check "there were $rounds kills" test "$(wc -l <"$work/chaos/kills")" -eq "$rounds"

# --- Calm --------------------------------------------------------------------------------------------------------

get -o /dev/null -X DELETE "$CHAT/control"
touch "$work/chaos/enough"
start_relay
check "all that was pushed is taken" await 30 test -e "$work/chaos/pushed"
read_history() {
	sql "SELECT alertname, count(DISTINCT i.id), count(*) FILTER (WHERE kind = 'fired'), count(*) FILTER (WHERE kind = 'sent')
		FROM arbwatch_history.alert_incident i JOIN arbwatch_history.alert_event e ON incident_id = i.id
		WHERE alertname !~ '^AlertRelay' GROUP BY alertname" >"$work/chaos/history"
}
calm() {
	get "$RELAY/metrics" >"$work/metrics" && grep -qx 'alert_relay_history_pending_events 0' "$work/metrics" &&
		! grep -q '^alert_relay_outbox_tasks.* [1-9]' "$work/metrics" && read_history &&
		! cut -d '|' -f 1 "$work/chaos/history" | sort | comm -13 - "$work/chaos/names.sorted" | grep -q .
}
sort "$work/chaos/names" >"$work/chaos/names.sorted"
check "there were alerts" test "$(wc -l <"$work/chaos/names.sorted")" -ge $((5 * rounds))
check "all that comes by Alertmanager is taken, and all of it is sent and written" await 90 calm
check "each alert is in the history once, arrived, and was said twice only for a reason" \
	"$PYTHON" "$repository/tests/relay/relay_chaos.py" judge "$work/chaos" "$CHAT"
head -n 1 "$work/check.out"
check "nobody was refused" test ! -s "$work/sender.log"
check "nothing was moved aside as damaged" test -z "$(find "$work/relay" -name '*.damaged-*')"
finish
