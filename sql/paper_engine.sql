-- The ledger of the paper engine, beside the tables of example_trading.sql, and the results of its tuning.
-- docs/paper_engine.md says what the columns mean.  Running it again is harmless:
--
--	psql -v ON_ERROR_STOP=1 --single-transaction -f sql/example_trading.sql -f sql/paper_engine.sql DATABASE

-- The fills of public.trades; trade_id is the id there.
CREATE TABLE IF NOT EXISTS public.paper_fills (
	trade_id bigint NOT NULL,
	number integer NOT NULL,
	leg text NOT NULL,
	exchange text NOT NULL,
	side text NOT NULL CHECK (side IN ('buy', 'sell')),
	at timestamptz NOT NULL,
	quantity numeric NOT NULL,
	value numeric NOT NULL,
	fee numeric NOT NULL,
	rate numeric NOT NULL,
	PRIMARY KEY (trade_id, number)
);

-- Stock and rebalances.  Ids go on with those of trades: together they have no gap.
CREATE TABLE IF NOT EXISTS public.paper_movements (
	id bigint PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('stock', 'rebalance')),
	asset text NOT NULL,
	at timestamptz NOT NULL,
	coins_binance numeric NOT NULL,
	coins_upbit numeric NOT NULL,
	cash_binance numeric NOT NULL,
	cash_upbit numeric NOT NULL,
	fee numeric NOT NULL
);

-- One row for each set of parameters and each window of the walk-forward.
CREATE TABLE IF NOT EXISTS public.tuning_results (
	run text NOT NULL,
	number integer NOT NULL, -- of the set
	stage text NOT NULL CHECK (stage IN ('random', 'refine')),
	fold integer NOT NULL, -- of the walk-forward; 0: all folds together
	started_at timestamptz NOT NULL,
	market_seed bigint NOT NULL,
	seed bigint NOT NULL,
	min_profit numeric NOT NULL,
	size numeric NOT NULL,
	cooldown numeric NOT NULL, -- seconds
	weight numeric NOT NULL,
	train_from timestamptz NOT NULL,
	validate_from timestamptz NOT NULL,
	validate_until timestamptz NOT NULL,
	train_trades bigint NOT NULL,
	train_pnl numeric NOT NULL,
	train_score double precision NOT NULL,
	validate_trades bigint NOT NULL,
	validate_pnl numeric NOT NULL,
	validate_score double precision NOT NULL,
	command text NOT NULL, -- gives the same results again
	PRIMARY KEY (run, number, fold)
);

-- What trading_kpis shows of the tuning (docs/engine.md); schema and role are those of trading.sql.
CREATE SCHEMA IF NOT EXISTS arbwatch;

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'arbwatch_reader') THEN
		CREATE ROLE arbwatch_reader NOLOGIN;
	END IF;
END
$$;

CREATE OR REPLACE VIEW arbwatch.tuning AS
SELECT run, started_at, number, min_profit, size, cooldown, weight, train_score, validate_score, train_pnl, validate_pnl,
	'USDT'::text AS currency
FROM public.tuning_results
WHERE fold = 0;

GRANT USAGE ON SCHEMA arbwatch TO arbwatch_reader;
GRANT SELECT ON arbwatch.tuning TO arbwatch_reader;
