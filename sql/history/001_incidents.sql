-- What alert_relay remembers.  It runs this file itself, in the schema that it has made, and never changes it again: what is
-- to be different later is a file of its own, with the next number.

-- One row per incident: an alert from its begin to its end.  Repeats change two numbers of it, without touching an index.
CREATE TABLE arbwatch_history.alert_incident (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key text NOT NULL UNIQUE, -- what everybody else calls its id: FINGERPRINT-STARTED
	fingerprint text NOT NULL,
	alertname text NOT NULL,
	severity text NOT NULL, -- P0 to P3
	env text NOT NULL DEFAULT '',
	service text NOT NULL DEFAULT '',
	labels jsonb NOT NULL,
	annotations jsonb NOT NULL,
	link text,
	starts_at timestamptz NOT NULL,
	ends_at timestamptz, -- NULL: it is open
	last_seen timestamptz NOT NULL,
	status text NOT NULL CHECK (status IN ('open', 'resolved', 'expired')),
	repeats integer NOT NULL DEFAULT 0,
	acknowledged_by text,
	acknowledged_at timestamptz,
	acknowledged_via text,
	note text,
	silence_id text,
	delivered boolean NOT NULL DEFAULT false, -- somebody was to hear of it
	suppressed text -- silenced, inhibited or muted; NULL: neither
) WITH (fillfactor = 70);
CREATE INDEX alert_incident_starts_at ON arbwatch_history.alert_incident (starts_at, id);
CREATE INDEX alert_incident_open ON arbwatch_history.alert_incident (starts_at) WHERE status = 'open';
CREATE INDEX alert_incident_ends_at ON arbwatch_history.alert_incident (ends_at) WHERE status <> 'open';

-- What happened to it, in order.  Rows are added, and go with their incident.
CREATE TABLE arbwatch_history.alert_event (
	incident_id bigint NOT NULL REFERENCES arbwatch_history.alert_incident ON DELETE CASCADE,
	id bigint GENERATED ALWAYS AS IDENTITY,
	at timestamptz NOT NULL,
	latency_ms bigint, -- from the begin of the alert to the channel's answer
	attempt integer,
	kind text NOT NULL,
	channel text,
	detail jsonb,
	PRIMARY KEY (incident_id, id)
);
CREATE INDEX alert_event_at ON arbwatch_history.alert_event USING brin (at);

-- How far the journal of each relay has come.  It moves in the transaction that adds the events, so that each is added once.
CREATE TABLE arbwatch_history.journal_position (
	store text PRIMARY KEY,
	seq bigint NOT NULL
);

-- All that happened as one flat table.
CREATE VIEW arbwatch_history.alert_history AS
SELECT
	starts_at AS "timestamp",
	severity,
	service AS source,
	coalesce(nullif(annotations ->> 'summary', ''), alertname) AS title,
	coalesce(annotations ->> 'description', '') AS message,
	jsonb_build_object('id', key, 'alertname', alertname, 'env', env, 'status', status, 'ends_at', ends_at,
		'labels', labels, 'annotations', annotations) AS metadata,
	acknowledged_at IS NOT NULL AS acknowledged,
	acknowledged_at
FROM arbwatch_history.alert_incident;
