-- $1 the store, $2 entries of its journal as JSON.  An empty answer: all of them are there already.
--
-- r: those that are new; s: the last snapshot of each incident; k: each incident, with what came behind its snapshot.
WITH r AS MATERIALIZED (
	SELECT r.*
	FROM jsonb_to_recordset($2::jsonb) AS r (seq bigint, at bigint, key text, kind text, channel text, attempt integer,
		latency_ms bigint, detail jsonb, incident jsonb)
	WHERE NOT EXISTS (SELECT FROM arbwatch_history.journal_position p WHERE p.store = $1 AND p.seq >= r.seq)),
s AS (
	SELECT DISTINCT ON (key) key, seq, incident
	FROM r
	WHERE incident IS NOT NULL
	ORDER BY key, seq DESC),
k AS (
	SELECT r.key, s.seq, max(r.at) AS at, max(r.at) FILTER (WHERE r.kind = 'repeated') AS seen,
		count(*) FILTER (WHERE r.kind = 'repeated' AND r.seq > coalesce(s.seq, 0)) AS repeats,
		('x' || lpad(split_part(r.key, '-', 2), 16, '0'))::bit(64)::bigint AS starts
	FROM r LEFT JOIN s USING (key)
	GROUP BY r.key, s.seq),
known AS (
	INSERT INTO arbwatch_history.alert_incident AS t (key, fingerprint, alertname, severity, env, service, labels,
		annotations, link, starts_at, ends_at, last_seen, status, repeats, acknowledged_by, acknowledged_at,
		acknowledged_via, note, silence_id, delivered, suppressed)
	SELECT k.key, j.fingerprint, j.alertname, j.severity, coalesce(j.env, ''), coalesce(j.service, ''), j.labels,
		j.annotations, j.link, to_timestamp(j.starts_ms / 1000.0), to_timestamp(j.ends_ms / 1000.0),
		to_timestamp(greatest(j.seen_ms, k.seen) / 1000.0), j.status, j.repeats + k.repeats, j.acknowledged_by,
		to_timestamp(j.acknowledged_ms / 1000.0), j.acknowledged_via, j.note, j.silence_id, j.delivered,
		nullif(j.suppressed, '')
	FROM k JOIN s USING (key, seq)
	CROSS JOIN LATERAL jsonb_to_record(s.incident) AS j (fingerprint text, alertname text, severity text, env text,
		service text, labels jsonb, annotations jsonb, link text, starts_ms bigint, ends_ms bigint, seen_ms bigint,
		status text, repeats integer, acknowledged_by text, acknowledged_ms bigint, acknowledged_via text, note text,
		silence_id text, delivered boolean, suppressed text)
	ORDER BY k.at
	ON CONFLICT (key) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, alertname = EXCLUDED.alertname,
		severity = EXCLUDED.severity, env = EXCLUDED.env, service = EXCLUDED.service, labels = EXCLUDED.labels,
		annotations = EXCLUDED.annotations, link = EXCLUDED.link, starts_at = EXCLUDED.starts_at,
		ends_at = EXCLUDED.ends_at, last_seen = greatest(t.last_seen, EXCLUDED.last_seen), status = EXCLUDED.status,
		repeats = EXCLUDED.repeats, acknowledged_by = EXCLUDED.acknowledged_by,
		acknowledged_at = EXCLUDED.acknowledged_at, acknowledged_via = EXCLUDED.acknowledged_via,
		note = EXCLUDED.note, silence_id = EXCLUDED.silence_id, delivered = EXCLUDED.delivered,
		suppressed = EXCLUDED.suppressed
	RETURNING id, key),
-- Without a snapshot.  If the history does not know the incident, its begin was deleted: its id says what is left.
other AS (
	INSERT INTO arbwatch_history.alert_incident AS t (key, fingerprint, alertname, severity, labels, annotations, starts_at,
		ends_at, last_seen, status, repeats)
	SELECT k.key, split_part(k.key, '-', 1), 'unknown', 'P2', '{}', '{}', to_timestamp(k.starts / 1000.0),
		to_timestamp(k.at / 1000.0), to_timestamp(coalesce(k.seen, k.starts) / 1000.0), 'expired', k.repeats
	FROM k
	WHERE k.seq IS NULL
	ORDER BY k.at
	ON CONFLICT (key) DO UPDATE SET last_seen = greatest(t.last_seen, EXCLUDED.last_seen),
		repeats = t.repeats + EXCLUDED.repeats
	RETURNING id, key),
added AS (
	INSERT INTO arbwatch_history.alert_event (incident_id, at, kind, channel, attempt, latency_ms, detail)
	SELECT i.id, to_timestamp(r.at / 1000.0), r.kind, r.channel, r.attempt, r.latency_ms, r.detail
	FROM r JOIN (SELECT * FROM known UNION ALL SELECT * FROM other) i USING (key)
	ORDER BY r.seq)
INSERT INTO arbwatch_history.journal_position AS p (store, seq)
SELECT $1, max(seq)
FROM r
HAVING count(*) > 0
ON CONFLICT (store) DO UPDATE SET seq = EXCLUDED.seq
RETURNING seq
