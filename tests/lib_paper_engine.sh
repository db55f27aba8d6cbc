# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # what lib.sh, which is sourced before, sets; and what the scenarios read
# Shared by the scenarios of paper_engine run: the exchange it trades at, its Redis, and how what it tells is read.

# start_exchange [FLAG...]: a paper_exchange; sets EXCHANGE_PID, and exchange_url.
start_exchange() {
	spawn exchange "$BUILD/paper_exchange" --listen 127.0.0.1:0 "$@"
	EXCHANGE_PID=$SPAWNED
	exchange_url=http://127.0.0.1:$(port_of "$SPAWNED")
}
# fault METHOD EXCHANGE/FAULT[?value=V]: of the exchange; an empty fault with DELETE ends all.
fault() { curl -sf -o /dev/null -X "$1" "$exchange_url/control/$2" || echo "the exchange refused $1 $2"; }

# start_engine [FLAG...]: its log is $work/engine.log; sets ENGINE_PID.
start_engine() {
	spawn engine "$BUILD/paper_engine" run --exchange.binance "$exchange_url/binance" --exchange.upbit "$exchange_url/upbit" \
		--control.listen-address 127.0.0.1:0 --redis "redis://127.0.0.1:$REDIS_PORT" "$@"
	ENGINE_PID=$SPAWNED
}
# control METHOD FAULT[?value=V]: of the engine.
control() { curl -sf -o /dev/null -X "$1" "http://127.0.0.1:$(port_of "$ENGINE_PID")/control/$2"; }

# told KEY FIELD: what the engine has written.
told() { redis-cli -p "$REDIS_PORT" HGET "arbwatch:$1" "$2"; }
tells() { [ "$(told "$1" "$2")" = "$3" ] || { echo "$1 $2: $(told "$1" "$2")"; return 1; }; } # tells KEY FIELD VALUE
# above KEY FIELD NUMBER: the count is larger.
above() { awk -v told="$(told "$1" "$2")" -v number="$3" 'BEGIN { print told; exit !(told != "" && told + 0 > number) }'; }
# fresh KEY [FIELD]: the time in it is of the last two seconds.
fresh() { above "$1" "${2:-updated_at}" "$(($(date +%s) - 2))"; }
exists() { [ "$(redis-cli -p "$REDIS_PORT" EXISTS "arbwatch:$1")" = 1 ]; }
# lines TEXT: how many lines of the log have it.
lines() { grep -cF -- "$1" "$work/engine.log"; }
logged() { grep -F -- "$1" "$work/engine.log"; }
