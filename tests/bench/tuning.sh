# shellcheck shell=sh
# shellcheck disable=SC2154 # what bench.sh sets, which this is a part of
# Measures the backtest of paper_engine, of which a core must make a million book updates a second, and its tuning.

for _ in 1 2 3 4 5; do
	"$BUILD/paper_engine" backtest --from 2026-03-01T00:00:00Z --until 2026-03-31T00:00:00Z >"$work/backtest" ||
		die "paper_engine backtest failed"
	awk '$1 == "book" { print 1e9 / $4 }' "$work/backtest" >>"$work/backtest.ns"
done
compare "a backtest of 20 symbols, ns/book update" "$(spread <"$work/backtest.ns")" "the limit" 1000/1000/1000 le 1

tuning_began=$(now_ns)
"$BUILD/paper_engine" tune --from 2026-03-01T00:00:00Z --until 2026-03-31T00:00:00Z --threads 2 >"$work/tuning" ||
	die "paper_engine tune failed"
tuning_s=$(awk -v ns=$(($(now_ns) - tuning_began)) 'BEGIN { printf "%.3g", ns / 1e9 }')
compare "tuning, 100 sets, 30 days, 2 threads, s" "$tuning_s/$tuning_s/$tuning_s" "the limit" 60/60/60 le 1
