#!/bin/sh
# run.sh [--once]: all of arbwatch on this machine, on private ports of 127.0.0.1
# and in a temporary directory, until Ctrl-C: Redis, Postgres, the paper exchange,
# the collectors, paper_engine, which trades on paper, their status page, preflight every minute, node_exporter,
# Prometheus, Alertmanager, alert_relay, and paper_chat, which shows its messages.
# With --once (or ARBWATCH_RUN_ONCE=1) it ends with status 0 as soon as Prometheus
# answers with our metrics, and they grow.
#
#	BUILD              the tree to build in (default: build)
#	ARBWATCH_INTERVAL  the collectors' interval (default: 5s; of those that ask exchanges always: these allow no less)

set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
interval=${ARBWATCH_INTERVAL:-5s}
once=${ARBWATCH_RUN_ONCE:-0}
case ${1-} in
'') ;;
--once) once=1 ;;
*)
	echo "usage: demo/run.sh [--once]" >&2
	exit 2
	;;
esac

work=''
parts='' # "NAME:PID" of each part that runs, the last one started first
proved=no

say() { printf '%s\n' "$*"; }

# fail PART TEXT: say what went wrong, show the end of the part's log, end.
fail() {
	printf 'demo: %s: %s\n' "$1" "$2" >&2
	if [ -s "$work/$1.log" ]; then
		printf 'the last lines of its log:\n' >&2
		tail -n 15 "$work/$1.log" | sed 's/^/  | /' >&2
	fi
	exit 1
}

alive() { kill -0 "$1" 2>/dev/null; }

# Ask all to end; wait up to 10 s for each; insist.
stop_parts() {
	for part in $parts; do
		kill "${part#*:}" 2>/dev/null
	done
	for part in $parts; do
		tries=0
		while alive "${part#*:}"; do
			tries=$((tries + 1))
			[ "$tries" -ne 100 ] || kill -KILL "${part#*:}" 2>/dev/null
			sleep 0.1
		done
	done
	parts=''
}

cleanup() {
	status=$?
	trap '' INT TERM HUP
	stop_parts
	[ -z "$work" ] || rm -rf "$work"
	exit "$status"
}

# Being stopped is the normal end, but not before there was anything to see.
stopped() {
	say "
stopping"
	[ "$proved" = yes ] && exit 0
	exit "$1"
}

# start NAME COMMAND...: in the background, with nothing of our environment (a
# REDIS_URL of the user's must not be measured here).  Ends when this script does,
# even if it is killed.
start() {
	name=$1
	shift
	env -i PATH="$PATH" LC_ALL=C setpriv --pdeathsig TERM "$@" </dev/null >"$work/$name.log" 2>&1 &
	parts="$name:$! $parts"
}

# await NAME SECONDS COMMAND...: until it succeeds.  The part may not end meanwhile, and is not to blame for a command
# that is missing.
await() {
	part=$1 seconds=$2
	left=$((seconds * 4))
	shift 2
	until "$@" >"$work/question.out" 2>&1; do
		check_parts
		! grep -q ': not found$' "$work/question.out" || fail "asking $part" "$(cat "$work/question.out")"
		left=$((left - 1))
		[ "$left" -gt 0 ] || fail "$part" "not ready after $seconds s"
		sleep 0.25
	done
}

check_parts() {
	for each in $parts; do
		alive "${each#*:}" || fail "${each%%:*}" "ended"
	done
}

password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# as_postgres COMMAND...: PostgreSQL refuses to run as root.
as_postgres() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid postgres --regid postgres --init-groups "$@"
	else
		"$@"
	fi
}

start_redis() {
	cat >"$work/redis.conf" <<END
bind 127.0.0.1
port $redis_port
requirepass $redis_password
dir $work
save ""
appendonly no
maxmemory 16mb
END
	start redis-server redis-server "$work/redis.conf"
}

redis_answers() {
	REDISCLI_AUTH=$redis_password redis-cli -h 127.0.0.1 -p "$redis_port" ping | grep -qx PONG
}

start_postgres() {
	bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
	data=$work/postgres
	mkdir -m 700 "$data"
	printf '%s\n' "$postgres_password" >"$work/postgres-password"
	[ "$(id -u)" -ne 0 ] || chown postgres "$data" "$work/postgres-password"
	(cd "$data" && as_postgres "$bin/initdb" -D "$data" -U arbwatch --pwfile="$work/postgres-password" \
		--auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync) >"$work/initdb.log" 2>&1 ||
		fail initdb "cannot make a database cluster"
	cat >>"$data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $postgres_port
unix_socket_directories = ''
shared_buffers = 8MB
max_connections = 20
max_wal_senders = 0
wal_level = minimal
fsync = off
END
	if [ "$(id -u)" -eq 0 ]; then
		# setpriv sets the death signal after it has changed the user, which would clear it.
		start postgres setpriv --reuid postgres --regid postgres --init-groups --pdeathsig TERM \
			"$bin/postgres" -D "$data"
	else
		start postgres "$bin/postgres" -D "$data"
	fi
}

postgres_answers() { "$bin/pg_isready" -q -h 127.0.0.1 -p "$postgres_port"; }

# Six exchanges on paper: what the monitor asks never leaves this machine.
start_paper_exchange() {
	start paper_exchange "$BUILD/paper_exchange" --listen "127.0.0.1:$paper_port"
}

# The account of the paper exchange (docs/paper_exchange.md), in files that only we can read.
make_keys() {
	keys=$work/keys
	secret='paper-secret-0123456789abcdef0123456789abcdef'
	mkdir "$keys"
	for venue in $venues; do
		printf 'paper-key\n' >"$keys/$venue.key"
		printf '%s\n' "$secret" >"$keys/$venue.secret"
	done
	printf '%s' "$secret" | base64 -w 0 >"$keys/kraken.secret"
	printf 'paper-passphrase\n' >"$keys/okx.passphrase"
	# Kraken wants nonces that grow: two programs have two keys.
	cp -r "$keys" "$keys.preflight"
	printf 'paper-key-second\n' >"$keys.preflight/kraken.key"
	chmod 0400 "$keys"/* "$keys.preflight"/*
}

# A bot's tables: of positions, which knows of all that the account holds, and of trades; and the views that are read.
make_tables() {
	PGPASSWORD=$postgres_password "$bin/psql" -qX -v ON_ERROR_STOP=1 --single-transaction -h 127.0.0.1 -p "$postgres_port" \
		-U arbwatch -d postgres -f sql/example_positions.sql -f sql/open_positions.sql -f sql/paper_positions.sql \
		-f sql/example_trading.sql -f sql/trading.sql -f sql/paper_engine.sql >"$work/psql.log" 2>&1 ||
		fail psql "cannot make the bot's tables"
}

# The bot trades on paper at two of these exchanges, after a month of a backtest; with so little profit, and so long between two
# legs, that it loses on some days.  A small tuning gives its board something to show.
start_bot() {
	printf '%s\n' "$redis_password" >"$work/redis-password"
	bot_redis=redis://127.0.0.1:$redis_port bot_postgres=postgresql://arbwatch@127.0.0.1:$postgres_port/postgres
	env -i REDIS_URL="$bot_redis" REDIS_PASSWORD_FILE="$work/redis-password" POSTGRES_DSN="$bot_postgres" \
		POSTGRES_PASSWORD_FILE="$work/postgres-password" \
		"$BUILD/paper_engine" tune --sets 20 --step 10m --leg-gap 15s --slippage 0 </dev/null >"$work/tune.log" 2>&1 ||
		fail tune "no set of parameters was found"
	run_bot
}

run_bot() {
	start paper_engine env REDIS_URL="$bot_redis" REDIS_PASSWORD_FILE="$work/redis-password" POSTGRES_DSN="$bot_postgres" \
		POSTGRES_PASSWORD_FILE="$work/postgres-password" "$BUILD/paper_engine" run --history.days 30 \
		--exchange.binance "http://127.0.0.1:$paper_port/binance" --exchange.upbit "http://127.0.0.1:$paper_port/upbit" \
		--control.listen-address "127.0.0.1:$engine_port" --journal.file "$work/paper_engine.journal" \
		--size 400 --min-profit 0.0002 --slippage 0 --leg-gap 35s --cooldown 5m
}

# Called once a second.  A bot that ended, as by its fault `crash`, begins again after a minute, so that its alert is seen.
tend_bot() {
	case $parts in
	*paper_engine:*)
		pid=${parts##*paper_engine:}
		pid=${pid%% *}
		alive "$pid" && return
		parts=${parts%%paper_engine:*}${parts##*"paper_engine:$pid "}
		rest=60
		say "paper_engine has ended; it is started again in a minute"
		;;
	*)
		rest=$((rest - 1))
		[ "$rest" -gt 0 ] || { run_bot && say "paper_engine is started again"; }
		;;
	esac
}

paper_exchange_answers() { curl -sf --noproxy '*' "http://127.0.0.1:$paper_port/binance/api/v3/time"; }

# The gate looks at all of it, and at the working tree that this is run from.
preflight_settings() {
	cat <<END
  keys: $keys.preflight
  redis.target: main=redis://:$redis_password@127.0.0.1:$redis_port
  postgres.target: main=postgresql://arbwatch:$postgres_password@127.0.0.1:$postgres_port/postgres
  engine.postgres: postgresql://arbwatch:$postgres_password@127.0.0.1:$postgres_port/postgres
  git.directory: $PWD
  alertmanager.url: http://127.0.0.1:$alertmanager_port
END
}

# One verdict to look at; its metrics come from the one that repeats.
show_verdict() {
	say "may the bot go live?  (preflight says so every minute)"
	env -i PATH="$PATH" TERM="${TERM-dumb}" NO_COLOR="${NO_COLOR-}" \
		"$BUILD/preflight" --config.file "$work/arbwatch.yml" --stdout >"$work/preflight.verdict" || :
}

# The passwords are in a file that only we can read, never in an argument.
start_collectors() {
	mkdir "$work/textfiles"
	cat >"$work/arbwatch.yml" <<END
env: paper
interval: $interval
textfile:
  directory: $work/textfiles
redis_latency:
  target:
    - main=redis://:$redis_password@127.0.0.1:$redis_port
postgres_latency:
  target:
    - main=postgresql://arbwatch:$postgres_password@127.0.0.1:$postgres_port/postgres
engine_state:
  engine.redis: redis://:$redis_password@127.0.0.1:$redis_port
trading_kpis:
  engine.postgres: postgresql://arbwatch:$postgres_password@127.0.0.1:$postgres_port/postgres
  currency: USDT
END
	# Prices in both currencies; Kraken allows no more than one book in so short an interval.
	for section in exchange_health preflight open_positions; do
		printf '%s:\n  exchange.profiles: %s\n  interval: %s\n  exchange:\n' "$section" "$PWD/exchanges" \
			"$([ "$section" = preflight ] && echo 1m || echo 5s)"
		for venue in $venues; do
			printf '    - %s=http://127.0.0.1:%s/%s\n' "$venue" "$paper_port" "$venue"
		done
		printf '  symbol: [BTC/USDT, ETH/USDT, "upbit:BTC/KRW", "upbit:ETH/KRW", "kraken:BTC/USDT"%s]\n' \
			"$([ "$section" != open_positions ] || echo ', "binance:BTC/USDT", "binance:ETH/USDT", "binance:XRP/USDT"')"
		[ "$section" != preflight ] || preflight_settings
	done >>"$work/arbwatch.yml"
	cat >>"$work/arbwatch.yml" <<END
  keys: $keys
  grace: 5s
  engine.postgres: postgresql://arbwatch:$postgres_password@127.0.0.1:$postgres_port/postgres
END
	for collector in redis_latency postgres_latency exchange_health open_positions engine_state trading_kpis preflight; do
		start "$collector" "$BUILD/$collector" --config.file "$work/arbwatch.yml"
	done
}

# Of the machine what the dashboards show.  The cpu collector of version 1.9 panics where /sys has no processors.
start_node_exporter() {
	set -- --collector.textfile --collector.textfile.directory="$work/textfiles" --collector.loadavg --collector.meminfo \
		--collector.filesystem --collector.diskstats --collector.pressure --collector.timex --collector.time
	[ ! -e /sys/devices/system/cpu/cpu0 ] || set -- "$@" --collector.cpu
	start node_exporter prometheus-node-exporter --web.listen-address="127.0.0.1:$node_port" --collector.disable-defaults "$@"
}

# The status page; node_exporter serves the files here.
start_exporter() {
	start arbwatch_exporter "$BUILD/arbwatch_exporter" --web.listen-address "127.0.0.1:$exporter_port" \
		--textfile.directory "$work/textfiles" \
		--health.expect redis_latency,postgres_latency,exchange_health,open_positions,engine_state,trading_kpis,preflight \
		--alerts.url "http://127.0.0.1:$relay_port"
}

ready() { curl -sf --noproxy '*' "http://127.0.0.1:$exporter_port/health/ready"; }

# A Telegram and a Slack on this machine, whose tokens are no secrets: nobody outside hears of it.
start_paper_chat() {
	start paper_chat "$BUILD/paper_chat" --listen "127.0.0.1:$chat_port"
}

paper_chat_answers() { curl -sf --noproxy '*' "http://127.0.0.1:$chat_port/"; }

# The history is a schema of the only Postgres here.
start_alert_relay() {
	mkdir -m 700 "$work/relay"
	cat >"$work/alert_relay.yml" <<END
alert_relay:
  relay.directory: $work/relay
  web.listen-address: 127.0.0.1:$relay_port
  web.external-url: http://127.0.0.1:$relay_port
  history.postgres: postgresql://arbwatch:$postgres_password@127.0.0.1:$postgres_port/postgres
  alertmanager.url: http://127.0.0.1:$alertmanager_port
  telegram.url: http://127.0.0.1:$chat_port
  telegram.token: "110201543:paper-chat-token"
  telegram.chat: [main=-1001, paper=-1002]
  telegram.user: [1001, 1002]
  slack.url: http://127.0.0.1:$chat_port/api
  slack.token: xoxb-paper-chat-token
  slack.channel: [main=C0MAIN, p0=C0URGENT]
END
	start alert_relay "$BUILD/alert_relay" --config.file "$work/alert_relay.yml"
}

alert_relay_answers() { curl -sf --noproxy '*' "http://127.0.0.1:$relay_port/-/ready"; }

# The shipped configuration, whose receivers are alert_relay.
start_alertmanager() {
	ARBWATCH_ALERT_WEBHOOK=http://127.0.0.1:$relay_port/webhook ARBWATCH_ALERT_SECRETS=/nonexistent \
		alertmanager/render.sh <alertmanager/alertmanager.yml >"$work/alertmanager.yml" ||
		fail alertmanager "cannot make its configuration"
	start alertmanager prometheus-alertmanager --config.file="$work/alertmanager.yml" \
		--storage.path="$work/alertmanager" --web.listen-address="127.0.0.1:$alertmanager_port" --cluster.listen-address=
}

alertmanager_answers() { curl -sf --noproxy '*' "http://127.0.0.1:$alertmanager_port/-/ready"; }

# The shipped configuration, with the ports of this run and a quicker pace: what was sent before Alertmanager was known is sent
# again soon.
start_prometheus() {
	mkdir "$work/targets" "$work/hosts"
	printf -- "- targets: ['127.0.0.1:%s']\n  labels: {fast_lane: 'true'}\n" "$node_port" >"$work/targets/node.yml"
	printf -- "- targets: ['127.0.0.1:%s']\n" "$exporter_port" >"$work/targets/fast.yml"
	cp -r prometheus/rules "$work/"
	printf -- "- targets: ['127.0.0.1:%s']\n" "$exporter_port" >"$work/targets/arbwatch.yml"
	printf -- "- targets: ['127.0.0.1:%s']\n" "$alertmanager_port" >"$work/targets/alertmanager.yml"
	printf -- "- targets: ['127.0.0.1:%s']\n" "$relay_port" >"$work/targets/alert_relay.yml"
	sed -e "s/127\.0\.0\.1:9090/127.0.0.1:$prometheus_port/" \
		-e 's/^\( *scrape_interval\):.*/\1: 1s/' -e 's/^\( *scrape_timeout\):.*/\1: 1s/' \
		-e 's/^\( *evaluation_interval\):.*/\1: 3s/' \
		prometheus/prometheus.yml >"$work/prometheus.yml"
	start prometheus prometheus --config.file="$work/prometheus.yml" \
		--storage.tsdb.path="$work/prometheus" --storage.tsdb.retention.time=6h --rules.alert.resend-delay=5s \
		--web.listen-address="127.0.0.1:$prometheus_port"
}

# ask EXPRESSION: the value of the first series of Prometheus's answer; fails without one.
ask() {
	answer=$(curl -sf --noproxy '*' -G --data-urlencode "query=$1" "http://127.0.0.1:$prometheus_port/api/v1/query" |
		sed -n 's/[^]]*"value":\[[^,]*,"\([^"]*\)".*/\1/p')
	[ -n "$answer" ] && printf '%s\n' "$answer"
}

prometheus_answers() { ask 'vector(1)'; }

# grows FAMILY FROM: its histogram's count is above FROM now.
grows() {
	now=$(ask "sum(${1}_count)") && [ "$now" -gt "$2" ]
}

# prove FAMILY:COLLECTOR...: histograms that Prometheus has, and that grow.  All are looked at before the first is awaited
# again, so that they grow in the same interval.
prove() {
	for each; do
		await "${each#*:}" 120 ask "sum(${each%:*}_count)"
	done
	for each; do
		ask "sum(${each%:*}_count)" >"$work/${each%:*}.first"
	done
	for each; do
		family=${each%:*} first=$(cat "$work/${each%:*}.first")
		await "${each#*:}" 120 grows "$family" "$first"
		say "  ${family}_count: $first, then $(ask "sum(${family}_count)")"
	done
}

# The figures of the bot: a name, a format of awk, a factor, an expression.
core_figures() {
	cat <<'END'
equity|%.2f USDT|1|max(arbitrage_kpi_equity{currency="USDT"})
profit today|%+.2f USDT|1|max(arbitrage_kpi_converted_pnl{scope="total",window="today"})
profit in all|%+.2f USDT|1|max(arbitrage_kpi_converted_pnl{scope="total",window="all"})
trades|%d|1|sum(arbitrage_kpi_trades{scope="total",window="all"})
win ratio|%.1f %%|100|max(arbitrage_kpi_win_ratio{scope="total",window="all",currency="USDT"})
profit factor|%.2f|1|max(arbitrage_kpi_profit_factor{scope="total",window="all",currency="USDT"})
Sharpe ratio|%.2f|1|max(arbitrage_kpi_sharpe_ratio{window="all",currency="USDT"})
largest drawdown|%.3f %%|100|max(arbitrage_kpi_max_drawdown_ratio{window="all",currency="USDT"})
average duration|%.2f s|1|max(arbitrage_kpi_trade_duration_average_seconds{scope="total",window="all",currency="USDT"})
average slippage|%.2f bp|10000|max(arbitrage_kpi_slippage_average_ratio{scope="total",window="all",currency="USDT"})
END
}

# Print those of $work/figures that are there, and keep the others.  Fails while there are others.
print_figures() {
	mv "$work/figures" "$work/figures.before"
	while IFS='|' read -r name format factor expression; do
		if figure=$(ask "$expression"); then
			awk -v name="$name" -v format="$format" -v value="$figure" -v factor="$factor" \
				'BEGIN { printf "  %-18s" format "\n", name, value * factor }' >&3
		else
			printf '%s|%s|%s|%s\n' "$name" "$format" "$factor" "$expression"
		fi
	done <"$work/figures.before" >"$work/figures"
	[ ! -s "$work/figures" ]
}

show_figures() {
	say "what the bot earns, each figure as it comes alive:"
	core_figures >"$work/figures"
	await trading_kpis 120 print_figures 3>&1
}

show() {
	query='histogram_quantile(0.9, sum by (le) (rate(arbitrage_redis_latency_seconds_bucket[1m])))'
	cat <<END

It works.  Where to look:
  the status page     http://127.0.0.1:$exporter_port
  Prometheus          http://127.0.0.1:$prometheus_port
  Alertmanager        http://127.0.0.1:$alertmanager_port
  the alerts          http://127.0.0.1:$relay_port (docs/alerting.md: what is open, its story, a button to acknowledge)
  their messages      http://127.0.0.1:$chat_port (as Telegram and Slack would show them)
    an urgent one: curl -X POST 'http://127.0.0.1:$paper_port/control/binance/frozen'
  the paper engine    http://127.0.0.1:$engine_port/control (docs/paper_engine.md: the bot, and faults to turn on)
    one of them: curl -X POST 'http://127.0.0.1:$engine_port/control/daily-loss'
  node_exporter       http://127.0.0.1:$node_port/metrics
  the paper exchange  http://127.0.0.1:$paper_port/control (docs/paper_exchange.md: faults to turn on)
    one of them: curl -X POST 'http://127.0.0.1:$paper_port/control/binanceusdm/drift?value=0.25'
    after the grace (5s) arbitrage_position_mismatch tells what the bot does not know of
  the .prom files     $work/textfiles
  logs and settings   $work
An example, the time that 9 of 10 Redis PINGs stay below, in seconds:
  $query
  = $(ask "$query")
END
}

trap cleanup EXIT
trap 'stopped 130' INT
trap 'stopped 143' TERM
trap 'stopped 129' HUP

packaging/install-dependencies.sh build run || exit 1
say "building in $BUILD"
make -s -j"$(nproc)" BUILD="$BUILD" all "$BUILD/tests/tools/free_port" || {
	echo "demo: the build failed" >&2
	exit 1
}
umask 077
work=$(mktemp -d "${TMPDIR:-/tmp}/arbwatch-demo.XXXXXX") || exit 1
chmod 711 "$work" # the user of PostgreSQL has to pass
# shellcheck disable=SC2046 # one port per word
set -- $("$BUILD/tests/tools/free_port" 10)
[ $# -eq 10 ] || fail free_port "found no free ports"
redis_port=$1 postgres_port=$2 node_port=$3 prometheus_port=$4 paper_port=$5 exporter_port=$6 alertmanager_port=$7
chat_port=$8 relay_port=$9 engine_port=${10}
redis_password=$(password) postgres_password=$(password)
venues='binance binanceusdm upbit bybit okx kraken'

say "starting in $work"
start_redis
start_paper_exchange
await redis-server 60 redis_answers
start_postgres
await postgres 120 postgres_answers
await paper_exchange 60 paper_exchange_answers
make_tables
make_keys
start_bot
start_paper_chat
await paper_chat 60 paper_chat_answers
start_alert_relay
await alert_relay 60 alert_relay_answers
start_alertmanager
start_collectors
start_node_exporter
start_exporter
start_prometheus
await prometheus 120 prometheus_answers
await alertmanager 60 alertmanager_answers

show_verdict
say "waiting for Prometheus to see the histograms grow"
prove arbitrage_redis_latency_seconds:redis_latency arbitrage_postgres_latency_seconds:postgres_latency \
	arbitrage_exchange_request_duration_seconds:exchange_health
await exchange_health 120 ask 'count(arbitrage_exchange_up == 1) == 6'
await open_positions 120 ask 'count(arbitrage_positions_readable == 1) == 12'
await open_positions 120 ask 'count(arbitrage_position_mismatch) > 0 and sum(abs(arbitrage_position_mismatch)) == 0'
await engine_state 120 ask 'arbitrage_engine_up == 1'
show_figures
await preflight 150 ask 'count(arbitrage_preflight_last_success == 1)'
await arbwatch_exporter 120 ready
await arbwatch_exporter 120 ask 'up{job="arbwatch"} == 1'
await alertmanager 60 ask 'prometheus_notifications_alertmanagers_discovered == 2'
await alert_relay 120 ask 'time() - alert_relay_heartbeat_timestamp_seconds < 120 and on () alert_relay_history_up == 1'
show
proved=yes
[ "$once" != 1 ] || exit 0

say "
Ctrl-C stops all of it."
while :; do
	tend_bot
	check_parts
	sleep 1
done
