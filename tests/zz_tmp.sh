. tests/lib.sh
start_redis; start_postgres
export PGPASSWORD=s3cret-arbwatch
$POSTGRES_BIN/psql -qX -h 127.0.0.1 -p $POSTGRES_PORT -U arbwatch -d postgres -f /srv/wt/sql/sql/example_trading.sql
export REDIS_URL=redis://127.0.0.1:$REDIS_PORT POSTGRES_DSN="postgresql://arbwatch@127.0.0.1:$POSTGRES_PORT/postgres"
time $PYTHON examples/bot.py --loops 200 --period 0.005
sql "select count(*), sum(pnl) from trades"
redis-cli -p $REDIS_PORT --scan | sort | while read k; do echo "$k: $(redis-cli -p $REDIS_PORT hgetall $k | paste -sd' ')"; done | head -60
