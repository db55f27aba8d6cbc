#!/bin/sh
# What the paper engine does, and shows, when the exchange's stream of books fails.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/lib_paper_engine.sh
. "$repository/tests/lib_paper_engine.sh"

start_redis
start_exchange --symbols 10
start_engine --universe.top 5 --universe.every 2s --limit.down 1s --limit.frozen 2s

guarded() { # guarded EXCHANGE STATE [REASON]: its guard's state, and a part of the reason
	tells "guard:exchange:$1" state "$2" && case $(told "guard:exchange:$1" reason) in *"${3-}"*) ;; *) return 1 ;; esac
}
books_move() { # a step of the symbol needs both books
	moved=$(told symbol:BTC/USDT updated_at)
	await 5 above symbol:BTC/USDT updated_at "$moved"
}
well() { guarded binance ok && guarded upbit ok && tells feed:binance connected 1 && tells feed:upbit connected 1; }
check "both exchanges are well" await 30 well

# Cut ------------------------------------------------------------------------

fault POST 'upbit/cut?value=700'
reconnects=$(told feed:upbit reconnects)
check "cut: it is connected again, and again" await 20 above feed:upbit reconnects $((reconnects + 2))
check "cut: the books go on" books_move
check "cut: the guard lets trades pass, as it is short" guarded upbit ok
check "cut: it is logged, as a warning" logged 'level=warn collector=paper_engine msg="there is no stream of books of upbit'
check "cut: the other exchange has nothing of it" tells feed:binance reconnects 0
fault DELETE upbit/cut
check "cut: it is well again" await 20 well

# Gaps -----------------------------------------------------------------------

check "gap: none was missing" tells feed:binance gaps 0
fault POST 'binance/gap?value=3'
check "gap: what is missing is counted" await 20 above feed:binance gaps 5
check "gap: the connection stays" tells feed:binance reconnects 0
check "gap: the books go on" books_move
check "gap: the other exchange has none" tells feed:upbit gaps 0
fault DELETE binance/gap
# What was counted until now is in Redis when the messages have risen twice.
await 20 above feed:binance messages "$(told feed:binance messages)"
await 20 above feed:binance messages "$(told feed:binance messages)"
gaps=$(told feed:binance gaps)
messages=$(told feed:binance messages)
check "gap: messages go on" await 20 above feed:binance messages $((messages + 40))
check "gap: no more are missing" tells feed:binance gaps "$gaps"

# Frozen, and books of another time --------------------------------------------

for wrong in frozen stale future; do
	fault POST "binance/$wrong"
	check "$wrong: the guard blocks" await 20 guarded binance block "no book has changed"
	check "$wrong: it is still connected" tells feed:binance connected 1
	check "$wrong: signs of life go on" fresh feed:binance message_at
	check "$wrong: the other exchange is well" guarded upbit ok
	fault DELETE "binance/$wrong"
	check "$wrong: then trades pass again" await 20 well
done

# Refused ---------------------------------------------------------------------

for refused in reset '429?value=1'; do
	fault POST "upbit/$refused"
	check "$refused: it is lost" await 20 tells feed:upbit connected 0
	check "$refused: the guard blocks" await 20 guarded upbit block
	check "$refused: the loop goes on" fresh engine heartbeat_at
	check "$refused: the universe stays" tells universe symbols 5
	fault DELETE "upbit/${refused%\?*}"
	check "$refused: then it is well again" await 20 well
	check "$refused: the books go on" books_move
done

fault POST upbit/maintenance
check "maintenance: the guard blocks" await 20 guarded upbit block "no book has changed"
check "maintenance: the universe stays" tells universe symbols 5
fault DELETE upbit/maintenance
check "maintenance: then it is well again" await 20 well

# Nobody answers: the connection is there, and silent.
kill -STOP "$EXCHANGE_PID"
check "silent: it is lost" await 20 tells feed:upbit connected 0
check "silent: the guard blocks" await 20 guarded upbit block
check "silent: the loop waits for nobody" fresh engine heartbeat_at
kill -CONT "$EXCHANGE_PID"
check "silent: then it is well again" await 30 well

# Slow, and near the limit ----------------------------------------------------

fault POST 'upbit/latency?value=300'
check "latency: it is in the age of the messages" await 20 above feed:upbit le_0.5 20
fault DELETE upbit/latency
fault POST 'binance/rate-limit?value=90'
check "rate limit: the guard degrades" await 20 guarded binance degrade
fault DELETE binance/rate-limit
check "rate limit: then it is well again" await 20 well

# From the control endpoint of the engine itself ---------------------------------

reconnects=$(told feed:binance reconnects)
control POST 'reconnects?value=500'
check "a storm of reconnects" await 20 above feed:binance reconnects $((reconnects + 4))
control DELETE reconnects
check "ends" await 20 well

check "nothing of all that was an error" tells engine errors 0
check "or logged as one" not grep -E 'level=(error|critical)' "$work/engine.log"
kill "$ENGINE_PID"
wait "$ENGINE_PID"
check "SIGTERM ends it well" test $? -eq 0
finish
