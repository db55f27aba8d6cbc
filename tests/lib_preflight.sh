# shellcheck shell=sh
# shellcheck disable=SC2154  # what lib.sh, which is sourced before, sets
# What the scenarios of preflight share: a real Redis and Postgres, six exchanges on paper, a working tree with
# a commit, keys, and a "live" exchange: the same paper exchange behind TLS at 0.0.0.0, which is this machine, but
# no loopback address for the reader of the URL.  Its access log is the record of what is sent to a live host.

preflight=$BUILD/preflight
helpers=$repository/tests/collectors/preflight
venues='binance binanceusdm upbit bybit okx kraken'
unset PGPASSFILE ARBWATCH_ENV ARBWATCH_LIVE_ARMED NO_COLOR
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

secret='paper-secret-0123456789abcdef0123456789abcdef'
keys=$work/keys
make_keys() {
	rm -rf "$keys"
	mkdir -m 755 "$keys"
	for venue in $venues; do
		printf 'paper-key\n' >"$keys/$venue.key"
		printf '%s\n' "$secret" >"$keys/$venue.secret"
	done
	printf '%s' "$secret" | base64 -w 0 >"$keys/kraken.secret"
	printf 'paper-passphrase\n' >"$keys/okx.passphrase"
	chmod 0400 "$keys"/*
}

start_paper() {
	spawn paper "$BUILD/paper_exchange" --listen 127.0.0.1:0
	paper_port=$(port_of "$SPAWNED")
	await 20 "$TOOLS/request" "$paper_port" GET /binance/api/v3/time || { echo "paper_exchange did not start"; exit 1; }
}
control() { oracle control "$paper_port" "$1" "$work/control" "/control$2"; } # control METHOD PATH
# Empty accounts, everywhere.
flatten() {
	set --
	for venue in $venues; do set -- "$@" "/control/$venue/flat"; done
	oracle control "$paper_port" POST "$work/control" "$@"
}

# The profiles, with that host among the live ones of each exchange.
profiles=$work/profiles
mkdir "$profiles"
for venue in "$repository"/exchanges/*.yaml; do
	sed 's/^live_hosts: \[/&0.0.0.0, /' "$venue" >"$profiles/${venue##*/}"
done

start_live() {  # sets live_port and $work/live.pem; the record is $work/live.log
	live_port=$(free_port)  # nginx takes no port 0
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/live.key" -out "$work/live.pem" -days 2 -subj /CN=live \
		-addext 'subjectAltName=IP:0.0.0.0' 2>/dev/null
	: >"$work/live.log"
	cat >"$work/nginx.conf" <<-END
		daemon off;
		pid $work/nginx.pid;
		error_log $work/nginx.error;
		worker_processes 1;
		events { worker_connections 256; }
		http {
			log_format sent '\$request_method \$request_uri key=\$http_x_mbx_apikey\$http_authorization\$http_api_key';
			access_log $work/live.log sent;
			client_body_temp_path $work/nginx.body;
			proxy_temp_path $work/nginx.proxy;
			fastcgi_temp_path $work/nginx.fastcgi;
			uwsgi_temp_path $work/nginx.uwsgi;
			scgi_temp_path $work/nginx.scgi;
			server {
				listen 127.0.0.1:$live_port ssl;
				ssl_certificate $work/live.pem;
				ssl_certificate_key $work/live.key;
				location / { proxy_pass http://127.0.0.1:$paper_port; }
			}
		}
	END
	spawn live nginx -c "$work/nginx.conf"
	await 20 curl -sf --cacert "$work/live.pem" "https://0.0.0.0:$live_port/binance/api/v3/time" || {
		cat "$work/live.log" "$work/nginx.error"
		exit 1
	}
	: >"$work/live.log"
}

bot=$work/bot
git_bot() {
	git -C "$bot" -c user.name=bot -c user.email=bot@example.com -c init.defaultBranch=main -c commit.gpgsign=false \
		-c maintenance.auto=false "$@" >"$work/git.out" 2>&1
}
# make_repository: anew, with one commit; it is made once, and then copied.
make_repository() {
	rm -rf "$bot"
	if [ -d "$work/bot.made" ]; then
		cp -a "$work/bot.made" "$bot"
		return
	fi
	mkdir "$bot"
	git_bot init
	rm -f "$bot"/.git/hooks/*
	echo 'print("bot")' >"$bot/bot.py"
	git_bot add bot.py
	git_bot commit -m first
	cp -a "$bot" "$work/bot.made"
}

start_stores() {
	start_postgres
	sql "$(cat "$repository/sql/example_positions.sql")"
	sql "$(cat "$repository/sql/open_positions.sql")"
	sql "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('7f3c')"
	dsn="postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/postgres"
	start_redis
	redis_url="redis://127.0.0.1:$REDIS_PORT"
}

start_all() {
	make_keys
	make_repository
	start_stores
	start_paper
	start_live
}

# gate STATUS ENV [FLAG...]: all checks, on what is above; evidence in $work/evidence.json.  The secrets of the paper
# exchange are public, and other tests have them in arguments: where they are is not looked at.
paper_exchanges() { for each in $venues; do printf '%s\n' "--exchange=$each=http://127.0.0.1:$paper_port/$each"; done; }
live_exchanges() { for each in $venues; do printf '%s\n' "--exchange=$each=https://0.0.0.0:$live_port/$each"; done; }
# An answer that a busy machine delays says little of the clock: but for the checks of clocks, that does not count.
max_skew=10s
gate() {
	gate_status=$1 gate_env=$2
	shift 2
	# shellcheck disable=SC2046  # one word each
	set -- $("${gate_env}_exchanges") --symbol BTC/USDT --symbol ETH/USDT --symbol upbit:BTC/KRW "$@"
	if [ "$gate_env" = live ]; then
		set -- --live.armed yes --live.verified upbit --live.verified binanceusdm "$@"
	fi
	run "$gate_status" "$preflight" --env "$gate_env" --timeout 20s --exchange.profiles "$profiles" --keys "$keys" \
		--redis.target "$redis_url" --postgres.target "$dsn" --postgres.schema-version 7f3c --engine.postgres "$dsn" \
		--git.directory "$bot" --secrets.processes no --tls.ca-file "$work/live.pem" --output "$work/evidence.json" \
		--redis.latency.warn 1s --redis.latency.fail 2s --postgres.latency.warn 1s --postgres.latency.fail 2s \
		--degraded.latency 14s --degraded.headroom 0 --frozen.age 30s --frozen.runs 1000 --clock.max-skew "$max_skew" \
		--check.timeout 15s "$@"
	[ "$got" -eq "$gate_status" ] || sed 's/^/  list | /' "$work/out"
}

# What the evidence of the last run says is asked of one python, which starts once: oracle QUESTION WORD...
start_oracle() {
	mkfifo "$work/questions" "$work/answers"
	exec 7<>"$work/questions" # for reading, too: writing to an oracle that has ended is no signal
	spawn oracle answer_questions
	exec 8<"$work/answers"
}
answer_questions() {
	exec "$PYTHON" "$helpers/oracle.py" "$repository/docs/preflight.schema.json" "$work/evidence.json" \
		<"$work/questions" >"$work/answers" 7>&-
}
oracle() {
	printf '%s\037' "$@" >&7
	printf '\036' >&7
	while IFS= read -r oracle_line <&8; do
		case $oracle_line in
		=*) return "${oracle_line#=}" ;;
		esac
		printf '%s\n' "${oracle_line# }"
	done
	echo "the oracle has ended"
	cat "$work/oracle.log"
	return 1
}
start_oracle
# evidence EXPRESSION: it has a value, in python, about `run` and `checks` by name.
evidence() { oracle evidence "$1"; }
# is CHECK STATUS [TEXT]: of the last run; TEXT is in the reason.
is() { oracle is "$1" "$2" "${3-}"; }
hinted() { oracle hinted "$1" "$2"; } # hinted CHECK TEXT
# valid: by its schema, and its numbers are those of its checks.
valid() { oracle valid; }
# The verdict's line in what was printed.
said() { cat "$work/out"; grep -qF -- "$1" "$work/out"; }
