-- Plain tables of trades, equity, deposits and rates, as a bot may keep them: for trying arbwatch out, and for the example
-- views in trading.sql.  Where the bot has tables of its own, leave this file out.  Running it again is harmless:
--
--	psql -v ON_ERROR_STOP=1 --single-transaction -f sql/example_trading.sql DATABASE

CREATE TABLE IF NOT EXISTS public.trades (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	symbol text NOT NULL,
	route text,
	currency text NOT NULL,
	opened_at timestamptz NOT NULL,
	closed_at timestamptz,
	pnl numeric,
	fees numeric,
	funding numeric,
	leg_gap double precision,
	slippage numeric
);
CREATE TABLE IF NOT EXISTS public.equity (
	at timestamptz NOT NULL,
	currency text NOT NULL,
	equity numeric NOT NULL,
	PRIMARY KEY (at, currency)
);
CREATE TABLE IF NOT EXISTS public.cash_flows (
	at timestamptz NOT NULL,
	currency text NOT NULL,
	amount numeric NOT NULL
);
CREATE TABLE IF NOT EXISTS public.rates (
	currency text NOT NULL,
	to_currency text NOT NULL,
	rate numeric NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (currency, to_currency)
);

-- arbwatch asks by time: of a million trades it reads the last days through this index.
CREATE INDEX IF NOT EXISTS trades_closed_at ON public.trades (closed_at);
