-- arbwatch's view over the table `TradeFill` of Hummingbot, for one that keeps it in PostgreSQL: in conf/conf_client.yml,
-- `db_mode` with `db_engine: postgresql` and where the server is.  By default it keeps it in SQLite, in data/*.sqlite: load that
-- file's `TradeFill` into a table of the same columns (pgloader, or sqlite3 with \copy), again whenever you want to see more.
--
-- Run by the user of Hummingbot, which owns the table; running it again is harmless.  Then GRANT arbwatch_reader TO arbwatch.
--
--	psql -v ON_ERROR_STOP=1 --single-transaction -f examples/hummingbot.sql hummingbot
--
-- Hummingbot knows fills and no trades, so what is bought is set off against what is sold, the first against the first: of
-- each bot (config_file_path) and each pair, at all its exchanges together.  One trade is what one order to buy and one order to
-- sell have in common, so that an arbitrage is one trade.  What is not set off yet is open and does not count.

CREATE SCHEMA IF NOT EXISTS arbwatch;

-- Prices, amounts and fees are whole millionths, times milliseconds.  `upto` is the quantity up to and with this fill.
CREATE OR REPLACE VIEW arbwatch.trades AS
WITH fills AS (
	SELECT
		row_number() OVER (
			ORDER BY config_file_path, base_asset, quote_asset, trade_type, timestamp, market, order_id, exchange_trade_id
		) AS number,
		config_file_path, base_asset, quote_asset, trade_type, market, order_id, timestamp,
		price::numeric / 1000000 AS price,
		trade_fee_in_quote::numeric / nullif(amount, 0) AS fee, -- of one unit
		sum(amount::numeric) OVER (
			PARTITION BY config_file_path, base_asset, quote_asset, trade_type
			ORDER BY timestamp, market, order_id, exchange_trade_id
		) AS upto
	FROM public."TradeFill"
	WHERE amount > 0
), pieces AS ( -- between two ends of fills, with the fills of both sides that the piece belongs to
	SELECT
		(upto - lag(upto, 1, 0::numeric) OVER ends) / 1000000 AS quantity,
		min(number) FILTER (WHERE trade_type = 'BUY') OVER rest AS buy_number,
		min(number) FILTER (WHERE trade_type = 'SELL') OVER rest AS sell_number
	FROM fills
	WINDOW
		ends AS (PARTITION BY config_file_path, base_asset, quote_asset ORDER BY upto),
		rest AS (PARTITION BY config_file_path, base_asset, quote_asset ORDER BY upto DESC) -- this end and all later ones
), trades AS (
	SELECT
		buy.order_id AS buy_order, sell.order_id AS sell_order, buy.base_asset, buy.quote_asset,
		buy.market AS buy_market, sell.market AS sell_market,
		min(least(buy.timestamp, sell.timestamp)) AS opened,
		max(greatest(buy.timestamp, sell.timestamp)) AS closed,
		max(sell.timestamp) - max(buy.timestamp) AS gap,
		sum(quantity * (sell.price - buy.price)) AS gross,
		sum(quantity * (buy.fee + sell.fee)) AS fees
	FROM pieces
	JOIN fills buy ON buy.number = buy_number
	JOIN fills sell ON sell.number = sell_number
	WHERE quantity > 0
	GROUP BY buy.order_id, sell.order_id, buy.base_asset, buy.quote_asset, buy.market, sell.market
)
SELECT
	buy_order || '/' || sell_order AS id,
	base_asset || '/' || quote_asset AS symbol,
	buy_market || '-' || sell_market AS route,
	quote_asset::text AS currency,
	to_timestamp(opened / 1000.0) AS opened_at,
	to_timestamp(closed / 1000.0) AS closed_at,
	gross - fees AS pnl,
	fees,
	NULL::numeric AS funding,
	CASE WHEN buy_market <> sell_market THEN abs(gap) / 1000.0 END::double precision AS leg_gap,
	NULL::numeric AS slippage
FROM trades;

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'arbwatch_reader') THEN
		CREATE ROLE arbwatch_reader NOLOGIN;
	END IF;
END
$$;
GRANT USAGE ON SCHEMA arbwatch TO arbwatch_reader;
GRANT SELECT ON arbwatch.trades TO arbwatch_reader;
