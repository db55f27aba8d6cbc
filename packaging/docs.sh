#!/bin/sh
# docs.sh [--check]: write into the documentation what the programs know themselves: the tables of metrics, the flags in
# the manual pages, the completions of bash.  Two lists of the same flags, kept by hand, would soon differ.
# With --check it changes nothing, prints each page that is out of date, and ends with status 1 if there is one.
#
# A written part of a page stands between the comments "make docs: NAME" and "make docs: end"; all else is prose by hand.
# A collector without a manual page or without a section in docs/metrics.md gets one, to be improved by hand.

set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
check=${1-}
status=0
work=$(mktemp -d "${TMPDIR:-/tmp}/arbwatch-docs.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

collectors=$(basename -a -s .c collectors/*.c)
programs=$(printf '%s\narbwatch_exporter\nalert_relay\npaper_exchange\npaper_chat\npaper_engine\n' "$collectors")
common='^arbitrage_(collector_|build_info)'  # the families of every collector

# flags PROGRAM: name, argument and text of each, with tabs between them; from its --help.  The prefix of this build is no
# matter of the pages.
flags() {
	"$build/$1" --help | sed 's|(default: [^)]*/arbwatch/exchanges)|(default: /usr/local/share/arbwatch/exchanges)|' | awk '
		/^  --/ {
			rest = substr($0, 3)
			name = rest
			sub(/ .*/, "", name)
			rest = substr(rest, length(name) + 1)
			argument = ""
			# One blank is before an argument, more are before the text.
			if (rest ~ /^ [^ ]/) {
				argument = substr(rest, 2)
				sub(/ .*/, "", argument)
				rest = substr(rest, length(argument) + 2)
			}
			sub(/^ +/, "", rest)
			print name "\t" argument "\t" rest
		}'
}

# The families of --list-metrics as a table of Markdown, and as a list of a manual page; docs/metrics.md says once that
# every sample has env.
table() {
	awk -F'\t' '
		BEGIN { print "| metric | type | labels | meaning |\n|---|---|---|---|" }
		{
			count = split($3, label, ",")
			labels = ""
			for (i = 1; i <= count; i++)
				if (label[i] != "env")
					labels = labels (labels == "" ? "" : ", ") "`" label[i] "`"
			print "| `" $1 "` | " $2 " | " labels " | " $4 " |"
		}'
}
manual_metrics() {
	awk -F'\t' '
		{
			count = split($3, label, ",")
			labels = ""
			for (i = 1; i <= count; i++)
				if (label[i] != "env")
					labels = labels (labels == "" ? " { " : " , ") label[i]
			gsub(/-/, "\\-", $4)
			print ".TP\n.B" (labels == "" ? " " : "R ") $1 labels (labels == "" ? "" : " }") "\n" $4
		}
		END {
			print ".PP\nEvery sample also has the label\n.BR env .\ndocs/metrics.md says more, and describes the metrics that"
			print "all collectors have."
		}'
}
manual_flags() {
	awk -F'\t' -v collector="$1" '
		collector && $1 == "--config.file" { print ".PP\nThe following flags are the same for all collectors:" }
		{
			argument = $2
			duration = duration || $2 == "DURATION"
			if (argument !~ /\|/)
				gsub(/[A-Z]+/, "\\fI&\\fR", argument)
			for (i = 1; i <= 3; i++)
				gsub(/-/, "\\-", $i)
			print ".TP\n.B" (argument == "" ? " " $1 : "R " $1 " \" " argument "\"")
			print toupper(substr($3, 1, 1)) substr($3, 2) "."
		}
		END { if (duration) print ".PP\nDurations are written as 250ms, 15s or 5m." }'
}

# new_manual PROGRAM: the page of a collector that has none.
new_manual() {
	summary=$("$build/$1" --help | sed -n '3s/\.$//p')
	cat <<END
.TH $(printf '%s' "$1" | tr '[:lower:]' '[:upper:]') 1 "" arbwatch "User Commands"
.SH NAME
$1 \\- $summary
.SH SYNOPSIS
.B $1
.RB [ \\-\\-FLAG
.IR VALUE ]...
.SH DESCRIPTION
.B $1
publishes its metrics as the file
.I $1.prom
for the textfile collector of
.BR prometheus\\-node\\-exporter (1).
It runs once, or repeatedly with
.BR \\-\\-interval .
.SH OPTIONS
.\\" make docs: flags
.\\" make docs: end
.SH METRICS
.\\" make docs: metrics
.\\" make docs: end
.SH EXIT STATUS
0 published, 1 could not publish, 2 wrong flags or configuration, 3 something could not be measured (only with
.BR \\-\\-fail\\-on\\-down ).
END
}

# fill DIRECTORY: the page on standard input, with its written parts from the files of this directory.
fill() {
	awk -v parts="$1" '
		/make docs: end/ { skip = 0 }
		!skip
		/make docs: / && !/make docs: end/ {
			name = $0
			sub(/.*make docs: /, "", name)
			sub(/ .*/, "", name)
			found = 0
			while ((getline line <(parts "/" name)) > 0) {
				print line
				found = 1
			}
			if (!found)
				print "no program has this part: " name >"/dev/stderr"
			failed = failed || !found
			skip = 1
		}
		END { exit failed }'
}

# page FILE: it should be as $work/page is.
page() {
	cmp -s "$work/page" "$1" && return
	if [ "$check" = --check ]; then
		echo "$1 is out of date: run make docs"
		diff "$1" "$work/page" | head -n 20
		status=1
	else
		mkdir -p "$(dirname "$1")"
		cat "$work/page" >"$1"
		echo "written: $1"
	fi
}

# The words after a flag, by what --help calls its argument.
completions() {
	cat <<'END'
# Completion of arbwatch's flags for bash.  "make docs" writes it from the --help of each program.
_arbwatch()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} flags=''

	case ${1##*/} in
END
	for program in $programs; do
		printf "\t%s) flags='%s' ;;\n" "$program" "$(cut -f1 "$work/$program.flags" | paste -sd ' ')"
	done
	printf '\tesac\n\tcase $before in\n'
	cut -f1,2 "$work"/*.flags | sort -u | awk -F'\t' '
		function arm(flags, action) { if (flags != "") print "\t" flags ") " action " ;;" }
		function add(flags) { return (flags == "" ? "" : flags " | ") $1 }
		$2 == "" { next }
		$2 == "FILE" { files = add(files); next }
		$2 == "DIR" { directories = add(directories); next }
		$2 ~ /\|/ { gsub(/\|/, " ", $2); arm($1, "mapfile -t COMPREPLY < <(compgen -W \"" $2 "\" -- \"$word\")"); next }
		{ others = add(others) }
		END {
			arm(files, "mapfile -t COMPREPLY < <(compgen -f -- \"$word\")")
			arm(directories, "mapfile -t COMPREPLY < <(compgen -d -- \"$word\")")
			arm(others, "COMPREPLY=()")
		}'
	cat <<'END'
	*) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word") ;;
	esac
}
END
	printf '%s\n' "$programs" | paste -sd ' ' | sed 's/^/complete -F _arbwatch /'
}

mkdir "$work/tables"
for program in $programs; do
	mkdir "$work/$program"
	flags "$program" >"$work/$program.flags"
	is_collector=
	if [ -f "collectors/$program.c" ]; then
		is_collector=1
		"$build/$program" --list-metrics >"$work/families"
		grep -vE "$common" "$work/families" | table >"$work/tables/$program"
		grep -E "$common" "$work/families" | table >"$work/tables/collector"
		grep -vE "$common" "$work/families" | manual_metrics >"$work/$program/metrics"
	fi
	manual_flags "$is_collector" <"$work/$program.flags" >"$work/$program/flags"
	manual=packaging/man/$program.1
	if [ -f "$manual" ]; then cat "$manual"; else new_manual "$program"; fi >"$work/manual"
	fill "$work/$program" <"$work/manual" >"$work/page"
	page "$manual"
done

for program in $collectors; do
	grep -qxF "## $program" docs/metrics.md ||
		printf '## %s\n\n<!-- make docs: %s -->\n<!-- make docs: end -->\n\n' "$program" "$program"
done >"$work/new"
awk -v new="$work/new" '/^## Questions/ { while ((getline line <new) > 0) print line } { print }' docs/metrics.md >"$work/metrics.md"
fill "$work/tables" <"$work/metrics.md" >"$work/page"
page docs/metrics.md
completions >"$work/page"
page packaging/completions/arbwatch
exit "$status"
