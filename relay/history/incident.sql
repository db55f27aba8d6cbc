-- $1 the id, $2 how many events at most: the last ones.
SELECT json_build_object('id', i.key, 'fingerprint', i.fingerprint, 'status', i.status, 'severity', i.severity,
	'alertname', i.alertname, 'env', i.env, 'service', i.service,
	'summary', coalesce(left(i.annotations ->> 'summary', 1000), ''),
	'labels', i.labels, 'annotations', i.annotations, 'link', i.link,
	'starts_at', i.starts_at, 'ends_at', i.ends_at, 'last_seen', i.last_seen, 'repeats', i.repeats,
	'acknowledged', i.acknowledged_at IS NOT NULL, 'acknowledged_at', i.acknowledged_at,
	'acknowledged_by', i.acknowledged_by, 'acknowledged_via', i.acknowledged_via, 'note', i.note,
	'delivered', i.delivered, 'suppressed', i.suppressed, 'silence_id', i.silence_id,
	'events_total', (SELECT count(*) FROM arbwatch_history.alert_event e WHERE e.incident_id = i.id),
	'events', (
		SELECT coalesce(json_agg(json_build_object('at', e.at, 'kind', e.kind, 'channel', e.channel,
			'attempt', e.attempt, 'latency_ms', e.latency_ms, 'detail', e.detail) ORDER BY e.id), '[]')
		FROM (
			SELECT * FROM arbwatch_history.alert_event e
			WHERE e.incident_id = i.id
			ORDER BY e.id DESC
			LIMIT $2::int) e))
FROM arbwatch_history.alert_incident i
WHERE i.key = $1
