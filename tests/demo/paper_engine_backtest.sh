#!/bin/sh
# paper_engine backtest: the same seed gives the same trades, a run that was stopped goes on as if it had not been, legs are
# filled at their time, a recording of the live engine can be replayed, and a damaged one is refused.

. "$(dirname "$0")/../lib.sh"

engine=$BUILD/paper_engine
from=2026-03-01T00:00:00Z middle=2026-03-01T06:00:00Z until=2026-03-01T12:00:00Z

# backtest NAME [FLAG VALUE]...: leaves its trades in $work/NAME.
backtest() {
	name=$1
	shift
	run 0 "$engine" backtest --symbols 6 --trades "$work/$name" "$@"
}
said() { grep -qF -- "$1" "$work/out"; }
complains() { grep -qF -- "$1" "$work/err"; }
trades() { jq -s 'map(select(.trade)) | length' "$1"; }
at_least() { [ "$1" -ge "$2" ]; }
each() { jq -es "map(select(.trade)) | length > 0 and all($2)" "$1"; }  # each FILE CONDITION

# --- The seeded market ------------------------------------------------------------------------------------------------
backtest all --from $from --until $until --snapshot "$work/all.state"
check "a morning has trades" at_least "$(trades "$work/all")" 100
check "the summary counts them" said "trades         $(trades "$work/all"), "
check "its pnl is theirs, less the fees of movements" said "pnl            $(jq -s \
	'map(if .trade then .pnl else "-" + .fee end | tonumber) | add * 100 | round / 100 | tostring |
	. + ("." * (1 - (test("[.]") | if . then 1 else 0 end))) // .' -r "$work/all") USDT"
check "ids have no gap" jq -es 'map(.trade // .movement) == [range(1; length + 1)]' "$work/all"
check "a second leg is filled between two steps" each "$work/all" '[.fills[] | select(.leg == "second") | .at_ms % 60000 > 0] | all'
check "and soon after the first one" each "$work/all" '.closed_ms - .opened_ms < 60000'

backtest again --from $from --until $until
check "the same seed gives the same trades" cmp "$work/all" "$work/again"
backtest other --from $from --until $until --seed 2
refute "another seed gives other trades" cmp "$work/all" "$work/other"
backtest market --from $from --until $until --market.seed 2
refute "and so does another market" cmp "$work/all" "$work/market"

backtest first --from $from --until $middle --snapshot "$work/first.state"
backtest second --from $middle --until $until --resume "$work/first.state" --snapshot "$work/second.state"
cat "$work/first" "$work/second" >"$work/both"
check "stopped in the middle, it makes the same trades" cmp "$work/all" "$work/both"
check "and ends in the same state" cmp "$work/all.state" "$work/second.state"

run 1 "$engine" backtest --from $from --until $until --resume "$work/first.state" --symbols 6
check "a snapshot of later is refused" complains 'it was made after --from'
head -c 100 "$work/first.state" >"$work/cut.state"
run 1 "$engine" backtest --from $middle --until $until --resume "$work/cut.state" --symbols 6
check "and so is half a snapshot" complains "--resume: $work/cut.state: "
run 1 "$engine" backtest --from $middle --until $until --resume "$work/none" --symbols 6
check "and one that is not there" complains "--resume: $work/none: No such file or directory"
run 1 "$engine" backtest --from $from --until $until --trades "$work/none/trades" --symbols 6
check "trades need a place" complains "--trades: $work/none/trades: No such file or directory"

run 2 "$engine" backtest --from $from --until $until --cash 10000000.00000001
check "more KRW than there is room for" complains "--cash: '10000000.00000001' is more than 10000000 USDT"
run 0 "$engine" backtest --from $from --until $middle --cash 10000000 --symbols 1 --trades "$work/rich"
check "as much as there is room for is whole in KRW" jq -es '.[0].cash_upbit | tonumber | . > 1.3e10 and . < 1.5e10' "$work/rich"
run 0 "$engine" backtest --from $from --until 2026-03-01T02:00:00Z --symbols 500
check "500 symbols" said 'market         500 symbols'

# --- A recording --------------------------------------------------------------------------------------------------------
spawn exchange "$BUILD/paper_exchange" --listen 127.0.0.1:0
exchange=http://127.0.0.1:$(port_of "$SPAWNED")
opportunity='--step 100ms --min-profit 0.0001 --cooldown 1s'
live() {
	"$1" "$2" "$engine" run --exchange.binance "$exchange/binance" --exchange.upbit "$exchange/upbit" --control.listen-address '' \
		--universe.top 20 --loop 100ms --record "$work/recording" --loops "$3"
}
live run 0 3 # it ends by itself
rm "$work/recording"
live spawn recorder 10000
recorded() { awk 'NR > 1 { print $2, $3 }' "$work/recording" | sort -u | wc -l; }
# Prices may be too close to each other for ten seconds.
# shellcheck disable=SC2086 # words are meant
long_enough() {
	sed '$d' "$work/recording" >"$work/so_far"
	[ "$(wc -l <"$work/so_far")" -ge 450 ] && [ "$(recorded)" -ge 41 ] &&
		"$engine" backtest --recording "$work/so_far" $opportunity --trades "$work/so_far.trades" &&
		[ "$(trades "$work/so_far.trades")" -ge 1 ]
}
await_unless_ended 60 "$SPAWNED" long_enough
stop "$SPAWNED"
check "a run leaves a recording" grep -q '^paper_engine recording 1$' "$work/recording"
check "with books of every symbol at both exchanges" test "$(recorded)" -eq 41

# shellcheck disable=SC2086 # words are meant
replay() {
	name=$1
	shift
	backtest "$name" --recording "$work/recording" $opportunity "$@"
}
# The price of every fill is between the lowest and the highest recorded one of its symbol and exchange.
recorded_prices() {
	jq -r 'select(.trade) | .symbol as $symbol | .fills[] | "\($symbol) \(.exchange) \(.value) \(.quantity)"' "$work/live" |
		awk 'NR == FNR {
			for (i = 6; i <= NF && FNR > 1; i += 2) {
				if ($i == "|")
					i++
				price = $i
				key = $2 " " $3
				if (!(key in low) || price < low[key])
					low[key] = price
				if (price > high[key])
					high[key] = price
			}
			next
		}
		{ fills++; price = $3 / $4; key = $1 " " $2 }
		price < low[key] * 0.999999 || price > high[key] * 1.000001 { print "not recorded: " $0; wrong = 1 }
		END { exit wrong || fills == 0 }' "$work/recording" -
}
replay live
check "a recording gives trades" at_least "$(trades "$work/live")" 1
check "at prices that are in it" recorded_prices
replay live.again
check "the same ones again" cmp "$work/live" "$work/live.again"
replay live.dear --min-profit 0.5
check "no trade where nothing is earned" test "$(trades "$work/live.dear")" -eq 0

# damaged WHAT SED-SCRIPT ERROR
damaged() {
	sed "$2" "$work/recording" >"$work/damaged"
	run 1 "$engine" backtest --recording "$work/damaged" --trades "$work/damaged.trades"
	check "damaged, $1: refused" complains "paper_engine: recording $work/damaged: $3"
}
damaged "another file" '1s/1/2/' 'it does not begin with "paper_engine recording 1"'
damaged "a price that is not a number" '50s/|/| x/' 'line 50 is damaged: a price or a quantity is not a number'
damaged "a line is missing its end" '60s/ |.*//' 'line 60 is damaged: '
damaged "a line is twice as long" '61s/.*/&&&&&/' 'line 61 is '
damaged "an older line is behind a newer one" '2{h;d};70{p;x}' 'line 70 is damaged: it is older than the line before it'
head -c 5000 "$work/recording" >"$work/cut"
run 1 "$engine" backtest --recording "$work/cut"
check "cut off in the middle: refused" complains 'is too long, or cut off: remove it'
check "nothing was traded with what is damaged" test ! -e "$work/damaged.trades"

finish
