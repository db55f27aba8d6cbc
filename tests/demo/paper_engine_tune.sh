#!/bin/sh
# paper_engine tune: results in PostgreSQL that the same command gives again to the bit, with any number of threads; progress
# in Redis as engine_state reads it; the best parameters and their sensitivity on the terminal.

. "$(dirname "$0")/../lib.sh"

engine=$BUILD/paper_engine
start_redis
start_postgres
PGPASSWORD=s3cret-arbwatch "$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$POSTGRES_PORT" -U arbwatch -d postgres \
	-f "$repository/sql/example_trading.sql" -f "$repository/sql/example_positions.sql" || exit 1
export POSTGRES_DSN="host=127.0.0.1 port=$POSTGRES_PORT user=arbwatch dbname=postgres" POSTGRES_PASSWORD=s3cret-arbwatch

said() { grep -qF -- "$1" "$work/out"; }
complains() { grep -qF -- "$1" "$work/err"; }
# Five folds: of the 20 sets, ten are there from the first fold on, and each fold finds two more.
tune() {
	status=$1
	shift
	run "$status" "$engine" tune --symbols 4 --from 2026-03-01T00:00:00Z --until 2026-03-02T04:00:00Z --train 8h --validate 4h \
		--sets 20 "$@"
}
count() { sql "SELECT count(*) FROM tuning_results WHERE $1"; }
# rows NUMBER: all that the run of that number has found, but its name and time.
rows() {
	sql "SELECT to_jsonb(r) - 'run' - 'started_at' - 'command' FROM tuning_results r
		WHERE run = (SELECT DISTINCT run FROM tuning_results ORDER BY run OFFSET $1 - 1 LIMIT 1) ORDER BY number, fold"
}
same_rows() {
	rows "$1" >"$work/rows.1"
	rows "$2" >"$work/rows.2"
	test -s "$work/rows.1" && cmp "$work/rows.1" "$work/rows.2"
}

tune 1
check "without its table it ends before it works" complains 'sql/paper_engine.sql makes their table'
sql "$(cat "$repository/sql/paper_engine.sql")" || exit 1

# --- Results ----------------------------------------------------------------------------------------------------------
REDIS_URL=redis://127.0.0.1:$REDIS_PORT tune 0 --threads 1 --min-profit 0.5
check "a row of each set, for all folds together" test "$(count 'fold = 0')" -eq 20
check "half of the sets are refined" test "$(count "fold = 0 AND stage = 'refine'")" -eq 10
check "sets that were drawn are in all folds" test "$(count "fold > 0 AND stage = 'random'")" -eq 50
check "refined ones from the fold on that found them" test "$(count "fold > 0 AND stage = 'refine'")" -eq 30
check "a fold trains until it validates, for four hours" test "$(count "fold > 0
	AND NOT (validate_from - train_from = '8h' AND validate_until - validate_from = '4h')")" -eq 0
check "the last one ends with the time" test "$(sql "SELECT max(validate_until) = '2026-03-02T04:00:00Z' FROM tuning_results")" = t
check "fold 0 has the sum of the others" test "$(sql "SELECT count(*) FROM (
	SELECT number FROM tuning_results GROUP BY number
	HAVING sum(train_pnl) FILTER (WHERE fold = 0) <> sum(train_pnl) FILTER (WHERE fold > 0)
		OR sum(validate_pnl) FILTER (WHERE fold = 0) <> sum(validate_pnl) FILTER (WHERE fold > 0)
		OR sum(validate_trades) FILTER (WHERE fold = 0) <> sum(validate_trades) FILTER (WHERE fold > 0)) AS wrong")" -eq 0
check "the sets trade" test "$(count 'fold = 0 AND validate_trades > 0 AND validate_pnl > 0')" -gt 10
check "no two sets are the same" test "$(sql "SELECT count(*) FROM (SELECT DISTINCT min_profit, size, cooldown, weight
	FROM tuning_results WHERE fold = 0) AS sets")" -eq 20

tune 0 --threads 2
check "the same again with two threads, and without Redis" same_rows 1 2
command=$(sql "SELECT command FROM tuning_results ORDER BY run LIMIT 1")
check "the command has no secret and no thread" test "$command" = "paper_engine tune --from 2026-03-01T00:00:00Z\
 --until 2026-03-02T04:00:00Z --symbols 4 --sets 20 --train 8h --validate 4h"
# shellcheck disable=SC2086 # words
run 0 "$BUILD"/$command
check "the command gives the same results" same_rows 1 3
tune 0 --seed 2
refute "another seed gives other ones" same_rows 1 4
tune 0 --refine none
check "without refinement all sets are drawn" test "$(sql "SELECT count(*) FROM tuning_results
	WHERE fold = 0 AND stage = 'random' AND run = (SELECT max(run) FROM tuning_results)")" -eq 20

# --- The terminal -----------------------------------------------------------------------------------------------------
# With this seed, each fold makes a choice of its own.
tune 0 --seed 2
choice() { sql "SELECT number FROM tuning_results WHERE run = (SELECT max(run) FROM tuning_results) AND fold = 5
	ORDER BY train_score DESC, number LIMIT 1"; }
check "the best set is the choice of the last fold" said "Best set, the choice of the last fold: number $(choice)"
best=$(grep -A1 '^Best set' "$work/out" | tail -n 1)
check "it is printed with its parameters" test "$(sql "SELECT format('  min profit %s, size %s USDT, cooldown %ss, weight %s',
	trim_scale(min_profit), trim_scale(size), cooldown, trim_scale(weight)) FROM tuning_results
	WHERE run = (SELECT max(run) FROM tuning_results) AND fold = 0 AND number = $(choice)")" = "$best"
check "and its sensitivity" grep -qE '^Sensitivity: its score over the whole time is [0-9.-]+; with one parameter' "$work/out"
for parameter in 'min profit' size cooldown weight; do
	check "to $parameter" grep -qE "^  $parameter +[0-9.]+[ USDTs]* +score +[0-9.-]+ +[+-][0-9.]+%$" "$work/out"
done
check "what choosing was worth" grep -qE '^The choices earned [0-9.-]+ USDT on days that they had not seen' "$work/out"
check "nothing else is said" test ! -s "$work/err"

# --- trading_kpis -----------------------------------------------------------------------------------------------------
sql "$(cat "$repository/sql/trading.sql")" 2>"$work/notices" || exit 1
run 0 "$BUILD/trading_kpis" --engine.postgres "$POSTGRES_DSN" --fail-on-down
kpis=$textfiles/trading_kpis.prom
check "trading_kpis has the sets of the newest run" sample 'arbitrage_tuning_sets{engine="main",env="paper"}' 20 "$kpis"
check "with their scores" test "$(grep -c '^arbitrage_tuning_score{' "$kpis")" -eq 40
# The score to the bit: PostgreSQL and arbwatch write the shortest text that reads as the same number.
check "that of the best set in its validations" test "$(sed -n \
	"s/^arbitrage_tuning_score{engine=\"main\",set=\"$(choice)\",.*period=\"validate\".*} //p" "$kpis")" = \
	"$(sql "SELECT validate_score FROM tuning_results
		WHERE run = (SELECT max(run) FROM tuning_results) AND fold = 0 AND number = $(choice)")"

# --- Redis ------------------------------------------------------------------------------------------------------------
redis-cli -p "$REDIS_PORT" HSET arbwatch:engine heartbeat_at "$(date +%s)" >"$work/redis.out"
run 0 "$BUILD/engine_state" --engine.redis "redis://127.0.0.1:$REDIS_PORT" --engine.max-age 1h --fail-on-down
state=$textfiles/engine_state.prom
check "engine_state has the measurements that were done" \
	sample 'arbitrage_engine_tuning_runs_done{engine="main",env="paper"}' 160 "$state"
check "and planned" sample 'arbitrage_engine_tuning_runs_planned{engine="main",env="paper"}' 160 "$state"
check "and the best score" test "$(value 'arbitrage_engine_tuning_best_score{engine="main",env="paper"}' "$state")" = \
	"$(sql "SELECT round(max(train_score)::numeric, 6)::float8 FROM tuning_results
		WHERE fold > 0 AND run = (SELECT min(run) FROM tuning_results)")"
closed_port
REDIS_URL=redis://127.0.0.1:$CLOSED_PORT tune 0
check "without its Redis it tunes all the same, and says so" complains 'Redis did not take the progress: Connection refused'
check "to the same results" same_rows 1 7

# --- What it refuses --------------------------------------------------------------------------------------------------
before=$(count true)
tune 1 --train 30d
check "no time for a fold" complains 'there is no time to train and to validate in'
POSTGRES_DSN="host=127.0.0.1 port=$CLOSED_PORT user=arbwatch dbname=postgres" tune 1
check "no database" complains 'paper_engine: PostgreSQL: '
sql "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''the disk is full''; END';
	CREATE TRIGGER full_disk BEFORE INSERT ON tuning_results FOR EACH ROW EXECUTE FUNCTION full_disk()" || exit 1
tune 1
check "a database that fails at the end" complains 'paper_engine: the results are printed, but not kept: PostgreSQL: '
check "does not take the results from the terminal" said 'Sensitivity: its score over the whole time is '
check "what failed has left nothing" test "$(count true)" -eq "$before"

finish
