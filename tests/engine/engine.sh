#!/bin/sh
# What the bot believes, read from real PostgreSQL and Redis servers, and from peers that do not behave.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

reader=$TOOLS/read_engine
secret=s3cret-arbwatch
# The caller's own password file and the like must not decide a test.
export HOME="$work" PGPASSFILE="$work/none"

sanitized() { grep -q __asan_init "$reader"; }
said() { grep -qF -- "$1" "$work/err"; }
no_secret() { not grep -qF s3cr "$work/err" "$work/out"; }

# line FIELD...: a position was read, to the letter.
line() {
	wanted=$1
	shift
	for each in "$@"; do
		wanted="$wanted	$each"
	done
	grep -qxF -- "$wanted" "$work/out"
}

positions() { test "$(grep -vc '^updated_at ' "$work/out")" -eq "$1"; }

# good STORE TARGET NAME: it is read.
good() { run 0 "$reader" "$@"; }

# bad WHAT TEXT STORE TARGET NAME [MILLISECONDS]: refused, with that text, and nothing of it is left.
bad() {
	what=$1 text=$2
	shift 2
	run 1 "$reader" "$@"
	check "$what: $text" said "$text"
	check "$what: no position is told" test ! -s "$work/out"
	check "$what: in one line" test "$(wc -l <"$work/err")" -eq 1
	check "$what: without the secret" no_secret
}

# in_time MILLISECONDS COMMAND...: it ends by then, and `late_ms`.
in_time() {
	limit=$(($1 + late_ms))
	shift
	started=$(now_ns)
	"$@"
	took=$((($(now_ns) - started) / 1000000))
	check "$what: ends by its timeout ($took ms, limit $limit ms)" test "$took" -le "$limit"
}

peers=0
peer() {  # peer MODE [ARGUMENT...]: sets PEER_PORT
	peers=$((peers + 1))
	spawn "peer-$peers" "$TOOLS/faulty_peer" "$@"
	await 30 test -s "$work/peer-$peers.log" || { echo "faulty_peer did not start"; exit 1; }
	PEER_PORT=$(head -n 1 "$work/peer-$peers.log")
}

# resident_below KIB COMMAND...: it fails, and the largest resident size it had is no more than that.
resident_below() {
	"$PYTHON" -c '
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("resident:", most, "KiB")
sys.exit(status != 1 or most > int(sys.argv[1]))' "$@"
}
# 64 MiB hold python's own start.  libpq reserves what is announced, and a sanitizer's table for that is an eighth.
flood_kib=65536
! sanitized || flood_kib=262144

### Postgres: the schema as it is shipped

start_postgres log_statement=all
postgres_port=$POSTGRES_PORT postgres_pid=$POSTGRES_PID postgres_data=$POSTGRES_DATA
postgres_log=$work/postgres-$postgres_port.log
sql "create role bot_watch login password '$secret'" >"$work/sql.log"
sql "create database empty" >"$work/sql.log"
dsn="postgresql://bot_watch:$secret@127.0.0.1:$postgres_port/postgres"
view=arbwatch.open_positions

bad "no schema" "$view: there is no such schema in database empty: create it, as docs/engine.md says" \
	postgres "postgresql://bot_watch:$secret@127.0.0.1:$postgres_port/empty" "$view"
load() {
	PGPASSWORD=$secret run 0 "$POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 --single-transaction \
		-h 127.0.0.1 -p "$postgres_port" -U arbwatch -d postgres -f "$repository/sql/$1"
}
load example_positions.sql
check "psql says nothing about the example" test ! -s "$work/err"
load open_positions.sql
check "psql says nothing about the schema" test ! -s "$work/err"
load open_positions.sql

bad "no grant" "not permitted: permission denied" postgres "$dsn" "$view"
check "no grant: it is rejected" said "rejected: $view: "
check "no grant: what to do" said 'GRANT USAGE ON SCHEMA "arbwatch" TO "bot_watch"; GRANT SELECT ON "arbwatch"."open_positions" TO'
sql "grant usage on schema arbwatch to bot_watch" >"$work/sql.log"
bad "half a grant" "permission denied for view open_positions" postgres "$dsn" "$view"
sql "revoke usage on schema arbwatch from bot_watch; grant arbwatch_reader to bot_watch" >"$work/sql.log"
may_not() { not env PGPASSWORD="$secret" "$POSTGRES_BIN/psql" -qAtX -d "$dsn" -c "$1"; }
check "the role cannot read the table" may_not "select * from public.positions"
check "the role cannot write" may_not "delete from arbwatch.open_positions"

good postgres "$dsn" "$view"
check "an empty view is read" line "updated_at -"
check "an empty view is no position" positions 0

### Postgres: what rows become

# psycopg2 writes what the bot would, and says what should be read.
cat >"$work/fill.py" <<'END'
import sys
from decimal import Decimal
import psycopg2
connection = psycopg2.connect(sys.argv[1])
rows = [
    ("binance", "BTC/USDT", "long", Decimal("123456789012345678.123456789012345678"), "derivative", Decimal("94000.5"),
     Decimal("-12.25")),
    ("okx", "BTC-USDT-SWAP", "short", Decimal("0.000000000000000001"), None, None, None),
    ("okx", "BTC-USDT-SWAP", "short", Decimal("2"), None, None, None),
    ("업비트", "KRW-BTC", "long", Decimal("1.10"), "spot", Decimal("1e8"), Decimal("0")),
    ("kraken", "XBT/USD", "long", Decimal("0"), None, None, None),
]
with connection, connection.cursor() as cursor:
    for number, row in enumerate(rows):
        cursor.execute("insert into positions (exchange, symbol, side, quantity, market, entry_price, unrealized_pnl, updated_at)"
                       " values (%s, %s, %s, %s, %s, %s, %s, to_timestamp(%s))", row + (1767225600.25 + number,))
for exchange, symbol, side, quantity, market, price, profit in rows:
    if quantity > 0:
        exact = format(quantity, "f")
        exact = exact.rstrip("0").rstrip(".") if "." in exact else exact
        told = ["-" if each is None else repr(float(each)).removesuffix(".0") for each in (price, profit)]
        print(exchange, symbol, side, exact, market or "-", *told, sep="\t")
END
"$PYTHON" "$work/fill.py" "host=127.0.0.1 port=$postgres_port user=arbwatch password=$secret dbname=postgres" >"$work/rows" ||
	{ echo "psycopg2 could not write"; exit 1; }
good postgres "$dsn" "$view"
same_rows() {
	sort "$work/rows" >"$work/wanted"
	grep -v '^updated_at ' "$work/out" | sort | diff "$work/wanted" -
}
check "four rows, as psycopg2 wrote them" test "$(wc -l <"$work/rows")" -eq 4
check "all rows are read, to the last digit" same_rows
check "the newest time counts, of rows of 0 too" line "updated_at 1767225604.250"
check "it was a read-only transaction" grep -q "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = 1[0-9]\{4\};" "$postgres_log"
good postgres "host=$postgres_data port=$postgres_port user=bot_watch dbname=postgres password=$secret" "$view"
check "all rows by the unix socket" same_rows
good postgres "$dsn" 'ArbWatch."open_positions"'
check "all rows by another spelling of the name" same_rows
sql "alter role bot_watch set client_encoding = 'LATIN1'" >"$work/sql.log"
good postgres "$dsn" "$view"
check "all rows, whatever the user's encoding is" same_rows
sql "alter role bot_watch reset client_encoding" >"$work/sql.log"

### Postgres: every way a view can be wrong

# view_is SELECT: the view arbwatch.v.
view_is() {
	sql "drop view if exists arbwatch.v; create view arbwatch.v as $1; grant select on arbwatch.v to arbwatch_reader" \
		>"$work/sql.log" 2>&1 || { cat "$work/sql.log"; exit 1; }
}
wrong() {  # wrong WHAT TEXT SELECT
	view_is "$3"
	bad "$1" "$2" postgres "$dsn" arbwatch.v
	check "$1: it is rejected" said "rejected: arbwatch.v: "
}
row="'okx'::text as exchange, 'BTC/USDT'::text as symbol, 'long'::text as side, 1::numeric as quantity"

view_is "select $row"
good postgres "$dsn" arbwatch.v
check "four columns are enough" line okx BTC/USDT long 1 - - -
check "a view without times has none" line "updated_at -"
view_is "select $row, 'x'::bytea as other, null::text as market, null::numeric as entry_price, null::timestamptz as updated_at"
good postgres "$dsn" arbwatch.v
check "NULL is as good as no column" line okx BTC/USDT long 1 - - -
sql "create type arbwatch.way as enum ('long', 'short'); create domain arbwatch.amount as numeric check (value >= 0)" >"$work/sql.log"
view_is "select 'okx'::varchar(20) as exchange, 'BTC/USDT'::char(20) as symbol,
	'short'::arbwatch.way as side, 1::arbwatch.amount as quantity"
good postgres "$dsn" arbwatch.v
check "varchar, char, enumerations and domains will do" line okx BTC/USDT short 1 - - -

bad "no such view" "arbwatch.none: there is no such view in database postgres" postgres "$dsn" arbwatch.none
bad "no such name" "write SCHEMA.VIEW" postgres "$dsn" "arbwatch.v; drop view arbwatch.v"
for column in exchange symbol side quantity; do
	wrong "no column $column" "arbwatch.v: there is no column $column, which must be" \
		"select $(printf '%s' "$row" | sed "s/ as $column/ as other/")"
done
wrong "a name in capitals" "there is no column quantity" "select $(printf '%s' "$row" | sed 's/quantity/"Quantity"/')"
wrong "floating quantity" "arbwatch.v: column quantity is double precision, and must be numeric" \
	"select $(printf '%s' "$row" | sed 's/1::numeric/1::float8/')"
wrong "whole quantity" "column quantity is bigint, and must be numeric" "select $(printf '%s' "$row" | sed 's/1::numeric/1::bigint/')"
wrong "quantity as text" "column quantity is text, and must be numeric" "select $(printf '%s' "$row" | sed "s/1::numeric/'1'::text/")"
wrong "exchange by number" "column exchange is integer, and must be text" "select $(printf '%s' "$row" | sed "s/'okx'::text/7/")"
wrong "floating price" "column entry_price is real, and must be numeric" "select $row, 1::real as entry_price"
wrong "time without a zone" "column updated_at is timestamp without time zone, and must be timestamp with time zone" \
	"select $row, now()::timestamp as updated_at"

# wrong_row WHAT TEXT FROM TO: one value of a row replaced.
wrong_row() { wrong "$1" "$2" "select $(printf '%s' "$row" | sed "s#$3#$4#")"; }
wrong_row "quantity NULL" "arbwatch.v: row 1 (okx BTC/USDT): column quantity is NULL, and must be a number of 0 or more" \
	'1::' 'null::'
wrong_row "quantity NaN" "column quantity is 'NaN', and must be" '1::' "'NaN'::"
wrong_row "quantity Infinity" "column quantity is 'Infinity', and must be" '1::' "'Infinity'::"
wrong_row "negative quantity" "column quantity is '-0.5', and must be" '1::' '-0.5::'
wrong_row "39 digits" "at most 38 digits" '1::' '123456789012345678901234567890123456789::'
wrong_row "a tiny quantity" "column quantity is more than 80 bytes long" '1::' '1e-1000::'
wrong_row "exchange NULL" "arbwatch.v: row 1: column exchange is NULL" "'okx'::" 'null::'
wrong_row "no exchange" "column exchange is ''" "'okx'::" "''::"
wrong_row "symbol NULL" "column symbol is NULL" "'BTC/USDT'::" 'null::'
wrong_row "endless symbol" "column symbol is more than 80 bytes long" "'BTC/USDT'::" "repeat('x', 50000000)::"
wrong_row "side NULL" "column side is NULL" "'long'::" 'null::'
wrong_row "side buy" "column side is 'buy', and must be 'long' or 'short'" "'long'::" "'buy'::"
wrong "market" "column market is 'swap', and must be" "select $row, 'swap'::text as market"
wrong "price NaN" "column entry_price is 'NaN'" "select $row, 'NaN'::numeric as entry_price"
wrong "a time that never was" "column updated_at is '-Infinity'" "select $row, '-infinity'::timestamptz as updated_at"
wrong "one bad row of many" "column quantity is '-1'" \
	"select exchange, symbol, side, case when n = 4321 then -1 else quantity end as quantity from
	(select $row) as r, generate_series(1, 5000) as n"
wrong "an error on the way" "division by zero" "select $row from generate_series(-2000, 2000) as n where 1 / n < 2"
sql "create table arbwatch.trace (n int);
create function arbwatch.writes() returns text volatile language plpgsql security definer as
\$\$ begin insert into arbwatch.trace values (1); return 'okx'; end \$\$" >"$work/sql.log"
wrong "a view that writes" "read-only transaction" "select $(printf '%s' "$row" | sed "s/'okx'::text/arbwatch.writes()/")"
check "a view that writes: nothing was written" test "$(sql 'select count(*) from arbwatch.trace')" -eq 0

### Postgres: many rows, slow ones, none at all

many() { view_is "select 'okx'::text as exchange, 'C' || n || '/USDT' as symbol, 'long'::text as side, n::numeric / 8 as quantity
	from generate_series(1, $1) as n"; }
many 50000
good postgres "$dsn" arbwatch.v
check "50,000 rows" positions 50000
check "the last of them" line okx C50000/USDT long 6250 - - -
many 60000
bad "60,000 rows" "arbwatch.v: more than 50000 rows" postgres "$dsn" arbwatch.v
check "60,000 rows: not even sent" grep -q "LIMIT 50001" "$postgres_log"
view_is "select $row, rpad('1.', 250, '0')::numeric as entry_price, rpad('1.', 250, '0')::numeric as unrealized_pnl
	from generate_series(1, 50000)"
bad "more than 16 MiB" "sends far more than was asked for" postgres "$dsn" arbwatch.v

view_is "select $row from pg_sleep(60)"
what="slow view"
in_time 600 bad "slow view" "timeout: " postgres "$dsn" arbwatch.v 600
no_sleeper() {
	test "$(sql "select count(*) from pg_stat_activity where usename = 'bot_watch' and state = 'active'")" -eq 0
}
check "slow view: the server gave up too" await 30 no_sleeper
view_is "select $row"
spawn lock "$POSTGRES_BIN/psql" -qX -d "host=127.0.0.1 port=$postgres_port user=arbwatch password=$secret dbname=postgres" \
	-c "begin; lock table public.positions in access exclusive mode; select 'locked'; select pg_sleep(600)"
is_locked() {
	test "$(sql "select count(*) from pg_locks where granted and mode = 'AccessExclusiveLock'
		and relation = 'public.positions'::regclass")" -eq 1
}
check "the table is locked" await 30 is_locked
what="locked table"
in_time 600 bad "locked table" "timeout: " postgres "$dsn" "$view" 600
sql "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'" >"$work/sql.log"

bad "wrong password" "auth: " postgres "postgresql://bot_watch:$secret-wrong@127.0.0.1:$postgres_port/postgres" "$view"
closed_port
bad "nobody listens" "connect: " postgres "postgresql://bot_watch:$secret@127.0.0.1:$CLOSED_PORT/postgres" "$view"

# Cut in the login, in the catalogue's answer, and among the rows.
many 5000
for cut in 300 700 20000; do
	peer proxy 127.0.0.1 "$postgres_port" --cut-after "$cut"
	bad "cut after $cut bytes" "protocol: " postgres \
		"postgresql://bot_watch:$secret@127.0.0.1:$PEER_PORT/postgres?sslmode=disable" arbwatch.v
done

# A gigabyte where the answer to BEGIN should be, and behind a description of rows.
# shellcheck disable=SC2016  # message types and lengths, no variables
let_in='R\000\000\000\010\000\000\000\000Z\000\000\000\005I'
for flood in "$let_in" "${let_in}D\\077\\377\\377\\377\\000\\001\\077\\377\\377\\365"; do
	peer flood "$flood"
	flooding="postgresql://bot_watch:$secret@127.0.0.1:$PEER_PORT/x?sslmode=disable"
	bad "a gigabyte" "protocol: " postgres "$flooding" "$view"
	check "a gigabyte is not kept" resident_below "$flood_kib" "$reader" postgres "$flooding" "$view"
done

# A server that asks for most of an hour of hashing.
cat >"$work/scram.py" <<'END'
import base64, socket, struct
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
def ask(peer, code, data):
    peer.sendall(b"R" + struct.pack(">II", len(data) + 8, code) + data)
    return peer.recv(4096)
kept = []
while True:
    peer, _ = listener.accept()
    kept.append(peer)
    peer.recv(4096)
    first = ask(peer, 10, b"SCRAM-SHA-256\0\0")
    nonce = first[first.index(b"r=") + 2:]
    peer.settimeout(0.001)
    try:
        ask(peer, 11, b"r=" + nonce + b"more,s=" + base64.b64encode(b"salt") + b",i=2000000000")
    except socket.timeout:
        pass
END
spawn scram "$PYTHON" "$work/scram.py"
await 30 test -s "$work/scram.log"
# It computes beside whatever else this machine does, so no time of it is a bound: it ends, and long before the hour.
printf '#!/bin/sh\nexec timeout -s KILL 300 "%s" "$@"\n' "$reader" >"$work/within_minutes"
chmod 755 "$work/within_minutes"
unlimited=$reader reader=$work/within_minutes
bad "endless hashing" "more work than there is time for" postgres \
	"postgresql://bot_watch:$secret@127.0.0.1:$(cat "$work/scram.log")/x?sslmode=disable" "$view" 2000
reader=$unlimited
stop "$postgres_pid"
bad "stopped" "connect: " postgres "$dsn" "$view"

### Redis

start_redis --requirepass "$secret" --unixsocket "$work/redis.sock"
redis_pid=$REDIS_PID redis_port=$REDIS_PORT
url=redis://:$secret@127.0.0.1:$redis_port
hash=arbwatch:open_positions
cli() { redis-cli -p "$redis_port" --no-auth-warning -a "$secret" "$@" >"$work/cli.log"; }

bad "no hash" "rejected: $hash: this database has no such hash" redis "$url" "$hash"
cli hset "$hash" updated_at 1767225600.25
good redis "$url" "$hash"
check "a time alone is an empty list" positions 0
check "its time" line "updated_at 1767225600.250"
cli hset "$hash" 'binance|BTC/USDT|long' 123456789012345678.123456789012345678 'okx|BTC/USDT|short|derivative' 1e-18 \
	'kraken|XBT/USD|long' 0.000
good redis "$url" "$hash"
check "two positions" positions 2
check "18 digits before the point, and 18 behind it" line binance BTC/USDT long 123456789012345678.123456789012345678 - - -
check "18 digits behind the point" line okx BTC/USDT short 0.000000000000000001 derivative - -
good redis "unix://:$secret@$work/redis.sock" "$hash"
check "two positions by the unix socket" positions 2
cli -n 3 hset "other key" updated_at 1767225600 'upbit|KRW-BTC|long|spot' 1
good redis "$url/3" "other key"
check "another database and another key" line upbit KRW-BTC long 1 spot - -

# wrong_hash WHAT TEXT FIELD VALUE...
wrong_hash() {
	wrong_what=$1 wrong_text=$2
	shift 2
	cli del wrong
	cli hset wrong "$@"
	bad "$wrong_what" "rejected: wrong: $wrong_text" redis "$url" wrong
}
time="updated_at 1767225600"
# shellcheck disable=SC2086  # two words
{
	wrong_hash "no time" "there is no field updated_at" 'a|b|long' 1
	wrong_hash "milliseconds" "updated_at is '1767225600000', and must be" updated_at 1767225600000
	wrong_hash "a bad field" "field 'binance': it must be updated_at, or EXCHANGE|SYMBOL|SIDE" $time binance 1
	wrong_hash "a bad side" "field 'a|b|buy': side is 'buy', and must be 'long' or 'short'" $time 'a|b|buy' 1
	wrong_hash "no number" "field 'a|b|long': quantity is 'many', and must be" $time 'a|b|long' many
	wrong_hash "negative" "field 'a|b|long': quantity is '-1', and must be" $time 'a|b|long' -1
	wrong_hash "a long field" "a field of more than" $time "$(printf '%0900d' 0)|b|long" 1
	wrong_hash "a long value" "field 'a|b|long': quantity is more than 80 bytes long" $time 'a|b|long' "$(printf '%09000d' 1)"
}
cli set text value
bad "a key of another type" "text: HGETALL: WRONGTYPE" redis "$url" text
cli acl setuser narrow on ">$secret" +ping
bad "no right to read" "+hgetall" redis "redis://narrow:$secret@127.0.0.1:$redis_port" "$hash"
cli acl setuser narrow +hgetall '~arbwatch:*'
good redis "redis://narrow:$secret@127.0.0.1:$redis_port" "$hash"
check "hgetall is all the right it needs" positions 2
bad "wrong password" "auth: " redis "redis://:$secret-wrong@127.0.0.1:$redis_port" "$hash"
bad "no password" "REDIS_PASSWORD_FILE" redis "redis://127.0.0.1:$redis_port" "$hash"

fill_hash() {  # fill_hash KEY COUNT
	cli eval 'redis.call("DEL", KEYS[1]) redis.call("HSET", KEYS[1], "updated_at", "1767225600")
		for i = 1, tonumber(ARGV[1]) do redis.call("HSET", KEYS[1], "okx|C" .. i .. "/USDT|long", i .. ".125") end' 1 "$1" "$2"
}
fill_hash many 50000
good redis "$url" many
check "50,000 fields" positions 50000
check "one of them" line okx C31415/USDT long 31415.125 - - -
fill_hash many 50001
bad "50,001 fields" "more than 50000 positions" redis "$url" many

fill_hash many 5000
for cut in 8 60 20000; do
	peer proxy 127.0.0.1 "$redis_port" --cut-after "$cut"
	bad "cut after $cut bytes" "protocol: " redis "redis://:$secret@127.0.0.1:$PEER_PORT" many
done
kill -STOP "$redis_pid"
what="SIGSTOPped"
in_time 500 bad "SIGSTOPped" "timeout: " redis "$url" "$hash" 500
kill -CONT "$redis_pid"
stop "$redis_pid"
bad "stopped" "connect: " redis "$url" "$hash"

# Answers that are none.  A length or a count that a peer claims costs nothing.
peer_says() {  # peer_says WHAT TEXT ANSWER
	peer reply "$3"
	bad "$1" "$2" redis "redis://127.0.0.1:$PEER_PORT" "$hash"
}
peer_says "a thousand million fields" "more than 50000 positions" '*2000000000\r\n'
peer_says "a list in the list" "not an array of strings" '*2\r\n*1000000000\r\n'
peer_says "a number in the list" "not an array of strings" '*2\r\n$1\r\na\r\n:1\r\n'
peer_says "nothing in the list" "not an array of strings" '*2\r\n$1\r\na\r\n$-1\r\n'
peer_says "no list at all" "not an array of strings" '*-1\r\n'
peer_says "an error in the list" "not an array of strings" '*2\r\n$1\r\na\r\n-ERR\r\n'
peer_says "a field without a value" "a field without a value" '*1\r\n$1\r\na\r\n'
peer_says "a word" "right port" '+OK\r\n'
peer_says "a number" "right port" ':1\r\n'
peer_says "more behind it" "more than it was asked" '*2\r\n$10\r\nupdated_at\r\n$10\r\n1767225600\r\n+OK\r\n'
peer reply "-ERR $secret $(printf '%0170d' 0)$secret\r\n"
bad "an error that repeats the password" "AUTH: ERR ***" redis "redis://:$secret@127.0.0.1:$PEER_PORT" "$hash"
peer script '+OK\r\n' "*2\r\n\$5\r\na|b|c\r\n\$15\r\n$secret\r\n"
bad "a value that is the password" "side is 'c'" redis "redis://:$secret@127.0.0.1:$PEER_PORT" "$hash"
peer script '+OK\r\n' "*2\r\n\$8\r\na|b|long\r\n\$15\r\n$secret\r\n"
bad "a quantity that is the password" "quantity is '***" redis "redis://:$secret@127.0.0.1:$PEER_PORT" "$hash"
# shellcheck disable=SC2016  # lengths, no variables
for flood in '*2\r\n$1073741824\r\n' '*2\r\n' '-' '*2\r\n$1\r\na\r\n$1073741824\r\n'; do
	peer flood "$flood"
	bad "a gigabyte behind '$flood'" "protocol: " redis "redis://127.0.0.1:$PEER_PORT" "$hash"
	check "a gigabyte behind '$flood': is not kept" resident_below 65536 "$reader" redis "redis://127.0.0.1:$PEER_PORT" "$hash"
done
what="drips"
# shellcheck disable=SC2016  # a length, no variable
peer drip 50 '*2\r\n$9000\r\n'
in_time 500 bad "drips" "timeout: " redis "redis://127.0.0.1:$PEER_PORT" "$hash" 500

finish
