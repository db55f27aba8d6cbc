-- $1 from, $2 to (Unix ms, or NULL).  How long one took that ended in another way than by a resolution nobody knows.
WITH i AS MATERIALIZED (
	SELECT i.severity, i.alertname, i.status, i.repeats,
		CASE WHEN i.acknowledged_at IS NOT NULL THEN extract(epoch FROM greatest(i.acknowledged_at - i.starts_at, '0'))::float8 END
			AS acknowledge_seconds,
		CASE WHEN i.status = 'resolved' THEN extract(epoch FROM greatest(i.ends_at - i.starts_at, '0'))::float8 END
			AS resolve_seconds
	FROM arbwatch_history.alert_incident i
	WHERE ($1::bigint IS NULL OR i.starts_at >= to_timestamp($1::bigint / 1000.0))
		AND ($2::bigint IS NULL OR i.starts_at < to_timestamp($2::bigint / 1000.0)))
SELECT json_build_object(
	'severities', (
		SELECT coalesce(json_agg(s.item ORDER BY s.severity), '[]')
		FROM (
			SELECT i.severity, json_build_object('severity', i.severity,
				'count', count(*), 'open', count(*) FILTER (WHERE i.status = 'open'),
				'acknowledged', count(i.acknowledge_seconds), 'repeats', sum(i.repeats),
				'acknowledge_seconds', json_build_object('median', percentile_cont(0.5) WITHIN GROUP (ORDER BY i.acknowledge_seconds),
				'p95', percentile_cont(0.95) WITHIN GROUP (ORDER BY i.acknowledge_seconds)),
				'resolve_seconds', json_build_object('median', percentile_cont(0.5) WITHIN GROUP (ORDER BY i.resolve_seconds),
				'p95', percentile_cont(0.95) WITHIN GROUP (ORDER BY i.resolve_seconds))) AS item
			FROM i
			GROUP BY i.severity) s),
	'alerts', (
		SELECT coalesce(json_agg(s.item ORDER BY s.n DESC, s.alertname, s.severity), '[]')
		FROM (
			SELECT i.alertname, i.severity, count(*) AS n, json_build_object('alertname', i.alertname, 'severity', i.severity,
				'count', count(*), 'open', count(*) FILTER (WHERE i.status = 'open'),
				'acknowledged', count(i.acknowledge_seconds), 'repeats', sum(i.repeats),
				'acknowledge_seconds', json_build_object('median', percentile_cont(0.5) WITHIN GROUP (ORDER BY i.acknowledge_seconds),
				'p95', percentile_cont(0.95) WITHIN GROUP (ORDER BY i.acknowledge_seconds)),
				'resolve_seconds', json_build_object('median', percentile_cont(0.5) WITHIN GROUP (ORDER BY i.resolve_seconds),
				'p95', percentile_cont(0.95) WITHIN GROUP (ORDER BY i.resolve_seconds))) AS item
			FROM i
			GROUP BY i.alertname, i.severity
			ORDER BY n DESC, i.alertname, i.severity
			LIMIT 200) s),
	'channels', (
		SELECT coalesce(json_agg(s.item ORDER BY s.channel), '[]')
		FROM (
			SELECT e.channel, json_build_object('channel', e.channel,
				'sent', count(*) FILTER (WHERE e.kind = 'sent'),
				'retried', count(*) FILTER (WHERE e.kind = 'retried'),
				'failed', count(*) FILTER (WHERE e.kind = 'failed'),
				'latency_ms', json_build_object('median', percentile_cont(0.5) WITHIN GROUP (ORDER BY e.latency_ms),
				'p95', percentile_cont(0.95) WITHIN GROUP (ORDER BY e.latency_ms))) AS item
			FROM arbwatch_history.alert_event e
			WHERE e.channel IS NOT NULL
				AND ($1::bigint IS NULL OR e.at >= to_timestamp($1::bigint / 1000.0))
				AND ($2::bigint IS NULL OR e.at < to_timestamp($2::bigint / 1000.0))
			GROUP BY e.channel) s))
