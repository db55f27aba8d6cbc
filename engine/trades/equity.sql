-- One row per piece, and one per reason for which snapshots are rejected.  Snapshots and bins of them are both
-- `atoms`; a deposit or withdrawal is one too, at which a new piece begins.
WITH flows AS MATERIALIZED (
	{flows}
), cut AS MATERIALIZED (
	-- Bins that a deposit or withdrawal cuts are read snapshot by snapshot.
	SELECT DISTINCT date_bin('15 min', at, 'epoch') AS begin_at
	FROM flows
	WHERE at < {equity_until} AND date_bin('15 min', at, 'epoch') NOT IN ({bins})
), judged AS MATERIALIZED (
	SELECT
		at, currency, equity,
		CASE
		WHEN at IS NULL OR currency IS NULL OR currency = '' OR equity IS NULL THEN 'incomplete'
		WHEN NOT (equity < 'Infinity' AND equity > '-Infinity' AND at > '-infinity') THEN 'not_finite'
		WHEN equity >= 1e18 OR equity <= -1e18 OR octet_length(currency) > 32 THEN 'too_large'
		WHEN at > {now} + interval '1 min' THEN 'future'
		END AS reason
	FROM (
		SELECT at, currency::text AS currency, equity::numeric AS equity FROM {schema}.equity {range}
		{cut}
		OFFSET 0
	) given
), numbered AS MATERIALIZED (
	SELECT at, currency, equity, coalesce(lag(at) OVER (PARTITION BY currency ORDER BY at, equity) = at, false) AS again
	FROM judged
	WHERE reason IS NULL
), atoms AS (
	SELECT
		at, currency, 1 AS kind, 1::bigint AS n, NULL::numeric AS flow, at AS last_at, equity AS first, equity AS last,
		equity AS high, equity AS low, 0::numeric AS drawdown, 0::float8 AS ratio
	FROM numbered
	WHERE NOT again
	UNION ALL
	SELECT at, currency, 0, 0, amount, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM flows
	{rollup}
), stepped AS (
	SELECT
		*, {segment} AS segment, (at AT TIME ZONE {zone})::date - date '1970-01-01' AS day,
		count(flow) OVER steps AS step, coalesce(sum(flow) OVER steps, 0) AS flows
	FROM atoms
	WINDOW steps AS (PARTITION BY currency ORDER BY at, kind)
), climbed AS (
	SELECT
		*, max(high) OVER (PARTITION BY currency, step, segment, day ORDER BY at
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS peak
	FROM stepped
	WHERE kind = 1
)
SELECT
	'' AS reason, currency, segment, day, extract(epoch FROM min(at)), extract(epoch FROM max(last_at)), sum(n), min(flows),
	(array_agg(first ORDER BY at))[1], (array_agg(last ORDER BY at DESC))[1], max(high), min(low),
	greatest(max(drawdown), max(peak - low)),
	greatest(max(ratio), max(CASE WHEN peak > 0 THEN (peak - low)::float8 / peak::float8 END)), NULL
FROM climbed
GROUP BY currency, segment, day, step
UNION ALL
SELECT reason, NULL, NULL, NULL, NULL, NULL, sum(n), NULL, NULL, NULL, NULL, NULL, NULL, NULL, min(example COLLATE "C")
FROM (
	SELECT reason, 1 AS n, coalesce(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'), 'without a time') AS example
	FROM judged
	WHERE reason IS NOT NULL
	UNION ALL
	SELECT 'duplicate', 1, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC') FROM numbered WHERE again
	{rollup_rejected}
) rejected
GROUP BY reason
ORDER BY 2, 5
LIMIT {limit}
