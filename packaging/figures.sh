#!/bin/sh
# figures.sh: the size of the code, in the figures that the project holds itself to.  It reads the sources and the
# programs in $BUILD, which `make figures` has built before.

set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
rooms='common textfile contract json probes web exchange engine positions collectors exporter lint'
export LC_ALL=C

# shellcheck disable=SC2086 # one word each
sources() { find $rooms -name "$1" | sort; }
figure() { printf '%-58s %8s  (to reach: %s)\n' "$1" "$2" "$3"; }

# Lines without comments and blank ones.
code_lines() {
	while read -r file; do
		gcc -fpreprocessed -dD -E -P "$file" 2>/dev/null
	done | grep -c .
}

# Lines that are a comment alone, for each line of code.
comment_ratio() {
	all=$(sources '*.c' | xargs cat | grep -c '[^[:space:]]')
	code=$(sources '*.c' | code_lines)
	awk -v all="$all" -v code="$code" 'BEGIN { printf "%.3f", (all - code) / code }'
}

# The sources that are linked into a program, but for common/.
units() {
	readelf --debug-dump=info "$build/$1" 2>/dev/null | sed -n '/DW_TAG_compile_unit/,/DW_AT_name/s/.*DW_AT_name.*: //p' |
		sort -u | grep -vc '^common/'
}

largest_folder() { sources '*.[ch]' | sed 's|/[^/]*$||' | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 " " $2 }'; }

figure 'lines of product code' "$(sources '*.[ch]' | code_lines)" 31500
figure '.c files of redis_latency, without common/' "$(units redis_latency)" 15
figure '.c files of open_positions, without common/' "$(units open_positions)" 25
figure '.c files of the exporter' "$(find exporter -name '*.c' | wc -l)" -
figure 'files in the largest folder' "$(largest_folder)" 25
figure 'comments : code in .c, by lines' "$(comment_ratio)" 0.12
figure '_SOURCES / _PKGS lines of the makefile' \
	"$(grep -c '_SOURCES' Makefile) / $(grep -c '_PKGS' Makefile)" '0 / 12'
