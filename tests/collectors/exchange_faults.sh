#!/bin/sh
# exchange_health and the paper exchange: each fault gets the state, the kind and the counters it should, on each venue.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

collector=$BUILD/exchange_health
profiles=$repository/exchanges
venues='binance binanceusdm upbit bybit okx kraken'

spawn paper "$BUILD/paper_exchange" --listen 127.0.0.1:0
paper_port=$(port_of "$SPAWNED")
PAPER_URL=http://127.0.0.1:$paper_port
await 30 "$TOOLS/request" "$paper_port" GET /control || { echo "the paper exchange did not start"; exit 1; }

# control METHOD PATH
control() { "$TOOLS/request" "$paper_port" "$1" "/control$2"; }
# fault NAME [VALUE [VENUES]]: on these venues, or on all.
fault() {
	name=$1 query=${2:+?value=$2}
	for venue in ${3:-$venues}; do
		control POST "/$venue/$name$query" >/dev/null || echo "no fault $name on $venue"
	done
}
calm() { control DELETE '' >/dev/null; }

# Upbit counts by the second, in which a test does several runs.
headroom=0
# A busy machine has time for each answer, and no answer is slow for that: but where a test is about the one or the other.
timeout=20s slow=5s
again() {  # one run that goes on from the last
	set -- --exchange.profiles "$profiles" --frozen.age 30s --symbol BTC/USDT --symbol upbit:BTC/KRW \
		--degraded.error-ratio 1 --degraded.headroom "$headroom" --degraded.latency "$slow" --timeout "$timeout"
	for venue in $venues; do
		set -- --exchange "$venue=$PAPER_URL/$venue" "$@"
	done
	run 0 "$collector" "$@"
}
probe() {  # one that knows nothing
	rm -f "$textfiles"/*.prom "$textfiles/.exchange_bans"
	again
}

symbol() {
	case $1 in
	upbit) echo BTC/KRW ;;
	*) echo BTC/USDT ;;
	esac
}
book_path() {
	case $1 in
	binance) echo depth ;;
	bybit) echo orderbook ;;
	okx) echo books ;;
	kraken) echo Depth ;;
	esac
}
of() { value "arbitrage_exchange_$1,env=\"paper\"}"; }
is() {  # is SERIES VALUE
	read_prom "$textfiles/exchange_health.prom"
	in_prom "arbitrage_exchange_$1,env=\"paper\"}" "$2"
}
# state VENUE STATE: this one is 1 and the other five are 0.
state() {
	for each in healthy degraded down frozen banned maintenance; do
		wanted=0
		[ "$each" != "$2" ] || wanted=1
		is "health_state{exchange=\"$1\",state=\"$each\"" "$wanted" || return 1
	done
}
failures() { is "request_failures_total{exchange=\"$1\",endpoint=\"book\",kind=\"$2\"" "$3"; }
near_to() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { exit !(a != "" && a - b <= t && b - a <= t) }'; }

# everywhere WHAT STATE: all are in it.
everywhere() {
	for venue in $venues; do
		check "$venue: $1: $2" state "$venue" "$2"
	done
}

# hurts NAME KIND [VALUE]: a fault that lets no book through: degraded, then down, and back.
hurts() {
	fault "$1" "${3:-}"
	probe
	everywhere "$1" degraded
	for venue in $venues; do
		check "$venue: $1: kind $2" failures "$venue" "$2" 1
		check "$venue: $1: up is 0" is "up{exchange=\"$venue\"" 0
	done
	again
	again
	everywhere "$1, three times" down
	calm
	again
	everywhere "$1 is over" healthy
}

calm
probe
everywhere "no fault" healthy
for venue in $venues; do
	at="exchange=\"$venue\",symbol=\"$(symbol "$venue")\""
	check "$venue: up" is "up{exchange=\"$venue\"" 1
	check "$venue: the symbol may be traded" is "symbol_tradable{$at" 1
	check "$venue: the book is new" near_to "$(of "orderbook_age_seconds{$at")" 0 5
	check "$venue: bid is below ask" awk -v bid="$(of "orderbook_price{$at,side=\"bid\"")" \
		-v ask="$(of "orderbook_price{$at,side=\"ask\"")" 'BEGIN { exit !(bid > 0 && bid < ask) }'
	# Where the time comes in whole seconds, the error says so.
	check "$venue: its clock is ours" near_to "$(of "clock_skew_seconds{exchange=\"$venue\"")" 0 2.4
done
check "promtool has nothing to say" sh -c "promtool check metrics <'$textfiles/exchange_health.prom'"

hurts 5xx rejected
hurts reset protocol
hurts empty protocol
hurts error-200 rejected
hurts truncated protocol
hurts huge protocol
hurts content-type protocol
timeout=4s
hurts drip timeout 500
timeout=20s

slow=2s
fault latency 2200
probe
everywhere latency degraded
calm
again
everywhere "latency is over" healthy

# Books that are slow are slow, however quickly everything else is told.
for venue in binance bybit okx kraken; do
	control POST "/$venue/latency?value=2200&path=$(book_path $venue)" >/dev/null
done
probe
slow=5s
for venue in binance bybit okx kraken; do
	check "$venue: books alone are slow: degraded" state "$venue" degraded
done
calm

fault stale 60000
probe
# Binance's book has no time of its own.
for venue in binanceusdm upbit bybit okx kraken; do
	check "$venue: stale: frozen" state "$venue" frozen
	check "$venue: stale: its age is told" near_to \
		"$(of "orderbook_age_seconds{exchange=\"$venue\",symbol=\"$(symbol "$venue")\"")" 60 5
done
sleep 0.3 # the market moves every quarter of a second
again
# Of Kraken's it is known only when single levels changed: that they did shows that the book lives.
check "kraken: stale: healthy, for it moves" state kraken healthy
check "binance: stale: healthy, for it moves" state binance healthy
for venue in binanceusdm upbit bybit okx; do
	check "$venue: stale: frozen still" state "$venue" frozen
done
calm
again
everywhere "stale is over" healthy

fault future
probe
for venue in binanceusdm upbit bybit okx kraken; do
	check "$venue: future: kind protocol" failures "$venue" protocol 1
	check "$venue: future: no age" is "orderbook_age_seconds{exchange=\"$venue\",symbol=\"$(symbol "$venue")\"" ''
done
check "binance: future: kind protocol, of its last trade" \
	is 'request_failures_total{exchange="binance",endpoint="trade",kind="protocol"' 1
check "binance: future: no age" is 'orderbook_age_seconds{exchange="binance",symbol="BTC/USDT"' ''
calm

# Half of them at a time: where no other market moves, none is frozen.
for half in 'binance upbit okx' 'binanceusdm bybit kraken'; do
	calm
	probe
	fault frozen '' "$half"
	for _ in 1 2 3; do
		sleep 0.3 # the market moves every quarter of a second
		again
	done
	for venue in $venues; do
		case " $half " in
		*" $venue "*) check "$venue: frozen: frozen" state "$venue" frozen ;;
		*) check "$venue: the others frozen: healthy" state "$venue" healthy ;;
		esac
	done
	calm
	sleep 0.3
	again
	everywhere "frozen is over" healthy
done

fault skew 5000
probe
for venue in $venues; do
	check "$venue: the skew is published" near_to "$(of "clock_skew_seconds{exchange=\"$venue\"")" 5 2.4
	check "$venue: and is no age" near_to \
		"$(of "orderbook_age_seconds{exchange=\"$venue\",symbol=\"$(symbol "$venue")\"")" 0 5
done
calm

for venue in $venues; do
	fault halted "$(symbol "$venue")" "$venue"
done
probe
for venue in $venues; do
	check "$venue: halted: degraded" state "$venue" degraded
	check "$venue: halted: not tradable" \
		is "symbol_tradable{exchange=\"$venue\",symbol=\"$(symbol "$venue")\"" 0
done
calm
again
everywhere "halted is over" healthy

# A halt is not noticed only when the symbols are due, in one run of 20: a book that stands still is reason to ask.
books() { control GET /books | sed 's/.*"bybit"//; s/"okx".*//'; }
moved() { [ "$(books)" != "$seen" ]; }
probe
fault halted BTC/USDT okx
for _ in 1 2 3 4; do
	seen=$(books)
	check "the other books move" await 30 moved
	again
done
check "okx: a halt is noticed soon" is 'symbol_tradable{exchange="okx",symbol="BTC/USDT"' 0
calm

# Whether a symbol may be traded is known no longer when its exchange fails, and asked for again as soon as it works.
probe
fault 5xx
again
for venue in $venues; do
	check "$venue: fails: whether it is tradable is not known" is "symbol_tradable{exchange=\"$venue\",symbol=\"$(symbol "$venue")\"" ''
done
calm
again
for venue in $venues; do
	check "$venue: works: tradable" is "symbol_tradable{exchange=\"$venue\",symbol=\"$(symbol "$venue")\"" 1
done
control POST "/binance/5xx?path=exchangeInfo" >/dev/null
probe
again
again
check "binance: symbols are asked for until they are answered" is 'requests_total{exchange="binance",endpoint="symbols"' 3
check "binance: and that is told" is 'symbols_failed{exchange="binance"' 1
calm
again
again
check "binance: and then not in each run" is 'requests_total{exchange="binance",endpoint="symbols"' 4
check "binance: answered" is 'symbols_failed{exchange="binance"' 0

# A symbol that an exchange does not know, beside one that it does.
probe
for venue in binance bybit okx kraken; do
	set -- --exchange.profiles "$profiles" --degraded.error-ratio 1 --frozen.age 30s --exchange "$venue=$PAPER_URL/$venue"
	run 0 "$collector" "$@" --timeout "$timeout" --symbol BTC/USDT --symbol OLD/USDT
	check "$venue: an unknown symbol is not tradable" is "symbol_tradable{exchange=\"$venue\",symbol=\"OLD/USDT\"" 0
	check "$venue: the other one is" is "symbol_tradable{exchange=\"$venue\",symbol=\"BTC/USDT\"" 1
	check "$venue: degraded" state "$venue" degraded
	run 0 "$collector" "$@" --timeout "$timeout" --symbol BTC/USDT
	check "$venue: asked for no more, it has no series" not grep -q OLD/USDT "$(only_prom)"
	check "$venue: the other one has" is "orderbook_unchanged_runs{exchange=\"$venue\",symbol=\"BTC/USDT\"" 0
done

# Upbit has no way to say it.
fault maintenance
probe
for venue in binance binanceusdm bybit okx kraken; do
	check "$venue: maintenance" state "$venue" maintenance
done
again
for venue in binance binanceusdm bybit okx kraken; do
	check "$venue: maintenance, in the next run too" state "$venue" maintenance
done
calm
again
for venue in binance binanceusdm bybit okx kraken; do
	check "$venue: maintenance is over" state "$venue" healthy
done

fault rate-limit 90
headroom=0.2
probe
headroom=0
for venue in binance binanceusdm; do
	check "$venue: short of limit: degraded" state "$venue" degraded
	check "$venue: used" near_to "$(of "rate_limit_used_ratio{exchange=\"$venue\",limit=\"weight_1m\"")" 0.9 0.02
done
calm

# Held back: nothing is sent, whoever starts again.
for kind in 429 throttle 418 ban; do
	calm
	probe
	fault $kind 60
	again
	for venue in $venues; do
		case $kind:$venue in
		# A ban is told by 418, and by words of their own; OKX has none.
		418:* | ban:binance | ban:binanceusdm | ban:upbit | ban:bybit | ban:kraken)
			check "$venue: $kind: banned" state "$venue" banned
			;;
		429:* | throttle:*) check "$venue: $kind: degraded" state "$venue" degraded ;;
		esac
	done
	calm
	again
	again
	control GET /requests >"$work/sent"
	for venue in $venues; do
		check "$venue: $kind: nothing is sent" not grep -qF "\"exchange\":\"$venue\"" "$work/sent"
	done
done

# An exchange of which nothing would be asked is refused; Upbit has no time and no status.
run 2 "$collector" --exchange.profiles "$profiles" --exchange "upbit=$PAPER_URL/upbit" \
	--exchange "binance=$PAPER_URL/binance" --symbol binance:BTC/USDT
check "and that is said" grep -q "upbit: nothing can be asked of it without a --symbol" "$work/err"

# A clock that stands still does not make an old book young.
calm
fault skew -60000 binanceusdm
probe
again
check "a clock a minute behind: frozen, not healthy" state binanceusdm frozen

# A certificate that nobody vouches for, and one that we were told to trust.
calm
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$work/key.pem" -out "$work/cert.pem" 2>"$work/openssl.log"
spawn paper_tls "$BUILD/paper_exchange" --listen 127.0.0.1:0 --tls.cert-file "$work/cert.pem" --tls.key-file "$work/key.pem"
await 30 grep -q '^listening' "$work/paper_tls.log"
tls_url=$(sed -n 's/^listening on //p' "$work/paper_tls.log")
over_tls() {
	rm -f "$textfiles"/*.prom "$textfiles/.exchange_bans"
	set -- --exchange.profiles "$profiles" --frozen.age 30s "$@"
	for venue in $venues; do
		set -- --exchange "$venue=$tls_url/$venue" "$@"
	done
	run 0 "$collector" "$@" --symbol BTC/USDT --symbol upbit:BTC/KRW --timeout "$timeout" --degraded.latency "$slow" --down.after 1
}
over_tls
for venue in $venues; do
	check "$venue: bad certificate: down" state "$venue" down
	check "$venue: bad certificate: not up" is "up{exchange=\"$venue\"" 0
	check "$venue: bad certificate: kind tls" grep -q \
		"^arbitrage_exchange_request_failures_total{exchange=\"$venue\",.*kind=\"tls\".* [1-9]" "$(only_prom)"
done
over_tls --tls.ca-file "$work/cert.pem"
for venue in $venues; do
	check "$venue: a certificate to be trusted: healthy" state "$venue" healthy
	check "$venue: its end is told" test -n "$(of "certificate_expiry_timestamp_seconds{exchange=\"$venue\"")"
done

# One that hangs delays nobody.
calm
fault latency 60000 okx
timeout=5s
started=$(now_ns)
probe
took=$((($(now_ns) - started) / 1000000))
check "a run with a hung exchange ends in time ($took ms)" test "$took" -le $((5000 + late_ms))
for venue in binance binanceusdm upbit bybit kraken; do
	check "$venue: another one hangs: healthy" state "$venue" healthy
done
finish
