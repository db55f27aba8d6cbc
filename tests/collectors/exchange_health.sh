#!/bin/sh
# exchange_health against peers that answer whatever a test wants, by two profiles of its own.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

collector=$BUILD/exchange_health

profiles=$work/profiles
mkdir "$profiles"
for venue in near far; do
	cat >"$profiles/$venue.yaml" <<-END
		name: $venue
		base_url: https://$venue.example.org
		symbol:
		  format: "{BASE}{QUOTE}"
		endpoints:
		  book:
		    path: /book?symbol={symbol}
		    weight: 3
		ok:
		  rule: absent
		  pointer: /error
		errors:
		  code: [/error]
		  message: [/message]
		  rate_limited: [slow]
		  banned: [gone]
		  clock: []
		  auth: []
		  maintenance: [closed]
		time:
		  source: date_header
		book:
		  bids: /bids
		  asks: /asks
		  bid_price: /0
		  ask_price: /0
		  timestamp: [/t]
		  unit: ms
		  sequence: /n
		limits:
		  requests_1s:
		    header: X-Used
		    counts: used
		    ceiling: 100
		    window: 1s
		    scope: ip
		retry:
		  throttle_status: ["429"]
		  ban_status: ["418"]
		  after_header: Retry-After
		  default_ban: 10m
		auth:
		  scheme: none
	END
done

# The same ones for every peer.
# shellcheck disable=SC2046 # one port per word
set -- $("$TOOLS/free_port" 2)
near_port=$1 far_port=$2 near_peer='' far_peer=''

# peer near|far MODE ARGUMENT...: what answers there from now on.
peer() {
	place=$1
	shift
	no_peer "$place"
	case $place in
	near) port=$near_port ;;
	far) port=$far_port ;;
	esac
	spawn "peer-$place" "$TOOLS/faulty_peer" --port "$port" "$@"
	case $place in
	near) near_peer=$SPAWNED ;;
	far) far_peer=$SPAWNED ;;
	esac
	await 30 test -s "$work/peer-$place.log" || { echo "faulty_peer did not start"; exit 1; }
}
no_peer() {
	case $1 in
	near) old=$near_peer near_peer='' ;;
	far) old=$far_peer far_peer='' ;;
	esac
	[ -z "$old" ] || stop "$old"
}

# http near|far STATUS BODY [HEADER]: that answer to every request.
http() {
	head="HTTP/1.1 $2 X\\r\\nContent-Type: application/json\\r\\nContent-Length: $(printf '%b' "$3" | wc -c)"
	peer "$1" reply "$head\\r\\n${4:+$4\\r\\n}\\r\\n$3"
}

# A book as it should be, of that age in milliseconds; each one is another than the last.
sequence=1000
book_text() {
	sequence=$((sequence + 1))
	book_body="{\"t\":$(($(date +%s%3N) - ${1:-0})),\"n\":$sequence,\"bids\":[[\"100.5\",\"1\"]],\"asks\":[[\"100.75\",\"2\"]]}"
}
book() {  # book near|far [AGE [HEADER]]
	book_text "${2:-0}"
	http "$1" 200 "$book_body" "${3:-X-Used: 10}"
}

# again [FLAG...]: one run that goes on from the last; probe: one into an empty directory.  A book may be
# minutes old: the far exchange's is made once, and answers for a whole section, which takes a busy machine its time.
again() {
	run 0 "$collector" --exchange.profiles "$profiles" --timeout 20s --degraded.latency 10s --frozen.age 10m \
		--exchange "near=http://127.0.0.1:$near_port" --exchange "far=http://127.0.0.1:$far_port" "$@"
}
forget() { rm -f "$textfiles"/*.prom "$textfiles/.exchange_bans"; }
probe() {
	forget
	again "$@"
}

of() { value "arbitrage_exchange_$1,env=\"paper\"}"; }  # of 'up{exchange="near"'
is() {  # is SERIES VALUE
	found=$(of "$1")
	echo "$1 is '$found'"
	[ "$found" = "$2" ]
}
# state near|far STATE: this one is 1 and the other five are 0.
state() {
	for each in healthy degraded down frozen banned maintenance; do
		wanted=0
		[ "$each" != "$2" ] || wanted=1
		is "health_state{exchange=\"$1\",state=\"$each\"" "$wanted" || return 1
	done
}
up() { is "up{exchange=\"$1\"" "$2"; }
asked() { of "requests_total{exchange=\"$1\",endpoint=\"book\""; }
failures() { is "request_failures_total{exchange=\"$1\",endpoint=\"book\",kind=\"$2\"" "$3"; }
logged() { grep -qF -- "$1" "$work/err"; }
# near_to A B TOLERANCE
near_to() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { exit !(a != "" && a - b <= t && b - a <= t) }'; }

# All well ------------------------------------------------------------

since_ms() { echo $((($(now_ns) - $1) / 1000000)); }
# no_older MILLISECONDS PLACE MORE: its book is so old, and no more than MORE milliseconds older.
no_older() {
	awk -v age="$(of "orderbook_age_seconds{exchange=\"$2\",symbol=\"BTC/USDT\"")" -v least="$1" -v more="$3" \
		'BEGIN { print age; exit !(age != "" && age * 1000 >= least && age * 1000 <= least + more) }'
}
made=$(now_ns)
book near 2000
book far
probe
check "both are healthy" state near healthy
check "both are healthy" state far healthy
check "up" up near 1
check "best bid" is 'orderbook_price{exchange="near",symbol="BTC/USDT",side="bid"' 100.5
check "best ask" is 'orderbook_price{exchange="near",symbol="BTC/USDT",side="ask"' 100.75
# The peer has no Date header, so that its clock is not known.
check "age" no_older 2000 near "$(since_ms "$made")"
check "used of the limit" is 'rate_limit_used_ratio{exchange="near",limit="requests_1s"' 0.1
check "weight" is 'run_weight{exchange="near"' 3
check "HTTP codes" is 'http_responses_total{exchange="near",code="200"' 1
check "and those that did not come are there, at 0" is 'http_responses_total{exchange="near",code="418"' 0
check "the histogram" is 'request_duration_seconds_count{exchange="near",endpoint="book"' 1
check "no failures, and they are there" failures near timeout 0
check "promtool has nothing to say" sh -c "promtool check metrics <'$textfiles/exchange_health.prom'"
check "textfile_lint has nothing to say" "$BUILD/textfile_lint" "$textfiles"

# Symbols -------------------------------------------------------------

again --symbol BTC/USDT --symbol ETH/USDT --symbol far:XRP/KRW
check "near has both symbols" is 'orderbook_price{exchange="near",symbol="ETH/USDT",side="bid"' 100.5
check "far has its own" is 'orderbook_price{exchange="far",symbol="XRP/KRW",side="bid"' 100.5
check "far has no other" is 'orderbook_price{exchange="far",symbol="ETH/USDT",side="bid"' ''
check "weight grows with the symbols" is 'run_weight{exchange="near"' 6

# refused TEXT FLAG...: a configuration that makes no sense.
refused() {
	text=$1
	shift
	run 2 "$collector" --exchange.profiles "$profiles" "$@"
	check "it says: $text" logged "$text"
}
refused 'name at least one exchange'
refused 'cannot read' --exchange nowhere
refused 'name the exchange by its profile' --exchange ../near
refused 'is there twice' --exchange near --exchange near
refused 'costs 6 of its rate limit (order books: 2), and 5 is the most' \
	--exchange near --symbol A/B --symbol C/D --weight.limit 5
refused 'does not name' --exchange near --symbol elsewhere:A/B
refused 'is not a pair' --exchange near --symbol "$(printf 'A/B"} 1\nforeign 2')"
refused 'is there twice' --exchange near --symbol A/B --symbol A/B
refused 'no certificate in it' --exchange near --tls.ca-file "$0"
refused 'proxy.url: the user or password has a line break' --exchange near --proxy.url 'http://bot:a%0Ab@127.0.0.1:3128'
refused 'is not a decimal fraction' --exchange near --degraded.headroom 20

# What the exchange itself allows: every run within the window at its heaviest, less the headroom.
budget() {  # budget STATUS WINDOW SCOPE FLAG...: with 100 in that window.
	status=$1
	sed -e "s/window: 1s/window: $2/" -e "s/scope: ip/scope: $3/" "$profiles/near.yaml" >"$work/budget/near.yaml"
	shift 3
	run "$status" "$collector" --exchange.profiles "$work/budget" --exchange near --config.check --weight.limit 1000000 "$@"
}
symbols() { "$PYTHON" -c 'import sys; print(" ".join("--symbol S%d/USDT" % i for i in range(int(sys.argv[1]))))' "$1"; }
mkdir "$work/budget"
# shellcheck disable=SC2046 # words are wanted
{
	budget 0 1m ip $(symbols 26)
	budget 2 1m ip $(symbols 27)
	check "it says the figures" logged "1 run in that time costs 81"
	check "it says the limit" logged "near allows 100 in 60s (requests_1s), of which 80 may be used"
	budget 0 1m ip $(symbols 27) --degraded.headroom 0.19
	budget 0 5m ip $(symbols 5)
	budget 2 5m ip $(symbols 6)
	check "without an interval a minute counts" logged "5 runs in that time cost 90"
	budget 0 1m ip $(symbols 6) --interval 15s
	budget 2 1m ip $(symbols 7) --interval 15s
	budget 2 1m ip $(symbols 6) --interval 14s
	check "a run that has begun counts" logged "5 runs in that time cost 90"
	budget 0 1m ip $(symbols 26) --interval 1m
	budget 2 1m endpoint $(symbols 27)
	check "it says the endpoint" logged "costs 81 on book"
}
# real STATUS EXCHANGE SYMBOLS FLAG...: by a profile of the repository.
real() {
	status=$1 venue=$2 count=$3
	shift 3
	# shellcheck disable=SC2046
	run "$status" "$collector" --exchange.profiles "$repository/exchanges" --config.check --weight.limit 200 \
		--exchange "$venue" $(symbols "$count") "$@"
}
real 0 upbit 8
real 2 upbit 9
real 0 kraken 5 --interval 15s
real 2 kraken 6 --interval 15s
real 0 kraken 1 --interval 5s
real 2 kraken 1 --interval 4s
real 0 bithumb 119
real 2 bithumb 120
# Figures that no int holds, and more books than may be.
sed 's/weight: 3/weight: 999999/' "$profiles/near.yaml" >"$work/budget/near.yaml"
{
	echo 'exchange_health:'
	echo '  symbol:'
	"$PYTHON" -c 'for i in range(4096): print("    - S%d/USDT" % i)'
} >"$work/many.yml"
run 2 "$collector" --config.file "$work/many.yml" --exchange.profiles "$work/budget" --exchange near --config.check
check "4096 books of 999999 cost 4095995904" logged 'costs 4095995904 of its rate limit'
echo '    - ONE/MORE' >>"$work/many.yml"
run 2 "$collector" --config.file "$work/many.yml" --exchange.profiles "$work/budget" --exchange near --config.check
check "too many books are told first" logged '4097 order books, and 4096 are the most'

# Degraded ------------------------------------------------------------

book near 0 'X-Used: 81'
probe
check "short of limit is degraded" state near degraded
check "the other one is not" state far healthy
book near 0 'X-Used: 79'
again
check "and healthy again" state near healthy

# Frozen --------------------------------------------------------------

book near
probe
for _ in 1 2; do
	book far
	again
done
check "unchanged in two runs while the other one moves: frozen" state near frozen
check "unchanged runs" is 'orderbook_unchanged_runs{exchange="near",symbol="BTC/USDT"' 2
check "the other one is healthy" state far healthy
check "the change is told" logged 'was healthy, is frozen'
book near
again
check "it moves again: healthy" state near healthy
for _ in 1 2 3; do again; done
check "where nobody moves, nobody is frozen" state near healthy
book near 900000
again
check "an old book is frozen, though it moves" state near frozen
check "a frozen exchange is up" up near 1

# Down ----------------------------------------------------------------

book near
probe --degraded.error-ratio 1
no_peer near
again --degraded.error-ratio 1
check "one failed run: degraded" state near degraded
check "up is 0" up near 0
check "no price" is 'orderbook_price{exchange="near",symbol="BTC/USDT",side="bid"' ''
check "the kind" failures near connect 1
again --degraded.error-ratio 1
check "two failed runs: degraded" state near degraded
again --degraded.error-ratio 1
check "three failed runs: down" state near down
check "failed runs" is 'failed_runs{exchange="near"' 3
check "the other one is healthy" state far healthy
book near
again --degraded.error-ratio 1
check "answers again: healthy" state near healthy
again
check "but many of the last requests failed: degraded" state near degraded
check "error ratio" near_to "$(of 'error_ratio{exchange="near"')" 0.5 0.05
run 3 "$collector" --exchange.profiles "$profiles" --exchange far=http://127.0.0.1:1 --fail-on-down --stdout

# Hung ----------------------------------------------------------------

made=$(now_ns)
book far
peer near hang
before=$(since_ms "$made")
started=$(now_ns)
probe --timeout 5s
took=$((($(now_ns) - started) / 1000000))
check "a run with a hung exchange ends in time ($took ms)" test "$took" -le $((5000 + late_ms))
check "it timed out" failures near timeout 1
check "the other one is healthy" state far healthy
check "its book was not old when it came" no_older 0 far $((before + 3000))

# Too many requests ---------------------------------------------------

book near
probe
http near 429 '{"error":"slow","message":"slow down"}' 'Retry-After: 300'
again
until=$(of 'retry_at_timestamp_seconds{exchange="near"')
check "429 is degraded" state near degraded
check "backs off until the time it said" near_to "$until" "$(($(date +%s) + 300))" 20
check "code" is 'http_responses_total{exchange="near",code="429"' 1
count=$(asked near)
book near
again
check "it is not asked" test "$(asked near)" = "$count"
check "and says so" logged 'not asked: the exchange wants fewer requests'
check "still degraded" state near degraded
check "weight 0" is 'run_weight{exchange="near"' 0
check "the other one is asked" up far 1
past() { awk -v until="$1" -v now="$(date +%s.%N)" 'BEGIN { exit !(now > until) }'; }
http near 429 '{"error":"slow","message":"slow down"}' 'Retry-After: 3'
probe
until=$(of 'retry_at_timestamp_seconds{exchange="near"') count=$(asked near)
book near
await 30 past "$until"
again --degraded.error-ratio 1
check "asked again after that" state near healthy
check "one request more" test "$(asked near)" = $((count + 1))

# Banned --------------------------------------------------------------

book near
probe
http near 418 '{"error":"x","message":"y"}' 'Retry-After: 300'
again
until=$(of 'banned_until_timestamp_seconds{exchange="near"')
check "418 is a ban" state near banned
check "up is 0" up near 0
check "until the time it said" near_to "$until" "$(($(date +%s) + 300))" 20
count=$(asked near)
book near
for _ in 1 2 3; do again; done
check "restarted, it is not asked" test "$(asked near)" = "$count"
check "still banned" state near banned
check "until the same time" is 'banned_until_timestamp_seconds{exchange="near"' "$until"
run 0 "$collector" --exchange.profiles "$profiles" --exchange "near=http://127.0.0.1:$near_port" --stdout
check "printing does not ask either" grep -qF 'arbitrage_exchange_run_weight{exchange="near",env="paper"} 0' "$work/out"
spawn loop "$collector" --exchange.profiles "$profiles" --exchange "near=http://127.0.0.1:$near_port" --interval 100ms
loop=$SPAWNED
runs() { [ "$(value 'arbitrage_collector_runs_total{collector="exchange_health",env="paper"}')" -ge "$1" ]; }
await 30 runs 8
check "nor does a loop" test "$(asked near)" = "$count"
check "where it is banned" state near banned
stop "$loop"
http near 418 '{"error":"x","message":"y"}' 'Retry-After: 6'
probe
until=$(of 'banned_until_timestamp_seconds{exchange="near"') count=$(asked near)
book near
spawn loop "$collector" --exchange.profiles "$profiles" --exchange "near=http://127.0.0.1:$near_port" --interval 100ms
loop=$SPAWNED
asked_more() { [ "$(asked near)" -gt "$count" ]; }
await 60 asked_more
check "it was asked when the ban was over, not before" past "$until"
stop "$loop"
http near 200 '{"error":"gone","message":"banned"}'
probe
check "the venue's own signal is a ban, too" state near banned
check "for as long as its profile says" near_to "$(of 'banned_until_timestamp_seconds{exchange="near"')" "$(($(date +%s) + 600))" 20
http near 418 '{}' 'Retry-After: 9999999'
probe
check "no ban is longer than a week" near_to "$(of 'banned_until_timestamp_seconds{exchange="near"')" "$(($(date +%s) + 604800))" 20

# A ban is on the address: whoever asks there from here is held back, and nobody else.
banned_line() { echo "arbitrage_exchange_health_state{exchange=\"near\",state=\"banned\",env=\"$1\"} $2"; }
other() {  # other FLAG...: another run, printed
	run 0 "$collector" --exchange.profiles "$profiles" --stdout "$@"
}
near_url=http://127.0.0.1:$near_port
http near 418 '{}' 'Retry-After: 600'
probe
book near
forgets_nothing() {  # forgets_nothing WHAT ENV FLAG...
	what=$1 env=$2
	shift 2
	other --env "$env" --exchange "near=$near_url" "$@"
	check "a ban holds $what" grep -qxF "$(banned_line "$env" 1)" "$work/out"
	check "a ban holds $what: nothing is sent" grep -qxF \
		"arbitrage_exchange_requests_total{exchange=\"near\",endpoint=\"book\",env=\"$env\"} 0" "$work/out"
}
forgets_nothing "in another env" live
check "and its end is told there" grep -q '^arbitrage_exchange_banned_until_timestamp_seconds{exchange="near",env="live"}' "$work/out"
forgets_nothing "under another name" paper --name exchange_health_b
other --name exchange_health_c --exchange "near=http://localhost:$near_port"
check "another URL is asked" grep -qxF "$(banned_line paper 0)" "$work/out"
check "and up" grep -qxF 'arbitrage_exchange_up{exchange="near",env="paper"} 1' "$work/out"
run 0 "$collector" --exchange.profiles "$profiles" --exchange "far=http://127.0.0.1:$far_port"
check "an exchange that is left out has no series" is 'banned_until_timestamp_seconds{exchange="near"' ''
again
check "its ban is remembered all the same" state near banned
check "and nothing was sent" is 'requests_total{exchange="near",endpoint="book"' 0
forget
http near 429 '{}' 'Retry-After: 600'
other --exchange "near=$near_url"
book near
again
check "a back-off that a printing run met is remembered" is 'requests_total{exchange="near",endpoint="book"' 0
check "until the time it said" near_to "$(of 'retry_at_timestamp_seconds{exchange="near"')" "$(($(date +%s) + 600))" 20
forget
echo 'something else' >"$textfiles/.exchange_bans"
run 3 "$collector" --exchange.profiles "$profiles" --exchange "near=$near_url" --fail-on-down
check "damage is told" logged 'is no entry'
check "and stops nobody" up near 1
forget
ln -s .exchange_bans "$textfiles/.exchange_bans"
again
check "a list that cannot be read may hold a ban" logged 'the ban list could not be read, so no exchange is queried'
check "so that nobody is asked" is 'requests_total{exchange="near",endpoint="book"' 0
http near 418 '{}' 'Retry-After: 600'
forget
run 0 "$collector" --exchange.profiles "$profiles" --exchange "near=$near_url" --stdout --textfile.directory "$work/nowhere"
check "a ban that cannot be kept is told" logged 'its ban cannot be kept for other programs'

# A loop that cannot publish remembers a ban.
book near
forget
spawn loop "$collector" --exchange.profiles "$profiles" --exchange "near=http://127.0.0.1:$near_port" --interval 100ms
loop=$SPAWNED
await 30 runs 1
mv "$textfiles" "$textfiles.away"
http near 418 '{}' 'Retry-After: 600'
await 30 grep -q 'has banned this address' "$work/loop.log"
book near
mv "$textfiles.away" "$textfiles"
await 30 state near banned
check "what could not be published is remembered" state near banned
check "until the time it said" near_to "$(of 'banned_until_timestamp_seconds{exchange="near"')" "$(($(date +%s) + 600))" 20
stop "$loop"

# Maintenance ---------------------------------------------------------

book near
probe
http near 503 '{"error":"closed","message":"back soon"}'
for _ in 1 2 3 4; do again; done
check "maintenance, however long it lasts" state near maintenance
book near
again --degraded.error-ratio 1
check "over" state near healthy

# Hostile answers -----------------------------------------------------

book far
probe
sed -n 's/^\(arbitrage_[^ ]*\) .*/\1/p' "$textfiles/exchange_health.prom" | grep near | sort >"$work/known"

# hostile WHAT KIND BODY: a failure of that kind, and no series that was not there before.
hostile() {
	http near 200 "$3"
	probe
	check "$1: up is 0" up near 0
	check "$1: kind $2" failures near "$2" 1
	check "$1: the other one is healthy" state far healthy
	sed -n 's/^\(arbitrage_[^ ]*\) .*/\1/p' "$textfiles/exchange_health.prom" | grep near | sort |
		comm -23 - "$work/known" >"$work/foreign"
	check "$1: no foreign series" test ! -s "$work/foreign"
	check "$1: promtool has nothing to say" sh -c "promtool check metrics <'$textfiles/exchange_health.prom'"
}
now=$(date +%s%3N)
many() { "$PYTHON" -c "print($1, end='')"; }
hostile "nothing" protocol ''
hostile "no JSON" protocol 'hello'
hostile "a list" protocol '[]'
hostile "an empty object" protocol '{}'
hostile "empty sides" protocol "{\"t\":$now,\"n\":1,\"bids\":[],\"asks\":[]}"
hostile "a price that is no number" protocol "{\"t\":$now,\"n\":1,\"bids\":[[\"NaN\",\"1\"]],\"asks\":[[\"2\",\"1\"]]}"
hostile "an infinite price" protocol "{\"t\":$now,\"n\":1,\"bids\":[[\"1\",\"1\"]],\"asks\":[[\"Inf\",\"1\"]]}"
hostile "a price that is too large" protocol "{\"t\":$now,\"n\":1,\"bids\":[[1e999,1]],\"asks\":[[2,1]]}"
hostile "a negative price" protocol "{\"t\":$now,\"n\":1,\"bids\":[[\"-1\",\"1\"]],\"asks\":[[\"2\",\"1\"]]}"
hostile "a price with a label in it" protocol \
	"{\"t\":$now,\"n\":1,\"bids\":[[\"1\\\\\"} 1\\\\nforeign 2\",\"1\"]],\"asks\":[[\"2\",\"1\"]]}"
hostile "a book from the future" protocol "{\"t\":$((now + 86400000)),\"n\":1,\"bids\":[[\"1\",\"1\"]],\"asks\":[[\"2\",\"1\"]]}"
hostile "bytes that are no UTF-8" protocol "{\"t\":$now,\"n\":\"\\377\",\"bids\":[[\"\\377\",\"1\"]],\"asks\":[[\"2\",\"1\"]]}"
hostile "deep nesting" protocol "$(many "'[' * 20000")"
hostile "cut off" protocol "{\"t\":$now,\"n\":1,\"bids\":[["
hostile "an error inside a 200" rejected '{"error":"wat","message":"no\\"} 1"}'

peer near flood 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n'
started=$(now_ns)
probe --timeout 1s
took=$((($(now_ns) - started) / 1000000))
check "an endless answer is refused" up near 0
check "in time ($took ms)" test "$took" -le $((1000 + late_ms))
peer near garbage
probe
check "garbage is refused" up near 0
check "the other one is healthy" state far healthy

# Codes that no server of this world sends do not become series without end.
http near 299 '{}'
probe
http near 599 '{}'
again
check "unusual codes count by class" is 'http_responses_total{exchange="near",code="2xx"' 1
check "unusual codes count by class" is 'http_responses_total{exchange="near",code="5xx"' 1

# At once -------------------------------------------------------------

# Each reads the file before it asks, and mostly finds another one in its place when it publishes.
book near
probe
for _ in 1 2 3 4 5; do
	for each in 1 2 3 4; do
		"$collector" --exchange.profiles "$profiles" --exchange "near=http://127.0.0.1:$near_port" 2>/dev/null &
		echo $! >>"$work/pids"
		eval "run_$each=$!"
	done
	# shellcheck disable=SC2154 # set by eval
	wait "$run_1" "$run_2" "$run_3" "$run_4"
done
check "runs at the same time lose no request" test "$(asked near)" = 21
check "nor a run" is 'runs_total{exchange="near"' 21
finish
