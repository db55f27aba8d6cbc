#!/bin/sh
# lint.sh: everything that can be said about the sources without running them.
# Each check prints what it finds; the exit status is 1 if any found something.

set -u
cd "$(dirname "$0")/.." || exit 1
found=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/arbwatch-lint.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP

# The files of the repository, also those not committed yet; without git, all but build trees.
if ! git ls-files --cached --others --exclude-standard >"$scratch/all" 2>/dev/null; then
	find . -type f -not -path './.git/*' -not -path './build/*' | sed 's|^\./||' >"$scratch/all"
fi
while read -r file; do
	[ ! -f "$file" ] || printf '%s\n' "$file"
done <"$scratch/all" | sort -u >"$scratch/files"
grep '\.[ch]$' "$scratch/files" >"$scratch/c"
grep '\.c$' "$scratch/files" >"$scratch/units"
while read -r file; do
	case $(head -c 64 "$file" | head -n 1 | tr -d '\0') in
	'#!'*sh | '#!'*sh' '*) printf '%s\n' "$file" ;;
	*) case $file in *.sh) printf '%s\n' "$file" ;; esac ;;
	esac
done <"$scratch/files" >"$scratch/shell"
grep '^packaging/man/.*\.[1-8]$' "$scratch/files" >"$scratch/man"

# verdict NAME STATUS: of a check whose findings are in $scratch/out.
verdict() {
	if [ "$2" -eq 0 ] && [ ! -s "$scratch/out" ]; then
		printf 'ok     %s\n' "$1"
	else
		printf 'FAILED %s\n' "$1"
		sed 's/^/    /' "$scratch/out"
		found=1
	fi
}

# findings NAME COMMAND...: whatever it prints is a finding, whatever it returns.
findings() {
	check=$1
	shift
	"$@" >"$scratch/out" 2>&1
	verdict "$check" 0
}

# passes NAME COMMAND...: its exit status decides.
passes() {
	check=$1
	shift
	if "$@" >"$scratch/out" 2>&1; then
		: >"$scratch/out"
		verdict "$check" 0
	else
		verdict "$check" 1
	fi
}

files() { tr '\n' '\0' <"$scratch/$1"; }

# Other versions lay out some lines differently.
layout() {
	version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
	if [ "$version" = 14 ]; then
		files c | xargs -0 clang-format --dry-run -Werror
	else
		printf 'note   layout is decided by clang-format 14; this is %s\n' "$version" >&3
	fi
}

tidy() {
	set -- -I. -std=c11 -D_GNU_SOURCE '-DVERSION="0"' '-DREVISION="0"' '-DPROGRAMS="lint"' '-DPROFILES="exchanges"'
	if pkg-config --exists hiredis_ssl; then
		set -- "$@" -DHAVE_HIREDIS_SSL
	fi
	# shellcheck disable=SC2046 # words are meant
	set -- "$@" $(pkg-config --cflags libpq hiredis check)
	files units | xargs -0 -P "$(nproc)" -I @ clang-tidy --quiet @ -- "$@" 2>"$scratch/tidy.err"
	tidied=$?
	# What does not count suppressed warnings is an error of clang-tidy itself.
	grep -vE '^[0-9]+ (warning|error)|^Suppressed|^Use -' "$scratch/tidy.err"
	return "$tidied"
}

# normalCheckLevelMaxBranches only says that newer versions know a more thorough, slower level.
cpp_check() {
	files units | xargs -0 cppcheck -q --error-exitcode=1 --std=c11 --language=c -I. -D_GNU_SOURCE \
		--library=packaging/cppcheck.cfg \
		--inline-suppr --enable=warning,performance,portability \
		--suppress=legacyUninitvar --suppress=missingInclude --suppress=normalCheckLevelMaxBranches \
		--suppress=unknownMacro --suppress=varFuncNullUB --suppress="memleak:tests/*"
}

# Alone, the library of the scenarios looks as if nobody used what it sets.
shell() {
	grep -v '^tests/lib[_a-z]*\.sh$' "$scratch/shell" | tr '\n' '\0' | xargs -0 shellcheck -x &&
		shellcheck -x -e SC2034,SC2154 tests/lib*.sh
}

# Each has a safer one in its place: snprintf, memcpy, strtol, clock_gettime...
unsafe='v?sprintf|strn?cpy|strn?cat|strtok|ato(i|l|ll|f)|gets|gettimeofday|alloca|tmpnam|mktemp'
banned() { files c | xargs -0 grep -nE "(^|[^[:alnum:]_])($unsafe)[[:space:]]*\("; }

# common <- textfile, json <- contract, probes, web <- exchange, engine <- positions <- programs.
# room FOLDER [FOLDER...]: what is in the first one includes nothing of ours but from it and from the others.
room() {
	own=$1
	allowed=$(printf '%s/|' "$@")
	grep "^$own/" "$scratch/c" | tr '\n' '\0' |
		xargs -0 grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' -- /dev/null |
		grep -vE "include[[:space:]]+\"(${allowed%|})" | sed "s|\$|   (from $own)|"
}
directions() {
	room common
	room textfile common
	room json common
	room contract common textfile
	room probes/http common probes/http
	room probes/redis common probes/redis
	room probes/postgres common probes/postgres
	room web common textfile
	room web/access common web/access
	room exchange common textfile json contract probes
	room exchange/profile common textfile json contract probes exchange/profile
	room exchange/public common textfile json contract probes exchange/profile exchange/answer
	room engine common textfile contract probes
	room positions common textfile contract probes exchange engine
	room collectors/harness common textfile contract
	room collectors common textfile json contract probes exchange engine positions
	room exporter common textfile json contract probes/http web
	room relay/alert common json
	room relay/store common json relay/alert
	room relay/intake common json relay/alert relay/store
	room relay/message common json relay/alert relay/store
	room relay/channel common json probes/http relay/alert relay/store relay/message
	room relay/deliver common json relay/alert relay/store relay/intake relay/message relay/channel
	room relay/history common json probes/postgres relay/alert relay/store
	room relay/act common json probes/http relay/alert relay/store relay/intake
	room relay common textfile json probes web
	room lint common textfile
	room examples common
	room demo/market common
	room demo/paper_exchange common demo/market web
	room demo/paper_engine common json demo/market examples web
	room demo/paper_chat common json web
	# No program uses another one's.
	grep '^collectors/' "$scratch/c" | tr '\n' '\0' | xargs -0 grep -nE 'include "collectors/' -- /dev/null | awk '
		{
			match($0, /include "collectors\/[a-z_]+/)
			to = substr($0, RSTART + 20, RLENGTH - 20)
			match($0, /^collectors\/[a-z_]+/)
			from = substr($0, 12, RLENGTH - 11)
		}
		to != from && to != "harness" { print $0 "   (from another program)" }'
	# Only a program logs.
	grep -vE '^(collectors|exporter|lint|demo|tests)/|^relay/main\.|^web/settings\.|^common/log(\.c|_stream\.h)' "$scratch/c" |
		tr '\n' '\0' | xargs -0 grep -nE 'include "common/log\.h"' -- /dev/null
}

# Columns, not bytes: a tab goes to the next multiple of eight.  Texts in C are not cut in two; scripts,
# whose test rows are sentences with a command, have more room.
wide_lines() {
	cat "$scratch/c" "$scratch/shell" | while read -r file; do
		expand -t 8 "$file" | awk -v file="$file" '
			length > (file ~ /[.][ch]$/ ? 110 : 140) && !(file ~ /[.][ch]$/ && /"/) {
				printf "%s:%d: %d columns\n", file, FNR, length
			}'
	done
}

trailing_blanks() { grep -vE '^(tests/(fixtures|corpus|fuzz)/|.*\.(prom|png|out)$)' "$scratch/files" |
	tr '\n' '\0' | xargs -0 grep -nIE '[[:blank:]]+$'; }

manuals() {
	while read -r page; do
		LC_ALL=C.UTF-8 groff -man -Tutf8 -ww -z "$page" 2>&1
		grep -q '^\.SH NAME\|^\.Sh NAME' "$page" || echo "$page: no NAME section"
	done <"$scratch/man"
	# Every program that is installed has one.
	for program in $(basename -a -s .c collectors/*.c) textfile_lint arbwatch_exporter alert_relay paper_engine; do
		[ -f "packaging/man/$program.1" ] || echo "$program: no packaging/man/$program.1"
	done
}

exec 3>&1
findings 'banned functions' banned
findings 'direction of includes' directions
findings 'long lines' wide_lines
findings 'blanks at line ends' trailing_blanks
findings 'man pages' manuals
passes 'shellcheck' shell
passes 'prometheus configuration' promtool check config prometheus/prometheus.yml
passes 'prometheus configuration, scaled' promtool check config prometheus/prometheus-scale.yml
passes 'alertmanager configuration' amtool check-config alertmanager/alertmanager.yml
passes 'dashboards' /usr/bin/python3 tests/dashboards/dashboards.py --rules
passes 'clang-format' layout
passes 'cppcheck' cpp_check
passes 'clang-tidy' tidy
exit "$found"
