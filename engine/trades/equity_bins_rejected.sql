UNION ALL
	SELECT reason, n, example
	FROM {schema}.equity_bins
	WHERE reason <> '' AND begin_at < {equity_until} AND begin_at NOT IN ({bins})
		AND begin_at NOT IN (SELECT begin_at FROM cut)
