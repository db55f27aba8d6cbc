-- What arbwatch reads of the bot: the view arbwatch.open_positions, and a role that may read it and nothing else.
-- docs/engine.md says what the columns mean.
--
-- The view here is over the plain table of example_positions.sql.  Over other tables only the SELECT changes.
-- Run by whoever owns these tables (and may create roles); running it again is harmless:
--
--	psql -v ON_ERROR_STOP=1 --single-transaction -f sql/open_positions.sql DATABASE

CREATE SCHEMA IF NOT EXISTS arbwatch;

CREATE OR REPLACE VIEW arbwatch.open_positions AS
SELECT
	exchange::text AS exchange,
	symbol::text AS symbol,
	side::text AS side,
	quantity::numeric AS quantity,
	market::text AS market,
	entry_price::numeric AS entry_price,
	unrealized_pnl::numeric AS unrealized_pnl,
	updated_at::timestamptz AS updated_at
FROM public.positions
WHERE closed_at IS NULL;

-- A group without a login.  Let the user of arbwatch in: GRANT arbwatch_reader TO that_user
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'arbwatch_reader') THEN
		CREATE ROLE arbwatch_reader NOLOGIN;
	END IF;
END
$$;

-- The view reads the tables with the rights of its owner: no grant on them is needed.
GRANT USAGE ON SCHEMA arbwatch TO arbwatch_reader;
GRANT SELECT ON arbwatch.open_positions TO arbwatch_reader;
