# shellcheck shell=sh
# Textfiles made up for the status page: written by hand, not by the collectors, at a time that never changes.
# Each function prints a file; $now is the time it is looked at.

now=1769868202  # 2026-01-31T14:03:22Z

# family NAME TYPE: its HELP and TYPE.
family() { printf '# HELP %s Made up.\n# TYPE %s %s\n' "$1" "$1" "$2"; }

# collector NAME ENV SUCCESS INTERVAL AGE [LAST-SUCCESS-AGE [DURATION]]: what the harness writes; AGE in seconds.
collector() {
	collector_labels="collector=\"$1\",env=\"$2\""
	family arbitrage_collector_success gauge
	echo "arbitrage_collector_success{$collector_labels} $3"
	family arbitrage_collector_duration_seconds gauge
	echo "arbitrage_collector_duration_seconds{$collector_labels} ${7:-0.0042}"
	family arbitrage_collector_interval_seconds gauge
	echo "arbitrage_collector_interval_seconds{$collector_labels} $4"
	family arbitrage_collector_last_run_timestamp_seconds gauge
	echo "arbitrage_collector_last_run_timestamp_seconds{$collector_labels} $((now - $5))"
	if [ "${6:-}" != never ]; then
		family arbitrage_collector_last_success_timestamp_seconds gauge
		echo "arbitrage_collector_last_success_timestamp_seconds{$collector_labels} $((now - ${6:-$5}))"
	fi
	family arbitrage_collector_failures_total counter
	for collector_kind in resolve connect tls auth timeout rejected protocol local; do
		collector_count=0
		[ "$3 $collector_kind" != '0 timeout' ] || collector_count=3
		echo "arbitrage_collector_failures_total{$collector_labels,kind=\"$collector_kind\"} $collector_count"
	done
}

# histogram NAME LABELS 'BOUND:COUNT...': buckets with counts of their own.
histogram() {
	echo "$3" | awk -v name="$1" -v labels="$2" '{
		for (i = 1; i <= NF; i++) {
			split($i, pair, ":")
			total += pair[2]
			printf "%s_bucket{%s,le=\"%s\"} %d\n", name, labels, pair[1], total
		}
		printf "%s_bucket{%s,le=\"+Inf\"} %d\n%s_sum{%s} %s\n%s_count{%s} %d\n", name, labels, total,
			name, labels, total / 1000, name, labels, total
	}'
}

fast='0.00005:0 0.0001:0 0.00025:41 0.0005:380 0.001:212 0.0025:60 0.005:9 0.01:2 0.025:0 0.05:1 0.1:0'
slow='0.005:0 0.01:0 0.025:0 0.05:14 0.1:190 0.25:310 0.5:44 1:8 2.5:2 5:0 10:0'

# server redis|postgres ENV AGE 'TARGET:UP...'
server() {
	case $4 in
	*:0*) collector "$1_latency" "$2" 0 15 "$3" 189 ;;
	*) collector "$1_latency" "$2" 1 15 "$3" ;;
	esac
	family "arbitrage_$1_up" gauge
	for server_target in $4; do
		echo "arbitrage_$1_up{target=\"${server_target%:*}\",env=\"$2\"} ${server_target#*:}"
	done
	family "arbitrage_$1_last_success_timestamp_seconds" gauge
	for server_target in $4; do
		[ "${server_target#*:}" = 0 ] && server_age=$((${3} + 185)) || server_age=$3
		printf 'arbitrage_%s_last_success_timestamp_seconds{target="%s",env="%s"} %d\n' "$1" "${server_target%:*}" "$2" \
			$((now - server_age))
	done
	family "arbitrage_$1_failures_total" counter
	for server_target in $4; do
		[ "${server_target#*:}" = 0 ] && server_count=12 || server_count=0
		echo "arbitrage_$1_failures_total{target=\"${server_target%:*}\",env=\"$2\",kind=\"connect\"} $server_count"
	done
	family "arbitrage_$1_latency_seconds" histogram
	for server_target in $4; do
		histogram "arbitrage_$1_latency_seconds" "target=\"${server_target%:*}\",env=\"$2\"" "$fast"
	done
}

# exchanges ENV AGE 'NAME:STATE...'
exchanges() {
	case $3 in
	*:banned*) collector exchange_health "$1" 0 5 "$2" 310 0.18 ;;
	*) collector exchange_health "$1" 1 5 "$2" "$2" 0.18 ;;
	esac
	family arbitrage_exchange_up gauge
	for exchange in $3; do
		echo "arbitrage_exchange_up{exchange=\"${exchange%:*}\",env=\"$1\"} $(case $exchange in
			*:banned | *:down) echo 0 ;; *) echo 1 ;; esac)"
	done
	family arbitrage_exchange_health_state gauge
	for exchange in $3; do
		for exchange_state in healthy degraded down frozen banned maintenance; do
			[ "${exchange#*:}" = "$exchange_state" ] && exchange_is=1 || exchange_is=0
			printf 'arbitrage_exchange_health_state{exchange="%s",state="%s",env="%s"} %d\n' "${exchange%:*}" \
				"$exchange_state" "$1" "$exchange_is"
		done
	done
	family arbitrage_exchange_last_success_timestamp_seconds gauge
	for exchange in $3; do
		[ "${exchange#*:}" = banned ] && exchange_age=310 || exchange_age=$2
		printf 'arbitrage_exchange_last_success_timestamp_seconds{exchange="%s",env="%s"} %d\n' "${exchange%:*}" "$1" \
			$((now - exchange_age))
	done
	family arbitrage_exchange_banned_until_timestamp_seconds gauge
	for exchange in $3; do
		case $exchange in
		*:banned) echo "arbitrage_exchange_banned_until_timestamp_seconds{exchange=\"${exchange%:*}\",env=\"$1\"} $((now + 95))" ;;
		esac
	done
	family arbitrage_exchange_error_ratio gauge
	for exchange in $3; do
		case $exchange in
		*:degraded) echo "arbitrage_exchange_error_ratio{exchange=\"${exchange%:*}\",env=\"$1\"} 0.085" ;;
		esac
	done
	family arbitrage_exchange_request_duration_seconds histogram
	for exchange in $3; do
		histogram arbitrage_exchange_request_duration_seconds \
			"exchange=\"${exchange%:*}\",endpoint=\"book\",env=\"$1\"" "$slow"
		histogram arbitrage_exchange_request_duration_seconds \
			"exchange=\"${exchange%:*}\",endpoint=\"time\",env=\"$1\"" "$slow"
	done
}

# positions ENV AGE 'EXCHANGE:READABLE...' MISMATCH: BTC on each of them; the engine has MISMATCH more on the first.
positions() {
	case $3 in
	*:0*) collector open_positions "$1" 0 15 "$2" 64 0.093 ;;
	*) collector open_positions "$1" 1 15 "$2" "$2" 0.093 ;;
	esac
	positions_first=${3%%:*}
	family arbitrage_positions_readable gauge
	for exchange in $3; do
		echo "arbitrage_positions_readable{source=\"exchange\",exchange=\"${exchange%:*}\",env=\"$1\"} ${exchange#*:}"
		echo "arbitrage_positions_readable{source=\"engine\",exchange=\"${exchange%:*}\",env=\"$1\"} 1"
	done
	family arbitrage_account_last_success_timestamp_seconds gauge
	for exchange in $3; do
		[ "${exchange#*:}" = 0 ] && position_age=64 || position_age=$2
		printf 'arbitrage_account_last_success_timestamp_seconds{source="exchange",exchange="%s",env="%s"} %d\n' \
			"${exchange%:*}" "$1" $((now - position_age))
	done
	family arbitrage_account_failures_total counter
	for exchange in $3; do
		[ "${exchange#*:}" = 0 ] && position_count=4 || position_count=0
		printf 'arbitrage_account_failures_total{endpoint="balances",kind="auth",exchange="%s",env="%s"} %d\n' \
			"${exchange%:*}" "$1" "$position_count"
	done
	family arbitrage_open_positions gauge
	for exchange in $3; do
		[ "${exchange#*:}" = 0 ] ||
			echo "arbitrage_open_positions{source=\"exchange\",exchange=\"${exchange%:*}\",env=\"$1\"} 1"
		echo "arbitrage_open_positions{source=\"engine\",exchange=\"${exchange%:*}\",env=\"$1\"} 1"
	done
	family arbitrage_engine_unknown_rows gauge
	echo "arbitrage_engine_unknown_rows{env=\"$1\"} 0"
	family arbitrage_position_quantity gauge
	for exchange in $3; do
		position="exchange=\"${exchange%:*}\",symbol=\"BTC\",side=\"long\",env=\"$1\""
		[ "${exchange#*:}" = 0 ] || echo "arbitrage_position_quantity{source=\"exchange\",$position} 0.25"
		[ "${exchange%:*}" = "$positions_first" ] && position_more=$4 || position_more=0
		echo "arbitrage_position_quantity{source=\"engine\",$position} $(echo "$position_more" | awk '{ print 0.25 + $1 }')"
	done
	family arbitrage_position_mismatch gauge
	for exchange in $3; do
		[ "${exchange%:*}" = "$positions_first" ] && position_more=$4 || position_more=0
		[ "${exchange#*:}" = 0 ] ||
			echo "arbitrage_position_mismatch{exchange=\"${exchange%:*}\",symbol=\"BTC\",env=\"$1\"} $position_more"
	done
	if [ "$4" != 0 ]; then
		family arbitrage_position_mismatch_since_timestamp_seconds gauge
		printf 'arbitrage_position_mismatch_since_timestamp_seconds{exchange="%s",symbol="BTC",env="%s"} %d\n' \
			"$positions_first" "$1" $((now - 240))
	fi
}

# bot ENV AGE GUARD: one that runs, and whose global guard is in the state of this number.
bot() {
	collector engine_state "$1" 1 15 "$2" "$2" 0.002
	family arbitrage_engine_up gauge
	echo "arbitrage_engine_up{engine=\"main\",env=\"$1\"} 1"
	family arbitrage_engine_heartbeat_timestamp_seconds gauge
	echo "arbitrage_engine_heartbeat_timestamp_seconds{engine=\"main\",env=\"$1\"} $((now - $2 - 1))"
	family arbitrage_engine_run_state gauge
	echo "arbitrage_engine_run_state{engine=\"main\",env=\"$1\",state=\"running\"} 1"
	family arbitrage_engine_guard_state gauge
	echo "arbitrage_engine_guard_state{engine=\"main\",env=\"$1\",tier=\"global\"} $3"
	family arbitrage_engine_loop_duration_seconds histogram
	histogram arbitrage_engine_loop_duration_seconds "engine=\"main\",env=\"$1\"" "$fast"
}

# preflight ENV AGE READY
preflight() {
	collector preflight "$1" 1 0 "$2" "$2" 0.021
	family arbitrage_preflight_ready_for_live gauge
	echo "arbitrage_preflight_ready_for_live{env=\"$1\"} $3"
	family arbitrage_preflight_last_success gauge
	echo "arbitrage_preflight_last_success{env=\"$1\"} $3"
	family arbitrage_preflight_last_verdict_timestamp_seconds gauge
	echo "arbitrage_preflight_last_verdict_timestamp_seconds{env=\"$1\"} $((now - $2))"
	family arbitrage_preflight_checks_total counter
	[ "$3" = 1 ] && preflight_failed=0 || preflight_failed=2
	echo "arbitrage_preflight_checks_total{check=\"postgres\",status=\"fail\",env=\"$1\"} $preflight_failed"
	echo "arbitrage_preflight_checks_total{check=\"redis\",status=\"fail\",env=\"$1\"} 9" # but not in the last run
	family arbitrage_preflight_check_state gauge
	echo "arbitrage_preflight_check_state{check=\"postgres\",env=\"$1\"} $preflight_failed"
	echo "arbitrage_preflight_check_state{check=\"redis\",env=\"$1\"} 0"
	family arbitrage_preflight_duration_seconds histogram
	histogram arbitrage_preflight_duration_seconds "env=\"$1\"" '0.01:2 0.025:6 0.05:3 0.1:0 0.25:0'
}

# state good|failing|stale|none DIRECTORY: the files of one state of the page.
state() {
	mkdir -p "$2"
	case $1 in
	good) state_age=4 state_servers=main:1 state_exchanges='binance:healthy upbit:healthy' ;;
	stale) state_age=760 state_servers=main:1 state_exchanges='binance:healthy upbit:healthy' ;;
	failing)
		state_age=4 state_servers='main:0 replica:1'
		state_exchanges='binance:banned bybit:frozen kraken:degraded upbit:healthy'
		;;
	none) return ;;
	esac
	[ "$1" = failing ] && state_ready=0 state_mismatch=0.1 state_readable=0 state_guard=3 ||
		state_ready=1 state_mismatch=0 state_readable=1 state_guard=0
	server redis live 4 "${state_servers##* }" >"$2/redis_latency.prom"
	server postgres live "$state_age" "$state_servers" >"$2/postgres_latency.prom"
	exchanges live "$state_age" "$state_exchanges" >"$2/exchange_health.prom"
	positions live "$state_age" "binance:1 upbit:$state_readable" "$state_mismatch" >"$2/open_positions.prom"
	preflight live 312 "$state_ready" >"$2/preflight.prom"
	[ "$1" = stale ] || bot live 4 "$state_guard" >"$2/engine_state.prom"
	[ "$1" != failing ] || printf 'trades_total{pair="BTC/USDT} 12\n' >"$2/other.prom"
}
