UNION ALL
		SELECT snapshot.*
		FROM cut
		CROSS JOIN LATERAL (
			SELECT at, currency::text AS currency, equity::numeric AS equity
			FROM {schema}.equity
			WHERE at >= cut.begin_at AND at < cut.begin_at + interval '15 min'
			OFFSET 0
		) snapshot
