UNION ALL
	SELECT
		scope, CASE WHEN scope IN ('slippage', 'rejected') OR day < {day_30d} THEN 0 WHEN day < {day_7d} THEN 1 ELSE 2 END,
		name, currency, n, wins, losses, fees_n, funding_n, duration_n, leg_gap_n, slippage_n, win, loss, fees, funding,
		duration, leg_gap, slippage, first_at, last_at, example, {d_columns}
	FROM {schema}.trade_days
	WHERE day < {trades_until}::date AND day NOT IN ({day_30d}, {day_7d})
