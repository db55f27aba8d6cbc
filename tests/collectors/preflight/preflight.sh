#!/bin/sh
# preflight: each check in each of its outcomes, against a real Redis and Postgres and six exchanges on paper.  What
# git_safety says of repositories is shown in preflight_git.sh.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/lib_preflight.sh
. "$repository/tests/lib_preflight.sh"

start_all
flatten

# All is well ---------------------------------------------------------

gate 0 paper
for each in environment secrets live_guard redis postgres exchange_health open_positions git_safety; do
	check "paper: $each passes" is "$each" pass
done
check "the verdict" said 'READY for paper: 8/8 pass'
gate 0 live
check "live: all pass" said 'READY for live: 8/8 pass'

# environment ---------------------------------------------------------

export BOT_MODE=1 BOT_EMPTY='' BOT_BLANK=' 	' BOT_PLACEHOLDER=changeme
only() {  # only CHECK STATUS ENV [FLAG...]
	only_check=$1
	shift
	gate "$@" --check "$only_check"
}
: >"$work/empty"
only environment 0 paper --environment.variable BOT_MODE --environment.file "$work/keys"
check "what is there passes" is environment pass '1 variables and 1 files'
only environment 1 paper --environment.variable BOT_GONE
check "a variable that is not set fails" is environment fail 'BOT_GONE is not set'
only environment 1 paper --environment.variable BOT_EMPTY
check "so does an empty one" is environment fail 'BOT_EMPTY is empty'
only environment 1 paper --environment.variable BOT_BLANK
check "and one of blanks" is environment fail 'BOT_BLANK is empty'
only environment 1 paper --environment.variable BOT_PLACEHOLDER
check "and a placeholder" is environment fail 'BOT_PLACEHOLDER is a placeholder'
only environment 1 paper --environment.file "$work/gone"
check "a file that is not there fails" is environment fail "$work/gone"
only environment 1 paper --environment.file "$work/empty"
check "so does an empty one" is environment fail 'is empty'
printf 'strict: false\n' >"$work/arbwatch.yml"
for mode in 0666 0664 0602; do
	chmod "$mode" "$work/arbwatch.yml"
	only environment 1 paper --config.file "$work/arbwatch.yml"
	check "a config file of mode $mode fails" is environment fail "mode $mode"
done
for mode in 0444 0600 0644; do
	chmod "$mode" "$work/arbwatch.yml"
	only environment 0 paper --config.file "$work/arbwatch.yml"
	check "one of mode $mode passes" is environment pass
done
others() {  # others DESCRIPTION COMMAND...: what only root can make
	[ "$(id -u)" -eq 0 ] || {
		skip "$1" "only root can give files to another user"
		return
	}
	check "$@"
}
config_of_another() {
	chown nobody "$work/arbwatch.yml"
	only environment 1 paper --config.file "$work/arbwatch.yml"
	chown 0 "$work/arbwatch.yml"
	is environment fail 'belongs to another user'
}
others "nor may it be another user's" config_of_another
# What this program takes out of its own environment is set all the same.
taken() {  # taken COMMAND...: with a key in variables
	ARBWATCH_BINANCE_KEY="paper-key"
	ARBWATCH_BINANCE_SECRET=$secret
	export ARBWATCH_BINANCE_KEY ARBWATCH_BINANCE_SECRET
	"$@"
	unset ARBWATCH_BINANCE_KEY ARBWATCH_BINANCE_SECRET
}
taken only environment 0 paper --environment.variable ARBWATCH_BINANCE_KEY
check "a variable that we read a key from is set" is environment pass '1 variables'
taken only secrets 0 paper --secrets.variable ARBWATCH_BINANCE_SECRET
check "also as a secret" is secrets pass
taken only live_guard 1 paper --live.variable ARBWATCH_BINANCE_KEY
check "and as a live key" is live_guard fail 'a live key is within reach: ARBWATCH_BINANCE_KEY'
run 1 "$preflight" --check environment --output "$work/evidence.json"
check "the mode must be named" is environment fail 'the mode is not named'

# secrets -------------------------------------------------------------

for mode in 0440 0404 0640 0604 0660 0606 0444 0666 0644 0777 0410 0401 0420 0402; do
	chmod "$mode" "$keys/binance.secret"
	only secrets 1 live
	check "mode $mode fails" is secrets fail "mode $mode"
	check "mode $mode: what to do" evidence "'chmod 0400' in checks['secrets']['reason'] or 1/0"
done
for mode in 0400 0600 0700; do
	chmod "$mode" "$keys/binance.secret"
	only secrets 0 live
	check "mode $mode passes" is secrets pass
done
chmod 0777 "$keys"
only secrets 1 live
check "a directory that others may change fails" is secrets fail 'mode 0777'
for mode in 0775 0757 1777; do
	chmod "$mode" "$keys"
	only secrets 1 live
	check "so does one of mode $mode" is secrets fail "mode $mode"
done
chmod 0755 "$keys"
# Who may rename a directory on the way puts another one in its place.
mkdir -p "$work/way/deep"
cp -rp "$keys" "$work/way/deep/keys"
ln -s "$work/way/deep/keys" "$work/keys-link"
for mode in 0777 0775 0703; do
	chmod "$mode" "$work/way"
	for path in "$work/way/deep/keys" "$work/keys-link"; do
		only secrets 1 live --keys "$path"
		check "a directory above of mode $mode fails" is secrets fail "'$work/way' (mode $mode)"
	done
done
chmod 1777 "$work/way"
only secrets 0 live --keys "$work/way/deep/keys"
check "but not a sticky one, as /tmp" is secrets pass
chmod 0755 "$work/way"
way_of_another() {  # way_of_another PATH
	chown nobody "$1"
	only secrets 1 live --keys "$work/way/deep/keys"
	chown 0 "$1"
	is secrets fail "'$1' belongs to another user"
}
others "the directory of another user fails" way_of_another "$work/way/deep/keys"
others "so does one above it" way_of_another "$work/way/deep"
chmod 1777 "$work/way"
others "also below a sticky one" way_of_another "$work/way/deep"
rm -r "$work/way" "$work/keys-link"

written() { rm -f "$1"; printf '%s\n' "$2" >"$1"; chmod 0400 "$1"; }
for placeholder in changeme CHANGE_ME change-me '<your secret>' 'your_api_secret_here' '${BINANCE_SECRET}' '{{ secret }}' \
	binance_secret API_KEY_GOES_HERE "REPLACE_WITH_YOUR_SECRET_KEY_OF_64_CHARACTERS_FROM_THE_API_PAGE_OF_BINANCE" xxxxxxxxxxxx \
	'****' 00000000 secret password 12345678 TODO example_secret 'replace me' placeholder none '$SECRET'; do
	written "$keys/binance.secret" "$placeholder"
	only secrets 1 live
	check "'$placeholder' is a placeholder" is secrets fail "binance: the key's secret is a placeholder"
	refute "and is not shown" grep -qF -- "$placeholder'" "$work/evidence.json"
	rm -f "$work/token"
	written "$work/token" "$placeholder"
	only secrets 1 paper --secrets.file "$work/token"
	check "'$placeholder' in another file" is secrets fail 'holds a placeholder'
	BOT_TOKEN=$placeholder
	export BOT_TOKEN
	only secrets 1 paper --secrets.variable BOT_TOKEN
	check "'$placeholder' in a variable" is secrets fail 'BOT_TOKEN is a placeholder'
done
make_keys
rm -f "$keys/binance.secret"
only secrets 1 live
check "a missing half fails" is secrets fail 'binance: no secret, but an API key'
rm -f "$keys/binance.key"
only secrets 1 live
check "a missing key fails in live" is secrets fail 'binance: no API key'
only secrets 0 paper
check "and not in paper" is secrets pass
rm -rf "$keys"
mkdir "$keys"
unset BOT_TOKEN
only secrets 1 paper --secrets.variable BOT_TOKEN
check "a secret that is not set" is secrets fail 'BOT_TOKEN is not set'
only secrets 1 paper --secrets.file "$work/gone"
check "a secret file that is not there" is secrets fail "$work/gone"
mkfifo "$work/fifo"
chmod 0400 "$work/fifo"
only secrets 1 paper --secrets.file "$work/fifo"
check "one that is a FIFO holds nobody up" is secrets fail 'no regular file'
run 1 "$preflight" --env paper --check secrets --output "$work/evidence.json"
check "without any secret it is skipped" is secrets skip
make_keys
shown=password-$$-$(now_ns)
printf '%s\n' "$shown" >"$work/redis-password"
chmod 0644 "$work/redis-password"
REDIS_PASSWORD_FILE=$work/redis-password
export REDIS_PASSWORD_FILE
only secrets 1 paper
check "files of our own settings are looked at" is secrets fail "$work/redis-password"
chmod 0400 "$work/redis-password"
spawn argv "$PYTHON" -c 'import time; time.sleep(300)' "$shown"
await 60 grep -q -- "$shown" "/proc/$SPAWNED/cmdline"
printed() { run "$1" "$preflight" --env paper --check secrets --redis.target "$redis_url" --output "$work/evidence.json"; }
printed 1
check "a secret in somebody's arguments fails" is secrets fail "process $SPAWNED"
check "and is not repeated" not grep -q -- "$shown" "$work/evidence.json"
stop "$SPAWNED"
printed 0
check "and not when it is gone" is secrets pass
unset REDIS_PASSWORD_FILE
# The bot's own secrets are looked for, too.
shows() {  # shows DESCRIPTION TEXT FLAG...: a process that shows it fails, until it is gone
	shows_what=$1 shows_text=$2
	shift 2
	spawn argv "$PYTHON" -c 'import time; time.sleep(300)' "$shows_text"
	await 60 grep -qF -- "$shows_text" "/proc/$SPAWNED/cmdline"
	run 1 "$preflight" --env paper --check secrets --output "$work/evidence.json" "$@"
	check "$shows_what" is secrets fail "process $SPAWNED"
	check "$shows_what: it is not repeated" not grep -qF -- "$shows_text" "$work/evidence.json"
	stop "$SPAWNED"
	run 0 "$preflight" --env paper --check secrets --output "$work/evidence.json" "$@"
}
BOT_TOKEN="to/ken+$shown"
export BOT_TOKEN
written "$work/token" "file/$shown"
shows "a secret of secrets.variable in arguments" "--token=$BOT_TOKEN" --secrets.variable BOT_TOKEN
shows "a secret of secrets.file in arguments" "file/$shown" --secrets.file "$work/token"
unset BOT_TOKEN
printf 'redis.password: %s\n' "$shown" >"$work/arbwatch.yml"
chmod 0644 "$work/arbwatch.yml"
only secrets 1 paper --config.file "$work/arbwatch.yml"
check "a config file with a secret in it is a secret file" is secrets fail 'a secret is in it'
chmod 0600 "$work/arbwatch.yml"
only secrets 0 paper --config.file "$work/arbwatch.yml"
printf 'postgres.target: postgresql://nobody@127.0.0.1/bot\nsecrets.file: %s\n' "$work/redis-password" >"$work/arbwatch.yml"
chmod 0644 "$work/arbwatch.yml"
run 0 "$preflight" --check secrets --env paper --config.file "$work/arbwatch.yml" --output "$work/evidence.json"
check "one without a password is not" is secrets pass
REDIS_PASSWORD=changeme only secrets 1 paper
check "a password of the settings is a placeholder" is secrets fail 'a password in the settings'

# redis ---------------------------------------------------------------

only redis 0 paper --redis.latency.warn 0s
check "slow is a warning" is redis warn 'answers in'
only redis 1 paper --redis.latency.warn 0s --redis.latency.fail 0s
check "too slow is a failure" is redis fail 'are the most'
closed_port
only redis 1 paper --redis.target "gone=redis://127.0.0.1:$CLOSED_PORT"
check "one of two that is gone fails" is redis fail 'gone: '
check "its kind is in the evidence" evidence "checks['redis']['kind'] == 'connect' or 1/0"
run 1 "$preflight" --env paper --check redis --output "$work/evidence.json"
check "not configured is skipped in paper" is redis skip 'not configured'
run 1 "$preflight" --env live --check redis --output "$work/evidence.json"
check "not configured fails in live" is redis fail 'not configured'

# postgres ------------------------------------------------------------

only postgres 1 paper --postgres.schema-version 8888
check "another schema fails" is postgres fail "the schema's version is '7f3c', and '8888' is expected"
only postgres 1 paper --postgres.schema-query 'SELECT 1 FROM nowhere'
check "a schema that cannot be asked fails" is postgres fail 'nowhere'
only postgres 1 paper --postgres.schema-query 'DELETE FROM alembic_version RETURNING version_num'
check "the question cannot write" is postgres fail 'read-only'
check "and did not" test "$(sql 'SELECT version_num FROM alembic_version')" = 7f3c
only postgres 1 paper --postgres.schema-query "COMMIT; CREATE TABLE own (x int); SELECT '7f3c'"
check "it is one statement" is postgres fail 'multiple commands'
check "so that it does not end the transaction" test "$(sql "SELECT count(*) FROM pg_class WHERE relname = 'own'")" = 0
many_a() { printf "%0$1d" 0 | tr 0 a; }
only postgres 1 paper --postgres.schema-version "$(many_a 127)" --postgres.schema-query "SELECT repeat('a', 2000)"
check "an answer that is too long is none" is postgres fail 'longer than 127 bytes'
only postgres 0 paper --postgres.schema-version "$(many_a 127)" --postgres.schema-query "SELECT repeat('a', 127)"
check "the longest is one" is postgres pass
only postgres 1 paper --postgres.schema-query "SELECT version_num, version_num FROM alembic_version"
check "two columns are no answer" is postgres fail '2 columns'
only postgres 0 paper --postgres.latency.warn 0s
check "slow is a warning" is postgres warn 'answers in'
only postgres 1 paper --postgres.latency.warn 0s --postgres.latency.fail 0s
check "too slow is a failure" is postgres fail
sql "CREATE ROLE reader LOGIN PASSWORD 'reader-pass-4711'; ALTER ROLE reader SET default_transaction_read_only = on"
only postgres 1 paper --postgres.target "postgresql://reader:reader-pass-4711@127.0.0.1:$POSTGRES_PORT/postgres"
check "read-only fails" is postgres fail 'is read-only'
options='-c default_transaction_read_only=off'
PGOPTIONS=$options only postgres 1 paper --postgres.target "postgresql://reader:reader-pass-4711@127.0.0.1:$POSTGRES_PORT/postgres"
check "a role that may not write is not made one that may by PGOPTIONS" is postgres fail 'whether it is read-only is not known'
only postgres 1 paper --postgres.target "host=127.0.0.1 port=$POSTGRES_PORT user=reader password=reader-pass-4711 dbname=postgres \
	options='$options'"
check "nor by the connection string" is postgres fail 'whether it is read-only is not known'
for each in '-c default-transaction-read-only=off' '--default-transaction-read-only=off' '-c default_transaction_rea\d_only=off'; do
	PGOPTIONS=$each only postgres 1 paper --postgres.target "postgresql://reader:reader-pass-4711@127.0.0.1:$POSTGRES_PORT/postgres"
	check "nor as $each" is postgres fail 'whether it is read-only is not known'
done
PGOPTIONS='-c work_mem=64kB' only postgres 0 paper
check "other options say nothing of it" is postgres pass writable
unset PGOPTIONS
only postgres 1 paper --postgres.target "bad=postgresql://arbwatch:wrong-pass-4711@127.0.0.1:$POSTGRES_PORT/postgres"
check "a wrong password fails" is postgres fail 'bad: '
check "and is not shown" not grep -q wrong-pass "$work/evidence.json"

# exchange_health -----------------------------------------------------

faulty() {  # faulty FAULT STATUS ENV [FLAG...]
	control POST "$1"
	shift
	only exchange_health "$@"
	control DELETE ''
	flatten
}
max_skew=500ms
faulty '/okx/skew?value=3000' 1 paper
check "a clock that is off fails" is exchange_health fail 'okx: its clock and ours are'
check "what to do" hinted exchange_health chrony
faulty '/okx/skew?value=400' 0 paper
check "half of it warns" is exchange_health warn 'okx: its clock'
# An answer that comes late says little of the clock: -700 ms looks like half a second less.
control POST '/binance/latency?value=480&path=/time'
faulty '/binance/skew?value=-700' 0 paper
check "a clock that may be off by more warns" is exchange_health warn 'binance: its clock and ours are'
check "and why that is so" hinted exchange_health 'answers so late'
faulty '/upbit/latency?value=20' 0 paper
check "whole seconds alone are no reason to warn" is exchange_health pass
faulty '/upbit/latency?value=1300' 0 paper
check "but a late answer is, there too" is exchange_health warn 'upbit: its clock and ours are'
max_skew=10s
faulty '/binance/halted?value=BTC/USDT' 1 paper
check "a symbol that is halted fails" is exchange_health fail 'binance: BTC/USDT cannot be traded'
faulty '/okx/maintenance' 1 paper
check "maintenance fails" is exchange_health fail 'okx'
faulty '/kraken/5xx' 1 paper
check "errors fail" is exchange_health fail 'kraken'
faulty '/bybit/rate-limit?value=95' 0 paper --degraded.headroom 0.2
check "short of rate limit warns" is exchange_health warn 'bybit is degraded'
faulty '/bybit/stale?value=90000' 1 paper
check "books that stand still fail" is exchange_health fail 'bybit is frozen'
faulty '/binance/418?value=600' 1 paper
check "a ban fails" is exchange_health fail 'binance is banned'
only exchange_health 1 paper
check "after a ban nobody is asked" is exchange_health fail 'binance: not asked until'
control GET /requests
check "the others are" grep -q '"exchange": *"okx"' "$work/control"
refute "nor is anything sent" grep -q '"exchange": *"binance"' "$work/control"
# The other programs know it at once, and so does this one without a file of its own.
check "the ban is on the list that all programs share" grep -q "^http://127.0.0.1:$paper_port/binance [1-9]" \
	"$textfiles/.exchange_bans"
rm -f "$textfiles"/*.prom
control DELETE ''
flatten
run 0 "$BUILD/exchange_health" --exchange.profiles "$repository/exchanges" --env paper --symbol BTC/USDT \
	--exchange "binance=http://127.0.0.1:$paper_port/binance"
only exchange_health 1 paper --no-metrics
check "nor by this one" is exchange_health fail 'binance: not asked until'
control GET /requests
refute "exchange_health does not ask either" grep -q '"exchange": *"binance"' "$work/control"
rm -f "$textfiles"/*.prom "$textfiles/.exchange_bans"
faulty '/okx/429?value=600' 1 paper --no-metrics
check "a back-off is, also without metrics" grep -q "^http://127.0.0.1:$paper_port/okx 0 [1-9]" "$textfiles/.exchange_bans"
rm -f "$textfiles/.exchange_bans"
# A loop holds to a ban that it could not write into the list.
rm -f "$textfiles/.exchange_bans.lock"
mkdir "$textfiles/.exchange_bans.lock"
control POST '/binance/418?value=600'
spawn held "$preflight" --env paper --exchange.profiles "$repository/exchanges" --symbol BTC/USDT --interval 1s \
	--exchange "binance=http://127.0.0.1:$paper_port/binance" --check exchange_health --degraded.headroom 0 --log.level debug
held=$SPAWNED
told() { test "$(grep -c 'binance: not asked until' "$work/held.log")" -ge "$1"; }
check "a ban that cannot be written down holds for a loop" await 60 told 2
check "and that it cannot is logged" grep -q 'its ban cannot be kept for other programs' "$work/held.log"
stop "$held"
rm -rf "$textfiles"/*.prom "$textfiles/.exchange_bans.lock"
# What the bot may spend of a rate limit too is spent sparingly, and reckoned with.
control DELETE ''
flatten
gate 0 paper
control GET /requests
asked_once() {  # asked_once EXCHANGE PATH SYMBOL...: each symbol's book is read once
	"$PYTHON" - "$work/control" "$@" <<-'END'
		import json, sys
		from urllib.parse import urlsplit
		asked = [each for each in json.load(open(sys.argv[1]))["requests"]
		         if each["exchange"] == sys.argv[2] and urlsplit(each["path"]).path == sys.argv[3]]
		print(asked)
		sys.exit(len(asked) != len(sys.argv[4:]))
	END
}
check "an order book is read once in a run" asked_once binance /api/v3/depth BTC/USDT ETH/USDT
check "at each exchange" asked_once okx /api/v5/market/books BTC/USDT ETH/USDT
control DELETE ''
flatten
gate 0 paper --skip exchange_health
control GET /requests
check "positions read it where exchange_health is left out" asked_once binance /api/v3/depth BTC/USDT ETH/USDT
control DELETE ''
flatten
gate 0 live --check exchange_health --check live_guard
control GET /requests
check "live_guard reads none of its own" asked_once binance /api/v3/depth BTC/USDT ETH/USDT
# An exchange of which no book is looked at would pass, whatever is halted there.
run 2 "$preflight" --env paper --exchange.profiles "$repository/exchanges" --exchange binance --exchange upbit --symbol upbit:BTC/KRW \
	--config.check
check "an exchange without a symbol is refused" grep -qF 'binance: no --symbol is for it' "$work/err"
run 0 "$preflight" --env paper --exchange.profiles "$repository/exchanges" --exchange binance --exchange upbit --symbol upbit:BTC/KRW \
	--skip exchange_health --config.check
costs() {
	run 2 "$preflight" --env paper --exchange.profiles "$repository/exchanges" --exchange binance --weight.limit "$1" --config.check
}
costs 1
check "what a run costs is told" grep -qF 'a run on binance costs ' "$work/err"
cost=$(sed 's/.* costs \([0-9]*\) .*/\1/' "$work/err")
costs "$((cost - 1))"
run 0 "$preflight" --env paper --exchange.profiles "$repository/exchanges" --exchange binance --weight.limit "$cost" --config.check
spent() {  # by the weights of the profile, of both checks
	"$PYTHON" - "$work/control" <<-'END'
		import json, sys
		weights = {"time": 1, "depth": 5, "avgPrice": 2, "exchangeInfo": 20, "status": 1, "account": 20, "apiRestrictions": 1,
		           "apiTradingStatus": 1}
		print(sum(weights[each["path"].split("?")[0].split("/")[-1]] for each in json.load(open(sys.argv[1]))["requests"]
		          if each["exchange"] == "binance"))
	END
}
control DELETE ''
flatten
gate 0 paper --symbol binance:BTC/USDT
control GET /requests
check "and what it spends ($(spent))" test "$(spent)" -eq "$cost"
for wrong in --grace=5s --inventory=binance,upbit; do
	gate 2 paper "$wrong"
	check "$wrong would have no effect" grep -q 'unknown flag' "$work/err"
done
# Nor is an exchange asked more often than it bears.
run 2 "$preflight" --env paper --exchange.profiles "$repository/exchanges" --interval 200ms \
	--exchange "binance=http://127.0.0.1:$paper_port/binance"
check "a loop that an exchange cannot bear is refused" grep -qF 'may be used (degraded.headroom is 0.2)' "$work/err"
# Without the ban list no exchange may be asked.
unreadable() {  # unreadable WHAT: as .exchange_bans
	control DELETE ''
	flatten
	gate 1 live --check exchange_health --check open_positions
	check "a list that is $1 fails" is exchange_health fail 'no exchange is asked, because there may be a ban'
	check "$1: for positions too" is open_positions fail 'no exchange is asked, because there may be a ban'
	control GET /requests
	refute "$1: and nothing is sent" grep -q '"exchange"' "$work/control"
	rm -rf "$textfiles"/*.prom "$textfiles/.exchange_bans"
}
ln -s .exchange_bans "$textfiles/.exchange_bans"
unreadable 'a link'
mkdir "$textfiles/.exchange_bans"
unreadable 'a directory'
mkfifo "$textfiles/.exchange_bans"
unreadable 'a FIFO'
truncate -s 1M "$textfiles/.exchange_bans"
unreadable 'too large'
echo 'something else' >"$textfiles/.exchange_bans"
only exchange_health 0 paper
check "a line that is no entry may have been a ban, and warns" is exchange_health warn 'is no entry'
rm -f "$textfiles"/*.prom "$textfiles/.exchange_bans"
# What the collector knows, this one knows.
control POST '/upbit/429?value=3600'
run 0 "$BUILD/exchange_health" --exchange.profiles "$repository/exchanges" --env paper --symbol BTC/KRW \
	--exchange "upbit=http://127.0.0.1:$paper_port/upbit"
control DELETE ''
flatten
only exchange_health 1 paper
check "nor after one that exchange_health met" is exchange_health fail 'upbit: not asked until'
rm -f "$textfiles"/*.prom "$textfiles/.exchange_bans"
before() {  # before WHAT: as the collector's file
	only exchange_health 0 paper
	check "$1 of exchange_health tells nothing of before" is exchange_health warn 'whether books stood still before is not known'
	rm -rf "$textfiles"/*.prom "$textfiles/.exchange_bans"
}
printf garbage >"$textfiles/exchange_health.prom"
before 'a damaged file'
mkfifo "$textfiles/exchange_health.prom"
before 'a FIFO'
mkdir "$textfiles/exchange_health.prom"
before 'a directory'
run 1 "$preflight" --env live --check exchange_health --output "$work/evidence.json"
check "without an exchange live fails" is exchange_health fail 'no exchange is configured'

# open_positions ------------------------------------------------------

control DELETE ''
for venue in binance upbit bybit kraken binanceusdm; do control POST "/$venue/flat"; done
only open_positions 0 paper --baseline okx:BTC=1.5 --baseline okx:ETH=12.5 --baseline okx:XRP=5100
check "open positions warn in paper" is open_positions warn '2 open: okx BTC/USDT 0.5, okx ETH/USDT -3'
only open_positions 1 live --baseline okx:BTC=1.5 --baseline okx:ETH=12.5 --baseline okx:XRP=5100
check "and fail in live" is open_positions fail '2 open'
only open_positions 0 live --baseline okx:BTC=1.5 --baseline okx:ETH=12.5 --baseline okx:XRP=5100 \
	--ignore okx:BTC/USDT --ignore okx:ETH/USDT
check "what is ignored is not open" is open_positions pass
gate 0 paper --dust 1000000000
check "what has no price is no dust" is open_positions warn 'okx XRP 5100'
refute "what has one is: the order books of exchange_health are prices" is open_positions warn 'okx BTC 1.5'
gate 0 paper --dust 1000000000 --skip exchange_health
refute "and so are those read for it alone" is open_positions warn 'okx BTC 1.5'
gate 0 paper --dust 0
check "each asset counts where nothing is dust" is open_positions warn 'okx BTC 1.5'
only open_positions 1 live --baseline okx:BTC=1.5 --baseline okx:ETH=12.5 --baseline okx:XRP=5100 \
	--tolerance.absolute 1000000 --tolerance.relative 0.99
check "a tolerance is for what the bot believes: what is open is open" is open_positions fail '2 open: okx BTC/USDT 0.5'
flatten
control DELETE /binanceusdm/flat
control POST /binanceusdm/hedge
control POST '/binanceusdm/drift?value=-0.15'
only open_positions 1 live --net --ignore binanceusdm:ETH/USDT
check "so is a long beside a short, also where the bot nets them" is open_positions fail '1 open: binanceusdm BTC/USDT'
for fault in hedge drift; do control DELETE "/binanceusdm/$fault"; done
flatten
control DELETE /bybit/flat
control POST /bybit/inverse
only open_positions 1 live --baseline bybit:BTC=1.5 --baseline bybit:ETH=12.5 --baseline bybit:XRP=5100 \
	--ignore bybit:BTC/USDT --ignore bybit:ETH/USDT
check "an inverse contract is open, too" is open_positions fail '1 open: bybit BTC/USD -5000'
control DELETE /bybit/inverse
flatten
sql "INSERT INTO public.positions (exchange, symbol, side, quantity) VALUES ('okx', 'BTC/USDT', 'long', 0.5)"
only open_positions 0 paper
check "what the bot alone believes in warns in paper" is open_positions warn '1 differ from what the bot believes: okx BTC/USDT 0.5'
only open_positions 1 live
check "and fails in live" is open_positions fail '1 differ'
# A position that the bot has too is no reason: so a timer's runs stay ready while the bot trades.
control DELETE /okx/flat
sql "INSERT INTO public.positions (exchange, symbol, side, quantity) VALUES ('okx', 'ETH/USDT', 'short', 3)"
held='--baseline okx:BTC=1.5 --baseline okx:ETH=12.5 --baseline okx:XRP=5100'
# shellcheck disable=SC2086  # one word each
only open_positions 0 live $held
check "what the bot and the exchange both have passes" is open_positions pass '6 accounts, 2 open positions, as the bot believes'
sql "UPDATE public.positions SET quantity = 2 WHERE symbol = 'ETH/USDT'"
# shellcheck disable=SC2086  # one word each
only open_positions 1 live $held
check "what they disagree about is open, and differs" is open_positions fail '1 open: okx ETH/USDT -3; 1 differ'
sql "DELETE FROM public.positions WHERE symbol = 'ETH/USDT'"
# shellcheck disable=SC2086  # one word each
only open_positions 1 live $held
check "and so is what the exchange alone has" is open_positions fail '1 open: okx ETH/USDT -3; 1 differ'
# shellcheck disable=SC2086  # one word each
only open_positions 1 live $held --tolerance.absolute 1000000
check "whatever the tolerance" is open_positions fail '1 open: okx ETH/USDT -3'
flatten
sql "UPDATE public.positions SET exchange = 'elsewhere'"
only open_positions 1 live
check "positions where nobody looks fail" is open_positions fail 'at exchanges that are not configured'
sql 'TRUNCATE public.positions'
control POST '/okx/permission'
only open_positions 0 paper
check "unreadable warns in paper" is open_positions warn 'okx: '
only open_positions 1 live
check "and fails in live" is open_positions fail 'okx: '
control DELETE ''
control POST '/okx/no-list'
for venue in binance upbit bybit kraken binanceusdm; do control POST "/$venue/flat"; done
only open_positions 1 live
check "an answer without its list is not flat" is open_positions fail 'okx: '
control DELETE ''
flatten
only open_positions 1 live --engine.view arbwatch.nowhere
check "without the bot's view live fails" is open_positions fail "the bot's positions (postgres)"
rm -rf "$keys"
mkdir "$keys"
only open_positions 1 live
check "without keys nothing is read in live" is open_positions fail 'no API key'
only open_positions 1 paper
check "and in paper it is skipped" is open_positions skip 'no account on paper has a key'
make_keys
finish
