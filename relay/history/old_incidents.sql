-- $1 an age in ms, $2 how many: incidents that ended so long ago, and have no events any more.
WITH old AS (
	DELETE FROM arbwatch_history.alert_incident
	WHERE id IN (
		SELECT i.id
		FROM arbwatch_history.alert_incident i
		WHERE i.status <> 'open' AND i.ends_at < now() - $1::bigint * interval '1 millisecond'
			AND NOT EXISTS (SELECT FROM arbwatch_history.alert_event e WHERE e.incident_id = i.id)
		LIMIT $2::bigint)
	RETURNING 1)
SELECT count(*) FROM old
