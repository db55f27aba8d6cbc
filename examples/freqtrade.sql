-- arbwatch's views over the tables of freqtrade (`trades` and `orders`; 2022 and later), for a freqtrade that keeps them in
-- PostgreSQL: "db_url": "postgresql+psycopg://USER@HOST/freqtrade" in its configuration.  By default it keeps them in SQLite,
-- and moves them so, while it is stopped, into an empty database:
--
--	freqtrade convert-db --db-url-from sqlite:///tradesv3.sqlite --db-url postgresql+psycopg://USER@HOST/freqtrade
--
-- Run by the user of freqtrade, which owns the tables; running it again is harmless.  Then GRANT arbwatch_reader TO arbwatch.
--
--	psql -v ON_ERROR_STOP=1 --single-transaction -v start=1000 -v currency=USDT -f examples/freqtrade.sql freqtrade
--
-- `start` is the equity before the first trade, in `currency`, the stake currency: freqtrade does not store it.

\if :{?start}
\if :{?currency}
\else
DO $$ BEGIN RAISE 'which currency? give -v currency=USDT, the stake currency'; END $$;
\endif
\else
DO $$ BEGIN RAISE 'with how much did it start? give -v start=1000 -v currency=USDT'; END $$;
\endif

CREATE SCHEMA IF NOT EXISTS arbwatch;

-- Times are in UTC without saying so.  The profit has the funding in it, which arbwatch wants apart.  Fees are those of all
-- orders that were filled, at the rates by which freqtrade computes the profit.  Slippage is the mean of entry and exit.
CREATE OR REPLACE VIEW arbwatch.trades AS
SELECT
	t.id::text AS id,
	split_part(t.pair, ':', 1)::text AS symbol,
	t.strategy::text AS route, -- what trades there; one bot has one exchange
	coalesce(t.stake_currency, split_part(split_part(t.pair, ':', 1), '/', 2))::text AS currency,
	t.open_date AT TIME ZONE 'UTC' AS opened_at,
	t.close_date AT TIME ZONE 'UTC' AS closed_at,
	t.close_profit_abs::numeric - coalesce(t.funding_fees, 0)::numeric AS pnl,
	o.fees AS fees,
	coalesce(t.funding_fees, 0)::numeric AS funding,
	NULL::double precision AS leg_gap,
	((t.open_rate / t.open_rate_requested - t.close_rate / t.close_rate_requested) / 2
		* CASE WHEN t.is_short THEN -1 ELSE 1 END)::numeric AS slippage
FROM public.trades t
LEFT JOIN LATERAL (
	SELECT sum(filled::numeric * coalesce(average, price)::numeric
		* CASE WHEN ft_order_side = CASE WHEN t.is_short THEN 'sell' ELSE 'buy' END
			THEN t.fee_open ELSE t.fee_close END::numeric) AS fees
	FROM public.orders
	WHERE ft_trade_id = t.id AND filled > 0
) o ON true
WHERE NOT t.is_open;

-- The balance at the beginning, and the profit of each closed trade.  Without deposits and withdrawals: add them to cash_flows and to this.
CREATE OR REPLACE VIEW arbwatch.equity AS
SELECT min(open_date) AT TIME ZONE 'UTC' AS at, :'currency'::text AS currency, :'start'::numeric AS equity
FROM public.trades
HAVING count(*) > 0
UNION ALL
SELECT close_date AT TIME ZONE 'UTC', :'currency'::text, :'start'::numeric + sum(profit) OVER (ORDER BY close_date)
FROM (SELECT close_date, sum(close_profit_abs)::numeric AS profit FROM public.trades WHERE NOT is_open GROUP BY close_date) AS closed;

-- For open_positions; the exchange's name must be that of arbwatch's settings.
CREATE OR REPLACE VIEW arbwatch.open_positions AS
SELECT
	exchange::text AS exchange,
	CASE WHEN trading_mode::text ILIKE 'futures' THEN split_part(pair, ':', 1) ELSE split_part(pair, '/', 1) END::text AS symbol,
	CASE WHEN is_short THEN 'short' ELSE 'long' END AS side,
	amount::numeric AS quantity,
	CASE WHEN trading_mode::text ILIKE 'futures' THEN 'derivative' ELSE 'spot' END AS market,
	open_rate::numeric AS entry_price
FROM public.trades
WHERE is_open AND amount > 0;

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'arbwatch_reader') THEN
		CREATE ROLE arbwatch_reader NOLOGIN;
	END IF;
END
$$;
GRANT USAGE ON SCHEMA arbwatch TO arbwatch_reader;
GRANT SELECT ON arbwatch.trades, arbwatch.equity, arbwatch.open_positions TO arbwatch_reader;
