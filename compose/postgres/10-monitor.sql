-- The role that arbwatch logs in with: it sees the server's statistics, and owns nothing that it could write to.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/monitor/postgres_password`
CREATE ROLE arbwatch LOGIN CONNECTION LIMIT 10 PASSWORD :'password';
GRANT pg_monitor TO arbwatch;
ALTER ROLE arbwatch SET statement_timeout = '5s';

-- What the collectors read of the bot is in this schema (views over its tables), and nothing else of it.
CREATE SCHEMA arbwatch;
GRANT USAGE ON SCHEMA arbwatch TO arbwatch;
ALTER DEFAULT PRIVILEGES IN SCHEMA arbwatch GRANT SELECT ON TABLES TO arbwatch;
