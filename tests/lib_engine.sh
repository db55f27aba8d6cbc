# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # what lib.sh, which is sourced before, sets; and what the scenarios read
# Shared by the scenarios of engine_state: a Redis, a bot that writes into it, and how a run's file is read.

collector=$BUILD/engine_state
now=$(date +%s)
start_redis
redis_url=redis://127.0.0.1:$REDIS_PORT

# bot: the commands on standard input, as a bot sends them; Redis must take each of them.
bot() {
	redis-cli -p "$REDIS_PORT" >"$work/bot.out" 2>&1
	! grep -E 'ERR|WRONG|rror' "$work/bot.out" || { echo "Redis refused what the bot writes"; exit 1; }
}
# A bot that lives and says nothing else.
heart() { echo "HSET ${1-arbwatch:}engine heartbeat_at $(date +%s)" | bot; }
forget() { echo FLUSHALL | bot; }

# collect STATUS [FLAG...]: one run that begins anew; nothing that a scenario writes gets old by itself.
collect() {
	collect_status=$1
	shift
	rm -f "$textfiles"/*.prom
	run "$collect_status" "$collector" --engine.redis "$redis_url" --timeout 20s --fail-on-down \
		--engine.max-age 1h "$@"
}

# Prints the metrics of the bot, in the order of its text, but for what was found in Redis (arbitrage_engine_entries*).
published() {
	grep '^arbitrage_engine_' "$textfiles/engine_state.prom" | grep -v '^arbitrage_engine_entries' | LC_ALL=C sort
}
# exactly: what is published is standard input, in which {...} need not name engine and env: `up 1`, `loop_lag_seconds{} 1`,
# `guards{tier="route",state="ok"} 1`.
exactly() {
	sed 's/^\([a-z_]*\)\({\([^}]*\)}\)\{0,1\} /arbitrage_engine_\1{engine="main",\3,env="paper"} /; s/,,/,/' |
		awk '{
			# le comes last.
			if (match($0, /le="[^"]*",/)) {
				le = substr($0, RSTART, RLENGTH - 1)
				$0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH)
				sub(/env="paper"/, "&," le)
			}
			print
		}' | LC_ALL=C sort >"$work/wanted"
	published >"$work/published"
	diff "$work/wanted" "$work/published"
}
# histogram NAME LABELS SUM COUNT-OF-EACH-BUCKET...: its lines for `exactly`; a bucket that is not given has 0.
histogram() {
	echo "$@" | awk '{
		bounds = "0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf"
		count = split(bounds, bound, " ")
		labels = $2 == "-" ? "" : $2
		for (i = 4; i <= NF; i++) {
			split($i, pair, "=")
			in_bucket[pair[1]] = pair[2]
		}
		for (i = 1; i <= count; i++) {
			total += in_bucket[bound[i]]
			print $1 "_bucket{" labels (labels == "" ? "" : ",") "le=\"" bound[i] "\"} " total
		}
		print $1 "_sum{" labels "} " $3
		print $1 "_count{" labels "} " total
	}'
}

# is SERIES VALUE: of the last run; "" as the value: there is no such series.
is() {
	read_prom "$textfiles/engine_state.prom"
	in_prom "$(printf '%s' "arbitrage_engine_$1" | sed 's/{}$/{engine="main",env="paper"}/
		s/{\(.*[^}]\)}$/{engine="main",\1,env="paper"}/; s/engine="main",engine="main"/engine="main"/
		s/env="paper",env="paper"/env="paper"/')" "$2"
}
entries() { is "entries{kind=\"$1\"}" "$2"; }          # entries KIND COUNT
dropped() { is "entries_dropped{kind=\"$1\"}" "$2"; }
stale() { is "entries_stale{kind=\"$1\"}" "$2"; }
faulty() { is "entries_faulty{kind=\"$1\"}" "$2"; }
logged() { grep -F -- "$1" "$work/err"; }
warnings() { [ "$(grep -cE 'level=(warn|error)' "$work/err")" -eq "$1" ]; } # warnings COUNT
