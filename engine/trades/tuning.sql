WITH judged AS MATERIALIZED (
	SELECT
		*,
		CASE
		WHEN run IS NULL OR run = '' OR started_at IS NULL OR number IS NULL OR validate_score IS NULL THEN 'incomplete'
		WHEN NOT (
			least(min_profit, size, cooldown, weight, train_score, validate_score, train_pnl, validate_pnl) > '-Infinity'
			AND greatest(min_profit, size, cooldown, weight, train_score, validate_score, train_pnl, validate_pnl) < 'Infinity'
			AND started_at > '-infinity'
		) THEN 'not_finite'
		WHEN greatest(abs(train_score), abs(validate_score), abs(train_pnl), abs(validate_pnl)) >= 1e18 OR octet_length(run) > 64
			OR octet_length(currency) > 32 OR greatest(octet_length(number::text), octet_length(min_profit::text),
				octet_length(size::text), octet_length(cooldown::text), octet_length(weight::text)) > 32 THEN 'too_large'
		WHEN started_at > {now} + interval '1 min' THEN 'future'
		END AS reason
	FROM (
		SELECT
			{run}::text AS run, {started_at} AS started_at, {number} AS number, trim_scale({min_profit}::numeric) AS min_profit,
			trim_scale({size}::numeric) AS size, trim_scale({cooldown}::numeric) AS cooldown, trim_scale({weight}::numeric) AS weight,
			{train_score}::numeric AS train_score, {validate_score}::numeric AS validate_score, {train_pnl}::numeric AS train_pnl,
			{validate_pnl}::numeric AS validate_pnl, {currency}::text AS currency
		FROM {schema}.tuning
		OFFSET 0
	) given
), newest AS (
	SELECT run AS newest_run, started_at AS newest_at
	FROM judged
	WHERE reason IS NULL
	ORDER BY started_at DESC, run COLLATE "C"
	LIMIT 1
), sets AS MATERIALIZED (
	SELECT *, row_number() OVER (PARTITION BY number ORDER BY validate_score, train_score) AS copy
	FROM judged JOIN newest ON run = newest_run
	WHERE reason IS NULL
)
(
	SELECT
		'' AS reason, run, extract(epoch FROM newest_at), count(*) OVER (), number::text, min_profit::text, size::text,
		cooldown::text, weight::text, currency,
		round(train_score, 18), round(validate_score, 18), round(train_pnl, 18), round(validate_pnl, 18), NULL
	FROM sets
	WHERE copy = 1
	ORDER BY validate_score DESC, number
	LIMIT {limit}
)
UNION ALL
SELECT
	reason, NULL, NULL, count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
	min(concat_ws(' ', left(run, 64), number) COLLATE "C")
FROM (
	SELECT reason, run, number FROM judged WHERE reason IS NOT NULL
	UNION ALL
	SELECT 'duplicate', run, number FROM sets WHERE copy > 1
) rejected
GROUP BY reason
