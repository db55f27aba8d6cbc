-- $1 an age in ms, $2 how many: events of incidents that ended so long ago.
WITH old AS (
	DELETE FROM arbwatch_history.alert_event
	WHERE (incident_id, id) IN (
		SELECT e.incident_id, e.id
		FROM arbwatch_history.alert_incident i JOIN arbwatch_history.alert_event e ON e.incident_id = i.id
		WHERE i.status <> 'open' AND i.ends_at < now() - $1::bigint * interval '1 millisecond'
		LIMIT $2::bigint)
	RETURNING 1)
SELECT count(*) FROM old
