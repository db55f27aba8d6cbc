#!/bin/sh
# Signatures against an independent hand: the openssl command line for each scheme, and ccxt where it is there.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_npm.sh
. "$repository/tests/lib_npm.sh"

ms=1700000000123 seconds=1700000000 iso=2023-11-14T22:13:20.123Z nonce=1700000000123456
uuid=0b3e884d-40cc-4d6f-a838-c74c49b0e39a
key=testkey-1 secret=testsecret-0123456789 pass='test pass'
base64_secret=$(printf '%s' "$secret-for-kraken-24" | openssl base64 -A)

printf '%s\n' "$key" >"$work/key"
printf '%s\n' "$secret" >"$work/secret"
printf '%s\n' "$base64_secret" >"$work/base64"
printf '%s\n' "$pass" >"$work/pass"
openssl genpkey -algorithm ED25519 -out "$work/ed25519.pem" 2>"$work/err"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/p256.pem" 2>"$work/err"
openssl ecparam -name prime256v1 -genkey -noout -out "$work/sec1.pem" 2>"$work/err"
for kind in ed25519 p256 sec1; do
	openssl pkey -in "$work/$kind.pem" -pubout -out "$work/$kind.pub" 2>"$work/err"
done

# sign EXCHANGE SECRET-FILE METHOD PATH QUERY: what would be sent, in $work/sent.
sign() {
	"$TOOLS/sign" "exchanges/$1.yaml" "$work/key" "$work/$2" "$work/pass" "$3" "$4" "$5" "$ms" "$nonce" "$uuid" \
		>"$work/sent" 2>"$work/err"
}
url() { sed -n 's/^url //p' "$work/sent"; }
body() { sed -n 's/^body //p' "$work/sent"; }
header() { sed -n "s/^header $1: //p" "$work/sent"; }

# What openssl makes of the text on its input.
hmac_hex() { openssl dgst "-$1" -mac HMAC -macopt "key:$secret" -r | cut -d' ' -f1; }
hmac_base64() { openssl dgst "-$1" -mac HMAC -macopt "key:$secret" -binary | openssl base64 -A; }
hash_hex() { openssl dgst "-$1" -r | cut -d' ' -f1; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
from_base64url() { "$PYTHON" -c 'import base64, sys; t = sys.argv[1]
sys.stdout.buffer.write(base64.urlsafe_b64decode(t + "=" * (-len(t) % 4)))' "$1"; }

is() { test "$1" = "$2" || { printf 'got  %s\nwant %s\n' "$1" "$2"; return 1; }; }

# Binance: the query as it is sent.
for exchange in binance binanceusdm; do
	check "$exchange is signed" sign $exchange secret GET /api/v3/account 'symbols=["a b","c"]&omitZeroBalances=true'
	query="symbols=%5B%22a%20b%22%2C%22c%22%5D&omitZeroBalances=true&timestamp=$ms&recvWindow=5000"
	check "$exchange: URL" is "$(url | sed 's/^[^?]*?//')" \
		"$query&signature=$(printf '%s' "$query" | hmac_hex sha256)"
	check "$exchange: key" is "$(header X-MBX-APIKEY)" "$key"
	check "$exchange: no body" is "$(body)" ''
done

# The same with Ed25519, whose signature openssl verifies.
check "binance with Ed25519 is signed" sign binance ed25519.pem GET /api/v3/account ''
url | sed 's/^[^?]*?//; s/&signature=.*//' | tr -d '\n' >"$work/signed"
url | sed 's/.*&signature=//; s/%2B/+/g; s/%2F/\//g; s/%3D/=/g' | openssl base64 -d -A >"$work/signature"
verify_ed25519() {
	openssl pkeyutl -verify -pubin -inkey "$work/ed25519.pub" -rawin -in "$work/signed" -sigfile "$work/signature"
}
check "Ed25519: it verifies" verify_ed25519
printf x >>"$work/signed"
refute "Ed25519: of another text it does not" verify_ed25519
check "Ed25519: percent-encoded" test "$(url | sed 's/.*&signature=//' | tr -d 'A-Za-z0-9%')" = ''

# Bybit, OKX, Gate, Bitget: headers.
check "bybit is signed" sign bybit secret GET /v5/position/list 'category=linear&cursor=a:b,c'
query='category=linear&cursor=a%3Ab%2Cc'
check "bybit: URL" is "$(url)" "https://api.bybit.com/v5/position/list?$query"
check "bybit" is "$(header X-BAPI-SIGN)" "$(printf '%s' "$ms${key}5000$query" | hmac_hex sha256)"

check "okx is signed" sign okx secret GET /api/v5/account/positions 'instType=SWAP&instId=BTC-USDT-SWAP,ETH-USDT-SWAP'
query='instType=SWAP&instId=BTC-USDT-SWAP%2CETH-USDT-SWAP'
check "okx" is "$(header OK-ACCESS-SIGN)" \
	"$(printf '%s' "${iso}GET/api/v5/account/positions?$query" | hmac_base64 sha256)"
check "okx: passphrase" is "$(header OK-ACCESS-PASSPHRASE)" "$pass"
check "okx: time" is "$(header OK-ACCESS-TIMESTAMP)" "$iso"
check "okx without a query is signed" sign okx secret GET /api/v5/account/balance ''
check "okx without a query" is "$(header OK-ACCESS-SIGN)" \
	"$(printf '%s' "${iso}GET/api/v5/account/balance" | hmac_base64 sha256)"

check "gate is signed" sign gate secret GET /api/v4/futures/usdt/positions 'holding=true&note=a b'
check "gate" is "$(header SIGN)" "$(printf 'GET\n/api/v4/futures/usdt/positions\nholding=true&note=a b\n%s\n%s' \
	"$(printf '' | hash_hex sha512)" "$seconds" | hmac_hex sha512)"
check "gate: URL" is "$(url)" 'https://api.gateio.ws/api/v4/futures/usdt/positions?holding=true&note=a%20b'

check "bitget is signed" sign bitget secret GET /api/v2/mix/position/all-position 'productType=USDT-FUTURES&marginCoin=USDT'
check "bitget" is "$(header ACCESS-SIGN)" "$(printf '%s' \
	"${ms}GET/api/v2/mix/position/all-position?marginCoin=USDT&productType=USDT-FUTURES" | hmac_base64 sha256)"

# Kraken: binary digest of nonce and body behind the path.
check "kraken is signed" sign kraken base64 POST /0/private/OpenPositions 'docalcs=true&consolidation=market'
check "kraken: body" is "$(body)" "nonce=$nonce&docalcs=true&consolidation=market"
check "kraken: URL" is "$(url)" https://api.kraken.com/0/private/OpenPositions
kraken_hex=$(printf '%s' "$base64_secret" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
kraken_sign=$({
	printf /0/private/OpenPositions
	printf '%s' "$nonce$(body)" | openssl dgst -sha256 -binary
} | openssl dgst -sha512 -mac HMAC -macopt "hexkey:$kraken_hex" -binary | openssl base64 -A)
check "kraken" is "$(header API-Sign)" "$kraken_sign"
refute "kraken: an order is not signed" sign kraken base64 POST /0/private/AddOrder 'pair=XBTUSD&type=buy'
check "kraken: and nothing of it is printed" test ! -s "$work/sent"
check "kraken: why" grep -q 'POST /0/private/AddOrder is not one of the calls that only read' "$work/err"
refute "binance: no POST is signed" sign binance secret POST /api/v3/order 'symbol=BTCUSDT&side=BUY'
check "binance: no POST: nothing is printed" test ! -s "$work/sent"

# JSON web tokens with a secret.
token() { header Authorization | sed 's/^Bearer //'; }
part() { token | cut -d. -f"$1"; }
check "upbit is signed" sign upbit secret GET /v1/status/wallet 'states[]=wait&states[]=a b'
claims="{\"access_key\":\"$key\",\"nonce\":\"$uuid\",\"query_hash\":\"$(printf 'states[]=wait&states[]=a b' |
	hash_hex sha512)\",\"query_hash_alg\":\"SHA512\"}"
text=$(printf '{"alg":"HS512","typ":"JWT"}' | base64url).$(printf '%s' "$claims" | base64url)
check "upbit" is "$(token)" \
	"$text.$(printf '%s' "$text" | openssl dgst -sha512 -mac HMAC -macopt "key:$secret" -binary | base64url)"
check "upbit: URL" is "$(url)" 'https://api.upbit.com/v1/status/wallet?states%5B%5D=wait&states%5B%5D=a%20b'

check "bithumb is signed" sign bithumb secret GET /v1/accounts ''
claims="{\"access_key\":\"$key\",\"nonce\":\"$uuid\",\"timestamp\":$ms}"
text=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url).$(printf '%s' "$claims" | base64url)
check "bithumb" is "$(token)" \
	"$text.$(printf '%s' "$text" | openssl dgst -sha256 -mac HMAC -macopt "key:$secret" -binary | base64url)"

# Coinbase: tokens that openssl verifies with the public half.
claims="{\"iss\":\"cdp\",\"sub\":\"$key\",\"nbf\":$seconds,\"exp\":$((seconds + 120)),\
\"uri\":\"GET api.coinbase.com/api/v3/brokerage/accounts\"}"
# r and s become the DER that openssl wants.
to_der() {
	"$PYTHON" -c 'import sys
def integer(b):
    b = b.lstrip(b"\0") or b"\0"
    b = b"\0" + b if b[0] & 128 else b
    return bytes([2, len(b)]) + b
raw = sys.stdin.buffer.read()
assert len(raw) == 64, len(raw)
both = integer(raw[:32]) + integer(raw[32:])
sys.stdout.buffer.write(bytes([48, len(both)]) + both)'
}
verify_token() {  # verify_token KIND: of what is in $work/signed
	if [ "$1" = ed25519 ]; then
		from_base64url "$(part 3)" >"$work/signature"
		verify_ed25519
	else
		from_base64url "$(part 3)" | to_der >"$work/signature" &&
			openssl dgst -sha256 -verify "$work/$1.pub" -signature "$work/signature" "$work/signed"
	fi
}
for kind in p256 sec1 ed25519; do
	check "coinbase with $kind is signed" sign coinbase "$kind.pem" GET /api/v3/brokerage/accounts limit=250
	algorithm=ES256
	[ $kind != ed25519 ] || algorithm=EdDSA
	check "coinbase with $kind: header" is "$(from_base64url "$(part 1)")" \
		"{\"alg\":\"$algorithm\",\"typ\":\"JWT\",\"kid\":\"$key\",\"nonce\":\"$uuid\"}"
	check "coinbase with $kind: claims" is "$(from_base64url "$(part 2)")" "$claims"
	token | sed 's/\.[^.]*$//' | tr -d '\n' >"$work/signed"
	check "coinbase with $kind: it verifies" verify_token $kind
	printf x >>"$work/signed"
	refute "coinbase with $kind: another text does not" verify_token $kind
done

# A key of the wrong kind: said, and not shown.
refute "a private key where a secret belongs" sign okx ed25519.pem GET /api/v5/account/balance ''
check "a private key where a secret belongs: why" grep -q 'okx: the secret is a private key' "$work/err"
refute "and not repeated" grep -qF "$(sed -n 2p "$work/ed25519.pem" | cut -c 20-40)" "$work/err"
refute "a text where a private key belongs" sign coinbase secret GET /api/v3/brokerage/accounts ''
refute "and not repeated either" grep -qF "$secret" "$work/err"

# ccxt, where tests/demo/paper_exchange.sh has left it: it signs the same calls at the same time.
cat >"$work/ccxt.js" <<'EOF'
const ccxt = require('ccxt');
const [, , name, key, secret, pass, ms, nonce, uuid, path, api, params] = process.argv;
const options = { apiKey: key, secret, password: pass };
const venue = new ccxt[name](options);
venue.milliseconds = () => Number(ms);
venue.nonce = () => Number(name === 'kraken' ? nonce : ms);
venue.uuid = () => uuid;
venue.options.recvWindow = 5000;
venue.iso8601 = () => new Date(Number(ms)).toISOString();
const { url, body, headers } = venue.sign(path, JSON.parse(api), name === 'kraken' ? 'POST' : 'GET', JSON.parse(params));
console.log(`url ${url}`);
if (body)
	console.log(`body ${body}`);
for (const [header, value] of Object.entries(headers || {}))
	console.log(`header ${header}: ${value}`);
EOF
# ccxt EXCHANGE PATH API PARAMS: into $work/theirs.
ccxt() {
	ccxt_secret=$secret
	[ "$1" != kraken ] || ccxt_secret=$base64_secret
	node "$work/ccxt.js" "$1" "$key" "$ccxt_secret" "$pass" "$ms" "$nonce" "$uuid" \
		"$2" "$3" "$4" >"$work/theirs" 2>"$work/err"
}
# same_line PATTERN: ours and theirs have it, and what stands behind it is alike; names of headers may be in capitals.
line_of() { grep -i "^$1" "$2" | cut -c $((${#1} + 1))-; }
same_line() {
	is "$(line_of "$1" "$work/sent")" "$(line_of "$1" "$work/theirs")" && grep -qi "^$1" "$work/sent"
}
same_as_ccxt() {  # same_as_ccxt EXCHANGE PATTERN...
	exchange=$1
	shift
	for pattern in "$@"; do
		check "$exchange: ccxt has the same '$pattern'" same_line "$pattern"
	done
}
if have_ccxt; then
	sign bybit secret GET /v5/position/list 'category=linear&settleCoin=USDT'
	check "ccxt signs for bybit" ccxt bybit v5/position/list '"private"' '{"category":"linear","settleCoin":"USDT"}'
	same_as_ccxt bybit 'header X-BAPI-SIGN:' 'header X-BAPI-TIMESTAMP:'
	sign okx secret GET /api/v5/account/positions instType=SWAP
	check "ccxt signs for okx" ccxt okx account/positions '"private"' '{"instType":"SWAP"}'
	same_as_ccxt okx 'header OK-ACCESS-SIGN:' 'header OK-ACCESS-PASSPHRASE:' 'url '
	sign kraken base64 POST /0/private/OpenPositions docalcs=true
	check "ccxt signs for kraken" ccxt kraken OpenPositions '"private"' '{"docalcs":"true"}'
	same_as_ccxt kraken 'header API-Sign:' 'body ' 'url '
	sign gate secret GET /api/v4/futures/usdt/positions holding=true
	check "ccxt signs for gate" ccxt gate '{settle}/positions' '["private","futures"]' '{"settle":"usdt","holding":"true"}'
	same_as_ccxt gate 'header SIGN:' 'url '
	sign bitget secret GET /api/v2/mix/position/all-position 'productType=USDT-FUTURES&marginCoin=USDT'
	check "ccxt signs for bitget" ccxt bitget v2/mix/position/all-position '["private","mix"]' \
		'{"productType":"USDT-FUTURES","marginCoin":"USDT"}'
	same_as_ccxt bitget 'header ACCESS-SIGN:' 'url '
else
	skip "the same by ccxt" "$why_no_packages"
fi
finish
