-- A plain table of positions, as a bot may keep it: for trying arbwatch out, and for the example view in
-- open_positions.sql.  Where the bot has tables of its own, leave this file out.
--
--	psql -v ON_ERROR_STOP=1 --single-transaction -f sql/example_positions.sql DATABASE

CREATE TABLE public.positions (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	exchange text NOT NULL,
	symbol text NOT NULL,
	side text NOT NULL CHECK (side IN ('long', 'short')),
	quantity numeric(38, 18) NOT NULL CHECK (quantity >= 0 AND quantity <> 'NaN'),
	market text CHECK (market IN ('spot', 'derivative')),
	entry_price numeric,
	unrealized_pnl numeric,
	opened_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	closed_at timestamptz
);
