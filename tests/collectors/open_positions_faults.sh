#!/bin/sh
# open_positions and what goes wrong: refusals and what to do about them, answers in part, bans that hold for every
# program, keys and their health, files and neighbours of its own.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
paper_port=0
# shellcheck source=tests/lib_positions.sh
. "$repository/tests/lib_positions.sh"

fault() { control POST "/$1"; }  # fault VENUE/NAME[?value=V]

# Refusals ------------------------------------------------------------

# refused WHAT VENUE KIND TEXT: the last run, of that venue alone, was refused so.
refused() {
	check "$2, $1: it cannot be read" readable exchange "$2" 0
	check "$2, $1: that is kind $3" failures "$2" balances "$3" 1
	check "$2, $1: it says what to do: $4" logged "$4"
	check "$2, $1: in one line" sh -c "test \$(grep -c 'target=$2' '$work/err') -eq 1"
	check "$2, $1: nothing is flat" nothing_of "arbitrage_open_positions{source=\"exchange\",exchange=\"$2\""
	check "$2, $1: no balance" nothing_of "arbitrage_balance{exchange=\"$2\""
}
while read -r venue name kind text; do
	fresh
	well
	fault "$venue/$name"
	one "$venue"
	refused "$name" "$venue" "$kind" "$text"
done <<-END
	upbit wrong-ip auth allow the key this machine's IP address
	bybit wrong-ip auth allow the key this machine's IP address
	okx wrong-ip auth allow the key this machine's IP address
	binance wrong-ip auth from which addresses
	upbit permission auth allow the key to read this
	bybit permission auth allow the key to read this
	okx permission auth allow the key to read this
	kraken permission auth allow the key to read this
	binanceusdm permission auth what the key may do
	upbit expired-key auth the key has expired: make a new one
	bybit expired-key auth the key has expired: make a new one
	okx expired-key auth check the key and its secret
	kraken expired-key auth check the key and its secret
	binance skew?value=100000 rejected check the clock of this machine
	binance skew?value=-5000 rejected check the clock of this machine
	binanceusdm skew?value=100000 rejected check the clock of this machine
	bybit skew?value=100000 rejected check the clock of this machine
	okx skew?value=100000 rejected check the clock of this machine
	kraken maintenance rejected in maintenance
	binance content-type protocol the answer is no JSON
	okx truncated protocol the answer is no JSON
	upbit error-200 rejected HTTP 200
	binance no-list protocol the answer has no list of balances
	upbit no-list protocol the answer has no list of balances
	bybit no-list protocol the answer has no list of balances
	okx no-list protocol the answer has no list of balances
	kraken no-list protocol the answer has no object of balances
	binance redirect rejected HTTP 302
	upbit huge protocol the body is too large
END
well

# A secret that is wrong, or another spelling of the right one.
encoded=$(cat "$keys/kraken.secret")
for venue in $venues; do
	name=$(echo "$venue" | tr '[:lower:]' '[:upper:]')
	wrong=$encoded
	[ "$venue" != kraken ] || wrong=$(printf '%s' "$encoded" | base64 -w 0)
	fresh
	run 0 env "ARBWATCH_${name}_KEY=paper-key" "ARBWATCH_${name}_SECRET=$wrong" ARBWATCH_OKX_PASSPHRASE=paper-passphrase \
		"$collector" --exchange.profiles "$repository/exchanges" --exchange "$venue=http://127.0.0.1:$paper_port/$venue"
	refused "a secret in another encoding" "$venue" auth 'check the'
	check "$venue: nobody sees it" unlogged "$wrong"
done
run 2 env ARBWATCH_KRAKEN_KEY=paper-key "ARBWATCH_KRAKEN_SECRET=$secret" \
	"$collector" --exchange.profiles "$repository/exchanges" --exchange kraken --config.check
check "a secret that cannot be one is refused before anything is asked" logged 'the secret is not base64'
check "and not shown" unlogged "$secret"
fresh
run 0 env ARBWATCH_OKX_KEY=paper-key "ARBWATCH_OKX_SECRET=$secret" ARBWATCH_OKX_PASSPHRASE=another-one \
	"$collector" --exchange.profiles "$repository/exchanges" --exchange "okx=http://127.0.0.1:$paper_port/okx"
refused "a wrong passphrase" okx auth 'check the key and its secret'

# Somebody else uses the key, with a larger nonce: signed here by other means.
cat >"$work/nonce.py" <<-'END'
	import base64, hashlib, hmac, sys, urllib.request
	port, secret = sys.argv[1], base64.b64decode(sys.argv[2])
	path, body = "/0/private/BalanceEx", b"nonce=9000000000000000000"
	inner = hashlib.sha256(b"9000000000000000000" + body).digest()
	sign = base64.b64encode(hmac.new(secret, path.encode() + inner, hashlib.sha512).digest())
	request = urllib.request.Request("http://127.0.0.1:" + port + "/kraken" + path, body,
	    {"API-Key": "paper-key", "API-Sign": sign.decode()})
	print(urllib.request.urlopen(request).read().decode())
END
well
fresh
check "somebody else uses Kraken's key" sh -c "'$PYTHON' '$work/nonce.py' $paper_port '$encoded' | grep -q '\"error\": *\\[\\]'"
one kraken
refused "a nonce that was used" kraken rejected 'give this program a key that nothing else uses'
run 0 env ARBWATCH_KRAKEN_KEY=paper-key-second "ARBWATCH_KRAKEN_SECRET=$encoded" \
	"$collector" --exchange.profiles "$repository/exchanges" --symbol BTC/USDT --exchange "kraken=http://127.0.0.1:$paper_port/kraken"
check "a key of its own has nonces of its own" readable exchange kraken 1
well

# Answers in part -----------------------------------------------------

fresh
fault bybit/page-fails
fault 'bybit/positions?value=450'
one bybit
check "a page that fails midway: nothing of the list counts" readable exchange bybit 0
check "which page is told" logged 'page 2'
check "no position of the first page" nothing_of arbitrage_position_quantity
check "its kind" failures bybit positions rejected 1
check "each page is a request" is 'account_requests_total{exchange="bybit",endpoint="positions"' 2
control DELETE /bybit/page-fails
one bybit
check "without that fault all pages are read" is 'open_positions{source="exchange",exchange="bybit"' 453
check "three pages more, and two other lists" is 'account_requests_total{exchange="bybit",endpoint="positions"' 7
well
fresh
fault bybit/endless
one bybit
check "a list without an end is not read" readable exchange bybit 0
check "it is not paid for to its end" logged 'it would cost more than 100 of the rate limit (weight.limit)'
check "and has cost no more: the two other lists were reckoned with" is 'account_run_weight{exchange="bybit"' 98
one bybit --weight.limit 1000
check "nor is it read where it may cost anything" readable exchange bybit 0
check "why is told" logged 'there are more than 100 pages'
well
for venue in binanceusdm okx bybit kraken; do
	fresh
	fault "$venue/5xx?path=osition"
	one "$venue"
	check "$venue: balances alone are not all" readable exchange "$venue" 0
	check "$venue: no position" nothing_of arbitrage_position_quantity
	check "$venue: but balances" test -n "$(of "balance{exchange=\"$venue\",asset=\"USDT\",kind=\"free\"")"
	well
done
fresh
fault 'okx/5xx?path=instruments'
one okx
check "contracts of unknown size are no quantities" readable exchange okx 0
check "what is missing is told" logged 'the sizes of contracts'
well
fresh
one binance
fault 'binance/5xx?path=apiRestrictions'
one binance
check "what is not known of the key hides no position" readable exchange binance 1
check "and is no permission that is missing" nothing_of 'arbitrage_api_key'
check "it is told" logged 'key: refused'
fault 'binance/5xx?path=apiTradingStatus'
one binance
check "what is not known of the lock hides no position" readable exchange binance 1
check "and is no open lock" nothing_of arbitrage_account_trading_locked
well
for venue in $venues; do
	fresh
	fault "$venue/flat"
	one "$venue" --symbol BTC/USDT
	check "$venue: an empty account can be read" readable exchange "$venue" 1
	check "$venue: and is flat" is "open_positions{source=\"exchange\",exchange=\"$venue\"" 0
	check "$venue: nothing is nothing" is 'exposure{currency="USDT",kind="gross"' 0
	well
done
fresh
fault 'binance/latency?value=9000'
fault 'upbit/drip'
run 0 "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" --timeout 4s \
	--exchange "binance=http://127.0.0.1:$paper_port/binance" --exchange "upbit=http://127.0.0.1:$paper_port/upbit" \
	--exchange "okx=http://127.0.0.1:$paper_port/okx"
check "one that hangs is not read" failures binance balances timeout 1
check "nor one that never ends" failures upbit balances timeout 1
check "and delays nobody" readable exchange okx 1
# The exchange notes a request when its pause is over; later it would look like one of the next run.
all_noted() { note_requests && [ "$(grep -c '^binance ' "$work/asked.last")" -eq 3 ]; }
check "what nobody waits for any more is noted at last" await 30 all_noted
well

# Positions of all kinds ----------------------------------------------

for venue in binanceusdm bybit okx; do
	fresh
	fault "$venue/hedge"
	one "$venue"
	check "$venue, hedge mode: long" quantity exchange "$venue" BTC/USDT long 0.5
	check "$venue, hedge mode: short" quantity exchange "$venue" BTC/USDT short 0.2
	well
done
fresh
fault bybit/inverse
one bybit
check "bybit: what is inverse is in a list of its own" quantity exchange bybit BTC/USD short 5000
check "and is worth its quantity" is \
	'position_notional{source="exchange",exchange="bybit",symbol="BTC/USD",side="short",currency="USD"' 5000
well
fault 'bybit/5xx?path=position'
one bybit
check "bybit: positions that cannot be read are none" readable exchange bybit 0
well
for venue in binanceusdm bybit okx kraken; do
	fresh
	fault "$venue/drift?value=-0.6"
	one "$venue"
	check "$venue: a long that became a short" quantity exchange "$venue" BTC/USDT short 0.1
	check "$venue: is no long" quantity exchange "$venue" BTC/USDT long ''
	well
	fault "$venue/drift?value=-0.5"
	one "$venue"
	check "$venue: what is closed is neither" nothing_of 'symbol="BTC/USDT"'
	check "$venue: the others are still there" quantity exchange "$venue" ETH/USDT short 3
	well
	fault "$venue/drift?value=0.000000000000000001"
	one "$venue" --log.level debug
	check "$venue: its digits are not a difference to what a float has" quantity exchange "$venue" BTC/USDT long 0.5
	well
done

# The key -------------------------------------------------------------

permission() { is "api_key_permission{exchange=\"$1\",permission=\"$2\"" "$3"; }
for venue in binance bybit okx kraken; do
	fresh
	one "$venue"
	[ "$venue" = bybit ] || check "$venue: the key may read" permission "$venue" read 1
	check "$venue: and not withdraw" permission "$venue" withdraw 0
	check "$venue: from one address alone" is "api_key_ip_restricted{exchange=\"$venue\"" 1
	check "$venue: nothing to say of it" unlogged 'may withdraw'
	fault "$venue/withdraw"
	fault "$venue/no-ip"
	one "$venue"
	check "$venue: a key that may withdraw" permission "$venue" withdraw 1
	check "$venue: is told" logged 'the API key may withdraw'
	check "$venue: from everywhere" is "api_key_ip_restricted{exchange=\"$venue\"" 0
	one "$venue"
	check "$venue: once" unlogged 'may withdraw'
	well
done
one bybit
check "Bybit has no word for reading, and nothing is told of it" permission bybit read ''
expires() { is "api_key_expiry_timestamp_seconds{exchange=\"$1\"" "$2"; }
expires_in() {  # expires_in VENUE DAYS
	end=$(of "api_key_expiry_timestamp_seconds{exchange=\"$1\"")
	echo "it ends at $end"
	test "${end%.*}" -gt "$(($(date +%s) + $2 * 86400 - 86400))" && test "${end%.*}" -lt "$(($(date +%s) + $2 * 86400 + 86400))"
}
for venue in binance upbit bybit kraken; do
	for days in 10 -3; do
		fresh
		fault "$venue/expiry?value=$days"
		one "$venue"
		check "$venue: a key that ends $days days from now" expires_in "$venue" "$days"
		well
	done
done
fresh
one okx
check "OKX tells no end, and none is told" expires okx ''
one binance
check "nor does Binance of a key without one" expires binance ''
one kraken
check "Kraken tells that there is none" expires kraken +Inf
fault binance/locked
one binance
check "trading is locked" is 'account_trading_locked{exchange="binance"' 1
check "it is told" logged 'has locked trading'
well

# Bans ----------------------------------------------------------------

retry_at() { of "account_retry_at_timestamp_seconds{exchange=\"$1\"" | cut -d. -f1; }
for name in 429 418 ban throttle; do
	for venue in $venues; do
		fresh
		well
		fault "$venue/$name?value=900"
		one "$venue" --symbol BTC/USDT
		check "$venue, $name: not readable" readable exchange "$venue" 0
		check "$venue, $name: left alone from now on" test "$(retry_at "$venue")" -gt "$(date +%s)"
		well
		one "$venue" --symbol BTC/USDT
		check "$venue, $name: nothing is asked, in another process" asked_nothing
		check "$venue, $name: it is told" logged 'not asked'
		check "$venue, $name: it is not readable" readable exchange "$venue" 0
		check "$venue, $name: it cost nothing" is "account_run_weight{exchange=\"$venue\"" 0
	done
done

# It is the address that is banned: whatever asks from here stays away.
health() {
	run 0 "$BUILD/exchange_health" --exchange.profiles "$repository/exchanges" --timeout 10s \
		--exchange "$1=http://127.0.0.1:$paper_port/$1"
}
health_says() { value "arbitrage_$1,env=\"paper\"}" "$textfiles/exchange_health.prom"; }
of() { value "arbitrage_$1,env=\"paper\"}" "$textfiles/open_positions.prom"; }
for name in 418 429; do
	fresh
	well
	fault "binance/$name?value=900"
	health binance
	well
	one binance
	check "$name: exchange_health was refused: open_positions does not ask" asked_nothing
	check "$name: it is told" logged 'not asked'
	check "$name: until when is told" test "$(retry_at binance)" -gt "$(($(date +%s) + 600))"
	one upbit
	check "$name: others are asked" readable exchange upbit 1
	fresh
	well
	fault "binance/$name?value=900"
	one binance
	well
	health binance
	check "$name: open_positions was refused: exchange_health does not ask" asked_nothing
	check "$name: and says that it is not up" test "$(health_says 'exchange_up{exchange="binance"')" = 0
	one binance --env live
	check "$name: nor does anybody in another env" asked_nothing
	one binance --name open_positions_b
	check "$name: nor under another name" asked_nothing
	one binance --stdout
	check "$name: nor to print it" asked_nothing
done
fresh
well
fault 'binance/418?value=900'
one binance --stdout
well
one binance
check "what a run met that only prints is remembered" asked_nothing
fresh
one binance
asked=$(of 'account_requests_total{exchange="binance",endpoint="balances"')
well
rm -f "$textfiles/.exchange_bans"
ln -s .exchange_bans "$textfiles/.exchange_bans"
one binance
check "its counters go on" is 'account_requests_total{exchange="binance",endpoint="balances"' "$asked"
check "where nobody can tell who is banned, nobody is asked" asked_nothing
check "it is told" logged 'the ban list could not be read, so no exchange is queried'
check "nothing is flat" readable exchange binance 0
fresh
fault 'binance/429?value=900'
run 0 "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" --stdout --textfile.directory "$work/nowhere" \
	--exchange "binance=http://127.0.0.1:$paper_port/binance"
check "a ban that cannot be kept is told" logged 'its ban cannot be kept for other programs'
well

# Key files -----------------------------------------------------------

no_key() {  # no_key WHAT TEXT
	run 2 "$collector" --exchange.profiles "$repository/exchanges" --keys "$work/odd" --exchange binance --config.check
	check "$1: it says $2" logged "$2"
	check "$1: and nothing of the secret" unlogged "$secret"
	check "$1: nor of its beginning" unlogged paper-secret
}
odd() {  # a directory with a good key, of which $1 is taken away
	rm -rf "$work/odd"
	mkdir "$work/odd"
	cp -p "$keys/binance.key" "$keys/binance.secret" "$work/odd"
	rm -f "$work/odd/binance.$1"
}
for mode in 0440 0404 0420 0444 0666; do
	odd none
	chmod "$mode" "$work/odd/binance.secret"
	no_key "mode $mode" 'chmod 0400'
done
odd secret
no_key "no secret" 'no secret, but an API key'
odd key
no_key "no key" 'no API key, but a secret'
odd secret
: >"$work/odd/binance.secret"
chmod 0400 "$work/odd/binance.secret"
no_key "an empty secret" 'is empty'
odd secret
head -c 70000 /dev/zero | tr '\0' x >"$work/odd/binance.secret"
chmod 0400 "$work/odd/binance.secret"
no_key "a huge secret" 'larger than'
odd secret
printf 'paper-secret\000more' >"$work/odd/binance.secret"
chmod 0400 "$work/odd/binance.secret"
no_key "a NUL in it" 'NUL'
odd secret
mkdir "$work/odd/binance.secret"
chmod 0700 "$work/odd/binance.secret"
no_key "a directory" 'no regular file'
odd secret
mkfifo -m 0400 "$work/odd/binance.secret"
no_key "a FIFO, which nobody writes to" 'no regular file'
odd secret
ln -s binance.secret "$work/odd/binance.secret"
no_key "a link to itself" 'cannot read'
odd secret
ln -s /nowhere/at/all "$work/odd/binance.secret"
no_key "a link to nothing" 'no secret, but an API key'
odd secret
ln -s "$keys/binance.secret" "$work/odd/binance.secret"
run 0 "$collector" --exchange.profiles "$repository/exchanges" --keys "$work/odd" --exchange binance --config.check
check "a link to a good one is as good" true
chmod 0640 "$keys/binance.secret"
no_key "a link to one that others may read" 'chmod 0400'
chmod 0400 "$keys/binance.secret"
if [ "$(id -u)" -eq 0 ]; then
	odd none
	chown nobody "$work/odd/binance.secret"
	no_key "of another user" 'belongs to another user'
else
	skip "a key of another user" "only root can make one"
fi

# What a profile cannot name ------------------------------------------

mkdir "$work/profiles"
forbidden() {  # forbidden VENUE FROM TO TEXT
	sed "s|$2|$3|" "$repository/exchanges/$1.yaml" >"$work/profiles/$1.yaml"
	check "the profile is another one: $3" test -n "$(diff "$repository/exchanges/$1.yaml" "$work/profiles/$1.yaml")"
	run 2 "$collector" --exchange.profiles "$work/profiles" --keys "$keys" --exchange "$1" --config.check
	check "$1 cannot be asked for $3" logged "$4"
}
forbidden kraken /0/private/BalanceEx /0/private/AddOrder 'not a path that only reads'
forbidden kraken /0/private/BalanceEx /0/private/Withdraw 'not a path that only reads'
forbidden kraken /0/private/BalanceEx /0/private/Stash 'POST is only for the few calls that are known to read'
forbidden kraken 'method: POST' 'method: DELETE' 'not one of'
forbidden kraken 'method: POST' 'method: PUT' 'not one of'
forbidden binance '/api/v3/account?omit' '/api/v3/order?omit' 'not a path that only reads'
forbidden binance '/api/v3/account?omit' '/api/v3/../v3/account?omit' 'not a path that only reads'
forbidden binance '/sapi/v1/account/apiTradingStatus' '/sapi/v1/capital/withdraw/apply' 'not a path that only reads'
forbidden upbit 'holdings: true' 'holdings: false' 'nothing that would be a position'

# Neighbours ----------------------------------------------------------

fresh
well
pids=''
for number in 1 2 3 4; do
	spawn "same$number" "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" --timeout 10s \
		--exchange "binance=http://127.0.0.1:$paper_port/binance" --exchange "okx=http://127.0.0.1:$paper_port/okx"
	pids="$pids $SPAWNED"
done
for pid in $pids; do
	check "runs at once all end well" wait "$pid"
done
check "and all of them count" is 'account_runs_total{exchange="okx"' 4
check "what they asked too" is 'account_requests_total{exchange="okx",endpoint="positions"' 4
check "the file is whole" sh -c "promtool check metrics <'$textfiles/open_positions.prom'"

# Killed at any instant, it leaves a file that is whole.
more() { test "$(of 'account_runs_total{exchange="okx"')" -ge "$1"; }
fault 'binance/latency?value=60'
for number in 1 2 3 4 5 6; do
	spawn "killed$number" "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" --interval 20ms \
		--exchange "binance=http://127.0.0.1:$paper_port/binance" --exchange "okx=http://127.0.0.1:$paper_port/okx"
	check "it goes on from the last file" await 30 more "$((4 + number))"
	kill -KILL "$SPAWNED"
	wait "$SPAWNED" 2>/dev/null
	check "after a kill the file is whole" "$BUILD/textfile_lint" "$textfiles"
done
well
one binance
check "and goes on" readable exchange binance 1
echo 'arbitrage_position_mismatch{' >"$textfiles/open_positions.prom"
one binance
check "a damaged file is a fresh start" readable exchange binance 1

# Secrets -------------------------------------------------------------

fresh
spawn loop env ARBWATCH_OKX_KEY=paper-key "ARBWATCH_OKX_SECRET=$secret" ARBWATCH_OKX_PASSPHRASE=paper-passphrase \
	"$collector" --exchange.profiles "$repository/exchanges" --interval 50ms --log.level debug \
	--engine.postgres postgresql://arbwatch:pg-sEcReT@127.0.0.1:1/bot --engine.redis redis://:rd-sEcReT@127.0.0.1:1 \
	--exchange "okx=http://127.0.0.1:$paper_port/okx"
loop=$SPAWNED
check "a loop with its key in the environment" await 30 more 3
fault okx/wrong-ip  # the answer repeats the key
check "gets the key" await 30 more 6
well
kill -HUP "$loop"
check "reads its settings again" await 30 grep -q 'okx' "$work/loop.log"
check "and goes on" await 30 more 9
{
	tr '\0' '\n' <"/proc/$loop/environ"
	tr '\0' '\n' <"/proc/$loop/cmdline"
	ps -o args= -p "$loop"
	cat "$work/loop.log" "$textfiles/open_positions.prom" "$textfiles"/.[!.]*
} >"$work/seen"
for text in "$secret" paper-passphrase pg-sEcReT rd-sEcReT; do
	check "nobody sees a secret" sh -c "! grep -F -- '$text' '$work/seen'"
done
check "nor the key" sh -c "! grep -F -- paper-key '$work/seen'"
stop "$loop"

# What exchange_health asks for is its own.
for path in /api/v3/avgPrice /api/v3/exchangeInfo /api/v3/ping /api/v3/time /sapi/v1/system/status; do
	echo "binance GET $path"
done >>"$work/allowed"
note_requests
sort -u "$work/asked" | grep -vxFf "$work/allowed" >"$work/forbidden"
check "something was asked in all of this" test -s "$work/asked"
check "and nothing but what only reads" test ! -s "$work/forbidden"
finish
