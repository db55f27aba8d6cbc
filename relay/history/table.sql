-- $1 from, $2 to (Unix ms), $3 how many rows at most: incidents as CSV.
-- A spreadsheet would compute a cell that begins with a sign, so that gets an apostrophe.
SELECT
	E'id,severity,alertname,env,service,status,starts_at,ends_at,repeats,acknowledged_by,acknowledged_at,summary\r\n'
	|| coalesce(string_agg(t.line || E'\r\n', '' ORDER BY t.n), '')
FROM (
	SELECT
		row_number() OVER (ORDER BY i.starts_at, i.id) AS n,
		(
			SELECT string_agg('"' || replace(regexp_replace(coalesce(c.cell, ''), E'^[-=+@\t\r]', E'''\\&'), '"', '""') || '"',
				',' ORDER BY c.place)
			FROM unnest(ARRAY[i.key, i.severity, i.alertname, i.env, i.service, i.status,
				to_char(i.starts_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), to_char(i.ends_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
				i.repeats::text, i.acknowledged_by, to_char(i.acknowledged_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
				left(i.annotations ->> 'summary', 1000)]) WITH ORDINALITY AS c (cell, place)) AS line
	FROM arbwatch_history.alert_incident i
	WHERE i.starts_at >= to_timestamp($1::bigint / 1000.0) AND i.starts_at < to_timestamp($2::bigint / 1000.0)
	ORDER BY i.starts_at, i.id
	LIMIT $3::int) t
