-- $1 from, $2 to (Unix ms), $3 severities, $4 statuses (a,b), $5 env, $6 service, $7 text, $8 acknowledged, $9 and $10 the
-- begin (Unix microseconds) and number of the last incident of the page before, $11 how many.  All but $11 may be NULL.
-- One more than wanted is read, to know whether there are more.
SELECT json_build_object(
	'alerts', coalesce(json_agg(p.item ORDER BY p.n) FILTER (WHERE p.n <= $11::int), '[]'),
	'next', CASE WHEN count(*) > $11::int THEN max(p.cursor) FILTER (WHERE p.n = $11::int) END)
FROM (
	SELECT
		row_number() OVER (ORDER BY i.starts_at DESC, i.id DESC) AS n,
		(extract(epoch FROM i.starts_at) * 1000000)::bigint || '.' || i.id AS cursor,
		json_build_object('id', i.key, 'fingerprint', i.fingerprint, 'status', i.status, 'severity', i.severity,
			'alertname', i.alertname, 'env', i.env, 'service', i.service,
			'summary', coalesce(left(i.annotations ->> 'summary', 1000), ''),
			'labels', i.labels, 'link', i.link,
			'starts_at', i.starts_at, 'ends_at', i.ends_at, 'last_seen', i.last_seen, 'repeats', i.repeats,
			'acknowledged', i.acknowledged_at IS NOT NULL, 'acknowledged_at', i.acknowledged_at,
			'acknowledged_by', i.acknowledged_by, 'acknowledged_via', i.acknowledged_via, 'note', i.note,
			'delivered', i.delivered, 'suppressed', i.suppressed) AS item
	FROM arbwatch_history.alert_incident i
	WHERE ($1::bigint IS NULL OR i.starts_at >= to_timestamp($1::bigint / 1000.0))
		AND ($2::bigint IS NULL OR i.starts_at < to_timestamp($2::bigint / 1000.0))
		AND ($3::text IS NULL OR i.severity = ANY (string_to_array($3, ',')))
		AND ($4::text IS NULL OR i.status = ANY (string_to_array($4, ',')))
		AND ($5::text IS NULL OR i.env = $5)
		AND ($6::text IS NULL OR i.service = $6)
		AND ($7::text IS NULL
			OR EXISTS (SELECT FROM jsonb_each_text(i.labels) AS l WHERE strpos(lower(l.value), lower($7)) > 0)
			OR EXISTS (SELECT FROM jsonb_each_text(i.annotations) AS a WHERE strpos(lower(a.value), lower($7)) > 0))
		AND ($8::boolean IS NULL OR (i.acknowledged_at IS NOT NULL) = $8::boolean)
		AND ($9::bigint IS NULL OR (i.starts_at, i.id) < (
			'epoch'::timestamptz + $9::bigint * interval '1 microsecond', $10::bigint))
	ORDER BY i.starts_at DESC, i.id DESC
	LIMIT $11::int + 1) p
