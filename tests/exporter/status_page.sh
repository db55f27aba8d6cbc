#!/bin/sh
# The status page and the JSON of /health in all their states, in a real browser.
#
#	SCREENSHOTS=docs/images tests/exporter/status_page.sh    takes the pictures of the documentation anew

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_status.sh
. "$repository/tests/lib_status.sh"
docs=$repository/docs
pictures=${SCREENSHOTS:-$work/pictures}
mkdir -p "$pictures"

# What an alert_relay or an Alertmanager would answer in each state: nothing is open, some alerts are, no list, nobody is asked.
# alert SEVERITY NAME SUMMARY TIME STATUS
alert() {
	printf '{"labels":{"severity":"%s","alertname":"%s","env":"live"},"annotations":{"summary":"%s"},' "$1" "$2" "$3"
	printf '"startsAt":"2026-01-31T%sZ","status":{%s}}' "$4" "$5"
}
echo '[]' >"$work/good.alerts"
{
	printf '['
	alert P1 PositionMismatch 'The bot and binance differ by 0.1 BTC' 13:59:30.25 '"silencedBy":[],"acknowledgedBy":null'
	printf ','
	alert P2 ExchangeDegraded 'kraken is degraded' 12:40:00 '"silencedBy":["4c1f"],"acknowledgedBy":null'
	printf ','
	alert P0 PostgresDown 'Postgres main does not answer' 14:00:21 '"silencedBy":["2a77"],"acknowledgedBy":"Kim"'
	printf ','
	alert P0 GlobalGuardBlock 'The bot has blocked all trading' 14:01:03 '"silencedBy":[],"inhibitedBy":[]'
	printf ','
	alert none Watchdog '' 09:00:00 '"silencedBy":[]'
	printf ']'
} >"$work/failing.alerts"
echo '<html>' >"$work/stale.alerts"

# render STATE: $work/STATE.html and $work/STATE.json at the time that never changes.
render() {
	state "$1" "$work/$1"
	[ -e "$work/$1.alerts" ] && render_alerts=$work/$1.alerts || render_alerts=
	"$TOOLS/status_page" page "$work/$1" "$now" ${render_alerts:+"$render_alerts"} >"$work/$1.html" &&
		"$TOOLS/status_page" json "$work/$1" "$now" ${render_alerts:+"$render_alerts"} >"$work/$1.json"
}

# shellcheck source=tests/lib_browser.sh
. "$repository/tests/lib_browser.sh"
dom() { browse dom "$1" "$work/dom.html" "$work/dom.log"; }  # dom URL

# What a reader of the browser's page finds: "SECTION: CELL | CELL | ..." for each row, and the heading.
cat >"$work/rows.py" <<'END'
import sys
from html.parser import HTMLParser

class Rows(HTMLParser):
    def __init__(self):
        super().__init__()
        self.section, self.cells, self.inside, self.heading = "", None, False, False
    def handle_starttag(self, tag, attrs):
        if tag == "section":
            self.section = dict(attrs)["id"]
        elif tag == "tr":
            self.cells = []
        elif tag in ("td", "th") and self.cells is not None:
            self.cells.append("")
            self.inside = True
        elif tag == "h1":
            self.heading = True
        elif tag == "svg" and self.inside:
            self.cells[-1] += "[picture]"
    def handle_endtag(self, tag):
        if tag == "tr":
            print(f"{self.section}: {' | '.join(' '.join(cell.split()) for cell in self.cells)}")
            self.cells = None
        elif tag in ("td", "th"):
            self.inside = False
        elif tag == "h1":
            self.heading = False
    def handle_data(self, data):
        if self.inside:
            self.cells[-1] += data
        elif self.heading:
            print("verdict: " + data)

Rows().feed(open(sys.argv[1], encoding="utf-8").read())
END
rows() { dom "file://$work/$1.html" && "$PYTHON" "$work/rows.py" "$work/dom.html" >"$work/$1.rows"; }
row() { grep -qxF -- "$2" "$work/$1.rows"; }  # row STATE LINE
none_of() { refute "no row of $2 in state $1" grep -q "^$2: " "$work/$1.rows"; }

cat >"$work/schema.py" <<'END'
import json, sys
import jsonschema

def refuse(word):
    sys.exit(f"{word} is not JSON")

schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
for path in sys.argv[2:]:
    jsonschema.validate(json.load(open(path, encoding="utf-8"), parse_constant=refuse), schema)
END
valid() { "$PYTHON" "$work/schema.py" "$docs/health.schema.json" "$@"; }

cat >"$work/ask.py" <<'END'
import json, sys

report = json.load(open(sys.argv[1]))
checks = {f"{check['kind']} {check['name']}": check for check in report["checks"]}
print(eval(sys.argv[2], {"report": report, "checks": checks}))
END
# json_says FILE EXPRESSION VALUE
json_says() { test "$("$PYTHON" "$work/ask.py" "$1" "$2")" = "$3"; }

# picture NAME STATE WIDTH HEIGHT light|dark
picture() { browse picture "file://$work/$2.html" "$3" "$4" "$5" "$pictures/$1.png"; }

# The size, and the colour of the first pixel: whatever filter the first line has, its first pixel is as it is.
cat >"$work/picture.py" <<'END'
import os, struct, sys, zlib

path, width, height, scheme = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
data = open(path, "rb").read()
at, pixels = 8, b""
while at < len(data):
    length, kind = struct.unpack(">I4s", data[at:at + 8])
    if kind == b"IHDR":
        size = struct.unpack(">II", data[at + 8:at + 16])
    if kind == b"IDAT":
        pixels += data[at + 8:at + 8 + length]
    at += 12 + length
back = tuple(zlib.decompress(pixels)[1:4])
wanted = {"light": (0xF3, 0xF5, 0xF8), "dark": (0x12, 0x15, 0x1A)}[scheme]
if size != (width, height) or back != wanted or os.path.getsize(path) > 170 * 1024:
    sys.exit(f"{size}, background {back}, {os.path.getsize(path)} bytes")
END
shown() { "$PYTHON" "$work/picture.py" "$pictures/$1.png" "$3" "$4" "$5"; }

# Text on its background, for both schemes: WCAG's formula, of the colours as the style has them.
cat >"$work/contrast.py" <<'END'
import re, sys

def channel(value):
    value /= 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

def luminance(colour):
    colour = colour if len(colour) == 6 else "".join(c * 2 for c in colour)
    red, green, blue = (channel(int(colour[i:i + 2], 16)) for i in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

schemes = [dict(re.findall(r"--([a-z-]+):#([0-9a-f]+)", root))
           for root in re.findall(r":root\{([^}]*)\}", open(sys.argv[1]).read())]
if len(schemes) != 2:
    sys.exit("not two schemes")
for scheme in schemes:
    for text, back in (("text", "card"), ("text", "back"), ("muted", "card"), ("muted", "back"), ("ok", "card"),
                       ("fail", "card"), ("ok", "ok-back"), ("warn", "warn-back"), ("fail", "fail-back"),
                       ("text", "ok-back"), ("text", "warn-back"), ("text", "fail-back")):
        dark, light = sorted((luminance(scheme[text]), luminance(scheme[back])))
        if (light + 0.05) / (dark + 0.05) < 4.5:
            sys.exit(f"{text} on {back}: {(light + 0.05) / (dark + 0.05):.2f}")
END

# The pages over HTTP: under the policy of the exporter, under one with another hash, and in a frame of some width that
# tells how wide its contents are, and how many texts of a row have less than 6 pixels to the next one.
cat >"$work/serve.py" <<'END'
import http.server, sys

policy, folder = sys.argv[2], sys.argv[3]
FRAME = """<!DOCTYPE html><iframe id=f width=%s height=800 style="border:0" src="/plain/%s"></iframe><p id=p>none</p><script>
f.onload = () => {
	const d = f.contentDocument;
	const box = (cell) => { let r = d.createRange(); r.selectNodeContents(cell); return r.getBoundingClientRect() };
	let narrow = 0;
	for (const row of d.querySelectorAll("tr"))
		for (let i = 0; i + 1 < row.cells.length; i++)
			narrow += getComputedStyle(row).display == "table-row" &&
				box(row.cells[i + 1]).left - box(row.cells[i]).right < 6;
	p.textContent = "wide " + d.scrollingElement.scrollWidth + " of " + d.scrollingElement.clientWidth + ", narrow " + narrow;
};
</script>"""

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, _, name = self.path[1:].partition("/")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if kind in ("good-policy", "bad-policy"):
            self.send_header("Content-Security-Policy",
                             policy if kind == "good-policy" else policy.replace("sha256-", "sha256-A"))
        self.end_headers()
        if kind == "frame":
            self.wfile.write((FRAME % tuple(name.split("/"))).encode())
        elif name:
            self.wfile.write(open(f"{folder}/{name}", "rb").read())

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
END
spawn serve "$PYTHON" "$work/serve.py" 0 "$("$TOOLS/status_page" policy)" "$work"
port=$(port_of "$SPAWNED")
await 120 curl -sS --fail "http://127.0.0.1:$port/" || { cat "$work/serve.log"; exit 1; }
refused() {  # refused PATH: the browser says that the policy forbids something
	dom "http://127.0.0.1:$port/$1" && grep -q 'Content Security Policy' "$work/dom.log"
}
# fits STATE WIDTH: nothing is wider than the window, and no text touches the next one.
fits() {
	dom "http://127.0.0.1:$port/frame/$2/$1.html" && grep -o 'wide [0-9]* of [0-9]*, narrow [0-9]*' "$work/dom.html" >"$work/frame"
	cat "$work/frame"
	grep -qx "wide $2 of $2, narrow 0" "$work/frame"
}

for name in good failing stale none; do
	check "the page and the JSON of state $name are made" render "$name"
	check "nothing of state $name is wider than a telephone" fits "$name" 390
	check "nothing of state $name touches what is beside it" fits "$name" 900
	check "the browser opens the page of state $name" rows "$name"
done
check "the JSON of all states is as its schema says" valid "$work/good.json" "$work/failing.json" "$work/stale.json" \
	"$work/none.json"
sed 's/"age_seconds":[0-9.]*/"age_seconds":"old"/' "$work/good.json" >"$work/wrong.json"
refute "the schema takes everything" valid "$work/wrong.json"
check "text can be read on its background" "$PYTHON" "$work/contrast.py" "$work/good.html"
cp "$work/dom.html" "$work/none.dom"
refute "the policy lets the page be as it is" refused good-policy/failing.html
check "another style would be refused" refused bad-policy/failing.html

check "good: the verdict" row good 'verdict: Healthy'
for name in exchange_health:'180 ms | [picture] 95 % ≤ 395 ms' open_positions:'93 ms | –' \
	postgres_latency:'4.2 ms | [picture] 95 % ≤ 1.92 ms' redis_latency:'4.2 ms | [picture] 95 % ≤ 1.92 ms'; do
	check "good: the row of ${name%%:*}" row good \
		"collectors: ${name%%:*} live | ok | 14:03:18 | 4 s | 14:03:18 | ${name#*:}"
done
check "good: the row of preflight" row good \
	'collectors: preflight live | ok | 13:58:10 | 5 min | 13:58:10 | 21 ms | [picture] 95 % ≤ 45.4 ms'
check "good: preflight's verdict" grep -q '^preflight: preflight live | ready | 13:58:10 | 5 min | 13:58:10 |' "$work/good.rows"
check "good: Postgres" grep -q '^servers: Postgres main live | up |' "$work/good.rows"
check "good: an exchange" grep -q '^exchanges: upbit live | healthy |' "$work/good.rows"
check "good: the engine's rows have no success of their own" row good 'positions: engine live | checked | 14:03:18 | 4 s | –'
check "good: a position" row good 'positions: BTC live | binance | 0.25 long | 0.25 long | agree | –'
check "good: the bot, its heartbeat and its loop" row good \
	'bots: main live | running | 14:03:18 | 4 s | 14:03:17 | 455 µs | [picture] 95 % ≤ 1.92 ms'
none_of good files

check "failing: the verdict" row failing 'verdict: Unhealthy'
check "failing: the summary names Postgres" json_says "$work/failing.json" \
	'report["summary"].startswith("Postgres main (live): down")' True
for name in exchange_health open_positions postgres_latency; do
	check "failing: the row of $name" grep -q "^collectors: $name live | failing its last run could not .* so far" \
		"$work/failing.rows"
done
for name in redis_latency preflight; do
	check "failing: the row of $name is as before" grep -q "^collectors: $name live | ok |" "$work/failing.rows"
done
check "failing: Postgres, why and since when" grep -q \
	'^servers: Postgres main live | down failures: connect 12 so far; last success 3 min ago | 14:03:18 | 4 s | 14:00:13 |' \
	"$work/failing.rows"
check "failing: a ban and its end" grep -q '^exchanges: binance live | banned banned until 14:04:57 UTC' "$work/failing.rows"
check "failing: a frozen exchange" grep -q '^exchanges: bybit live | frozen ' "$work/failing.rows"
check "failing: a degraded exchange" grep -q '^exchanges: kraken live | degraded 8.5 % of its requests fail |' "$work/failing.rows"
check "failing: a mismatch" row failing \
	'positions: BTC live | binance | 0.25 long | 0.35 long | differ by 0.1 | 13:59:22'
check "failing: what cannot be read is not flat" row failing \
	'positions: BTC live | upbit | not known | 0.25 long | not compared | –'
check "failing: preflight" grep -q '^preflight: preflight live | not ready the bot may not go live; failed checks: postgres |' \
	"$work/failing.rows"
check "failing: the bot has blocked itself" grep -q \
	'^bots: main live | blocked its global guard blocks all trading |' "$work/failing.rows"
check "failing: the broken file, and where" grep -q '^files: other.prom | broken line 1: ' "$work/failing.rows"

check "failing: the worst alert first" test "$(grep '^alerts: ' "$work/failing.rows" | cut -d ' ' -f 3 | tr '\n' ' ')" = \
	'| GlobalGuardBlock PostgresDown PositionMismatch ExchangeDegraded '
check "failing: an alert, what it says, since when" row failing \
	'alerts: P0 GlobalGuardBlock live | firing The bot has blocked all trading | 14:01:03'
check "failing: who looks after one" row failing \
	'alerts: P0 PostgresDown live | acknowledged by Kim Postgres main does not answer | 14:00:21'
check "failing: one is silenced" row failing 'alerts: P2 ExchangeDegraded live | silenced kraken is degraded | 12:40:00'
check "failing: the JSON has them" json_says "$work/failing.json" \
	'[(a["alert"], a["state"], a["acknowledged_by"]) for a in report["alerts"]["open"]][1]' "('PostgresDown', 'acknowledged', 'Kim')"

check "good: no alert is open" grep -q '<p>No alert is open.</p>' "$work/good.html"
check "good: in the JSON too" json_says "$work/good.json" 'report["alerts"]["open"], report["alerts"]["reason"]' "([], '')"
check "stale: alerts that are not known are not none" grep -q '<p>The alerts cannot be read since 14:03:22: ' "$work/stale.html"
check "stale: in the JSON too" json_says "$work/stale.json" \
	'report["alerts"]["open"], report["alerts"]["time"], len(report["alerts"]["reason"]) > 10' "(None, '2026-01-31T14:03:22Z', True)"
check "none: nobody is asked for alerts" json_says "$work/none.json" 'report["alerts"]' None
refute "none: the page says nothing of them" grep -q 'id="alerts"' "$work/none.html"

check "stale: the verdict" row stale 'verdict: Unhealthy'
check "stale: the row of postgres_latency" grep -q \
	'^collectors: postgres_latency live | stale last run 13 min ago, expected every 15 s | 13:50:42 | 13 min |' \
	"$work/stale.rows"
check "stale: one that is not" grep -q '^collectors: redis_latency live | ok |' "$work/stale.rows"
check "stale: an exchange is no longer healthy" grep -q '^exchanges: upbit live | stale was healthy' "$work/stale.rows"
check "stale: Postgres alone would be degraded" json_says "$work/stale.json" 'checks["postgres main"]["status"]' warn
check "stale: the positions are marked" grep -q '^positions: BTC live | binance .* no longer measured' "$work/stale.rows"

check "none: the verdict" row none 'verdict: Unhealthy'
check "none: what to do" grep -q 'No collector has written a file yet' "$work/none.dom"
none_of none collectors

# Real collectors: one that works, one whose server is not there.
start_redis
closed_port
run 0 "$BUILD/redis_latency" --samples 3 --env live --target "main=redis://127.0.0.1:$REDIS_PORT" \
	--target "gone=redis://127.0.0.1:$CLOSED_PORT"
run 0 "$BUILD/redis_latency" --samples 3 --env paper --name redis_paper --target "main=redis://127.0.0.1:$REDIS_PORT"
"$TOOLS/status_page" json "$textfiles" >"$work/real.json"
check "real files: the JSON is as its schema says" valid "$work/real.json"
check "real files: Redis down is unhealthy" json_says "$work/real.json" 'report["status"]' unhealthy
check "real files: the first reason is that, with what to do" json_says "$work/real.json" \
	'[report["reasons"][0][k] for k in ("rule", "what", "env")], "Stop" in report["reasons"][0]["do"]' \
	"(['redis_down', 'Redis gone', 'live'], True)"
check "real files: the reason is the real one" json_says "$work/real.json" 'checks["redis gone"]["reason"]' \
	'failures: connect 1 so far; it has never succeeded'
check "real files: the other target is up, and measured" json_says "$work/real.json" \
	'checks["redis main"]["status"], 0 < checks["redis main"]["duration_seconds"] < 1' "('ok', True)"
check "real files: two instances" json_says "$work/real.json" \
	'checks["collector redis_latency"]["env"] + checks["collector redis_paper"]["env"]' livepaper
run 0 "$BUILD/postgres_latency" --env live --target "main=postgresql://arbwatch@127.0.0.1:$CLOSED_PORT/postgres"
"$TOOLS/status_page" json "$textfiles" >"$work/real.json"
check "real files: Postgres down is unhealthy" json_says "$work/real.json" 'report["status"]' unhealthy
"$TOOLS/status_page" json "$textfiles" $(($(date +%s) + 3600)) >"$work/real.json"
check "real files: an hour later none is fresh" json_says "$work/real.json" \
	'report["status"], report["summary"].startswith("No collector is fresh")' "('unhealthy', True)"
check "no directory at all is unhealthy" sh -c "'$TOOLS/status_page' json '$work/missing' | grep -q '\"status\":\"unhealthy\"'"

# What a browser makes of names that are meant to be something else.
mkdir "$work/hostile"
evil='<script>document.title=1</script>\"><img src=x onerror=alert(1)>'
{
	collector "$evil" live 1 15 4
	family arbitrage_redis_up gauge
	echo "arbitrage_redis_up{target=\"$evil\",env=\"live\"} 0"
} >"$work/hostile/c.prom"
: >"$work/hostile/<img src=x onerror=alert(1)>.prom"
mkdir "$work/hostile/&lt;b&gt;.prom"
"$TOOLS/status_page" page "$work/hostile" "$now" >"$work/hostile.html"
"$TOOLS/status_page" json "$work/hostile" "$now" >"$work/hostile.json"
check "hostile names: the JSON is as its schema says" valid "$work/hostile.json"
check "hostile names: the browser opens the page" rows hostile
check "hostile names: they are text" grep -qF \
	'collectors: <script>document.title=1</script>"><img src=x onerror=alert(1)> live | ok |' "$work/hostile.rows"
check "hostile names: a directory's name too" grep -qF 'files: &lt;b&gt;.prom | ' "$work/hostile.rows"
refute "hostile names: the browser has made an image or a script of one" grep -qE '<(img|script)' "$work/dom.html"

while read -r name look width height scheme; do
	check "a picture of state $look, $width pixels wide, $scheme" picture "$name" "$look" "$width" "$height" "$scheme"
	check "the picture $name is of that size and colour" shown "$name" "$look" "$width" "$height" "$scheme"
done <<-END
	status_page_good good 1280 1060 light
	status_page_failing failing 1280 990 light
	status_page_stale stale 1280 960 dark
	status_page_none none 1280 420 dark
	status_page_phone failing 390 900 light
	status_page_phone_dark good 390 900 dark
END
finish
