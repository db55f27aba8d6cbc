# shellcheck shell=sh
# shellcheck disable=SC2154  # what bench.sh, which sources this, sets
# --- engine_state ---------------------------------------------------------------------------------------------------
# A Redis of 100,000 keys: what a bot of 500 symbols and 2,000 routes on 10 exchanges keeps by the contract (7,547 keys: 500
# symbols, each with a guard and a limit; 2,000 routes, each with a guard and a limit; 10 feeds, with orders, guards and
# limits; and 7 of the bot's own), 42,453 other keys below the same prefix (order books), and 50,000 elsewhere (a cache).  The
# peer reads the same keys with the same commands, and does nothing with them.  Redis is the witness of what it was held for.

# The most that a run may have of memory, and that Redis may be held by one command.
ENGINE_KB=12288
ENGINE_HELD_US=2000

engine_keys() {
	awk -v now="$(date +%s)" '
		function histogram(key) { print "HSET", key, "le_0.0005 10 le_0.001 200 le_0.005 30 le_0.05 4 sum_us 900000" }
		BEGIN {
			p = "arbwatch:"; at = "updated_at " now
			print "HSET", p "engine heartbeat_at", now, "env paper state running errors 3 log_error 2 cpu_seconds 9.5"
			histogram(p "loop")
			print "HSET", p "inventory", at, "imbalance 0.1 rebalances 3 syncs 90"
			print "HSET", p "universe", at, "mode top_n symbols 500 changes 7"
			print "HSET", p "snapshots saved 10 saved_at", now
			print "HSET", p "tuning", at, "done 3 planned 10 best_score 1.5"
			print "HSET", p "guard:global", at, "state ok triggers 1"
			for (i = 0; i < 10; i++) {
				print "HSET", p "feed:ex" i, at, "connected 1 message_at", now, "reconnects", i, "messages 100000"
				histogram(p "feed:ex" i)
				print "HSET", p "guard:exchange:ex" i, at, "state ok triggers 2"
				print "HSET", p "limit:exposure:exchange:ex" i, at, "value", i, "limit 10"
				print "HSET", p "orders:ex" i, "sent 100 filled 90 rejected 7 unknown 3"
			}
			for (i = 0; i < 500; i++) {
				print "HSET", p "symbol:S" i "/USDT", at
				print "HSET", p "guard:symbol:S" i "/USDT", at, "triggers", i,
					"state", i % 50 ? "ok" : "cooldown reason spread"
				print "HSET", p "limit:exposure:symbol:S" i "/USDT", at, "value", i, "limit 600"
			}
			for (i = 0; i < 2000; i++) {
				route = "ex" i % 10 ">ex" (i + 1) % 10 ":S" i % 500 "/USDT:" i
				print "HSET", p "route:" route, at, "score", i % 101,
					"spread 80 health 90 fee 70 inventory 60 decision trade"
				print "HSET", p "guard:route:" route, at, "state ok triggers 0"
				print "HSET", p "limit:exposure:route:" route, at, "value", i, "limit 3000"
			}
			for (i = 0; i < 42453; i++)
				print "HSET", p "book:" i, "bid 100.5 ask 100.6", at
			for (i = 0; i < 50000; i++)
				print "SET", "cache:" i, i
		}'
}

start_redis
redis() { redis-cli -p "$REDIS_PORT" "$@"; }
engine_keys | redis >"$work/engine.keys" || die "Redis does not take the bot's keys"
[ "$(redis dbsize)" = 100000 ] || die "there are $(redis dbsize) keys, and not 100,000"
redis >"$work/engine.config" <<-END
	CONFIG SET latency-monitor-threshold $((ENGINE_HELD_US / 1000))
	CONFIG SET slowlog-log-slower-than $ENGINE_HELD_US
	CONFIG SET slowlog-max-len 1000000
	CONFIG RESETSTAT
	SLOWLOG RESET
	LATENCY RESET
END

# engine COMMAND...: with the flags of every run; a heartbeat of the beginning will do.
engine() { "$@" --engine.redis "redis://127.0.0.1:$REDIS_PORT" --engine.max-age 1h --log.level error; }

engine "$BUILD/engine_state" --timeout 20s --fail-on-down || die "engine_state cannot read the bot's keys"
[ "$(value 'arbitrage_engine_entries{engine="main",kind="guard",env="paper"}' "$textfiles/engine_state.prom")" = 2511 ] ||
	die "engine_state did not find all guards"
"$TOOLS/bare_engine" 127.0.0.1 "$REDIS_PORT" arbwatch: || die "bare_engine cannot read the bot's keys"
# `engine` is a function: race gets the flags as they are.
"$TOOLS/race" $((ROUNDS / 4 + 1)) -- "$BUILD/engine_state" --engine.redis "redis://127.0.0.1:$REDIS_PORT" --engine.max-age 1h \
	--log.level error --timeout 20s -- "$TOOLS/bare_engine" 127.0.0.1 "$REDIS_PORT" arbwatch: >"$work/race" || die "race failed"
race_ms() { awk -v n="$1" -v first="$2" 'NR == n { printf "%.3g/%.3g/%.3g", $first / 1e3, $(first + 1) / 1e3, $(first + 2) / 1e3 }' \
	"$work/race"; }
compare "engine_state, 100,000 keys, one-shot, ms" "$(race_ms 1 1)" "bare hiredis, the same commands" "$(race_ms 2 1)" le 2
beside "engine_state, 100,000 keys, one-shot, CPU ms" "$(race_ms 1 4)" "bare hiredis, the same commands" "$(race_ms 2 4)"

# The load on Redis, and the time of PINGs that another client sends meanwhile.
rm -f "$textfiles/engine_state.prom"
engine spawn engine_state "$BUILD/engine_state" --interval 1s --timeout 1s
engine_loop=$SPAWNED
await 30 enough_runs engine_state 2 || die "engine_state publishes nothing"
"$TOOLS/bare_redis" 127.0.0.1 "$REDIS_PORT" 20000 --print >"$work/pings" || die "bare_redis failed"
await 30 enough_runs engine_state 10 || die "engine_state publishes no more"
ENGINE_PEAK=$(awk '/^VmHWM/ { print $2 }' "/proc/$engine_loop/status")
stop "$engine_loop"
compare "engine_state in a loop, peak kB" "$ENGINE_PEAK/$ENGINE_PEAK/$ENGINE_PEAK" "the limit" "$ENGINE_KB/$ENGINE_KB/$ENGINE_KB" \
	le 1
# Every run sends the same commands.  One that is slow by itself is so in most of the runs; the others met a pause of the machine.
redis slowlog get -1 | awk -v runs="$(redis info commandstats | sed -n 's/^cmdstat_scan:calls=\([0-9]*\).*/\1/p')" '
	/^(SCAN|HMGET)$/ { getline first; total++; seen[$0 " " first]++ }
	END {
		for (command in seen)
			slow += seen[command] >= runs / 400 / 2
		print slow + 0, total + 0
	}' >"$work/held"
commands=$(redis info commandstats | sed -n 's/^cmdstat_\(scan\|hmget\):calls=\([0-9]*\).*/\2/p' | awk '{ n += $1 } END { print n }')
row "commands that hold Redis for over 2 ms" "$(cut -d ' ' -f 1 "$work/held")" "over 2 ms at all, of $commands" \
	"$(cut -d ' ' -f 2 "$work/held")" - "none: $(grep -q '^0 ' "$work/held" && echo reached || echo MISSED)"
row "PINGs of another client meanwhile, us" "$(in_us "$work/pings")" "LATENCY LATEST, ms: last, worst" \
	"$(redis latency latest | awk 'NR % 4 != 2' | paste -sd ' ')" - -
