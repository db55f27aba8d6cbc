-- What the bot of the paper stack believes to hold, and the view through which arbwatch reads it: the very files that an
-- operator runs, over a plain table with what the account of the paper exchange has.
\set ON_ERROR_STOP on
BEGIN;
\i /sql/example_positions.sql
\i /sql/open_positions.sql
\i /sql/paper_positions.sql
GRANT arbwatch_reader TO arbwatch;
COMMIT;
