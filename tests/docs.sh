#!/bin/sh
# The documentation says what the programs do: metrics, flags, files.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$(dirname "$0")/.." || exit 1

# Each metric has a row with its type and labels (env is said once for all).
row_of() { awk -F'\t' '{
	count = split($3, label, ",")
	labels = ""
	for (i = 1; i <= count; i++)
		if (label[i] != "env")
			labels = labels (labels == "" ? "" : ", ") "`" label[i] "`"
	printf "| `%s` | %s | %s |\n", $1, $2, labels
}'; }
for source in collectors/*.c; do
	program=$(basename "$source" .c)
	"$BUILD/$program" --list-metrics | row_of >"$work/rows"
	check "$program lists metrics" test -s "$work/rows"
	while read -r row; do
		check "docs/metrics.md has: $row" grep -qF -- "$row" docs/metrics.md
	done <"$work/rows"
	check "docs/metrics.md has a section for $program" grep -qxF "## $program" docs/metrics.md
	"$BUILD/$program" --help | sed -n 's/^  --\([a-z.-]*\).*/\1/p' >"$work/flags"
	while read -r flag; do
		# In a manual page a dash is written as \-.
		check "the manual page of $program has --$flag" \
			grep -qF -- "$(printf '%s' "--$flag" | sed 's/-/\\-/g')" "packaging/man/$program.1"
	done <"$work/flags"
done

# And no row tells of a metric that nobody writes.
for program in collectors/*.c; do
	"$BUILD/$(basename "$program" .c)" --list-metrics
done | cut -f1 | sort -u >"$work/written"
sed -n 's/^| `\(arbitrage_[a-z_]*\)`.*/\1/p' docs/metrics.md | sort -u >"$work/told"
check "every metric that is documented is written" cmp "$work/written" "$work/told"

for program in collectors/*.c textfile_lint arbwatch_exporter paper_exchange; do
	program=$(basename "$program" .c)
	check "README names $program" grep -qF "\`$program\`" README.md
	check "$program has a manual page" test -f "packaging/man/$program.1"
done
# The exporter's flags and metrics: those it tells of are those it has.
"$BUILD/arbwatch_exporter" --help | sed -n 's/^  --\([a-z.-]*\).*/\1/p' >"$work/flags"
check "arbwatch_exporter has flags" test -s "$work/flags"
while read -r flag; do
	check "the manual page of arbwatch_exporter has --$flag" \
		grep -qF -- "$(printf '%s' "--$flag" | sed 's/-/\\-/g')" packaging/man/arbwatch_exporter.1
done <"$work/flags"
spawn exporter "$BUILD/arbwatch_exporter" --web.listen-address 127.0.0.1:0 --textfile.serve
await 20 grep -q msg=started "$work/exporter.log"
port=$(sed -n 's/.*address=127.0.0.1:\([0-9]*\).*/\1/p' "$work/exporter.log")
curl -sf --noproxy '*' "http://127.0.0.1:$port/metrics" | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' | sort -u >"$work/written"
grep -E '^\| `(process|arbwatch_exporter)_' docs/arbwatch_exporter.md | grep -oE '`(process|arbwatch_exporter)_[a-z_]*`' |
	tr -d '`' | sort -u >"$work/told"
check "docs/arbwatch_exporter.md has the exporter's metrics, and no others" diff "$work/written" "$work/told"

# Links of the documentation lead somewhere.
for page in README.md docs/*.md; do
	sed -n 's/.*](\([^)#]*\)).*/\1/p' "$page" | grep -v '^http' | while read -r link; do
		test -e "$(dirname "$page")/$link" || echo "$page: $link"
	done
done >"$work/broken"
check "no link of the documentation is broken" test ! -s "$work/broken"
finish
