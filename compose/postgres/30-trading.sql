-- The ledger of the paper engine, the views through which arbwatch reads them, and the role that the bot logs in
-- with: the very files that an operator runs.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/bot/postgres_password`
BEGIN;
\i /sql/example_trading.sql
\i /sql/trading.sql
\i /sql/paper_engine.sql
CREATE ROLE bot LOGIN CONNECTION LIMIT 10 PASSWORD :'password';
GRANT SELECT, INSERT ON public.trades, public.equity, public.paper_fills, public.paper_movements, public.tuning_results TO bot;
GRANT SELECT, INSERT, UPDATE ON public.rates TO bot;
GRANT SELECT, INSERT, DELETE ON public.positions TO bot;
COMMIT;
