SELECT c.relname, a.attname, format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL), t.typcategory
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relnamespace = '{schema}'::regnamespace
	AND c.relname IN ('trades', 'equity', 'cash_flows', 'rates', 'tuning', 'trade_days', 'equity_bins')
	AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
	AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
