#!/bin/sh
# installed.sh: one run of each program that `make install` has put into PATH, as the user who runs this.

set -eu
work=$(mktemp -d)
cd "$work"
started=''
trap '[ -z "$started" ] || kill $started; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# start NAME COMMAND...: in the background; NAME.log has what it prints.
start() {
	log=$1.log
	shift
	"$@" >"$log" 2>&1 &
	started="$started $!"
}
# shown LOG PATTERN: print what it captures, as soon as it is there; nothing after a minute.
shown() {
	for _ in $(seq 600); do
		sed -n "s/$2/\1/p" "$1" | grep . && return
		sleep 0.1
	done
}

start paper paper_exchange --listen 127.0.0.1:0
url=$(shown paper.log '^listening on \(.*\)')
mkdir textfiles keys
printf 'paper-key\n' >keys/binance.key
printf 'paper-secret-0123456789abcdef0123456789abcdef\n' >keys/binance.secret
chmod 400 keys/*
export ARBWATCH_TEXTFILE_DIRECTORY="$work/textfiles" ARBWATCH_ENV=paper
# No Redis and no Postgres runs here: a target that is down is data, too.
redis_latency --target main=redis://127.0.0.1:1
postgres_latency --target 'main=host=127.0.0.1 port=1 user=nobody'
exchange_health --exchange "binance=$url/binance" --symbol BTC/USDT
open_positions --exchange "binance=$url/binance" --keys keys
preflight --check environment --output evidence.json
textfile_lint textfiles
paper_engine backtest --from -1d --symbols 3
start exporter arbwatch_exporter --web.listen-address 127.0.0.1:0 --textfile.serve
port=$(shown exporter.log '.*address=127.0.0.1:\([0-9]*\).*')
curl -sSf --noproxy '*' "http://127.0.0.1:$port/metrics" >metrics
while read -r line; do
	grep -xF "$line" metrics || { echo "this is not in what they wrote: $line" && exit 1; }
done <<'END'
arbitrage_redis_up{target="main",env="paper"} 0
arbitrage_postgres_up{target="main",env="paper"} 0
arbitrage_exchange_up{exchange="binance",env="paper"} 1
arbitrage_positions_readable{source="exchange",exchange="binance",env="paper"} 1
arbitrage_preflight_checks_total{check="environment",status="pass",env="paper"} 1
END
