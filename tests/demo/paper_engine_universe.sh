#!/bin/sh
# Which symbols the paper engine trades: the four modes, the filters, and symbols that come and go while it runs.  What it
# should be is worked out in Python, from what the exchange says.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_paper_engine.sh
. "$repository/tests/lib_paper_engine.sh"

start_redis
start_exchange --symbols 30

# ranked [VOLUME [SPREAD [DEPTH]]]: the symbols that pass the filters, the largest first, a line each.
cat >"$work/ranked.py" <<'END'
import json, sys, urllib.request
url, volume, spread, depth = sys.argv[1], *(float(argument) for argument in sys.argv[2:])
get = lambda path: json.load(urllib.request.urlopen(url + path))
at_binance = {t["symbol"][:-4]: (float(t["quoteVolume"]), *(float(t[k]) for k in ("bidPrice", "bidQty", "askPrice", "askQty")))
              for t in get("/binance/api/v3/ticker/24hr")}
trading = {s["baseAsset"] for s in get("/binance/api/v3/exchangeInfo")["symbols"] if s["status"] == "TRADING"}
listed = [m["market"] for m in get("/upbit/v1/market/all")]
books = {b["market"][4:]: b["orderbook_units"][0] for b in get("/upbit/v1/orderbook?markets=" + ",".join(listed))}
won = books["USDT"]["bid_price"]
at_upbit = {t["market"][4:]: (t["acc_trade_price_24h"] / won, *(books[t["market"][4:]][k] for k in
            ("bid_price", "bid_size", "ask_price", "ask_size"))) for t in get("/upbit/v1/ticker/all?quote_currencies=KRW")
            if t["market"] in listed}
def passes(traded, bid, bids, ask, asks, rate):
    return traded >= volume and ask / bid - 1 <= spread and min(bid * bids, ask * asks) / rate >= depth
coins = [coin for coin in trading & set(at_upbit) & set(at_binance) if coin != "USDT"
         and passes(*at_binance[coin], 1) and passes(*at_upbit[coin], won)]
for coin in sorted(coins, key=lambda coin: -at_binance[coin][0] - at_upbit[coin][0]):
    print(coin + "/USDT")
END
ranked() { "$PYTHON" "$work/ranked.py" "$exchange_url" "${1:-0}" "${2:-1}" "${3:-0}"; }

# trades_these FILE: the engine's symbols are those in it.
trades_these() {
	redis-cli -p "$REDIS_PORT" KEYS 'arbwatch:symbol:*' | sed 's/arbwatch:symbol://' | LC_ALL=C sort >"$work/traded"
	LC_ALL=C sort "$1" | diff - "$work/traded" && tells universe symbols "$(grep -c . "$1")"
}
follows() { # follows FILTERS-OF-RANKED [COUNT]: the engine has what the exchange says now, the first COUNT of it
	# shellcheck disable=SC2086 # words are meant
	ranked $1 | head -n "${2:-500}" >"$work/wanted"
	trades_these "$work/wanted"
}
# engine FLAG...: a new one, without a past.
engine() {
	[ -z "${ENGINE_PID-}" ] || stop "$ENGINE_PID"
	redis-cli -p "$REDIS_PORT" FLUSHALL >/dev/null
	start_engine --universe.every 500ms --limit.frozen 0s "$@"
}

# The modes ------------------------------------------------------------------

engine --universe.mode single --universe.symbol ETH/USDT
echo ETH/USDT >"$work/wanted"
check "single: the symbol that is named" await 60 trades_these "$work/wanted"
check "single: it says so" tells universe mode single

printf 'XRP/USDT\nC025/USDT\n' >"$work/wanted"
engine --universe.mode fixed_list --universe.symbol XRP/USDT --universe.symbol C025/USDT --universe.symbol NONE/USDT
check "fixed_list: those that are named, if the exchanges have them" await 60 trades_these "$work/wanted"
check "fixed_list: it says so" tells universe mode fixed_list
check "fixed_list: and that a symbol is not traded" await 60 logged "symbols of --universe.symbol are not traded"

engine --universe.mode full_market
check "full_market: all that both exchanges have" await 60 follows ''
check "full_market: as many as --symbols of the exchange says" test "$(grep -c . "$work/wanted")" -eq 30
check "full_market: it says so" tells universe mode full_market

engine --universe.mode single --universe.symbol NONE/USDT
check "a symbol that no exchange has is a warning" await 60 logged 'level=warn collector=paper_engine msg="no symbol is traded'
redis-cli -p "$REDIS_PORT" SET arbwatch:loop text >/dev/null
check "a key of another type is a warning" await 60 logged 'the state is not written: Redis failed'
check "all else is written" await 60 above engine heartbeat_at "$(($(date +%s) + 1))"
check "each of both is one line, however long it lasts" test "$(lines level=warn)" -eq 2

run 2 "$BUILD/paper_engine" run --prefix 'bot %s'
check "a prefix that Redis would take for several words is refused" grep -qF "'bot %s' is not 1 to 64 letters" "$work/err"
run 2 "$BUILD/paper_engine" run --cash 20000000
check "more cash than the numbers hold in KRW is refused" grep -qF "'20000000' is more than 10000000" "$work/err"
run 2 "$BUILD/paper_engine" run --universe.mode some
check "another mode is refused" grep -qF 'single, fixed_list, top_n and full_market' "$work/err"
run 2 "$BUILD/paper_engine" run --universe.symbol btc
check "what is no symbol is refused" grep -qF "'btc' is not like BTC/USDT" "$work/err"

# The filters ----------------------------------------------------------------

# Prints the value of the 15th of 30 numbers: a filter with it lets a part of them pass.
middle() { sort -g | sed -n 15p; }
# Books that stand still, so that a symbol does not pass now and fail then.
fault POST binance/frozen
fault POST upbit/frozen
volume=$(curl -s "$exchange_url/upbit/v1/ticker/all?quote_currencies=KRW" |
	"$PYTHON" -c 'import json, sys; [print(t["acc_trade_price_24h"] / 1400) for t in json.load(sys.stdin)]' | middle)
depth=$(curl -s "$exchange_url/binance/api/v3/ticker/24hr" |
	"$PYTHON" -c 'import json, sys; [print(float(t["bidPrice"]) * float(t["bidQty"])) for t in json.load(sys.stdin)]' | middle)
spread=$(curl -s "$exchange_url/binance/api/v3/ticker/24hr" |
	"$PYTHON" -c 'import json, sys; [print("%.8f" % (float(t["askPrice"]) / float(t["bidPrice"]) - 1)) for t in json.load(sys.stdin)]' |
	middle)
some_pass() { [ "$(grep -c . "$work/wanted")" -gt 0 ] && [ "$(grep -c . "$work/wanted")" -lt 30 ]; }

engine --universe.mode full_market --universe.min-volume "${volume%.*}"
check "volume: what is traded less is left out" await 60 follows "${volume%.*} 1 0"
check "volume: a part passes" some_pass
engine --universe.mode full_market --universe.max-spread "$spread"
check "spread: what has a larger one is left out" await 60 follows "0 $spread 0"
check "spread: a part passes" some_pass
engine --universe.mode full_market --universe.min-depth "${depth%.*}"
check "depth: what has less is left out" await 60 follows "0 1 ${depth%.*}"
check "depth: a part passes" some_pass
fault DELETE binance/frozen
fault DELETE upbit/frozen

# Symbols that come and go ---------------------------------------------------

# The last book of the halted symbol at each exchange is a lost one.
recorded_as_gone() {
	awk -v symbol="$halted" '$2 == symbol { sequence[$3] = $4 }
		END { exit !("binance" in sequence && "upbit" in sequence) || sequence["binance"] + sequence["upbit"] > 0 }' \
		"$work/recording"
}
engine --universe.top 5 --record "$work/recording"
check "top_n: the five largest" await 60 follows '' 5
check "top_n: it says so" tells universe mode top_n
for exchange in binance upbit; do
	halted=$(sed -n 2p "$work/wanted")
	native=KRW-${halted%/*}
	[ "$exchange" = upbit ] || native=${halted%/*}USDT
	fault POST "$exchange/halted?value=$native"
	check "a symbol that is halted at $exchange goes, and the next one comes" await 60 follows '' 5
	refute "it is another one" grep -qx "$halted" "$work/wanted"
	check "it has no state any more" await 60 not exists "symbol:$halted"
	check "and no book in a recording" await 60 recorded_as_gone
	fault DELETE "$exchange/halted"
	check "trades again at $exchange: it comes back" await 60 follows '' 5
	check "it is the same as before" grep -qx "$halted" "$work/wanted"
done
check "the changes are counted" await 60 above universe changes 12
check "all that without a restart" kill -0 "$ENGINE_PID"

# The same exchange with other volumes, in the place of the first: so many symbols that they are not the same ones.
first_url=$exchange_url
first_pid=$EXCHANGE_PID
ranked >"$work/first"
start_exchange --symbols 30 --seed 7
ranked >"$work/second"
for top in $(seq 5 29); do
	[ "$(head -n "$top" "$work/first" | sort)" = "$(head -n "$top" "$work/second" | sort)" ] || break
done
stop "$EXCHANGE_PID"
exchange_url=$first_url
engine --universe.top "$top"
check "top_n: the $top largest" await 60 follows '' "$top"
stop "$first_pid"
port=${exchange_url##*:}
spawn exchange "$BUILD/paper_exchange" --listen "127.0.0.1:$port" --symbols 30 --seed 7
await_unless_ended 20 "$SPAWNED" listens "$SPAWNED" "$port" || { cat "$work/exchange.log"; exit 1; }
check "when ranks change, the engine has the largest again" await 60 follows '' "$top"
head -n "$top" "$work/first" >"$work/wanted"
refute "which are others than before" trades_these "$work/wanted"
check "and that without a restart" kill -0 "$ENGINE_PID"
check "no error was logged" not grep -E 'level=(error|critical)' "$work/engine.log"
finish
