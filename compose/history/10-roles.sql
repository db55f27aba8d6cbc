-- The roles of the history: alert_relay, which makes its schema itself, and Grafana, which may read it and do nothing else.
\set ON_ERROR_STOP on
\set relay_password `cat /run/secrets/history/relay_password`
\set grafana_password `cat /run/secrets/history/grafana_password`
REVOKE ALL ON DATABASE history FROM PUBLIC;
CREATE ROLE arbwatch_reader NOLOGIN;
CREATE ROLE arbwatch_relay LOGIN CONNECTION LIMIT 10 PASSWORD :'relay_password';
CREATE ROLE grafana LOGIN CONNECTION LIMIT 15 PASSWORD :'grafana_password' IN ROLE arbwatch_reader;
GRANT CONNECT, CREATE ON DATABASE history TO arbwatch_relay;
GRANT CONNECT ON DATABASE history TO arbwatch_reader;
ALTER ROLE grafana SET statement_timeout = '15s';
ALTER ROLE grafana SET default_transaction_read_only = on;
