#!/bin/sh
# Mail, at a real SMTP server.

. "$(dirname "$0")/../../lib.sh"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$work/key.pem" -out "$work/ca.pem" 2>"$work/openssl" ||
	{ cat "$work/openssl"; exit 1; }

# serve MODE: sets PORT.
serve() {
	spawn "smtp-$1" "$PYTHON" "$repository/tests/relay/channel/smtp_server.py" "$1" "$work/ca.pem" "$work/key.pem" "$work/mails"
	PORT=$(port_of "$SPAWNED") || { cat "$work/smtp-$1.log"; exit 1; }
}
serve starttls-login
STARTTLS=smtp://localhost:$PORT
serve tls-login
TLS=smtps://localhost:$PORT
serve plain
PLAIN=smtp://localhost:$PORT
LOGIN='"user": "ann", "password": "open5esame"' CA='"ca_file": "'$work/ca.pem'"'
ITEM='{"id": "00aa-1", "labels": {"alertname": "Redis down 디스크", "severity": "P0", "target": "a<b>"},
	"annotations": {"summary": "line\r\nBcc: eve@example.org\r\n\r\nbody", "dashboard_url": "https://grafana.example/d?a=1&b=2"}}'

# send URL TO [MEMBERS OF THE CHANNEL] [MEMBERS]: one mail, its result in $work/result.
send() {
	printf '{"channel": {"kind": 2, "url": "%s", "to": "%s", "from": "Wächter <alerts@example.org>"%s}, "items": [%s]%s}' \
		"$1" "$2" "${3:+, $3}" "$ITEM" "${4:+, $4}" | "$TOOLS/relay_send" >"$work/result" 2>"$work/err"
	! grep -q open5esame "$work/result" "$work/err"
}
# is PYTHON: about the result r, the last mail's envelope e, the mail m as Python's email reads it, and its parts.
is() {
	"$PYTHON" - "$1" "$work" <<-'END'
		import email, email.policy, json, os, sys
		work = sys.argv[2]
		r = json.loads(open(work + "/result").read())
		e = m = text = html = None
		if os.path.exists(work + "/mails"):
		    e = json.loads(open(work + "/mails").read().strip().split("\n")[-1])
		    m = email.message_from_string(e["data"], policy=email.policy.default)
		    text = m.get_body(("plain",)).get_content().replace("\r\n", "\n")
		    html = m.get_body(("html",)).get_content()
		if not eval(sys.argv[1]):
		    sys.exit(f"{r}\n{e and e['data']}")
	END
}

check "a mail goes by STARTTLS" send "$STARTTLS" "ann@example.org, bob@example.org" "$LOGIN, $CA"
check "encrypted, with the login, to both" is \
	'r["outcome"] == "sent" and e["tls"] and e["user"] == "ann" and e["to"] == ["ann@example.org", "bob@example.org"]'
check "its lines are lines" is '"=0A" not in e["data"]'
check "from who it should be" is 'e["from"] == "alerts@example.org" and m["From"] == "Wächter <alerts@example.org>"'
check "its subject is what it should be" is 'm["Subject"] == "🔴 P0 Redis down 디스크 is firing"'
check "its text says it" is \
	'("Redis down 디스크 is firing\nline Bcc: eve@example.org body\n" in text
		and "Dashboard: https://grafana.example/d?a=1&b=2" in text)'
check "so does its HTML" is \
	'"Where: target=a&lt;b&gt;<br>" in html and "<a href=\"https://grafana.example/d?a=1&amp;b=2\">Dashboard</a>" in html'
check "no header came from outside" is 'm["Bcc"] is None and m["To"] == "ann@example.org, bob@example.org"'
check "it has the id that was told" is 'm["Message-ID"] == r["message_id"] and m["Auto-Submitted"] == "auto-generated"'
check "and a date" is 'abs(m["Date"].datetime.timestamp() - os.stat(work + "/mails").st_mtime) < 100'
id=$("$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["message_id"])' "$work/result")
ITEM=$(printf '%s' "$ITEM" | sed 's/"id"/"kind": 3, "ends_ms": 1796000005000, "id"/')
check "its resolution goes out" send "$STARTTLS" "ann@example.org" "$LOGIN, $CA" "\"reply_to\": \"$id\""
check "in the same thread" is "m['In-Reply-To'] == '$id' and m['References'] == '$id' and 'is resolved' in m['Subject']"
check "an id with a line break goes out" send "$STARTTLS" "ann@example.org" "$LOGIN, $CA" '"reply_to": "<a@b>\r\nBcc: eve@example.org"'
check "but not into a header" is 'm["Bcc"] is None and m["In-Reply-To"] is None'

check "a day's summary goes out" send "$STARTTLS" "ann@example.org" "$LOGIN, $CA" '"csv": "id,summary\r\n\"1\",\"디스크\"\r\n"'
check "and says that nothing was" is 'm["Subject"] == "Alerts of the last day" and "There were no alerts." in text'
check "with a file for a spreadsheet" is '[(p.get_filename(), p.get_content_type(), p.get_payload(decode=True).decode())
	for p in m.iter_attachments()] == [("alerts.csv", "text/csv", "id,summary\r\n\"1\",\"디스크\"\r\n")]'

check "a mail goes by TLS" send "$TLS" "ann@example.org" "$LOGIN, $CA"
check "and arrives" is 'r["outcome"] == "sent" and e["tls"]'
check "a certificate nobody vouches for" send "$TLS" "ann@example.org" "$LOGIN"
check "is not taken" is 'r["outcome"] == "retry" and r["kind"] == "tls"'
check "the password is wrong" send "$STARTTLS" "ann@example.org" "\"user\": \"ann\", \"password\": \"other5esame\", $CA"
check "which the server says" is 'r["outcome"] == "refused" and r["kind"] == "auth" and r["status"] == 535'
check "a server without STARTTLS" send "$PLAIN" "ann@example.org" "$CA"
check "gets nothing" is 'r["outcome"] == "refused" and r["kind"] == "tls" and "STARTTLS" in r["text"]'
check "a mail to a server of this machine" send "$PLAIN" "ann@example.org"
check "needs none" is 'r["outcome"] == "sent" and not e["tls"]'

check "a mailbox is full" send "$PLAIN" "full@example.org"
check "which passes" is 'r["outcome"] == "retry" and r["status"] == 452 and "mailbox full" in r["text"]'
check "a mailbox is gone" send "$PLAIN" "gone@example.org"
check "which does not" is 'r["outcome"] == "refused" and r["status"] == 550 and "no such user" in r["text"]'
check "one of two is gone" send "$PLAIN" "gone@example.org,bob@example.org"
check "the other gets it" is 'r["outcome"] == "sent" and e["to"] == ["bob@example.org"]'
check "a server that does not answer" send "$PLAIN" "slow@example.org" '' '"timeout_ms": 400'
check "is not waited for" is 'r["outcome"] == "retry" and r["kind"] == "timeout"'
closed_port
check "nobody is there" send "smtp://localhost:$CLOSED_PORT" "ann@example.org"
check "which passes as well" is 'r["outcome"] == "retry" and r["kind"] == "connect"'

# refused TO TEXT [MEMBERS]: the settings are wrong.
refused() { send "$PLAIN" "$1" "${3-}" && grep -qF "$2" "$work/result"; }
check "an address has its form" refused 'ann' 'separated by commas'
check "an address has no line breaks" refused 'ann@example.org\r\nx' 'separated by commas'
check "an address has no angle" refused 'ann@example.org>' 'separated by commas'
check "a user has a password" refused 'ann@example.org' 'mail.password' '"user": "ann"'

finish
