UNION ALL
	SELECT first_at, currency, 1, n, NULL, last_at, first, last, high, low, drawdown, ratio
	FROM {schema}.equity_bins
	WHERE reason = '' AND begin_at < {equity_until} AND begin_at NOT IN ({bins})
		AND begin_at NOT IN (SELECT begin_at FROM cut)
