-- Tables of alertsnitch's shape (https://gitlab.com/yakshaving.art/alertsnitch), and what it writes there in a day when one group of
-- 50 alerts is told again every minute: all of it each time.
CREATE SCHEMA alertsnitch;
SET search_path = alertsnitch;
CREATE TABLE AlertGroup (ID serial PRIMARY KEY, time timestamp NOT NULL, receiver varchar(100) NOT NULL, status varchar(50) NOT NULL,
	externalURL text NOT NULL, groupKey varchar(255) NOT NULL);
CREATE TABLE GroupLabel (ID serial PRIMARY KEY, AlertGroupID integer NOT NULL REFERENCES AlertGroup, GroupLabel varchar(100) NOT NULL,
	Value varchar(1000) NOT NULL);
CREATE TABLE CommonLabel (ID serial PRIMARY KEY, AlertGroupID integer NOT NULL REFERENCES AlertGroup, Label varchar(100) NOT NULL,
	Value varchar(1000) NOT NULL);
CREATE TABLE CommonAnnotation (ID serial PRIMARY KEY, AlertGroupID integer NOT NULL REFERENCES AlertGroup, Annotation varchar(100)
	NOT NULL, Value varchar(1000) NOT NULL);
CREATE TABLE Alert (ID serial PRIMARY KEY, AlertGroupID integer NOT NULL REFERENCES AlertGroup, status varchar(50) NOT NULL,
	startsAt timestamp NOT NULL, endsAt timestamp, generatorURL text NOT NULL, fingerprint text NOT NULL);
CREATE TABLE AlertLabel (ID serial PRIMARY KEY, AlertID integer NOT NULL REFERENCES Alert, Label varchar(100) NOT NULL,
	Value varchar(1000) NOT NULL);
CREATE TABLE AlertAnnotation (ID serial PRIMARY KEY, AlertID integer NOT NULL REFERENCES Alert, Annotation varchar(100) NOT NULL,
	Value varchar(1000) NOT NULL);

-- The same incidents as ours: their labels and annotations are read from there.
INSERT INTO AlertGroup (time, receiver, status, externalURL, groupKey)
SELECT now() + m * interval '1 minute', 'relay', 'firing', 'http://alertmanager:9093', '{}/{env="paper"}:{env="paper"}'
FROM generate_series(1, 1440) m;
INSERT INTO GroupLabel (AlertGroupID, GroupLabel, Value) SELECT ID, 'env', 'paper' FROM AlertGroup;
INSERT INTO CommonLabel (AlertGroupID, Label, Value)
SELECT g.ID, l.key, l.value FROM AlertGroup g, (VALUES ('env', 'paper'), ('job', 'redis_latency')) l (key, value);
INSERT INTO CommonAnnotation (AlertGroupID, Annotation, Value) SELECT ID, 'summary', 'Redis of paper does not answer' FROM AlertGroup;
INSERT INTO Alert (AlertGroupID, status, startsAt, endsAt, generatorURL, fingerprint)
SELECT g.ID, 'firing', i.starts_at, '0001-01-01', i.link, i.fingerprint
FROM AlertGroup g, arbwatch_history.alert_incident i ORDER BY g.ID, i.id;
INSERT INTO AlertLabel (AlertID, Label, Value)
SELECT a.ID, l.key, l.value FROM Alert a JOIN arbwatch_history.alert_incident i USING (fingerprint), jsonb_each_text(i.labels) l
ORDER BY a.ID;
INSERT INTO AlertAnnotation (AlertID, Annotation, Value)
SELECT a.ID, l.key, l.value FROM Alert a JOIN arbwatch_history.alert_incident i USING (fingerprint), jsonb_each_text(i.annotations) l
ORDER BY a.ID;
