#!/bin/sh
# setup.sh: the first container of the stack.  Makes each password that is not there yet, or takes it from the directory
# of secrets (live), and writes what follows from it; then says what Prometheus shall scrape.
#
#	/volumes/redis     users.acl, password (the bot's), broker_url    read by redis, celery-exporter
#	/volumes/postgres  password (the superuser's)                     read by postgres
#	/volumes/monitor   redis_password, postgres_password,             read by the collectors, redis, postgres and
#	                   redis_exporter.json, paper_ca.pem              their exporters
#	/volumes/exchange  NAME.key, NAME.secret, NAME.passphrase         read by open_positions
#	/volumes/paper     cert.pem, key.pem                              read by paper-exchange
#	/volumes/grafana   admin_password, secret_key                     read by grafana
#	/volumes/logs      elastic_password, kibana_password, ...         read by the profile logs
#
# Files are 0444, because each reader has a user of its own; who may read is decided by which volume it is given.  API keys
# are 0400 and the collectors' user's: open_positions takes no others.
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

# key NAME: an API key or a part of one, from standard input; another one cannot be written over, only replaced.
key() {
	rm -f "/volumes/exchange/$1.new"
	(umask 277 && cat >"/volumes/exchange/$1.new")
	chown arbwatch:arbwatch "/volumes/exchange/$1.new"
	mv -f "/volumes/exchange/$1.new" "/volumes/exchange/$1"
}

hash_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

for name in ${ARBWATCH_SECRETS_REQUIRED-}; do
	[ -s "/secrets/$name" ] || {
		echo "setup: no secret $name: write it to the file $name in the directory of secrets" >&2
		exit 1
	}
done
secret redis redis_admin_password password
secret monitor redis_password
secret postgres postgres_admin_password password
secret monitor postgres_password
secret grafana grafana_admin_password admin_password
secret grafana grafana_secret_key secret_key
for name in elastic_password kibana_password kibana_encryption_key logstash_password; do
	secret logs "$name"
done

# The monitor may ask how Redis is; keys and data are not its business.
monitor='+ping +select +info +dbsize +client|setname +client|list +config|get +slowlog|get +slowlog|len'
monitor="$monitor +latency|latest +latency|histogram"
put /volumes/redis/users.acl <<EOF
user default on #$(hash_of /volumes/redis/password) ~* &* +@all
user arbwatch on #$(hash_of /volumes/monitor/redis_password) resetkeys resetchannels -@all $monitor
EOF
printf '{"redis://arbwatch@%s": "%s"}' "${ARBWATCH_REDIS_ADDRESS:-redis:6379}" \
	"$(cat /volumes/monitor/redis_password)" | put /volumes/monitor/redis_exporter.json
if [ -s /secrets/celery_broker_url ]; then
	secret redis celery_broker_url broker_url
else
	printf 'redis://:%s@%s/0' "$(cat /volumes/redis/password)" "${ARBWATCH_REDIS_ADDRESS:-redis:6379}" |
		put /volumes/redis/broker_url
fi

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
	put /volumes/monitor/paper_ca.pem </volumes/paper/cert.pem
	# The keys of its account, which are no secrets (docs/paper_exchange.md).
	paper_secret='paper-secret-0123456789abcdef0123456789abcdef'
	for venue in binance binanceusdm upbit bybit okx kraken; do
		echo paper-key | key "$venue.key"
		case $venue in
		kraken) printf '%s' "$paper_secret" | base64 -w 0 | key kraken.secret ;;
		*) echo "$paper_secret" | key "$venue.secret" ;;
		esac
	done
	echo paper-passphrase | key okx.passphrase
else
	# API keys as they are, some have several lines; those that are no longer there are forgotten.
	for file in /volumes/exchange/*; do
		[ -s "/secrets/${file##*/}" ] || rm -f "$file"
	done
	for file in /secrets/*.key /secrets/*.secret /secrets/*.passphrase; do
		[ -s "$file" ] || continue
		key "${file##*/}" <"$file"
		echo "setup: ${file##*/} is from the directory of secrets"
	done
fi

# A profile adds its own after this; what the last start left is gone.
rm -f /volumes/targets/*.yml
cp /setup/targets/*.yml /volumes/targets/
