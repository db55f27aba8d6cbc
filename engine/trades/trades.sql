-- One row per scope, name, currency and segment, and one per reason for which rows are rejected.
--
-- `base` is read once and kept; what follows are hash aggregates over it.  Ids are counted by hash too, because
-- sorting all rows to find duplicates that nearly never are there would take longer than all the rest.
WITH base AS MATERIALIZED (
	SELECT
		coalesce(id, '') AS id, (closed_at AT TIME ZONE 'UTC')::date AS day, closed_at, symbol, route, currency,
		pnl, fees, funding, slippage, reason, {segment} AS segment,
		CASE WHEN reason IS NULL THEN round(seconds * 1e6)::bigint END AS duration,
		CASE WHEN reason IS NULL THEN round(leg_gap::float8 * 1e6)::bigint END AS leg_gap,
		CASE WHEN reason IS NULL THEN {durations} - width_bucket(-seconds, {duration_bounds}) END AS d,
		CASE WHEN reason IS NULL THEN {slippages} - width_bucket(-slippage::float8, {slippage_bounds}) END AS s
	FROM (
		SELECT
			id, closed_at, symbol, route, currency, pnl, fees, funding, leg_gap, slippage,
			CASE WHEN closed_at <= {now} + interval '1 min' AND opened_at BETWEEN '0001-01-01' AND closed_at
				THEN date_part('epoch', closed_at - opened_at) END AS seconds,
			CASE
			-- Nearly all rows: what no number between these can be is asked only of the others.
			WHEN pnl > -1e18 AND pnl < 1e18 AND coalesce(fees, 0) > -1e18 AND coalesce(fees, 0) < 1e18
				AND coalesce(funding, 0) > -1e18 AND coalesce(funding, 0) < 1e18
				AND coalesce(leg_gap, 0) >= 0 AND coalesce(leg_gap, 0) < 1e9
				AND coalesce(slippage, 0) > -1e18 AND coalesce(slippage, 0) < 1e18
				AND coalesce(opened_at, closed_at) <= closed_at AND coalesce(opened_at, closed_at) > '-infinity'
				AND closed_at > '-infinity' AND closed_at <= {now} + interval '1 min'
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
			WHEN closed_at > {now} + interval '1 min' THEN 'future'
			WHEN opened_at > closed_at THEN 'order'
			WHEN leg_gap < 0 THEN 'negative'
			END AS reason
		FROM (
			SELECT
				closed_at, {id}::text AS id, {symbol}::text AS symbol, {route}::text AS route,
				{currency}::text AS currency, {opened_at} AS opened_at, {pnl}::numeric AS pnl, {fees}::numeric AS fees,
				{funding}::numeric AS funding, {leg_gap} AS leg_gap, {slippage}::numeric AS slippage
			FROM {schema}.trades
			WHERE closed_at IS NOT NULL {range}
			OFFSET 0
		) given
		OFFSET 0
	) judged
), twice AS MATERIALIZED (
	SELECT id, day, count(*) - 1 AS more FROM base WHERE reason IS NULL GROUP BY id, day HAVING count(*) > 1
), counted AS NOT MATERIALIZED (
	SELECT * FROM base WHERE (id, day) NOT IN (SELECT id, day FROM twice) AND reason IS NULL
	UNION ALL
	(
		SELECT DISTINCT ON (id COLLATE "C", day) * FROM base
		WHERE (id, day) IN (SELECT id, day FROM twice) AND reason IS NULL
		ORDER BY id COLLATE "C", day, closed_at, pnl, symbol COLLATE "C", route COLLATE "C", currency COLLATE "C"
	)
), by_symbol AS MATERIALIZED (
	SELECT
		segment, symbol AS name, currency, d, count(*) AS n,
		count(*) FILTER (WHERE pnl > 0) AS wins, count(*) FILTER (WHERE pnl < 0) AS losses,
		count(fees) AS fees_n, count(funding) AS funding_n, count(duration) AS duration_n,
		count(leg_gap) AS leg_gap_n, count(slippage) AS slippage_n,
		sum(pnl) FILTER (WHERE pnl > 0) AS win, sum(pnl) FILTER (WHERE pnl < 0) AS loss,
		sum(fees) AS fees, sum(funding) AS funding, sum(duration) AS duration, sum(leg_gap) AS leg_gap,
		sum(slippage) AS slippage, min(closed_at) AS first_at, max(closed_at) AS last_at
	FROM counted
	GROUP BY segment, symbol, currency, d
), by_route AS (
	SELECT
		segment, route AS name, currency, d, count(*) AS n,
		count(*) FILTER (WHERE pnl > 0) AS wins, count(*) FILTER (WHERE pnl < 0) AS losses,
		count(fees) AS fees_n, count(funding) AS funding_n, count(duration) AS duration_n,
		count(leg_gap) AS leg_gap_n, count(slippage) AS slippage_n,
		sum(pnl) FILTER (WHERE pnl > 0) AS win, sum(pnl) FILTER (WHERE pnl < 0) AS loss,
		sum(fees) AS fees, sum(funding) AS funding, sum(duration) AS duration, sum(leg_gap) AS leg_gap,
		sum(slippage) AS slippage, min(closed_at) AS first_at, max(closed_at) AS last_at
	FROM counted
	WHERE route IS NOT NULL
	GROUP BY segment, route, currency, d
), parts AS (
	SELECT 'total' AS scope, segment, '' AS name, currency, d, n, wins, losses, fees_n, funding_n, duration_n, leg_gap_n,
		slippage_n, win, loss, fees, funding, duration, leg_gap, slippage, first_at, last_at, NULL AS example
	FROM by_symbol
	UNION ALL
	SELECT 'symbol', segment, name, currency, d, n, wins, losses, fees_n, funding_n, duration_n, leg_gap_n,
		slippage_n, win, loss, fees, funding, duration, leg_gap, slippage, NULL, NULL, NULL
	FROM by_symbol
	UNION ALL
	SELECT 'route', segment, name, currency, d, n, wins, losses, fees_n, funding_n, duration_n, leg_gap_n,
		slippage_n, win, loss, fees, funding, duration, leg_gap, slippage, NULL, NULL, NULL
	FROM by_route
	UNION ALL
	-- Here d is the bucket of the slippage.
	SELECT 'slippage', 0, '', currency, s, count(*), 0, 0, 0, 0, 0, 0,
		count(*), NULL, NULL, NULL, NULL, NULL, NULL, sum(slippage), NULL, NULL, NULL
	FROM counted
	WHERE slippage IS NOT NULL
	GROUP BY currency, s
	UNION ALL
	SELECT 'rejected', 0, reason, '', NULL, n, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, example
	FROM (
		SELECT reason, count(*) AS n, min(CASE WHEN id <> '' THEN left(id, 64)
			ELSE 'closed ' || to_char(closed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC') END COLLATE "C") AS example
		FROM base
		WHERE reason IS NOT NULL
		GROUP BY reason
		UNION ALL
		SELECT 'duplicate', sum(more), min(id COLLATE "C") FROM twice HAVING count(*) > 0
	) rejected
), cells AS (
	SELECT
		scope, segment, name, currency, sum(n)::int AS n, sum(wins)::int AS wins, sum(losses)::int AS losses,
		sum(fees_n)::int AS fees_n, sum(funding_n)::int AS funding_n, sum(duration_n)::int AS duration_n, sum(leg_gap_n)::int AS leg_gap_n,
		sum(slippage_n)::int AS slippage_n, sum(win) AS win, sum(loss) AS loss, sum(fees) AS fees, sum(funding) AS funding,
		sum(duration) AS duration, sum(leg_gap) AS leg_gap, sum(slippage) AS slippage,
		min(first_at) AS first_at, max(last_at) AS last_at, min(example COLLATE "C") AS example, {d_counts}
	FROM parts
	GROUP BY scope, segment, name, currency
	{rollup}
), sums AS MATERIALIZED (
	SELECT
		scope, segment, name, currency, sum(n) AS n, sum(wins), sum(losses), sum(fees_n), sum(funding_n), sum(duration_n),
		sum(leg_gap_n), sum(slippage_n), sum(win) AS win, sum(loss) AS loss, sum(fees), sum(funding), sum(duration) * 1e-6,
		sum(leg_gap) * 1e-6, sum(slippage), extract(epoch FROM min(first_at)), extract(epoch FROM max(last_at)),
		min(example COLLATE "C"), concat_ws(' ', {d_sums})
	FROM cells
	GROUP BY scope, segment, name, currency
), placed AS MATERIALIZED (
	-- The order of kpi_groups_new(): first the lowest profit of each currency, then the second ones.
	SELECT scope, name, row_number() OVER (PARTITION BY scope ORDER BY place, currency COLLATE "C") AS place
	FROM (
		SELECT scope, name, currency, row_number() OVER (PARTITION BY scope, currency
			ORDER BY sum(coalesce(win, 0) + coalesce(loss, 0)), name COLLATE "C") AS place
		FROM sums
		WHERE scope IN ('symbol', 'route')
		GROUP BY scope, name, currency
	) of_currency
), kept AS MATERIALIZED (
	SELECT DISTINCT scope, name FROM placed WHERE place <= {names_max}
)
SELECT * FROM sums WHERE scope NOT IN ('symbol', 'route') OR (scope, name) IN (SELECT scope, name FROM kept)
UNION ALL
SELECT 'dropped', 0, scope, '', count(*), 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM placed
WHERE (scope, name) NOT IN (SELECT scope, name FROM kept)
GROUP BY scope
LIMIT {limit}
