#!/bin/sh
# make e2e: the real compose files under a real Docker engine.
#
# Where no engine runs, one is started, with a store and a socket of its own, and ended.  Where the images that the stack
# pins are not at hand, stand-ins are built from Debian's packages (Dockerfile beside this file) under their names.  Of
# what has no stand-in (Grafana, Kibana, ...) only the model is checked.  Without an engine all is skipped, in words.
#
#	BUILD                the tree to work in (default: build)
#	ARBWATCH_E2E_STORE   where an engine of our own keeps its images for the next time (default: $BUILD/e2e)
#	ARBWATCH_E2E_KEEP    1: leave engine and stack up when it ends

set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD="${BUILD:-build}"
mkdir -p "$BUILD"
# shellcheck source=tests/lib.sh
. tests/lib.sh
unset COMPOSE_FILE COMPOSE_PROFILES COMPOSE_PROJECT_NAME
here=$PWD/tests/e2e
store=${ARBWATCH_E2E_STORE:-$BUILD/e2e}
project=arbwatch-e2e
# One service for each program in collectors/.
# queue_depth is in a profile: it has nothing to do before the settings name queues.
collectors=$(basename -a -s .c collectors/*.c | grep -vx queue_depth | tr _ - | tr '\n' ' ')
collector_count=$(echo "$collectors" | wc -w)
engine_pid='' forwarding='' policy=''
: >"$work/made"

say() { printf '== %s (%s s)\n' "$1" "$(($(date +%s) - began))"; }
began=$(date +%s)

end_engine() {
	[ -n "$engine_pid" ] || return 0
	kill "$engine_pid" 2>/dev/null
	await 60 engine_ended || kill -KILL "$engine_pid"
	wait "$engine_pid" 2>/dev/null
	# What the engine changed on the machine and leaves behind.
	[ "$forwarding" != 0 ] || echo 0 >/proc/sys/net/ipv4/ip_forward
	[ "$policy" != '-P FORWARD ACCEPT' ] || iptables -P FORWARD ACCEPT
}
engine_ended() { ! kill -0 "$engine_pid"; }

end_all() {
	trap '' INT TERM HUP
	if [ "${ARBWATCH_E2E_KEEP:-0}" = 1 ]; then
		echo "left up: DOCKER_HOST=${DOCKER_HOST-}, project $project; end the engine with: kill $engine_pid"
		return
	fi
	[ -z "${compose:-}" ] || stack down -v --remove-orphans -t 5 >/dev/null 2>&1
	# In an engine of others no image may pass for the published one.
	[ -n "$engine_pid" ] || xargs -r docker rmi -f <"$work/made" >/dev/null 2>&1
	end_engine
	cleanup
}
trap end_all EXIT

skip_all() {
	skip "the stack" "$1"
	finish
}

### An engine

start_engine() {
	[ "$(id -u)" -eq 0 ] || skip_all "no Docker engine answers, and only root could start one"
	command -v dockerd >/dev/null || skip_all "there is no Docker engine: packaging/install-dependencies.sh e2e"
	mkdir -p "$store/data"
	forwarding=$(cat /proc/sys/net/ipv4/ip_forward) policy=$(iptables -S FORWARD 2>/dev/null | head -n 1)
	export DOCKER_HOST="unix://$work/docker.sock"
	# A mount namespace of its own, where / is shared as the mount of the host's files needs it; with it all mounts of
	# the engine go away.
	setsid unshare --mount --propagation shared dockerd --data-root "$store/data" --exec-root "$work/exec" \
		--pidfile "$work/docker.pid" --host "$DOCKER_HOST" --bridge none >"$work/dockerd.log" 2>&1 &
	engine_pid=$!
	await 120 engine_decided
	docker info >/dev/null 2>&1 || {
		why=$(grep -v level=info "$work/dockerd.log" | tail -n 1)
		skip_all "the Docker engine does not start: ${why:-no word of why}"
	}
}
engine_decided() { docker info || engine_ended; }

command -v docker >/dev/null || skip_all "there is no docker command: packaging/install-dependencies.sh e2e"
docker info >/dev/null 2>&1 || start_engine
say "engine $(docker version --format '{{.Server.Version}}')"
# Without the plugin buildx a client cannot use BuildKit, but for that of Debian 12, which has it in itself.
builder=docker
[ ! -x /usr/bin/docker ] || builder=/usr/bin/docker
case $($builder --version) in
*' 20.'*) export DOCKER_BUILDKIT=1 ;;
esac

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# must TITLE COMMAND...: what the rest depends on.  It takes minutes, and a signal to this shell is not to wait for it.
must() {
	title=$1
	shift
	"$@" >"$work/must.log" 2>&1 &
	echo $! >>"$work/pids"
	if ! wait $!; then
		tail -n 30 "$work/must.log"
		check "$title" false
		finish
	fi
	check "$title" true
}

### Images

# As small as the published one, which leaves out the same.
make_base() {
	root=$(tests/bare/root.sh trixie) || return 1
	mkdir -p "$work/base/etc/dpkg/dpkg.cfg.d"
	for path in doc info man locale; do
		echo "path-exclude /usr/share/$path/*"
	done >"$work/base/etc/dpkg/dpkg.cfg.d/docker"
	tar -c --exclude='./usr/share/doc/*' --exclude='./usr/share/info/*' --exclude='./usr/share/man/*' \
		--exclude='./usr/share/locale/*' --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' \
		--exclude='./var/log/*' -C "$root" . -C "$work/base" ./etc/dpkg/dpkg.cfg.d/docker |
		docker import -c 'CMD ["bash"]' - debian:trixie-slim >/dev/null || return 1
	echo debian:trixie-slim >>"$work/made"
}

has_image debian:trixie-slim || {
	command -v debootstrap >/dev/null || skip_all "no image debian:trixie-slim, and no debootstrap to make one"
	must "a base image" make_base
}
say "base image"

# Compose of Debian 13, where that of this machine does not know include.
newer_compose() {
	compose_version=$("$@" version --short 2>/dev/null) || return 1
	printf '%s\n' 2.26 "${compose_version#v}" | sort -V -C
}
fetch_compose() {
	[ -x "$store/docker-compose" ] || {
		mkdir -p "$store"
		docker run --rm --network host debian:trixie-slim sh -c \
			'cd /tmp && apt-get update >&2 && apt-get download docker-compose >&2 && cat docker-compose_*.deb' \
			>"$work/compose.deb" &&
			dpkg -x "$work/compose.deb" "$work/compose" &&
			cp "$work/compose/usr/libexec/docker/cli-plugins/docker-compose" "$store/docker-compose.new" &&
			mv "$store/docker-compose.new" "$store/docker-compose"
	} && newer_compose "$store/docker-compose"
}
compose=''
if newer_compose docker compose; then
	compose='docker compose'
else
	must "Compose 2.26 or newer" fetch_compose
	compose=$store/docker-compose
fi
# stack ARGUMENT...: Compose on the real files, as a project of our own.
stack() { $compose -p "$project" "$@"; }

# build TARGET TAG DOCKERFILE CONTEXT [ARGUMENT...]
build() {
	build_target=$1 build_tag=$2 build_file=$3 build_context=$4
	shift 4
	$builder build --network host --target "$build_target" -t "$build_tag" -f "$build_file" "$@" "$build_context"
}

# Of each pinned image that is not at hand, the stand-in.
stand_ins() {
	stack --profile '*' config --images | sort -u >"$work/images"
	while read -r image; do
		case $image in
		prom/prometheus:*) target=prometheus ;;
		prom/alertmanager:*) target=alertmanager ;;
		prom/node-exporter:*) target=node-exporter ;;
		redis:*) target=redis ;;
		postgres:*) target=postgres ;;
		oliver006/redis_exporter:*) target=redis-exporter ;;
		prometheuscommunity/postgres-exporter:*) target=postgres-exporter ;;
		victoriametrics/victoria-metrics:*) target=victoriametrics ;;
		*) continue ;;
		esac
		has_image "$image" && [ -z "$engine_pid" ] && continue
		build "$target" "$image" "$here/Dockerfile" "$here" || return 1
		echo "$image" >>"$work/made"
	done <"$work/images"
}
must "the stand-ins build" stand_ins
say "stand-ins"

revision=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
export ARBWATCH_VERSION=e2e
must "the unit tests pass in the image's Debian 13" build test arbwatch:e2e-test compose/Dockerfile . --build-arg "REVISION=$revision"
docker run --rm arbwatch:e2e-test cat /test-totals >"$work/totals"
check "so do those of Redis, over TLS too" grep -q '^ok *redis_latency' "$work/totals"
refute "TLS is not skipped" grep -q 'SKIPPED.*TLS' "$work/totals"
tail -n 1 "$work/totals"
must "our image builds" build runtime arbwatch:e2e compose/Dockerfile . --build-arg "REVISION=$revision" --build-arg VERSION=e2e
printf 'arbwatch:e2e\narbwatch:e2e-test\n' >>"$work/made"
size=$(($(docker image inspect --format '{{.Size}}' arbwatch:e2e) / 1000000))
check "our image has less than 120 MB ($size MB)" test "$size" -lt 120
echo "our image: $size MB"
for program in $(basename -a -s .c collectors/*.c) textfile_lint arbwatch_exporter alert_relay paper_exchange paper_engine paper_chat; do
	check "our image runs $program" docker run --rm --network none arbwatch:e2e "$program" --version
done
say "our image"

### The model

live() { $compose -p "$project-live" -f compose.live.yaml --env-file compose/live.env.example "$@"; }
for profile in '' exporters logs scale queues '*'; do
	check "compose.yaml is valid, profile '$profile'" stack --profile "$profile" config -q
	check "compose.live.yaml is valid, profile '$profile'" live --profile "$profile" config -q
done
check "scale.settings is valid" stack --env-file compose/scale.settings config -q
without_settings() { $compose -f compose.live.yaml config -q; }
refute "the live stack does not start without its settings" without_settings
no_finding() { "$PYTHON" "$here/model.py" <"$work/model.json" | not grep .; }
stack --profile '*' config --format json >"$work/model.json"
check "every service is confined, limited, pinned and watched" no_finding
live --profile '*' config --format json >"$work/model.json"
check "so is every service of the live stack" no_finding
live config --services >"$work/live"
stack config --services >"$work/paper"
for service in $collectors; do
	check "$service is in the stack" grep -qxF "$service" "$work/paper"
	check "and in the live one" grep -qxF "$service" "$work/live"
done
refute "the live stack has nothing on paper" grep -qxE 'redis|postgres|paper-exchange|bot' "$work/live"
without_remote() {
	sed -e '/^#/d' -e '/^$/d' -e '/^  external_labels:/,/replica/d' -e '/^remote_write:/,/action:/d' -e '/^  *# Which/d' "$1"
}
same_scrapes() {
	without_remote prometheus/prometheus.yml >"$work/a"
	without_remote prometheus/prometheus-scale.yml >"$work/b"
	diff "$work/a" "$work/b"
}
check "prometheus-scale.yml is prometheus.yml and a remote_write" same_scrapes

# The live stack's setup, with secrets as an operator would leave them; nothing of it asks anybody.
mkdir -m 700 "$work/secrets.d"
export ARBWATCH_SECRETS="$work/secrets.d"
live_setup() {
	live up --no-deps --exit-code-from setup setup >"$work/live.log" 2>&1
	live_status=$?
	live logs --no-log-prefix setup >"$work/live.log" 2>&1
	return "$live_status"
}
(umask 077 && printf 'of-the-operator\n' >"$work/secrets.d/redis_password")
refute "the live stack does not make up the password of a Postgres" live_setup
check "it says which secret is missing, and where it goes" grep -q 'lacks postgres_password: write each' "$work/live.log"
mv "$work/secrets.d/redis_password" "$work/kept"
refute "it makes up no password of a Redis either" live_setup
check "it names all that are missing at once" grep -q 'lacks redis_password postgres_password: ' "$work/live.log"
mv "$work/kept" "$work/secrets.d/redis_password"
(umask 077 && printf 'also-of-the-operator' >"$work/secrets.d/postgres_password")
check "with both it is ready" live_setup
refute "it does not tell them" grep -q 'of-the-operator' "$work/live.log"
taken() {
	docker run --rm --network none -v "$project-live_monitor-secrets:/s:ro" arbwatch:e2e cat /s/redis_password /s/postgres_password
}
check "they are taken as they are, without the end of the line" test "$(taken)" = of-the-operatoralso-of-the-operator
# Its collectors, with the settings that an operator begins with: they are checked, and nobody is asked.
live_check() {
	(
		export ARBWATCH_CONFIG=live.yml.example
		program=$(echo "$1" | tr - _)
		live run --rm -T --no-deps "$1" "$program" --config.check >"$work/live.log" 2>&1 || { cat "$work/live.log" && false; }
	)
}
refute "open-positions does not start without an API key" live_check open-positions
check "it says where one goes" grep -q 'no API key: put binance.key and binance.secret' "$work/live.log"
(umask 077 && for name in binance upbit; do
	echo of-the-operator >"$work/secrets.d/$name.key"
	echo of-the-operator-too >"$work/secrets.d/$name.secret"
done
mkdir "$work/secrets.d/alert_relay" && echo of-the-operators-bot >"$work/secrets.d/alert_relay/telegram_bot_token")
check "API keys are taken too" live_setup
refute "they are not told" grep -q 'of-the-operator' "$work/live.log"
for service in $collectors; do
	check "$service takes live.yml.example, at the interval of the stack" live_check "$service"
done
in_volume() {  # in_volume VOLUME COMMAND
	docker run --rm --network none -v "$project-live_$1:/s:ro" arbwatch:e2e sh -c "cd /s && $2"
}
modes='stat -c "%n %a %U" *.key *.secret *.passphrase 2>/dev/null | sort | tr "\n" " "'
keys='binance.key 400 arbwatch binance.secret 400 arbwatch upbit.key 400 arbwatch upbit.secret 400 arbwatch '
check "API keys are their reader's alone" test "$(in_volume exchange-secrets "$modes")" = "$keys"
check "alert_relay has its token" test "$(in_volume relay-secrets 'cat telegram_bot_token')" = of-the-operators-bot
check "preflight has copies" test "$(in_volume preflight-secrets "cd keys && $modes")" = "$keys"
rm "$work/secrets.d/upbit.key" "$work/secrets.d/upbit.secret"
(umask 077 && mkdir "$work/secrets.d/preflight" && echo of-preflight >"$work/secrets.d/preflight/binance.key" &&
	echo of-preflight-too >"$work/secrets.d/preflight/binance.secret")
check "one that was taken away, and one for preflight alone" live_setup
check "the one is forgotten" test "$(in_volume exchange-secrets 'echo *')" = 'binance.key binance.secret'
check "by preflight too" test "$(in_volume preflight-secrets 'cd keys && echo *')" = 'binance.key binance.secret'
check "the other is the gate's" test "$(in_volume preflight-secrets 'cat keys/*')" = "of-preflight
of-preflight-too"
check "and nobody else's" test "$(in_volume exchange-secrets 'cat *')" = "of-the-operator
of-the-operator-too"
live down -v >/dev/null 2>&1
unset ARBWATCH_SECRETS
say "live"

### Up

# As tests/tools/free_port, which nobody has compiled here: below those that the kernel gives to others meanwhile.
ports=$("$PYTHON" -c '
import random, socket
low = int(open("/proc/sys/net/ipv4/ip_local_port_range").read().split()[0])
some = random.sample(range(10000, max(low, 20000)), 100)
print(*[port for port in some if socket.socket().connect_ex(("127.0.0.1", port)) != 0][:7])')
# shellcheck disable=SC2086 # words are meant
set -- $ports
export ARBWATCH_PROMETHEUS_PORT="$1" ARBWATCH_GRAFANA_PORT="$2" ARBWATCH_VICTORIAMETRICS_PORT="$3" ARBWATCH_KIBANA_PORT="$4"
export ARBWATCH_STATUS_PORT="$5" ARBWATCH_ALERTMANAGER_PORT="$6" ARBWATCH_RELAY_PORT="$7"
export ARBWATCH_EXPORTERS='redis postgres'
prometheus=http://127.0.0.1:$ARBWATCH_PROMETHEUS_PORT

# Those services of the profiles given whose images are here.
services() {
	stack "$@" config --format json | "$PYTHON" -c '
import json, sys
for name, service in json.load(sys.stdin)["services"].items():
    print(service["image"], name)' | while read -r image name; do
		if has_image "$image"; then
			echo "$name"
		else
			echo "$name" >>"$work/absent"
		fi
	done
}

# Each container runs and is healthy, or has ended with 0 if it does only that.
all_healthy() {
	health='{{if .State.Health}}{{.State.Health.Status}}{{end}}'
	stack --profile '*' ps -aq | xargs docker inspect \
		--format "{{.Name}} {{.State.Status}} {{.State.ExitCode}} $health" >"$work/states"
	[ -s "$work/states" ] && not grep -vE ' running 0 healthy$| exited 0 $' "$work/states"
}
show_unhealthy() {
	grep -vE ' running 0 healthy$| exited 0 $' "$work/states" | while read -r name rest; do
		echo "$name: $rest"
		docker logs --tail 5 "${name#/}" 2>&1 | sed 's/^/  | /'
		docker inspect --format '{{range .State.Health.Log}}{{.Output}}{{end}}' "${name#/}" 2>/dev/null | tail -n 2
	done
}
become_healthy() { await "$1" all_healthy || { show_unhealthy; false; }; }

# ask EXPRESSION: the values that Prometheus answers with, one on each line.
ask() {
	curl -sS --fail --max-time 10 --data-urlencode "query=$1" "${2:-$prometheus}/api/v1/query" | "$PYTHON" -c '
import json, sys
for series in json.load(sys.stdin)["data"]["result"]:
    print(series["value"][1])'
}
holds() { [ -n "$(ask "$1")" ]; } # holds EXPRESSION: a comparison that is true of something

complete() {
	holds 'count(arbitrage_exchange_up == 1) == 6' && holds 'arbitrage_redis_up == 1' && holds 'arbitrage_postgres_up == 1' &&
		holds "count(arbitrage_collector_success == 1) == $collector_count" &&
		holds 'count(arbitrage_positions_readable == 1) == 12' && holds 'count(arbitrage_position_mismatch == 0) == 23' &&
		holds 'arbitrage_engine_up == 1' && holds 'arbitrage_kpi_trades{scope="total",window="all",currency="USDT"} > 8000'
}

services >"$work/services"
started=$(date +%s)
# A directory of settings of its own, which a check below changes.
cp -r compose/config "$work/config"
chmod -R a+rX "$work/config"
export ARBWATCH_CONFIG_DIRECTORY="$work/config"
# shellcheck disable=SC2046 # one service per word
must "the stack comes up, and up waits until it is healthy" stack up -d --wait --wait-timeout 900 $(cat "$work/services")
check "Prometheus has all that the Overview shows" await 600 complete
echo "from up to a complete Overview: $(($(date +%s) - started)) s"
check "every service is healthy" become_healthy 600
say "stack up, without $(sort -u "$work/absent" | tr '\n' ' ')"

well() { curl -sSf "http://127.0.0.1:$ARBWATCH_STATUS_PORT/health" | grep -q '"status": *"healthy"'; }
# Grafana is scraped, and has no stand-in.
running=''
not grep -qx grafana "$work/absent" || running='job!="grafana"'
check "every target is up" await 60 not holds "up{$running} == 0"
check "node_exporter takes every file" await 60 holds 'node_textfile_scrape_error == 0'
check "node_exporter sees the machine" await 60 holds 'node_memory_MemTotal_bytes'
check "and its disk" await 60 holds 'node_filesystem_avail_bytes{mountpoint="/"}'
check "the paper exchange is asked over TLS" holds 'arbitrage_exchange_certificate_expiry_timestamp_seconds > time()'
check "the status page is served" curl -sSf -o /dev/null "http://127.0.0.1:$ARBWATCH_STATUS_PORT/"
check "and says that all is well" await 180 well
check "preflight gave its verdict at start" await 120 holds 'arbitrage_preflight_last_success{env="paper"} == 1'
check "in words, too" sh -c 'docker logs "$1" 2>&1 | grep -q "READY for paper"' - "$project-preflight-1"
check "it repeats every ten minutes" holds 'arbitrage_collector_interval_seconds{collector="preflight"} == 600'
check "Alertmanager takes what preflight sends" holds 'arbitrage_preflight_alert_failures_total{alertmanager="alertmanager:9093"} == 0'
check "Prometheus knows Alertmanager and alert_relay" holds 'prometheus_notifications_alertmanagers_discovered == 2'
# Of the machine itself nobody knows here how well and how fast it is; preflight warns of slow answers, too.
others='alertname!~"Watchdog|PreflightWarning|.+LatencyHigh|.+ConnectSlow",service!="host",alertstate="firing"'
fires="ALERTS{$others${running:+,$running}}"
nothing_fires() { await 300 not holds "$fires" || { curl -sG --data-urlencode "query=$fires" "$prometheus/api/v1/query" && false; }; }
check "of a healthy stack nothing fires but Watchdog" nothing_fires
alertmanager() { curl -sSf "http://127.0.0.1:$ARBWATCH_ALERTMANAGER_PORT$1"; }
takes_watchdog() { [ ! -f prometheus/rules/monitor.yml ] || alertmanager /api/v2/alerts | grep -q '"alertname":"Watchdog"'; }
check "and Alertmanager has it" await 60 takes_watchdog
never_failed() { alertmanager /metrics | grep '^alertmanager_notifications_failed_total' | not grep -v ' 0$'; }
check "no notification fails" never_failed
relay() { curl -sSf "http://127.0.0.1:$ARBWATCH_RELAY_PORT$1"; }
check "alert_relay hears the heartbeat" await 120 holds 'time() - alert_relay_heartbeat_timestamp_seconds < 120'
check "and reaches its history and Alertmanager" await 60 holds 'alert_relay_history_up == 1 and on () alert_relay_alertmanager_up == 1'
check "it has no channel without a secret" not holds alert_relay_channel_up
as_grafana='PGPASSWORD=$(cat /run/secrets/history/grafana_password) psql -qAtX -h 127.0.0.1 -U grafana -d history -c'
check "Grafana's user may read the history" stack exec -T history sh -c "$as_grafana 'SELECT FROM arbwatch_history.alert_history'"
refute "and not change it" stack exec -T history sh -c \
	"$as_grafana 'SET default_transaction_read_only = off; DELETE FROM arbwatch_history.alert_event'"
check "Prometheus takes its rules" curl -sSf -o /dev/null "$prometheus/api/v1/rules"
### Confined, as it runs

for service in redis postgres history prometheus alertmanager node-exporter paper-exchange bot arbwatch-exporter alert-relay $collectors; do
	uid=$(stack exec -T "$service" sh -c 'sed -n "s/^Uid:[[:space:]]*\([0-9]*\).*/\1/p" /proc/1/status' 2>/dev/null)
	[ "$service" != node-exporter ] || uid=$(stack exec -T "$service" id -u) # its process 1 is the machine's
	check "$service is not root (uid $uid)" test "${uid:-0}" -ne 0
	refute "$service cannot write to its root file system" stack exec -T "$service" sh -c ': >/written'
	refute "$service has no capability" stack exec -T "$service" sh -c 'grep -q "^CapBnd:.*[1-9a-f]" /proc/self/status'
done
docker ps -q --filter "label=com.docker.compose.project=$project" | xargs docker inspect \
	--format '{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}}{{"\n"}}{{end}}{{end}}' | grep . | sort -u >"$work/published"
check "nothing is published beyond the loopback" test "$(cat "$work/published")" = 127.0.0.1
refute "the Redis of the stack does not answer without a password" stack exec -T redis sh -c 'redis-cli ping | grep -q PONG'
refute "the monitor may not read keys" stack exec -T redis sh -c \
	'REDISCLI_AUTH=$(cat /run/secrets/monitor/redis_password) redis-cli --user arbwatch get x | not grep NOPERM'
check "but for what the bot writes for it" stack exec -T redis sh -c \
	'REDISCLI_AUTH=$(cat /run/secrets/monitor/redis_password) redis-cli --user arbwatch hmget arbwatch:engine env | grep -qx paper'
as_monitor='PGPASSWORD=$(cat /run/secrets/monitor/postgres_password) psql -qAtX -h 127.0.0.1 -U arbwatch -d bot -c'
check "the monitor may log in to Postgres" stack exec -T postgres sh -c "$as_monitor 'SELECT 1'"
refute "and may not make anything there" stack exec -T postgres sh -c "$as_monitor 'CREATE TABLE public.x (y int)'"
check "it may read the bot's view" stack exec -T postgres sh -c "$as_monitor 'SELECT FROM arbwatch.open_positions'"
refute "and not the table below it" stack exec -T postgres sh -c "$as_monitor 'SELECT FROM public.positions'"
given() {  # given VOLUME: to these services
	"$PYTHON" -c '
import json, sys
for name, service in json.load(sys.stdin)["services"].items():
    if any(volume.get("source") == sys.argv[1] for volume in service.get("volumes", [])):
        print(name, end=" ")' "$1" <"$work/model.json"
}
check "API keys are given to open-positions alone" test "$(given exchange-secrets)" = 'open-positions setup '
check "and are its user's alone" stack exec -T open-positions sh -c \
	'cd /run/secrets/exchange && test "$(stat -c "%a %u" * | sort | uniq -c | tr -s " ")" = " 13 400 10001"'
check "those of preflight to preflight alone" test "$(given preflight-secrets)" = 'preflight setup '
check "and are its user's alone, passwords too" stack exec -T preflight sh -c \
	'cd /run/secrets/preflight && test "$(stat -c "%a %u" *_password keys/* | sort | uniq -c | tr -s " ")" = " 15 400 10001"'

# Everything secret that setup made, one on each line.
secrets() {
	for volume in redis postgres history monitor exchange preflight bot paper grafana logs; do
		printf -- '-v %s_%s-secrets:/s/%s:ro ' "$project" "$volume" "$volume"
	done >"$work/mounts"
	# shellcheck disable=SC2046 # words are meant
	docker run --rm --network none --user 0:0 $(cat "$work/mounts") arbwatch:e2e \
		sh -c 'cat /s/*/*password /s/*/secret_key /s/*/*_key | grep -oE "[0-9a-f]{48}"
			cat /s/exchange/*.secret /s/exchange/*.passphrase /s/preflight/keys/*.secret
			sed -n 2p /s/paper/key.pem' | grep . | sort -u
}
secrets >"$work/secrets"
check "there are secrets to look for" test "$(wc -l <"$work/secrets")" -ge 16
docker ps -aq --filter "label=com.docker.compose.project=$project" >"$work/containers"
xargs docker inspect <"$work/containers" >"$work/inspect.json"
while read -r container; do docker logs "$container"; done <"$work/containers" >"$work/logs" 2>&1
stack exec -T redis-latency sh -c 'cat /var/lib/arbwatch/textfiles/*.prom' >"$work/proms"
ps -eo args >"$work/args"
for where in inspect.json logs proms args; do
	check "there is something in $where" test -s "$work/$where"
	refute "no secret is in $where" grep -qFf "$work/secrets" "$work/$where"
done

### How much it takes

names=$(for service in $collectors paper-exchange arbwatch-exporter alert-relay node-exporter; do echo "$project-$service-1"; done)
# shellcheck disable=SC2086 # one container per word
"$PYTHON" "$here/usage.py" 30 $names | tee "$work/usage"
sum_of() { awk -v column="$1" '$1 !~ /node-exporter|total/ { sum += $column } END { printf "%.2f", sum }' "$work/usage"; }
check "our containers stay below 110 MiB ($(sum_of 2) MiB)" awk "BEGIN { exit !($(sum_of 2) < 110) }"
# How much CPU a run takes is the machine's affair, and `make bench` compares it. A loop without a pause takes a whole core.
check "and none of them loops without a pause ($(sum_of 4)% of one core together)" awk "BEGIN { exit !($(sum_of 4) < 50) }"
say "usage"

### A fault shows

fault() { stack exec -T paper-exchange curl -fksS -X "$1" "https://127.0.0.1:9180/control/$2"; }
check "a position is changed behind the bot's back" fault POST 'binanceusdm/drift?value=0.25'
check "a fault is turned on" fault POST okx/5xx
check "alert_relay has it in its history" await 300 eval 'relay "/api/v1/alerts?text=okx" | grep -q okx'
check "Prometheus sees the exchange down" await 120 holds 'arbitrage_exchange_up{exchange="okx"} == 0'
check "and no other" await 60 holds 'count(arbitrage_exchange_up == 1) == 5'
check "and that its positions are not known" await 120 holds 'arbitrage_positions_readable{source="exchange",exchange="okx"} == 0'
check "the fault is turned off" fault DELETE okx/5xx
check "Prometheus sees by how much the bot is wrong" await 180 holds \
	'arbitrage_position_mismatch{exchange="binanceusdm",symbol="BTC/USDT"} == -0.25'
check "and about nothing else" await 60 holds 'count(arbitrage_position_mismatch != 0) == 1'
check "the position is put right" fault DELETE binanceusdm/drift
check "then nothing differs" await 240 complete
say "fault"

### Settings that change while it runs

labelled() { docker image inspect arbwatch:e2e --format "{{index .Config.Labels \"org.opencontainers.image.$1\"}}"; }
check "the image says which version it is" test "$(labelled version) $(labelled revision)" = "e2e $revision"
sed -i 's,target: main=redis:,target: renamed=redis:,' "$work/config/paper.yml" # a new file in place of the old one
check "a collector reads its settings again" stack kill -s HUP redis-latency
check "and sees those of the new file" await 120 holds 'arbitrage_redis_up{target="renamed"} == 1'
cp compose/config/paper.yml "$work/config/paper.yml"
check "the old ones are back" stack kill -s HUP redis-latency
mistaken() { ARBWATCH_INTERVAL=15x stack up -d --no-deps --wait --wait-timeout 120 redis-latency >"$work/mistaken" 2>&1; }
refute "up says that a service with a mistake in its settings does not come up" mistaken
check "it runs again without the mistake" stack up -d --no-deps --wait --wait-timeout 120 redis-latency
say "settings"

### The profiles that can run here

services --profile exporters >"$work/services"
# shellcheck disable=SC2046 # one service per word
must "the exporters come up" stack --profile exporters up -d $(cat "$work/services")
check "they are healthy" become_healthy 240
check "Prometheus finds the exporters" await 120 holds 'count(up{job=~"redis|postgres"} == 1) == 2'
check "redis-exporter may log in" await 120 holds 'redis_up == 1'
check "postgres-exporter may log in" await 120 holds 'pg_up == 1'
# Its next run is ten minutes away, and one run alone has no rate.
check "preflight runs once more" stack restart -t 10 preflight
if [ -f tests/dashboards/dashboards.py ]; then
	check "every panel of every dashboard has data" "$PYTHON" tests/dashboards/dashboards.py --prometheus "$prometheus" \
		--has exporters --has tls --without channels --without tuning --wait 240
	tail -n 1 "$work/check.out"
else
	skip "every panel of every dashboard has data" "there is no tests/dashboards/dashboards.py"
fi
say "exporters, and the dashboards"

export ARBWATCH_PROMETHEUS_CONFIG=prometheus-scale.yml
services --profile scale >"$work/services"
# shellcheck disable=SC2046 # one service per word
must "the scaled stack comes up" stack --profile scale up -d $(cat "$work/services")
written() { [ -n "$(ask 'count(arbitrage_exchange_up)' "http://127.0.0.1:$ARBWATCH_VICTORIAMETRICS_PORT")" ]; }
check "VictoriaMetrics has what Prometheus writes" await 180 written
check "it is healthy, because somebody writes" become_healthy 240
targets() { curl -sS --fail "$prometheus/api/v1/targets?state=active"; }
looks_for() { targets | grep -qE "\"job\":\"($1)\""; }
check "Prometheus scrapes it" await 60 looks_for victoriametrics
check "without the exporters nothing is looked for there" not looks_for 'redis|postgres'
unset ARBWATCH_PROMETHEUS_CONFIG
say "scale"

### Restart

runs='sum(arbitrage_collector_runs_total)'
resets='sum(arbitrage_collector_state_resets_total)'
runs_before=$(ask "$runs") resets_before=$(ask "$resets") stopped=$(date +%s)
stack --profile '*' down -t 10 >/dev/null 2>&1
gone=$(date +%s)
check "down leaves no container" test -z "$(docker ps -aq --filter "label=com.docker.compose.project=$project")"
services >"$work/services"
# shellcheck disable=SC2046 # one service per word
must "the stack comes up again" stack up -d $(cat "$work/services")
fresh="min(arbitrage_collector_last_run_timestamp_seconds) > $gone"
goes_on() { holds "$runs >= $runs_before" && holds "$fresh"; }
check "the counters go on" await 180 goes_on
check "none began anew" test "$(ask "$resets")" = "$resets_before"
check "the passwords are the same: all is up" await 240 complete
check "Prometheus kept its data" holds "sum(arbitrage_collector_runs_total @ $((stopped - 5)))"
secrets >"$work/secrets.now"
check "no secret has changed" cmp "$work/secrets" "$work/secrets.now"
say "restart"

### Gone

stack --profile '*' down -v -t 10 >/dev/null 2>&1
check "down -v leaves no container" test -z "$(docker ps -aq --filter "label=com.docker.compose.project=$project")"
for kind in volume network; do
	check "down -v leaves no $kind" test -z "$(docker "$kind" ls -q --filter "label=com.docker.compose.project=$project")"
done
services --profile logs >/dev/null
sort -u "$work/absent" >"$work/never"
while read -r name; do
	skip "$name running" "its image is not at hand, and Debian has no such package; its model was checked"
done <"$work/never"
say "done"
finish
