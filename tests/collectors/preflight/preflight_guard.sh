#!/bin/sh
# preflight: live_guard in each of its outcomes, and: in paper nothing private is ever sent to a live host.  What is
# sent is recorded by the live host itself (and in live it records a lot, so the record works).
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_preflight.sh
. "$repository/tests/lib_preflight.sh"

start_all
flatten

only_guard() {  # only_guard STATUS ENV [FLAG...]
	gate "$@" --check live_guard
}
recorded() { cat "$work/live.log"; grep -q "$1" "$work/live.log"; }
# Requests that are for the account alone, by their paths, or that carry a key.
private='/account\|positionRisk\|/v1/accounts\|api_keys\|wallet-balance\|position/list\|query-api\|/private/\|signature=\|paper-key\|Bearer'

# The record works ----------------------------------------------------

gate 0 live
check "in live private requests go to the live host" recorded 'binance/api/v3/account'
check "with a key" recorded 'key=paper-key'
check "of Kraken too" recorded 'POST /kraken/0/private'

# Paper ---------------------------------------------------------------

paper_run() {  # paper_run STATUS [FLAG...]: against the live host, in paper
	: >"$work/live.log"
	status=$1
	shift
	# shellcheck disable=SC2046  # one word each
	run "$status" "$preflight" --env paper --exchange.profiles "$profiles" $(live_exchanges) --symbol BTC/USDT \
		--symbol upbit:BTC/KRW --tls.ca-file "$work/live.pem" --output "$work/evidence.json" \
		--skip git_safety "$@"
}
paper_run 1 --keys "$keys"
check "the key in reach fails" is live_guard fail "binance: a live key is within reach: $keys/binance.key"
check "for every exchange" evidence "all(v + ':' in checks['live_guard']['reason'] or 1/0 for v in 'binance okx kraken'.split())"
check "the live host was asked for what is public" recorded 'GET /binance/api/v3/depth'
refute "and for nothing private" recorded "$private"
check "positions are skipped" is open_positions skip
for each in --strict --live.armed=yes "--live.variable=HOME" "--check=open_positions" "--check=live_guard"; do
	paper_run 1 --keys "$keys" "$each"
	refute "nothing private with $each" recorded "$private"
done
ARBWATCH_BINANCE_KEY=paper-key ARBWATCH_BINANCE_SECRET=$secret paper_run 1
check "a key in a variable is in reach too" is live_guard fail 'ARBWATCH_BINANCE_KEY'
refute "and not sent either" recorded "$private"
chmod 0644 "$keys/okx.secret"
paper_run 1 --keys "$keys"
check "of whatever mode" is live_guard fail "okx: a live key"
make_keys
# In a loop, with the settings read again, it is the same.
# shellcheck disable=SC2046  # one word each
: >"$work/live.log"
spawn loop "$preflight" --env paper --exchange.profiles "$profiles" \
	--exchange "binance=https://0.0.0.0:$live_port/binance" --keys "$keys" --tls.ca-file "$work/live.pem" --interval 1s
loop=$SPAWNED
several() { test "$(grep -c 'GET /binance/api/v3/depth' "$work/live.log")" -ge "$1"; }
check "a loop asks again and again" await 60 several 3
kill -HUP "$loop"
check "after a SIGHUP too" await 60 several "$(($(grep -c depth "$work/live.log") + 3))"
check "the verdict is in its log" await 60 grep -q 'level=warn .*NOT READY for paper' "$work/loop.log"
stop "$loop"
refute "and sends nothing private" recorded "$private"

# A mixture: one on paper is read, one in live is not.
: >"$work/live.log"
run 1 "$preflight" --env paper --exchange.profiles "$profiles" --keys "$keys" --tls.ca-file "$work/live.pem" \
	--exchange "okx=http://127.0.0.1:$paper_port/okx" --exchange "binance=https://0.0.0.0:$live_port/binance" \
	--skip git_safety --output "$work/evidence.json"
check "the account on paper is read" is open_positions pass '1 accounts'
refute "the live one is not" recorded "$private"
check "only the live one is told of" is live_guard fail 'binance: a live key'

only_guard 0 paper
check "keys of paper exchanges are well" is live_guard pass '6 keys of paper exchanges'
only_guard 0 paper --live.armed yes
check "armed in paper is a warning" is live_guard warn 'armed'
printf 'k\n' >"$keys/gate.key"
only_guard 1 paper
check "a key of an exchange that is not configured is in reach" is live_guard fail "$keys/gate.key"
rm -f "$keys/gate.key"
for name in BINANCE.key binance.KEY Binance.Secret; do
	printf 'k\n' >"$keys/$name"
	only_guard 1 paper
	check "$name is a key that nobody reads, and is in reach" is live_guard fail "$keys/$name"
	rm -f "$keys/$name"
done
ARBWATCH_Binance_SECRET=something only_guard 1 paper
check "so is one in a variable of such a name" is live_guard fail 'within reach: ARBWATCH_Binance_SECRET'
unset ARBWATCH_Binance_SECRET
only_guard 1 paper --keys "$work/nowhere"
check "which keys are in reach is not known without the directory" is live_guard fail "cannot list '$work/nowhere'"
if [ "$(id -u)" -eq 0 ]; then
	mkdir -m 0311 "$work/closed"
	mkdir -m 0777 "$work/others"
	run 1 env ARBWATCH_TEXTFILE_DIRECTORY="$work/others" setpriv --reuid nobody --clear-groups \
		"$(for_all_users preflight)" --env paper \
		--check live_guard --keys "$work/closed" --output "$work/others/evidence.json"
	check "nor where it cannot be listed" grep -qF "cannot list '$work/closed'" "$work/out"
else
	skip "a directory that cannot be listed" "only root can become another user"
fi
ARBWATCH_COINBASE_SECRET=something only_guard 1 paper
check "so is one in a variable" is live_guard fail 'ARBWATCH_COINBASE_SECRET'
BOT_LIVE_KEY=something only_guard 1 paper --live.variable BOT_LIVE_KEY
check "and the bot's own" is live_guard fail 'BOT_LIVE_KEY'

# Keys in the environment are moved out of it, where /proc shows it, before a process is begun that reads them.
: >"$work/live.log"
spawn loop env ARBWATCH_BINANCE_KEY=paper-key ARBWATCH_BINANCE_SECRET="$secret" "$preflight" --env live --live.armed yes \
	--exchange.profiles "$profiles" --exchange "binance=https://0.0.0.0:$live_port/binance" \
	--tls.ca-file "$work/live.pem" --interval 1s --degraded.headroom 0
loop=$SPAWNED
check "a loop with its key in the environment" await 60 several 3
check "uses it" recorded 'key=paper-key'
check "and does not show it" sh -c "! tr '\\0' '\\n' <'/proc/$loop/environ' | grep -qF '$secret'"
stop "$loop"

# A host of our own, by its name --------------------------------------

# In a network of its own: one paper exchange at a private address and at a public one.
cat >"$work/house.sh" <<'END'
work=$1 build=$2
shift 2
ip link set lo up && ip address add 10.11.12.13/32 dev lo && ip address add 203.0.113.7/32 dev lo || exit 90
printf '127.0.0.1 localhost\n10.11.12.13 paper-house\n203.0.113.7 public-house\n' >"$work/hosts"
mount --bind "$work/hosts" /etc/hosts || exit 90
"$build/paper_exchange" --listen 0.0.0.0:9180 --tls.cert-file "$work/house.pem" --tls.key-file "$work/house.key" &
house=$!
trap 'kill "$house"' EXIT
tries=0
until curl -fsS --cacert "$work/house.pem" https://paper-house:9180/binance/api/v3/time; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || exit 90
	sleep 0.1
done >"$work/house.log" 2>&1
"$@"
status=$?
curl -fsS --cacert "$work/house.pem" https://127.0.0.1:9180/control/requests >"$work/house.requests" || exit 90
exit "$status"
END
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/house.key" -out "$work/house.pem" -days 2 -subj /CN=house \
	-addext 'subjectAltName=DNS:paper-house,DNS:public-house,IP:203.0.113.7,IP:127.0.0.1' 2>/dev/null
mkdir "$work/house.keys"
cp -p "$keys"/binance.* "$keys"/kraken.* "$work/house.keys"
house_run() {  # house_run STATUS HOST [FLAG...]: in paper
	house_status=$1 house_host=$2
	shift 2
	run "$house_status" unshare -n -m sh "$work/house.sh" "$work" "$BUILD" "$preflight" --env paper --skip git_safety \
		--exchange.profiles "$profiles" --keys "$work/house.keys" --tls.ca-file "$work/house.pem" --symbol BTC/USDT \
		--exchange "binance=https://$house_host:9180/binance" --exchange "kraken=https://$house_host:9180/kraken" \
		--secrets.processes no --output "$work/evidence.json" "$@"
}
asked() { cat "$work/house.requests"; grep -q "$1" "$work/house.requests"; }
if unshare -n -m true 2>"$work/unshare.log"; then
	house_run 1 paper-house
	check "a host that nobody named is a live one" is live_guard fail 'binance: a live key'
	refute "and is asked for nothing private" asked 'account\|private'
	house_run 0 paper-house --paper.host Paper-House
	check "at a host of our own keys are no live ones" is live_guard pass '2 keys of paper exchanges'
	check "its account is read" is open_positions warn ' open: binance BTC'
	check "by private requests" asked 'v3/account'
	house_run 1 paper-house --paper.host other-house
	check "another one does not count" is live_guard fail 'binance: a live key'
	for host in public-house 203.0.113.7; do
		house_run 0 "$host" --paper.host "$host"
		check "$host, at a public address, is not read" is open_positions warn 'its address is public'
		check "but asked for what is public" asked 'v3/depth'
		refute "and for nothing private" asked 'account\|private'
	done
else
	skip "hosts of our own" "unshare is not permitted here"
fi
for bad in '' 'https://paper-house' 'paper-house:9180' '::1' 'a b'; do
	run 2 "$preflight" --env paper --paper.host "$bad"
	check "'$bad' is no host" grep -q "paper.host.*is neither a host name" "$work/err"
done
run 2 "$preflight" --env paper --exchange.profiles "$profiles" --exchange binance --paper.host API.Binance.com
check "an exchange itself is none of ours" grep -q "'API.Binance.com' is binance itself" "$work/err"

# Live ----------------------------------------------------------------

only_guard 0 live
check "armed, no withdrawals, bound to an address" is live_guard pass armed
only_guard 1 live --live.armed no
check "not armed" is live_guard fail 'not armed'
check "what to do" hinted live_guard ARBWATCH_LIVE_ARMED=yes
for venue in binance bybit okx kraken; do
	control POST "/$venue/withdraw"
	only_guard 1 live
	check "$venue: a key that may withdraw" is live_guard fail "$venue: the key may withdraw"
	control DELETE "/$venue/withdraw"
	control POST "/$venue/no-ip"
	only_guard 1 live
	check "$venue: a key that is bound to no address" is live_guard fail "$venue: the key is not restricted to an address"
	control DELETE "/$venue/no-ip"
done
control POST /binance/locked
only_guard 1 live
check "an account that is locked" is live_guard fail 'locked trading'
control DELETE /binance/locked
control POST '/binance/5xx?path=apiTradingStatus'
only_guard 1 live
check "one of which nobody can say whether it is" is live_guard fail 'binance: whether trading is locked is not known'
control DELETE /binance/5xx
control POST '/okx/5xx?path=config'
only_guard 1 live
check "a key that cannot be looked at" is live_guard fail 'okx: the key could not be looked at'
control DELETE /okx/5xx
chmod 0644 "$keys/okx.secret"
only_guard 1 live
check "nor one that is not used, because others may read it" is live_guard fail 'okx: its key could not be looked at'
make_keys
run 1 "$preflight" --env live --live.armed yes --check live_guard --output "$work/evidence.json"
check "without an exchange there is nothing to arm" is live_guard fail 'no exchange'
run 1 "$preflight" --env live --live.armed yes --check live_guard --exchange.profiles "$profiles" --keys "$keys" \
	--exchange "binance=http://127.0.0.1:$paper_port/binance" --output "$work/evidence.json"
check "live at a loopback address is none" is live_guard fail 'loopback'
run 1 "$preflight" --env live --live.armed yes --check live_guard --exchange.profiles "$repository/exchanges" --keys "$keys" \
	--exchange "binance=https://0.0.0.0:$live_port/binance" --tls.ca-file "$work/live.pem" --paper.host 0.0.0.0 \
	--output "$work/evidence.json"
check "nor is it at a host of our own" is live_guard fail 'loopback'
run 1 "$preflight" --env live --live.armed yes --check live_guard --exchange.profiles "$repository/exchanges" --keys "$keys" \
	--exchange "binance=https://0.0.0.0:$live_port/binance" --tls.ca-file "$work/live.pem" --output "$work/evidence.json"
check "nor at a host that the exchange does not name as its own" is live_guard fail 'binance: its URL is at no live host'

# What an exchange tells in another form is not known, whoever has looked at the key.
rewritten() {  # rewritten VENUE PATH THERE INSTEAD [FLAG...]
	rewritten_venue=$1 rewritten_path=$2
	"$PYTHON" -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$3" "$4" >"$work/rewrite.json"
	shift 4
	spawn rewrite "$PYTHON" "$helpers/rewrite.py" 0 "$paper_port" "$rewritten_path" "$work/rewrite.json"
	rewrite_port=$(port_of "$SPAWNED")
	await 60 curl -s "http://127.0.0.1:$rewrite_port/binance/api/v3/time"
	run 1 "$preflight" --env live --live.armed yes --check live_guard --exchange.profiles "$profiles" --keys "$keys" \
		--exchange "$rewritten_venue=http://127.0.0.1:$rewrite_port/$rewritten_venue" --output "$work/evidence.json" "$@"
	stop "$SPAWNED"
}
rewritten okx account/config '"perm":"read_only"' '"perm":"read_only;withdraw"'
check "rights in a form that nobody knows" is live_guard fail 'okx: whether the key may withdraw is not known'
rewritten okx account/config '"perm":"read_only"' '"perm":"read_only;withdraw"' --live.verified okx
check "also where somebody has looked" is live_guard fail 'okx: whether the key may withdraw is not known'
check "for the exchange tells it" hinted live_guard 'in a form that is not known'
rewritten kraken GetApiKeyInfo '["127.0.0.1"]' '{"127.0.0.1":true}' --live.verified kraken
check "addresses likewise" is live_guard fail 'kraken: whether the key is restricted to an address is not known'
rewritten binance apiRestrictions '"enableWithdrawals":false,' '' --live.verified binance
check "and what is not there" is live_guard fail 'binance: whether the key may withdraw is not known'
rewritten binance apiTradingStatus '"isLocked":false' '"isLocked":null'
check "a lock that is neither on nor off" is live_guard fail 'binance: whether trading is locked is not known'
rewritten bybit query-api '"apiKey":"paper-key"' '"apiKey":"another-key"'
check "what another key may do" is live_guard fail 'the answer is about another key'
# shellcheck disable=SC2046  # one word each
run 0 "$preflight" --env live --live.armed yes --check live_guard --exchange.profiles "$profiles" --keys "$keys" \
	--tls.ca-file "$work/live.pem" --exchange "upbit=https://0.0.0.0:$live_port/upbit" --symbol upbit:BTC/KRW \
	--output "$work/evidence.json"
check "a key of which nobody knows what it may do is a warning" is live_guard warn 'upbit: whether the key may withdraw is not known'
run 2 "$preflight" --env live --live.armed maybe
check "armed is yes or no" grep -q 'neither yes nor no' "$work/err"
finish
