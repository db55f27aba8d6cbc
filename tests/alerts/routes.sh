#!/bin/sh
# Which alert goes to whom, and which one is silenced by another: alertmanager/alertmanager.yml in a real Alertmanager.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$repository" || exit 1
render=alertmanager/render.sh
shipped=alertmanager/alertmanager.yml
unset ARBWATCH_ALERT_WEBHOOK ARBWATCH_TELEGRAM_CHAT ARBWATCH_EMAIL_TO ARBWATCH_EMAIL_FROM ARBWATCH_EMAIL_USER ARBWATCH_EMAIL_SMARTHOST
export TOOLS ARBWATCH_ALERT_SECRETS="$work/secrets"
mkdir "$work/secrets"

# The file, and what render.sh makes of it --------------------------------

check "amtool takes the file as it is" amtool check-config "$shipped"
refute "it sends nothing to anybody" grep -E '^[^#]*_configs:' "$shipped"
"$render" <"$shipped" >"$work/plain.yml"
check "without settings render.sh changes nothing" cmp "$shipped" "$work/plain.yml"
render_with() { env "$@" "$render" <"$shipped" >"$work/rendered.yml"; }
takes() { amtool check-config "$work/rendered.yml"; }
check "it takes a webhook" render_with ARBWATCH_ALERT_WEBHOOK=http://alert-relay:9110/hooks/
check "amtool takes it too" takes
check "each receiver but the fallback has an address of its own" test \
	"$(sed -n 's|.*url: .http://alert-relay:9110/hooks/\([a-z0-9]*\).*|\1|p' "$work/rendered.yml" | paste -sd ' ')" = \
	'p0 p1 p2 p3 paper heartbeat'
refute "an address that would break the file is refused" render_with ARBWATCH_ALERT_WEBHOOK="http://x/'}]"
echo token >"$work/secrets/telegram_bot_token"
refute "a Telegram token without a chat is refused" render_with ARBWATCH_TELEGRAM_CHAT=
check "with both, the fallback sends to Telegram" render_with ARBWATCH_TELEGRAM_CHAT=-100123
check "to that chat" grep -qF 'telegram_bot_token, chat_id: -100123,' "$work/rendered.yml"
# Alertmanager 0.25 has no bot_token_file.
case $(amtool --version 2>&1) in
*' 0.25.'*) sed -i 's/bot_token_file/bot_token/' "$work/rendered.yml" ;;
esac
check "amtool takes that" takes
rm "$work/secrets/telegram_bot_token"
echo password >"$work/secrets/smtp_password"
check "with its password, the fallback sends mail" render_with ARBWATCH_EMAIL_TO=ops@example.org ARBWATCH_EMAIL_FROM=a@example.org \
	ARBWATCH_EMAIL_SMARTHOST=mail.example.org:587
check "amtool takes that too" takes
check "by that server" grep -qF "smarthost: 'mail.example.org:587'" "$work/rendered.yml"
refute "no secret is in a configuration" grep -rqE '^(token|password)$' "$work/rendered.yml"
rm "$work/secrets/smtp_password"

# Routes, as amtool finds them; routes.py asks Alertmanager itself about all combinations.
while read -r receivers labels; do
	# shellcheck disable=SC2086 # words are meant
	check "$labels goes to $receivers" amtool config routes test --config.file="$shipped" --verify.receivers="$receivers" $labels
done <<'END'
p0 severity=P0 env=live service=exchange
paper severity=P0 env=paper service=exchange
p0 severity=critical service=payments
p1 severity=P1 env=all service=host
p2 severity=warning
p2 severity=page
p3 severity=info
heartbeat alertname=Watchdog severity=none env=all service=monitor
fallback,p1 alertname=NotificationsFailing severity=P1 env=all service=monitor
END

# What reaches a receiver -------------------------------------------------

"$PYTHON" tests/alerts/routes.py "$work" >"$work/results" 2>&1
sed -n 's/^ok *//p' "$work/results" >"$work/good"
grep -v '^ok ' "$work/results" >"$work/bad"
cat "$work/bad"
passed=$((passed + $(wc -l <"$work/good"))) failed=$((failed + $(wc -l <"$work/bad")))
check "everything was asked" grep -qx 'ok the end' "$work/results"
finish
