#!/bin/sh
# figures.sh: the size of the code, in the figures that the project holds itself to.  It reads the sources and the
# programs in $BUILD, which `make figures` has built before.

set -u
cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
rooms='common textfile contract json probes web exchange engine positions collectors exporter relay lint'
export LC_ALL=C

# shellcheck disable=SC2086 # one word each
sources() { find $rooms -name "$1" | sort; }
figure() { printf '%-58s %8s  (%s)\n' "$1" "$2" "$3"; }

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

# The longest chain of includes inside exporter/: a module is a .c with its .h; modules that include each other count as one.
layers() {
	grep -r '^#include "exporter/' exporter | sed 's/^\(.*\)\.[ch]:#include "\(.*\)\.h"$/\1 \2/' | awk '
		$1 != $2 { needs[$1, $2] = 1; module[$1]; module[$2] }
		END {
			for (via in module) for (a in module) for (b in module)
				if (((a, via) in reach || (a, via) in needs) && ((via, b) in reach || (via, b) in needs)) reach[a, b] = 1
			for (changed = 1; changed;) {
				changed = 0
				for (a in module) for (b in module)
					if ((a, b) in needs || (a, b) in reach) {
						least = depth[b] + ((b, a) in needs || (b, a) in reach ? 0 : 1)
						if (depth[a] < least) { depth[a] = least; changed = 1 }
						if (most < least) most = least
					}
			}
			print most + 1
		}'
}

largest_folder() { sources '*.[ch]' | sed 's|/[^/]*$||' | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 " " $2 }'; }

figure 'lines of product code' "$(sources '*.[ch]' | code_lines)" 'to reach: 31500'
figure '.c files of redis_latency, without common/' "$(units redis_latency)" 'a PING passes 15 of them'
figure '.c files of open_positions, without common/' "$(units open_positions)" 'a position passes 25 of them'
figure 'layers inside exporter/' "$(layers)" 'to reach: 7'
figure 'files in the largest folder' "$(largest_folder)" 'to reach: 25'
figure 'comments : code in .c, by lines' "$(comment_ratio)" 'to reach: 0.12'
figure '_SOURCES / _PKGS lines of the makefile' \
	"$(grep -c '_SOURCES' Makefile) / $(grep -c '_PKGS' Makefile)" 'to reach: 0 / 12'
