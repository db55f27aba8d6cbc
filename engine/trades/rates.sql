WITH judged AS MATERIALIZED (
	SELECT
		currency, to_currency, rate, updated_at,
		CASE
		WHEN currency IS NULL OR currency = '' OR to_currency IS NULL OR to_currency = '' OR rate IS NULL
			OR updated_at IS NULL THEN 'incomplete'
		WHEN NOT (rate < 'Infinity' AND rate > '-Infinity' AND updated_at > '-infinity') THEN 'not_finite'
		WHEN rate >= 1e18 OR octet_length(currency) > 32 OR octet_length(to_currency) > 32 THEN 'too_large'
		WHEN updated_at > {now} + interval '1 min' THEN 'future'
		WHEN rate <= 0 THEN 'negative'
		END AS reason
	FROM (
		SELECT currency::text AS currency, to_currency::text AS to_currency, rate::numeric AS rate, updated_at
		FROM {schema}.rates
		OFFSET 0
	) given
)
(
	SELECT DISTINCT ON (currency COLLATE "C", to_currency COLLATE "C")
		'' AS reason, currency, to_currency, rate, extract(epoch FROM updated_at), NULL, NULL
	FROM judged
	WHERE reason IS NULL
	ORDER BY currency COLLATE "C", to_currency COLLATE "C", updated_at DESC, rate
	LIMIT {limit}
)
UNION ALL
SELECT reason, NULL, NULL, NULL, NULL, count(*), min(left(currency, 32) COLLATE "C")
FROM judged
WHERE reason IS NOT NULL
GROUP BY reason
