#!/bin/sh
# The paper exchange's stream of books is what its other endpoints say, and its tickers are there in bulk.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# start NAME [FLAG...]: sets URL.
start() {
	start_name=$1
	shift
	spawn "$start_name" "$BUILD/paper_exchange" --listen 127.0.0.1:0 "$@"
	await 30 grep -q '^listening on ' "$work/$start_name.log" || { cat "$work/$start_name.log"; exit 1; }
	URL=$(sed -n 's/^listening on //p' "$work/$start_name.log")
}
count_of() { curl -sS -f "$URL$1" | grep -o "\"$2\"" | wc -l; }

start plain
"$PYTHON" "$repository/tests/demo/paper_exchange_stream.py" "$URL" "$SPAWNED" >"$work/said" 2>&1
ended=$?
while read -r verdict what; do
	check "$what" test "$verdict" = ok
done <"$work/said"
check "all of it was checked" test "$ended" -eq 0 -a -s "$work/said"
if [ -z "${ASAN_OPTIONS-}" ]; then
	resident=$(awk '/^VmRSS:/ { print $2 }' "/proc/$SPAWNED/status")
	check "it stays small: $resident kB" test "$resident" -lt 40000
fi
# Streams end with the server.
spawn reader curl -sN "$URL/binance/paper/stream"
reader=$SPAWNED
await 30 grep -q '^data: ' "$work/reader.log"
stop "$(sed -n 1p "$work/pids")"
check "a stream ends with the server" await 30 not kill -0 "$reader"

start three --symbols 3
check "3 symbols: at binance" test "$(count_of /binance/api/v3/exchangeInfo symbol)" -eq 3
check "3 symbols: at upbit, and USDT" test "$(count_of /upbit/v1/market/all market)" -eq 4
start most --symbols 500
check "500 symbols: at binance" test "$(count_of /binance/api/v3/exchangeInfo symbol)" -eq 500
check "500 symbols: at upbit, and USDT" test "$(count_of /upbit/v1/ticker/all market)" -eq 501
run 2 "$BUILD/paper_exchange" --symbols 2
run 2 "$BUILD/paper_exchange" --symbols 501
finish
