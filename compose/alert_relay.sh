#!/bin/sh
# alert_relay.sh: alert_relay with the secrets that setup was given; a channel whose secret is not there is off.

set -eu
secrets=/run/secrets/relay
export ARBWATCH_HISTORY_PASSWORD_FILE="$secrets/history_password"
if [ -s "$secrets/telegram_bot_token" ]; then
	export TELEGRAM_BOT_TOKEN_FILE="$secrets/telegram_bot_token"
else
	# The fallback of Alertmanager has its chat from the same variable.
	unset ARBWATCH_TELEGRAM_CHAT ARBWATCH_TELEGRAM_USER
fi
[ ! -s "$secrets/slack_token" ] || export ARBWATCH_SLACK_TOKEN_FILE="$secrets/slack_token"
[ ! -s "$secrets/slack_webhook" ] || export ARBWATCH_SLACK_WEBHOOK_FILE="$secrets/slack_webhook"
[ ! -s "$secrets/smtp_password" ] || export ARBWATCH_MAIL_PASSWORD_FILE="$secrets/smtp_password"
[ ! -s "$secrets/webhook_url" ] || export ARBWATCH_WEBHOOK_URL_FILE="$secrets/webhook_url"
exec alert_relay "$@"
