#!/bin/sh
# The page for people of alert_relay: what it shows with and without its history, its forms, and how it
# looks in a real browser, which runs no script for it.
#
#	SCREENSHOTS=DIR tests/relay/page/alerts_page.sh    takes pictures of it, too

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
pictures=${SCREENSHOTS:-}
mkdir -p "$work/relay" ${pictures:+"$pictures"}

get() { curl -sS --max-time 30 "$@"; }
page() { get -o "$work/page" -w '%{http_code}' "$url$1" >"$work/code" && grep -qx "${2:-200}" "$work/code"; }  # page PATH [CODE]
shows() { grep -qF -- "$1" "$work/page"; }
page_shows() { page "$1" && shows "$2"; }

start_postgres
closed_port
start_relay() {
	spawn relay "$BUILD/alert_relay" --relay.directory "$work/relay" \
		--web.listen-address "127.0.0.1:${port:-0}" --time-zone Asia/Seoul \
		--history.postgres "postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/postgres" \
		--webhook.url "pager=http://127.0.0.1:$CLOSED_PORT/" --route '-> webhook:pager'
	RELAY_PID=$SPAWNED
	port=$(port_of "$RELAY_PID") || { cat "$work/relay.log"; exit 1; }
	url=http://127.0.0.1:$port
	await 60 page / || { cat "$work/relay.log"; exit 1; }
}
port=
start_relay

check "nothing is open at first" page_shows / 'Nothing is open'
push() { get --fail -H 'Content-Type: application/json' -d "$1" "$url/api/v2/alerts"; }
check "an alert comes" push '[{"labels": {"alertname": "ExchangeDown", "severity": "P0", "env": "live", "service": "exchange",
	"exchange": "upbit"}, "annotations": {"summary": "<script>alert(1)</script> upbit does not answer",
	"description": "Nothing came for two minutes.\nThe last answer was a timeout.", "runbook_url": "https://example.org/runbook"}}]'
check "the page names it" page_shows / ExchangeDown
check "and escapes it" shows '&lt;script&gt;alert(1)&lt;/script&gt;'
refute "as text alone" shows '<script'
id=$(sed -n 's/.*href="incident\/\([^"]*\)".*/\1/p' "$work/page" | head -n 1)
token=$(sed -n 's/.*name="k" value="\([^"]*\)".*/\1/p' "$work/page" | head -n 1)
check "its row has a form with a token" test "${#token}" -eq 32
check "its story is there as soon as the history has it" await 30 page_shows "/incident/$id" 'It began.'
check "with its texts" shows 'Nothing came for two minutes.'
check "and its links" shows 'href="https://example.org/runbook"'
check "its channel does not take it, and the page says so" await 60 page_shows / '<b>fails</b>'
check "and so does its story" await 30 page_shows "/incident/$id" 'did not take it'

check "an alert that ended comes" push '[{"labels": {"alertname": "RedisSlow", "severity": "P2", "service": "redis"},
	"startsAt": "2026-01-01T00:00:00Z"}]'
check "and ends" push '[{"labels": {"alertname": "RedisSlow", "severity": "P2", "service": "redis"},
	"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-01T01:30:00Z"}]'
check "the history tells the page of it" await 30 page_shows / '>RedisSlow</a>'
check "with how long it lasted" await 30 page_shows / '<td>1&nbsp;h 30&nbsp;min</td>'
refute "nothing is missing" shows 'cannot be read'

# --- Acknowledging -----------------------------------------------------------------------------------------------

is_open() { page_shows "/incident/$id" 'Nobody has acknowledged it.'; }
# post FORM [CURL-ARGUMENT...]: the code.
post() {
	post_form=$1
	shift
	get -o "$work/page" -D "$work/head" -w '%{http_code}' -d "$post_form" "$@" "$url/ack/$id" >"$work/code"
}
answers() { post_code=$1 && shift && post "$@" && grep -qx "$post_code" "$work/code"; }
check "the link shows what it would acknowledge" page_shows "/ack/$id?k=$token" 'upbit does not answer'
check "to look at it changes nothing" is_open
check "nor does HEAD" get -I -o /dev/null "$url/ack/$id?k=$token"
check "a forged link shows nothing" page "/ack/$id?k=$(echo "$token" | tr 0-9a-f 1-9a-f0)" 403
refute "not even the alert" shows ExchangeDown
check "a forged form is refused" answers 403 "who=Eve&k=$(echo "$token" | tr 0-9a-f 1-9a-f0)"
check "a form without a token, as another site's page would send it, is refused" answers 403 'who=Eve' -H 'Sec-Fetch-Site: cross-site'
check "another site's page sends no alert either" test "$(get -o /dev/null -w '%{http_code}' -H 'Sec-Fetch-Site: cross-site' -d '[]' \
	"$url/api/v2/alerts")" = 403
check "all of that changed nothing" is_open
check "its own form acknowledges" answers 303 "who=Ann+%3Ci%3E&note=on+it&k=$token"
check "and leads to the story" grep -qi "^location: ../incident/$id" "$work/head"
check "which says who" page_shows "/incident/$id" 'Ann &lt;i&gt;'
check "the event is in the story, too" await 30 page_shows "/incident/$id" '</b> acknowledged it.'
check "the first page says who" page_shows / 'Ann &lt;i&gt;'
check "it can be taken back" answers 303 "who=Bora&back=1&k=$token"
check "then it waits again" is_open
check "an id that cannot be one is not found" page '/incident/%3Cscript%3E' 404
check "no answer may be framed, stored, or load anything" get -D "$work/head" -o /dev/null "$url/"
check "that is its policy" grep -qi "^content-security-policy: default-src 'none'; style-src 'sha256-.*form-action 'self'" "$work/head"

# --- In a browser ------------------------------------------------------------------------------------------------

# shellcheck source=tests/lib_browser.sh
. "$repository/tests/lib_browser.sh"
# quiet PATH: the browser opens it, and has nothing to say of it.
quiet() { browse dom "$url$1" "$work/dom.html" "$work/dom.log" && cat "$work/dom.log" && test ! -s "$work/dom.log"; }
# A picture is as wide as the window: what is wider could only be scrolled to.  The page in a frame tells how wide it is.
cat >"$work/frame.py" <<'END'
import html, sys
print("""<!DOCTYPE html><iframe id=f width=360 height=800 style="border:0" srcdoc="%s"></iframe><p id=p>none</p><script>
f.onload = () => { p.textContent = "wide " + f.contentDocument.scrollingElement.scrollWidth };
</script>""" % html.escape(open(sys.argv[1], encoding="utf-8").read()))
END
fits() {
	page "$1" && "$PYTHON" "$work/frame.py" "$work/page" >"$work/frame.html" &&
		browse dom "file://$work/frame.html" "$work/dom.html" "$work/dom.log" && grep -o 'p">wide.*<' "$work/dom.html" &&
		grep -q 'p">wide 360<' "$work/dom.html"
}
for path in / "/incident/$id" "/ack/$id?k=$token"; do
	check "$path: nothing of it is refused or fails in a browser" quiet "$path"
	check "$path: it is not wider than a telephone" fits "$path"
	[ -n "$pictures" ] || continue
	name=$(echo "$path" | sed 's|^/\([a-z]*\).*|alerts_\1|; s|_$||')
	for scheme in light dark; do
		check "$name: a picture in $scheme" browse picture "$url$path" 1240 900 "$scheme" "$pictures/$name-$scheme.png"
		check "$name: a picture of a telephone in $scheme" \
			browse picture "$url$path" 390 900 "$scheme" "$pictures/$name-phone-$scheme.png"
	done
done

# --- Without the history -----------------------------------------------------------------------------------------

kill -INT "$POSTGRES_PID" # it waits for no client then
stop "$POSTGRES_PID"
check "another alert comes" push '[{"labels": {"alertname": "BookStale", "severity": "P2", "service": "book"}}]'
check "without PostgreSQL the page says why there is no more" await 60 page_shows / 'since the history cannot be read'
check "and has what is open" shows BookStale
check "an incident's own page has what the relay knows" page_shows "/incident/$id" 'The whole story is not here'
check "an acknowledgement needs no history" answers 303 "who=Ann&k=$token"
check "and shows" page_shows "/incident/$id" 'Ann</b> <small>acknowledged it'
refute "no token and no password is in the log" grep -e "$token" -e s3cret "$work/relay.log"
finish
