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

for program in collectors/*.c textfile_lint paper_exchange; do
	program=$(basename "$program" .c)
	check "README names $program" grep -qF "\`$program\`" README.md
	check "$program has a manual page" test -f "packaging/man/$program.1"
done
# Links of the documentation lead somewhere.
for page in README.md docs/*.md; do
	sed -n 's/.*](\([^)#]*\)).*/\1/p' "$page" | grep -v '^http' | while read -r link; do
		test -e "$(dirname "$page")/$link" || echo "$page: $link"
	done
done >"$work/broken"
check "no link of the documentation is broken" test ! -s "$work/broken"
finish
