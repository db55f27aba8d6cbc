#!/bin/sh
# preflight and the bot's heartbeat, a part of the check environment: in the Redis that is checked, or in one of its own.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_preflight.sh
. "$repository/tests/lib_preflight.sh"

start_redis
main=$REDIS_PORT
redis_url=redis://127.0.0.1:$main
bot() { redis-cli -p "${BOT_PORT-$main}" "$@" >"$work/bot.out"; }
# looks STATUS ENV [FLAG...]: the check alone.
looks() {
	looks_status=$1 looks_env=$2
	shift 2
	run "$looks_status" "$preflight" --env "$looks_env" --check environment --redis.target "$redis_url" --timeout 20s \
		--check.timeout 15s --output "$work/evidence.json" "$@"
}
now=$(date +%s)

looks 0 paper
check "before a bot runs there is no heartbeat" is environment pass 'no bot has written a heartbeat yet'
bot hset arbwatch:engine heartbeat_at "$now"
looks 0 paper --engine.max-age 10m
check "a fresh heartbeat passes, and its age is shown" is environment pass "the bot's heartbeat is"
bot hset arbwatch:engine heartbeat_at $((now - 100))
looks 0 paper
check "an old one is a warning" is environment warn 'the bot has stopped or hangs'
looks 1 paper --strict
looks 0 paper --engine.max-age 10m
check "by engine.max-age it is not old" is environment pass "the bot's heartbeat is 1"
bot hset arbwatch:engine heartbeat_at soon
looks 0 paper
check "one that is no time is a warning, which names the key" is environment warn 'arbwatch:engine'
check "and the field" is environment warn 'heartbeat_at'
bot del arbwatch:engine
bot hset arbwatch:engine env paper
looks 0 paper
check "so does a missing one, where the bot writes other things" is environment warn 'heartbeat_at'
bot hset arbwatch:engine heartbeat_at "$now" loop_lag none
looks 0 paper --engine.max-age 10m
check "a bot of this env passes; its other fields are not looked at" is environment pass "the bot's heartbeat is"
looks 1 live --engine.max-age 10m
check "one of another env fails" is environment fail "its env is 'paper', and this is live"
bot hset arbwatch:engine heartbeat_at $((now - 100))
looks 1 live
check "also when it has stopped" is environment fail "its env is 'paper', and this is live"
looks 0 live --engine.prefix bot2:
check "a bot of another prefix is another bot" is environment pass 'no bot has written a heartbeat yet'
bot set bot2:engine 1
looks 0 live --engine.prefix bot2:
check "what is no hash is a warning" is environment warn 'bot2:engine'

start_redis --requirepass s3cret-bot
own=redis://:s3cret-bot@127.0.0.1:$REDIS_PORT
looks 0 live --engine.redis "$own"
check "engine.redis is where the bot is, if it is given" is environment pass 'no bot has written a heartbeat yet'
REDISCLI_AUTH=s3cret-bot redis-cli -p "$REDIS_PORT" acl setuser ping on '>s3cret-ping' +ping >"$work/bot.out"
looks 0 paper --engine.redis "redis://ping:s3cret-ping@127.0.0.1:$REDIS_PORT"
check "a user without the right is a warning that names it" is environment warn '+hmget'
looks 0 paper --engine.redis "redis://ping:s3cret-wrong@127.0.0.1:$REDIS_PORT"
check "a wrong password is for other checks to say" is environment pass 'Redis does not say'
stop "$REDIS_PID"
looks 0 paper --engine.redis "$own"
check "that Redis is gone is, too" is environment pass 'Redis does not say'
spawn peer "$TOOLS/faulty_peer" hang
await 30 test -s "$work/peer.log"
looks 0 paper --engine.redis "redis://127.0.0.1:$(cat "$work/peer.log")" --check.timeout 300ms
check "and that it hangs" is environment pass 'Redis does not say'
run 1 "$preflight" --env paper --check environment --check redis --redis.target "redis://127.0.0.1:$REDIS_PORT" \
	--output "$work/evidence.json"
check "the check of Redis does" is redis fail
check "no secret is in the evidence" not grep -q s3cret- "$work/evidence.json"
run 2 "$preflight" --env paper --check environment --redis.target "$redis_url" --engine.prefix ''
check "a prefix must be one" grep -qF -- '--engine.prefix' "$work/err"
finish
