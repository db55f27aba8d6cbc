# shellcheck shell=sh
# A machine of its own for a test that runs in mount and network namespaces of its own: everything below changes what
# lies outside of $work, as this test alone sees it.  $work/installed has what is installed, $tree the bot's checkout.

directory=/var/lib/prometheus/node-exporter

# In the place of this shell: as the user of the collectors, with these variables alone.
become_arbwatch() { exec setpriv --reuid arbwatch --regid arbwatch --clear-groups env -i "$@"; }
# As somebody who has logged in, with what the pages say is in the environment.
logged_in() {
	become_arbwatch PATH=/usr/local/bin:/usr/bin:/bin HOME="$work/home" PGUSER=postgres \
		BOT_CONFIG=/etc/bot/config.yml POSTGRES_PASSWORD_FILE=/etc/arbwatch/postgres_password "$@"
}
as_arbwatch() { (logged_in "$@"); }

own_machine() {
	ip link set lo up && ip address add 10.0.0.5/32 dev lo && ip address add 10.0.0.6/32 dev lo || return 1
	cp -a /etc "$work/etc" && mount --bind "$work/etc" /etc && mount --bind "$work/installed/usr/local" /usr/local || return 1
	for place in /var/lib /srv /run; do
		mkdir -p "$place" && mount -t tmpfs tmpfs "$place" || return 1
	done
	echo 'arbwatch:x:9109:9109::/nonexistent:/bin/sh' >>/etc/passwd
	echo 'arbwatch:x:9109:' >>/etc/group
	echo '10.0.0.6 db1' >>/etc/hosts
	mkdir -p "$directory" /var/lib/arbwatch /run/redis /run/postgresql /etc/bot /etc/arbwatch/keys "$work/home/keys" /srv/bot
	echo 'size: 1' >/etc/bot/config.yml
	printf '...\n' >/etc/arbwatch/postgres_password # the password of the user in stack.md
	for exchange in binance upbit; do
		for part in key secret; do
			od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"/etc/arbwatch/keys/$exchange.$part"
			cp "/etc/arbwatch/keys/$exchange.$part" "$work/home/keys/"
		done
	done
	# A bot that is started when preflight lets it.
	printf '#!/bin/sh\ntouch started\n' >/usr/local/bin/start-the-bot
	chmod -R go= /etc/arbwatch
	chmod 755 /usr/local/bin/start-the-bot
	chown -R arbwatch:arbwatch "$directory" /var/lib/arbwatch /etc/arbwatch "$work/home" "$tree" /srv/bot
	chown postgres /run/postgresql
	as_arbwatch git init -q /srv/bot
	as_arbwatch git -C /srv/bot -c user.name=bot -c user.email=bot@localhost commit -q --allow-empty -m start
}

own_servers() {
	spawn redis redis-server --bind 127.0.0.1 10.0.0.5 --port 6379 --protected-mode no --save '' --appendonly no --dir "$work" \
		--unixsocket /run/redis/redis.sock --unixsocketperm 777
	mkdir "$work/postgres" && chown postgres "$work/postgres" || return 1
	as_postgres "$POSTGRES_BIN/initdb" -D "$work/postgres" -U postgres --auth-local=trust --auth-host=scram-sha-256 --no-sync ||
		return 1
	echo 'host all arbwatch 10.0.0.6/32 scram-sha-256' >>"$work/postgres/pg_hba.conf"
	spawn postgres setpriv --reuid postgres --regid postgres --init-groups "$POSTGRES_BIN/postgres" -D "$work/postgres" \
		-c "listen_addresses=127.0.0.1,10.0.0.6" -c unix_socket_directories=/run/postgresql -c fsync=off
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 2 \
		-keyout "$work/paper.key" -out "$work/paper.pem" || return 1
	spawn paper /usr/local/bin/paper_exchange --listen 127.0.0.1:9180 --tls.cert-file "$work/paper.pem" --tls.key-file "$work/paper.key"
	spawn engine /usr/local/bin/paper_engine run --tls.ca-file "$work/paper.pem" \
		--exchange.binance https://localhost:9180/binance --exchange.upbit https://localhost:9180/upbit
	await 30 redis-cli ping && await 30 "$POSTGRES_BIN/pg_isready" -q -h 127.0.0.1 &&
		await 30 curl -sk https://127.0.0.1:9180/control &&
		await 30 curl -s http://127.0.0.1:9190/control
}

# What the examples take for granted: the bot's tables, in two databases.
own_tables() {
	for database in bot other freqtrade hummingbot; do
		as_arbwatch psql -v ON_ERROR_STOP=1 -q -d postgres -c "CREATE DATABASE $database" || return 1
	done
	as_arbwatch psql -v ON_ERROR_STOP=1 -q -d bot -f sql/example_positions.sql -f sql/example_trading.sql -c "
		INSERT INTO positions (exchange, symbol, side, quantity) VALUES ('binance', 'BTC', 'long', 1);
		CREATE TABLE alembic_version AS SELECT '7f3c9a' AS version_num; GRANT SELECT ON alembic_version TO PUBLIC" || return 1
	cat sql/history/*.sql >"$work/history.sql" && chmod 644 "$work/history.sql" &&
		as_arbwatch psql -v ON_ERROR_STOP=1 -q -d bot -c 'CREATE SCHEMA arbwatch_history' -f "$work/history.sql" || return 1
	as_arbwatch psql -v ON_ERROR_STOP=1 -q -d other -c "CREATE SCHEMA bot;
		CREATE TABLE bot.positions (venue text, pair text, amount numeric, modified timestamp);
		INSERT INTO bot.positions VALUES ('okx', 'BTC/USDT', -0.5, now()), ('okx', 'ETH/USDT', 0, now())" || return 1
	for database in freqtrade hummingbot; do
		as_arbwatch psql -v ON_ERROR_STOP=1 -q -d "$database" -f "$work/$database.sql" || return 1
	done
}

# found PROGRAM: its file, or its answer, tells what is true on this machine, which reaches no exchange.
found() {
	file=$directory/$1.prom
	case $1 in
	redis_latency) grep -q '^arbitrage_redis_up{.*} 1$' "$file" ;;
	postgres_latency) grep -q '^arbitrage_postgres_up{.*} 1$' "$file" ;;
	exchange_health) grep -q '^arbitrage_exchange_up{.*exchange="upbit".*} 0$' "$file" ;;
	open_positions)
		grep -q '^arbitrage_positions_readable{source="engine",exchange="binance",.*} 1$' "$file" &&
			grep -q '^arbitrage_positions_readable{source="exchange",exchange="binance",.*} 0$' "$file"
		;;
	preflight) grep -q '^arbitrage_preflight_ready_for_live{env="live"} 0$' "$file" ;;
	arbwatch_exporter) curl -sf http://127.0.0.1:9109/metrics | grep -q '^arbitrage_redis_up{.*} 1$' ;;
	textfile_lint) true ;;
	*) false ;;
	esac
}

# evidence FILE: what can be checked here passes, and what asks exchanges does not.
evidence() {
	"$PYTHON" -c '
import json, sys
found = {check["name"]: check["status"] for check in json.load(open(sys.argv[1]))["checks"]}
print(found)
passed = ("environment", "redis", "postgres", "git_safety")
sys.exit(any(found[name] not in ("pass", "warn") for name in passed) or found["exchange_health"] != "fail")' "$1"
}
