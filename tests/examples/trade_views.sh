#!/bin/sh
# The views over freqtrade's and Hummingbot's tables: on rows as these programs write them, trading_kpis finds the profits that
# they stand for.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$repository" || exit 1
start_postgres
dsn=postgresql://arbwatch@127.0.0.1:$POSTGRES_PORT
export PGPASSWORD=s3cret-arbwatch

# database NAME: with the statements on standard input; POSTGRES_DSN is that one.
database() {
	sql "CREATE DATABASE $1"
	export POSTGRES_DSN="$dsn/$1"
	"$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 "$POSTGRES_DSN"
}
# views FILE [ARGUMENT...]: twice, since running it again is harmless.
views() {
	views_file=$1
	shift
	for _ in 1 2; do
		run 0 "$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 --single-transaction "$@" -f "$views_file" "$POSTGRES_DSN"
	done
}
ask() { "$POSTGRES_BIN/psql" -qAtX "$POSTGRES_DSN" -c "$1"; }
rows() { # rows SELECT: what it prints must be standard input
	cat >"$work/wanted"
	ask "$1" >"$work/rows"
	diff "$work/wanted" "$work/rows"
}
collect() { run 0 "$BUILD/trading_kpis" --engine.postgres "$POSTGRES_DSN" --fail-on-down; }
# is NAME LABELS VALUE: over all time.
is() { sample "arbitrage_kpi_$1{engine=\"main\",$2,env=\"paper\"}" "$3" "$textfiles/trading_kpis.prom"; }

# freqtrade
database freqtrade <<'END'
\i tests/fixtures/bots/freqtrade.sql
-- A win on the spot market; a short on futures that lost and got funding; one closed by its stop; one that is open.
INSERT INTO trades (exchange, pair, stake_currency, is_open, fee_open, fee_close, open_rate, open_rate_requested, close_rate,
	close_rate_requested, close_profit_abs, stake_amount, amount, open_date, close_date, strategy, trading_mode, is_short,
	interest_rate, funding_fees)
VALUES
	('binance', 'ETH/USDT', 'USDT', false, 0.001, 0.001, 100, 100, 110, 110, 9.79, 100, 1,
		now() AT TIME ZONE 'UTC' - interval '3 hours',
		now() AT TIME ZONE 'UTC' - interval '2 hours', 'Trend', 'SPOT', false, 0, NULL),
	('binance', 'BTC/USDT:USDT', 'USDT', false, 0.0005, 0.0005, 200, 201, 202, 200, -1.951, 40, 1,
		now() AT TIME ZONE 'UTC' - interval '2 hours',
		now() AT TIME ZONE 'UTC' - interval '90 minutes', 'Trend', 'FUTURES', true, 0, 0.25),
	('binance', 'XRP/USDT', NULL, false, 0.001, 0.001, 2, NULL, 1.9, NULL, -1.039, 20, 10, now() AT TIME ZONE 'UTC' - interval '1 hour',
		now() AT TIME ZONE 'UTC' - interval '30 minutes', 'Other', 'SPOT', false, 0, NULL),
	('binance', 'SOL/USDT:USDT', 'USDT', true, 0.0005, 0.0005, 150, 150, NULL, NULL, NULL, 40, 2, now() AT TIME ZONE 'UTC', NULL,
		'Trend', 'FUTURES', true, 0, NULL),
	('binance', 'ADA/USDT', 'USDT', true, 0.001, 0.001, 0.5, 0.5, NULL, NULL, NULL, 40, 80, now() AT TIME ZONE 'UTC', NULL, 'Trend',
		'SPOT', false, 0, NULL);
INSERT INTO orders (ft_trade_id, ft_order_side, ft_pair, ft_is_open, order_id, status, price, average, amount, filled)
VALUES (1, 'buy', 'ETH/USDT', false, 'a', 'closed', 100, 100, 1, 0.5), (1, 'buy', 'ETH/USDT', false, 'b', 'closed', 100, NULL, 1, 0.5),
	(1, 'buy', 'ETH/USDT', false, 'c', 'canceled', 90, NULL, 1, 0), (1, 'sell', 'ETH/USDT', false, 'd', 'closed', 110, 110, 1, 1),
	(2, 'sell', 'BTC/USDT:USDT', false, 'e', 'closed', 200, 200, 1, 1),
	(2, 'buy', 'BTC/USDT:USDT', false, 'f', 'closed', 202, 202, 1, 1),
	(3, 'buy', 'XRP/USDT', false, 'g', 'closed', 2, 2, 10, 10), (3, 'stoploss', 'XRP/USDT', false, 'h', 'closed', 1.9, 1.9, 10, 10);
END
views examples/freqtrade.sql -v start=1000 -v currency=USDT
check "freqtrade: its trades" rows "SELECT id, symbol, route, currency, trim_scale(pnl), trim_scale(fees), funding, round(slippage, 6),
	closed_at - opened_at FROM arbwatch.trades ORDER BY id" <<'END'
1|ETH/USDT|Trend|USDT|9.79|0.21|0|0.000000|01:00:00
2|BTC/USDT|Trend|USDT|-2.201|0.201|0.25|0.007488|00:30:00
3|XRP/USDT|Other|USDT|-1.039|0.039|0||00:30:00
END
check "freqtrade: its open positions" rows "SELECT exchange, symbol, side, quantity, market FROM arbwatch.open_positions ORDER BY 2" <<'END'
binance|ADA|long|80|spot
binance|SOL/USDT|short|2|derivative
END
collect
check "freqtrade: no complaint" not grep -E "level=(warn|error)" "$work/err"
total='scope="total",name="",window="all",currency="USDT"'
check "freqtrade: the profit, without funding" is pnl "$total" 6.55
check "freqtrade: the fees" is fees "$total" 0.45
check "freqtrade: the funding" is funding "$total" 0.25
check "freqtrade: three trades" is trades "$total" 3
check "freqtrade: by strategy" is pnl 'scope="route",name="Other",window="all",currency="USDT"' -1.039
check "freqtrade: the equity" is equity 'currency="USDT"' 1006.8
check "freqtrade: the largest fall" is max_drawdown 'window="all",currency="USDT"' 2.99

# Hummingbot: an arbitrage whose order to buy was filled twice, a loss that was sold first, and a rest that is not sold yet.
database hummingbot <<'END'
\i tests/fixtures/bots/hummingbot.sql
INSERT INTO "TradeFill"
SELECT config, 'amm_arb', market, 'BTC-USDT', 'BTC', 'USDT',
	(extract(epoch FROM now()) * 1000)::bigint - 3600000 + ms, orders, side, 'LIMIT',
	price * 1000000, amount * 1000000, 1, '{}', fee * 1000000, fill, 'NIL'
FROM (VALUES
	('a.yml', 'binance', 0, 'buy-1', 'BUY', 100, 0.4, 0.04, '1'), ('a.yml', 'binance', 500, 'buy-1', 'BUY', 101, 0.6, 0.06, '2'),
	('a.yml', 'kucoin', 750, 'sell-1', 'SELL', 103, 1, 0.1, '1'),
	('a.yml', 'kucoin', 60000, 'sell-2', 'SELL', 90, 2, 0.2, '2'), ('a.yml', 'kucoin', 90000, 'buy-2', 'BUY', 92, 3, 0.3, '3'),
	('b.yml', 'kucoin', 1000, 'sell-3', 'SELL', 500, 1, 0, '9')
) AS fills (config, market, ms, orders, side, price, amount, fee, fill);
END
views examples/hummingbot.sql
check "Hummingbot: its trades" rows "SELECT id, symbol, route, currency, trim_scale(pnl), trim_scale(fees), leg_gap,
	closed_at - opened_at FROM arbwatch.trades ORDER BY id" <<'END'
buy-1/sell-1|BTC/USDT|binance-kucoin|USDT|2.2|0.2|0.25|00:00:00.75
buy-2/sell-2|BTC/USDT|kucoin-kucoin|USDT|-4.4|0.4||00:00:30
END
collect
check "Hummingbot: no complaint" not grep -E "level=(warn|error)" "$work/err"
check "Hummingbot: the profit" is pnl "$total" -2.2
check "Hummingbot: the route" is pnl 'scope="route",name="binance-kucoin",window="all",currency="USDT"' 2.2
check "Hummingbot: two trades" is trades "$total" 2

# The same of many fills, computed one after the other.
ask 'INSERT INTO "TradeFill" SELECT '"'many.yml', 's', 'm', 'ETH-USDT', 'ETH', 'USDT',
	(extract(epoch FROM now()) * 1000)::bigint - 1000 * n, 'o' || n, (ARRAY['BUY', 'SELL'])[1 + n * 7919 % 5 % 2], 'LIMIT',
	(1000 + n * 31 % 97) * 1000000, (1 + n * 17 % 13) * 100000, 1, '{}',
	(n * 7 % 11) * 1000, n::text, 'NIL' FROM generate_series(1, 20000) AS n"
ask 'SELECT trade_type, price, amount, trade_fee_in_quote FROM "TradeFill" WHERE config_file_path = '"'many.yml'
	ORDER BY timestamp, market, order_id, exchange_trade_id" >"$work/fills"
"$PYTHON" - "$work/fills" >"$work/by_queue" <<'END'
import collections, sys
from fractions import Fraction

# The first bought against the first sold.
waiting, profit = {"BUY": collections.deque(), "SELL": collections.deque()}, Fraction(0)
for line in open(sys.argv[1]):
    side, price, amount, fee = line.split("|")
    price, amount, fee = Fraction(price) / 10**6, Fraction(amount) / 10**6, Fraction(fee) / 10**6
    waiting[side].append([price, amount, fee / amount])
    while waiting["BUY"] and waiting["SELL"]:
        buy, sell = waiting["BUY"][0], waiting["SELL"][0]
        both = min(buy[1], sell[1])
        profit += both * (sell[0] - buy[0] - buy[2] - sell[2])
        for side in buy, sell:
            side[1] -= both
        for queue in waiting.values():
            if queue[0][1] == 0:
                queue.popleft()
print(round(float(profit), 6))
END
check "Hummingbot: 20,000 fills, the same as one after the other" test "$(ask "SELECT round(sum(pnl), 6)::float8 FROM arbwatch.trades
	WHERE symbol = 'ETH/USDT'")" = "$(sed 's/\.0$//' "$work/by_queue")"

finish
