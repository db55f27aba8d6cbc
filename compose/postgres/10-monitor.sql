-- The role that arbwatch logs in with: it sees the server's statistics, and owns nothing that it could write to.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/monitor/postgres_password`
CREATE ROLE arbwatch LOGIN CONNECTION LIMIT 10 PASSWORD :'password';
GRANT pg_monitor TO arbwatch;
ALTER ROLE arbwatch SET statement_timeout = '5s';
