# shellcheck shell=sh
# shellcheck disable=SC2154 # what bench.sh sets, which this is a part of
# Measures the cost of the contract of docs/engine.md: how much longer a loop takes that tells arbwatch all of it.

# added WITHOUT WITH: the difference of the columns of two files, line by line.
added() { paste "$1" "$2" | awk '{ print $2 - $1 }' | spread; }

for _ in 1 2 3 4 5; do
	"$TOOLS/tell_loops" 1000 >>"$work/c.without" || die "tell_loops failed"
	"$TOOLS/tell_loops" 1000 127.0.0.1 "$REDIS_PORT" >>"$work/c.with" || die "tell_loops failed"
	REDIS_URL=$redis_url "$PYTHON" "$repository/tests/bench/bot.py" 500 >>"$work/python.loops" || die "bot.py failed"
	"$TOOLS/bare_redis" 127.0.0.1 "$REDIS_PORT" 400 --print >>"$work/bot.ping"
done
awk '{ print $1 }' "$work/python.loops" >"$work/python.without"
awk '{ print $2 }' "$work/python.loops" >"$work/python.with"
awk '{ print $3 }' "$work/python.loops" >"$work/python.awaited"
bot_ping=$(in_us "$work/bot.ping")
compare "the contract in a bot in C, added us/loop" "$(added "$work/c.without" "$work/c.with")" "the limit" 100/100/100 le 1
beside "the contract in a bot in C, added us/loop" "$(added "$work/c.without" "$work/c.with")" "a round trip to Redis (PING)" "$bot_ping"
compare "the contract in a bot in Python, added us/loop" "$(added "$work/python.without" "$work/python.with")" "the limit" \
	100/100/100 le 1
beside "the contract in a bot in Python, added us/loop" "$(added "$work/python.without" "$work/python.with")" \
	"the same, awaited in every loop" "$(added "$work/python.without" "$work/python.awaited")"
