-- For more than a million trades: what each UTC day's trades add up to, and what snapshots of equity say every
-- quarter of an hour.  arbwatch finds these by their names, and then reads single trades only of the days that the edge of
-- a window cuts, and of those that are not in here yet.  What it publishes is the same with and without.
--
-- Needs all columns of arbwatch.trades (those that the bot does not have as NULL::numeric AS fees), and arbwatch.equity.
-- Run by the owner of the views, after trading.sql; running it again makes them anew:
--
--	psql -v ON_ERROR_STOP=1 --single-transaction -f sql/trading_rollup.sql DATABASE
--
-- They are refreshed once a day; a trade that was changed or came late is seen then.  They may be days old, and each day makes
-- a run a little slower.  A day is in here from an hour after its end.
--
--	17 1 * * * psql -qc 'REFRESH MATERIALIZED VIEW CONCURRENTLY arbwatch.trade_days' DATABASE
--	47 1 * * * psql -qc 'REFRESH MATERIALIZED VIEW CONCURRENTLY arbwatch.equity_bins' DATABASE

-- A day's trades are sorted and hashed in memory.
SET LOCAL work_mem = '64MB';
SET LOCAL enable_sort = off;

DROP MATERIALIZED VIEW IF EXISTS arbwatch.trade_days, arbwatch.equity_bins;

-- Each row is the sum of one UTC day: of all trades, of a symbol's or a route's.  d0 to d30 count trades by duration.  Rows of
-- scope 'slippage' count by slippage in d0 to d14, and 'rejected' are those that do not count, by reason.
CREATE MATERIALIZED VIEW arbwatch.trade_days AS
SELECT days.day, sums.*
FROM (
	SELECT DISTINCT (closed_at AT TIME ZONE 'UTC')::date AS day
	FROM arbwatch.trades
	WHERE closed_at > '-infinity' AND closed_at < date_trunc('day', now() - interval '1 hour', 'UTC')
) days
CROSS JOIN LATERAL (
	WITH base AS MATERIALIZED (
		SELECT
			coalesce(id, '') AS id, closed_at, symbol, route, currency,
			pnl, fees, funding, slippage, reason,
			CASE WHEN reason IS NULL THEN round(seconds * 1e6)::bigint END AS duration,
			CASE WHEN reason IS NULL THEN round(leg_gap::float8 * 1e6)::bigint END AS leg_gap,
			CASE WHEN reason IS NULL THEN 30 - width_bucket(-seconds,
				'{-86400,-28800,-14400,-7200,-3600,-1600,-1000,-630,-400,-250,-160,-100,-63,-40,-25,-16,-10,-6.3,-4,-2.5,-1.6,-1,
				-0.63,-0.4,-0.25,-0.16,-0.1,-0.05,-0.025,-0.01}'::float8[]) END AS d,
			CASE WHEN reason IS NULL THEN 14 - width_bucket(-slippage::float8,
				'{-0.01,-0.005,-0.002,-0.001,-0.0005,-0.0002,-0.0001,0,0.0001,0.0002,0.0005,0.001,0.002,0.005}'::float8[]) END AS s
		FROM (
			SELECT
				id, closed_at, symbol, route, currency, pnl, fees, funding, leg_gap, slippage,
				CASE WHEN closed_at <= now() + interval '1 min' AND opened_at BETWEEN '0001-01-01' AND closed_at
					THEN date_part('epoch', closed_at - opened_at) END AS seconds,
				CASE
				-- Nearly all rows: what no number between these can be is asked only of the others.
				WHEN pnl > -1e18 AND pnl < 1e18 AND coalesce(fees, 0) > -1e18 AND coalesce(fees, 0) < 1e18
					AND coalesce(funding, 0) > -1e18 AND coalesce(funding, 0) < 1e18
					AND coalesce(leg_gap, 0) >= 0 AND coalesce(leg_gap, 0) < 1e9
					AND coalesce(slippage, 0) > -1e18 AND coalesce(slippage, 0) < 1e18
					AND coalesce(opened_at, closed_at) <= closed_at AND coalesce(opened_at, closed_at) > '-infinity'
					AND closed_at > '-infinity' AND closed_at <= now() + interval '1 min'
					AND octet_length(id) BETWEEN 1 AND 64 AND octet_length(symbol) BETWEEN 1 AND 64
					AND coalesce(octet_length(route), 1) BETWEEN 1 AND 64 AND octet_length(currency) BETWEEN 1 AND 32 THEN NULL
				WHEN id IS NULL OR id = '' OR symbol IS NULL OR symbol = '' OR currency IS NULL OR currency = ''
					OR route = '' OR pnl IS NULL THEN 'incomplete'
				WHEN pnl IN ('NaN', 'Infinity', '-Infinity') OR fees IN ('NaN', 'Infinity', '-Infinity')
					OR funding IN ('NaN', 'Infinity', '-Infinity') OR leg_gap::text IN ('NaN', 'Infinity', '-Infinity')
					OR slippage IN ('NaN', 'Infinity', '-Infinity') OR NOT isfinite(opened_at) OR closed_at = '-infinity'
					THEN 'not_finite'
				WHEN pnl >= 1e18 OR pnl <= -1e18 OR fees >= 1e18 OR fees <= -1e18 OR funding >= 1e18 OR funding <= -1e18
					OR leg_gap >= 1e9 OR slippage >= 1e18 OR slippage <= -1e18 OR octet_length(id) > 64
					OR octet_length(symbol) > 64 OR octet_length(route) > 64 OR octet_length(currency) > 32 THEN 'too_large'
				WHEN closed_at > now() + interval '1 min' THEN 'future'
				WHEN opened_at > closed_at THEN 'order'
				WHEN leg_gap < 0 THEN 'negative'
				END AS reason
			FROM (
				SELECT
					closed_at, id::text AS id, symbol::text AS symbol, route::text AS route,
					currency::text AS currency, opened_at, pnl::numeric AS pnl, fees::numeric AS fees,
					funding::numeric AS funding, leg_gap, slippage::numeric AS slippage
				FROM arbwatch.trades
				WHERE closed_at IS NOT NULL AND closed_at >= days.day::timestamp AT TIME ZONE 'UTC'
					AND closed_at < (days.day + 1)::timestamp AT TIME ZONE 'UTC'
				OFFSET 0
			) given
			OFFSET 0
		) judged
	), twice AS MATERIALIZED (
		SELECT id, count(*) - 1 AS more FROM base WHERE reason IS NULL GROUP BY id HAVING count(*) > 1
	), counted AS NOT MATERIALIZED (
		SELECT * FROM base WHERE id NOT IN (SELECT id FROM twice) AND reason IS NULL
		UNION ALL
		(
			SELECT DISTINCT ON (id COLLATE "C") * FROM base
			WHERE id IN (SELECT id FROM twice) AND reason IS NULL
			ORDER BY id COLLATE "C", closed_at, pnl, symbol COLLATE "C", route COLLATE "C", currency COLLATE "C"
		)
	), by_symbol AS MATERIALIZED (
		SELECT
			symbol AS name, currency, d, count(*) AS n,
			count(*) FILTER (WHERE pnl > 0) AS wins, count(*) FILTER (WHERE pnl < 0) AS losses,
			count(fees) AS fees_n, count(funding) AS funding_n, count(duration) AS duration_n,
			count(leg_gap) AS leg_gap_n, count(slippage) AS slippage_n,
			sum(pnl) FILTER (WHERE pnl > 0) AS win, sum(pnl) FILTER (WHERE pnl < 0) AS loss,
			sum(fees) AS fees, sum(funding) AS funding, sum(duration) AS duration, sum(leg_gap) AS leg_gap,
			sum(slippage) AS slippage, min(closed_at) AS first_at, max(closed_at) AS last_at
		FROM counted
		GROUP BY symbol, currency, d
	), by_route AS (
		SELECT
			route AS name, currency, d, count(*) AS n,
			count(*) FILTER (WHERE pnl > 0) AS wins, count(*) FILTER (WHERE pnl < 0) AS losses,
			count(fees) AS fees_n, count(funding) AS funding_n, count(duration) AS duration_n,
			count(leg_gap) AS leg_gap_n, count(slippage) AS slippage_n,
			sum(pnl) FILTER (WHERE pnl > 0) AS win, sum(pnl) FILTER (WHERE pnl < 0) AS loss,
			sum(fees) AS fees, sum(funding) AS funding, sum(duration) AS duration, sum(leg_gap) AS leg_gap,
			sum(slippage) AS slippage, min(closed_at) AS first_at, max(closed_at) AS last_at
		FROM counted
		WHERE route IS NOT NULL
		GROUP BY route, currency, d
	), parts AS (
		SELECT 'total' AS scope, '' AS name, currency, d, n, wins, losses, fees_n, funding_n, duration_n, leg_gap_n,
			slippage_n, win, loss, fees, funding, duration, leg_gap, slippage, first_at, last_at, NULL AS example
		FROM by_symbol
		UNION ALL
		SELECT 'symbol', name, currency, d, n, wins, losses, fees_n, funding_n, duration_n, leg_gap_n,
			slippage_n, win, loss, fees, funding, duration, leg_gap, slippage, NULL, NULL, NULL
		FROM by_symbol
		UNION ALL
		SELECT 'route', name, currency, d, n, wins, losses, fees_n, funding_n, duration_n, leg_gap_n,
			slippage_n, win, loss, fees, funding, duration, leg_gap, slippage, NULL, NULL, NULL
		FROM by_route
		UNION ALL
		-- Here d is the bucket of the slippage.
		SELECT 'slippage', '', currency, s, count(*), 0, 0, 0, 0, 0, 0,
			count(*), NULL, NULL, NULL, NULL, NULL, NULL, sum(slippage), NULL, NULL, NULL
		FROM counted
		WHERE slippage IS NOT NULL
		GROUP BY currency, s
		UNION ALL
		SELECT 'rejected', reason, '', NULL, n, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, example
		FROM (
			SELECT reason, count(*) AS n, min(CASE WHEN id <> '' THEN left(id, 64)
				ELSE 'closed ' || to_char(closed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC') END COLLATE "C") AS example
			FROM base
			WHERE reason IS NOT NULL
			GROUP BY reason
			UNION ALL
			SELECT 'duplicate', sum(more), min(id COLLATE "C") FROM twice HAVING count(*) > 0
		) rejected
	)
	SELECT
		scope, name, currency, sum(n)::int AS n, sum(wins)::int AS wins, sum(losses)::int AS losses, sum(fees_n)::int AS fees_n,
		sum(funding_n)::int AS funding_n, sum(duration_n)::int AS duration_n, sum(leg_gap_n)::int AS leg_gap_n,
		sum(slippage_n)::int AS slippage_n, sum(win) AS win, sum(loss) AS loss, sum(fees) AS fees, sum(funding) AS funding,
		sum(duration) AS duration, sum(leg_gap) AS leg_gap, sum(slippage) AS slippage,
		min(first_at) AS first_at, max(last_at) AS last_at, min(example COLLATE "C") AS example,
		coalesce(sum(n) FILTER (WHERE d = 0), 0)::int AS d0, coalesce(sum(n) FILTER (WHERE d = 1), 0)::int AS d1,
		coalesce(sum(n) FILTER (WHERE d = 2), 0)::int AS d2, coalesce(sum(n) FILTER (WHERE d = 3), 0)::int AS d3,
		coalesce(sum(n) FILTER (WHERE d = 4), 0)::int AS d4, coalesce(sum(n) FILTER (WHERE d = 5), 0)::int AS d5,
		coalesce(sum(n) FILTER (WHERE d = 6), 0)::int AS d6, coalesce(sum(n) FILTER (WHERE d = 7), 0)::int AS d7,
		coalesce(sum(n) FILTER (WHERE d = 8), 0)::int AS d8, coalesce(sum(n) FILTER (WHERE d = 9), 0)::int AS d9,
		coalesce(sum(n) FILTER (WHERE d = 10), 0)::int AS d10, coalesce(sum(n) FILTER (WHERE d = 11), 0)::int AS d11,
		coalesce(sum(n) FILTER (WHERE d = 12), 0)::int AS d12, coalesce(sum(n) FILTER (WHERE d = 13), 0)::int AS d13,
		coalesce(sum(n) FILTER (WHERE d = 14), 0)::int AS d14, coalesce(sum(n) FILTER (WHERE d = 15), 0)::int AS d15,
		coalesce(sum(n) FILTER (WHERE d = 16), 0)::int AS d16, coalesce(sum(n) FILTER (WHERE d = 17), 0)::int AS d17,
		coalesce(sum(n) FILTER (WHERE d = 18), 0)::int AS d18, coalesce(sum(n) FILTER (WHERE d = 19), 0)::int AS d19,
		coalesce(sum(n) FILTER (WHERE d = 20), 0)::int AS d20, coalesce(sum(n) FILTER (WHERE d = 21), 0)::int AS d21,
		coalesce(sum(n) FILTER (WHERE d = 22), 0)::int AS d22, coalesce(sum(n) FILTER (WHERE d = 23), 0)::int AS d23,
		coalesce(sum(n) FILTER (WHERE d = 24), 0)::int AS d24, coalesce(sum(n) FILTER (WHERE d = 25), 0)::int AS d25,
		coalesce(sum(n) FILTER (WHERE d = 26), 0)::int AS d26, coalesce(sum(n) FILTER (WHERE d = 27), 0)::int AS d27,
		coalesce(sum(n) FILTER (WHERE d = 28), 0)::int AS d28, coalesce(sum(n) FILTER (WHERE d = 29), 0)::int AS d29,
		coalesce(sum(n) FILTER (WHERE d = 30), 0)::int AS d30
	FROM parts
	GROUP BY scope, name, currency
) sums;

CREATE UNIQUE INDEX trade_days_key ON arbwatch.trade_days (day, scope, name, currency);

-- Snapshots of a quarter of an hour: first, last, highest and lowest, and the largest fall within.
CREATE MATERIALIZED VIEW arbwatch.equity_bins AS
WITH judged AS MATERIALIZED (
	SELECT
		at, currency, equity, date_bin('15 min', at, 'epoch') AS begin_at,
		CASE
		WHEN currency IS NULL OR currency = '' OR equity IS NULL THEN 'incomplete'
		WHEN NOT (equity < 'Infinity' AND equity > '-Infinity') THEN 'not_finite'
		WHEN equity >= 1e18 OR equity <= -1e18 OR octet_length(currency) > 32 THEN 'too_large'
		END AS reason
	FROM arbwatch.equity
	WHERE at > '-infinity' AND at < date_bin('15 min', now() - interval '1 hour', 'epoch')
), numbered AS MATERIALIZED (
	SELECT
		at, currency, equity, begin_at,
		coalesce(lag(at) OVER (PARTITION BY currency ORDER BY at, equity) = at, false) AS again
	FROM judged
	WHERE reason IS NULL
), climbed AS (
	SELECT
		*, max(equity) OVER (PARTITION BY currency, begin_at ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS peak
	FROM numbered
	WHERE NOT again
)
SELECT
	begin_at, currency, '' AS reason, count(*) AS n, min(at) AS first_at, max(at) AS last_at,
	(array_agg(equity ORDER BY at))[1] AS first, (array_agg(equity ORDER BY at DESC))[1] AS last,
	max(equity) AS high, min(equity) AS low, coalesce(greatest(max(peak - equity), 0), 0) AS drawdown,
	coalesce(greatest(max(CASE WHEN peak > 0 THEN (peak - equity)::float8 / peak::float8 END), 0), 0) AS ratio,
	NULL AS example
FROM climbed
GROUP BY begin_at, currency
UNION ALL
SELECT begin_at, '', reason, count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
	min(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC') COLLATE "C")
FROM (
	SELECT begin_at, at, reason FROM judged WHERE reason IS NOT NULL
	UNION ALL
	SELECT begin_at, at, 'duplicate' FROM numbered WHERE again
) rejected
GROUP BY begin_at, reason;

CREATE UNIQUE INDEX equity_bins_key ON arbwatch.equity_bins (begin_at, currency, reason);

ANALYZE arbwatch.trade_days, arbwatch.equity_bins;
GRANT SELECT ON arbwatch.trade_days, arbwatch.equity_bins TO arbwatch_reader;
