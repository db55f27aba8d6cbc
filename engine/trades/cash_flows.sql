SELECT
	CASE
	WHEN at IS NULL OR currency IS NULL OR currency = '' OR amount IS NULL THEN 'incomplete'
	WHEN NOT (amount < 'Infinity' AND amount > '-Infinity' AND at > '-infinity') THEN 'not_finite'
	WHEN amount >= 1e18 OR amount <= -1e18 OR octet_length(currency) > 32 THEN 'too_large'
	WHEN at > {now} + interval '1 min' THEN 'future'
	ELSE '' END AS reason,
	count(*),
	min(coalesce(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'), 'without a time') COLLATE "C")
FROM (SELECT at, currency::text AS currency, amount::numeric AS amount FROM {schema}.cash_flows OFFSET 0) given
GROUP BY 1
