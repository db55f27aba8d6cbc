-- Creates what arbwatch reads of the bot's trades: the views arbwatch.trades, equity, cash_flows and rates, and a role that may
-- read them and nothing else.  docs/engine.md says what the columns mean, docs/trading.md what to do with more than a
-- million trades.
--
-- The views here are over the plain tables of example_trading.sql.  Over other tables only the SELECTs change; all views
-- but arbwatch.trades may be left out.  Keep closed_at and at plain columns with an index: arbwatch asks by time.
-- Run it as the owner of these tables, who may also create roles; running it again is harmless:
--
--	psql -v ON_ERROR_STOP=1 --single-transaction -f sql/trading.sql DATABASE

CREATE SCHEMA IF NOT EXISTS arbwatch;

CREATE OR REPLACE VIEW arbwatch.trades AS
SELECT
	id::text AS id,
	symbol::text AS symbol,
	route::text AS route,
	currency::text AS currency,
	opened_at::timestamptz AS opened_at,
	closed_at::timestamptz AS closed_at,
	pnl::numeric AS pnl,
	fees::numeric AS fees,
	funding::numeric AS funding,
	leg_gap::double precision AS leg_gap,
	slippage::numeric AS slippage
FROM public.trades;

CREATE OR REPLACE VIEW arbwatch.equity AS
SELECT at::timestamptz AS at, currency::text AS currency, equity::numeric AS equity
FROM public.equity;

CREATE OR REPLACE VIEW arbwatch.cash_flows AS
SELECT at::timestamptz AS at, currency::text AS currency, amount::numeric AS amount
FROM public.cash_flows;

CREATE OR REPLACE VIEW arbwatch.rates AS
SELECT currency::text AS currency, to_currency::text AS to_currency, rate::numeric AS rate, updated_at::timestamptz AS updated_at
FROM public.rates;

-- A group without a login.  Let the user of arbwatch in: GRANT arbwatch_reader TO that_user
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'arbwatch_reader') THEN
		CREATE ROLE arbwatch_reader NOLOGIN;
	END IF;
END
$$;

-- The views read the tables with the rights of their owner: no grant on them is needed.
GRANT USAGE ON SCHEMA arbwatch TO arbwatch_reader;
GRANT SELECT ON arbwatch.trades, arbwatch.equity, arbwatch.cash_flows, arbwatch.rates TO arbwatch_reader;
