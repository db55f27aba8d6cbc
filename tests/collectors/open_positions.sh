#!/bin/sh
# open_positions against six exchanges on paper, a real Postgres and a real Redis that hold the engine's view.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
paper_port=$(free_port)
# shellcheck source=tests/lib_positions.sh
. "$repository/tests/lib_positions.sh"

start_postgres
sql "$(cat "$repository/sql/example_positions.sql")"
sql "$(cat "$repository/sql/open_positions.sql")"
dsn="postgresql://arbwatch:s3cret-arbwatch@127.0.0.1:$POSTGRES_PORT/postgres"
start_redis
redis() { redis-cli -p "$REDIS_PORT" "$@"; }
redis_url="redis://127.0.0.1:$REDIS_PORT"

# What is there: the bot knows of all of it, in spellings of its own.
fill_postgres() {
	sql 'TRUNCATE public.positions'
	for venue in binance upbit bybit okx kraken; do
		sql "INSERT INTO public.positions (exchange, symbol, side, quantity, market) VALUES
			('$venue', 'BTC', 'long', 1.5, 'spot'), ('$venue', 'ETH/USDT', 'long', 12.5, 'spot'),
			('$venue', 'XRP', 'long', 5000, 'spot'), ('$venue', 'XRP', 'long', 100, 'spot')"
	done
	for venue in binanceusdm bybit okx kraken; do
		sql "INSERT INTO public.positions (exchange, symbol, side, quantity, market, unrealized_pnl) VALUES
			('$venue', 'BTCUSDT', 'long', 0.500000000000000000, 'derivative', 12.5),
			('$venue', 'eth-usdt', 'short', 3, 'derivative', NULL)"
	done
}

# known [FLAG...]: with the engine's view in Postgres.
known() { again --engine.postgres "$dsn" "$@"; }

# Whether every mismatch that is told is VALUE, and there is one.
all_mismatches() {
	sed -n 's/^arbitrage_position_mismatch{.*} //p' "$textfiles/open_positions.prom" | sort -u >"$work/values"
	cat "$work/values"
	[ "$(cat "$work/values")" = "$1" ]
}

# The exchanges alone -------------------------------------------------

again
for venue in $venues; do
	check "$venue can be read" readable exchange "$venue" 1
done
for venue in binance upbit bybit okx kraken; do
	check "$venue: BTC held, free and locked together" quantity exchange "$venue" BTC long 1.5
	check "$venue: XRP held" quantity exchange "$venue" XRP long 5100
	check "$venue: free" is "balance{exchange=\"$venue\",asset=\"BTC\",kind=\"free\"" 1.25
	check "$venue: locked" is "balance{exchange=\"$venue\",asset=\"BTC\",kind=\"locked\"" 0.25
done
for venue in binanceusdm bybit okx kraken; do
	check "$venue: long" quantity exchange "$venue" BTC/USDT long 0.5
	check "$venue: short" quantity exchange "$venue" ETH/USDT short 3
	check "$venue: one side alone" quantity exchange "$venue" ETH/USDT long ''
done
check "cash is no position" nothing_of 'symbol="USDT"'
check "Upbit holds three" is 'open_positions{source="exchange",exchange="upbit"' 3
check "OKX holds three and has two positions" is 'open_positions{source="exchange",exchange="okx"' 5
check "nothing is said of an engine" nothing_of 'source="engine"'
check "nothing is compared" nothing_of arbitrage_position_mismatch
check "the sum is known" is 'exposure_known{currency="USDT"' 1
check "BTC: five times 1.5 and four times 0.5" is 'hedge_delta{asset="BTC"' 9.5
check "ETH: five times 12.5 less four times 3" is 'hedge_delta{asset="ETH"' 50.5
check "Binance and Upbit hold the same" is 'inventory_imbalance_ratio{asset="BTC"' 0
check "the key may not withdraw" is 'api_key_permission{exchange="binance",permission="withdraw"' 0
check "the key is bound to an address" is 'api_key_ip_restricted{exchange="binance"' 1
check "trading is not locked" is 'account_trading_locked{exchange="binance"' 0
check "Upbit's key ends within 201 days" sh -c \
	"test '$(of 'api_key_expiry_timestamp_seconds{exchange="upbit"')' -lt \$((\$(date +%s) + 201 * 86400))"
check "failures are there, at 0" is 'account_failures_total{exchange="okx",endpoint="positions",kind="auth"' 0
check "weight is told" is 'account_run_weight{exchange="binanceusdm"' 16
check "promtool has nothing to say" sh -c "promtool check metrics <'$textfiles/open_positions.prom'"
check "textfile_lint has nothing to say" "$BUILD/textfile_lint" "$textfiles"

# In KRW nothing leads from USDT.
again --exposure.currency USDT --exposure.currency EUR
check "without a rate nothing is said" is 'exposure_known{currency="EUR"' 0
check "neither gross nor net" nothing_of 'arbitrage_exposure{currency="EUR"'
check "which rate is missing is told once" logged 'exposure in EUR is not known'
again --exposure.currency USDT --exposure.currency EUR
check "and not again" unlogged 'exposure in EUR'
again --exposure.currency EUR --rate USDT/EUR=0.9
check "with a rate it is known" is 'exposure_known{currency="EUR"' 1

# Hedge mode, inverse contracts, dust.
control POST /okx/hedge
control POST /okx/inverse
again
check "long and short of one market" quantity exchange okx BTC/USDT long 0.5
check "each for itself" quantity exchange okx BTC/USDT short 0.2
check "50 contracts of 100 USD" quantity exchange okx BTC/USD short 5000
check "are worth that" is \
	'position_notional{source="exchange",exchange="okx",symbol="BTC/USD",side="short",currency="USD"' 5000
check "their profit is in BTC" test -n \
	"$(of 'position_unrealized_pnl{source="exchange",exchange="okx",symbol="BTC/USD",side="short",currency="BTC"')"
check "USD is not taken for USDT: the price of BTC is, and the sum is known" is 'exposure_known{currency="USDT"' 1
well
control POST /binance/dust
again --rate DOGE/USDT=0.1
check "an asset of less than 1 USDT is no position" quantity exchange binance DOGE long ''
check "but a balance" is 'balance{exchange="binance",asset="DOGE",kind="free"' 1e-08
check "without a price it is no dust" quantity exchange binance SHIB long 1.23e-06
check "what is locked counts" quantity exchange binance PEPE long 2e-08
check "and makes the sum unknown" is 'exposure_known{currency="USDT"' 0
again --rate DOGE/USDT=0.1 --dust 0
check "where nothing is dust, it is a position" quantity exchange binance DOGE long 1e-08
well

# The engine ----------------------------------------------------------

fill_postgres
fresh
known
for venue in $venues; do
	check "the engine's view of $venue can be read" readable engine "$venue" 1
done
check "rows of one symbol count together" quantity engine okx XRP long 5100
check "another spelling, the same market" quantity engine okx ETH/USDT short 3
check "profit as the engine tells it" is \
	'position_unrealized_pnl{source="engine",exchange="okx",symbol="BTC/USDT",side="long",currency="USDT"' 12.5
check "nothing differs" all_mismatches 0
check "nobody is unknown" grep -qx 'arbitrage_engine_unknown_rows{env="paper"} 0' "$textfiles/open_positions.prom"

sql "INSERT INTO public.positions (exchange, symbol, side, quantity) VALUES ('elsewhere', 'BTC', 'long', 1)"
known
check "a position where nobody looks" grep -qx 'arbitrage_engine_unknown_rows{env="paper"} 1' "$textfiles/open_positions.prom"
check "it is told" logged 'nobody checks them'
known
check "and not again" unlogged 'nobody checks them'

# Drift ---------------------------------------------------------------

control POST '/okx/drift?value=0.000000000000000001'
known --tolerance.relative 0 --grace 0s
check "the eighteenth digit counts" mismatch okx BTC/USDT -1e-18
check "both quantities are told" logged 'the engine has 0.5 long, the exchange has 0.500000000000000001 long'
known
check "within the tolerance it is none" mismatch okx BTC/USDT 0
well

control POST '/binanceusdm/drift?value=0.25'
known --grace 1h
check "in its grace a difference is no mismatch" mismatch binanceusdm BTC/USDT 0
began=$(since binanceusdm BTC/USDT)
check "but it is known since when" test -n "$began"
check "nothing else differs" test "$(grep -c '^arbitrage_position_mismatch_since' "$textfiles/open_positions.prom")" -eq 1
# With a grace of a second, once that is over.  In a shell of its own, where its runs do not count.
over() (
	known --grace 1s
	mismatch binanceusdm BTC/USDT -0.25
)
check "after the grace it is one" await 30 over
check "it is told" logged 'the engine has 0.5 long, the exchange has 0.75 long: -0.25 apart'
check "since then, over restarts" test "$(since binanceusdm BTC/USDT)" = "$began"
known --grace 1s
check "it is told once" unlogged apart
known --grace 1s --baseline binanceusdm:BTC/USDT=0.25
check "what the baseline says is no mismatch" mismatch binanceusdm BTC/USDT 0
check "and the time is forgotten" test -z "$(since binanceusdm BTC/USDT)"
check "its end is told" logged 'no mismatch any more'
known --grace 0s
known --grace 0s --ignore BTC/USDT
check "what is ignored is not compared" mismatch binanceusdm BTC/USDT ''
check "nor is it a position" quantity exchange binanceusdm BTC/USDT long ''

# In a loop, which is stopped, started and told to read its settings again, the time is the same.
looping() {
	# shellcheck disable=SC2086  # words are meant
	spawn loop "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" $all --interval 2s \
		--engine.postgres "$dsn" "$@"
}
runs() { of 'account_runs_total{exchange="okx"'; }
more() { test "$(runs)" -gt "$1"; }
known --grace 0s
began=$(since binanceusdm BTC/USDT)
for grace in 1h 0s; do
	looping --grace "$grace"
	check "a loop goes on from the file" await 30 more "$(($(runs) + 1))"
	kill -HUP "$SPAWNED"
	check "and from its settings read again" await 30 more "$(($(runs) + 2))"
	stop "$SPAWNED"
	check "since when, over all of that" test "$(since binanceusdm BTC/USDT)" = "$began"
done
check "it is a mismatch" mismatch binanceusdm BTC/USDT -0.25
looping --grace 0s
control DELETE /binanceusdm/drift
check "a loop sees its end" await 30 mismatch binanceusdm BTC/USDT 0
check "and tells it" await 30 grep -q 'no mismatch any more' "$work/loop.log"
forgotten() { test -z "$(since binanceusdm BTC/USDT)"; }
check "and forgets the time" await 30 forgotten
stop "$SPAWNED"
control POST '/binanceusdm/drift?value=0.25'

# An exchange that does not answer keeps since when, and says nothing else.
known --grace 0s
began=$(since binanceusdm BTC/USDT)
control POST '/binanceusdm/5xx?path=positionRisk'
known --grace 0s
check "not readable" readable exchange binanceusdm 0
check "not flat" is 'open_positions{source="exchange",exchange="binanceusdm"' ''
check "no quantity" quantity exchange binanceusdm BTC/USDT long ''
check "no mismatch" mismatch binanceusdm BTC/USDT ''
check "since when is remembered" test "$(since binanceusdm BTC/USDT)" = "$began"
check "the engine's view is still there" quantity engine binanceusdm BTC/USDT long 0.5
check "the others are compared" mismatch okx BTC/USDT 0
check "the sum is not known" is 'exposure_known{currency="USDT"' 0
check "and not told" nothing_of 'arbitrage_exposure{'
check "nor is the hedge" nothing_of 'arbitrage_hedge_delta{'
well
known
check "all is well again" mismatch binanceusdm BTC/USDT 0

# Nor does a run forget it in which nobody may be asked.
control POST '/binanceusdm/drift?value=0.25'
known --grace 0s
began=$(since binanceusdm BTC/USDT)
check "they differ again" test -n "$began"
ln -s .exchange_bans "$textfiles/.exchange_bans"
known --grace 0s
check "nobody is asked" readable exchange binanceusdm 0
check "nothing is said of the engine" readable engine binanceusdm 0
check "nothing is compared" nothing_of 'arbitrage_position_mismatch{'
rm "$textfiles/.exchange_bans"
known --grace 1h
check "since when they differ is remembered" test "$(since binanceusdm BTC/USDT)" = "$began"
well
known

# The list must be there.
control POST /upbit/no-list
known
check "an answer without the list is not flat" readable exchange upbit 0
check "nothing is compared" mismatch upbit BTC ''
well
control POST /upbit/flat
known --grace 0s
check "an empty list is flat" is 'open_positions{source="exchange",exchange="upbit"' 0
check "the engine believes to have something" mismatch upbit BTC 1.5
well

# Redis ---------------------------------------------------------------

both() { known --engine.redis "$redis_url" "$@"; }
both
check "a hash that is not there is not empty" readable engine okx 0
check "it is told which one" logged 'target=engine_redis'
check "the exchanges are read all the same" readable exchange okx 1
redis HSET arbwatch:open_positions updated_at "$(date +%s)" 'okx|BTC/USDT|long' 0.5 >"$work/redis.out"
both
check "both stores agree" readable engine okx 1
check "what only one has is there too" quantity engine bybit BTC/USDT long 0.5
redis HSET arbwatch:open_positions 'okx|BTC/USDT|long' 0.6 >"$work/redis.out"
both
check "they do not agree" readable engine okx 0
check "both quantities are told" logged '0.5 in Postgres, 0.6 in Redis'
check "of the others all is known" readable engine bybit 1
redis HSET arbwatch:open_positions updated_at 1700000000 'okx|BTC/USDT|long' 0.5 >"$work/redis.out"
both --engine.max-age 1m
check "too old is not read" readable engine okx 0
check "why is told" logged 'engine.max-age'
redis DEL arbwatch:open_positions >"$work/redis.out"
redis SET arbwatch:open_positions x >"$work/redis.out"
both
check "another type is not read" readable engine okx 0
check "the rest is told" is 'hedge_delta{asset="BTC"' 9.5
redis DEL arbwatch:open_positions >"$work/redis.out"
redis HSET arbwatch:open_positions updated_at "$(date +%s)000" >"$work/redis.out"
both
check "milliseconds are no time" readable engine okx 0
check "that is told" logged 'Unix seconds (not milliseconds)'
redis HSET arbwatch:open_positions updated_at "$(($(date +%s) + 7200))" >"$work/redis.out"
both --engine.max-age 1m
check "nor is what will be written in two hours" readable engine okx 0
check "which clock is told" logged 'the time zone'

# Redis alone is an engine too.
redis DEL arbwatch:open_positions >"$work/redis.out"
redis HSET arbwatch:open_positions updated_at "$(date +%s)" 'OKX|btcusdt|long' 0.3 'okx|ETH-USDT-SWAP|short' 3 \
	'okx|SOL/USDT|long' 1 'okx|BTC/USDT|long|spot' 1.5 'okx|ETH|long' 12.5 >"$work/redis.out"
control POST '/okx/drift?value=-0.2'
fresh
again --engine.redis "$redis_url" --tolerance.relative 0 --grace 0s
check "0.5 less 0.2 is 0.3" mismatch okx BTC/USDT 0
check "what is held and what was bought with USDT is one" mismatch okx BTC 0
check "what the engine alone has is above 0" mismatch okx SOL/USDT 1
check "it is told" logged 'SOL/USDT: the engine has 1 long, the exchange has nothing: 1 apart'
check "what the exchange alone has is below 0" mismatch okx XRP -5100
check "where the engine has nothing, all is too much" mismatch upbit BTC -1.5
check "or too little, if it is short" mismatch bybit ETH/USDT 3
well
stop "$POSTGRES_PID"
both
check "with both, Postgres gone alone leaves nothing known" readable engine okx 0
check "who is gone is told" logged 'target=engine_postgres'
check "the other one is not" unlogged 'target=engine_redis'
check "the exchanges are read" readable exchange okx 1
launch_postgres
stop "$REDIS_PID"
both
check "without Redis nothing is known of the engine" readable engine okx 0
check "and nothing compared" nothing_of 'arbitrage_position_mismatch{'
check "the kind of failure" logged 'kind=connect'

# The engine gone, the exchange gone, everything ----------------------

known
stop "$POSTGRES_PID"
known
check "without Postgres the engine is not readable" readable engine okx 0
check "its positions are not told" nothing_of 'position_quantity{source="engine"'
check "the exchanges' are" quantity exchange okx BTC/USDT long 0.5
check "nothing is compared" nothing_of 'arbitrage_position_mismatch{'
check "the deltas are known" is 'hedge_delta{asset="BTC"' 9.5
stop_exchange
known
for venue in $venues; do
	check "$venue gone" readable exchange "$venue" 0
done
check "no positions at all" nothing_of arbitrage_position_quantity
check "no balance" nothing_of arbitrage_balance
check "no count" nothing_of 'arbitrage_open_positions{'
for family in position_notional position_unrealized_pnl position_mismatch exposure hedge_delta hedge_delta_ratio \
	inventory_imbalance_ratio api_key_expiry_timestamp_seconds api_key_permission api_key_ip_restricted \
	account_trading_locked engine_unknown_rows engine_positions_updated_timestamp_seconds; do
	check "nor anything of $family" nothing_of "arbitrage_$family{"
done
check "the sum is not known" is 'exposure_known{currency="USDT"' 0
check "when it was read last is still known" test -n \
	"$(of 'account_last_success_timestamp_seconds{exchange="okx",source="exchange"')"
run 3 "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" --fail-on-down \
	--exchange "okx=http://127.0.0.1:$paper_port/okx"
start_exchange
fresh
launch_postgres
known
check "all is back" all_mismatches 0

# Keys that do not fit ------------------------------------------------

fresh
wrong=0123456789-not-the-secret
export ARBWATCH_BINANCE_KEY=paper-key ARBWATCH_BINANCE_SECRET=$wrong
one binance
check "a wrong secret" readable exchange binance 0
check "is a failure of kind auth" is 'account_failures_total{exchange="binance",endpoint="balances",kind="auth"' 1
check "the secret is in no line" unlogged "$wrong"
unset ARBWATCH_BINANCE_KEY
run 2 "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" --exchange binance --config.check
check "half a key in the environment is none" logged 'ARBWATCH_BINANCE_KEY'
unset ARBWATCH_BINANCE_SECRET
one binance
check "with the key's files it works" readable exchange binance 1

refused() {  # refused TEXT FLAG...
	text=$1
	shift
	run 2 "$collector" --exchange.profiles "$repository/exchanges" --exchange binance "$@"
	check "it says: $text" logged "$text"
}
refused 'binance.key' --config.check
refused 'ARBWATCH_BINANCE_SECRET' --keys "$work" --config.check
chmod 0644 "$keys/binance.secret"
refused 'chmod 0400' --keys "$keys" --config.check
# Without --config.check a key that cannot be used stops its own exchange alone.
fresh
run 0 "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" \
	--exchange "binance=http://127.0.0.1:$paper_port/binance" --exchange "okx=http://127.0.0.1:$paper_port/okx"
check "it says which key, and what to do" logged "chmod 0400"
check "that exchange is not readable" readable exchange binance 0
check "for want of a key" is 'account_failures_total{exchange="binance",endpoint="balances",kind="auth"' 1
check "the run tells it, too" is 'collector_failures_total{collector="open_positions",kind="auth"' 1
check "the other one is read" readable exchange okx 1
chmod 0400 "$keys/binance.secret"
refused 'is not EXCHANGE:SYMBOL=QUANTITY' --keys "$keys" --baseline binance:BTC
refused 'does not name' --keys "$keys" --ignore upbit:BTC
refused 'is not a rate' --keys "$keys" --rate BTC=1
refused 'is not two exchanges' --keys "$keys" --inventory binance,upbit
refused 'is not a number' --keys "$keys" --tolerance.absolute -1
refused 'costs 22 of its rate limit' --keys "$keys" --weight.limit 21
refused 'engine.view' --keys "$keys" --engine.postgres "$dsn" --engine.view 'x; drop table y'

# In a loop with the keys in the environment, they are wiped from it, and a SIGHUP still finds them.
fresh
ARBWATCH_BINANCE_KEY=paper-key ARBWATCH_BINANCE_SECRET=$secret spawn loop "$collector" \
	--exchange.profiles "$repository/exchanges" --interval 100ms --exchange "binance=http://127.0.0.1:$paper_port/binance"
loop=$SPAWNED
check "a loop publishes" await 30 test -s "$textfiles/open_positions.prom"
check "its environment does not show the secret" sh -c "! tr '\\0' '\\n' <'/proc/$loop/environ' | grep -qF '$secret'"
kill -HUP "$loop"
runs() { of 'account_runs_total{exchange="binance"'; }
check "after a SIGHUP it goes on" await 30 more "$(($(runs) + 3))"
check "and can still be read" readable exchange binance 1
stop "$loop"

check_only_reads
finish
