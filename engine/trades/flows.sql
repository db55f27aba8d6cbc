SELECT at, currency::text AS currency, amount::numeric AS amount
	FROM {schema}.cash_flows
	WHERE currency <> '' AND octet_length(currency::text) <= 32 AND at > '-infinity' AND at <= {now} + interval '1 min'
		AND amount < 1e18 AND amount > -1e18
