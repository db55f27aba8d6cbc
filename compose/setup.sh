#!/bin/sh
# setup.sh: the first container of the stack.  Makes each password that is not there yet, or takes it from the directory
# of secrets (live), and writes what follows from it; then says what Prometheus shall scrape.
#
#	/volumes/redis     users.acl, password (the bot's), broker_url    read by redis, celery-exporter
#	/volumes/postgres  password (the superuser's)                     read by postgres
#	/volumes/monitor   redis_password, postgres_password,             read by the collectors, redis, postgres and
#	                   redis_exporter.json, paper_ca.pem              their exporters
#	/volumes/exchange  NAME.key, NAME.secret, NAME.passphrase         read by open_positions
#	/volumes/preflight keys/ like those, redis_password,              read by preflight
#	                   postgres_password
#	/volumes/bot       redis_password, postgres_password,             read by bot and postgres, in the paper stack
#	                   paper_ca.pem
#	/volumes/paper     cert.pem, key.pem                              read by paper-exchange
#	/volumes/grafana   admin_password, secret_key, history_password   read by grafana
#	/volumes/relay     history_password, and the secrets in           read by alert_relay
#	                   /setup/secrets/alert_relay
#	/volumes/history   password (the superuser's), relay_password,    read by history
#	                   grafana_password
#	/volumes/alertmanager  alertmanager.yml, and the secrets in       read by alertmanager
#	                   /secrets/alertmanager
#	/volumes/logs      elastic_password, kibana_password, ...         read by the profile logs
#
# Files are 0444, because each reader has a user of its own; who may read is decided by which volume it is given.  Those of
# open_positions, preflight and alert_relay are 0400 and their user's.
# ARBWATCH_SECRETS_REQUIRED  names that must be in /secrets; they are not made up

set -eu
umask 022

# put FILE: its content, from standard input, whole or not at all; another one only if it differs.
put() {
	cat >"$1.new"
	chmod 444 "$1.new"
	if [ -s "$1" ] && cmp -s "$1" "$1.new"; then
		rm -f "$1.new"
	else
		mv -f "$1.new" "$1"
	fi
}

# secret VOLUME NAME [FILE]: given in /secrets/NAME, kept, or made: 192 bits as hexadecimal digits.
secret() {
	file=/volumes/$1/${3:-$2}
	if [ -s "/secrets/$2" ]; then
		# One line; an editor may have ended it.
		[ "$(wc -l <"/secrets/$2")" -le 1 ] || {
			echo "setup: the secret $2 has more than one line" >&2
			exit 1
		}
		tr -d '\r\n' <"/secrets/$2" | put "$file"
		echo "setup: $2 is from the directory of secrets"
		return
	fi
	[ ! -s "$file" ] || return 0
	od -An -N24 -tx1 /dev/urandom | tr -d ' \n' | put "$file"
	echo "setup: made $2"
}

# key VOLUME FILE: for its reader's eyes alone, from standard input; it cannot be written over, only replaced.
key() {
	rm -f "/volumes/$1/$2.new"
	(umask 277 && cat >"/volumes/$1/$2.new")
	chown arbwatch:arbwatch "/volumes/$1/$2.new"
	mv -f "/volumes/$1/$2.new" "/volumes/$1/$2"
}

# paper_keys VOLUME KRAKEN-KEY: those of the paper exchange's account, which are no secrets (docs/paper_exchange.md).
paper_keys() {
	paper_secret='paper-secret-0123456789abcdef0123456789abcdef'
	for venue in binance binanceusdm upbit bybit okx; do
		echo paper-key | key "$1" "$venue.key"
		echo "$paper_secret" | key "$1" "$venue.secret"
	done
	echo paper-passphrase | key "$1" okx.passphrase
	echo "$2" | key "$1" kraken.key
	printf '%s' "$paper_secret" | base64 -w 0 | key "$1" kraken.secret
}

# given VOLUME FILE: where it comes from.  preflight may have keys of its own: where nonces only grow (Kraken), two
# programs cannot share one.
given() {
	if [ "$1" = preflight/keys ] && [ -s "/secrets/preflight/${2%.*}.key" ]; then
		echo "/secrets/preflight/$2"
	else
		echo "/secrets/$2"
	fi
}

# take_keys VOLUME: API keys as they are, some have several lines; those that are no longer there are forgotten.
take_keys() {
	for file in "/volumes/$1"/*; do
		[ -s "$(given "$1" "${file##*/}")" ] || rm -f "$file"
	done
	for file in /secrets/*.key /secrets/*.secret /secrets/*.passphrase \
		/secrets/preflight/*.key /secrets/preflight/*.secret /secrets/preflight/*.passphrase; do
		name=${file##*/}
		source=$(given "$1" "$name")
		[ -s "$source" ] || continue
		key "$1" "$name" <"$source"
		echo "setup: ${source#/secrets/} is from the directory of secrets"
	done
}

hash_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

missing=''
for name in ${ARBWATCH_SECRETS_REQUIRED-}; do
	[ -s "/secrets/$name" ] || missing="$missing $name"
done
[ -z "$missing" ] || {
	echo "setup: the directory of secrets lacks$missing: write each secret to a file of its name there" >&2
	exit 1
}
secret redis redis_admin_password password
secret monitor redis_password
secret postgres postgres_admin_password password
secret monitor postgres_password
secret grafana grafana_admin_password admin_password
secret grafana grafana_secret_key secret_key
secret history history_admin_password password
for name in relay_password grafana_password; do
	secret history $name
done
for name in elastic_password kibana_password kibana_encryption_key logstash_password; do
	secret logs "$name"
done

# The monitor may ask how Redis is, and read what the bot writes for it; other keys and their data are not its business.
monitor='~arbwatch:* +scan +exists +hmget +ping +select +info +dbsize +client|setname +client|list +config|get +slowlog|get +slowlog|len'
monitor="$monitor +latency|latest +latency|histogram"
# The bot of the paper stack writes that, and reads its own snapshot.
bot=''
if [ -d /volumes/bot ]; then
	secret bot bot_redis_password redis_password
	secret bot bot_postgres_password postgres_password
	bot="user bot on #$(hash_of /volumes/bot/redis_password) resetkeys resetchannels -@all ~arbwatch:* +select +hset +hincrby"
	bot="$bot +del +hgetall +multi +exec"
fi
put /volumes/redis/users.acl <<EOF
user default on #$(hash_of /volumes/redis/password) ~* &* +@all
user arbwatch on #$(hash_of /volumes/monitor/redis_password) resetkeys resetchannels -@all $monitor
$bot
EOF
printf '{"redis://arbwatch@%s": "%s"}' "${ARBWATCH_REDIS_ADDRESS:-redis:6379}" \
	"$(cat /volumes/monitor/redis_password)" | put /volumes/monitor/redis_exporter.json
if [ -s /secrets/celery_broker_url ]; then
	secret redis celery_broker_url broker_url
else
	printf 'redis://:%s@%s/0' "$(cat /volumes/redis/password)" "${ARBWATCH_REDIS_ADDRESS:-redis:6379}" |
		put /volumes/redis/broker_url
fi

mkdir -p /volumes/preflight/keys
for name in redis_password postgres_password; do
	key preflight "$name" </volumes/monitor/$name
done

# The paper exchange speaks TLS as the real ones do, with a certificate that is made anew before it expires.
if [ -d /volumes/paper ]; then
	if ! openssl x509 -in /volumes/paper/cert.pem -noout -checkend $((60 * 86400)) >/dev/null 2>&1; then
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 400 \
			-subj /CN=paper-exchange -addext subjectAltName=DNS:paper-exchange,DNS:localhost,IP:127.0.0.1 \
			-keyout /volumes/paper/key.new -out /volumes/paper/cert.new 2>/dev/null
		put /volumes/paper/key.pem </volumes/paper/key.new
		put /volumes/paper/cert.pem </volumes/paper/cert.new
		rm -f /volumes/paper/key.new /volumes/paper/cert.new
		echo "setup: made the paper exchange's certificate"
	fi
	for volume in monitor bot; do
		put "/volumes/$volume/paper_ca.pem" </volumes/paper/cert.pem
	done
	paper_keys exchange paper-key
	paper_keys preflight/keys paper-key-second
else
	for volume in exchange preflight/keys; do
		take_keys "$volume"
	done
fi

key relay history_password </volumes/history/relay_password
put /volumes/grafana/history_password </volumes/history/grafana_password

# What alert_relay delivers with; a secret that is no longer there is forgotten, and its channel is off.
for name in telegram_bot_token slack_token slack_webhook webhook_url smtp_password; do
	rm -f "/volumes/relay/$name"
	[ -s "/setup/secrets/alert_relay/$name" ] || continue
	tr -d '\r' <"/setup/secrets/alert_relay/$name" | key relay "$name"
	echo "setup: alert_relay/$name is from the directory of secrets"
done

# Alertmanager's configuration, and the secrets that its receivers name, without the end of the line.
for file in /volumes/alertmanager/*; do
	case ${file##*/} in
	alertmanager.yml) ;;
	*) [ -s "/secrets/alertmanager/${file##*/}" ] || rm -f "$file" ;;
	esac
done
for file in /secrets/alertmanager/*; do
	[ -s "$file" ] || continue
	tr -d '\r\n' <"$file" | put "/volumes/alertmanager/${file##*/}"
	echo "setup: alertmanager/${file##*/} is from the directory of secrets"
done
ARBWATCH_ALERT_SECRETS=/volumes/alertmanager sh /setup/alertmanager/render.sh </setup/alertmanager/alertmanager.yml \
	>/volumes/alertmanager/.rendered
put /volumes/alertmanager/alertmanager.yml </volumes/alertmanager/.rendered

# A profile adds its own after this; what the last start left is gone.
rm -f /volumes/targets/*.yml
cp /setup/targets/*.yml /volumes/targets/
