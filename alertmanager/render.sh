#!/bin/sh
# render.sh <alertmanager.yml: the same configuration with the receivers that are given, on standard output.
#
#	ARBWATCH_ALERT_WEBHOOK    where a delivery program listens, such as http://127.0.0.1:9110/webhook; a receiver's address
#	                          is this and the receiver's name
#	ARBWATCH_ALERT_SECRETS    the directory of secrets (/run/secrets/alertmanager).  If it has telegram_bot_token, the fallback
#	                          sends to Telegram; if it has smtp_password, it sends mail.  What it needs besides:
#	ARBWATCH_TELEGRAM_CHAT    the number of the chat
#	ARBWATCH_EMAIL_TO, _FROM, _USER, _SMARTHOST (host:port)

set -eu
secrets=${ARBWATCH_ALERT_SECRETS:-/run/secrets/alertmanager}

# given NAME VALUE PATTERN: the value, which is one that cannot break the line it is put into.
given() {
	[ -n "$2" ] || {
		echo "render.sh: $1 is not set" >&2
		exit 1
	}
	printf '%s\n' "$2" | grep -qxE -e "$3" || {
		echo "render.sh: $1 is not valid: $2" >&2
		exit 1
	}
	printf '%s' "$2"
}

script='p'
if [ -n "${ARBWATCH_ALERT_WEBHOOK-}" ]; then
	address=$(given ARBWATCH_ALERT_WEBHOOK "${ARBWATCH_ALERT_WEBHOOK%/}" 'https?://[][A-Za-z0-9._:/~%-]+')
	script="s,#webhook ,,; s,http://127.0.0.1:9110/webhook,$address,; $script"
fi
if [ -s "$secrets/telegram_bot_token" ]; then
	chat=$(given ARBWATCH_TELEGRAM_CHAT "${ARBWATCH_TELEGRAM_CHAT-}" '-?[0-9]+')
	script="/#telegram /{s,,,; s,chat_id: 1,chat_id: $chat,;}; $script"
fi
if [ -s "$secrets/smtp_password" ]; then
	address='[A-Za-z0-9._+@-]+'
	to=$(given ARBWATCH_EMAIL_TO "${ARBWATCH_EMAIL_TO-}" "$address")
	from=$(given ARBWATCH_EMAIL_FROM "${ARBWATCH_EMAIL_FROM-}" "$address")
	user=$(given ARBWATCH_EMAIL_USER "${ARBWATCH_EMAIL_USER:-$from}" "$address")
	host=$(given ARBWATCH_EMAIL_SMARTHOST "${ARBWATCH_EMAIL_SMARTHOST-}" '[][A-Za-z0-9._:-]+:[0-9]+')
	script="/#email /{s,,,; s,to: .*,to: $to,; s,from: .*,from: $from,; s,name: .*,name: $user,; s,host: .*,host: '$host',;}
		$script"
fi
exec sed -n "$script"
