#!/bin/sh
# The paper exchange: a published client takes it for the real venues, and every fault is what it says.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_npm.sh
. "$repository/tests/lib_npm.sh"

exchange=$BUILD/paper_exchange

# start NAME [FLAG...]: sets URL.
start() {
	start_name=$1
	shift
	spawn "$start_name" "$exchange" --listen 127.0.0.1:0 "$@"
	await 30 grep -q '^listening on ' "$work/$start_name.log" || { cat "$work/$start_name.log"; exit 1; }
	URL=$(sed -n 's/^listening on //p' "$work/$start_name.log")
}

# get PATH [-X METHOD | CURL-ARGUMENT...]: status in $work/status, headers in $work/head, body in $work/body.
get() {
	get_path=$1
	shift
	: >"$work/body"
	get_method=GET
	if [ $# -eq 2 ] && [ "$1" = -X ]; then
		get_method=$2
		shift 2
	fi
	if [ $# -eq 0 ] && [ "$URL" = "http://${URL#http://}" ]; then
		: >"$work/head"
		"$TOOLS/request" "${URL##*:}" "$get_method" "$get_path" "$work/head" "$work/body" 2>"$work/err"
		get_status=''
		read -r _ get_status _ <"$work/head"
		printf '%s' "${get_status:-000}" >"$work/status"
		[ -n "$get_status" ]
		return
	fi
	curl -sS -g --max-time 20 -D "$work/head" -o "$work/body" -w '%{http_code}' "$@" "$URL$get_path" >"$work/status" 2>"$work/err"
}
control() { "$TOOLS/request" "${URL##*:}" "$1" "/control$2" >"$work/control" 2>"$work/err"; }
status_is() {
	read -r is_status <"$work/status"
	test "$is_status" = "$1"
}
has() { grep -qF -- "$1" "$work/body"; }
header() { sed -n "s/\r$//; s/^$1: //Ip" "$work/head"; }
has_header() { test "$(header "$1")" = "$2"; }

# field EXPRESSION: of the body, by an independent parser, which is started once.
mkfifo "$work/asked" "$work/answered"
cat >"$work/field.py" <<'PY'
import json, sys
for expression in sys.stdin:
    try:
        b = json.load(open(sys.argv[1]))
        print("ok", eval(expression), flush=True)
    except Exception as error:
        print("failed", repr(error), flush=True)
PY
"$PYTHON" "$work/field.py" "$work/body" <"$work/asked" >"$work/answered" &
echo $! >>"$work/pids"
exec 8>"$work/asked" 9<"$work/answered"
field() {
	printf '%s\n' "$1" >&8
	IFS= read -r field_answer <&9
	echo "${field_answer#* }"
	[ "${field_answer%% *}" = ok ]
}
field_is() { test "$(field "$1")" = "$2"; }
is_json() { field True; }

# node_says SCRIPT: one check per line that it prints.
node_says() {
	node "$repository/tests/demo/ccxt/$1" "$URL" >"$work/node.out" 2>&1
	node_status=$?
	while read -r verdict what; do
		case $verdict in
		ok) check "$what" true ;;
		*) check "$verdict $what" false ;;
		esac
	done <"$work/node.out"
	check "$1 ends well" test "$node_status" -eq 0
	check "$1 has checked something" test -s "$work/node.out"
}

start plain
if ! command -v node >/dev/null; then
	skip "ccxt and signatures" "no node"
else
	if have_ccxt; then
		node_says judge.js
	else
		skip "ccxt" "$why_no_packages"
	fi
	control DELETE ''
	node_says signatures.js
	plain=$URL
	start account  # one that may grow: it makes up tens of thousands of positions
	if [ -n "${NODE_PATH-}" ]; then
		node_says account.js
	else
		skip "the account's faults" "no ccxt"
	fi
	URL=$plain
fi

# Public endpoints, a path of each venue's book and its first price.
book_of() {
	case $1 in
	binance) echo '/binance/api/v3/depth?symbol=BTCUSDT&limit=5' ;;
	binanceusdm) echo '/binanceusdm/fapi/v1/depth?symbol=BTCUSDT&limit=5' ;;
	upbit) echo '/upbit/v1/orderbook?markets=KRW-BTC' ;;
	bybit) echo '/bybit/v5/market/orderbook?category=spot&symbol=BTCUSDT&limit=5' ;;
	okx) echo '/okx/api/v5/market/books?instId=BTC-USDT&sz=5' ;;
	kraken) echo '/kraken/0/public/Depth?pair=XBTUSDT&count=5' ;;
	esac
}
bids_of() {
	case $1 in
	binance | binanceusdm) echo 'b["bids"]' ;;
	upbit) echo 'b[0]["orderbook_units"]' ;;
	bybit) echo 'b["result"]["b"]' ;;
	okx) echo 'b["data"][0]["bids"]' ;;
	kraken) echo 'b["result"]["XBTUSDT"]["bids"]' ;;
	esac
}
time_of() {  # of the book, in ms; Binance spot has none: of the last trade
	case $1 in
	binance) echo 'b["closeTime"]' ;;
	binanceusdm) echo 'b["T"]' ;;
	upbit) echo 'b[0]["timestamp"]' ;;
	bybit) echo 'b["result"]["cts"]' ;; # ts is when the answer was written
	okx) echo 'int(b["data"][0]["ts"])' ;;
	kraken) echo 'b["result"]["XBTUSDT"]["bids"][0][2] * 1000' ;;
	esac
}
timed_of() {
	case $1 in
	binance) echo '/binance/api/v3/avgPrice?symbol=BTCUSDT' ;;
	*) book_of "$1" ;;
	esac
}
# age_within VENUE LEAST MOST: of the book, in ms.
age_within() {
	get "$(timed_of "$1")" && now=$(($(date +%s%N) / 1000000)) && then=$(field "$(time_of "$1")") &&
		test $((now - then)) -ge "$2" -a $((now - then)) -le "$3"
}
content() { get "$(book_of "$1")" && field "$(bids_of "$1")"; }
differs() { content "$1" >"$work/after" && not cmp -s "$work/before" "$work/after"; }
moves() {
	content "$1" >"$work/before"
	await 30 differs "$1"
}
has_no_level() {
	case $1 in
	upbit) field_is b '[]' ;;
	okx) field_is 'b["data"]' '[]' ;;
	*) field_is "$(bids_of "$1")" '[]' ;;
	esac
}
stands_still() {
	content "$1" >"$work/before"
	sleep 0.6  # more than two changes of a book that moves
	content "$1" >"$work/after"
	cmp "$work/before" "$work/after"
}

for venue in binance binanceusdm upbit bybit okx kraken; do
	book=$(book_of "$venue")
	check "$venue: a book" get "$book"
	check "$venue: with status 200" status_is 200
	check "$venue: as JSON" has_header content-type 'application/json; charset=utf-8'
	check "$venue: with levels" test "$(field "len($(bids_of "$venue"))")" -ge 5
	check "$venue: it moves" moves "$venue"
	# A second of the clock, one of Kraken's whole seconds, and a slow machine.
	check "$venue: it is fresh" age_within "$venue" -1000 4000

	control POST "/$venue/latency?value=700"
	started=$(now_ns)
	get "$book"
	check "$venue latency: answered late" test $((($(now_ns) - started) / 1000000)) -ge 700
	check "$venue latency: answered" status_is 200
	control DELETE "/$venue/latency"

	control POST "/$venue/429?value=17"
	get "$book"
	check "$venue 429: status" status_is 429
	check "$venue 429: Retry-After" has_header retry-after 17
	check "$venue 429: JSON" is_json
	control DELETE "/$venue/429"

	control POST "/$venue/418?value=100"
	get "$book"
	check "$venue 418: status" status_is 418
	check "$venue 418: Retry-After" test "$(header retry-after)" -ge 90 -a "$(header retry-after)" -le 100
	control DELETE "/$venue/418"

	control POST "/$venue/418?value=1"
	check "$venue 418: it ends by itself" await 30 "$TOOLS/request" "${URL##*:}" GET "$book"
	control DELETE "/$venue/418"

	control POST "/$venue/5xx?value=502"
	get "$book"
	check "$venue 5xx: status" status_is 502
	control DELETE "/$venue/5xx"

	control POST "/$venue/frozen"
	check "$venue frozen: it stands still" stands_still "$venue"
	check "$venue frozen: with status 200" status_is 200
	control DELETE "/$venue/frozen"
	check "$venue frozen: it moves again" moves "$venue"

	control POST "/$venue/stale?value=90000"
	check "$venue stale: 90 s old" age_within "$venue" 89000 94000
	check "$venue stale: but it moves" moves "$venue"
	control DELETE "/$venue/stale"

	control POST "/$venue/future?value=600000"
	check "$venue future: 10 min ahead" age_within "$venue" -601000 -596000
	control DELETE "/$venue/future"

	control POST "/$venue/skew?value=-50000"
	get "$book"
	served=$(date -d "$(header date)" +%s)
	behind=$(($(date +%s) - served))
	check "$venue skew: the Date header is off" test "$behind" -ge 49 -a "$behind" -le 60
	control DELETE "/$venue/skew"

	control POST "/$venue/empty"
	get "$book"
	check "$venue empty: no level" has_no_level "$venue"
	check "$venue empty: JSON" is_json
	control DELETE "/$venue/empty"

	control POST "/$venue/truncated"
	get "$book"
	check "$venue truncated: status" status_is 200
	refute "$venue truncated: no JSON" is_json
	control DELETE "/$venue/truncated"

	control POST "/$venue/huge?value=5000000"
	get "$book"
	check "$venue huge: so many bytes" test "$(wc -c <"$work/body")" -gt 5000000
	check "$venue huge: JSON" is_json
	control DELETE "/$venue/huge"

	control POST "/$venue/content-type"
	get "$book"
	check "$venue content-type: HTML" has_header content-type 'text/html; charset=utf-8'
	check "$venue content-type: with status 200" status_is 200
	control DELETE "/$venue/content-type"

	control POST "/$venue/drip?value=300"
	get "$book" --max-time 2
	check "$venue drip: some bytes, but few" test "$(wc -c <"$work/body")" -ge 1 -a "$(wc -c <"$work/body")" -le 7
	control DELETE "/$venue/drip"

	control POST "/$venue/reset"
	get "$book"
	check "$venue reset: the client sees it" grep -q 'reset by peer' "$work/err"
	control DELETE "/$venue/reset"

	control POST "/$venue/redirect?value=https://elsewhere.invalid/"
	get "$book"
	check "$venue redirect: status" status_is 302
	check "$venue redirect: Location" has_header location https://elsewhere.invalid/
	control DELETE "/$venue/redirect"

	control POST "/$venue/error-200"
	get "$book"
	check "$venue error-200: status" status_is 200
	check "$venue error-200: JSON" is_json
	refute "$venue error-200: no book" field "$(bids_of "$venue")"
	control DELETE "/$venue/error-200"

	get "$book"
	check "$venue: well again" field "$(bids_of "$venue")"
done

# What each venue has in its own way: PATH FAULT STATUS TEXT.
own() {
	control POST "$2"
	get "$1"
	check "$2: status" status_is "$3"
	check "$2: '$4'" has "$4"
	control DELETE "${2%%\?*}"
}
now=$(date +%s)
control POST '/binance/418?value=300'
get '/binance/api/v3/time'
check "binance 418: until when, in ms" test "$(sed -n 's/.*banned until \([0-9]*\)[0-9]\{3\}\..*/\1/p' "$work/body")" -ge $((now + 299))
until_first=$(sed -n 's/.*banned until \([0-9]*\).*/\1/p' "$work/body")
get '/binance/api/v3/ping'
check "binance 418: the same, later" has "banned until $until_first"
control DELETE '/binance/418'
own /bybit/v5/market/time /bybit/ban 403 'access too frequent'
own /bybit/v5/market/time /bybit/throttle 200 '"retCode":10006'
own /kraken/0/public/Time /kraken/throttle 200 'EAPI:Rate limit exceeded'
own /kraken/0/public/Time /kraken/ban 200 'EGeneral:Temporary lockout'
own /okx/api/v5/public/time /okx/throttle 429 '"code":"50011"'
own /upbit/v1/market/all /upbit/throttle 429 too_many_requests
own /binance/api/v3/time /binance/throttle 429 '"code":-1003'
own /binance/api/v3/time /binance/error-200?value=-1003 200 '"code":-1003'
own /kraken/0/public/Time '/kraken/error-200?value=EAPI:Rate%20limit%20exceeded' 200 '"error":["EAPI:Rate limit exceeded"]'
own /binance/sapi/v1/system/status /binance/maintenance 200 '"status":1'
own "$(book_of binance)" /binance/maintenance 503 '"code":-1016'
own "$(book_of binanceusdm)" /binanceusdm/maintenance 503 '"code":-1016'
own "$(book_of upbit)" /upbit/maintenance 503 '"name":503'
own /bybit/v5/system/status /bybit/maintenance 200 '"state":"ongoing"'
own /okx/api/v5/system/status /okx/maintenance 200 '"state":"ongoing"'
own "$(book_of okx)" /okx/maintenance 503 '"code":"50001"'
own /kraken/0/public/SystemStatus /kraken/maintenance 200 '"status":"maintenance"'
own "$(book_of kraken)" /kraken/maintenance 200 'EService:Unavailable'
own '/binance/api/v3/exchangeInfo?symbol=ETHUSDT' '/binance/halted?value=ETH/USDT' 200 '"status":"HALT"'
own '/binance/api/v3/exchangeInfo?symbol=BTCUSDT' '/binance/halted?value=ETH/USDT' 200 '"status":"TRADING"'
own '/binance/api/v3/depth?symbol=ETHUSDT&symbolStatus=TRADING' '/binance/halted?value=ETHUSDT' 400 '"code":-1220'
own /binanceusdm/fapi/v1/exchangeInfo '/binanceusdm/halted' 200 '"status":"SETTLING"'
own '/bybit/v5/market/instruments-info?category=spot&symbol=BTCUSDT' /bybit/halted 200 '"status":"Closed"'
own '/okx/api/v5/public/instruments?instType=SPOT&instId=BTC-USDT' /okx/halted 200 '"state":"suspend"'
own '/kraken/0/public/AssetPairs?pair=XBT/USDT' /kraken/halted 200 '"status":"cancel_only"'
own "$(book_of kraken)" '/kraken/5xx?path=/Time' 200 '"error":[]'
own /kraken/0/public/Time '/kraken/5xx?path=/Time' 503 'EGeneral:Internal error'
control POST '/upbit/halted?value=BTC/KRW'
get /upbit/v1/market/all
refute "upbit halted: it is gone from the list" has KRW-BTC
check "upbit halted: the others are not" has KRW-ETH
control DELETE /upbit/halted
control POST '/binance/skew?value=30000'
get /binance/api/v3/time
ahead=$(($(field 'b["serverTime"]') - $(date +%s%N) / 1000000))
check "binance skew: the time is off too" test "$ahead" -ge 25000 -a "$ahead" -le 30000
control DELETE ''

# Rate limits are counted.
used() { get "$1" && header x-mbx-used-weight-1m; }
# What is used starts again with each minute: not within these checks.
early_in_minute() { test "$(($(date +%s) % 60))" -lt 45; }
await 60 early_in_minute
control DELETE ''
check "binance: the first call" test "$(used /binance/api/v3/time)" = 1
check "binance: a book adds 5" test "$(used '/binance/api/v3/depth?symbol=BTCUSDT&limit=100')" = 6
check "binance: a deep one 250" test "$(used '/binance/api/v3/depth?symbol=BTCUSDT&limit=5000')" = 256
check "binance: futures have their own" test "$(used '/binanceusdm/fapi/v1/depth?symbol=BTCUSDT&limit=5')" = 2
control POST '/binance/rate-limit?value=85'
check "binance rate-limit: so much is used" test "$(used /binance/api/v3/time)" = 5100
control POST '/upbit/rate-limit?value=90'
get "$(book_of upbit)"
check "upbit rate-limit: so little is left" has_header remaining-req 'group=orderbook; min=600; sec=1'
control POST '/bybit/rate-limit?value=90'
get "$(book_of bybit)"
check "bybit rate-limit: so little is left" has_header x-bapi-limit-status 5
control DELETE ''

# Mistakes of the caller.
get '/binance/api/v3/depth?symbol=NOPE'
check "an unknown symbol" has '"code":-1121'
get '/binance/api/v3/depth'
check "no symbol" has '"code":-1102'
get '/upbit/v1/orderbook?markets=KRW-BTC&level=10'
check "a level that is not supported: nothing, with 200" test "$(cat "$work/status" "$work/body")" = '200[]'
get /upbit/v1/orderbook
check "upbit: no market" status_is 400
get '/kraken/0/public/Depth?pair=NOPE'
check "kraken: an error comes with 200" test "$(cat "$work/status" "$work/body")" = '200{"error":["EQuery:Unknown asset pair"]}'
get /nowhere/api/v3/time
check "no such exchange" status_is 404
get /binance/api/v3/nothing
check "no such path" status_is 404
get /binance/api/v3/time -X POST
check "no such method" status_is 405
check "no such method: which there is" has_header allow GET
get / && check "the root" status_is 404
get '/binance/api/v3/depth?symbol=%zz'
check "a bad escape" status_is 400
get '/binance/api/v3/depth?symbol=%00'
check "a NUL" status_is 400
get "/binance/api/v3/depth?$(printf 'a=1&%.0s' $(seq 40))symbol=BTCUSDT"
check "too many arguments" status_is 400
get /binance/api/v3/time -H "X-Long: $(head -c 60000 /dev/zero | tr '\0' x)"
check "huge headers" grep -qE '^(431|413|400|000)$' "$work/status"
head -c 100000 /dev/zero >"$work/zeros"
get /kraken/0/private/Balance --data-binary "@$work/zeros" -H 'Expect:'
check "a huge body" grep -qE '^(413|000)$' "$work/status"
get /kraken/0/private/Balance --data-binary "@$work/zeros" -H 'Expect:' -H 'Transfer-Encoding: chunked'
check "a huge body that says nothing of its size" grep -qE '^(413|000)$' "$work/status"
printf '\200\377\n\n' | curl -sS --max-time 5 "telnet://${URL#http://}" >"$work/out" 2>&1
get /binance/api/v3/time
check "after all of this it answers" status_is 200

# The control endpoint.
control DELETE ''
get '/binance/api/v3/account?timestamp=1&signature=2' -H 'X-MBX-APIKEY: s3cret'
get /upbit/v1/orders -X DELETE -H 'X-Mine: 1'
get /control/requests
check "requests: how many" field_is 'b["total"]' 2
check "requests: the first" field_is '[b["requests"][0][k] for k in ("exchange", "method", "path", "status")]' \
	"['binance', 'GET', '/api/v3/account', 401]"
check "requests: the second" field_is '[b["requests"][1][k] for k in ("exchange", "method", "path", "status")]' \
	"['upbit', 'DELETE', '/v1/orders', 404]"
check "requests: names of headers" field_is '"X-Mine" in b["requests"][1]["headers"]' True
refute "requests: no values" has s3cret
refute "requests: no signatures" has signature
control POST '/okx/latency?value=5&path=/market'
get /control
check "faults: what is on" field_is 'b["okx"]' "{'latency': {'value': 5, 'path': '/market'}}"
control DELETE ''
get /control
check "faults: reset" field_is 'list(b.values())' '[{}, {}, {}, {}, {}, {}]'
get /control/requests
check "requests: reset" field_is 'b["total"]' 0
for wrong in /nowhere/latency /okx/nothing '/okx/latency?value=x' '/okx/latency?value=99999999' '/okx/frozen?value=1' /okx \
	'/okx/redirect?value=a%0d%0ab'; do
	get "/control$wrong" -X POST
	check "control refuses $wrong" grep -qE '^40[04]$' "$work/status"
done
# Faults of the account: only where there is something that shows them.
for refused in binance/positions binance/hedge binance/inverse binance/endless binance/page-fails binanceusdm/withdraw \
	binanceusdm/locked binanceusdm/inverse binanceusdm/endless upbit/positions upbit/hedge upbit/withdraw upbit/no-ip \
	upbit/locked bybit/locked okx/expiry okx/endless okx/page-fails okx/locked kraken/hedge kraken/inverse \
	kraken/endless kraken/wrong-ip kraken/locked; do
	get "/control/$refused" -X POST
	check "control refuses $refused" status_is 400
	check "control refuses $refused: why" has 'nothing that would show this fault'
done
for wrong in 'okx/drift?value=x' 'okx/drift?value=1e-8' 'okx/drift?value=1.' 'okx/drift?value=0.0000000000000000001' \
	'okx/drift?value=1000000000000000000' 'okx/drift?value=--1' 'okx/positions?value=50001' 'okx/positions?value=0' \
	'okx/balances?value=-1' 'okx/flat?value=1' 'bybit/expiry?value=soon' 'bybit/page-fails?value=0'; do
	get "/control/$wrong" -X POST
	check "control refuses $wrong" status_is 400
done
control POST /okx/drift
get /control
check "drift: the default is told" field_is 'b["okx"]' "{'drift': {'value': '0.1'}}"
control DELETE ''

# Whatever is sent is recorded, served or not.
for method in PUT PATCH DELETE OPTIONS PROPPATCH VERSION-CONTROL; do
	get /okx/api/v5/trade/order -X "$method"
done
curl -sS -I --max-time 20 "$URL/okx/api/v5/public/time" >/dev/null
get '/kraken/0/private/AddOrder?signature=s3cret' --data-binary "@$work/zeros" -H 'Expect:'
get '/kraken/0/private/AddOrder?signature=s3cret' --data-binary "@$work/zeros" -H 'Expect:' -H 'Transfer-Encoding: chunked'
get /elsewhere/order -X POST -d x=1
get /control/nothing -X PUT
# A client that goes away before its body is whole.
printf 'POST /bybit/v5/order/create?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{' |
	timeout 30 curl -sS --max-time 3 "telnet://${URL#http://}" >"$work/out" 2>&1
recorded() { get /control/requests && field_is 'b["total"]' "$1"; }
check "requests: all that were sent" await 30 recorded 11
check "requests: their methods and paths" field_is '[(r["exchange"], r["method"], r["path"]) for r in b["requests"]]' \
	"[('okx', 'PUT', '/api/v5/trade/order'), ('okx', 'PATCH', '/api/v5/trade/order'), ('okx', 'DELETE', '/api/v5/trade/order'), \
('okx', 'OPTIONS', '/api/v5/trade/order'), ('okx', 'PROPPATCH', '/api/v5/trade/order'), \
('okx', 'VERSION-CONTROL', '/api/v5/trade/order'), ('okx', 'HEAD', '/api/v5/public/time'), ('kraken', 'POST', '/0/private/AddOrder'), \
('kraken', 'POST', '/0/private/AddOrder'), ('', 'POST', '/elsewhere/order'), ('bybit', 'POST', '/v5/order/create')]"
check "requests: what became of them" field_is '[r["status"] for r in b["requests"]]' \
	'[404, 404, 404, 404, 404, 404, 405, 413, 0, 404, 0]'
refute "requests: no query" has s3cret
control DELETE ''
get /control -H 'Origin: https://elsewhere.invalid'
check "control: not from a browser" status_is 403

# All at once, and memory.
parallel() {
	for each in $(seq 50); do
		printf 'url = "%s"\noutput = "%s"\n' "$URL$(book_of kraken)" "$work/parallel.$each"
	done >"$work/fifty"
	curl -sS -Z --parallel-max 50 --parallel-immediate --max-time 30 -w '%{http_code}\n' -K "$work/fifty" >"$work/parallel"
	test "$(grep -c '^200$' "$work/parallel")" -eq 50
}
check "50 clients at once are all answered" parallel
check "each with a whole book" "$PYTHON" -c 'import json, sys; [json.load(open(each)) for each in sys.argv[1:]]' "$work"/parallel.*

# Two answers of 1 GiB to somebody who does not read, and 1,500 requests: little is kept.
control POST '/okx/huge?value=1073741824'
for each in 1 2; do
	spawn "stalled-$each" curl -sS --limit-rate 1000 -o /dev/null "$URL$(book_of okx)"
done
seq 1500 | sed "s|.*|url=\"$URL/binance/api/v3/time\"|" >"$work/many"
curl -sS --max-time 60 -K "$work/many" >/dev/null
control GET /requests
check "the last 1024 requests are kept" test "$(grep -o '"method"' "$work/control" | wc -l)" -eq 1024
if [ -z "${ASAN_OPTIONS-}" ]; then
	resident=$(awk '/^VmRSS:/ { print $2 }' "/proc/$(sed -n 1p "$work/pids")/status")
	check "it stays small: $resident kB" test "$resident" -lt 40000
fi

# TLS: one listener a certificate.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=paper \
	-addext 'subjectAltName=IP:127.0.0.1' -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
start tls --tls.cert-file "$work/cert.pem" --tls.key-file "$work/key.pem"
check "with a certificate it speaks HTTPS" grep -q '^listening on https://' "$work/tls.log"
get /binance/api/v3/time --cacert "$work/cert.pem"
check "TLS: an answer" status_is 200
get /binance/api/v3/time
check "TLS: not for those who do not know the certificate" grep -qi certificate "$work/err"
control_tls() { curl -sS -f --cacert "$work/cert.pem" -X "$1" "$URL/control$2"; }
check "TLS: control" control_tls POST /binance/reset
get /binance/api/v3/time --cacert "$work/cert.pem"
check "TLS: a reset" status_is 000
check "TLS: control, afterwards" control_tls DELETE ''
get /binance/api/v3/time --cacert "$work/cert.pem"
check "TLS: well again" status_is 200

# Settings.
run 2 "$exchange" --tls.cert-file "$work/cert.pem"
run 2 "$exchange" --nothing
run 2 "$exchange" --seed x
run 1 "$exchange" --listen nonsense
run 1 "$exchange" --listen 127.0.0.1:0 --tls.cert-file "$work/key.pem" --tls.key-file "$work/cert.pem"
run 1 "$exchange" --listen "${URL#https://}"
check "it says what is in the way" grep -q 'cannot listen on' "$work/err"
run 0 "$exchange" --version
run 0 "$exchange" --help
sed -n 's/^  --\([a-z.-]*\).*/\1/p' "$work/out" >"$work/flags"
while read -r flag; do
	escaped=$(printf '%s' "--$flag" | sed 's/-/\\-/g')
	check "the manual page has --$flag" grep -qF -- "$escaped" "$repository/packaging/man/paper_exchange.1"
done <"$work/flags"
ended() {
	spawn ending "$exchange" --listen 127.0.0.1:0
	await 30 grep -q '^listening' "$work/ending.log"
	kill "$SPAWNED"
	wait "$SPAWNED"
}
check "a signal ends it with status 0" ended
finish
