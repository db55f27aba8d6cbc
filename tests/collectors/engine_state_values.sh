#!/bin/sh
# engine_state and values that make no sense: each is named in one line, and the rest is published.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_engine.sh
. "$repository/tests/lib_engine.sh"

# faulty_entry KIND KEY FIELD WHAT: the last run found one such entry, says so in one line, and goes on.
faulty_entry() {
	check "$4: the entry counts as faulty" faulty "$1" 1
	check "$4: the log names the key" logged "$2"
	check "$4: and the field" logged "$3"
	check "$4: in one line" warnings 1
	check "$4: the bot is up" is 'up{}' 1
	check "$4: other entries are read" is 'symbol_updated_timestamp_seconds{symbol="well"}' "$now"
}
# with KIND KEY FIELD VALUE: a faulty field in an entry that has all it needs.
with() {
	forget
	heart
	bot <<-END
		HSET arbwatch:symbol:well updated_at $now
		HSET arbwatch:$2 updated_at $now state ok value 1
		HSET arbwatch:$2 $3 "$4"
	END
	collect 3
	faulty_entry "$1" "arbwatch:$2" "$3" "$2 with $3 of '$4'"
}
while read -r kind key field value; do
	with "$kind" "$key" "$field" "$value"
done <<-END
	feed feed:a updated_at soon
	feed feed:a updated_at nan
	feed feed:a updated_at $((now + 3600))
	feed feed:a updated_at ${now}000
	feed feed:a connected yes
	feed feed:a reconnects -1
	feed feed:a gaps few
	feed feed:a le_0.5 1.5
	guard guard:global state fine
	guard guard:symbol:a triggers Infinity
	limit limit:exposure:global value 1e400
	limit limit:exposure:global limit -inf
	limit limit:daily_loss:global value 0x10
	route route:a score 101
	route route:a decision maybe
	route route:a fee 1,5
	symbol symbol:a updated_at 0
	orders orders:a sent many
END

without() {  # without KIND KEY FIELD: one that every such entry has
	forget
	heart
	bot <<-END
		HSET arbwatch:symbol:well updated_at $now
		HSET arbwatch:$2 updated_at $now state ok value 1 other 1
		HDEL arbwatch:$2 $3
	END
	collect 3
	faulty_entry "$1" "arbwatch:$2" "$3" "$2 without $3"
}
without feed feed:a updated_at
without guard guard:global state
without limit limit:exposure:global value
without route route:a updated_at

forget
heart
bot <<-END
	HSET arbwatch:symbol:well updated_at $now
	SET arbwatch:guard:symbol:a block
	RPUSH arbwatch:guard:symbol:b block
	SADD arbwatch:guard:symbol:c block
	SET arbwatch:loop 12
	HSET arbwatch:inventory updated_at $now imbalance 2 syncs 3
END
collect 3
check "keys of another type are faulty" faulty guard 3
check "the first is named, with how many there are more" logged '2 more'
check "a histogram of another type is named" logged 'arbwatch:loop'
check "and a number out of range" logged 'imbalance'
check "one line for each" warnings 3
check "the bot is up" is 'up{}' 1

# A name that makes no sense is not one that is missing, for which there is a default.
forget
heart
bot <<-END
	HSET arbwatch:engine env "live\n"
END
collect 3
check "a bot whose env makes no sense is not of this env" is 'up{}' 0
check "the log names the field" logged "field env is 'live?'"
forget
heart
bot <<-END
	HSET arbwatch:limit:exposure:global updated_at $now value 3 currency wrapped-staked-ether
END
collect 3 --engine.max-age 10m
check "a currency that makes no sense is not USDT" is 'exposure{tier="global",name="",currency="USDT"}' ''
check "the value has an unknown one" is 'exposure{tier="global",name="",currency="?"}' 3

# A heartbeat that makes no sense counts as missing.
for value in soon NaN -5 "$((now + 3600))" "${now}000" ''; do
	forget
	bot <<-END
		HSET arbwatch:engine heartbeat_at "$value" errors 5
	END
	collect 3
	check "a heartbeat of '$value' does not count" is 'up{}' 0
	check "it is not published" is 'heartbeat_timestamp_seconds{}' ''
	check "the log names the field" logged heartbeat_at
	check "in one line" warnings 1
done
forget
bot <<-END
	HSET arbwatch:engine errors 5
END
collect 3
check "an engine without a heartbeat is down" is 'up{}' 0
check "and the log names the field" logged heartbeat_at
forget
heart
head -c 200000 /dev/zero | tr '\0' x | redis-cli -p "$REDIS_PORT" -x HSET arbwatch:guard:global updated_at "$now" state block reason \
	>"$work/cli.log"
collect 0 --engine.max-age 10m
check "a reason of 200,000 bytes ends nothing" is 'guard_state{tier="global",name=""}' 3
check "128 of them are kept" grep -qE 'reason="x{128}"' "$textfiles/engine_state.prom"
forget
echo 'SET arbwatch:engine 1' | bot
collect 3
check "so is one that is no hash" is 'up{}' 0
check "and the log names the key" logged arbwatch:engine
finish
