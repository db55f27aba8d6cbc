# shellcheck shell=sh
# What the scenarios of open_positions share: six exchanges on paper, their keys, and how a run's file is read.
# lib.sh is sourced before, and paper_port is set: 0, or one of free_port for a scenario that starts the exchanges again.

collector=$BUILD/open_positions
venues='binance binanceusdm upbit bybit okx kraken'
unset PGPASSFILE

# Keys ----------------------------------------------------------------

secret='paper-secret-0123456789abcdef0123456789abcdef'
keys=$work/keys
mkdir "$keys"
for venue in $venues; do
	printf 'paper-key\n' >"$keys/$venue.key"
	printf '%s\n' "$secret" >"$keys/$venue.secret"
done
printf '%s' "$secret" | base64 -w 0 >"$keys/kraken.secret"
printf 'paper-passphrase\n' >"$keys/okx.passphrase"
chmod 0400 "$keys"/*

# Servers -------------------------------------------------------------

start_exchange() {
	spawn paper "$BUILD/paper_exchange" --listen "127.0.0.1:$paper_port"
	paper=$SPAWNED paper_port=$(port_of "$SPAWNED")
	await 30 "$TOOLS/request" "$paper_port" GET /control || { echo "paper_exchange did not start"; exit 1; }
}
control() { "$TOOLS/request" "$paper_port" "$1" "/control$2" >"$work/control"; }

# note_requests: what was asked since the last reset, into $work/asked: "VENUE METHOD PATH" a line.
note_requests() {
	control GET /requests
	awk -F '"' -v RS='{' '
		$2 == "total" { total = substr($3, 2) + 0 }
		$2 == "exchange" { print $4, $8, $12; count++ }
		END { if (total > count) print "some requests are forgotten" }' "$work/control" >"$work/asked.last"
	cat "$work/asked.last" >>"$work/asked"
}
# All faults end, and requests are forgotten once they are noted.
well() {
	note_requests
	control DELETE ''
}
asked_nothing() {
	note_requests
	cat "$work/asked.last"
	[ ! -s "$work/asked.last" ]
}
stop_exchange() {
	note_requests
	stop "$paper"
}

# All that may ever be sent: balances, positions, sizes of contracts, what a key may do, order books.
cat >"$work/allowed" <<-'END'
	binance GET /api/v3/account
	binance GET /api/v3/depth
	binance GET /sapi/v1/account/apiRestrictions
	binance GET /sapi/v1/account/apiTradingStatus
	binanceusdm GET /fapi/v1/depth
	binanceusdm GET /fapi/v3/account
	binanceusdm GET /fapi/v3/positionRisk
	bybit GET /v5/account/wallet-balance
	bybit GET /v5/market/orderbook
	bybit GET /v5/position/list
	bybit GET /v5/user/query-api
	kraken GET /0/public/Depth
	kraken POST /0/private/BalanceEx
	kraken POST /0/private/GetApiKeyInfo
	kraken POST /0/private/OpenPositions
	okx GET /api/v5/account/balance
	okx GET /api/v5/account/config
	okx GET /api/v5/account/positions
	okx GET /api/v5/market/books
	okx GET /api/v5/public/instruments
	upbit GET /v1/accounts
	upbit GET /v1/api_keys
	upbit GET /v1/orderbook
	upbit GET /v1/pockets/api_keys
END
# check_only_reads: at the end of a scenario in which each of these was asked.
check_only_reads() {
	note_requests
	sort -u "$work/asked" >"$work/asked.all"
	check "all of these were asked, and nothing else, by no other method" diff "$work/allowed" "$work/asked.all"
}

: >"$work/asked"
start_exchange

# Runs ----------------------------------------------------------------

# again [FLAG...]: one run that goes on from the last, without an engine.
all=''
for venue in $venues; do
	all="$all --exchange $venue=http://127.0.0.1:$paper_port/$venue"
done
again() {
	# shellcheck disable=SC2086  # words are meant
	run 0 "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" --timeout 10s $all \
		--symbol BTC/USDT --symbol ETH/USDT --symbol XRP/USDT --symbol upbit:BTC/KRW --symbol upbit:XRP/KRW "$@"
}
# one VENUE [FLAG...]: of one exchange alone.
one() {
	one_venue=$1
	shift
	run 0 "$collector" --exchange.profiles "$repository/exchanges" --keys "$keys" --timeout 10s \
		--exchange "$one_venue=http://127.0.0.1:$paper_port/$one_venue" "$@"
}
fresh() { rm -f "$textfiles"/*.prom "$textfiles/.exchange_bans"; }

of() { value "arbitrage_$1,env=\"paper\"}"; }  # of 'position_mismatch{exchange="okx",symbol="BTC/USDT"'
is() {  # is SERIES VALUE
	read_prom "$textfiles/open_positions.prom"
	in_prom "arbitrage_$1,env=\"paper\"}" "$2"
}
readable() { is "positions_readable{source=\"$1\",exchange=\"$2\"" "$3"; }
quantity() { is "position_quantity{source=\"$1\",exchange=\"$2\",symbol=\"$3\",side=\"$4\"" "$5"; }
mismatch() { is "position_mismatch{exchange=\"$1\",symbol=\"$2\"" "$3"; }
since() { of "position_mismatch_since_timestamp_seconds{exchange=\"$1\",symbol=\"$2\""; }
# nothing_of TEXT: no series has it; a name stands at its beginning, for HELP and TYPE name it too.
nothing_of() {
	read_prom "$textfiles/open_positions.prom"
	nothing_text=$1
	case $1 in
	arbitrage_*) nothing_text=$newline$1 ;;
	esac
	case $prom_text in
	*"$nothing_text"*) return 1 ;;
	esac
}
failures() { is "account_failures_total{exchange=\"$1\",endpoint=\"$2\",kind=\"$3\"" "$4"; }
logged() { grep -qF -- "$1" "$work/err"; }
unlogged() { ! grep -qF -- "$1" "$work/err"; }
