#!/bin/sh
# engine_state and a bot that keeps its contract: everything, a part of it, its changes, and what stays when it stops.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_engine.sh
. "$repository/tests/lib_engine.sh"

# The whole contract --------------------------------------------------

whole_contract() {
	bot <<-END
		HSET arbwatch:engine heartbeat_at $now.25 env paper started_at 1767225600 restarts 3 state running loop_lag 0.0125 errors 17
		HSET arbwatch:engine log_debug 900000 log_info 5000 log_warning 40 log_error 5 log_critical 1
		HSET arbwatch:engine cpu_seconds 1234.5 memory_bytes 268435456
		HSET arbwatch:loop le_0.001 10 le_0.0025 200 le_0.05 5 le_10 2 le_inf 1 sum_us 1500250
		HSET arbwatch:feed:binance updated_at $now connected 1 message_at $now.5 reconnects 4 messages 123456 gaps 6
		HSET arbwatch:feed:binance le_0.0001 1 le_0.25 7 sum_us 900000
		HSET arbwatch:feed:upbit updated_at $now connected 0 reconnects 0
		HSET arbwatch:feed:kraken updated_at $now
		HSET arbwatch:guard:global updated_at $now state ok reason "an old reason" triggers 2
		HSET arbwatch:guard:exchange:binance updated_at $now state degrade reason "slow: 900 ms" triggers 7
		HSET arbwatch:guard:route:binance>upbit:BTC/USDT updated_at $now state cooldown
		HSET arbwatch:guard:symbol:BTC/USDT updated_at $now state block reason "a \\"quote\\" and a \\\\" triggers 1
		HSET arbwatch:limit:daily_loss:global updated_at $now value 120.5 limit 500
		HSET arbwatch:limit:daily_loss:exchange:binance updated_at $now value 0 currency USDC
		HSET arbwatch:limit:exposure:global updated_at $now value 80000 limit 100000 currency USD
		HSET arbwatch:limit:exposure:route:binance>upbit:BTC/USDT updated_at $now value 12.25 limit 50
		HSET arbwatch:limit:exposure:symbol:BTC/USDT updated_at $now value 7
		HSET arbwatch:inventory updated_at $now imbalance -0.25 rebalances 12 rebalance_failures 2 rebalance_failures_in_a_row 1
		HSET arbwatch:inventory syncs 500 sync_failures 3 synced_at $now
		HSET arbwatch:route:binance>upbit:BTC/USDT updated_at $now score 87.5 spread 90 health 100 fee 80.5 decision trade
		HSET arbwatch:route:binance>upbit:BTC/USDT inventory 75
		HSET arbwatch:route:upbit>binance:ETH/USDT updated_at $now score 12 decision skip
		HSET arbwatch:route:kraken>okx:ETH/USDT updated_at $now
		HSET arbwatch:universe updated_at $now mode top_n symbols 25 changes 131
		HSET arbwatch:symbol:BTC/USDT updated_at $now.125
		HSET arbwatch:symbol:ETH/USDT updated_at $now
		HSET arbwatch:orders:binance sent 100 filled 90 rejected 7 unknown 3
		HSET arbwatch:orders:upbit sent 1
		HSET arbwatch:snapshots saved 48 failed 1 restored 2 saved_at $now
		HSET arbwatch:tuning updated_at $now done 30 planned 200 best_score -1.5
		HSET arbwatch:open_positions updated_at $now binance|BTC/USDT|long 1
		SET arbwatch:something "of the bot's own"
		HSET other:engine heartbeat_at 1
	END
}
totals() {
	cat <<-END
		restarts_total 3
		errors_total 17
		log_lines_total{level="debug"} 900000
		log_lines_total{level="info"} 5000
		log_lines_total{level="warning"} 40
		log_lines_total{level="error"} 5
		log_lines_total{level="critical"} 1
		cpu_seconds_total 1234.5
		feed_reconnects_total{exchange="binance"} 4
		feed_reconnects_total{exchange="upbit"} 0
		feed_messages_total{exchange="binance"} 123456
		feed_gaps_total{exchange="binance"} 6
		guard_triggers_total{tier="global",name=""} 2
		guard_triggers_total{tier="exchange",name="binance"} 7
		guard_triggers_total{tier="symbol",name="BTC/USDT"} 1
		rebalances_total{result="done"} 12
		rebalances_total{result="failed"} 2
		inventory_syncs_total{result="done"} 500
		inventory_syncs_total{result="failed"} 3
		universe_changes_total 131
		orders_total{exchange="binance",status="sent"} 100
		orders_total{exchange="binance",status="filled"} 90
		orders_total{exchange="binance",status="rejected"} 7
		orders_total{exchange="binance",status="unknown"} 3
		orders_total{exchange="upbit",status="sent"} 1
		snapshots_total{result="saved"} 48
		snapshots_total{result="failed"} 1
		snapshots_total{result="restored"} 2
	END
	histogram loop_duration_seconds - 1.50025 0.001=10 0.0025=200 0.05=5 10=2 +Inf=1
	histogram feed_latency_seconds 'exchange="binance"' 0.9 0.0001=1 0.25=7
}
everything() {
	totals
	cat <<-END
		up 1
		heartbeat_timestamp_seconds $now.25
		start_timestamp_seconds 1767225600
		run_state{state="starting"} 0
		run_state{state="running"} 1
		run_state{state="paused"} 0
		run_state{state="stopping"} 0
		run_state{state="stopped"} 0
		run_state{state="halted"} 0
		loop_lag_seconds 0.0125
		memory_bytes 268435456
		feed_connected{exchange="binance"} 1
		feed_connected{exchange="upbit"} 0
		feed_last_message_timestamp_seconds{exchange="binance"} $now.5
		guard_state{tier="global",name=""} 0
		guard_state{tier="exchange",name="binance"} 1
		guard_state{tier="route",name="binance>upbit:BTC/USDT"} 2
		guard_state{tier="symbol",name="BTC/USDT"} 3
		guard_reason{tier="exchange",name="binance",reason="slow: 900 ms"} 1
		guard_reason{tier="symbol",name="BTC/USDT",reason="a \\"quote\\" and a \\\\"} 1
		daily_loss{tier="global",name="",currency="USDT"} 120.5
		daily_loss_limit{tier="global",name="",currency="USDT"} 500
		daily_loss{tier="exchange",name="binance",currency="USDC"} 0
		exposure{tier="global",name="",currency="USD"} 80000
		exposure_limit{tier="global",name="",currency="USD"} 100000
		exposure{tier="route",name="binance>upbit:BTC/USDT",currency="USDT"} 12.25
		exposure_limit{tier="route",name="binance>upbit:BTC/USDT",currency="USDT"} 50
		exposure{tier="symbol",name="BTC/USDT",currency="USDT"} 7
		imbalance_ratio -0.25
		rebalance_failures_in_a_row 1
		inventory_synced_timestamp_seconds $now
		route_score{route="binance>upbit:BTC/USDT"} 87.5
		route_score{route="upbit>binance:ETH/USDT"} 12
		route_score_part{route="binance>upbit:BTC/USDT",part="spread"} 90
		route_score_part{route="binance>upbit:BTC/USDT",part="health"} 100
		route_score_part{route="binance>upbit:BTC/USDT",part="fee"} 80.5
		route_score_part{route="binance>upbit:BTC/USDT",part="inventory"} 75
		route_trading{route="binance>upbit:BTC/USDT"} 1
		route_trading{route="upbit>binance:ETH/USDT"} 0
		routes{decision="trade"} 1
		routes{decision="skip"} 1
		universe_mode{mode="single"} 0
		universe_mode{mode="fixed_list"} 0
		universe_mode{mode="top_n"} 1
		universe_mode{mode="full_market"} 0
		universe_symbols 25
		symbol_updated_timestamp_seconds{symbol="BTC/USDT"} $now.125
		symbol_updated_timestamp_seconds{symbol="ETH/USDT"} $now
		snapshot_saved_timestamp_seconds $now
		tuning_runs_done 30
		tuning_runs_planned 200
		tuning_best_score -1.5
	END
	for tier in global=ok exchange=degrade route=cooldown symbol=block; do
		for state in ok degrade cooldown block; do
			printf 'guards{tier="%s",state="%s"} ' "${tier%=*}" "$state"
			if [ "${tier#*=}" = "$state" ]; then echo 1; else echo 0; fi
		done
	done
}
whole_contract
collect 0
everything >"$work/everything"
check "all that the bot keeps is published, to the letter, and nothing else" exactly <"$work/everything"
while read -r kind count; do
	check "entries of kind $kind" entries "$kind" "$count"
	for what in dropped stale faulty; do
		check "none of kind $kind is $what" "$what" "$kind" 0
	done
done <<-END
	feed 3
	guard 4
	limit 5
	route 3
	symbol 2
	orders 2
END
check "nothing is wrong" warnings 0
check "the run is a success" sample 'arbitrage_collector_success{collector="engine_state",env="paper"}' 1
promtool_clean() { promtool check metrics <"$textfiles/engine_state.prom"; }
check "promtool finds nothing" promtool_clean
"$collector" --list-metrics | cut -f1 | grep ^arbitrage_engine_ | LC_ALL=C sort >"$work/listed"
sed -n 's/^# TYPE \(arbitrage_engine_[a-z_]*\) .*/\1/p' "$textfiles/engine_state.prom" | LC_ALL=C sort >"$work/written"
check "every metric that it has was seen here" diff "$work/listed" "$work/written"

# Figures that stay when the bot stops ---------------------------------------

collect 0 --engine.max-age 1ms
{
	totals
	echo "up 0"
	echo "heartbeat_timestamp_seconds $now.25"
} >"$work/stale"
check "a bot that stopped is down; its totals stay, and nothing else does" exactly <"$work/stale"
check "one line says so" logged "the bot's last heartbeat is of"
check "one line alone" warnings 1
began=$(date +%s)
is_later() { [ "$(date +%s)" -gt $((began + 1)) ]; }
await 30 is_later
run 0 "$collector" --engine.redis "$redis_url" --engine.max-age 1ms
check "and not again in the next run" warnings 0
check "an old heartbeat is no failure to measure" sample 'arbitrage_collector_success{collector="engine_state",env="paper"}' 1

collect 0 --env live
check "a bot of another env is down" sample 'arbitrage_engine_up{engine="main",env="live"}' 0
check "its totals stay" sample 'arbitrage_engine_errors_total{engine="main",env="live"}' 17
check "its gauges do not" not grep -q '^arbitrage_engine_loop_lag' "$textfiles/engine_state.prom"
check "both envs are named" logged "env is 'paper'"
check "in one line" warnings 1

# Totals that start again are published as they are: rate() sees a counter that was reset.
collect 0
bot <<-END
	HSET arbwatch:engine errors 1 restarts 4
	DEL arbwatch:loop
	HSET arbwatch:loop le_0.5 1 sum_us 300000
	HSET arbwatch:orders:binance sent 2 filled 0
END
run 0 "$collector" --engine.redis "$redis_url" --engine.max-age 1h
check "a counter that started again" is 'errors_total{}' 1
check "a counter that went on" is 'restarts_total{}' 4
check "a histogram that started again" is 'loop_duration_seconds_count{}' 1
check "its sum" is 'loop_duration_seconds_sum{}' 0.3
check "orders that started again" is 'orders_total{exchange="binance",status="sent"}' 2
check "to 0" is 'orders_total{exchange="binance",status="filled"}' 0

# A part of the contract ----------------------------------------------

forget
collect 3
echo "up 0" >"$work/nothing"
check "a Redis without a bot: it is down" exactly <"$work/nothing"
check "and the error says what is missing" logged 'no bot has written'
check "and where" logged 'arbwatch:engine'
check "in one line" warnings 1

heart
collect 0
check "a heartbeat alone is a bot that is up" is 'up{}' 1
published | cut -d '{' -f1 | paste -sd ' ' >"$work/names"
check "it has these two metrics: $(cat "$work/names")" grep -qxF \
	'arbitrage_engine_heartbeat_timestamp_seconds arbitrage_engine_up' "$work/names"
check "and no error" warnings 0

# Every state and every decision --------------------------------------

number=0
for state in ok degrade cooldown block ok block cooldown degrade ok; do
	for tier in global exchange:binance route:a symbol:BTC/USDT; do
		echo "HSET arbwatch:guard:$tier updated_at $(date +%s) state $state"
	done | bot
	case $state in ok) number=0 ;; degrade) number=1 ;; cooldown) number=2 ;; block) number=3 ;; esac
	collect 0
	for each in 'global,' exchange,binance route,a symbol,BTC/USDT; do
		check "guard ${each%,*} is $state" is "guard_state{tier=\"${each%%,*}\",name=\"${each#*,}\"}" "$number"
		check "it is counted there" is "guards{tier=\"${each%%,*}\",state=\"$state\"}" 1
	done
	check "and nowhere else" test "$(grep -c '^arbitrage_engine_guards{.* 1$' "$textfiles/engine_state.prom")" -eq 4
done
for state in trade skip trade; do
	echo "HSET arbwatch:route:a updated_at $(date +%s) decision $state" | bot
	collect 0
	check "the route's decision is $state" is "routes{decision=\"$state\"}" 1
	check "published" is 'route_trading{route="a"}' "$(test "$state" = trade && echo 1 || echo 0)"
done
for state in starting running paused stopping stopped halted; do
	echo "HSET arbwatch:engine state $state" | bot
	collect 0
	check "the run's state is $state" is "run_state{state=\"$state\"}" 1
	check "and no other" test "$(grep -c '^arbitrage_engine_run_state{.* 1$' "$textfiles/engine_state.prom")" -eq 1
done

# Entries of their own age --------------------------------------------

forget
heart
bot <<-END
	HSET arbwatch:feed:old updated_at $((now - 1000)) connected 1 messages 5
	HSET arbwatch:feed:new updated_at $now connected 1 messages 6
	HSET arbwatch:guard:symbol:old updated_at $((now - 1000)) state block triggers 2
	HSET arbwatch:limit:exposure:global updated_at $((now - 1000)) value 1
	HSET arbwatch:route:old updated_at $((now - 1000)) score 1 decision skip
	HSET arbwatch:inventory updated_at $((now - 1000)) imbalance 1 syncs 3
	HSET arbwatch:universe updated_at $((now - 1000)) symbols 3 changes 4
	HSET arbwatch:tuning updated_at $((now - 1000)) done 3
END
collect 0 --engine.max-age 500s
check "whether an old feed is connected is not known" is 'feed_connected{exchange="old"}' ''
check "its totals stay" is 'feed_messages_total{exchange="old"}' 5
check "it is counted" stale feed 1
check "the other feed is as ever" is 'feed_connected{exchange="new"}' 1
check "an old guard has no state" is 'guard_state{tier="symbol",name="old"}' ''
check "and its triggers" is 'guard_triggers_total{tier="symbol",name="old"}' 2
check "an old limit has no value" is 'exposure{tier="global",name="",currency="USDT"}' ''
check "an old route has no score" is 'route_score{route="old"}' ''
check "it counts as stale" stale route 1
check "an old inventory has no imbalance" is 'imbalance_ratio{}' ''
check "and its totals" is 'inventory_syncs_total{result="done"}' 3
check "an old universe has no size" is 'universe_symbols{}' ''
check "and its changes" is 'universe_changes_total{}' 4
check "an old tuning is not under way" is 'tuning_runs_done{}' ''

# Other prefixes, several bots ----------------------------------------

forget
heart bot1/
bot <<-END
	HSET bot1/engine errors 1
	HSET bot1/route:a updated_at $now score 50
	HSET bot2:engine heartbeat_at $(date +%s) errors 2
	HSET bot2:route:a updated_at $now score 60
END
collect 0 --engine.prefix bot1/
check "a prefix of its own" is 'route_score{route="a"}' 50
collect 0 --engine.prefix bot1/ --engine.name one --name engine_state_one
run 0 "$collector" --engine.redis "$redis_url" --engine.max-age 1h --engine.prefix bot2: --engine.name two --name engine_state_two
check "the first bot" sample 'arbitrage_engine_route_score{engine="one",route="a",env="paper"}' 50 "$textfiles/engine_state_one.prom"
check "the second" sample 'arbitrage_engine_route_score{engine="two",route="a",env="paper"}' 60 "$textfiles/engine_state_two.prom"
check "textfile_lint takes both" "$BUILD/textfile_lint" "$textfiles"
spawn node_exporter prometheus-node-exporter --web.listen-address=127.0.0.1:0 --web.disable-exporter-metrics \
	--collector.disable-defaults --collector.textfile --collector.textfile.directory="$textfiles"
port=$(port_of "$SPAWNED")
served() { curl -sS --fail --noproxy '*' "http://127.0.0.1:$port/metrics" >"$work/served"; }
await 30 served
check "so does node_exporter" grep -qxF 'node_textfile_scrape_error 0' "$work/served"
check "which serves the first bot" grep -qxF 'arbitrage_engine_errors_total{engine="one",env="paper"} 1' "$work/served"
check "and the second" grep -qxF 'arbitrage_engine_errors_total{engine="two",env="paper"} 2' "$work/served"

# Settings ------------------------------------------------------------

refused() {  # refused TEXT FLAG...
	refused_text=$1
	shift
	run 2 "$collector" "$@"
	check "$*: $refused_text" logged "$refused_text"
}
refused '--engine.redis' --engine.redis http://:hunter2@127.0.0.1
check "a URL's password is not shown" not grep -q hunter2 "$work/err"
refused '--entries.max' --entries.max 0
refused '--entries.max' --entries.max 5001
refused '--engine.max-age' --engine.max-age 0s
refused '--engine.name' --engine.name ''
refused '--engine.name' --engine.name 'a "name"'
run 0 "$collector" --config.check
check "by themselves the settings are right" grep -q 'configuration OK' "$work/out"
finish
